"""Microseconds that a cap adds to a call: hold and settle, in every ledger.

Calls with and without budgets take turns in one run, each behind the real client over a transport that
answers at once; medians are compared. Wall-clock time, since a ledger may have to be waited for.

    python tests/bench/caps.py [--turns N]
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import tempfile
import time

from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import openai

from bench import CHAT, Providers

import otel_tokens

from otel_tokens.budgets.budget import Budget, Plan, RunawaySettings
from otel_tokens.budgets.gate import Gate
from otel_tokens.budgets.purse import Purse
from otel_tokens.dialects import openai_chat
from otel_tokens.instrumentor import OtelTokensInstrumentor
from otel_tokens.ledgers.opening import open_ledger
from otel_tokens.ledgers.settings import LedgerSettings
from otel_tokens.providers import Site
from tests.budgets.redis_server import redis_server


GOALS_US = {"memory": 15, "sqlite": 250, "redis, slices": 30}
REQUEST: dict[str, Any] = {
    "model": "gpt-5",
    "messages": [
        {"role": "system", "content": "You are a helpful assistant." * 10},
        {"role": "user", "content": "What is the capital of France?"},
    ],
    "max_completion_tokens": 1000,
}
TURN = 20
"""Calls in a row of each kind."""
BUDGETS = (Budget(name="team", limit=10**6 * 10**12, window="month", match={"team": "search"}),)


def gate(budgets: tuple[Budget, ...], ledger: LedgerSettings, runaway: str = "warn") -> Gate:
    """A gate as `instrument` makes it."""
    reports = OtelTokensInstrumentor.running._reports  # type: ignore[union-attr]
    plan = Plan(budgets=budgets, ledger=ledger, runaway=RunawaySettings(action=runaway))
    return Gate(plan, Purse(open_ledger(ledger), ledger, reports), reports)


def show(where: str, times: dict[str, list[float]]) -> None:
    """Print medians, and what each adds to a call without budgets."""
    base = statistics.median(times["no budgets"])
    print(f"{where:30}{'median us':>10}{'added':>8}{'goal':>6}")
    for name, found in times.items():
        median = statistics.median(found)
        print(f"{name:30}{1e6 * median:10.1f}{1e6 * (median - base):8.1f}{GOALS_US.get(name, ''):>6}")


def loop(running: Any, one: Gate | None) -> list[float]:
    """The same calls without a client: opened, held, ended."""
    running.calls.gate = one
    site = Site("openai", "api.openai.com", 443)
    found = []
    with otel_tokens.attribute(team="search"):
        for number in range(1000):
            REQUEST["messages"][1]["content"] = f"What is {number}?"
            begun = time.perf_counter()
            call = running.calls.open(openai_chat.DIALECT, site, REQUEST, "gpt-5", streamed=False)
            if call.is_capped:
                call.hold()
            call.end(CHAT)
            found.append(time.perf_counter() - begun)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=100)
    turns = parser.parse_args().turns
    providers = Providers()
    otel_tokens.instrument(tracer_provider=providers.tracer_provider, meter_provider=providers.meter_provider)
    running = OtelTokensInstrumentor.running
    assert running is not None
    body = json.dumps(CHAT).encode()
    answer = httpx2.MockTransport(
        lambda _request: httpx2.Response(200, content=body, headers={"content-type": "application/json"})
    )
    client = openai.OpenAI(api_key="x", http_client=httpx2.Client(transport=answer), max_retries=0)
    with tempfile.TemporaryDirectory() as folder, redis_server() as server:
        sqlite = f"sqlite:///{Path(folder)}/ledger.db"
        gates = {
            "no gate": None,
            "no budgets, no detectors": gate((), LedgerSettings(), "off"),
            "no budgets": gate((), LedgerSettings()),
            "memory": gate(BUDGETS, LedgerSettings()),
            "sqlite": gate(BUDGETS, LedgerSettings(url=sqlite)),
            "redis": gate(BUDGETS, LedgerSettings(url=server.url)),
            "redis, slices": gate(
                BUDGETS, LedgerSettings(url=server.url, namespace="slices", slice=Decimal("0.05"))
            ),
        }
        times: dict[str, list[float]] = {name: [] for name in gates}
        with otel_tokens.attribute(team="search"):
            gc.collect()
            gc.freeze()
            for number in range(turns):
                for name, one in gates.items():
                    running.calls.gate = one
                    for more in range(TURN):
                        REQUEST["messages"][1]["content"] = f"What is {number} and {more}?"
                        begun = time.perf_counter()
                        client.chat.completions.create(**REQUEST)
                        if more:  # the first one of a turn finds cold caches
                            times[name].append(time.perf_counter() - begun)
        show("behind the real client", times)
        show("in a loop, without the client", {name: loop(running, one) for name, one in gates.items()})
        for one in gates.values():
            if one is not None:
                one.stop()


if __name__ == "__main__":
    main()
