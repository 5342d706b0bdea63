"""A small OTLP receiver in this process: spans and metric points as plain values."""

from __future__ import annotations

import gzip
import threading

from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from typing_extensions import Self


CLIENT_KIND = 3
"""`SPAN_KIND_CLIENT` on the wire."""

Attributes = dict[str, Any]


@dataclass(frozen=True)
class Span:
    """One finished span."""

    name: str
    scope: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    attributes: Attributes
    status: int


@dataclass(frozen=True)
class Point:
    """The last value of one series of a cumulative counter."""

    metric: str
    resource: Attributes
    attributes: Attributes
    value: float


@dataclass
class Received:
    """All that has arrived so far."""

    spans: list[Span] = field(default_factory=list)
    series: dict[tuple[str, str, str], Point] = field(default_factory=dict)

    @property
    def points(self) -> list[Point]:
        """The last value of every series."""
        return list(self.series.values())


class Receiver:
    """OTLP over HTTP on a free port of 127.0.0.1, while it is entered."""

    def __init__(self) -> None:
        self.received = Received()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.received))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def endpoint(self) -> str:
        """What OTEL_EXPORTER_OTLP_ENDPOINT is to be."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(received: Received) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            match self.path:
                case "/v1/traces":
                    received.spans.extend(_spans(body))
                case "/v1/metrics":
                    received.series.update(_points(body))
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Stay silent."""

    return Handler


def _spans(body: bytes) -> Iterable[Span]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Span(
                    name=span.name,
                    scope=scope.scope.name,
                    kind=span.kind,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    attributes=_attributes(span.attributes),
                    status=span.status.code,
                )


def _points(body: bytes) -> dict[tuple[str, str, str], Point]:
    found = {}
    for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
        about = _attributes(resource.resource.attributes)
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in [*metric.sum.data_points, *metric.gauge.data_points]:
                    labels = _attributes(point.attributes)
                    value = point.as_double if point.HasField("as_double") else point.as_int
                    key = (repr(sorted(about.items())), metric.name, repr(sorted(labels.items())))
                    found[key] = Point(metric.name, about, labels, value)
    return found


def _attributes(pairs: Iterable[Any]) -> Attributes:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    return getattr(value, kind) if kind else None
