"""What one request or job has cost: on its local root span, and in a histogram."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

import otel_tokens

from otel_tokens import shield

from ..clients.transport import json_reply
from .scene import Scene, body, chat


Start = Callable[..., Scene]
ROOT = Path(__file__).parents[2]


def spent(made: Scene, name: str) -> dict[str, Any]:
    """What a span says that it has cost."""
    found = made.span(name)
    prefix = "otel_tokens.trace."
    return {key.removeprefix(prefix): value for key, value in found.items() if key.startswith(prefix)}


TWO = {"cost.usd": 1.2e-05, "requests": 2, "tokens": 38}


def test_the_root_has_what_all_calls_cost(scene: Start) -> None:
    """Every call under a local root adds to it, however deep, while it is still open."""
    made = scene()
    with made.tracer.start_as_current_span("GET /") as root:
        chat(json_reply(body()))
        assert root.attributes["otel_tokens.trace.requests"] == 1  # type: ignore[attr-defined]
        with made.tracer.start_as_current_span("inner"), made.tracer.start_as_current_span("inmost"):
            chat(json_reply(body()))
    assert spent(made, "GET /") == TWO
    assert spent(made, "inner") == spent(made, "inmost") == {}
    assert made.points("otel_tokens.trace.cost.usd", "otel_tokens.trace.name") == {("GET /",): (1, 1.2e-05)}


def test_an_unknown_cost_is_not_zero(scene: Start) -> None:
    """A call of unknown cost counts as a request and adds no money."""
    made = scene()
    with made.tracer.start_as_current_span("unknown"):
        chat(json_reply(body(model="x")), model="x")
    with made.tracer.start_as_current_span("mixed"):
        chat(json_reply(body(model="x")), model="x")
        chat(json_reply(body()))
    assert spent(made, "unknown") == {"requests": 1, "tokens": 19}
    assert spent(made, "mixed") == {"cost.usd": 6e-06, "requests": 2, "tokens": 38}
    assert made.points("otel_tokens.trace.cost.usd", "otel_tokens.trace.name") == {("mixed",): (1, 6e-06)}


def test_a_root_without_calls_says_nothing(scene: Start) -> None:
    """A request that makes no call is left as it is."""
    made = scene()
    with made.tracer.start_as_current_span("GET /"):
        pass
    assert made.span("GET /") == {}
    assert made.points("otel_tokens.trace.cost.usd", "otel_tokens.trace.name") == {}


def test_calls_in_other_threads_add_to_the_root_of_their_context(scene: Start) -> None:
    """A call in another thread adds to the root whose context it was given."""
    made = scene()

    def work(parent: context.Context) -> None:
        token = context.attach(parent)
        try:
            chat(json_reply(body()))
        finally:
            context.detach(token)

    with made.tracer.start_as_current_span("GET /"):
        threads = [threading.Thread(target=work, args=(context.get_current(),)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert spent(made, "GET /")["requests"] == 8


def test_a_remote_parent_is_no_root(scene: Start) -> None:
    """The first span of this process is the root, whoever has called it."""
    made = scene()
    remote = SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(1))
    parent = trace.set_span_in_context(NonRecordingSpan(remote))
    with made.tracer.start_as_current_span("GET /", context=parent):
        chat(json_reply(body()))
    assert spent(made, "GET /")["requests"] == 1


def test_a_new_trace_inside_another_is_a_root(scene: Start) -> None:
    """A span that begins a trace of its own is a root of its own."""
    made = scene()
    with made.tracer.start_as_current_span("outer"):
        with made.tracer.start_as_current_span("job", context=context.Context()):
            chat(json_reply(body()))
        chat(json_reply(body()))
    assert spent(made, "job")["requests"] == spent(made, "outer")["requests"] == 1


def test_a_call_after_its_root_has_ended(scene: Start) -> None:
    """What comes after the root has ended is counted elsewhere, and changes the root no more."""
    made = scene()
    with made.tracer.start_as_current_span("GET /") as root:
        chat(json_reply(body()))
        root.end()
        chat(json_reply(body()))
    assert spent(made, "GET /")["requests"] == 1
    assert sum(made.points("otel_tokens.requests").values()) == 2


def test_the_route_names_the_histogram(scene: Start) -> None:
    """The cost of a response is told apart by route, where there is one."""
    made = scene()
    with made.tracer.start_as_current_span("GET", attributes={"http.route": "/ask/{id}"}):
        chat(json_reply(body()))
    (point,) = made.collected()["otel_tokens.trace.cost.usd"].data.data_points
    assert dict(point.attributes) == {"otel_tokens.trace.name": "/ask/{id}"}
    assert (point.explicit_bounds[0], point.explicit_bounds[-1]) == (0.00001, 100)


def test_names_are_bounded(scene: Start) -> None:
    """A program that names its spans after their content cannot fill the histogram."""
    made = scene()
    for at in range(230):
        with made.tracer.start_as_current_span(f"job {at}"):
            chat(json_reply(body()))
    found = made.points("otel_tokens.trace.cost.usd", "otel_tokens.trace.name")
    assert len(found) == 201
    assert found[("other",)][0] == 30


def test_a_report_that_fails_ends_the_span_all_the_same(
    scene: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug of ours inside the end of a span of the application is counted, and the span is exported."""
    made = scene()
    monkeypatch.setattr(shield, "strict", False)
    monkeypatch.setattr("otel_tokens.telemetry.rollup._name", None)
    with made.tracer.start_as_current_span("GET /"):
        chat(json_reply(body()))
    assert spent(made, "GET /")["requests"] == 1
    assert list(shield.failures) == ["reporting the cost of a trace"]
    shield.failures.clear()


def test_without_metering_spans_are_left_alone(scene: Start) -> None:
    """Once metering has stopped, spans are neither linked nor reported."""
    made = scene()
    with made.tracer.start_as_current_span("GET /"):
        chat(json_reply(body()))
        otel_tokens.uninstrument()
    with made.tracer.start_as_current_span("later") as span:
        assert not [name for name in vars(span) if "otel_tokens" in name]
    assert made.points("otel_tokens.trace.cost.usd", "otel_tokens.trace.name") == {}


_LATER = """
    import sys
    sys.path.insert(0, sys.argv[1])
    import otel_tokens
    otel_tokens.instrument()
    from opentelemetry import trace
    from opentelemetry.trace import set_tracer_provider
    from opentelemetry.sdk.trace import TracerProvider
    from tests.clients.transport import json_reply
    from tests.telemetry.scene import body, chat
    {before}
    set_tracer_provider(TracerProvider())
    with trace.get_tracer("application").start_as_current_span("GET /") as root:
        chat(json_reply(body()))
        print(root.attributes.get("otel_tokens.trace.requests"))
"""


@pytest.mark.parametrize(
    ("before", "printed"),
    [("pass", "1"), ("otel_tokens.uninstrument()", "None")],
    ids=["metering", "not metering any more"],
)
def test_a_provider_that_is_set_later(before: str, printed: str) -> None:
    """A program may set its provider after it has asked to be metered."""
    code = textwrap.dedent(_LATER.format(before=before))
    run = subprocess.run(
        [sys.executable, "-c", code, str(ROOT)], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout.split() == [printed], run.stderr


def test_a_name_that_is_known(scene: Start) -> None:
    """Requests of one name are one point."""
    made = scene()
    for _ in range(2):
        with made.tracer.start_as_current_span("GET /"):
            chat(json_reply(body()))

    assert made.points("otel_tokens.trace.cost.usd", "otel_tokens.trace.name")[("GET /",)][0] == 2


def test_the_histogram_refers_to_the_root(scene: Start) -> None:
    """A point of the histogram has the root span as its example, so that a dear request is found."""
    made = scene()
    with made.tracer.start_as_current_span("GET /") as root:
        chat(json_reply(body()))
    (point,) = made.collected()["otel_tokens.trace.cost.usd"].data.data_points
    assert [example.span_id for example in point.exemplars] == [root.get_span_context().span_id]
