"""The judge of the recordings is itself judged: it lets the right through and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from .receiver import CLIENT_KIND, Span
from .replay import Item, Recording, items, plan, shifts
from .verdict import problems


NOTHING: dict[str, Any] = {
    "has_usage": False,
    "request_model": None,
    "response_model": None,
    "response_id": None,
    "input_rule": None,
    "output_rule": None,
    "input_tokens": None,
    "output_tokens": None,
    "input_total": None,
    "output_total": None,
    "cache_read": None,
    "cache_write": None,
    "cache_write_5m": None,
    "cache_write_1h": None,
    "reasoning": None,
    "audio_in": None,
    "audio_out": None,
    "iterations_total": None,
    "finish_reasons": [],
    "error": None,
}
CACHED = NOTHING | {
    "has_usage": True,
    "response_model": "gpt-5",
    "input_rule": "includes_cache_read",
    "output_rule": "includes_reasoning",
    "input_total": 100,
    "output_total": 20,
    "cache_read": 64,
    "reasoning": 8,
    "finish_reasons": ["stop"],
}
RIGHT: dict[str, Any] = {
    "gen_ai.provider.name": "openai",
    "gen_ai.response.model": "gpt-5",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 20,
    "gen_ai.usage.cache_read.input_tokens": 64,
    "gen_ai.usage.reasoning.output_tokens": 8,
    "otel_tokens.usage.source": "provider",
    "otel_tokens.outcome": "ok",
}


def recording(
    url: str = "https://api.openai.com/v1/chat/completions",
    *,
    api: str = "openai.chat",
    expected: dict[str, Any] = CACHED,
    status: int = 200,
    name: str = "one",
) -> Recording:
    """A recording of which only the address and the counts matter."""
    return Recording(
        id=name,
        api=api,
        stream=False,
        wire="json",
        method="POST",
        url=url,
        body={"model": "gpt-5"},
        status=status,
        headers={},
        payload=b"{}",
        expected=expected,
        cassette=name,
    )


def item(made: Recording) -> Item:
    """The plain replay of a recording."""
    how = plan(made)
    assert how
    return Item(made, how, "sync", None)


def span(attributes: dict[str, Any]) -> Span:
    """A call's span that says this."""
    return Span("chat gpt-5", "otel_tokens", CLIENT_KIND, "t", "s", "p", attributes, 0)


def test_the_right_span_passes() -> None:
    """A span that says what the wire says is right."""
    assert problems(item(recording()), [span(RIGHT)], None) == []


@pytest.mark.parametrize("name", RIGHT)
def test_every_attribute_counts(name: str) -> None:
    """A span that says anything else, or not enough, is wrong."""
    wrong: Any = RIGHT[name] + 1 if isinstance(RIGHT[name], int) else "else"

    assert problems(item(recording()), [span(RIGHT | {name: wrong})], None)
    assert problems(item(recording()), [span({k: v for k, v in RIGHT.items() if k != name})], None)


@pytest.mark.parametrize("spans", [[], [span(RIGHT), span(RIGHT)], [span(RIGHT), span({})]])
def test_one_call_has_one_span(spans: list[Span]) -> None:
    """No span, two that count, or one more beside the right one are wrong."""
    assert problems(item(recording()), spans, None)


def test_nothing_is_counted_that_is_not_on_the_wire() -> None:
    """Where the wire states no usage, no span claims that it does."""
    silent = item(recording(expected=NOTHING))

    assert problems(silent, [span(RIGHT)], None)
    assert problems(silent, [span(RIGHT | {"otel_tokens.usage.source": "estimated"})], None) == []
    assert problems(silent, [span({"otel_tokens.outcome": "abandoned"})], None)
    assert problems(silent, [], None) == []


def test_a_failed_call_has_a_failed_span() -> None:
    """An error status leaves one span, whose outcome is `error`."""
    failed = item(recording(expected=NOTHING, status=429))

    assert problems(failed, [span({"otel_tokens.outcome": "error"})], None) == []
    assert problems(failed, [span({"otel_tokens.outcome": "ok"})], None)
    assert problems(failed, [], None)


@pytest.mark.parametrize(
    ("url", "api", "client", "base_url", "operation"),
    [
        (
            "https://RESOURCE.openai.azure.com/openai/deployments/d/chat/completions?api-version=1",
            "azure-openai.chat",
            "azure",
            "https://RESOURCE.openai.azure.com",
            "chat",
        ),
        (
            "https://RESOURCE.openai.azure.com/openai/v1/responses",
            "azure-openai.responses",
            "openai",
            "https://RESOURCE.openai.azure.com/openai/v1",
            "responses",
        ),
        (
            "http://localhost:8787/anthropic/v1/messages?beta=true",
            "anthropic.messages",
            "anthropic",
            "http://localhost:8787/anthropic",
            "messages",
        ),
        (
            "https://api.groq.com/openai/v1/chat/completions",
            "groq.chat",
            "openai",
            "https://api.groq.com/openai/v1",
            "chat",
        ),
        (
            "https://api.openai.com/v1/completions",
            "openai.completions",
            "openai",
            "https://api.openai.com/v1",
            "completions",
        ),
    ],
)
def test_the_address_picks_the_client(url: str, api: str, client: str, base_url: str, operation: str) -> None:
    """The client, its base URL and the operation follow from the recorded address."""
    made = plan(recording(url, api=api))

    assert made
    assert (made.client, made.base_url, made.operation) == (client, base_url, operation)


def test_no_process_sees_an_answer_twice() -> None:
    """Two recordings of one answer, and the modes of each, get processes of their own."""
    twice = [recording(expected=CACHED | {"response_id": "r"}, name=name) for name in ("a", "b")]
    todo = items([(made, item(made).plan) for made in twice], 97)

    assert len(todo) == 5
    assert [len(shift) for shift in shifts(todo)] == [1] * 5
