"""Uses of the public API that a type checker must accept. Checked by mypy, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

import otel_tokens

from otel_tokens import ConfigError, OtelTokensError, attribute


otel_tokens.instrument()
otel_tokens.instrument(
    tracer_provider=TracerProvider(),
    meter_provider=MeterProvider(),
    logger_provider=LoggerProvider(),
)
otel_tokens.uninstrument()
version: str = otel_tokens.__version__

with attribute(team="search", tier=1, share=0.5, paid=True, feature=None):
    pass
with attribute({"user.id": "u1"}, team="search"):
    pass
attribute(team="search")


@attribute(team="search")
def plain(value: int, *, more: str = "") -> str:
    """Keep its signature."""
    return more * value


@attribute(team="search")
async def coroutine(value: int) -> str:
    """Keep its signature."""
    return str(value)


@attribute(team="search")
def generator(value: int) -> Iterator[str]:
    """Keep its signature."""
    yield str(value)


@attribute(team="search")
async def async_generator(value: int) -> AsyncIterator[str]:
    """Keep its signature."""
    yield str(value)


async def uses() -> None:
    """Use what was decorated as what it is."""
    text: str = plain(1, more="a")
    text = await coroutine(1)
    for text in generator(1):
        len(text)
    async for text in async_generator(1):
        len(text)


error: OtelTokensError = ConfigError("a wrong file")
