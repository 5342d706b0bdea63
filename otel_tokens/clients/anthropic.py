"""The `anthropic` package: Anthropic itself, Bedrock, Vertex and Foundry.

From version 2 on it makes a span of its own for each call, without metrics or cost. Two spans for one call
are one too many, so by default ours takes its place (`OTEL_TOKENS_NATIVE=replace`): a request without a name
for its span gets none. Whoever asked for the native ones, by `ANTHROPIC_OPEN_TELEMETRY` or by the client's
argument `open_telemetry`, keeps them: the cost is written on them, and ours is not made. `metrics-only` does
so for all, `both` leaves both.
"""

from __future__ import annotations

import weakref

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final

from ..calls import Call
from ..dialects.anthropic_routes import ROUTES
from ..dialects.routes import Routes
from ._stainless import Package


SUPPORTS = "anthropic >= 0.40"


class Native:
    """Who has asked for the spans of the package itself."""

    def __init__(self) -> None:
        self.mode = "replace"
        self.asked_by_environment = False
        self._clients: weakref.WeakSet[Any] = weakref.WeakSet()

    def asked(self, client: Any) -> bool:
        """Whether the application has asked for the native spans of `client`."""
        return self.asked_by_environment or client in self._clients

    def watch(self, base_client: Any) -> dict[str, Callable[[Any], Any]]:
        """The methods of `base_client` to exchange, to learn who is given the argument `open_telemetry`.

        A copy of a client gets the resolved options of the original, which is no wish of its own.
        """
        if not hasattr(base_client, "_set_open_telemetry"):  # pragma: no cover  # before 1.14: tests/eras
            return {}
        inherited: ContextVar[Any] = ContextVar("otel_tokens_inherited", default=None)

        def copying(original: Any) -> Any:
            def copy_open_telemetry(client: Any, given: Any) -> Any:
                result = original(client, given)
                if given is None and not self.asked(client):
                    inherited.set(result)
                return result

            return copy_open_telemetry

        def setting(original: Any) -> Any:
            def set_open_telemetry(client: Any, given: Any) -> None:
                original(client, given)
                if given is not None and given is not inherited.get():
                    self._clients.add(client)

            return set_open_telemetry

        return {"_copy_open_telemetry": copying, "_set_open_telemetry": setting}

    def adopts(self, client: Any, options: Any) -> bool:
        """Whether the native span of a request is the one to keep."""
        if self.mode == "both" or not _has_span(client, options):
            return False
        return self.mode == "metrics-only" or self.asked(client)


NATIVE: Final = Native()


def _has_span(client: Any, options: Any) -> bool:
    return bool(getattr(options, "span_name", None)) and client._tracer is not None


def _prepare(client: Any, call: Call, options: Any) -> Any:
    """The options to send: without a name for the native span, where ours takes its place."""
    if NATIVE.mode != "replace" or call.adopts or not _has_span(client, options):
        return options
    wanted = options.model_copy()
    wanted.span_name = None
    return wanted


PACKAGE: Final = Package(
    "anthropic", Routes(ROUTES), prepare=_prepare, adopts=NATIVE.adopts, more=NATIVE.watch
)
