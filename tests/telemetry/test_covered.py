"""Spans of other instrumentations say whether their calls are counted here."""

from __future__ import annotations

import json
import os

from collections.abc import Callable
from typing import Any

import pytest

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource

import otel_tokens

from otel_tokens.telemetry.covered import Marks

from ..clients.processes import program
from ..clients.transport import json_reply
from .scene import Scene, body, chat


Start = Callable[..., Scene]
BOTH = ("otel_tokens.clients", ("anthropic", "openai"))


@pytest.mark.parametrize(
    ("scope", "keys", "expected"),
    [
        ("opentelemetry.instrumentation.openai.v1", (), ("otel_tokens.covered", True)),
        ("openinference.instrumentation.anthropic", (), ("otel_tokens.covered", True)),
        ("opentelemetry.instrumentation.langchain", (), BOTH),
        ("openlit.otel.tracing", (), BOTH),
        ("my.own.tracer", ["gen_ai.system"], BOTH),
        ("opentelemetry.instrumentation.cohere", ["gen_ai.request.model"], BOTH),
        ("opentelemetry.instrumentation.asgi", ["http.route"], None),
        ("openainess", (), None),
    ],
)
def test_marks(scope: str, keys: tuple[str, ...], expected: object) -> None:
    """An instrumentation of a metered client is covered; one that may see it is told what is metered."""
    marks = Marks(["openai", "anthropic"])
    assert marks.of(scope, keys) == marks.of(scope, keys) == expected


def test_without_clients_nothing_is_marked() -> None:
    """Where no client is metered, there is nothing that could be counted twice."""
    assert Marks(()).of("opentelemetry.instrumentation.openai", ["gen_ai.system"]) is None


def test_scopes_are_bounded() -> None:
    """A program that invents names of scopes fills no memory."""
    marks = Marks(["openai"])
    found = {marks.of(f"openai {n}", ()) for n in range(2000)}
    assert found == {("otel_tokens.covered", True), None}


def test_spans_are_marked(scene: Start) -> None:
    """A span of another instrumentation is marked, an ordinary one and ours are not."""
    made = scene()
    with (
        made.traces.get_tracer("opentelemetry.instrumentation.openai").start_as_current_span("theirs"),
        made.tracer.start_as_current_span("application", attributes={"http.route": "/"}),
    ):
        chat(json_reply(body()))
    assert made.span("theirs")["otel_tokens.covered"] is True
    ours = made.span("chat gpt-4o-mini")
    assert not {"otel_tokens.covered", "otel_tokens.clients"} & (ours | made.span("application")).keys()


def test_a_process_without_an_id_has_one_of_ours() -> None:
    """Processes whose resource does not tell them apart are told apart by a label."""
    found = []
    for _ in range(2):
        reader = InMemoryMetricReader()
        provider = MeterProvider([reader], resource=Resource({"service.name": "x"}), shutdown_on_exit=False)
        otel_tokens.instrument(meter_provider=provider)
        chat(json_reply(body()))
        data = json.loads(reader.get_metrics_data().to_json())
        found.append({point["attributes"].get("otel_tokens.process") for point in _points(data)})
        otel_tokens.uninstrument()
    assert [len(ids) for ids in found] == [1, 1]
    assert None not in found[0] | found[1]
    assert found[0] != found[1]


def _points(data: Any) -> list[dict[str, Any]]:
    return [
        point
        for resource in data["resource_metrics"]
        for scope in resource["scope_metrics"]
        for metric in scope["metrics"]
        if metric["name"] in ("otel_tokens.cost.usd", "otel_tokens.heartbeat")
        for point in metric["data"]["data_points"]
    ]


_FORKED = """
    import os
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    import otel_tokens
    reader = InMemoryMetricReader()
    otel_tokens.instrument(meter_provider=MeterProvider([reader]))

    def process():
        for resource in reader.get_metrics_data().resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    if metric.name == "otel_tokens.heartbeat":
                        return metric.data.data_points[0].attributes.get("otel_tokens.process")

    out, into = os.pipe()
    if os.fork() == 0:
        os.write(into, str(process()).encode())
        os._exit(0)
    os.wait()
    said = {"parent": process(), "child": os.read(out, 100).decode()}
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_is_told_apart() -> None:
    """A forked worker shares the resource of its parent, so a label tells its counters from the parent's."""
    said = program(_FORKED)
    assert said["parent"] is None
    assert len(said["child"]) == 8
