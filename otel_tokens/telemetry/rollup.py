"""Adds up what one request or job has cost, on its local root span while that is still open.

A span processor links every span to its local root, so that a call finds the span of the request it
belongs to. Spans that the sampler dropped are not linked; the counters count their calls all the same.
"""

from __future__ import annotations

import threading
import weakref

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import SpanContext

from ..readings import EXACT
from ..shield import failed
from . import names
from .covered import Marks


_ROOT: Final = "_otel_tokens_root"
"""Where a span of the SDK keeps its root, so that it lives exactly as long as the spans under it."""

_NAMES_LIMIT: Final = 200
"""How many names of traces are told apart in the histogram."""


class Root:
    """What the calls under one local root span add up to."""

    __slots__ = (
        "__weakref__",
        "_live",
        "_lock",
        "_requests",
        "_span",
        "_tokens",
        "_usd",
        "span_id",
        "trace_id",
    )

    def __init__(self, span: Span, live: weakref.WeakValueDictionary[int, Root]) -> None:
        context = span.get_span_context()
        self.span_id, self.trace_id = context.span_id, context.trace_id
        self._span = weakref.ref(span)
        self._live = live
        self._lock = threading.Lock()
        self._usd: Decimal | None = None
        self._requests = 0
        self._tokens = 0

    def add(self, usd: Decimal | None, tokens: int) -> None:
        """Add one call, and say on the root span what it all comes to so far."""
        with self._lock:
            self._requests += 1
            self._tokens += tokens
            if usd is not None:
                self._usd = usd if self._usd is None else EXACT.add(self._usd, usd)
            self._live[self.span_id] = self
            span = self._span()
            if span is None or not span.is_recording():
                return
            attributes: dict[str, Any] = {
                names.TRACE_REQUESTS: self._requests,
                names.TRACE_TOKENS: self._tokens,
            }
            if self._usd is not None:
                attributes[names.TRACE_COST_USD] = float(self._usd)
            span.set_attributes(attributes)

    @property
    def usd(self) -> Decimal | None:
        """What is known of the cost so far; None when no call has a known cost."""
        return self._usd


def root_of(span: Any) -> Root | None:  # noqa: ANN401
    """The root that `span` belongs to, if it was linked."""
    return getattr(span, _ROOT, None)


class RollUp(SpanProcessor):
    """Links spans to their roots, and reports what a root has cost when it ends."""

    def __init__(self) -> None:
        self.report: Callable[[float, str, SpanContext], None] | None = None
        """What gets the cost in USD and the name of a trace, and its root; None while metering is off."""
        self.marks = Marks(())
        self._live: weakref.WeakValueDictionary[int, Root] = weakref.WeakValueDictionary()
        self._names: set[str] = set()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Link a span to the root of its parent; without one in this process it is a root itself."""
        if self.report is None:
            return
        scope = span.instrumentation_scope
        if scope is not None:
            if scope.name == names.SCOPE:
                return  # a call, under which there is none
            mark = self.marks.of(scope.name, span.attributes or ())
            if mark is not None:
                span.set_attribute(*mark)
        root = root_of(trace.get_current_span(parent_context))
        if root is None or root.trace_id != span.get_span_context().trace_id:
            root = Root(span, self._live)
        setattr(span, _ROOT, root)

    def on_end(self, span: ReadableSpan) -> None:
        """Report a root under which there was a call."""
        context = span.context
        if context is None or not self._live:
            return
        root = self._live.pop(context.span_id, None)
        if root is None or root.usd is None or self.report is None:
            return
        try:
            self.report(float(root.usd), self._bounded(_name(span)), context)
        except Exception:  # noqa: BLE001  # ours alone, inside the end of a span of the application
            failed("reporting the cost of a trace")

    def _bounded(self, name: str) -> str:
        if name not in self._names:
            if len(self._names) >= _NAMES_LIMIT:
                return names.OTHER
            self._names.add(name)
        return name


def _name(span: ReadableSpan) -> str:
    route = (span.attributes or {}).get("http.route")
    return route if isinstance(route, str) else span.name
