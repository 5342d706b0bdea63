"""Traces of calls are found in Jaeger by model and by cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector.stack import Stack

from ..money.foreign import Senders
from ..queries import fetched, posted, scalar, until


ROOT = Path(__file__).parents[3]
QUICKSTART = """
import sys
sys.path.insert(0, {folder!r})
from demo import TELEMETRY, clean, run_app, simulated
from simulator import Simulator
import os
with Simulator(latency_s=0.01, pace_s=0.001) as simulator:
    settings = clean(os.environ, is_real=False) | TELEMETRY | simulated(simulator)
    sys.exit(run_app(settings | {{"OTEL_EXPORTER_OTLP_ENDPOINT": {url!r}}}))
"""


class Jaeger:
    """Jaeger's query API, in the stack that it is part of."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.url = f"http://127.0.0.1:{stack.ports.jaeger}/api"

    def spans(self, service: str, **tags: Any) -> list[dict[str, Any]]:
        """The spans, with their tags by name, of traces in which one span has all these tags."""
        query = {name: value if isinstance(value, str) else json.dumps(value) for name, value in tags.items()}
        found = fetched(f"{self.url}/traces", service=service, tags=json.dumps(query), limit="1000")
        return [
            {"operation": span["operationName"], **{tag["key"]: tag["value"] for tag in span["tags"]}}
            for trace in found["data"]
            for span in trace["spans"]
        ]


@pytest.fixture(scope="module")
def jaeger(whole: Stack) -> Iterator[Jaeger]:
    """Jaeger, which has the traces of the quickstart and of a foreign service."""
    whole.env = {
        "OTEL_TOKENS_SPEND_FLUSH": "20ms",
        "OTEL_TOKENS_SAMPLE_PERCENT": "100",
        "OTEL_TOKENS_DECISION_WAIT": "1s",
    }
    whole.start(whole.jaeger(), whole.prometheus(), whole.collector())
    program = QUICKSTART.format(
        folder=str(ROOT / "examples" / "quickstart"), url=f"http://127.0.0.1:{whole.ports.http}"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120, env=dict(os.environ))
    Senders(whole.ports.http, "shop").run(2, 5)
    return Jaeger(whole)


def test_by_model(jaeger: Jaeger) -> None:
    """The traces of one model are found, and in them the cost of each call."""
    found = until(
        lambda: jaeger.spans("help-desk", **{"gen_ai.request.model": "gpt-4.1-nano"}), bool, timeout_s=30
    )
    costs = [span["otel_tokens.cost.usd"] for span in found if "otel_tokens.cost.usd" in span]
    assert costs
    assert all(cost > 0 for cost in costs)
    assert jaeger.spans("help-desk", **{"gen_ai.response.model": "no-such-model"}) == []


def test_by_cost(jaeger: Jaeger) -> None:
    """A call is found by what it cost, to the last digit."""
    spans = until(lambda: jaeger.spans("shop", **{"gen_ai.request.model": "gpt-4o"}), lambda s: len(s) == 10)
    costs = [span["otel_tokens.cost.usd"] for span in spans]
    assert len(costs) == 10
    dearest = max(costs)
    assert [s["otel_tokens.cost.usd"] for s in jaeger.spans("shop", **{"otel_tokens.cost.usd": dearest})] == [
        dearest
    ]


def test_the_cost_of_a_request(jaeger: Jaeger) -> None:
    """The root span of a request has what all its calls cost."""
    spans = until(lambda: jaeger.spans("help-desk", **{"otel_tokens.outcome": "ok"}), bool)
    roots = [span for span in spans if "otel_tokens.trace.cost.usd" in span]
    assert roots
    calls = sum(span["otel_tokens.cost.usd"] for span in spans if "otel_tokens.cost.usd" in span)
    assert sum(root["otel_tokens.trace.cost.usd"] for root in roots) == pytest.approx(calls, abs=1e-9)


def test_dollars_of_the_quickstart(jaeger: Jaeger) -> None:
    """What Prometheus knows that the quickstart has spent is what its calls say, to the micro-dollar."""
    spans = until(lambda: jaeger.spans("help-desk", **{"otel_tokens.outcome": "ok"}), bool)
    calls = sum(span["otel_tokens.cost.usd"] for span in spans if "otel_tokens.cost.usd" in span)
    total = 'sum(last_over_time(otel_tokens_cost_usd_total{service_name="help-desk"}[1d]))'
    found = until(lambda: scalar(jaeger.stack.ports.prometheus, total), lambda usd: usd >= calls - 1e-6)
    assert found == pytest.approx(calls, abs=1e-6)
    assert calls > 0


def test_events_of_budgets_are_kept(jaeger: Jaeger) -> None:
    """What budgets have to say is kept in a file; logs of others, and what they print, are not."""
    kept = jaeger.stack.folder / "collector" / "events.jsonl"
    records = [_log("otel_tokens", "otel_tokens.budget.blocked"), _log("application", "a secret")]
    body = json.dumps({"resourceLogs": [{"resource": {}, "scopeLogs": records}]}).encode()
    assert posted(jaeger.stack.ports.http, "/v1/logs", body) == 200
    text = until(lambda: kept.read_text("utf-8") if kept.exists() else "", lambda found: "blocked" in found)
    assert "otel_tokens.budget.blocked" in text
    assert "a secret" not in text


def _log(scope: str, event: str) -> dict[str, Any]:
    record = {"timeUnixNano": "1760000000000000000", "eventName": event, "body": {"stringValue": event}}
    return {"scope": {"name": scope}, "logRecords": [record]}
