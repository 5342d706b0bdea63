"""LLM spend: how much, by whom, on what, for what, and what it would take to spend less."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard

from . import grid, links, savings, variables
from . import queries as q
from .panels import (
    ANY_IS_BAD,
    NUMBER,
    SECONDS,
    SHARE,
    USD,
    Links,
    Panel,
    Query,
    bars,
    figure,
    graph,
    heat,
)


_TEXT: Final = (
    "What LLM calls cost: by service, team, model and label; per call and per trace; and what is wasted."
)


def build() -> Dashboard:
    """The dashboard."""
    board = [_now(), _where(), _answers(), _tokens(), savings.models(), savings.waste()]
    chosen = [*variables.spenders(), variables.split(), *variables.addresses()]
    marks = q.firing('category=~"cap|burn|spike|newcomer|runaway"')
    return grid.build("otel-tokens-spend", _TEXT, board, chosen, since="now-24h", alerts=marks)


def _now() -> grid.Row:
    calls = q.in_range(q.REQUESTS_5M)
    failed = q.ratio(q.in_range(q.REQUESTS_5M, matchers=f"{q.WHAT}, {q.FAILED}"), calls)
    estimated = q.total(q.COST, matchers=f'{q.WHAT}, otel_tokens_cost_source="estimated"')
    panels: list[Panel] = [
        figure("Today", "Since midnight UTC, for all providers and models.", q.to_date(q.TODAY), USD),
        figure("This month", "Since the first, UTC, for all providers and models.", q.to_date(q.MONTH), USD),
        figure(
            "Month at this pace",
            "The month so far, and its rest as the last 24 hours.",
            q.month_forecast(),
            USD,
        ),
        figure("Last hour", "What was spent in the last hour.", q.added(q.COST_1H + q.chosen(q.WHAT)), USD),
        figure(
            "In this range",
            "Exact for the time range that is chosen, also for processes that lived a few seconds.",
            q.total(q.COST),
            USD,
        ),
        figure(
            "Saved by the cache",
            "What cached tokens would have cost as fresh input, less what reading and writing them did cost. "
            "Below zero: writing the cache costs more than reading it saves.",
            q.saved_by_cache(),
            USD,
        ),
        figure("Calls", "Calls that ended in this range, in any way.", calls, NUMBER),
        figure(
            "Cost per call",
            "Of all calls in this range.",
            q.ratio(q.in_range(q.COST_5M), calls),
            USD,
            decimals=5,
        ),
        figure("Tokens", "All tokens in this range, in and out, cached or not.", q.total(q.TOKENS), NUMBER),
        figure(
            "Calls that failed",
            "Share of the calls that ended with an error, were cancelled or abandoned.",
            q.or_zero(failed),
            SHARE,
            decimals=2,
        ),
        figure(
            "Estimated cost",
            "The part that rests on an estimate: answers that were cut short, or stated no usage.",
            q.or_zero(estimated),
            USD,
        ),
        figure(
            "Unpriced calls",
            "Calls whose cost is not known. They count as no money, so any is too many.",
            q.or_zero(q.total(q.UNPRICED)),
            NUMBER,
            steps=ANY_IS_BAD,
        ),
    ]
    return grid.Row("Now", 4, [(each, 4) for each in panels])


def _where() -> grid.Row:
    def spent(title: str, by: str, to: Links) -> Panel:
        text = "USD per hour. The area is the money: bars of one colour add up to what was spent."
        query = Query(q.hourly(q.in_step(q.COST_5M, by)), q.legend(by))
        return graph(title, text, [query], USD, stacked=True, links=to)

    split = Query(q.hourly(q.total(q.COST, "$split", window="$__interval")), "{{$split}}")
    return grid.Row(
        "Where the money goes",
        9,
        [
            (spent("By service", q.SERVICE, links.peak()), 12),
            (spent("By model", q.MODEL, _only("model", q.MODEL)), 12),
            (spent("By team", q.TEAM, _only("team", q.TEAM)), 8),
            (spent("By provider", q.PROVIDER, _only("provider", q.PROVIDER)), 8),
            (
                graph(
                    "By $split",
                    "USD per hour by any label of the counters: a feature, a customer. Choose it above. "
                    "Applications put labels on calls, and OTEL_TOKENS_LABELS names them.",
                    [split],
                    USD,
                    stacked=True,
                    raw=True,
                ),
                8,
            ),
        ],
    )


def _only(name: str, label: str) -> Links:
    return links.narrowed(name, f"${{__field.labels.{label}:percentencode}}", f"Only this {name}")


def _answers() -> grid.Row:
    name = "otel_tokens_trace_name"
    trace = [
        Query(
            q.quantile(at, q.TRACE_COST, f"{q.SERVICE}, {name}", q.WHERE),
            f"{q.legend(name)} p{at * 100:g}",
            exemplars=True,
        )
        for at in (0.5, 0.95)
    ]
    latency = [
        Query(q.quantile(at, q.DURATION, q.MODEL), f"{q.legend(q.MODEL)} p{at * 100:g}", exemplars=True)
        for at in (0.5, 0.95)
    ]
    per_call = q.ratio(q.in_step(q.COST_5M, q.MODEL), q.in_step(q.REQUESTS_5M, q.MODEL))
    spread = q.total(f"{q.TRACE_COST}_bucket", "le", q.WHERE, "$__interval")
    return grid.Row(
        "Cost of an answer, beside how long it takes",
        9,
        [
            (
                graph(
                    "Cost of a request or job",
                    "Half of them cost less than p50, 19 of 20 less than p95: all calls under one root span.",
                    trace,
                    USD,
                    raw=True,
                    links=links.peak(),
                ),
                8,
            ),
            (
                graph(
                    "Cost of a call",
                    "Mean by model.",
                    [Query(per_call, q.legend(q.MODEL))],
                    USD,
                    links=_only("model", q.MODEL),
                ),
                8,
            ),
            (
                graph(
                    "How long a call takes",
                    "By model, to the end of the answer.",
                    latency,
                    SECONDS,
                    raw=True,
                    links=_only("model", q.MODEL),
                ),
                8,
            ),
            (
                heat(
                    "Spread of the cost of requests and jobs",
                    "How many traces cost how much. A few dear ones often make up most of the bill.",
                    Query(spread, "{{le}}", exemplars=True),
                    USD,
                ),
                24,
            ),
        ],
    )


def _tokens() -> grid.Row:
    where = f'{q.SERVICE}=~"$service", {q.MODEL}=~"$model"'
    mix = Query(q.added(q.TOKENS_1H + q.chosen(where), q.BUCKET), q.legend(q.BUCKET))
    hits = Query(f'{q.CACHE_HITS}ratio1h{{{q.SERVICE}=~"$service"}}', q.legend(q.SERVICE))
    saved = Query(q.saved_by_cache(q.SERVICE), q.legend(q.SERVICE))
    return grid.Row(
        "Tokens and the cache",
        8,
        [
            (graph("Tokens by kind", "Tokens in the hour before, each in one bucket.", [mix], NUMBER), 10),
            (
                graph(
                    "Cache hits", "Share of the input that was read from the provider's cache.", [hits], SHARE
                ),
                8,
            ),
            (bars("Saved by the cache", "In this range, by service.", saved, USD), 6),
        ],
    )
