"""The programs of the stack themselves: rows of the pipeline dashboard."""

from __future__ import annotations

from . import grid, links
from . import queries as q
from .panels import BYTES, NUMBER, PER_SECOND, SECONDS, SHARE, USD, Query, alerts, graph


def collector() -> grid.Row:
    """What the collector needs, and how long it waits for Prometheus."""
    memory = Query(
        'max by (instance) ({__name__=~"otelcol_process_memory_rss(_bytes)?", job="otel-collector"})',
        "{{instance}}",
    )
    cpu = Query(q.collector("otelcol_process_cpu_seconds", "instance"), "{{instance}}")
    series = Query(
        'sum by (instance) (otelcol_deltatocumulative_streams_tracked{job="otel-collector"})', "{{instance}}"
    )
    took = [
        Query(
            f"histogram_quantile({at}, sum by (le) (rate(prometheus_http_request_duration_seconds_bucket"
            '{handler="/api/v1/otlp/v1/metrics"}[$__rate_interval])))',
            f"p{at * 100:g}",
        )
        for at in (0.5, 0.95)
    ]
    return grid.Row(
        "The collector itself",
        7,
        [
            (graph("Memory", "Resident memory of each collector.", [memory], BYTES, fine=True), 6),
            (graph("CPU", "Cores in use.", [cpu], NUMBER, fine=True), 6),
            (
                graph(
                    "Counters kept", "Series that it merges differences into.", [series], NUMBER, fine=True
                ),
                6,
            ),
            (
                graph(
                    "How long an export takes",
                    "From the collector into Prometheus, as Prometheus sees it.",
                    took,
                    SECONDS,
                    fine=True,
                ),
                6,
            ),
        ],
    )


def prometheus(about: str) -> grid.Row:
    """Whether rules are evaluated in time and right; `about` matches the alerts to show."""
    took = Query(
        "prometheus_rule_group_last_duration_seconds / prometheus_rule_group_interval_seconds",
        "{{rule_group}}",
    )
    failed = [
        Query(
            q.or_zero(f"sum by (rule_group) (rate({name}[$__rate_interval]))"), f"{what} {{{{rule_group}}}}"
        )
        for name, what in (
            ("prometheus_rule_evaluation_failures_total", "failed"),
            ("prometheus_rule_group_iterations_missed_total", "missed"),
        )
    ]
    failed.append(
        Query(
            q.or_zero("sum(rate(prometheus_notifications_errors_total[$__rate_interval]))"), "notifications"
        )
    )
    difference = [
        Query(q.COUNTED_6H, "all counters"),
        Query(q.ledger_6h(), "ledger: {{otel_tokens_budget}}"),
    ]
    return grid.Row(
        "Prometheus and its rules",
        8,
        [
            (
                graph(
                    "How long rules take",
                    "As a share of their interval: at 100 % they are late.",
                    [took],
                    SHARE,
                    fine=True,
                ),
                6,
            ),
            (
                graph(
                    "Rules that failed",
                    "Evaluations that failed or were missed, notifications that did not arrive; per second.",
                    failed,
                    PER_SECOND,
                    fine=True,
                ),
                6,
            ),
            (
                graph(
                    "Counters against ledger",
                    "USD of the last 6 hours. No budget can grow more than all counters together.",
                    difference,
                    USD,
                    fine=True,
                ),
                6,
            ),
            (
                alerts(
                    "Alerts that fire",
                    "About the pipeline. The watchdog always does. The name leads to the runbook.",
                    q.or_zero(q.firing(about)),
                    links.runbook(),
                ),
                6,
            ),
        ],
    )
