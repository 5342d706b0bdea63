"""Agent, a real Kafka, gateway: what goes in comes out, also when the gateway is killed and started again."""

from __future__ import annotations

import os

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .collectors import Collector, layer, lines, post, running, until
from .kafka import broker


@pytest.fixture(scope="module")
def kafka(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a broker."""
    with broker(stack.binary("kafka"), tmp_path_factory.mktemp("kafka")) as address:
        yield address


def send(agent: Collector, count: int) -> set[str]:
    """Send spans, ten to a request, and return their ids."""
    ids = set()
    for _ in range(count // 10):
        request = ExportTraceServiceRequest()
        spans = request.resource_spans.add().scope_spans.add().spans
        for _ in range(10):
            span = spans.add(name="chat", trace_id=os.urandom(16), span_id=os.urandom(8))
            ids.add(span.span_id.hex())
        assert post(f"{agent.http}/v1/traces", request.SerializeToString()) == 200
    return ids


def stored(sink: Collector) -> Counter[str]:
    """How often each span has come to the sink."""
    return Counter(
        one["spanId"]
        for line in lines(sink.folder / "out.json")
        for resource in line["resourceSpans"]
        for scope in resource["scopeSpans"]
        for one in scope["spans"]
    )


def settings(kafka: str, topic: str, folder: Path) -> dict[str, object]:
    """The settings of both ends."""
    token = folder / "token"
    folder.mkdir(parents=True, exist_ok=True)
    token.write_text("unused", "utf-8")
    return {
        "OTEL_TOKENS_KAFKA": kafka,
        "OTEL_TOKENS_KAFKA_SPANS": f"{topic}-spans",
        "OTEL_TOKENS_KAFKA_METRICS": f"{topic}-metrics",
        "OTEL_TOKENS_KAFKA_GROUP": topic,
        "OTEL_TOKENS_SEND_TOKEN_FILE": token,
    }


def agent_layers(folder: Path) -> tuple[str | Path, ...]:
    """An agent that makes its topics, which a production one must not."""
    topics = layer(folder, {"exporters": {"kafka": {"producer": {"allow_auto_topic_creation": True}}}})
    return ("base.yaml", "redaction.yaml", "agent.yaml", "kafka-agent.yaml", topics)


def gateway_layers(folder: Path, sink: Collector) -> tuple[str | Path, ...]:
    """A gateway with the receiver of kafka-gateway.yaml, done with a message when the sink has answered."""
    pipelines = {
        name: {"exporters": ["otlp_http/sink"]} for name in ("traces/in", "metrics/sdk", "logs/events")
    }
    out = layer(
        folder,
        {
            "receivers": {"kafka": {"metadata": {"refresh_interval": "5s"}}},
            "exporters": {"otlp_http/sink": {"endpoint": sink.http, "sending_queue": {"enabled": False}}},
            "service": {"pipelines": pipelines},
        },
    )
    return ("base.yaml", "kafka-gateway.yaml", out)


@pytest.fixture
def sink(stack: Any, tmp_path: Path) -> Iterator[Collector]:
    """Where the gateway's spans end: a collector that nobody kills."""
    folder = tmp_path / "sink"
    out = layer(
        folder,
        {
            "exporters": {"file": {"path": str(folder / "out.json")}},
            "service": {"pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["file"]}}},
        },
    )
    with running(stack.binary("otelcol-tokens"), folder, "base.yaml", out) as collector:
        yield collector


@pytest.mark.parametrize("end", [Collector.stop, Collector.kill], ids=["stopped", "killed"])
def test_what_goes_in_comes_out(
    stack: Any,
    kafka: str,
    sink: Collector,
    tmp_path: Path,
    end: Callable[[Collector], None],
    request: pytest.FixtureRequest,
) -> None:
    """No span is lost while the gateway is away. A few that were in flight when it ended come again."""
    binary = stack.binary("otelcol-tokens-kafka")
    topic = request.node.callspec.id
    shared = settings(kafka, topic, tmp_path)
    gateway = Collector(binary, tmp_path / "gateway", gateway_layers(tmp_path / "gateway", sink), shared)
    with running(binary, tmp_path / "agent", *agent_layers(tmp_path / "agent"), settings=shared) as agent:
        try:
            sent = send(agent, 500)
            gateway.start()
            until(lambda: len(stored(sink)) >= 250, 40, lambda: gateway.log.read_text("utf-8")[-2000:])
            end(gateway)
            sent |= send(agent, 500)
            gateway.start()
            until(lambda: set(stored(sink)) == sent, 40, lambda: len(stored(sink)))
        finally:
            gateway.kill()

    assert set(stored(sink)) == sent


def test_nothing_comes_twice_where_nothing_ends(
    stack: Any, kafka: str, sink: Collector, tmp_path: Path
) -> None:
    """While agent, Kafka and gateway run, each span comes once."""
    binary, shared = stack.binary("otelcol-tokens-kafka"), settings(kafka, "calm", tmp_path)
    with (
        running(binary, tmp_path / "agent", *agent_layers(tmp_path / "agent"), settings=shared) as agent,
        running(binary, tmp_path / "gateway", *gateway_layers(tmp_path / "gateway", sink), settings=shared),
    ):
        sent = send(agent, 500)
        until(lambda: set(stored(sink)) == sent, 40, lambda: len(stored(sink)))
    assert max(stored(sink).values()) == 1


def test_the_agent_outlives_a_broker_that_is_away(stack: Any, sink: Collector, tmp_path: Path) -> None:
    """What an agent accepted while there was no Kafka is there when Kafka comes, after its own crash too."""
    binary, jars = stack.binary("otelcol-tokens-kafka"), stack.binary("kafka")
    shared = settings("127.0.0.1:1", "away", tmp_path)
    agent = Collector(binary, tmp_path / "agent", agent_layers(tmp_path / "agent"), shared)
    try:
        agent.start()
        sent = send(agent, 200)
        agent.kill()
        with broker(jars, tmp_path / "kafka") as address:
            agent.settings = {**shared, "OTEL_TOKENS_KAFKA": address}
            agent.start()
            with running(
                binary,
                tmp_path / "gateway",
                *gateway_layers(tmp_path / "gateway", sink),
                settings=agent.settings,
            ):
                until(lambda: set(stored(sink)) == sent, 60, lambda: len(stored(sink)))
    finally:
        agent.kill()
