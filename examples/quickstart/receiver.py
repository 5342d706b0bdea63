"""An OTLP/HTTP receiver on loopback: what a collector would get, decoded and kept in memory.

    with Receiver() as receiver:
        ...  # run something with OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url
        print(receiver.spans(), receiver.points())

It takes protobuf, plain or gzipped, at `/v1/traces`, `/v1/metrics` and `/v1/logs`.
"""

from __future__ import annotations

import gzip

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, final

from loopback import Exchange, Loopback
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric


Attributes = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span as it arrived."""

    name: str
    span_id: bytes
    parent_id: bytes
    """Empty for a root."""
    start_ns: int
    duration_s: float
    attributes: Attributes


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The last state of one series of a metric."""

    metric: str
    unit: str
    attributes: Attributes
    value: float
    """The value of a counter or gauge, the sum of a histogram."""
    count: int | None
    """The number of values in a histogram."""
    time_ns: int


@final
class Receiver:
    """Takes OTLP on a free port, for as long as the `with` block lasts."""

    def __init__(self) -> None:
        self.traces: list[ExportTraceServiceRequest] = []
        self.metrics: list[ExportMetricsServiceRequest] = []
        self.logs: list[ExportLogsServiceRequest] = []
        self._server = Loopback(partial(_Connection, self))

    def __enter__(self) -> Receiver:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        """What `OTEL_EXPORTER_OTLP_ENDPOINT` is to be."""
        return self._server.url

    def spans(self) -> list[Span]:
        """Every span, in the order of their starts."""
        return sorted(_spans(self.traces), key=lambda span: span.start_ns)

    def points(self) -> list[Point]:
        """The last point of every series, in the order of their metrics' names."""
        last: dict[object, Point] = {}
        for point in sorted(_points(self.metrics), key=lambda point: point.time_ns):
            last[point.metric, frozenset(map(repr, point.attributes.items()))] = point
        return sorted(last.values(), key=lambda point: point.metric)

    def take(self, path: str, content: bytes) -> bool:
        """Keep one export; whether `path` is known."""
        match path:
            case "/v1/traces":
                self.traces.append(ExportTraceServiceRequest.FromString(content))
            case "/v1/metrics":
                self.metrics.append(ExportMetricsServiceRequest.FromString(content))
            case "/v1/logs":
                self.logs.append(ExportLogsServiceRequest.FromString(content))
            case _:
                return False
        return True


class _Connection(Exchange):
    """One connection of an exporter."""

    def __init__(self, receiver: Receiver, *args: Any) -> None:  # noqa: ANN401  as inherited
        self._receiver = receiver
        super().__init__(*args)

    def do_POST(self) -> None:  # noqa: N802  as inherited
        """Take one export."""
        content = self.read_content()
        if self.headers.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        is_known = self._receiver.take(self.path, content)
        # A success is an empty message, and an empty message of protobuf is no byte at all.
        self.send_whole(200 if is_known else 404, {"content-type": "application/x-protobuf"}, b"")


def _spans(exports: list[ExportTraceServiceRequest]) -> Iterator[Span]:
    for export in exports:
        for resource_spans in export.resource_spans:
            for scope_spans in resource_spans.scope_spans:
                for span in scope_spans.spans:
                    yield Span(
                        name=span.name,
                        span_id=span.span_id,
                        parent_id=span.parent_span_id,
                        start_ns=span.start_time_unix_nano,
                        duration_s=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                        attributes=_attributes(span.attributes),
                    )


def _points(exports: list[ExportMetricsServiceRequest]) -> Iterator[Point]:
    for export in exports:
        for resource_metrics in export.resource_metrics:
            for scope_metrics in resource_metrics.scope_metrics:
                for metric in scope_metrics.metrics:
                    yield from _metric_points(metric)


def _metric_points(metric: Metric) -> Iterator[Point]:
    kind = metric.WhichOneof("data")
    if kind is None:
        return
    for point in getattr(metric, kind).data_points:
        is_number = kind in {"sum", "gauge"}
        yield Point(
            metric=metric.name,
            unit=metric.unit,
            attributes=_attributes(point.attributes),
            value=getattr(point, point.WhichOneof("value")) if is_number else point.sum,
            count=None if is_number else point.count,
            time_ns=point.time_unix_nano,
        )


def _attributes(pairs: Any) -> Attributes:  # noqa: ANN401  a container of protobuf's own
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:  # noqa: ANN401  attributes are of any type
    match value.WhichOneof("value"):
        case None:
            return None
        case "array_value":
            return [_value(item) for item in value.array_value.values]
        case "kvlist_value":
            return _attributes(value.kvlist_value.values)
        case str() as kind:
            return getattr(value, kind)
