"""Who asks for silence gets it, and who owns the span already is helped to fill it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, attach, detach, set_value
from opentelemetry.instrumentation.utils import suppress_instrumentation

from ..clients.transport import json_reply
from .scene import Scene, body, chat


Start = Callable[..., Scene]


@pytest.mark.parametrize(
    "key",
    [_SUPPRESS_INSTRUMENTATION_KEY, "suppress_instrumentation", "suppress_language_model_instrumentation"],
    ids=["opentelemetry", "its older name", "traceloop"],
)
def test_silence(scene: Start, key: str) -> None:
    """A context that asks to emit nothing gets neither span nor point, and its answer all the same."""
    made = scene()
    token = attach(set_value(key, True))  # noqa: FBT003
    try:
        assert chat(json_reply(body())).usage.prompt_tokens == 12
    finally:
        detach(token)
    assert (made.spans, made.points("otel_tokens.requests")) == ([], {})
    chat(json_reply(body()))
    assert len(made.spans) == 1


def test_silence_by_the_helper_of_opentelemetry(scene: Start) -> None:
    """The helper that OpenTelemetry has for it works."""
    made = scene()
    with suppress_instrumentation():
        chat(json_reply(body()))
    assert made.spans == []


@dataclass
class Owner:
    """What an outer instrumentation leaves in the context to be filled."""

    response_model: str | None = None
    response_id: str | None = "known already"
    response_finish_reasons: list[str] | None = None
    usage_input_tokens: int | None = None
    usage_output_tokens: int | None = None
    usage_cache_read_input_tokens: int | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


@pytest.mark.parametrize("kind", ["inference", "embedding", "fetch_response"])
def test_an_outer_instrumentation_owns_the_span(scene: Start, kind: str) -> None:
    """Where another instrumentation owns the span, ours is not made; its data are filled."""
    made = scene()
    owner = Owner()
    token = attach(set_value(f"opentelemetry.genai.client.{kind}.context", owner))
    try:
        with made.tracer.start_as_current_span("theirs"):
            chat(json_reply(body()))
    finally:
        detach(token)
    assert made.spans == []
    assert owner == Owner(
        response_model="gpt-4o-mini",
        response_finish_reasons=["stop"],
        usage_input_tokens=12,
        usage_output_tokens=7,
    )
    assert made.span("theirs")["otel_tokens.cost.usd"] == 6e-06
    assert made.points("otel_tokens.requests", "otel_tokens.outcome") == {("ok",): 1}
    assert "gen_ai.client.token.usage" not in made.collected()


def test_an_owner_learns_of_an_error(scene: Start) -> None:
    """An outer instrumentation is told of an error, and keeps what only a usage would have said."""
    made = scene()
    owner = Owner()
    token = attach(set_value("opentelemetry.genai.client.inference.context", owner))
    try:
        chat(json_reply({"error": {"code": "overloaded"}, "choices": []}))
    finally:
        detach(token)
    assert owner == Owner()
    assert made.points("otel_tokens.requests", "otel_tokens.outcome") == {("error",): 1}
