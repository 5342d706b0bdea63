"""What the exporters of OpenTelemetry send arrives, decoded."""

from collections.abc import Iterator

import httpx2
import pytest

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that got nothing yet."""
    with Receiver() as running:
        yield running


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_spans_arrive(receiver: Receiver, compression: Compression) -> None:
    """A span arrives with its parent and attributes of every kind, compressed or not."""
    provider = TracerProvider(shutdown_on_exit=False)
    exporter = OTLPSpanExporter(f"{receiver.url}/v1/traces", compression=compression)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("root"), tracer.start_as_current_span("child") as child:
        child.set_attributes({"n": 1, "cost": 0.5, "name": "x", "list": ["a", "b"]})
    provider.shutdown()

    root, inner = receiver.spans()
    assert (root.name, root.parent_id) == ("root", b"")
    assert inner.parent_id == root.span_id
    assert inner.attributes == {"n": 1, "cost": 0.5, "name": "x", "list": ["a", "b"]}
    assert 0 <= inner.duration_s <= root.duration_s


def test_last_point_of_each_series_counts(receiver: Receiver) -> None:
    """Of a cumulative series that arrives twice, the last state counts; histograms have a count."""
    exporter = OTLPMetricExporter(f"{receiver.url}/v1/metrics")
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=float("inf"))
    provider = MeterProvider([reader], shutdown_on_exit=False)
    counter = provider.get_meter("test").create_counter("cost", "{USD}")
    histogram = provider.get_meter("test").create_histogram("duration", "s")
    for _ in range(2):
        counter.add(0.5, {"team": "a"})
        counter.add(1, {"team": "b"})
        histogram.record(3)
        provider.force_flush()
    provider.shutdown()

    points = [(p.metric, dict(p.attributes), p.value, p.count) for p in receiver.points()]
    assert points == [
        ("cost", {"team": "a"}, 1.0, None),
        ("cost", {"team": "b"}, 2, None),
        ("duration", {}, 6, 2),
    ]


def test_unknown_path_is_not_found(receiver: Receiver) -> None:
    """What is not OTLP is refused."""
    assert httpx2.post(f"{receiver.url}/v1/nothing", content=b"").status_code == 404
    assert httpx2.post(f"{receiver.url}/v1/logs", content=b"").status_code == 200
    assert len(receiver.logs) == 1
