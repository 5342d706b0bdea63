"""A real collector that something goes wrong in, so that its telemetry says so."""

from __future__ import annotations

import os
import threading
import time
import urllib.error
import urllib.request

from contextlib import suppress
from pathlib import Path
from typing import Final

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality

from .prometheus import Server, free_port


_CONFIG: Final = Path(__file__).parent / "collector.yaml"
_PERIOD_S: Final = 0.5


class Collector:
    """One collector, and somebody who sends to it."""

    def __init__(self, binary: Path, folder: Path) -> None:
        otlp, health, telemetry = free_port(), free_port(), free_port()
        self.telemetry = f"127.0.0.1:{telemetry}"
        self._url = f"http://127.0.0.1:{otlp}"
        self._ended = threading.Event()
        self._sender = threading.Thread(target=self._send)
        ports = {"TEST_OTLP_PORT": otlp, "TEST_HEALTH_PORT": health, "TEST_TELEMETRY_PORT": telemetry}
        self._server = Server(
            [str(binary), f"--config={_CONFIG}"],
            ready=f"http://127.0.0.1:{health}",
            log=folder / "collector.log",
            env={**os.environ, **{name: str(port) for name, port in ports.items()}},
        )

    def start(self) -> None:
        """Start it, and begin to send."""
        self._server.start()
        self._sender.start()

    def stop(self) -> None:
        """End both."""
        self._ended.set()
        self._sender.join()
        self._server.stop()

    def _send(self) -> None:
        while not self._ended.wait(_PERIOD_S):
            self._post("/v1/traces", _span())
            self._post("/v1/metrics", _difference(time.time_ns()))
            self._post("/v1/metrics", _difference(1_000_000_000))

    def _post(self, path: str, body: bytes) -> None:
        head = {"Content-Type": "application/x-protobuf"}
        request = urllib.request.Request(self._url + path, body, head)  # noqa: S310  our own, on loopback
        with suppress(urllib.error.HTTPError), urllib.request.urlopen(request, timeout=10):  # noqa: S310
            pass  # it refuses when a queue is full


def _span() -> bytes:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    spans.add(trace_id=b"1" * 16, span_id=b"1" * 8, name="chat", start_time_unix_nano=1, end_time_unix_nano=2)
    return request.SerializeToString()


def _difference(at_ns: int) -> bytes:
    """A delta point; one that is older than the last is not merged into the counter."""
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="differences")
    metric.sum.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
    metric.sum.is_monotonic = True
    metric.sum.data_points.add(time_unix_nano=at_ns, start_time_unix_nano=at_ns - 1, as_int=1)
    return request.SerializeToString()
