"""Processes under our SDK, as a collector sees them: every minute of the rules each states its sums."""

from __future__ import annotations

import http.client
import json
import threading
import time

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from otel_tokens.telemetry import names

from .compressed import MINUTE


SPENT = names.METRIC_BUDGETS["spent", "usd"]
LIMIT = names.METRIC_BUDGETS["limit", "usd"]
_GAUGES: Final = {
    *names.METRIC_BUDGETS.values(),
    names.METRIC_WINDOW_START,
    names.METRIC_WINDOW_END,
    names.METRIC_HEARTBEAT,
    names.METRIC_PRICE_AGE,
}
_SECONDS: Final = {names.METRIC_WINDOW_START, names.METRIC_WINDOW_END, names.METRIC_PRICE_AGE}

Labels = tuple[tuple[str, str], ...]
Json = dict[str, Any]


def _attributes(labels: Labels) -> list[Json]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in labels]


@dataclass(slots=True)
class Number:
    """What a process states of one instrument with one set of labels."""

    value: float = 0.0
    per_minute: float = 0.0
    """By how much it grows in a minute of the rules."""
    since: float = field(default_factory=time.time)

    def now(self) -> float:
        """The value at this moment."""
        return self.value + self.per_minute * (time.time() - self.since) / MINUTE

    def change(self, value: float, per_minute: float) -> None:
        """Go on from another value, at another pace."""
        self.value, self.per_minute, self.since = value, per_minute, time.time()


class Source:
    """One process. What it calls, it changes; `Fleet` states it."""

    def __init__(self, service: str, instance: str = "a") -> None:
        self.service, self.instance = service, instance
        self.numbers: dict[tuple[str, Labels], Number] = {}
        self.lives = True
        """Whether it states anything."""
        self._began = _nanoseconds(time.time())
        self.put(names.METRIC_HEARTBEAT, 1)

    def _number(self, metric: str, labels: Mapping[str, str]) -> Number:
        return self.numbers.setdefault((metric, tuple(sorted(labels.items()))), Number())

    def put(self, metric: str, value: float, labels: Mapping[str, str] = {}) -> None:
        """State this from now on."""
        self._number(metric, labels).change(value, 0)

    def add(self, metric: str, amount: float, labels: Mapping[str, str] = {}) -> None:
        """State so much more from now on."""
        number = self._number(metric, labels)
        number.change(number.now() + amount, number.per_minute)

    def pace(self, metric: str, per_minute: float, labels: Mapping[str, str] = {}) -> None:
        """Let it grow from now on."""
        number = self._number(metric, labels)
        number.change(number.now(), per_minute)

    def stated(self, at: float) -> Json:
        """All it states at a moment, as OTLP."""
        metrics = [self._metric(*key, number, at) for key, number in list(self.numbers.items())]
        return self.resource(metrics)

    def resource(self, metrics: list[Json]) -> Json:
        """Metrics of this process."""
        about = (
            ("service.name", self.service),
            ("service.instance.id", self.instance),
            ("deployment.environment.name", "prod"),
        )
        return {
            "resource": {"attributes": _attributes(about)},
            "scopeMetrics": [{"scope": {"name": names.SCOPE}, "metrics": metrics}],
        }

    def _metric(self, metric: str, labels: Labels, number: Number, at: float) -> Json:
        unit = "s" if metric in _SECONDS else ""
        if metric == names.METRIC_TRACE_COST_USD:
            return {"name": metric, "unit": unit, "histogram": self._histogram(labels, number, at)}
        point = self.point(labels, number.now(), at)
        if metric in _GAUGES:
            return {"name": metric, "unit": unit, "gauge": {"dataPoints": [point]}}
        return {
            "name": metric,
            "unit": unit,
            "sum": {**_CUMULATIVE, "isMonotonic": True, "dataPoints": [point]},
        }

    def _histogram(self, labels: Labels, number: Number, at: float) -> Json:
        """So many requests or jobs, which cost nothing."""
        count = str(int(number.now()))
        found = {**self.point(labels, 0, at), "count": count, "sum": 0, "bucketCounts": [count, "0"]}
        del found["asDouble"]
        return {**_CUMULATIVE, "dataPoints": [{**found, "explicitBounds": [1]}]}

    def point(self, labels: Labels, value: float, at: float) -> Json:
        """One data point."""
        return {
            "attributes": _attributes(labels),
            "startTimeUnixNano": self._began,
            "timeUnixNano": _nanoseconds(at),
            "asDouble": value,
        }


_CUMULATIVE: Final = {"aggregationTemporality": 2}


def _nanoseconds(at: float) -> str:
    return str(int(at * 1e9))


class Fleet(threading.Thread):
    """All processes: every minute of the rules each states what it has counted."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.sources: list[Source] = []
        self._port = port
        self._over = threading.Event()

    def source(self, service: str, instance: str = "a") -> Source:
        """A new process."""
        made = Source(service, instance)
        self.sources.append(made)
        return made

    def run(self) -> None:
        """State everything until told to stop. A collector that does not answer hears of it the next time."""
        while not self._over.wait(MINUTE):
            now = time.time()
            self.post([each.stated(now) for each in list(self.sources) if each.lives])

    def stop(self) -> None:
        """End, and wait until it has."""
        self._over.set()
        self.join()

    def beaten(self, source: Source, minutes: int) -> None:
        """Deliver the heartbeats of so many minutes late, as a queue does that was cut off."""
        now = time.time()
        points = [source.point((), 1, now - each * MINUTE) for each in range(minutes, 0, -1)]
        self.post([source.resource([{"name": names.METRIC_HEARTBEAT, "gauge": {"dataPoints": points}}])])

    def post(self, resources: list[Json]) -> None:
        """Send metrics to the collector, if it is there."""
        body = json.dumps({"resourceMetrics": resources})
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("POST", "/v1/metrics", body, {"content-type": "application/json"})
            connection.getresponse().read()
        except OSError:
            pass
        finally:
            connection.close()
