"""LLM pipeline: whether the numbers on the other dashboards can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard

from . import grid, machinery, variables
from . import queries as q
from .panels import (
    ANY_IS_BAD,
    NUMBER,
    PER_SECOND,
    SECONDS,
    SHARE,
    Panel,
    Query,
    Steps,
    figure,
    graph,
)


_TEXT: Final = (
    "Whether what is spent is seen: processes that report, the collector, Prometheus, and the ledger beside."
)
_ALERTS: Final = 'category=~"telemetry|watchdog|pricing"'
_UP: Final[Steps] = ((None, "red"), (1.0, "green"))
_OLD: Final[Steps] = ((None, "green"), (30 * q.DAY_S, "yellow"), (45 * q.DAY_S, "red"))
"""A price book is news for a month, and stale after 45 days."""
_HALF: Final[Steps] = ((None, "green"), (0.5, "yellow"), (0.7, "red"))


_SIGNALS: Final = ("spans", "metric_points")
_REFUSED: Final = [f"otelcol_receiver_{how}_{what}" for how in ("refused", "failed") for what in _SIGNALS]
_UNSENT: Final = [f"otelcol_exporter_{how}_failed_{what}" for how in ("send", "enqueue") for what in _SIGNALS]


def build() -> Dashboard:
    """The dashboard."""
    board = [_now(), _received(), _sent(), machinery.collector(), machinery.prometheus(_ALERTS)]
    chosen = [variables.datasource(), variables.of_label("service", q.SERVICE), *variables.addresses()]
    return grid.build("otel-tokens-pipeline", _TEXT, board, chosen, since="now-6h", alerts=q.firing(_ALERTS))


_OF_SERVICE: Final = f'{q.SERVICE}=~"$service"'
_JOB: Final = 'job="otel-collector"'
_FULL: Final = f"otelcol_exporter_queue_size{{{_JOB}}} / otelcol_exporter_queue_capacity{{{_JOB}}}"


def _now() -> grid.Row:
    beating = f"count({q.HEARTBEAT}{q.chosen(_OF_SERVICE)})"
    lost = f"{_sum([*_REFUSED, *_UNSENT])} + ({q.or_zero(_unmerged())})"
    panels: list[tuple[Panel, int]] = [
        (figure("Processes", "Metered processes that report now.", beating, NUMBER), 4),
        (
            figure(
                "Collectors up",
                "Collectors whose telemetry Prometheus can read.",
                'sum(up{job="otel-collector"})',
                NUMBER,
                steps=_UP,
            ),
            4,
        ),
        (
            figure(
                "Refused or failed",
                "Per second: refused by a receiver, given up by an exporter, or not merged into a counter.",
                lost,
                PER_SECOND,
                steps=ANY_IS_BAD,
            ),
            4,
        ),
        (figure("Fullest queue", "Of all exporters.", f"max({_FULL})", SHARE, steps=_HALF), 4),
        (
            figure(
                "Counters against ledger",
                "What the ledger has counted in the last 6 hours and the counters never saw.",
                q.unseen(),
                SHARE,
                steps=((None, "green"), (0.05, "red")),
                decimals=2,
            ),
            4,
        ),
        (
            figure(
                "Oldest prices",
                "Age of the price book in the process that has the oldest.",
                f"max({q.PRICE_AGE}{q.chosen(_OF_SERVICE)})",
                SECONDS,
                steps=_OLD,
            ),
            4,
        ),
    ]
    return grid.Row("Now", 4, panels)


def _sum(names: Sequence[str]) -> str:
    """Several counters of the collector in one number; as they share labels, each is added up first."""
    return " + ".join([f"({q.or_zero(q.collector(name))})" for name in names])


def _unmerged(by: str = "") -> str:
    return q.collector("otelcol_deltatocumulative_datapoints", by, 'error!=""')


def _received() -> grid.Row:
    beating = Query(f"count by ({q.SERVICE}) ({q.HEARTBEAT}{q.chosen(_OF_SERVICE)})", "{{service_name}}")
    ages = Query(f"max by ({q.SERVICE}) ({q.PRICE_AGE}{q.chosen(_OF_SERVICE)})", "{{service_name}}")
    failures = q.total(q.INTERNAL_FAILURES, f"{q.SERVICE}, otel_tokens_step", _OF_SERVICE, "$__interval")
    accepted = [
        Query(
            q.collector(f"otelcol_receiver_accepted_{kind}", "receiver, transport"),
            f"{kind} {{{{receiver}}}}",
        )
        for kind in ("spans", "metric_points")
    ]
    return grid.Row(
        "What arrives",
        8,
        [
            (
                graph(
                    "Processes", "Metered processes that report, by service.", [beating], NUMBER, fine=True
                ),
                6,
            ),
            (graph("Accepted", "By the collector's receivers.", accepted, PER_SECOND, fine=True), 6),
            (graph("Age of prices", "Of the price book, by service.", [ages], SECONDS, fine=True), 6),
            (
                graph(
                    "Failures inside the meter",
                    "Steps of the SDK that failed, per hour. No call is affected; one may not be counted.",
                    [Query(q.or_zero(q.hourly(failures)), "{{service_name}} {{otel_tokens_step}}")],
                    NUMBER,
                    stacked=True,
                    raw=True,
                ),
                6,
            ),
        ],
    )


def _sent() -> grid.Row:
    sent = [
        Query(q.collector(f"otelcol_exporter_sent_{kind}", "exporter"), f"{kind} {{{{exporter}}}}")
        for kind in ("spans", "metric_points")
    ]
    lost = [
        *[
            Query(q.or_zero(q.collector(name)), name.removeprefix("otelcol_"))
            for name in (*_REFUSED, *_UNSENT)
        ],
        Query(q.or_zero(_unmerged("error")), "not merged: {{error}}"),
    ]
    full = Query(_FULL, "{{exporter}} {{data_type}}")
    return grid.Row(
        "What leaves",
        8,
        [
            (graph("Sent", "By the collector's exporters.", sent, PER_SECOND, fine=True), 8),
            (
                graph(
                    "Refused, failed, not merged",
                    "Senders try again what was refused; what an exporter gave up is lost. A point that is "
                    "not merged into its counter is money that is not seen.",
                    lost,
                    PER_SECOND,
                    fine=True,
                ),
                8,
            ),
            (
                graph(
                    "Queues",
                    "How full the queue of each exporter is. At 100 % it refuses, and senders have to wait.",
                    [full],
                    SHARE,
                    fine=True,
                ),
                8,
            ),
        ],
    )
