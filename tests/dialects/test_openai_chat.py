"""OpenAI chats and legacy completions: whole, streamed, with errors, and with a cost that is stated."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from otel_tokens.dialects import openai_chat, openai_completions
from otel_tokens.dialects.dialect import FINAL

from . import strategies as make
from .examples import CHAT, COMPLETION


def fold(*events: Any) -> Any:
    """What the events add up to."""
    chunks = openai_chat.Chunks()
    for event in events:
        chunks.see(event)
    return chunks.body()


def tokens(body: Any) -> dict[str, int] | None:
    """The buckets of a body."""
    usage = openai_chat.read(body).usage
    return None if usage is None else dict(usage.tokens)


def test_a_chat_is_read() -> None:
    """A chat says who answered, under which id, why it ended, at which tier, for how many tokens."""
    reading = openai_chat.read(CHAT)

    assert (reading.model, reading.id, reading.fingerprint) == ("gpt-a", "chatcmpl-1", "fp")
    assert (reading.service_tier, reading.variant) == ("default", "standard")
    assert reading.finish_reasons == ("stop",)
    assert (reading.error_type, reading.warnings) == (None, ())
    assert tokens(CHAT) == {
        "input": 30,
        "input_audio": 16,
        "input_image": 4,
        "cache_read": 35,
        "cache_read_audio": 4,
        "cache_read_image": 1,
        "cache_write": 7,
        "cache_write_12h": 3,
        "output": 13,
        "output_reasoning": 12,
        "output_audio": 3,
        "output_image": 2,
    }


@pytest.mark.parametrize(
    ("tier", "variant"),
    [
        ("auto", "standard"),
        ("default", "standard"),
        ("standard", "standard"),
        ("on_demand", "standard"),
        ("flex", "flex"),
        ("priority", "priority"),
        ("fast", "priority"),
        ("batch", "batch"),
        ("scale", "committed"),
        ("turbo", None),
        (None, None),
        (7, None),
    ],
)
def test_the_tier_that_was_billed(tier: Any, variant: str | None) -> None:
    """The answer's tier is what was billed; a word that nobody knows says nothing."""
    assert openai_chat.read({"service_tier": tier}).variant == variant


def test_the_model_of_the_openai_package_reads_like_its_json() -> None:
    """A model of the client library is read like the JSON that it was made of, chunks too."""
    whole = ChatCompletion.construct(**CHAT)
    assert openai_chat.read(whole) == openai_chat.read(CHAT)
    assert list(openai_chat.answer(whole)) == list(openai_chat.answer(CHAT))

    events = list(make.chat_events(CHAT, 1, "alone"))
    chunks = [ChatCompletionChunk.construct(**event) for event in events]
    assert openai_chat.read(fold(*chunks)) == openai_chat.read(CHAT)
    assert list(openai_chat.answer(fold(*chunks))) == list(openai_chat.answer(fold(*events)))

    completion = Completion.construct(**COMPLETION)
    assert openai_chat.read(completion) == openai_chat.read(COMPLETION)


def test_a_completion_is_read() -> None:
    """A legacy completion has texts where a chat has messages."""
    reading = openai_completions.DIALECT.read(COMPLETION)

    assert (reading.model, reading.id, reading.finish_reasons) == ("gpt-a", "cmpl-1", ("stop",))
    assert tokens(COMPLETION) == {"input": 3, "output": 2}
    assert list(openai_completions.DIALECT.answer(COMPLETION)) == ["Hi"]


def test_the_texts_of_an_answer() -> None:
    """Content, reasoning, refusal and calls of tools are the text of an answer."""
    assert list(openai_chat.answer(CHAT)) == ["Hi", "Hm", "No", "f", "{}"]


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        ({"cost": 0.0125}, "0.0125"),
        ({"cost": "0.0125"}, "0.0125"),
        ({"cost": 0.5, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.25}}, "0.75"),
        ({"cost": 0.5, "is_byok": True}, "0.5"),
        ({"cost": 0.5, "is_byok": True, "cost_details": {"upstream_inference_cost": None}}, "0.5"),
        ({"cost": {"input_tokens_cost": 0.1, "total_cost": 0.3}}, "0.3"),
        ({"cost_in_usd_ticks": 12_500_000}, "0.00125"),
        ({"cost": -1}, None),
        ({"cost": {"total_cost": "?"}}, None),
        ({"cost_in_usd_ticks": "many"}, None),
        ({"cost": None}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_cost_that_the_provider_states(usage: Any, usd: str | None) -> None:
    """OpenRouter, Perplexity and xAI state what a call cost, each in its own way."""
    assert openai_chat.cost(usage) == (None if usd is None else Decimal(usd))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "rate_limit", "type": "t"}, "rate_limit"),
        ({"code": 502, "type": "t"}, "t"),
        ({"message": "m"}, "_OTHER"),
        ("boom", "_OTHER"),
        ({}, None),
        ("", None),
        (None, None),
    ],
)
def test_an_error_that_came_as_a_body(error: Any, kind: str | None) -> None:
    """The code or the type of an error, never its words."""
    assert openai_chat.error_type({"error": error}) == kind
    assert openai_chat.read({"error": error}).error_type == kind


HEAD: dict[str, Any] = {"id": "c", "model": "m"}


def piece(text: str = "", reason: str | None = None, **more: Any) -> dict[str, Any]:
    """One chunk with one choice."""
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": reason}
    return {**HEAD, "choices": [choice], **more}


def usage(prompt: int | None, completion: int | None, **more: Any) -> dict[str, Any]:
    """A usage object."""
    return {"prompt_tokens": prompt, "completion_tokens": completion, **more}


@pytest.mark.parametrize(
    ("events", "buckets"),
    [
        pytest.param(
            [
                piece("a", usage=usage(5, 1)),
                piece("b", usage=usage(5, 2)),
                piece(reason="stop", usage=usage(5, 3)),
            ],
            {"input": 5, "output": 3},
            id="on every chunk: the last one wins",
        ),
        pytest.param(
            [piece("a"), piece(reason="stop", usage=usage(5, 3))],
            {"input": 5, "output": 3},
            id="on the last chunk with a choice",
        ),
        pytest.param(
            [piece("a"), piece(reason="stop"), {**HEAD, "choices": [], "usage": usage(5, 3)}],
            {"input": 5, "output": 3},
            id="alone at the end",
        ),
        pytest.param(
            [piece("a", usage=usage(5, 1)), piece(reason="stop", usage=usage(None, 3))],
            {"input": 5, "output": 3},
            id="a count that vanishes keeps its last value",
        ),
        pytest.param(
            [
                piece(
                    "a", usage=usage(5, 1, prompt_tokens_details={"cached_tokens": 4, "audio_tokens": None})
                ),
                piece(reason="stop", usage=usage(5, 3, prompt_tokens_details={"cached_tokens": None})),
            ],
            {"input": 1, "cache_read": 4, "output": 3},
            id="so does one in the details",
        ),
        pytest.param(
            [
                piece("a", usage=usage(5, 1, prompt_tokens_details={"cached_tokens": 4})),
                piece(reason="stop", usage=usage(5, 3, prompt_tokens_details=7)),
            ],
            {"input": 1, "cache_read": 4, "output": 3},
            id="details that become nonsense",
        ),
        pytest.param(
            [piece("a"), piece(reason="stop", x_groq={"usage": usage(5, 3)})],
            {"input": 5, "output": 3},
            id="where Groq has it",
        ),
        pytest.param(
            [
                piece("a"),
                piece(reason="stop", x_groq={"usage": usage(1, 1)}),
                {**HEAD, "choices": [], "usage": usage(5, 3)},
            ],
            {"input": 5, "output": 3},
            id="OpenAI's own place wins over Groq's",
        ),
        pytest.param([piece("a"), piece(reason="stop")], None, id="nowhere"),
    ],
)
def test_usage_in_a_stream(events: list[Any], buckets: dict[str, int] | None) -> None:
    """Counts of a stream are never added up: for each field the last one that was stated counts."""
    assert tokens(fold(*events)) == buckets
    chunks = [ChatCompletionChunk.construct(**event) for event in events]
    assert tokens(fold(*chunks)) == buckets


def test_the_last_chunk_is_known() -> None:
    """The chunk that has usage, no choices, and comes when all choices have ended, is the last."""
    chunks = openai_chat.Chunks()
    last = {**HEAD, "choices": [], "usage": usage(5, 3)}

    assert [chunks.see(event) == FINAL for event in (last, piece("a"), last, piece(reason="stop"), last)] == [
        False,
        False,
        False,
        False,
        True,
    ]


def test_a_stream_that_was_cut_has_what_came() -> None:
    """What has come of a stream is there: who answered, and the text; not why it ended."""
    body = fold({"choices": [], "prompt_filter_results": []}, piece("Hel"), piece("lo"))
    reading = openai_chat.read(body)

    assert (reading.model, reading.id, reading.usage, reading.finish_reasons) == ("m", "c", None, ())
    assert list(openai_chat.answer(body)) == ["Hello"]


def test_azure_states_its_filter_first() -> None:
    """Azure's first chunk has an empty model and id; the real ones follow."""
    first = {"id": "", "model": "", "choices": [], "prompt_filter_results": []}
    last = piece(reason="stop", service_tier="flex", system_fingerprint="fp")
    events = [first, piece("a"), last]
    for body in (fold(*events), fold(*[ChatCompletionChunk.construct(**event) for event in events[:2]])):
        reading = openai_chat.read(body)
        assert (reading.model, reading.id) == ("m", "c")

    reading = openai_chat.read(fold(*events))
    assert (reading.service_tier, reading.fingerprint) == ("flex", "fp")


def test_an_error_in_a_stream() -> None:
    """An error that comes as a chunk is what the stream ended with."""
    assert openai_chat.read(fold(piece("a"), {"error": {"code": "overloaded"}})).error_type == "overloaded"
    chunk = ChatCompletionChunk.construct(choices=[], error={"code": "overloaded"})
    assert openai_chat.read(fold(piece("a"), chunk)).error_type == "overloaded"


def test_calls_of_tools_in_pieces() -> None:
    """Several choices, calls of tools in pieces, reasoning and a refusal come together."""
    deltas: list[dict[str, Any]] = [
        {"reasoning_content": "H"},
        {"reasoning": "m"},
        {"refusal": "No"},
        {"tool_calls": [{"index": 0, "id": "t", "function": {"name": "f", "arguments": '{"a"'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ": 1}"}}]},
        {"tool_calls": [{"index": 1, "id": "u", "function": {"name": "g", "arguments": ""}}]},
        {"tool_calls": [{"index": 1, "function": None}]},
    ]
    events = [{**HEAD, "choices": [{"index": 1, "delta": delta}]} for delta in deltas]
    old = {"function_call": {"name": "h", "arguments": "{}"}}
    body = fold(*events, {**HEAD, "choices": [{"index": 0, "delta": old, "finish_reason": "function_call"}]})

    assert body["choices"] == [
        {
            "index": 0,
            "finish_reason": "function_call",
            "message": {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": None, "type": "function", "function": {"name": "h", "arguments": "{}"}}
                ],
            },
        },
        {
            "index": 1,
            "finish_reason": None,
            "message": {
                "role": "assistant",
                "content": None,
                "reasoning_content": "Hm",
                "refusal": "No",
                "tool_calls": [
                    {"id": "t", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}},
                    {"id": "u", "type": "function", "function": {"name": "g", "arguments": ""}},
                ],
            },
        },
    ]
