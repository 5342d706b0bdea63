"""The gauges of budgets: what they read, how often, and what happens where that fails."""

from __future__ import annotations

import logging

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from otel_tokens import shield
from otel_tokens.telemetry.gauges import Gauges, Row


DAY = Row("team", "day", "global", "usd", Decimal("1.5"), Decimal("0.25"), Decimal(10), 86_400, 172_800)
EVER = Row("words", "total", "max:user.id", "tokens", Decimal(7), Decimal(0), Decimal(100), 0, 0)


class Meter:
    """A reader, and the gauges that it reads."""

    def __init__(self) -> None:
        self.reader = InMemoryMetricReader()
        self.provider = MeterProvider([self.reader], shutdown_on_exit=False)
        self.now = 100.0
        self.gauges = Gauges(self.provider.get_meter("test"), tick=lambda: self.now)
        self.reads = 0
        self.takes_s = 0.0

    def read(self) -> Sequence[Row]:
        """The accounts."""
        self.reads += 1
        self.now += self.takes_s
        return (DAY, EVER)

    def points(self) -> dict[str, list[tuple[Any, Any]]]:
        """The points of every instrument that has any."""
        data = self.reader.get_metrics_data()
        return {
            metric.name.removeprefix("otel_tokens."): [
                (point.attributes["otel_tokens.budget"] if point.attributes else None, point.value)
                for point in metric.data.data_points
            ]
            for resource in (data.resource_metrics if data is not None else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.data.data_points
        }


@pytest.fixture
def meter() -> Iterator[Meter]:
    """Gauges and their reader."""
    made = Meter()
    yield made
    made.provider.shutdown()


def test_without_budgets(meter: Meter) -> None:
    """Where there is nothing to read nothing is reported, no failures either."""
    assert meter.points() == {}


def test_what_they_state(meter: Meter) -> None:
    """Each account in its unit, and the window of those that have one."""
    meter.gauges.source = meter.read
    meter.gauges.failures = lambda: 3
    assert meter.points() == {
        "budget.spent.usd": [("team", 1.5)],
        "budget.held.usd": [("team", 0.25)],
        "budget.limit.usd": [("team", 10.0)],
        "budget.spent.tokens": [("words", 7.0)],
        "budget.held.tokens": [("words", 0.0)],
        "budget.limit.tokens": [("words", 100.0)],
        "budget.window.start": [("team", 86_400)],
        "budget.window.end": [("team", 172_800)],
        "ledger.failures": [(None, 3)],
    }


def test_failures_that_nobody_needs(meter: Meter) -> None:
    """Where no budget needs a ledger its failures are no metric."""
    meter.gauges.failures = lambda: None
    assert meter.points() == {}


def test_the_ledger_is_read_once_for_all(meter: Meter) -> None:
    """One collection reads the ledger once; the next one does so half a second later at the earliest."""
    meter.gauges.source = meter.read
    for now, reads in ((100.0, 1), (100.4, 1), (100.6, 2), (101.2, 3)):
        meter.now = now
        meter.points()
        assert meter.reads == reads


def test_a_slow_ledger_is_read_seldom(meter: Meter) -> None:
    """What takes long to read is read rarely, so that reading takes little of the time."""
    meter.gauges.source, meter.takes_s = meter.read, 0.1
    for now, reads in ((100.0, 1), (115.0, 1), (125.0, 2)):
        meter.now = now
        assert meter.points()["budget.spent.usd"] == [("team", 1.5)]
        assert meter.reads == reads


def test_a_bug_in_reading(meter: Meter, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    """What goes wrong in reading takes these gauges away and no others, and is told once."""
    monkeypatch.setattr(shield, "failures", {})

    def wrong() -> Sequence[Row]:
        raise ValueError("ours")

    meter.gauges.source, meter.gauges.failures = wrong, lambda: 1
    with caplog.at_level(logging.WARNING):
        assert meter.points() == {"ledger.failures": [(None, 1)]}
    assert shield.failures == {"reading the ledger for gauges": 1}

    meter.gauges.source, meter.now = meter.read, 200.0
    assert "budget.spent.usd" in meter.points()
