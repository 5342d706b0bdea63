"""Nothing secret is stored, wherever it was put; money, models and names are."""

from __future__ import annotations

import base64
import binascii
import re

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from ..scale.collectors import Collector, layer, lines, post, running, until
from .payloads import requests


BODY: Final = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9"
HEX: Final = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
CONTENT: Final = "the patient {} suffers from gout, he told his doctor"
KEYS: Final = {
    "openai": "sk-proj-{}" + BODY,
    "anthropic": "sk-ant-api03-{}" + BODY,
    "openrouter": "sk-or-v1-{}" + BODY,
    "google": "AIza{}" + BODY + "xYz_",
    "google-oauth": "ya29.{}" + BODY,
    "groq": "gsk_{}" + BODY,
    "xai": "xai-{}" + BODY,
    "hugging-face": "hf_{}" + BODY,
    "replicate": "r8_{}" + BODY,
    "perplexity": "pplx-{}" + BODY,
    "nvidia": "nvapi-{}" + BODY,
    "fireworks": "fw_{}" + BODY,
    "cerebras": "csk-{}" + BODY,
    "together": "tgp_v1_{}" + BODY,
    "langsmith": "lsv2_pt_{}" + BODY,
    "langfuse": "pk-lf-{}" + BODY,
    "elevenlabs": "sk_{}" + BODY,
    "aws": "AKIA{}ABCDEFGH12",
    "aws-session": "ASIA{}ABCDEFGH12",
    "bedrock": "ABSK{}" + BODY,
    "github": "ghp_{}" + BODY + "xyz",
    "gitlab": "glpat-{}" + BODY,
    "slack": "xoxb-{}-" + BODY,
    "azure": BODY + "{}" + BODY[:8] + "AzCaEx4Z",
    "bearer": "Bearer {}" + BODY,
    "basic": "Basic {}" + BODY + "==",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.{}" + BODY + ".sig" + BODY,
    "url": "https://user:{}" + BODY + "@llm.example/v1",
    "query": "https://llm.example/v1/models?api_key={}" + BODY,
    "header": "api-key: {}" + HEX[8:],
    "json": '{"password": "{}' + BODY + '"}',
    "private-key": "-----BEGIN RSA PRIVATE KEY-----\n{}" + BODY + "\n-----END RSA PRIVATE KEY-----",
}


def store(folder: Path, *, redacted: bool = True, persons: bool = False) -> Path:
    """A layer that writes every signal into a file, with or without the redaction in between."""
    last = [*(["redaction/persons"] if persons else []), "transform/redacted"]
    steps = {
        "traces": ["transform/redact", "filter/links", "redaction", *last],
        "logs": ["transform/redact", "redaction", *last],
        "metrics": ["transform/redact", "redaction/unknown", "redaction/labels", "transform/redacted"],
    }
    pipelines = {
        signal: {
            "receivers": ["otlp"],
            "processors": processors if redacted else [],
            "exporters": ["file"],
        }
        for signal, processors in steps.items()
    }
    return layer(
        folder,
        {"exporters": {"file": {"path": str(folder / "out.json")}}, "service": {"pipelines": pipelines}},
    )


def send(collector: Collector, bodies: dict[str, list[bytes]]) -> int:
    """Send all, and return how many were accepted."""
    sent = 0
    for signal, each in bodies.items():
        for body in each:
            assert post(f"{collector.http}/v1/{signal}", body) == 200
            sent += 1
    return sent


def texts(value: Any) -> Iterator[str]:
    """Every text in JSON, keys too, and what is in base64 as text."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield str(key)
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value
        encoded = [value, *re.findall(r'"([0-9A-Za-z+/]{8,}={0,2})"', value)]  # a map may have become JSON
        yield from (text for each in encoded if (text := _decoded(each)) is not None)


def _decoded(text: str) -> str | None:
    """What is in base64, if it is."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except binascii.Error:
        return None


def found(folder: Path, marks: dict[str, str]) -> dict[str, str]:
    """The marks that are in what was stored, and where they had been put."""
    seen = {mark for text in texts(lines(folder / "out.json")) for mark in re.findall(r"Q\d{4,6}Z", text)}
    return {mark: marks[mark] for mark in sorted(seen) if mark in marks and not _unreached(marks[mark])}


def _unreached(place: str) -> bool:
    """References to entities name keys of attributes; no processor can read or change them."""
    return "/entity_refs/" in place


@pytest.mark.parametrize("name", [*KEYS, "content"])
def test_nothing_secret_is_stored(stack: Any, tmp_path: Path, name: str) -> None:
    """A vendor's key, or what a person said, in every text of all signals: none is stored or logged."""
    binary = stack.binary("otelcol-tokens")
    bodies, marks = requests(KEYS.get(name, CONTENT), kept=name != "content")
    out = store(tmp_path)

    with running(
        binary,
        tmp_path,
        "base.yaml",
        "redaction.yaml",
        out,
        settings={"OTEL_TOKENS_LOG_LEVEL": "info"},
        flags=["--feature-gates=ottl.set.allowNil"],
    ) as collector:
        sent = send(collector, bodies)
        for signal in bodies:
            assert (
                post(f"{collector.http}/v1/{signal}", b"\xff" + CONTENT.encode() + bodies[signal][0]) == 400
            )
        until(lambda: len(lines(tmp_path / "out.json")) == sent, 10)

    assert found(tmp_path, marks) == {}
    logged = set(re.findall(r"Q\d{4,6}Z", collector.log.read_text("utf-8", "replace")))
    assert logged & set(marks) == set()
    assert "\tinfo\t" in collector.log.read_text("utf-8")


def test_the_payload_has_a_secret_in_every_place(stack: Any, tmp_path: Path) -> None:
    """The negative control: without the redaction every one of them arrives."""
    bodies, marks = requests(KEYS["openai"], kept=True)

    with running(
        stack.binary("otelcol-tokens"), tmp_path, "base.yaml", store(tmp_path, redacted=False)
    ) as collector:
        sent = send(collector, bodies)
        until(lambda: len(lines(tmp_path / "out.json")) == sent, 10)

    arrived = found(tmp_path, marks)
    assert {place for mark, place in marks.items() if mark not in arrived and not _unreached(place)} == set()
    assert len(marks) > 1000


def call(**more: str) -> ExportTraceServiceRequest:
    """One priced call of a model, with labels, an exception and a prompt."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name", value=AnyValue(string_value="shop"))
    scope = resource.scope_spans.add()
    scope.scope.name, scope.scope.version = "otel_tokens", "1.2.3"
    span = scope.spans.add(name="chat gpt-4o", trace_id=b"\x02" * 16, span_id=b"\x02" * 8)
    for key, text in {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.id": "chatcmpl-9x",
        "gen_ai.conversation.id": HEX,
        "team": "search",
        "gen_ai.input.messages": "Hello",
        **more,
    }.items():
        span.attributes.add(key=key, value=AnyValue(string_value=text))
    span.attributes.add(key="otel_tokens.cost.usd", value=AnyValue(double_value=0.4111111111111111))
    span.attributes.add(key="gen_ai.usage.input_tokens", value=AnyValue(int_value=4111111111111111))
    reasons = span.attributes.add(key="gen_ai.response.finish_reasons").value.array_value.values
    reasons.add(string_value="stop")
    event = span.events.add(name="exception")
    event.attributes.add(key="exception.type", value=AnyValue(string_value="RateLimitError"))
    event.attributes.add(key="exception.message", value=AnyValue(string_value="Hello"))
    return request


def only_span(folder: Path) -> dict[str, Any]:
    """The one span that was stored, with its attributes and its resource's as a mapping."""
    (resource,) = lines(folder / "out.json")[0]["resourceSpans"]
    (scope,) = resource["scopeSpans"]
    (span,) = scope["spans"]
    pairs = [*resource["resource"]["attributes"], *span["attributes"]]
    return {**span, "scope": scope["scope"], "attributes": {pair["key"]: pair["value"] for pair in pairs}}


@pytest.mark.parametrize("persons", [False, True])
def test_money_models_and_names_stay(stack: Any, tmp_path: Path, *, persons: bool) -> None:
    """A span keeps what it is looked for by, numbers as numbers, also those that look like a card's."""
    out = store(tmp_path, persons=persons)
    with running(stack.binary("otelcol-tokens"), tmp_path, "base.yaml", "redaction.yaml", out) as collector:
        post(f"{collector.http}/v1/traces", call().SerializeToString())
        until(lambda: lines(tmp_path / "out.json"), 10)

    span = only_span(tmp_path)
    assert span["name"] == "chat gpt-4o"
    assert span["scope"] == {"name": "otel_tokens", "version": "1.2.3"}
    tokens = {"intValue": "4111111111111111"}
    assert span["attributes"] == {
        "service.name": {"stringValue": "shop"},
        "gen_ai.operation.name": {"stringValue": "chat"},
        "gen_ai.provider.name": {"stringValue": "openai"},
        "gen_ai.request.model": {"stringValue": "gpt-4o"},
        "gen_ai.response.id": {"stringValue": "chatcmpl-9x"},
        "gen_ai.conversation.id": {"stringValue": HEX},
        "team": {"stringValue": "search"},
        "otel_tokens.cost.usd": {"doubleValue": 0.4111111111111111},
        "gen_ai.usage.input_tokens": {"stringValue": "****"} if persons else tokens,
        "gen_ai.response.finish_reasons": {"arrayValue": {"values": [{"stringValue": "stop"}]}},
    }
    (event,) = span["events"]
    assert event["name"] == "exception"
    assert event["attributes"] == [{"key": "exception.type", "value": {"stringValue": "RateLimitError"}}]


def test_addresses_and_cards_are_an_option(stack: Any, tmp_path: Path) -> None:
    """With `redaction/persons` an e-mail address and a card number in a value that stays are masked."""
    request = call(**{"user.id": "ann@example.org", "session.id": "4111 1111 1111 1111", "error.type": "x"})
    out = store(tmp_path, persons=True)
    with running(stack.binary("otelcol-tokens"), tmp_path, "base.yaml", "redaction.yaml", out) as collector:
        post(f"{collector.http}/v1/traces", request.SerializeToString())
        until(lambda: lines(tmp_path / "out.json"), 10)

    attributes = only_span(tmp_path)["attributes"]
    assert attributes["user.id"] == attributes["session.id"] == {"stringValue": "****"}
    assert attributes["error.type"] == {"stringValue": "x"}


def test_attributes_of_your_own_are_named(stack: Any, tmp_path: Path) -> None:
    """An attribute that nobody knows is not stored, until OTEL_TOKENS_KEEP names it."""
    for keep, expected in ((None, None), ("acme[.].*", {"stringValue": "north"})):
        folder = tmp_path / str(keep is None)
        settings = {} if keep is None else {"OTEL_TOKENS_KEEP": keep}
        layers = ("base.yaml", "redaction.yaml", store(folder))
        with running(stack.binary("otelcol-tokens"), folder, *layers, settings=settings) as collector:
            post(f"{collector.http}/v1/traces", call(**{"acme.region": "north"}).SerializeToString())
            until(lambda: lines(folder / "out.json"), 10)  # noqa: B023
        assert only_span(folder)["attributes"].get("acme.region") == expected


def test_a_span_with_links_is_not_stored_as_it_is(stack: Any, tmp_path: Path) -> None:
    """Where links cannot be taken away, because a feature gate is off, the span is not stored at all."""
    linked, plain = call(), call()
    link = (
        linked.resource_spans[0].scope_spans[0].spans[0].links.add(trace_id=b"\x01" * 16, span_id=b"\x01" * 8)
    )
    link.attributes.add(key="secret", value=AnyValue(string_value="Hello"))
    layers = ("base.yaml", "redaction.yaml", store(tmp_path))
    with running(stack.binary("otelcol-tokens"), tmp_path, *layers) as collector:
        for request in (linked, plain):
            post(f"{collector.http}/v1/traces", request.SerializeToString())
        until(lambda: lines(tmp_path / "out.json"), 10)

    assert "links" not in only_span(tmp_path)
    assert "Hello" not in (tmp_path / "out.json").read_text("utf-8")


def test_two_series_stay_two(stack: Any, tmp_path: Path) -> None:
    """Two keys as labels are hashed, not masked: no dollar is lost by series that became one."""
    request = ExportMetricsServiceRequest()
    metric = (
        request.resource_metrics.add()
        .scope_metrics.add()
        .metrics.add(name="otel_tokens.cost.usd", unit="{USD}")
    )
    secrets = [f"sk-proj-{letter * 24}" for letter in "ab"]
    for dollars, secret in enumerate(secrets, 1):
        for key in ("team", "what.nobody.knows"):
            point = metric.sum.data_points.add(as_double=dollars)
            point.attributes.add(key=key, value=AnyValue(string_value=secret))
    layers = ("base.yaml", "redaction.yaml", store(tmp_path))
    with running(stack.binary("otelcol-tokens"), tmp_path, *layers) as collector:
        post(f"{collector.http}/v1/metrics", request.SerializeToString())
        until(lambda: lines(tmp_path / "out.json"), 10)

    (resource,) = lines(tmp_path / "out.json")[0]["resourceMetrics"]
    (stored,) = resource["scopeMetrics"][0]["metrics"]
    assert (stored["name"], stored["unit"]) == ("otel_tokens.cost.usd", "{USD}")
    points = stored["sum"]["dataPoints"]
    assert [point["asDouble"] for point in points] == [1, 1, 2, 2]
    assert (
        len({(pair["key"], pair["value"]["stringValue"]) for point in points for pair in point["attributes"]})
        == 4
    )
    assert not [secret for secret in secrets if secret in (tmp_path / "out.json").read_text("utf-8")]
