"""A report as tables: every call, every metric, and what each request has cost."""

from __future__ import annotations

import math

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from receiver import Point, Span
from report import COST, REQUEST_COST, Report, Request, usd
from rich import box
from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text


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

CALLS_CAN_DO_WITHOUT = ("usage", "tries", "seconds", "outcome", "reas-\noning", *list(TOKENS)[1:3])
METRICS_CAN_DO_WITHOUT = ("by", "of which")
"""The columns that a narrow terminal does not show, in the order in which they go."""

NUMBERS = {*TOKENS, "calls", "cost", "seconds", "tokens", "total", "tries"}
"""The columns that are aligned to the right."""

WRAPPED = ("of which",)
"""The columns whose content may take several lines."""

UNBOUNDED = 1_000
"""More columns of text than any table needs."""

LABELS = {
    COST: ("feature", "gen_ai.provider.name", "otel_tokens.bucket"),
    "otel_tokens.tokens": ("otel_tokens.bucket",),
    "otel_tokens.requests": ("otel_tokens.outcome",),
    "gen_ai.client.operation.duration": ("gen_ai.operation.name",),
    "gen_ai.client.token.usage": ("gen_ai.token.type",),
}
"""Metric to the labels that its sum is shown by; other metrics are shown as one sum."""


Cells = Mapping[str, str | Text]
"""Column to content."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A table before it is known how many columns there is room for."""

    title: str
    hint: str
    columns: Sequence[str]
    groups: Sequence[Sequence[Cells]]
    """Rows, with a line between groups of them."""


def tables(result: Report, console: Console) -> RenderableType:
    """The three tables, as wide as `console` is."""
    return Group(
        _fitting(console, _calls_table(result.requests), CALLS_CAN_DO_WITHOUT),
        _fitting(console, _metrics_table(result.points), METRICS_CAN_DO_WITHOUT),
        _fitting(console, _requests_table(result.requests)),
    )


def _count(number: object) -> str:
    return f"{number:,}" if isinstance(number, int) else ""


def _fitting(console: Console, draft: Draft, optional: Sequence[str] = ()) -> Table:
    """The table, without the first few `optional` columns if there is no room for them."""
    # A measure is cut off at the width that there is; what counts is how much would be needed.
    unbounded = console.options.update_width(UNBOUNDED)
    table = _table(draft, draft.columns)
    for n in range(1, len(optional) + 1):
        if console.measure(table, options=unbounded).minimum <= console.width:
            break
        table = _table(draft, [name for name in draft.columns if name not in optional[:n]])
    return table


def _table(draft: Draft, columns: Sequence[str]) -> Table:
    table = Table(
        title=Text.assemble((draft.title, "bold"), "   ", (draft.hint, "dim")),
        title_justify="left",
        title_style="",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for name in columns:
        justify: JustifyMethod = "right" if name in NUMBERS else "left"
        width = 0 if name in WRAPPED else _width(draft, name)
        table.add_column(
            name,
            justify=justify,
            header_style="dim",
            min_width=width,
            no_wrap=width > 0,
        )
    for group in draft.groups:
        for cells in group:
            shown = [cells[name] for name in columns]
            if any(map(str, shown)):
                table.add_row(*shown)
        table.add_section()
    return table


def _width(draft: Draft, name: str) -> int:
    cells = [str(cells[name]) for group in draft.groups for cells in group]
    return max(len(line) for line in (*name.split("\n"), *cells))


def _calls_table(requests: Sequence[Request]) -> Draft:
    return Draft(
        "Every call is a span",
        "cached tokens are a part of the input, reasoning of the output",
        ("request", "call", *TOKENS, "cost", "seconds", "tries", "outcome", "usage"),
        [_call_rows(request) for request in requests],
    )


def _call_rows(request: Request) -> list[Cells]:
    return [
        {"request": request.root.name if n == 0 else "", **_call_cells(call)}
        for n, call in enumerate(request.calls)
    ]


def _call_cells(call: Span) -> Cells:
    attributes = call.attributes
    outcome = str(attributes.get("otel_tokens.outcome", ""))
    source = str(attributes.get("otel_tokens.usage.source", ""))
    return {
        "call": Text(call.name, style="cyan"),
        **{column: _count(attributes.get(name)) for column, name in TOKENS.items()},
        "cost": Text(usd(attributes.get(COST)), style="green"),
        "seconds": f"{call.duration_s:.2f}",
        "tries": str(attributes.get("otel_tokens.attempts", 1)),
        "outcome": Text(outcome, style="" if outcome == "ok" else "yellow"),
        "usage": Text(source, style="" if source == "provider" else "yellow"),
    }


def _metrics_table(points: Sequence[Point]) -> Draft:
    series = sorted(points, key=lambda point: (not _is_ours(point.metric), point.metric))
    return Draft(
        "Metrics",
        "exact, however traces are sampled",
        ("metric", "total", "by", "of which"),
        [
            [
                cells
                for metric, found in groupby(series, key=lambda point: point.metric)
                for cells in _metric_rows(metric, list(found))
            ]
        ],
    )


def _is_ours(metric: str) -> bool:
    return metric.startswith("otel_tokens.")


def _metric_rows(metric: str, series: Sequence[Point]) -> Iterator[Cells]:
    name, total = metric, _amount(series[0].unit, math.fsum(point.value for point in series))
    for label in LABELS.get(metric, [""]):
        yield {
            "metric": Text(name, style="cyan"),
            "total": total,
            "by": label,
            "of which": _split(series, label),
        }
        name, total = "", ""


def _split(series: Sequence[Point], label: str) -> str:
    if not label:
        counts = [point.count for point in series if point.count is not None]
        return f"{sum(counts)} values" if counts else ""
    sums: dict[str, float] = defaultdict(float)
    for point in series:
        if label in point.attributes:
            sums[str(point.attributes[label])] += point.value
    unit = series[0].unit
    return "   ".join(f"{name}={_amount(unit, value)}" for name, value in sums.items())


def _amount(unit: str, value: float) -> str:
    match unit:
        case "{USD}":
            return usd(value)
        case "s":
            return f"{value:.2f} s"
    return f"{value:,.0f}"


def _requests_table(requests: Sequence[Request]) -> Draft:
    return Draft(
        "Each request knows its cost",
        "on its own span",
        ("request", "calls", "tokens", "cost", "seconds"),
        [[_request_cells(request) for request in requests]],
    )


def _request_cells(request: Request) -> Cells:
    attributes = request.root.attributes
    return {
        "request": Text(request.root.name, style="cyan"),
        "calls": _count(attributes.get(REQUEST_CALLS)),
        "tokens": _count(attributes.get(REQUEST_TOKENS)),
        "cost": Text(usd(attributes.get(REQUEST_COST)), style="green"),
        "seconds": f"{request.root.duration_s:.2f}",
    }
