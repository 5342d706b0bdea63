"""A Prometheus that has a day of spending in it, started once for all tests here."""

from __future__ import annotations

import math
import time

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..conftest import Programs
from . import history
from .collector import Collector
from .prometheus import Prometheus


ROOT = Path(__file__).parents[3]
RULES = ROOT / "collector" / "prometheus" / "rules"

_PAST = (
    r"otel_tokens:\w+:increase\w+|otel_tokens:budget:spent_(usd|tokens)",
    r"otel_tokens:spender_usd:increase\w+|otel_tokens:\w+:ratio1h",
)
"""The recorded series that others look back at, in the order in which they use each other."""
_LIVE_S = 12.0
"""How long the rules run at least: they use each other, and scrapes are a second apart."""
_LAST = (
    "otel_tokens:cost_usd:month_to_date",
    "otel_tokens:spender_usd:spike_upper",
    "otel_tokens:budget:spent_usd_increase6h",
    'ALERTS{alertstate="firing",category="spike"}',
)
"""What comes last, on a busy machine later."""
_PATIENCE_S = 90.0


@pytest.fixture(scope="session")
def day(stack: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """The server, when everything is in it and the rules have run."""
    folder = tmp_path_factory.mktemp("dashboards")
    collector = Collector(stack.binary("otelcol-tokens"), folder)
    prometheus = Prometheus(stack.binary("prometheus"), stack.binary("promtool"), folder)
    prometheus.targets["otel-collector"] = collector.telemetry
    prometheus.take_rules(RULES)
    try:
        collector.start()
        _fill(prometheus)
        yield prometheus
    finally:
        prometheus.stop()
        collector.stop()


def _fill(prometheus: Prometheus) -> None:
    end_s = math.floor(time.time())
    prometheus.start(live=False)
    for ago_s in history.moments():
        prometheus.push(history.statements(end_s, ago_s).SerializeToString())
    prometheus.settle()
    for names in _PAST:
        prometheus.remember(names, end_s - 7 * history.HOUR, end_s)
    prometheus.stop()
    prometheus.start(live=True)
    began = time.monotonic()
    while time.monotonic() - began < _LIVE_S or not _complete(prometheus):
        assert time.monotonic() - began < _PATIENCE_S, prometheus.ask("rules")
        prometheus.push(history.statements(time.time(), 0).SerializeToString())
        time.sleep(1)


def _complete(prometheus: Prometheus) -> bool:
    return all(prometheus.found(each, instant=True, now_s=time.time())[0] for each in _LAST)
