"""Whole spans, as literals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode

import otel_tokens

from otel_tokens.version import __version__

from ..clients import bodies
from ..clients.transport import json_reply, refused
from .scene import Scene, body, chat, message


Start = Callable[..., Scene]


def attributes(scene: Scene) -> dict[str, Any]:
    """The attributes of the one span, without what changes from release to release or run to run."""
    (span,) = scene.spans
    found = dict(span.attributes or {})
    found.pop("otel_tokens.price.version", None)
    found.pop("gen_ai.response.time_to_first_chunk", None)
    return found


CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "server.address": "api.openai.com",
    "server.port": 443,
    "openai.api.type": "chat_completions",
    "gen_ai.response.id": bodies.chat()["id"],
    "gen_ai.response.model": "gpt-4o-mini",
    "gen_ai.response.finish_reasons": ("stop",),
    "gen_ai.usage.input_tokens": 12,
    "gen_ai.usage.output_tokens": 7,
    "gen_ai.usage.cost": 6e-06,
    "otel_tokens.cost.usd": 6e-06,
    "otel_tokens.cost.status": "priced",
    "otel_tokens.cost.source": "computed",
    "otel_tokens.usage.source": "provider",
    "otel_tokens.outcome": "ok",
}


def own(found: dict[str, Any]) -> dict[str, Any]:
    """Attributes without the tier and fingerprint that a body of the tests may have."""
    optional = ("openai.response.service_tier", "openai.response.system_fingerprint")
    return {name: value for name, value in found.items() if name not in optional}


def test_a_chat(scene: Start) -> None:
    """A chat is a CLIENT span, named by operation and model, with tokens and cost."""
    made = scene()
    chat(json_reply(body()))

    (span,) = made.spans
    assert (span.name, span.kind, span.parent) == ("chat gpt-4o-mini", SpanKind.CLIENT, None)
    assert (span.status.status_code, span.events) == (StatusCode.UNSET, ())
    assert span.instrumentation_scope is not None
    assert span.instrumentation_scope.version == __version__
    assert own(attributes(made)) == CHAT


def test_what_a_chat_asked_for(scene: Start) -> None:
    """What the request asked for is on the span."""
    made = scene()
    chat(json_reply(body()), temperature=0.5, max_tokens=50, n=2, stop="a", seed=7, service_tier="flex")

    found = own(attributes(made))
    assert {name: found[name] for name in found.keys() - CHAT.keys()} == {
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 50,
        "gen_ai.request.choice.count": 2,
        "gen_ai.request.stop_sequences": ("a",),
        "gen_ai.request.seed": 7,
        "openai.request.service_tier": "flex",
        **({"otel_tokens.price.variant": "flex"} if "otel_tokens.price.variant" in found else {}),
    }


def test_a_streamed_chat(scene: Start) -> None:
    """A stream is said to be one, and has the time of its first chunk."""
    made = scene()
    chat(stream=True)

    (span,) = made.spans
    found = dict(span.attributes or {})
    assert found["gen_ai.request.stream"] is True
    assert 0 <= found["gen_ai.response.time_to_first_chunk"] < 60
    assert found["otel_tokens.cost.status"] == "priced"


def test_parts_of_the_usage(scene: Start) -> None:
    """Cached, written, reasoning, audio and images are parts of the inclusive totals."""
    made = scene()
    details = {
        "prompt_tokens_details": {
            "cached_tokens": 40,
            "cache_write_tokens": 10,
            "audio_tokens": 20,
            "cache_write_tokens_details": {"ttl_12h_tokens": 3},
        },
        "completion_tokens_details": {"reasoning_tokens": 12, "audio_tokens": 3},
    }
    chat(json_reply(body(prompt=100, completion=30, **details)))

    found = attributes(made)
    assert {name: value for name, value in found.items() if ".usage." in name and "cost" not in name} == {
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 30,
        "gen_ai.usage.cache_read.input_tokens": 40,
        "gen_ai.usage.cache_write.input_tokens": 10,
        "gen_ai.usage.reasoning.output_tokens": 12,
        "gen_ai.usage.audio.input_tokens": 20,
        "gen_ai.usage.audio.output_tokens": 3,
        "otel_tokens.usage.cache_write_12h": 3,
        "otel_tokens.usage.source": "provider",
    }


def test_a_message(scene: Start) -> None:
    """A message of Anthropic has no attributes of OpenAI's, and its cache is part of the input."""
    made = scene()
    usage = {
        "input_tokens": 10,
        "cache_read_input_tokens": 40,
        "cache_creation_input_tokens": 30,
        "output_tokens": 50,
    }
    tools = {"server_tool_use": {"web_search_requests": 2}, "service_tier": "standard"}
    answer = {**bodies.message(), "model": "claude-sonnet-5", "usage": {**usage, **tools}}
    message(json_reply(answer))

    found = attributes(made)
    assert not [name for name in found if name.startswith("openai.")]
    assert {name: value for name, value in found.items() if ".usage." in name and "cost" not in name} == {
        "gen_ai.usage.input_tokens": 80,
        "gen_ai.usage.output_tokens": 50,
        "gen_ai.usage.cache_read.input_tokens": 40,
        "gen_ai.usage.cache_write.input_tokens": 30,
        "otel_tokens.usage.cache_write_5m": 30,
        "otel_tokens.usage.web_search": 2,
        "otel_tokens.usage.source": "provider",
    }


@pytest.mark.parametrize(
    "alias", ["gen_ai.usage.cost", "gen_ai.usage.cost.amount", "operation.cost", "llm.cost.total", "none"]
)
def test_the_cost_under_one_more_name(scene: Start, alias: str) -> None:
    """Existing backends find the cost under a name they know, and under no other one."""
    made = scene(OTEL_TOKENS_COST_ALIAS=alias)
    chat(json_reply(body()))

    others = {"gen_ai.usage.cost", "gen_ai.usage.cost.amount", "operation.cost", "llm.cost.total"}
    found = attributes(made)
    assert {name: found[name] for name in others & found.keys()} == (
        {} if alias == "none" else {alias: 6e-06}
    )
    assert found["otel_tokens.cost.usd"] == 6e-06


def test_the_providers_own_cost(scene: Start) -> None:
    """What the provider states is the cost; what we make it stands beside it."""
    made = scene()
    chat(json_reply(body(cost=0.5)))

    found = attributes(made)
    assert found["otel_tokens.cost.usd"] == 0.5
    assert found["otel_tokens.cost.source"] == "provider"
    assert found["otel_tokens.cost.computed.usd"] == 6e-06
    assert made.points("otel_tokens.cost.usd", "otel_tokens.bucket", "otel_tokens.cost.source").keys() == {
        ("input", "provider"),
        ("output", "provider"),
    }


def test_an_unknown_model(scene: Start) -> None:
    """What has no price has a status and no cost."""
    made = scene()
    chat(json_reply(body(model="nobody-knows")), model="nobody-knows")

    found = attributes(made)
    assert found["otel_tokens.cost.status"] == "unknown_model"
    assert not [name for name in found if "usd" in name or name == "gen_ai.usage.cost"]


def test_an_unknown_host(scene: Start) -> None:
    """A client that points at an unknown host is not its vendor's."""
    made = scene()
    chat(json_reply(body()), base_url="http://llm.corp:8000/v1")

    found = attributes(made)
    assert found["gen_ai.provider.name"] == found["server.address"] == "llm.corp"
    assert (found["server.port"], found["otel_tokens.cost.status"]) == (8000, "unknown_provider")


def test_a_contradiction_is_on_the_span(scene: Start) -> None:
    """Counts that contradict one another leave a warning where the call can be found."""
    made = scene()
    chat(json_reply({**body(), "usage": {"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 1}}))

    assert attributes(made)["otel_tokens.warnings"] == ("usage_inconsistent",)


def test_an_error(scene: Start) -> None:
    """A call that fails has its status and error type, and none of the provider's words."""
    made = scene()
    refusal = {"error": {"message": "the prompt 'secret' is bad", "type": "t", "code": "c"}}
    with pytest.raises(Exception, match="secret"):
        chat(json_reply(refusal, status=400))

    (span,) = made.spans
    found = dict(span.attributes or {})
    assert span.status.status_code is StatusCode.ERROR
    assert "secret" not in str(span.to_json())
    assert (found["otel_tokens.outcome"], found["error.type"]) == ("error", "openai.BadRequestError")
    assert made.points("otel_tokens.requests", "otel_tokens.outcome", "error.type") == {
        ("error", "openai.BadRequestError"): 1
    }


def test_an_unsampled_span_counts(scene: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the sampler drops costs no work on attributes, and still counts money."""
    made = scene(sampler=ALWAYS_OFF)
    monkeypatch.setattr("otel_tokens.telemetry.attributes.of_call", None)
    with made.tracer.start_as_current_span("GET /"):
        chat(json_reply(body()))

    assert made.spans == []
    assert sum(made.points("otel_tokens.cost.usd", "otel_tokens.bucket").values()) == pytest.approx(6e-06)


def test_without_an_sdk_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no SDK is set up, nothing is emitted and nothing is raised."""
    from otel_tokens import shield  # noqa: PLC0415

    monkeypatch.setattr(shield, "strict", True)
    otel_tokens.instrument(tracer_provider=trace.NoOpTracerProvider())
    try:
        assert chat(json_reply(body())).usage.prompt_tokens == 12
        assert len(chat(stream=True)) > 1
        assert message().id
    finally:
        otel_tokens.uninstrument()


def test_many_models_and_hosts(scene: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is prepared for spans of one model is bounded, and made anew when it is full."""
    monkeypatch.setattr("otel_tokens.telemetry.recorder._HEADS_LIMIT", 2)
    made = scene()
    for model in ("a", "b", "c", "a"):
        chat(json_reply(body()), model=model)
    assert [span.name for span in made.spans] == ["chat a", "chat b", "chat c", "chat a"]


def test_a_cancelled_call_is_no_error(scene: Start) -> None:
    """A cancellation is told apart from an error."""
    made = scene()
    with pytest.raises(KeyboardInterrupt):
        chat(refused(KeyboardInterrupt()))
    (span,) = made.spans
    assert (span.status.status_code, attributes(made)["otel_tokens.outcome"]) == (
        StatusCode.UNSET,
        "cancelled",
    )
