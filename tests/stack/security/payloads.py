"""OTLP requests with something secret in every place that can hold text.

The places are found by reflection: a field that a later version of the protocol adds is filled as well.
"""

from __future__ import annotations

import itertools

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue


REQUESTS: Final = {
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "logs": ExportLogsServiceRequest,
}

CONTENT_KEYS: Final = (
    "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions",
    "gen_ai.tool.definitions", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result",
    "gen_ai.tool.description", "gen_ai.prompt", "gen_ai.completion", "gen_ai.prompt.0.content",
    "gen_ai.completion.0.content", "gen_ai.request.stop_sequences", "gen_ai.agent.description",
    "gen_ai.retrieval.query.text", "gen_ai.evaluation.explanation", "input.value", "output.value",
    "llm.input_messages.0.message.content", "llm.prompts", "llm.invocation_parameters",
    "traceloop.entity.input", "traceloop.entity.output", "ai.prompt", "ai.prompt.messages",
    "ai.response.text", "ai.response.toolCalls", "ai.toolCall.args",
    "retrieval.documents.0.document.content", "embedding.embeddings.0.text",
    "langfuse.observation.input", "mlflow.spanInputs", "db.statement", "db.query.text",
    "db.query.parameter.0", "exception.message", "exception.stacktrace", "url.full", "url.query",
    "http.url", "http.target", "http.request.header.authorization", "http.response.header.set-cookie",
    "rpc.request.metadata.authorization", "process.command_args", "process.command_line",
    "process.environment_variable.OPENAI_API_KEY", "tracestate", "message.content", "log.body",
    "enduser.id", "a.key.of.no.convention",
)  # fmt: skip
"""Where instrumentations put prompts, answers, statements, URLs and headers."""

KEPT_KEYS: Final = {
    "resource": ("service.version", "service.instance.id", "host.name", "team"),
    "spans": ("gen_ai.response.id", "gen_ai.response.finish_reasons", "gen_ai.usage.odd", "http.route",
              "server.address", "error.type", "user.id", "otel_tokens.warnings"),
    "events": ("exception.type",),
    "log_records": ("gen_ai.response.id", "error.type", "team"),
    "data_points": ("team", "error.type"),
}  # fmt: skip
"""Keys that stay, by the message they are in: a key of a vendor may be in their values."""


@dataclass(slots=True)
class Filler:
    """Puts one secret into every text of a message, each time under another number."""

    secret: str
    """With `{}` where the number goes."""
    kept: bool
    """Whether the values of keys that stay hold it too."""
    marks: dict[str, str] = field(default_factory=dict)
    """The number of a place, with the letters around it, and where that is."""
    _numbers: Any = field(default_factory=lambda: itertools.count(1000))

    def text(self, place: str) -> str:
        """The secret with the next number."""
        mark = f"Q{next(self._numbers)}Z"
        self.marks[mark] = place
        return self.secret.replace("{}", mark)

    def fill(self, message: Any, place: str = "") -> Any:
        """Fill every field of `message`, and return it."""
        for one in message.DESCRIPTOR.fields:
            here = f"{place}/{one.name}"
            if one.name in {"string_value_strindex", "key_strindex"} or one.name.endswith("_strindex"):
                continue
            if one.message_type is not None and one.message_type.name == "KeyValue":
                getattr(message, one.name).extend(self.attributes(here))
            elif one.message_type is not None and one.message_type.name == "AnyValue":
                continue  # the body of a log: see `requests`
            elif one.message_type is not None:
                self._descend(message, one, here)
            else:
                self._scalar(message, one, here)
        return message

    def _descend(self, message: Any, one: Any, here: str) -> None:
        if one.containing_oneof is not None and one.message_type.name in _KINDS:
            return  # metrics come in kinds: see `_metrics`
        if one.is_repeated and one.message_type.name == "Metric":
            for kind in _KINDS.values():
                metric = self.fill(getattr(message, one.name).add(), here)
                self.fill(getattr(metric, kind), f"{here}/{kind}")
        elif one.is_repeated:
            self.fill(getattr(message, one.name).add(), here)
        else:
            self.fill(getattr(message, one.name), here)

    def _scalar(self, message: Any, one: Any, here: str) -> None:
        if one.name in _IDS:
            setattr(message, one.name, b"\x01" * _IDS[one.name])
        elif one.type == one.TYPE_STRING and one.is_repeated:
            getattr(message, one.name).append(self.text(here))
        elif one.type == one.TYPE_STRING:
            setattr(message, one.name, self.text(here))
        elif one.type == one.TYPE_BYTES:
            setattr(message, one.name, self.text(here).encode())

    def shapes(self, place: str) -> list[AnyValue]:
        """The secret as text, as a part of a text, as bytes, in a list, and deep in a map."""
        text, part, raw, listed, deep = (AnyValue() for _ in range(5))
        text.string_value = self.text(f"{place}=text")
        part.string_value = f"before {self.text(f'{place}=part')} after"
        raw.bytes_value = self.text(f"{place}=bytes").encode()
        listed.array_value.values.extend(
            [AnyValue(string_value="x"), AnyValue(string_value=self.text(place))]
        )
        inner = AnyValue()
        inner.kvlist_value.values.add(key="role", value=AnyValue(string_value=self.text(f"{place}=map")))
        inner.kvlist_value.values.add(
            key="raw", value=AnyValue(bytes_value=self.text(f"{place}=mapbytes").encode())
        )
        if not self.kept:
            inner.kvlist_value.values.add(key=self.text(f"{place}=mapkey"), value=AnyValue(int_value=1))
        deep.array_value.values.append(inner)
        return [text, part, raw, listed, deep]

    def attributes(self, place: str) -> list[KeyValue]:
        """Attributes with the secret in values of all shapes, and in a key."""
        keys: Iterable[str] = CONTENT_KEYS
        if self.kept:
            keys = (*keys, *next((kept for name, kept in KEPT_KEYS.items() if _within(place) == name), ()))
        found = [KeyValue(key=self.text(f"{place}#key"), value=AnyValue(string_value="x"))]
        for key in keys:
            found.extend(KeyValue(key=key, value=value) for value in self.shapes(f"{place}[{key}]"))
        return found


_KINDS: Final = {
    "Gauge": "gauge",
    "Sum": "sum",
    "Histogram": "histogram",
    "ExponentialHistogram": "exponential_histogram",
    "Summary": "summary",
}
SHAPES: Final = 5
_IDS: Final = {"trace_id": 16, "span_id": 8, "parent_span_id": 8, "profile_id": 16}


def _within(place: str) -> str:
    """The message that holds the attributes at `place`."""
    return place.split("/")[-2]


def requests(secret: str, *, kept: bool) -> tuple[dict[str, list[bytes]], dict[str, str]]:
    """One request for each signal and shape of a value, and the marks to look for.

    A key stands once in a list of attributes, so each shape has a request of its own. One more has no events,
    no links and no exemplars.
    """
    filler = Filler(secret, kept)
    bodies: dict[str, list[bytes]] = {}
    for signal, kind in REQUESTS.items():
        whole = filler.fill(kind())
        if signal == "traces":
            _call(whole)
        turns = [_one_of_each_key(whole, turn) for turn in range(SHAPES)]
        if signal == "logs":
            for each, body in zip(turns, filler.shapes("body"), strict=True):
                each.resource_logs[0].scope_logs[0].log_records[0].body.CopyFrom(body)
        bodies[signal] = [each.SerializeToString() for each in turns]
        _strip(turns[0])
        bodies[signal].append(turns[0].SerializeToString())
    return bodies, filler.marks


def _call(request: Any) -> None:
    """Make the span a call of a model, as those with content are."""
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.attributes.add(key="gen_ai.operation.name", value=AnyValue(string_value="chat"))
    span.attributes.add(key="gen_ai.request.model", value=AnyValue(string_value="gpt-4o"))


def _one_of_each_key(message: Any, turn: int) -> Any:
    copy = type(message)()
    copy.CopyFrom(message)
    _thin(copy, turn)
    return copy


def _thin(message: Any, turn: int) -> None:
    for one, value in list(message.ListFields()):
        if one.message_type is None:
            continue
        if one.message_type.name == "KeyValue" and one.is_repeated:
            kept = _chosen(value, turn)
            del value[:]
            value.extend(kept)
        else:
            for each in value if one.is_repeated else [value]:
                _thin(each, turn)


def _strip(message: Any) -> None:
    """Take away what a span or a point may lack: what is left must be redacted too."""
    for one, value in list(message.ListFields()):
        if one.name in {"events", "links", "exemplars"}:
            message.ClearField(one.name)
        elif one.message_type is not None:
            for each in value if one.is_repeated else [value]:
                _strip(each)


def _chosen(attributes: Sequence[KeyValue], turn: int) -> list[KeyValue]:
    groups: dict[str, list[KeyValue]] = {}
    for each in attributes:
        groups.setdefault(each.key, []).append(each)
    return [group[turn % len(group)] for group in groups.values()]
