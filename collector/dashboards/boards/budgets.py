"""LLM budgets: what is used, where it is heading, what was stopped, and which alerts fire."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard

from . import grid, links, variables
from . import queries as q
from .panels import (
    ANY_IS_BAD,
    NUMBER,
    SECONDS,
    SHARE,
    USD,
    USED,
    Column,
    Panel,
    Query,
    Steps,
    alerts,
    bars,
    figure,
    graph,
    rows,
)


_TEXT: Final = "What each budget has used of its limit, where it is heading, and what it has stopped."
_ALERTS: Final = 'category=~"cap|burn|forecast|blocked|ledger"'
_NAME: Final = "{{otel_tokens_budget}} {{otel_tokens_scope}}"
_HEADS: Final = {
    "otel_tokens_budget": "Budget",
    "otel_tokens_window": "Window",
    "otel_tokens_scope": "Scope",
}
_BURN: Final[Steps] = ((None, "transparent"), (1.0, "yellow"), (6.0, "orange"), (14.4, "red"))
"""1 uses up the limit exactly at the end of the window; 6 and 14.4 are where alerts fire."""


def build() -> Dashboard:
    """The dashboard."""
    board = [_now(), _each(), _table(), _stopped()]
    chosen = [variables.datasource(), variables.budgets(), *variables.addresses()]
    return grid.build("otel-tokens-budgets", _TEXT, board, chosen, since="now-24h", alerts=q.firing(_ALERTS))


def _now() -> grid.Row:
    used = Query(f"sort_desc({q.budget('used_ratio')})", _NAME)
    text = "Spent as a share of the limit in the window that runs. Full at 100 %."
    over = f"count({q.budget('used_ratio')} >= 0.8)"
    stopped = [q.or_zero(q.total(each, matchers=q.ACCOUNTS)) for each in (q.BLOCKED, q.WARNED)]
    count = q.or_zero(f"count({q.firing(_ALERTS)})")
    return grid.Row(
        "Now",
        10,
        [
            (bars("Used", text, used, SHARE, steps=USED, most=1), 12),
            (
                figure(
                    "Above 80 %", "Budgets with 80 % or more used.", q.or_zero(over), NUMBER, steps=ANY_IS_BAD
                ),
                3,
            ),
            (
                figure(
                    "Calls that were blocked|ledger",
                    "Refused before they were sent, in this range.",
                    stopped[0],
                    NUMBER,
                    steps=ANY_IS_BAD,
                ),
                3,
            ),
            (
                figure(
                    "Calls that were warned of",
                    "Sent, although a budget with action `warn` would have refused them.",
                    stopped[1],
                    NUMBER,
                ),
                3,
            ),
            (figure("Alerts", "Alerts about budgets that fire now.", count, NUMBER, steps=ANY_IS_BAD), 3),
        ],
    )


def _each() -> grid.Row:
    parts = ("spent", "limit", "held", "forecast")
    dollars = [Query(q.budget(f"{part}_usd"), f"{_NAME} {part}") for part in parts]
    tokens = [Query(q.budget(f"{part}_tokens"), f"{_NAME} {part}") for part in parts]
    text = "Spent falls to zero where a window begins. Held is put aside for calls that are under way."
    return grid.Row(
        "Over time",
        10,
        [
            (
                graph(
                    "Spent, limit and forecast",
                    f"{text} The forecast is for the end of the window. Choose one budget above.",
                    dollars,
                    USD,
                    fine=True,
                ),
                14,
            ),
            (graph("Budgets in tokens", text, tokens, NUMBER, fine=True), 10),
        ],
    )


def _table() -> grid.Row:
    columns = [
        Column("Used", q.budget("used_ratio"), SHARE, USED, 1),
        Column("Spent", q.budget("spent_usd"), USD),
        Column("Held", q.budget("held_usd"), USD),
        Column("Limit", q.budget("limit_usd"), USD),
        Column("Forecast", q.budget("forecast_usd"), USD),
        Column("Left until the end", f"clamp_min({q.budget('remaining_seconds')}, 0)", SECONDS),
        Column("Burn, last hour", q.budget("burn1h"), NUMBER, _BURN, 1),
        Column("Burn, last 6 hours", q.budget("burn6h"), NUMBER, _BURN, 1),
    ]
    text = "Burn is how many times faster than an even pace: 1 uses up the limit exactly at the window's end."
    firing = q.firing(_ALERTS)
    return grid.Row(
        "Burn and alerts",
        9,
        [
            (rows("Budgets", text, columns, sort="Used", names=_HEADS), 15),
            (
                alerts(
                    "Alerts that fire",
                    "About budgets. The name leads to the runbook.",
                    q.or_zero(firing),
                    links.runbook(),
                ),
                9,
            ),
        ],
    )


def _stopped() -> grid.Row:
    by = f"{q.SERVICE}, otel_tokens_budget"
    legend = "{{otel_tokens_budget}} {{service_name}}"
    text = "Calls per hour, by budget and service."

    def stopped(title: str, metric: str, what: str) -> tuple[Panel, int]:
        calls = q.hourly(q.total(metric, by, q.ACCOUNTS, "$__interval"))
        query = Query(q.or_zero(calls), legend)
        return graph(title, f"{text} {what}", [query], NUMBER, stacked=True, raw=True, links=links.peak()), 8

    failures = q.or_zero(q.hourly(q.total(q.LEDGER_FAILURES, q.SERVICE, "", "$__interval")))
    return grid.Row(
        "What was stopped",
        8,
        [
            stopped("Blocked calls", q.BLOCKED, "They were not sent and cost nothing."),
            stopped("Warned calls", q.WARNED, "They were sent: these budgets only warn."),
            (
                graph(
                    "Failures of the ledger",
                    "Steps of the ledger that failed, per hour. `on_failure` decides about calls meanwhile.",
                    [Query(failures, "{{service_name}}")],
                    NUMBER,
                    stacked=True,
                    raw=True,
                ),
                8,
            ),
        ],
    )
