"""Dollars in Prometheus equal dollars at the source, whatever happens to the collector in between."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from collector.stack import Program, Stack

from ..queries import scalar, until
from .foreign import Senders


SENDERS = Path(__file__).with_name("senders.py")
TOTAL = 'sum(last_over_time(otel_tokens_cost_usd_total{{service_name="{service}"}}[1d]))'
REQUESTS = 'sum(last_over_time(otel_tokens_requests_total{{service_name="{service}"}}[1d]))'
EXACT = 1e-6


class Scene:
    """A collector and a Prometheus that run."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.collector: Program = stack.collector()

    def usd(self, service: str) -> float:
        """What Prometheus knows that a service has spent."""
        return scalar(self.stack.ports.prometheus, TOTAL.format(service=service))

    def requests(self, service: str) -> float:
        """How many requests of a service Prometheus knows."""
        return scalar(self.stack.ports.prometheus, REQUESTS.format(service=service))

    def crash(self) -> None:
        """Kill the collector, and start it again on what it had on disk."""
        self.collector.kill()
        time.sleep(0.3)
        self.collector.start()

    def sending(self, service: str, *arguments: str) -> subprocess.Popen[str]:
        """Processes that make metered calls."""
        url = f"http://127.0.0.1:{self.stack.ports.http}"
        command = [sys.executable, str(SENDERS), "--collector", url, "--service", service, *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def outcome(process: subprocess.Popen[str]) -> tuple[float, int]:
    """The dollars and calls that the processes say they have made."""
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 0
    found = json.loads(said)
    return float(Decimal(found["usd"])), found["calls"]


@pytest.fixture(scope="module")
def scene(whole: Stack) -> Iterator[Scene]:
    """A collector that counts foreign spans every 20 ms, and Prometheus."""
    whole.env = {"OTEL_TOKENS_SPEND_FLUSH": "20ms"}
    made = Scene(whole)
    whole.start(whole.prometheus(), made.collector)
    return made


def test_eight_processes_and_a_crash(scene: Scene) -> None:
    """8 processes with 1,000 calls each lose and double nothing while the collector crashes."""
    process = scene.sending("workers", "--processes", "8", "--calls", "1000")
    until(lambda: scene.requests("workers"), lambda n: n > 800, timeout_s=60)
    scene.crash()
    usd, calls = outcome(process)
    found = until(lambda: scene.usd("workers"), lambda known: abs(known - usd) < EXACT)
    assert found == pytest.approx(usd, abs=EXACT)
    assert (scene.requests("workers"), calls) == (8000, 8000)


def test_fifty_processes_of_two_seconds(scene: Scene) -> None:
    """Each of 50 processes lives two seconds and exports once, at its end: all of it counts."""
    once = ("--at-once", "25", "--live-s", "2", "--every-ms", "60000")
    process = scene.sending("scripts", "--processes", "50", "--calls", "3", *once)
    usd, calls = outcome(process)
    found = until(lambda: scene.usd("scripts"), lambda known: abs(known - usd) < EXACT)
    assert found == pytest.approx(usd, abs=EXACT)
    assert (scene.requests("scripts"), calls) == (150, 150)


def test_foreign_spans(scene: Scene) -> None:
    """8 senders with 1,000 foreign spans each: what was acknowledged counts once, to the micro-dollar."""
    senders = Senders(scene.stack.ports.http, "shop")
    senders.run(8, 1000)
    usd = float(senders.acknowledged)
    found = until(lambda: scene.usd("shop"), lambda known: abs(known - usd) < EXACT)
    assert found == pytest.approx(usd, abs=EXACT)
    assert scene.requests("shop") == senders.requests == 8000
    assert not senders.doubtful


def test_foreign_spans_and_a_crash(scene: Scene) -> None:
    """A crash loses no acknowledged span; only what had no answer and was sent again may count twice."""
    senders = Senders(scene.stack.ports.http, "crashed")
    sending = threading.Thread(target=senders.run, args=(8, 150))
    sending.start()
    until(lambda: senders.requests, lambda sent: sent > 400, timeout_s=60)
    scene.crash()
    sending.join()
    known = until(lambda: scene.requests("crashed"), lambda requests: requests >= 1200)
    assert 1200 <= known <= 1200 + len(senders.doubtful)
    usd, most = float(senders.acknowledged), float(senders.acknowledged + sum(senders.doubtful))
    assert usd - EXACT <= scene.usd("crashed") <= most + EXACT
    if known == 1200:
        assert scene.usd("crashed") == pytest.approx(usd, abs=EXACT)
