"""LLM anomalies: spending that is not as it was, before a limit says so."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard

from . import grid, links, variables
from . import queries as q
from .panels import ANY_IS_BAD, NUMBER, SHARE, USD, Column, Panel, Query, alerts, figure, graph, rows


_TEXT: Final = (
    "Spending that is not as it was: spikes, runaway processes, repeated and growing prompts, waste."
)
_ALERTS: Final = 'category=~"spike|newcomer|runaway|waste|pricing"'
_SPENDER: Final = q.legend(q.SERVICE, q.TEAM)
_PROCESS: Final = q.legend(q.SERVICE, "instance")
_OF_SERVICE: Final = f'{q.SERVICE}=~"$service"'
_OF_MODEL: Final = f'{_OF_SERVICE}, {q.MODEL}=~"$model"'


def build() -> Dashboard:
    """The dashboard."""
    board = [_now(), _spikes(), _runaways(), _prompts(), _waste()]
    chosen = [*variables.spenders(), *variables.addresses()]
    return grid.build(
        "otel-tokens-anomalies", _TEXT, board, chosen, since="now-24h", alerts=q.firing(_ALERTS)
    )


def _spender(what: str) -> str:
    return f"{q.SPENDER}{what}{q.chosen(q.WHO)}"


def _new() -> str:
    return f"{_spender('increase1h')} unless {_spender('median1d')} > 0"


def _now() -> grid.Row:
    above = f"count({_spender('increase1h')} > {_spender('spike_upper')})"
    wasted = q.ratio(q.total(q.COST, matchers=f"{q.WHAT}, {q.FAILED}"), q.in_range(q.COST_5M))
    repeated = q.ratio(q.total(q.REPEATED), q.in_range(q.REQUESTS_5M))
    panels: list[Panel] = [
        figure(
            "Alerts",
            "Alerts about anomalies that fire now.",
            q.or_zero(f"count({q.firing(_ALERTS)})"),
            NUMBER,
            steps=ANY_IS_BAD,
        ),
        figure(
            "Above their band",
            "Spenders whose last hour cost more than the most that is usual for them.",
            q.or_zero(above),
            NUMBER,
            steps=ANY_IS_BAD,
        ),
        figure(
            "New spenders",
            "Who spends and has no day to compare with.",
            q.or_zero(f"count({_new()})"),
            NUMBER,
        ),
        figure(
            "Repeated requests",
            "Share of the calls of this range that repeat an identical request.",
            q.or_zero(repeated),
            SHARE,
            decimals=1,
        ),
        figure(
            "Cost of failed calls",
            "Share of the money of this range that went to calls that failed or were given up.",
            q.or_zero(wasted),
            SHARE,
            decimals=1,
        ),
        figure(
            "Unpriced calls",
            "Calls of this range whose cost is not known: no band and no budget sees them.",
            q.or_zero(q.total(q.UNPRICED)),
            NUMBER,
            steps=ANY_IS_BAD,
        ),
    ]
    return grid.Row("Now", 4, [(each, 4) for each in panels])


def _spikes() -> grid.Row:
    band = [
        Query(_spender("increase1h"), f"{_SPENDER} last hour"),
        Query(_spender("median1d"), f"{_SPENDER} usual"),
        Query(_spender("spike_upper"), f"{_SPENDER} most that is usual"),
    ]
    times = Query(f"{_spender('increase1h')} / ({_spender('spike_upper')} > 0)", _SPENDER)
    newcomers = [Column("Last hour", _new(), USD)]
    heads = {q.SERVICE: "Service", q.ENVIRONMENT: "Environment", q.TEAM: "Team"}
    return grid.Row(
        "Spikes and newcomers",
        9,
        [
            (
                graph(
                    "Last hour and its band",
                    "USD of the last hour, the usual hour of the last day, and the most that is usual: the "
                    "highest of a multiple of that hour, its usual deviations, and the same hour last week. "
                    "Choose one service above.",
                    band,
                    USD,
                    fine=True,
                    links=links.peak(),
                ),
                12,
            ),
            (
                graph(
                    "Last hour as a part of its band",
                    "Above 100 % it is more than was ever usual; LLMSpendSpike fires.",
                    [times],
                    SHARE,
                    fine=True,
                    links=links.peak(),
                ),
                7,
            ),
            (
                rows(
                    "New spenders",
                    "Who has spent in the last hour and has no usual hour yet.",
                    newcomers,
                    sort="Last hour",
                    names=heads,
                    links=links.row(links.column("Service")),
                ),
                5,
            ),
        ],
    )


def _runaways() -> grid.Row:
    by = f"{q.SERVICE}, instance"
    calls, money = [
        Query(f"topk(10, {q.in_step(each, by, _OF_SERVICE)})", _PROCESS)
        for each in (q.INSTANCE_REQUESTS_5M, q.INSTANCE_COST_5M)
    ]
    repeated = q.ratio(
        q.total(q.REPEATED, by, _OF_SERVICE, "$__interval"),
        q.in_step(q.INSTANCE_REQUESTS_5M, by, _OF_SERVICE),
    )
    name = q.legend(q.SERVICE)
    traces = [
        Query(f"{q.CALLS_PER_TRACE}{what}{q.chosen(_OF_SERVICE)}", f"{name} {legend}")
        for what, legend in (("ratio1h", "last hour"), ("median1d", "usual"))
    ]
    return grid.Row(
        "Runaways",
        9,
        [
            (
                graph(
                    "Calls by process",
                    "The ten busiest, per step of the graph. One far above its peers is a runaway.",
                    [calls],
                    NUMBER,
                    links=links.peak(),
                ),
                6,
            ),
            (
                graph(
                    "Money by process",
                    "The ten dearest, USD per step of the graph.",
                    [money],
                    USD,
                    links=links.peak(),
                ),
                6,
            ),
            (
                graph(
                    "Repeated requests",
                    "Share of the calls of a process that repeat an identical request, one after the other.",
                    [Query(repeated, _PROCESS)],
                    SHARE,
                    raw=True,
                    links=links.peak(),
                ),
                6,
            ),
            (
                graph(
                    "Calls for each request or job",
                    "In the last hour, and usually. Agents that do not come to an end are far above.",
                    traces,
                    NUMBER,
                    fine=True,
                    links=links.peak(),
                ),
                6,
            ),
        ],
    )


def _prompts() -> grid.Row:
    words = (("ratio1h", "last hour"), ("median1d", "usual"))
    model = q.legend(q.SERVICE, q.MODEL)
    prompts = [
        Query(f"{q.PROMPT_TOKENS}{what}{q.chosen(_OF_MODEL)}", f"{model} {text}") for what, text in words
    ]
    hits = [
        Query(f"{q.CACHE_HITS}{what}{q.chosen(_OF_SERVICE)}", f"{q.legend(q.SERVICE)} {text}")
        for what, text in words
    ]
    return grid.Row(
        "Prompts",
        8,
        [
            (
                graph(
                    "Length of prompts",
                    "Input tokens of a call, cached or not. A history that is never cut only grows.",
                    prompts,
                    NUMBER,
                    fine=True,
                    links=links.peak(),
                ),
                12,
            ),
            (
                graph(
                    "Cache hits",
                    "Part of the prompt that came from the cache. A drop makes the same prompts much dearer.",
                    hits,
                    SHARE,
                    fine=True,
                    links=links.peak(),
                ),
                12,
            ),
        ],
    )


def _waste() -> grid.Row:
    by = f"{q.SERVICE}, {q.OUTCOME}"
    wasted = q.hourly(q.total(q.COST, by, f"{q.WHAT}, {q.FAILED}", "$__interval"))
    unpriced = q.hourly(q.total(q.UNPRICED, f"{q.SERVICE}, {q.MODEL}", window="$__interval"))
    return grid.Row(
        "Waste, gaps and alerts",
        8,
        [
            (
                graph(
                    "Cost of failed calls",
                    "USD per hour for answers that nobody got.",
                    [Query(q.or_zero(wasted), q.legend(q.SERVICE, q.OUTCOME))],
                    USD,
                    stacked=True,
                    raw=True,
                    links=links.peak(),
                ),
                7,
            ),
            (
                graph(
                    "Unpriced calls",
                    "Per hour, by model. Their money is missing everywhere.",
                    [Query(q.or_zero(unpriced), q.legend(q.SERVICE, q.MODEL))],
                    NUMBER,
                    stacked=True,
                    raw=True,
                    links=links.peak(),
                ),
                7,
            ),
            (
                alerts(
                    "Alerts that fire",
                    "About anomalies. The name leads to the runbook.",
                    q.or_zero(q.firing(_ALERTS)),
                    links.runbook(),
                ),
                10,
            ),
        ],
    )
