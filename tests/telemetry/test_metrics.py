"""Whole metric points, as literals: sums that are exact, series that are bounded, in every temporality."""

from __future__ import annotations

import os
import pickle

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from opentelemetry.sdk.metrics import Counter, Histogram, ObservableCounter, UpDownCounter
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
from opentelemetry.sdk.metrics.view import (
    DropAggregation,
    ExponentialBucketHistogramAggregation,
    View,
)

from otel_tokens import attribute, instrumentor, shield
from otel_tokens.telemetry.meters import Meters

from ..clients import bodies
from ..clients.transport import Transport, json_reply, openai_client
from .scene import Scene, body, chat, message


Start = Callable[..., Scene]

DELTA = {
    Counter: AggregationTemporality.DELTA,
    ObservableCounter: AggregationTemporality.DELTA,
    Histogram: AggregationTemporality.DELTA,
    UpDownCounter: AggregationTemporality.CUMULATIVE,
}
BASE = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.response.model": "gpt-4o-mini",
}
COST = {"otel_tokens.cost.source": "computed", "otel_tokens.outcome": "ok"}
SERVER = {"server.address": "api.openai.com", "server.port": 443}


def delta() -> InMemoryMetricReader:
    """A reader of deltas."""
    return InMemoryMetricReader(preferred_temporality=DELTA)


def whole(metric: Any) -> list[tuple[dict[str, Any], Any]]:
    """Every point of a metric, with all of its attributes."""
    found = [
        (dict(point.attributes), point.value if hasattr(point, "value") else point.sum)
        for point in metric.data.data_points
    ]
    return sorted(found, key=str)


def test_the_points_of_a_chat(scene: Start) -> None:
    """One chat: cost and tokens by bucket, one request, and its distributions."""
    made = scene()
    chat(json_reply(body()))
    metrics = made.collected()

    assert whole(metrics["otel_tokens.cost.usd"]) == [
        ({**BASE, "otel_tokens.bucket": "input", **COST}, 1.8e-06),
        ({**BASE, "otel_tokens.bucket": "output", **COST}, 4.2e-06),
    ]
    assert whole(metrics["otel_tokens.tokens"]) == [
        ({**BASE, "otel_tokens.bucket": "input", "otel_tokens.usage.source": "provider"}, 12),
        ({**BASE, "otel_tokens.bucket": "output", "otel_tokens.usage.source": "provider"}, 7),
    ]
    assert whole(metrics["otel_tokens.requests"]) == [({**BASE, "otel_tokens.outcome": "ok"}, 1)]
    assert whole(metrics["gen_ai.client.token.usage"]) == [
        ({**BASE, **SERVER, "gen_ai.token.type": "input"}, 12),
        ({**BASE, **SERVER, "gen_ai.token.type": "output"}, 7),
    ]
    assert whole(metrics["otel_tokens.heartbeat"]) == [({}, 1)]
    (duration,) = metrics["gen_ai.client.operation.duration"].data.data_points
    assert (dict(duration.attributes), duration.count) == ({**BASE, **SERVER}, 1)
    assert duration.explicit_bounds[:3] == (0.01, 0.02, 0.04)
    (age,) = metrics["otel_tokens.price.age"].data.data_points
    assert age.value > 0
    units = {name: metric.unit for name, metric in metrics.items()}
    assert units == {
        "otel_tokens.cost.usd": "{USD}",
        "otel_tokens.tokens": "{token}",
        "otel_tokens.requests": "{request}",
        "otel_tokens.heartbeat": "{process}",
        "otel_tokens.price.age": "s",
        "gen_ai.client.token.usage": "{token}",
        "gen_ai.client.operation.duration": "s",
    }


@pytest.mark.parametrize(
    ("words", "present", "absent"),
    [
        ("released", ["gen_ai.client.operation.duration"], ["gen_ai.client.inference.duration"]),
        ("latest", ["gen_ai.client.inference.duration"], ["gen_ai.client.operation.duration"]),
        ("both", ["gen_ai.client.operation.duration", "gen_ai.client.inference.duration"], []),
    ],
)
def test_generations_of_the_conventions(
    scene: Start, words: str, present: list[str], absent: list[str]
) -> None:
    """The released generation, the latest one, or both."""
    made = scene(OTEL_TOKENS_SEMCONV=words)
    chat(stream=True)
    found = made.collected()
    assert set(present) <= found.keys()
    assert not set(absent) & found.keys()
    assert ("gen_ai.client.token.usage" in found) == (words != "latest")
    assert ("gen_ai.client.operation.time_to_first_chunk" in found) == (words != "latest")
    assert ("gen_ai.client.inference.time_to_first_chunk" in found) == (words != "released")


def test_the_latest_generation_counts_inclusively(scene: Start) -> None:
    """In the latest generation the totals are inclusive and split by modality, the parts beside them."""
    made = scene(OTEL_TOKENS_SEMCONV="latest")
    details = {
        "prompt_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 10, "audio_tokens": 20},
        "completion_tokens_details": {"reasoning_tokens": 12, "audio_tokens": 3},
    }
    chat(json_reply(body(prompt=100, completion=30, **details)))
    prefix = "gen_ai.client.inference."

    def usage(part: str) -> dict[tuple[Any, ...], Any]:
        return made.points(f"{prefix}usage.{part}", "gen_ai.token.modality")

    assert usage("input_tokens") == {("unknown",): 80, ("audio",): 20}
    assert usage("output_tokens") == {("unknown",): 27, ("audio",): 3}
    assert usage("cache_read.input_tokens") == {("unknown",): 40}
    assert usage("cache_write.input_tokens") == {("unknown",): 10}
    assert usage("reasoning.output_tokens") == {("unknown",): 12}
    assert made.points(f"{prefix}operation.input_tokens") == {(): (1, 100)}
    assert made.points(f"{prefix}operation.output_tokens") == {(): (1, 30)}


def test_money_adds_up_exactly(scene: Start) -> None:
    """A hundred calls cost exactly a hundred times one."""
    made = scene()
    for _ in range(100):
        chat(json_reply(body()))
    assert made.points("otel_tokens.cost.usd", "otel_tokens.bucket") == {
        ("input",): float(Decimal("0.00018")),
        ("output",): float(Decimal("0.00042")),
    }


def test_unpriced_calls_are_counted_with_the_reason(scene: Start) -> None:
    """Money that may have been spent and is not known is counted by why it is not."""
    made = scene()
    chat(json_reply(body(model="nobody-knows")), model="nobody-knows")
    chat(json_reply(body()), base_url="http://llm.corp/v1")
    silent = {**body(), "choices": []}
    del silent["usage"]
    chat(json_reply(silent))
    chat(json_reply(body()), base_url="http://localhost:11434/v1")
    assert made.points("otel_tokens.unpriced.requests", "otel_tokens.cost.status") == {
        ("unknown_model",): 1,
        ("unknown_provider",): 1,
        ("no_usage",): 1,
    }


def test_parts_of_a_call_count_at_their_own_model(scene: Start) -> None:
    """What another model answered inside a call is counted there, and the request once."""
    made = scene()
    step = {"type": "advisor_message", "model": "claude-opus-4-6", "input_tokens": 823, "output_tokens": 1612}
    usage = {"input_tokens": 412, "output_tokens": 531, "iterations": [step]}
    message(json_reply({**bodies.message(), "model": "claude-sonnet-5", "usage": usage}))

    assert made.points("otel_tokens.tokens", "gen_ai.response.model", "otel_tokens.bucket") == {
        ("claude-sonnet-5", "input"): 412,
        ("claude-sonnet-5", "output"): 531,
        ("claude-opus-4-6", "input"): 823,
        ("claude-opus-4-6", "output"): 1612,
    }
    assert made.points("otel_tokens.requests", "gen_ai.response.model") == {("claude-sonnet-5",): 1}


def test_models_that_a_model_asked_count_at_their_own(scene: Start) -> None:
    """Where the answer says which models it is made of, each counts its tokens; the span states the whole."""
    made = scene()
    models = [
        {"model": "a", "usage": {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}},
        {"model": "b", "usage": {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3}},
    ]
    chat(json_reply({**body(prompt=12, completion=5), "usage_breakdown": {"models": models}}))

    assert made.points("otel_tokens.tokens", "gen_ai.response.model", "otel_tokens.bucket") == {
        ("a", "input"): 10,
        ("a", "output"): 4,
        ("b", "input"): 2,
        ("b", "output"): 1,
    }
    (span,) = made.spans
    assert (
        dict(span.attributes or {}).items()
        >= {
            "gen_ai.usage.input_tokens": 12,
            "gen_ai.usage.output_tokens": 5,
        }.items()
    )


def test_failures_of_ours_are_counted(scene: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of ours that fails is counted where an operator sees it, and the call is not affected."""
    made = scene()
    monkeypatch.setattr(shield, "strict", False)
    monkeypatch.setattr("otel_tokens.calls.cost_of", None)
    assert chat(json_reply(body())).usage.prompt_tokens == 12
    assert sum(made.points("otel_tokens.internal.failures", "otel_tokens.step").values()) == 1
    assert made.points("otel_tokens.requests", "otel_tokens.outcome") == {("ok",): 1}
    assert made.points("otel_tokens.unpriced.requests", "otel_tokens.cost.status") == {("no_usage",): 1}
    shield.failures.clear()


def test_embeddings_have_no_output(scene: Start) -> None:
    """Embeddings put tokens in and get none out, so no distribution of output says 0."""
    made = scene(OTEL_TOKENS_SEMCONV="both")
    client = openai_client(Transport(json_reply(bodies.embeddings())), max_retries=0)
    client.embeddings.create(model="text-embedding-3-small", input="Hi")
    assert made.points("gen_ai.client.token.usage", "gen_ai.token.type").keys() == {("input",)}
    assert "gen_ai.client.inference.operation.output_tokens" not in made.collected()
    (span,) = made.spans
    assert "gen_ai.usage.output_tokens" not in (span.attributes or {})


def test_one_call_that_cannot_be_counted_leaves_the_others(
    scene: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in counting one call is counted itself, and the collection goes on with the next."""
    made = scene()
    count = Meters._count_call
    broken = iter([True])

    def count_call(meters: Meters, call: Any) -> None:
        if next(broken, False):
            raise ValueError
        count(meters, call)

    monkeypatch.setattr(shield, "strict", False)
    monkeypatch.setattr(Meters, "_count_call", count_call)
    chat(json_reply(body()))
    chat(json_reply(body()))
    assert made.points("otel_tokens.requests") == {(): 1}
    assert shield.failures == {"counting a call": 1}
    shield.failures.clear()


# Temporality, views, readers.


def test_deltas(scene: Start) -> None:
    """A reader of deltas gets what has come since its last collection, and nothing twice."""
    made = scene(delta())
    chat(json_reply(body()))
    assert made.points("otel_tokens.tokens", "otel_tokens.bucket") == {("input",): 12, ("output",): 7}
    chat(json_reply(body(prompt=100)))
    found = made.collected()
    assert [value for _, value in whole(found["otel_tokens.tokens"])] == [100, 7]
    assert [value for _, value in whole(found["gen_ai.client.token.usage"])] == [100, 7]


def test_two_readers_of_different_temporality(scene: Start) -> None:
    """Each reader gets its own view of the same sums, whoever collects first."""
    made = scene(InMemoryMetricReader(), delta())
    for prompt in (10, 100):
        chat(json_reply(body(prompt=prompt)))
        sums = [
            made.points("otel_tokens.tokens", "otel_tokens.bucket", reader=at)[("input",)] for at in (0, 1)
        ]
        histograms = [
            made.points("gen_ai.client.token.usage", "gen_ai.token.type", reader=at) for at in (0, 1)
        ]
        assert sums == [{10: 10, 100: 110}[prompt], prompt]
    assert all(found in ({}, found) for found in histograms)


def test_histograms_reach_every_reader(scene: Start) -> None:
    """A histogram that is collected alone has every call, and each reader gets it once."""
    made = scene(InMemoryMetricReader(), delta())
    for prompt in (10, 100):
        chat(json_reply(body(prompt=prompt)))
    assert [
        made.points("gen_ai.client.token.usage", "gen_ai.token.type", reader=at)[("input",)] for at in (0, 1)
    ] == [(2, 110), (2, 110)]


def test_exponential_histograms(scene: Start) -> None:
    """A view may make the histograms exponential."""
    view = View(instrument_name="gen_ai.*", aggregation=ExponentialBucketHistogramAggregation())
    made = scene(views=[view])
    chat(json_reply(body()))
    (point, _) = made.collected()["gen_ai.client.token.usage"].data.data_points
    assert (type(point).__name__, point.count) == ("ExponentialHistogramDataPoint", 1)


def test_views_trim_labels_and_drop_instruments(scene: Start) -> None:
    """A view may drop instruments and labels; what is left is still exact."""
    views = [
        View(instrument_name="otel_tokens.requests", aggregation=DropAggregation()),
        View(instrument_name="gen_ai.client.operation.duration", attribute_keys={"gen_ai.request.model"}),
    ]
    made = scene(views=views)
    chat(json_reply(body()))
    chat(json_reply(body()), base_url="http://llm.corp/v1")
    found = made.collected()
    assert "otel_tokens.requests" not in found
    assert [
        dict(point.attributes) for point in found["gen_ai.client.operation.duration"].data.data_points
    ] == [{"gen_ai.request.model": "gpt-4o-mini"}]


def test_exemplars_lead_to_the_span(scene: Start) -> None:
    """A point of a histogram has an exemplar with the ids of the call's span."""
    made = scene()
    chat(json_reply(body()))
    (span,) = made.spans
    (point, _) = made.collected()["gen_ai.client.token.usage"].data.data_points
    (exemplar,) = point.exemplars
    assert span.context is not None
    assert (exemplar.trace_id, exemplar.span_id) == (span.context.trace_id, span.context.span_id)


def test_metering_again_on_the_same_providers(scene: Start) -> None:
    """Who stops and starts again on the same providers keeps one total, and no call counts twice."""
    import otel_tokens  # noqa: PLC0415

    made = scene()
    chat(json_reply(body()))
    otel_tokens.uninstrument()
    chat(json_reply(body()))
    made.start()
    chat(json_reply(body()))
    assert made.points("otel_tokens.requests", "otel_tokens.outcome") == {("ok",): 2}
    assert len(made.spans) == 2


# Bounds.


def overflows(made: Scene) -> list[str]:
    """The metrics of which the SDK has lost labels."""
    return [
        name
        for name, metric in made.collected().items()
        for point in metric.data.data_points
        if point.attributes.get("otel.metric.overflow")
    ]


def calls(many: int, **vary: Callable[[int], Any]) -> None:
    """Many calls, of which one thing varies."""
    transport = Transport()
    client = openai_client(transport, base_url="https://api.openai.com/v1", max_retries=0)
    for at in range(many):
        answer = body(model=vary["model"](at) if "model" in vary else "gpt-4o-mini")
        if "error" in vary:
            answer["error"] = {"code": vary["error"](at)}
        transport.then(json_reply(answer))
        transport.requests.clear()
        if "base_url" in vary:
            client.base_url = vary["base_url"](at)
        requested = vary["requested"](at) if "requested" in vary else "gpt-4o-mini"
        with attribute(team=vary["team"](at) if "team" in vary else "search"):
            client.chat.completions.create(model=requested, messages=[{"role": "user", "content": "Hi"}])


@pytest.mark.parametrize(
    "vary",
    [
        pytest.param({"team": lambda at: f"team-{at}"}, id="labels"),
        pytest.param({"model": lambda at: f"ft:{at}"}, id="models that answer"),
        pytest.param({"requested": lambda at: f"m-{at}"}, id="models that are asked for"),
        pytest.param(
            {"team": lambda at: f"team-{at}", "model": lambda at: f"ft:{at}"}, id="labels and models"
        ),
        pytest.param({"base_url": lambda at: f"http://host-{at}/v1"}, id="hosts"),
        pytest.param({"error": lambda at: f"code-{at}"}, id="errors"),
        pytest.param(
            {"base_url": lambda at: f"https://r-{at}.openai.azure.com/openai/v1"}, id="hosts of one provider"
        ),
    ],
)
def test_series_are_bounded_and_totals_exact(scene: Start, vary: dict[str, Any]) -> None:
    """However many labels there are, no metric has more points than its limit, and every sum is exact."""
    made = scene(OTEL_TOKENS_LABELS="team", OTEL_TOKENS_SEMCONV="both", OTEL_TOKENS_SERIES_LIMIT="260")
    many = 300
    calls(many, **vary)
    found = made.collected()
    assert {name: len(m.data.data_points) for name, m in found.items() if len(m.data.data_points) > 260} == {}
    assert sum(value for _, value in whole(found["otel_tokens.tokens"])) == many * 19
    assert sum(value for _, value in whole(found["otel_tokens.requests"])) == many
    assert sum(p.count for p in found["gen_ai.client.operation.duration"].data.data_points) == many


def test_labels_of_newcomers_become_other(scene: Start) -> None:
    """Past the limit a new label is `other`, while those that were there keep their own series."""
    made = scene(OTEL_TOKENS_LABELS="team", OTEL_TOKENS_SERIES_LIMIT="204")
    calls(10, team=lambda at: f"team-{at}")
    calls(1, team=lambda _: "team-0")
    found = made.points("otel_tokens.requests", "team", "gen_ai.request.model")
    assert found[("team-0", "gpt-4o-mini")] == 2
    assert sum(found.values()) == 11
    assert sum(count for (team, _), count in found.items() if team == "other") > 0


def test_ten_thousand_labels_and_models(scene: Start) -> None:
    """Ten thousand labels and models stay within two thousand points."""
    made = scene(OTEL_TOKENS_LABELS="team")
    calls(10_000, team=lambda at: f"team-{at}", model=lambda at: f"ft:{at % 7000}")
    assert overflows(made) == []
    for metric in made.collected().values():
        assert len(metric.data.data_points) <= 2000
    assert sum(value for _, value in whole(made.collected()["otel_tokens.tokens"])) == 190_000


def test_a_lying_provider_cannot_break_the_sums(scene: Start) -> None:
    """Counts at the edge of reason, a hundred times over, stay within what OTLP can carry."""
    made = scene()
    for _ in range(100):
        chat(json_reply(body(prompt=2**63 - 1, completion=2**40)))
    assert all(0 <= value < 2**63 for _, value in whole(made.collected()["otel_tokens.tokens"]))


# Forking.


def test_after_a_fork_everything_begins_at_zero(scene: Start) -> None:
    """What a forked process does first is to forget what its parent has counted or has to count."""
    made = scene()
    chat(json_reply(body(prompt=100)))
    made.collected()
    chat(json_reply(body(prompt=100)))
    instrumentor._after_fork()
    chat(json_reply(body(prompt=10)))
    assert made.points("otel_tokens.tokens", "otel_tokens.bucket") == {("input",): 10, ("output",): 7}
    assert made.points("gen_ai.client.token.usage", "gen_ai.token.type")[("input",)] == (1, 10)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")
@pytest.mark.parametrize("reader", [InMemoryMetricReader, delta], ids=["cumulative", "delta"])
def test_a_child_counts_its_own(scene: Start, reader: Callable[[], Any]) -> None:
    """A forked process reports its own calls alone: nothing of its parent's, and no delta below zero."""
    made = scene(reader())
    for _ in range(3):
        chat(json_reply(body(prompt=100)))
    made.collected()
    chat(json_reply(body(prompt=100)))
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            chat(json_reply(body(prompt=10)))
            names = ("otel_tokens.tokens", "gen_ai.client.token.usage", "otel_tokens.requests")
            metrics = made.collected()
            found = {name: [value for _, value in whole(metrics[name])] for name in names}
            os.write(writable, pickle.dumps(found))
            status = 0
        finally:
            os._exit(status)
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        found = pickle.loads(pipe.read())  # noqa: S301  # what this very test has written
    assert os.waitpid(child, 0)[1] == 0
    assert found == {
        "otel_tokens.tokens": [10, 7],
        "gen_ai.client.token.usage": [10, 7],
        "otel_tokens.requests": [1],
    }


def test_a_fork_leaves_other_instruments(scene: Start) -> None:
    """What a forked process forgets is ours alone: the application's instruments go on as they were."""
    made = scene()
    counter = made.metrics.get_meter("application").create_counter("application.work")
    counter.add(3)
    chat(json_reply(body()))
    made.collected()
    instrumentor._after_fork()
    counter.add(1)

    assert made.points("application.work") == {(): 4}
