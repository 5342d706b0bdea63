"""Many processes that make metered calls through the real client, and say what they have cost.

Run as a program. It imports once and forks, so that 50 processes do not take 50 times the start of Python;
each has telemetry of its own, set up after the fork, as any process has. Prints what they cost, as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time

from decimal import Decimal
from pathlib import Path

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource


sys.path.insert(0, str(Path(__file__).parents[3]))

import otel_tokens

from tests.clients.transport import Transport, json_reply, openai_client


INPUT_USD, OUTPUT_USD = Decimal("0.15"), Decimal("0.60")
"""USD per million tokens of gpt-4o-mini, OpenAI's list price."""


def answer(input_tokens: int, output_tokens: int) -> dict[str, object]:
    """A chat completion that used so much."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": "gpt-4o-mini",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}
        ],
        "usage": {
            "prompt_tokens": input_tokens,
            "completion_tokens": output_tokens,
            "total_tokens": input_tokens + output_tokens,
        },
    }


def work(arguments: argparse.Namespace, seed: int) -> tuple[Decimal, int]:
    """What one process does: its dollars and its calls."""
    ended = time.monotonic() + arguments.live_s
    dice = random.Random(seed)  # noqa: S311
    exporter = OTLPMetricExporter(endpoint=f"{arguments.collector}/v1/metrics")
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=arguments.every_ms)
    resource = Resource.create({"service.name": arguments.service, "deployment.environment.name": "test"})
    provider = MeterProvider([reader], resource=resource)
    otel_tokens.instrument(meter_provider=provider)
    usd = Decimal(0)
    for _ in range(arguments.calls):
        put, got = dice.randint(1, 50_000), dice.randint(1, 4_000)
        client = openai_client(Transport(json_reply(answer(put, got))))
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "?"}])
        usd += (put * INPUT_USD + got * OUTPUT_USD) / 1_000_000
        time.sleep(arguments.pause_s)
    time.sleep(max(0.0, ended - time.monotonic()))
    provider.shutdown()
    return usd, arguments.calls


def forked(arguments: argparse.Namespace, seed: int) -> tuple[int, int]:
    """A process that works: its id, and where it says what came of it."""
    out, into = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            usd, calls = work(arguments, seed)
            os.write(into, f"{usd} {calls}".encode())
        finally:
            os._exit(0)
    os.close(into)
    return process, out


def main() -> None:
    """Run the processes, so many at a time, and print what they have cost in all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--collector", required=True)
    parser.add_argument("--service", required=True)
    parser.add_argument("--processes", type=int, required=True)
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--every-ms", type=int, default=500)
    parser.add_argument("--live-s", type=float, default=0)
    parser.add_argument("--pause-s", type=float, default=0)
    arguments = parser.parse_args()
    usd, calls = Decimal(0), 0
    for start in range(0, arguments.processes, arguments.at_once):
        at_once = range(start, min(start + arguments.at_once, arguments.processes))
        for process, out in [forked(arguments, seed) for seed in at_once]:
            os.waitpid(process, 0)
            cost, made = os.read(out, 1000).decode().split()
            usd, calls = usd + Decimal(cost), calls + int(made)
    print(json.dumps({"usd": str(usd), "calls": calls}))  # noqa: T201


if __name__ == "__main__":
    main()
