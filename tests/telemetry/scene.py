"""A process in small: providers in memory, calls through the real client over a scripted transport."""

from __future__ import annotations

import json

from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_tokens

from ..clients import bodies
from ..clients.transport import Transport, anthropic_client, json_reply, openai_client, stream_reply


Points = dict[frozenset[tuple[str, Any]], Any]


class Scene:
    """What one process emits."""

    def __init__(
        self,
        *readers: Any,
        resource: Mapping[str, Any] | None = None,
        views: Any = (),
        sampler: Any = None,
    ) -> None:
        self.readers = readers or (InMemoryMetricReader(),)
        self.exported = InMemorySpanExporter()
        self.logged = InMemoryLogRecordExporter()
        about = Resource({"service.instance.id": "one", **(resource or {})})
        self.traces = TracerProvider(resource=about, sampler=sampler, shutdown_on_exit=False)
        self.traces.add_span_processor(SimpleSpanProcessor(self.exported))
        self.metrics = MeterProvider(self.readers, resource=about, views=views, shutdown_on_exit=False)
        self.logs = LoggerProvider(resource=about, shutdown_on_exit=False)
        self.logs.add_log_record_processor(SimpleLogRecordProcessor(self.logged))
        self.tracer = self.traces.get_tracer("application")

    def start(self) -> None:
        """Meter."""
        otel_tokens.instrument(
            tracer_provider=self.traces, meter_provider=self.metrics, logger_provider=self.logs
        )

    @property
    def spans(self) -> list[ReadableSpan]:
        """The spans of this package that have ended."""
        return [
            s for s in self.exported.get_finished_spans() if s.instrumentation_scope.name == "otel_tokens"
        ]

    def span(self, name: str) -> dict[str, Any]:
        """The attributes of the one span of this name."""
        (found,) = [span for span in self.exported.get_finished_spans() if span.name == name]
        return dict(found.attributes or {})

    def collected(self, reader: int = 0) -> dict[str, Any]:
        """Every metric by its name."""
        data = self.readers[reader].get_metrics_data()
        return {
            metric.name: metric
            for resource in (data.resource_metrics if data is not None else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def points(self, name: str, *keys: str, reader: int = 0) -> dict[tuple[Any, ...], Any]:
        """The points of one metric by the labels `keys`: a value, or count and sum of a histogram."""
        metric = self.collected(reader).get(name)
        found: dict[tuple[Any, ...], Any] = {}
        for point in metric.data.data_points if metric is not None else ():
            where = tuple([point.attributes.get(key) for key in keys])
            value = point.value if hasattr(point, "value") else (point.count, point.sum)
            assert where not in found, "more keys are needed to tell the points apart"
            found[where] = value
        return found


def chat(reply: Any = None, *, model: str = "gpt-4o-mini", stream: bool = False, **options: Any) -> Any:
    """One chat of the openai package; an error of the API is raised."""
    if reply is None:
        reply = stream_reply(bodies.chat_stream()) if stream else json_reply(bodies.chat())
    base_url = options.pop("base_url", "https://api.openai.com/v1")
    client = openai_client(Transport(reply), base_url=base_url, max_retries=0)
    messages = options.pop("messages", [{"role": "user", "content": "Hi"}])
    if stream:
        options["stream"] = True
    answer = client.chat.completions.create(model=model, messages=messages, **options)
    return list(answer) if stream else answer


def message(reply: Any = None, **options: Any) -> Any:
    """One message of the anthropic package."""
    client = anthropic_client(Transport(reply or json_reply(bodies.message())), max_retries=0)
    messages = [{"role": "user", "content": "Hi"}]
    model = "claude-sonnet-5"
    return client.messages.create(model=model, max_tokens=100, messages=messages, **options)


def body(model: str = "gpt-4o-mini", prompt: int = 12, completion: int = 7, **more: Any) -> dict[str, Any]:
    """A chat whose counts are given."""
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return {**bodies.chat(), "model": model, "usage": {**usage, **more}}


def as_json(value: Any) -> Any:
    """A value without tuples, to compare with literals."""
    return json.loads(json.dumps(value))
