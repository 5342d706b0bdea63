"""Spans and points for each second of one core: the collector with the spend pipeline, and without it.

    python tests/bench/collector.py [--rounds 5] [--seconds 5] [--core 1]

The collector has one core, this program and what the collector pushes to have the others. Bodies are
serialised before the clock starts. Rounds of all set-ups alternate, so a noisy neighbour meets each of them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import threading
import time

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


sys.path.insert(0, str(Path(__file__).parents[2]))

from collector.stack import cache
from tests.stack.scale.collectors import Collector, layer


ITEMS: Final = 100
"""Spans of a body, and points of one."""
BODIES: Final = 64
CONNECTIONS: Final = 192
"""Senders at once: enough to fill the batches of the spend pipeline, whose senders wait for the answer."""
MODELS: Final = ("gpt-4o", "gpt-4o-mini", "gpt-4.1", "o3", "gpt-5", "gpt-5-mini", "o4-mini", "gpt-4.1-nano")
SPEND: Final = ("base.yaml", "foreign.yaml", "prices.yaml", "spend.yaml", "redaction.yaml")
REDACT: Final = ("transform/redact", "filter/links", "redaction", "transform/redacted")


@dataclass(frozen=True, slots=True)
class Setup:
    """One set-up, and what is sent to it."""

    name: str
    layers: Sequence[str]
    pipelines: dict[str, dict[str, list[str]]]
    signal: str
    bodies: Callable[[random.Random], bytes]


def foreign(chance: random.Random) -> bytes:
    """Spans of another instrumentation, with tokens and without a price."""
    return _spans(chance, {})


def own(chance: random.Random) -> bytes:
    """Spans of our SDK, whose money its counters have."""
    return _spans(chance, {"otel_tokens.outcome": "ok", "otel_tokens.cost.status": "priced"})


def _spans(chance: random.Random, more: dict[str, str]) -> bytes:
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(
        key="service.name"
    ).value.string_value = f"service-{chance.randrange(20)}"
    spans = resource.scope_spans.add().spans
    now = time.time_ns()
    for _ in range(ITEMS):
        span = spans.add(
            name="chat",
            trace_id=chance.randbytes(16),
            span_id=chance.randbytes(8),
            kind=3,
            start_time_unix_nano=now - 1_000_000_000,
            end_time_unix_nano=now,
        )
        model = chance.choice(MODELS)
        texts = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": model,
        }
        for key, text in {
            **texts,
            "gen_ai.response.model": model,
            "server.address": "api.openai.com",
            **more,
        }.items():
            span.attributes.add(key=key).value.string_value = text
        for key in ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"):
            span.attributes.add(key=key).value.int_value = chance.randrange(1, 5000)
    return request.SerializeToString()


def points(chance: random.Random) -> bytes:
    """Points of the cost counter of one process."""
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    for key, text in {"service.name": "shop", "service.instance.id": chance.randbytes(8).hex()}.items():
        resource.resource.attributes.add(key=key).value.string_value = text
    metric = resource.scope_metrics.add().metrics.add(name="otel_tokens.cost.usd", unit="{USD}")
    metric.sum.aggregation_temporality, metric.sum.is_monotonic = 2, True
    now = time.time_ns()
    for number in range(ITEMS):
        point = metric.sum.data_points.add(as_double=chance.random(), time_unix_nano=now)
        for key, text in {"team": f"team-{number}", "gen_ai.response.model": chance.choice(MODELS)}.items():
            point.attributes.add(key=key).value.string_value = text
    return request.SerializeToString()


def _through(processors: Sequence[str], exporter: str = "nop") -> dict[str, list[str]]:
    return {"receivers": ["otlp"], "processors": list(processors), "exporters": [exporter]}


STORE: Final = {"traces/store": {"receivers": ["forward/store"], "processors": [], "exporters": ["nop"]}}
REDACTED: Final = {"traces/store": {**STORE["traces/store"], "processors": list(REDACT)}}
PASSING: Final = {name: _through(["memory_limiter"]) for name in ("traces", "metrics")}
SETUPS: Final = (
    Setup("spans, received and dropped", ["base.yaml"], PASSING, "traces", foreign),
    Setup("spans of others, priced and counted", SPEND, STORE, "traces", foreign),
    Setup("the same, and redacted", SPEND, REDACTED, "traces", foreign),
    Setup("spans of our SDK, through the same", SPEND, STORE, "traces", own),
    Setup("points, received and dropped", ["base.yaml"], PASSING, "metrics", points),
    Setup("points of our SDK, on disk and pushed", SPEND, STORE, "metrics", points),
)


class Push(BaseHTTPRequestHandler):
    """Takes what the collector pushes, and says yes."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Read all, answer with an empty message."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Does not mind that collectors are killed."""

    def handle_error(self, *_: Any) -> None:
        """Say nothing."""


async def _sender(port: int, requests: Sequence[bytes], until: float, sent: list[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    number = random.randrange(len(requests))  # noqa: S311
    while time.monotonic() < until:
        writer.write(requests[number % len(requests)])
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        await reader.readexactly(int(length or 0))
        sent[not head.startswith(b"http/1.1 200")] += 1
        number += 1
    writer.close()


async def _load(port: int, requests: Sequence[bytes], seconds: float) -> list[int]:
    sent = [0, 0]
    until = time.monotonic() + seconds
    await asyncio.gather(*(_sender(port, requests, until, sent) for _ in range(CONNECTIONS)))
    return sent


def _cpu_s(process_id: int) -> float:
    fields = Path(f"/proc/{process_id}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mib(process_id: int) -> float:
    status = Path(f"/proc/{process_id}/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@dataclass(frozen=True, slots=True)
class Result:
    """What one round of a set-up gave."""

    per_second: float
    per_cpu_second: float
    cpu_share: float
    rss_mib: float
    refused: int


def measure(setup: Setup, folder: Path, core: int, seconds: float, push: int) -> Result:
    """Start the collector on its core, warm it up, and send for some seconds."""
    chance = random.Random(7)  # noqa: S311
    requests = []
    for _ in range(BODIES):
        body = setup.bodies(chance)
        head = f"POST /v1/{setup.signal} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
        requests.append(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    more = layer(folder, {"exporters": {"nop": {}}, "service": {"pipelines": setup.pipelines}})
    settings = {"OTEL_TOKENS_PROMETHEUS_URL": f"http://127.0.0.1:{push}", "GOMAXPROCS": 1}
    collector = Collector(cache() / "otelcol-tokens", folder, [*setup.layers, more], settings)
    try:
        collector.start()
        assert collector.process is not None
        process_id = collector.process.pid
        for thread in Path(f"/proc/{process_id}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core})
        asyncio.run(_load(collector.ports["HTTP"], requests, 1))
        cpu, started = _cpu_s(process_id), time.monotonic()
        sent, refused = asyncio.run(_load(collector.ports["HTTP"], requests, seconds))
        cpu, wall = _cpu_s(process_id) - cpu, time.monotonic() - started
        items = sent * ITEMS
        return Result(items / wall, items / cpu, cpu / wall, _rss_mib(process_id), refused)
    finally:
        collector.kill()


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--core", type=int, default=1)
    options = parser.parse_args()
    os.sched_setaffinity(0, set(range(os.cpu_count() or 1)) - {options.core} or {options.core})
    server = Server(("127.0.0.1", 0), Push)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    results: dict[str, list[Result]] = {setup.name: [] for setup in SETUPS}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.rounds):
            for setup in SETUPS:
                where = Path(folder) / f"{number}-{len(results[setup.name])}-{SETUPS.index(setup)}"
                found = measure(setup, where, options.core, options.seconds, server.server_port)
                results[setup.name].append(found)
    server.shutdown()
    print("| on one core | per second | per CPU second | CPU | peak RSS | refused |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, found in results.items():
        middle = {
            field: statistics.median(getattr(each, field) for each in found)
            for field in ("per_second", "per_cpu_second", "cpu_share", "rss_mib", "refused")
        }
        print(
            f"| {name} | {middle['per_second']:,.0f} | {middle['per_cpu_second']:,.0f} "
            f"| {middle['cpu_share']:.0%} | {middle['rss_mib']:,.0f} MiB | {middle['refused']:,.0f} |"
        )


if __name__ == "__main__":
    main()
