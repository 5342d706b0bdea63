"""A spend gateway counts once what it has accepted, whatever happens to its stores."""

from __future__ import annotations

import os

from pathlib import Path
from typing import Any

import pytest

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .collectors import Collector, layer, lines, post, running, until


SPEND = ("base.yaml", "foreign.yaml", "prices.yaml", "spend.yaml", "redaction.yaml", "gateway-spend.yaml")


def call() -> bytes:
    """A call that another instrumentation has seen: $0.0035."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    span = spans.add(
        name="chat gpt-4o",
        trace_id=os.urandom(16),
        span_id=os.urandom(8),
        start_time_unix_nano=1_795_000_000_000_000_000,
        end_time_unix_nano=1_795_000_001_000_000_000,
    )
    texts = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-08-06",
    }
    for key, text in texts.items():
        span.attributes.add(key=key).value.string_value = text
    for key, count in {"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100}.items():
        span.attributes.add(key=key).value.int_value = count
    return request.SerializeToString()


def counted(out: Path) -> float:
    """Dollars of the last value of each series in a file."""
    last: dict[str, float] = {}
    for line in lines(out):
        for resource in line["resourceMetrics"]:
            for scope in resource["scopeMetrics"]:
                for metric in scope["metrics"]:
                    if metric["name"] == "otel_tokens.cost.usd":
                        for point in metric["sum"]["dataPoints"]:
                            last[str([resource["resource"], point["attributes"]])] = point["asDouble"]
    return sum(last.values())


def accepted(collector: Collector) -> None:
    """Send one call until it is accepted: in its first moments a gateway refuses, and counts nothing."""
    until(lambda: post(f"{collector.http}/v1/traces", call()) == 200, 15)


def gateway(folder: Path) -> Path:
    """Counters into a file; the sampling pool is away, and the queue for it is full at once."""
    away = {"static": {"hostnames": ["127.0.0.1:1"]}, "dns": None}
    balancing = {"resolver": away, "sending_queue": {"queue_size": 1}}
    return layer(
        folder,
        {
            "exporters": {"file": {"path": str(folder / "out.json")}, "load_balancing": balancing},
            "service": {"pipelines": {"metrics/spend": {"exporters": ["file"]}}},
        },
    )


def test_a_store_that_is_away_counts_nothing_twice(stack: Any, tmp_path: Path) -> None:
    """The sender hears "received" although no trace can be kept, and does not send again what was counted."""
    settings = {"OTEL_TOKENS_TLS_CA": "", "OTEL_TOKENS_SAMPLING_INSECURE": "true"}
    with running(
        stack.binary("otelcol-tokens"), tmp_path, *SPEND, gateway(tmp_path), settings=settings
    ) as collector:
        accepted(collector)
        answers = [post(f"{collector.http}/v1/traces", call()) for _ in range(4)]
        until(lambda: "Rejecting data" in collector.log.read_text("utf-8"), 15)
        answers += [post(f"{collector.http}/v1/traces", call()) for _ in range(5)]
        until(lambda: counted(tmp_path / "out.json") >= 10 * 0.0035 - 1e-9, 10)

    assert answers == [200] * 9
    assert counted(tmp_path / "out.json") == pytest.approx(10 * 0.0035, abs=1e-12)


def test_two_gateways_add_up(stack: Any, tmp_path: Path) -> None:
    """Batches that are spread over two replicas are in series of their own, and add up."""
    settings = {"OTEL_TOKENS_TLS_CA": "", "OTEL_TOKENS_SAMPLING_INSECURE": "true"}
    replicas = []
    try:
        for name in ("a", "b"):
            folder = tmp_path / name
            one = Collector(stack.binary("otelcol-tokens"), folder, (*SPEND, gateway(folder)), settings)
            replicas.append(one)
            one.start()
        for one in replicas:
            accepted(one)
        for number in range(4):
            assert post(f"{replicas[number % 4 // 3].http}/v1/traces", call()) == 200
        files = [one.folder / "out.json" for one in replicas]
        until(lambda: sum(map(counted, files)) >= 6 * 0.0035 - 1e-9, 10)
    finally:
        for one in replicas:
            one.kill()
    assert [round(counted(each) / 0.0035) for each in files] == [4, 2]
    instances = {
        pair["value"]["stringValue"]
        for each in files
        for line in lines(each)
        for resource in line["resourceMetrics"]
        for pair in resource["resource"]["attributes"]
        if pair["key"] == "service.instance.id"
    }
    assert len(instances) == 2
