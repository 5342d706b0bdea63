"""Corners of the patching that no table of cases leads to."""

from __future__ import annotations

import asyncio
import time

from typing import Any

import openai
import pytest

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from otel_tokens.clients import sites
from otel_tokens.clients.sites import Sites
from otel_tokens.dialects import routes
from otel_tokens.dialects.openai_routes import ROUTES
from otel_tokens.dialects.routes import Routes
from tests.clients import bodies
from tests.clients.transport import (
    Transport,
    async_openai_client,
    azure_client,
    cut,
    openai_client,
    stream_reply,
)


MESSAGES: Any = [{"role": "user", "content": "Hello"}]


def _stream() -> Any:
    return stream_reply(bodies.chat_stream(), piece=40)


@pytest.mark.parametrize(
    ("version", "extra", "asked"),
    [
        pytest.param("2024-02-01", {}, False, id="an API of Azure that does not know the option"),
        pytest.param("2024-10-21", {}, True, id="one that does"),
        pytest.param("2024-10-21", {"data_sources": []}, False, id="one that answers from own data"),
    ],
)
def test_azure_is_asked_where_it_understands(
    telemetry: Any,
    version: str,
    extra: dict[str, Any],
    asked: bool,  # noqa: FBT001
) -> None:
    """Azure rejects an option that its API does not know, so such an API is not asked."""
    transport = Transport(_stream())
    client = azure_client(transport, api_version=version)
    with client.chat.completions.create(
        model="mine", messages=MESSAGES, stream=True, extra_body=extra
    ) as stream:
        list(stream)

    assert ("stream_options" in transport.requests[0].json) is asked
    assert telemetry.attributes["gen_ai.provider.name"] == "azure.ai.openai"


def test_options_by_name(telemetry: Any) -> None:
    """A request made by hand, with its options by name, is asked for its usage as any other."""
    options_type: Any = openai._models.FinalRequestOptions
    chunk: Any = openai.types.chat.ChatCompletionChunk
    transport = Transport(_stream())
    client = openai_client(transport)
    options = options_type.construct(
        method="post",
        url="/chat/completions",
        json_data={"model": "gpt-4o-mini", "messages": MESSAGES, "stream": True},
    )
    list(client.request(chunk, options=options, stream=True, stream_cls=openai.Stream[chunk]))

    assert transport.requests[0].json["stream_options"] == {"include_usage": True}
    assert "stream_options" not in options.json_data
    assert telemetry.attributes["otel_tokens.usage.source"] == "provider"


def test_raw_bytes_that_are_cut(telemetry: Any) -> None:
    """A connection that is cut under a reader of raw bytes ends the call with the reader's error."""
    client = openai_client(Transport(cut(_stream(), 3)), max_retries=0)
    with (
        client.chat.completions.with_streaming_response.create(
            model="gpt-4o-mini", messages=MESSAGES, stream=True
        ) as response,
        pytest.raises(Exception) as caught,  # noqa: PT011  # of either HTTP package
    ):
        list(response.iter_bytes())

    assert telemetry.attributes["otel_tokens.outcome"] == "error"
    assert telemetry.attributes["error.type"].endswith(type(caught.value).__name__)


def test_raw_bytes_that_are_cut_async(telemetry: Any) -> None:
    """The same of an async reader."""

    async def read() -> BaseException:
        client = async_openai_client(Transport(cut(_stream(), 3)), max_retries=0)
        create = client.chat.completions.with_streaming_response.create
        async with create(model="gpt-4o-mini", messages=MESSAGES, stream=True) as response:
            with pytest.raises(Exception) as caught:  # noqa: PT011
                [piece async for piece in response.iter_bytes()]
        return caught.value

    error = asyncio.run(read())
    assert telemetry.attributes["otel_tokens.outcome"] == "error"
    assert telemetry.attributes["error.type"].endswith(type(error).__name__)


def test_closed_inside_telemetry(telemetry: Any) -> None:
    """A stream that is closed on top of OpenTelemetry, as by a finaliser, is ended by another thread."""
    stream: Any = openai_client(Transport(_stream())).chat.completions.create(
        model="gpt-4o-mini", messages=MESSAGES, stream=True
    )
    next(stream)

    class Closing(SpanProcessor):
        def on_end(self, span: ReadableSpan) -> None:  # noqa: ARG002
            stream.close()
            assert telemetry.spans == []

    provider = TracerProvider()
    provider.add_span_processor(Closing())
    provider.get_tracer("application").start_span("any").end()
    until = time.monotonic() + 5
    while not telemetry.spans and time.monotonic() < until:
        time.sleep(0.01)

    assert telemetry.attributes["otel_tokens.outcome"] == "abandoned"


def test_caches_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many paths and servers there are, few are remembered."""
    monkeypatch.setattr(routes, "_CACHE_LIMIT", 4)
    monkeypatch.setattr(sites, "_CACHE_LIMIT", 4)
    found, paths = Sites(), Routes(ROUTES)
    clients = [openai_client(Transport(_stream()), base_url=f"https://h{n}.example/v1") for n in range(9)]
    for number, client in enumerate(clients):
        assert paths.find("get", f"/files/{number}") is None
        assert found.of(client, "/chat/completions").host == f"h{number}.example"

    assert len(found._cache) <= 4
    assert len(paths._cache) <= 5
