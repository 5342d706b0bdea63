"""Calls out of traces as the Collector's `file` exporter writes them: one export of OTLP a line, in JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ..telemetry import names
from .records import Record, Trouble, label_text


_SIGNALS: Final = ("resourceSpans", "resourceMetrics", "resourceLogs", "resourceProfiles")
_USAGE: Final = (names.USAGE_INPUT, names.USAGE_OUTPUT)
_WHOLES: Final = frozenset({"invoke_agent", "create_agent", "invoke_workflow", "execute_tool"})
"""Operations whose spans sum up calls that have spans of their own."""
_FREE: Final = "free"


class Found(NamedTuple):
    """One span that stands for a call."""

    record: Record
    trace: str
    ours: bool
    """Made or completed by this package, so that its cost was looked up."""


class Skipped(NamedTuple):
    """A span that stands for no call to replay."""

    why: str


def is_export(line: Mapping[str, Any]) -> bool:
    """Whether a line is an export of OpenTelemetry; those of other signals have no calls in them."""
    return any(signal in line for signal in _SIGNALS)


def spans_of(line: Mapping[str, Any], trouble: Trouble) -> Iterator[Found | Skipped]:
    """The calls of one export, in its order."""
    try:
        for resource_spans in line.get("resourceSpans", ()):
            resource = _attributes(resource_spans.get("resource", {}))
            for scope_spans in resource_spans.get("scopeSpans", ()):
                scope = scope_spans.get("scope", {}).get("name", "")
                for span in scope_spans.get("spans", ()):
                    found = _span(span, scope, resource)
                    if found is not None:
                        yield found
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        trouble(f"not an export of traces in OTLP's JSON ({type(error).__name__}: {error})")


def _span(span: Mapping[str, Any], scope: str, resource: Mapping[str, Any]) -> Found | Skipped | None:
    """The call that a span stands for; None where it has nothing to do with calls."""
    own = _attributes(span)
    ours = scope == names.SCOPE or names.COST_STATUS in own or names.COST_USD in own
    if not ours and not any(name in own for name in _USAGE):
        return None
    if not ours and own.get(names.OPERATION) in _WHOLES:
        return Skipped("sums of other calls")
    if own.get(names.OUTCOME) == "blocked":
        return Skipped("blocked when they were recorded")
    if own.get(names.COUNTED_BEFORE):
        return Skipped("answers that had been counted before")
    trace = str(span.get("traceId", ""))
    model = own.get(names.REQUEST_MODEL) or own.get(names.RESPONSE_MODEL)
    put, got = [int(own.get(name) or 0) for name in _USAGE]
    most = own.get(names.ASKED["max_tokens"])
    return Found(
        Record(
            _seconds(span["startTimeUnixNano"]),
            _seconds(span.get("endTimeUnixNano") or span["startTimeUnixNano"]),
            str(own.get(names.PROVIDER) or own.get("gen_ai.system") or "openai"),
            None if model is None else str(model),
            {name: label_text(value) for name, value in {**resource, **own}.items()},
            int(trace, 16) if trace else 0,
            _usd(own),
            put + got,
            input_tokens=put,
            output_tokens=got,
            max_output_tokens=None if most is None else int(most),
            priced=ours,
        ),
        trace,
        ours,
    )


def _usd(own: Mapping[str, Any]) -> Decimal | None:
    """What a span says that its call has cost."""
    if names.COST_USD in own:
        return Decimal(str(own[names.COST_USD]))
    # A call that ended before it had any usage has cost nothing that is known.
    status = own.get(names.COST_STATUS)
    return Decimal(0) if status in (_FREE, "no_usage") else None


def _seconds(nanoseconds: object) -> float:
    return int(str(nanoseconds)) / 1e9


def _attributes(holder: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for pair in holder.get("attributes", ()):
        value = _value(pair.get("value", {}))
        if value is not None:
            found[pair["key"]] = value
    return found


def _value(wrapped: Mapping[str, Any]) -> str | int | float | bool | None:
    """A plain value; None for lists and the like, which are no labels."""
    if "intValue" in wrapped:  # 64-bit integers are texts in JSON
        return int(wrapped["intValue"])
    for kind in ("stringValue", "doubleValue", "boolValue"):
        if kind in wrapped:
            return wrapped[kind]  # type: ignore[no-any-return]
    return None
