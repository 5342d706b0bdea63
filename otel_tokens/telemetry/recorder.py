"""Turns a call into signals: a span while it runs, points and attributes when it has ended."""

from __future__ import annotations

import json

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from opentelemetry import baggage, trace
from opentelemetry._logs import Logger, SeverityNumber
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY as _SUPPRESS
from opentelemetry.context import Context, get_current
from opentelemetry.trace import NonRecordingSpan, SpanKind, Status, StatusCode, Tracer

from ..readings import OUTPUT_REASONING
from . import attributes, names
from .attributes import OPENAI
from .finished import Finished
from .meters import Meters
from .rollup import root_of
from .series import Labels
from .spans import OpenSpan


_SUPPRESS_KEYS: Final = frozenset(
    {_SUPPRESS, "suppress_instrumentation", "suppress_language_model_instrumentation"}
)
"""Keys of the context that ask to emit nothing: OpenTelemetry's, its older name, the Traceloop family's."""

_OWNER_KEYS: Final = (
    "opentelemetry.genai.client.inference.context",
    "opentelemetry.genai.client.embedding.context",
    "opentelemetry.genai.client.fetch_response.context",
)
"""Keys under which an outer instrumentation of the `opentelemetry-util-genai` family owns the span."""


@dataclass(slots=True, kw_only=True)
class Settings:
    """What of the configuration decides what is emitted."""

    labels: tuple[str, ...] = ()
    """Keys that metrics carry."""
    span_labels: tuple[str, ...] = ()
    """Keys that only spans carry."""
    cost_alias: str | None = "gen_ai.usage.cost"
    resource: Mapping[str, Any] = field(default_factory=dict)
    """Attributes of the resource: the last source of a label."""
    content_on_spans: bool = False


class Recorder:
    """What emits the signals of calls, for one tracer and one meter."""

    def __init__(
        self, tracer: Tracer, meters: Meters, settings: Settings, logger: Logger | None = None
    ) -> None:
        """`logger` gets an event with the content of each call; None when that is not asked for."""
        self._tracer = tracer
        self._meters = meters
        self._settings = settings
        self._logger = logger
        self._heads: dict[Any, tuple[str, dict[str, Any]]] = {}
        self._has_labels = bool(settings.labels or settings.span_labels)

    @staticmethod
    def suppressed() -> bool:
        """Whether the context asks to emit nothing at all."""
        context = get_current()
        return bool(context) and any(context.get(key) for key in _SUPPRESS_KEYS)

    def start(
        self,
        head: tuple[str, str, str | None, str, int, str | None, str | None, bool],
        set_labels: Mapping[str, Any],
        start_ns: int,
        *,
        adopts: bool = False,
    ) -> OpenSpan:
        """Open the span of a call; with `adopts`, one that the client library will make stands for it.

        `head` is operation, provider, request model, host, port, API type, output type, streamed: what a
        sampler may decide by.
        """
        found = self._heads.get(head)
        if found is None:
            found = self._heads_of(head)
        name, attributes = found
        parent_context = get_current()
        labels: Labels = ()
        if set_labels or self._has_labels:
            labels, on_span = self._labels(set_labels, parent_context)
            if on_span:
                attributes = {**attributes, **on_span}
        parent = trace.get_current_span(parent_context)
        owner = _owner(parent_context)
        if owner is None and not adopts:
            span = self._tracer.start_span(
                name, parent_context, SpanKind.CLIENT, attributes, start_time=start_ns
            )
            context = trace.set_span_in_context(span, parent_context)
        else:
            span, context = NonRecordingSpan(parent.get_span_context()), parent_context
        return OpenSpan(
            span,
            context,
            parent=parent,
            owner=owner,
            stands_in=owner is not None or adopts,
            key=head[:3],
            server=(head[3], head[4]),
            labels=labels,
        )

    def _heads_of(self, head: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401
        operation, provider, model, host, port, api_type, output_type, streamed = head
        attributes: dict[str, Any] = {
            names.OPERATION: operation,
            names.PROVIDER: provider,
            names.SERVER_ADDRESS: host,
            names.SERVER_PORT: port,
        }
        if model is not None:
            attributes[names.REQUEST_MODEL] = model
        if api_type is not None and provider in OPENAI:
            attributes[names.OPENAI_API_TYPE] = api_type
        if output_type is not None:
            attributes[names.OUTPUT_TYPE] = output_type
        if streamed:
            attributes[names.REQUEST_STREAM] = True
        if len(self._heads) >= _HEADS_LIMIT:
            self._heads.clear()
        found = (operation if model is None else f"{operation} {model}", attributes)
        self._heads[head] = found
        return found

    def _labels(self, given: Mapping[str, Any], context: Context) -> tuple[Labels, dict[str, Any]]:
        """The labels of metrics, and all of a span: what was set, else baggage, else the resource."""
        settings = self._settings
        on_span = dict(given)
        carried = baggage.get_all(context)
        for name in (*settings.labels, *settings.span_labels):
            if name in on_span:
                continue
            value = carried.get(name)
            if value is None:
                value = settings.resource.get(name)
            if value is not None:
                on_span[name] = value if isinstance(value, (str, int, float, bool)) else str(value)
        labels = tuple([(name, on_span[name]) for name in settings.labels if name in on_span])
        return labels, on_span

    def values(self, wanted: Sequence[str], given: Mapping[str, Any]) -> tuple[str | None, ...]:
        """The labels `wanted`, as text: what was set, else baggage, else the resource, else None."""
        carried: Mapping[str, Any] | None = None
        found = []
        for name in wanted:
            value = given.get(name)
            if value is None:
                if carried is None:
                    carried = baggage.get_all()
                value = carried.get(name)
                if value is None:
                    value = self._settings.resource.get(name)
            found.append(value if value is None or type(value) is str else str(value))
        return tuple(found)

    @staticmethod
    def trace_id(opened: OpenSpan | None) -> int:
        """The trace that a call is part of; 0 where there is no span around it."""
        span = trace.get_current_span() if opened is None else opened.parent
        return span.get_span_context().trace_id

    def finish(self, opened: OpenSpan, end: Finished) -> None:
        """Count a call, tell its root, and end its span."""
        self._meters.note(opened, end)
        if opened.owner is not None:
            _fill(opened.owner, end)
        root = None if end.blocked_by else root_of(opened.parent)
        if root is not None:
            root.add(end.cost.usd, _total(end))
        if opened.stands_in:
            other = opened.other or opened.parent
            if other.is_recording():
                other.set_attributes(attributes.of_money(end, self._settings.cost_alias))
            return
        span = opened.span
        if span.is_recording():
            stated = attributes.of_call(opened.key, end, self._settings.cost_alias)
            span.set_attributes(stated)
            if end.outcome in ("error", "blocked"):
                span.set_status(Status(StatusCode.ERROR, end.error_message))
            if end.content:
                self._record_content(opened, end, stated)
        span.end(end.end_ns)

    def _record_content(self, opened: OpenSpan, end: Finished, stated: Mapping[str, Any]) -> None:
        content = {_CONTENT[kind]: _written(value) for kind, value in end.content.items()}
        if self._settings.content_on_spans:
            opened.span.set_attributes(content)
        if self._logger is not None:
            head = zip((names.OPERATION, names.PROVIDER, names.REQUEST_MODEL), opened.key, strict=True)
            known = {name: value for name, value in head if value is not None}
            self._logger.emit(
                timestamp=end.end_ns,
                context=opened.context,
                severity_number=SeverityNumber.DEBUG,
                event_name=names.DETAILS_EVENT,
                attributes={
                    **known,
                    **stated,
                    **{name: json.loads(text) for name, text in content.items()},
                },
            )

    def renew(self) -> None:
        """In a forked process: count from zero."""
        self._meters.reset_in_child()


_HEADS_LIMIT: Final = 4096

_CONTENT: Final[Mapping[str, str]] = {
    "input": names.INPUT_MESSAGES,
    "output": names.OUTPUT_MESSAGES,
    "system": names.SYSTEM_INSTRUCTIONS,
    "tools": names.TOOL_DEFINITIONS,
}


def _written(messages: Any) -> str:  # noqa: ANN401
    """Messages as JSON that can be exported.

    A stream may cut a character into halves, of which each alone is no text: a batch with one of them would
    be lost whole.
    """
    text = json.dumps(messages, ensure_ascii=False, default=str)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _total(end: Finished) -> int:
    """All tokens of a call that it is the first to count."""
    if end.usage is None or end.counted_before:
        return 0
    return sum(end.usage.tokens.values()) + sum([sum(p.usage.tokens.values()) for p in end.parts])


def _owner(context: Context) -> Any:  # noqa: ANN401
    """What an outer instrumentation left in the context to be filled, or None."""
    for key in _OWNER_KEYS:
        if (owner := context.get(key)) is not None:
            return owner
    return None


def _fill(owner: Any, end: Finished) -> None:  # noqa: ANN401
    """Give an outer instrumentation the usage that it cannot see; it keeps what it knows itself."""
    reading, usage = end.reading, end.stated
    stated: dict[str, Any] = {
        "response_model": reading.model,
        "response_id": reading.id,
        "response_finish_reasons": list(reading.finish_reasons) or None,
        "error_type": end.error_type,
    }
    if usage is not None:
        stated |= {
            "usage_input_tokens": usage.input_tokens,
            "usage_output_tokens": usage.output_tokens,
            "usage_cache_read_input_tokens": usage.cache_read_tokens or None,
            "usage_cache_write_input_tokens": usage.cache_write_tokens or None,
            "usage_reasoning_output_tokens": usage.tokens.get(OUTPUT_REASONING),
        }
    for name, value in stated.items():
        if value is not None and getattr(owner, name, value) is None:
            setattr(owner, name, value)
