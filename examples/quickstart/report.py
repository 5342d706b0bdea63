"""What arrived over OTLP, as tables: every call, every metric, and what each request has cost.

The money arrives in three accounts: an attribute of each call, a counter, and an attribute of each
request. `Report.contradictions` says where they do not agree.
"""

from __future__ import annotations

import math

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from receiver import Point, Span
from rich import box
from rich.console import Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text


COST = "otel_tokens.cost.usd"
REQUEST_COST = "otel_tokens.trace.cost.usd"
REQUEST_CALLS = "otel_tokens.trace.requests"
REQUEST_TOKENS = "otel_tokens.trace.tokens"

TOKENS = {
    "input": "gen_ai.usage.input_tokens",
    "cache\nread": "gen_ai.usage.cache_read.input_tokens",
    "cache\nwrite": "gen_ai.usage.cache_write.input_tokens",
    "output": "gen_ai.usage.output_tokens",
    "reas-\noning": "gen_ai.usage.reasoning.output_tokens",
}
"""Column to attribute. Cached tokens are a part of the input, reasoning of the output."""

NUMBERS = {*TOKENS, "calls", "cost", "seconds", "tokens", "total", "tries"}
"""The columns that are aligned to the right."""

LABELS = {
    COST: ("feature", "gen_ai.provider.name", "otel_tokens.bucket"),
    "otel_tokens.tokens": ("otel_tokens.bucket",),
    "otel_tokens.requests": ("otel_tokens.outcome",),
    "gen_ai.client.operation.duration": ("gen_ai.operation.name",),
    "gen_ai.client.token.usage": ("gen_ai.token.type",),
}
"""Metric to the labels that its sum is shown by; other metrics are shown as one sum."""


@dataclass(frozen=True, slots=True)
class Request:
    """One incoming request of the application, and the calls that it led to."""

    root: Span
    calls: Sequence[Span]

    @property
    def cost_usd(self) -> float:
        """The costs of its calls, added up here."""
        return math.fsum(call.attributes.get(COST, 0.0) for call in self.calls)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that arrived."""

    requests: Sequence[Request]
    points: Sequence[Point]

    @property
    def calls(self) -> int:
        """How many calls there were."""
        return sum(len(request.calls) for request in self.requests)

    @property
    def cost_usd(self) -> float:
        """The costs of all calls, added up here."""
        return math.fsum(request.cost_usd for request in self.requests)

    def tables(self) -> RenderableType:
        """The three tables."""
        return Group(
            _calls_table(self.requests), _metrics_table(self.points), _requests_table(self.requests)
        )

    def contradictions(self) -> Iterator[str]:
        """Where the accounts do not agree, or have a hole."""
        if not self.calls:
            yield "no call arrived"
        for call in (call for request in self.requests for call in request.calls):
            if COST not in call.attributes:
                yield f"{call.name} has no cost: {call.attributes.get('otel_tokens.cost.status')}"
        metered = math.fsum(point.value for point in self.points if point.metric == COST)
        if not _is_same(metered, self.cost_usd):
            yield f"the metric says {_usd(metered)}, the calls add up to {_usd(self.cost_usd)}"
        for request in self.requests:
            rolled_up = request.root.attributes.get(REQUEST_COST)
            if request.calls and not _is_same(rolled_up, request.cost_usd):
                total, name = _usd(request.cost_usd), request.root.name
                yield f"{name} says {_usd(rolled_up)}, its calls add up to {total}"


def report(spans: Sequence[Span], points: Sequence[Point]) -> Report:
    """Sort what arrived by request."""
    by_id = {span.span_id: span for span in spans}
    calls: dict[bytes, list[Span]] = {span.span_id: [] for span in spans if _is_root(span, by_id)}
    for span in spans:
        if "otel_tokens.outcome" in span.attributes:
            calls[_root(span, by_id).span_id].append(span)
    return Report([Request(by_id[root], found) for root, found in calls.items()], points)


def _is_root(span: Span, by_id: Mapping[bytes, Span]) -> bool:
    return span.parent_id not in by_id


def _root(span: Span, by_id: Mapping[bytes, Span]) -> Span:
    while not _is_root(span, by_id):
        span = by_id[span.parent_id]
    return span


def _is_same(a: float | None, b: float) -> bool:
    # Both are sums of doubles, added up in another order: equal but for the last digits.
    return a is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


def _usd(amount: float | None) -> str:
    return "unknown" if amount is None else f"${amount:.6f}"


def _count(number: object) -> str:
    return f"{number:,}" if isinstance(number, int) else ""


def _table(title: str, hint: str, *columns: str) -> Table:
    table = Table(
        title=Text.assemble((title, "bold"), "   ", (hint, "dim")),
        title_justify="left",
        title_style="",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for column in columns:
        justify: JustifyMethod = "right" if column in NUMBERS else "left"
        table.add_column(column, justify=justify, header_style="dim")
    return table


def _calls_table(requests: Sequence[Request]) -> Table:
    hint = "cached tokens are a part of the input, reasoning of the output"
    columns = ("request", "call", *TOKENS, "cost", "seconds", "tries", "outcome", "usage")
    table = _table("Every call is a span", hint, *columns)
    for column in table.columns:
        column.vertical = "bottom"
    for request in requests:
        for call in request.calls:
            name = request.root.name if call is request.calls[0] else ""
            table.add_row(name, *_call_cells(call), end_section=call is request.calls[-1])
    return table


def _call_cells(call: Span) -> Iterator[str | Text]:
    attributes = call.attributes
    yield Text(call.name, style="cyan", no_wrap=True)
    for attribute in TOKENS.values():
        yield _count(attributes.get(attribute))
    yield Text(_usd(attributes.get(COST)), style="green")
    yield f"{call.duration_s:.2f}"
    yield str(attributes.get("otel_tokens.attempts", 1))
    outcome = str(attributes.get("otel_tokens.outcome", ""))
    yield Text(outcome, style="" if outcome == "ok" else "yellow")
    source = str(attributes.get("otel_tokens.usage.source", ""))
    yield Text(source, style="" if source == "provider" else "yellow")


def _metrics_table(points: Sequence[Point]) -> Table:
    hint = "exact, however traces are sampled"
    table = _table("Metrics", hint, "metric", "total", "by", "of which")
    series = sorted(points, key=lambda point: (not _is_ours(point.metric), point.metric))
    for metric, found in groupby(series, key=lambda point: point.metric):
        _add_metric(table, metric, list(found))
    return table


def _is_ours(metric: str) -> bool:
    return metric.startswith("otel_tokens.")


def _add_metric(table: Table, metric: str, series: Sequence[Point]) -> None:
    total = _amount(series[0].unit, math.fsum(point.value for point in series))
    first, *others = LABELS.get(metric, [""])
    table.add_row(Text(metric, style="cyan"), total, first, _split(series, first))
    for label in others:
        table.add_row("", "", label, _split(series, label))


def _split(series: Sequence[Point], label: str) -> str:
    sums: dict[str, float] = defaultdict(float)
    for point in series:
        if label in point.attributes:
            sums[str(point.attributes[label])] += point.value
    unit = series[0].unit
    return "   ".join(f"{name}={_amount(unit, value)}" for name, value in sums.items())


def _amount(unit: str, value: float) -> str:
    match unit:
        case "{USD}":
            return _usd(value)
        case "s":
            return f"{value:.2f} s"
    return f"{value:,.0f}"


def _requests_table(requests: Sequence[Request]) -> Table:
    hint = "on its own span"
    columns = ("request", "calls", "tokens", "cost", "seconds")
    table = _table("Each request knows its cost", hint, *columns)
    for request in requests:
        attributes = request.root.attributes
        table.add_row(
            Text(request.root.name, style="cyan"),
            _count(attributes.get(REQUEST_CALLS)),
            _count(attributes.get(REQUEST_TOKENS)),
            Text(_usd(attributes.get(REQUEST_COST)), style="green"),
            f"{request.root.duration_s:.2f}",
        )
    return table
