"""A day in the life of a few services, as the statements that their processes would have exported.

Prometheus gets them as OTLP, so the names and labels that it makes of them are its own. Every number is
cumulative for its process, as from our SDK; a process that lived two seconds has stated its numbers once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric

from otel_tokens.telemetry import names


MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86400

_SPARSE_S: Final = 240
"""Between statements of the past: less than the five minutes in which Prometheus looks for a sample."""

_CUMULATIVE: Final = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
_BUCKETS: Final[Mapping[str, tuple[int, float]]] = {
    "input": (800, 1.25e-6),
    "cache_read": (2400, 0.125e-6),
    "cache_write_5m": (200, 1.5e-6),
    "output": (150, 10e-6),
    "output_reasoning": (90, 10e-6),
}
"""Tokens of one call and USD of one token, by bucket."""
_USD_PER_CALL: Final = sum(tokens * usd for tokens, usd in _BUCKETS.values())
_UNPRICED: Final = "house-model"


@dataclass(frozen=True, slots=True)
class Process:
    """One process: who it is, when it lived, how much it calls."""

    service: str
    environment: str
    team: str
    model: str
    provider: str
    calls_per_minute: float
    born_s: float
    """Seconds before the end of the history."""
    died_s: float = 0.0
    instance: str = "1"
    dear: float = 1.0
    """How many times dearer than the cheapest model."""
    source: str = "sdk"
    surge: tuple[float, float] = (0.0, 1.0)
    """In the last so many seconds it calls so many times more."""
    extra: Mapping[str, str] = field(default_factory=dict)

    def calls(self, ago_s: float) -> int:
        """How many calls it had made so many seconds before the end."""
        lived = self.born_s - ago_s
        last_s, times = self.surge
        surge = max(0.0, min(self.born_s, last_s) - ago_s) * (times - 1)
        return 1 + int((lived + surge) * self.calls_per_minute / MINUTE)

    def labels(self) -> dict[str, str]:
        """What all its points carry."""
        return {
            names.OPERATION: "chat",
            names.PROVIDER: self.provider,
            names.REQUEST_MODEL: self.model,
            names.RESPONSE_MODEL: self.model,
            "team": self.team,
            **self.where(),
            **self.extra,
        }

    def where(self) -> dict[str, str]:
        """What the collector copies from the resource."""
        return {
            "service.name": self.service,
            "deployment.environment.name": self.environment,
            "otel_tokens.source": self.source,
        }


def processes() -> list[Process]:
    """Services that go on, scripts that lived two seconds, a foreign service, a newcomer, a runaway."""
    shop: dict[str, Any] = {
        "service": "shop",
        "environment": "production",
        "team": "payments",
        "born_s": 30 * HOUR,
        "extra": {"feature": "checkout", "customer": "acme"},
    }
    search: dict[str, Any] = {
        "service": "search",
        "environment": "production",
        "team": "search",
        "born_s": 30 * HOUR,
        "provider": "anthropic",
        "extra": {"feature": "answers", "customer": "globex"},
    }
    steady = [
        Process(**shop, model="gpt-5", provider="openai", calls_per_minute=3, dear=4),
        Process(**shop, model="gpt-5-mini", provider="openai", calls_per_minute=6, instance="2"),
        *[
            Process(**search, model="claude-sonnet-4-5", calls_per_minute=1, dear=3, instance=str(number))
            for number in range(3)
        ],
        Process(
            **search, model="claude-sonnet-4-5", calls_per_minute=2, dear=3, instance="9", surge=(900, 120)
        ),
    ]
    scripts = [
        Process(
            "nightly", "staging", "data", "gpt-5-mini", "openai", 60, ago + 2, ago, instance=f"script-{ago}"
        )
        for ago in range(HOUR // 2, 26 * HOUR, HOUR // 2)
    ]
    foreign = Process(
        "gateway", "production", "platform", "gemini-2.5-pro", "gcp.gen_ai", 2, 30 * HOUR, source="collector"
    )
    newborn = Process("newcomer", "production", "labs", "gpt-5", "openai", 90, 25 * MINUTE, dear=20)
    unknown = Process("shop", "production", "payments", _UNPRICED, "other", 1, 2 * HOUR, instance="3")
    return [*steady, *scripts, foreign, newborn, unknown]


def spent_usd(within_s: int) -> float:
    """What all together have spent in the last so many seconds, a multiple of the time between moments."""
    return sum(
        _USD_PER_CALL * process.dear * (process.calls(process.died_s) - before)
        for process in processes()
        if process.model != _UNPRICED and not process.died_s >= within_s > 0
        for before in [process.calls(within_s) if process.born_s >= within_s else 0]
    )


def moments() -> list[float]:
    """Seconds before the end at which there is something to state, the oldest first."""
    ends = {process.died_s for process in processes() if process.died_s}
    return sorted({*ends, *range(HOUR, 30 * HOUR, _SPARSE_S), *range(MINUTE, HOUR, MINUTE)}, reverse=True)


def statements(now_s: float, ago_s: float) -> ExportMetricsServiceRequest:
    """What every process stated so many seconds before the end."""
    request = ExportMetricsServiceRequest()
    for process in processes():
        if ago_s == process.died_s if process.died_s else ago_s <= process.born_s:
            _state(request, process, now_s, ago_s)
    return request


def _state(request: ExportMetricsServiceRequest, process: Process, now_s: float, ago_s: float) -> None:
    found = request.resource_metrics.add()
    _label(
        found.resource.attributes, {"service.name": process.service, "service.instance.id": process.instance}
    )
    metrics = found.scope_metrics.add().metrics
    at_ns = int((now_s - ago_s) * 1e9)
    calls = process.calls(ago_s)
    for name, unit, points in _sums(process, calls):
        metric = metrics.add(name=name, unit=unit)
        metric.sum.aggregation_temporality, metric.sum.is_monotonic = _CUMULATIVE, True
        for labels, value in points:
            point = metric.sum.data_points.add(time_unix_nano=at_ns, as_double=value)
            _label(point.attributes, labels)
    for name, unit, points in _gauges(process, now_s - ago_s):
        metric = metrics.add(name=name, unit=unit)
        for labels, value in points:
            point = metric.gauge.data_points.add(time_unix_nano=at_ns, as_double=value)
            _label(point.attributes, labels)
    for name, unit, bounds, labels, each in _histograms(process):
        metric = metrics.add(name=name, unit=unit)
        _histogram(metric, bounds, labels, each, calls, at_ns)


Points = list[tuple[dict[str, str], float]]


def _sums(process: Process, calls: int) -> Iterator[tuple[str, str, Points]]:
    base = process.labels()
    priced = process.model != _UNPRICED
    costs = [
        (
            {**base, names.BUCKET: bucket, names.COST_SOURCE: source, names.OUTCOME: outcome},
            part * calls * tokens * usd * process.dear,
        )
        for bucket, (tokens, usd) in _BUCKETS.items()
        for source, outcome, part in (("computed", "ok", 0.95), ("estimated", "cancelled", 0.05))
    ]
    if priced:
        yield names.METRIC_COST_USD, "{USD}", costs
    else:
        unknown = {**base, names.COST_STATUS: "unknown_model"}
        yield names.METRIC_UNPRICED, "{request}", [(unknown, float(calls))]
    tokens_of = [
        ({**base, names.BUCKET: bucket, names.USAGE_SOURCE: "provider"}, float(calls * tokens))
        for bucket, (tokens, _) in _BUCKETS.items()
    ]
    yield names.METRIC_TOKENS, "{token}", tokens_of
    failed = calls // 3
    outcomes = [
        ({**base, names.OUTCOME: "ok"}, float(calls - failed)),
        ({**base, names.OUTCOME: "error", names.ERROR_TYPE: "429"}, float(failed)),
    ]
    yield names.METRIC_REQUESTS, "{request}", outcomes
    if process.source == "sdk":
        budget = {**base, names.BUDGET: "shop-day"}
        yield names.METRIC_BLOCKED, "{request}", [(budget, float(calls // 20))]
        yield names.METRIC_WARNED, "{request}", [(budget, float(calls // 10))]
        yield names.METRIC_REPEATED, "{request}", [(base, float(calls * 2 // 3))]
        where = process.where()
        yield (
            names.METRIC_FAILURES,
            "{failure}",
            [({**where, names.STEP: "counting a call"}, float(calls // 500))],
        )
        yield names.METRIC_LEDGER_FAILURES, "{failure}", [(where, float(calls // 400))]


def _gauges(process: Process, at_s: float) -> Iterator[tuple[str, str, Points]]:
    if process.source != "sdk":
        return
    where = process.where()
    yield names.METRIC_HEARTBEAT, "{process}", [(where, 1.0)]
    yield "otel_tokens.price.age", "s", [(where, 50.0 * DAY)]
    if process.service == "nightly":
        return
    for budget, window, scope, unit, limit, used in _ACCOUNTS:
        start, end = _window(window, at_s)
        passed = (at_s - start) / (end - start)
        labels = {**where, names.BUDGET: budget, names.WINDOW: window, names.SCOPE_LABEL: scope}
        spent = limit * used * (0.5 + 0.5 * passed)
        for what, value in (("spent", spent), ("held", limit * 0.01), ("limit", limit)):
            yield names.METRIC_BUDGETS[what, unit], "{USD}" if unit == "usd" else "{token}", [(labels, value)]
        yield names.METRIC_WINDOW_START, "s", [(labels, start)]
        yield names.METRIC_WINDOW_END, "s", [(labels, end)]


_ACCOUNTS: Final = (
    ("all", "month", "global", "usd", 60.0, 1.7),
    ("shop-day", "day", "global", "usd", 20.0, 1.1),
    ("per-customer", "day", "acme", "usd", 5.0, 0.7),
    ("tokens-day", "day", "global", "tokens", 1e8, 0.9),
)
"""Budget, window, scope, unit, limit, and the part of the limit that is used at the end of the window."""


def _window(window: str, at_s: float) -> tuple[float, float]:
    if window == "day":
        start = at_s // DAY * DAY
        return start, start + DAY
    return at_s - 20 * DAY, at_s + 10 * DAY


def _histograms(process: Process) -> Iterator[tuple[str, str, tuple[float, ...], dict[str, str], float]]:
    yield names.RELEASED_DURATION, "s", names.DURATION_BOUNDS_S, process.labels(), 0.3 * process.dear
    if process.source == "sdk":
        trace = {**process.where(), names.TRACE_NAME: f"POST /{process.service}"}
        yield (
            names.METRIC_TRACE_COST_USD,
            "{USD}",
            names.COST_BOUNDS_USD,
            trace,
            2 * _USD_PER_CALL * process.dear,
        )


def _histogram(
    metric: Metric, bounds: tuple[float, ...], labels: dict[str, str], each: float, calls: int, at_ns: int
) -> None:
    metric.histogram.aggregation_temporality = _CUMULATIVE
    point = metric.histogram.data_points.add(time_unix_nano=at_ns, count=calls, sum=each * calls)
    _label(point.attributes, labels)
    point.exemplars.add(time_unix_nano=at_ns, as_double=each, trace_id=b"t" * 16, span_id=b"s" * 8)
    place = next((at for at, bound in enumerate(bounds) if each <= bound), len(bounds))
    counts = [0] * (len(bounds) + 1)
    counts[place] = calls
    point.explicit_bounds.extend(bounds)
    point.bucket_counts.extend(counts)


def _label(attributes: Any, labels: Mapping[str, str]) -> None:
    for key, value in labels.items():
        attributes.add(key=key).value.string_value = value
