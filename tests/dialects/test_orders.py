"""What requests order: maximum, choices, tier, caching, and what comes beside the text in them."""

from __future__ import annotations

from typing import Any

import pytest

from otel_tokens.dialects import (
    Dialect,
    anthropic_messages,
    anthropic_others,
    openai_audio,
    openai_batches,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_images,
    openai_responses,
)
from otel_tokens.dialects.order import Order


CHAT = openai_chat.DIALECT
COMPLETIONS = openai_completions.DIALECT
RESPONSES = openai_responses.DIALECT
MESSAGES = anthropic_messages.DIALECT


def ordered(dialect: Dialect, **request: Any) -> Order:
    """The order of a request."""
    return dialect.order(request)


@pytest.mark.parametrize(
    ("dialect", "request_", "output_tokens"),
    [
        (CHAT, {}, None),
        (CHAT, {"max_tokens": 5}, 5),
        (CHAT, {"max_completion_tokens": 7}, 7),
        (CHAT, {"max_completion_tokens": 7, "max_tokens": 9}, 9),
        (CHAT, {"max_completion_tokens": 9, "max_tokens": 7}, 9),
        (CHAT, {"max_completion_tokens": None, "max_tokens": 7}, 7),
        (CHAT, {"max_tokens": 0}, None),
        (CHAT, {"max_tokens": -1}, None),
        (CHAT, {"max_tokens": object()}, None),
        (CHAT, {"max_completion_tokens": True}, None),
        (COMPLETIONS, {"max_tokens": 5}, 5),
        (RESPONSES, {"max_output_tokens": 6}, 6),
        (RESPONSES, {"max_output_tokens": None}, None),
        (openai_responses.COMPACT, {"max_output_tokens": 6}, None),
        (MESSAGES, {"max_tokens": 8}, 8),
        (anthropic_others.COMPLETION, {"max_tokens_to_sample": 9}, 9),
        (openai_embeddings.DIALECT, {"input": "a"}, 0),
        (openai_batches.RUN, {"max_completion_tokens": 5}, None),
    ],
)
def test_the_maximum_of_output(dialect: Dialect, request_: Any, output_tokens: int | None) -> None:
    """The maximum is what the request states, the larger of two, and unknown where it states none."""
    assert dialect.order(request_).output_tokens == output_tokens


def test_plain_orders() -> None:
    """A request with a maximum and messages alone orders one answer of text."""
    assert ordered(CHAT, max_tokens=5) == Order(5, cached=1, is_plain=True)
    assert ordered(RESPONSES, input="a") == Order(cached=1, is_plain=True)
    assert ordered(MESSAGES, max_tokens=5) == Order(5, is_plain=True)
    assert openai_chat.DIALECT.order(None) == Order(cached=1, is_plain=True)


@pytest.mark.parametrize(
    ("dialect", "request_", "choices"),
    [
        (CHAT, {"n": 3}, 3),
        (COMPLETIONS, {"n": 2, "best_of": 5}, 5),
        (COMPLETIONS, {"prompt": "a"}, 1),
        (COMPLETIONS, {"prompt": ["a", "b"], "n": 2}, 4),
        (COMPLETIONS, {"prompt": [1, 2, 3]}, 1),
        (COMPLETIONS, {"prompt": [[1], [2]]}, 2),
        (COMPLETIONS, {"prompt": []}, 1),
    ],
)
def test_choices(dialect: Dialect, request_: Any, choices: int) -> None:
    """Each choice of each prompt may be as long as the maximum."""
    assert dialect.order(request_).choices == choices


@pytest.mark.parametrize(
    ("dialect", "request_", "variant"),
    [
        (CHAT, {"service_tier": "priority"}, "priority"),
        (RESPONSES, {"service_tier": "fast"}, "priority"),
        (openai_responses.COMPACT, {"service_tier": "priority"}, "priority"),
        (CHAT, {"service_tier": "flex"}, "standard"),
        (CHAT, {"service_tier": "auto"}, "standard"),
        (MESSAGES, {"speed": "fast"}, "fast"),
        (MESSAGES, {"speed": "standard"}, "standard"),
    ],
)
def test_tiers(dialect: Dialect, request_: Any, variant: str) -> None:
    """A dearer tier counts; a cheaper one may not be served."""
    assert dialect.order(request_).variant == variant


@pytest.mark.parametrize(
    ("dialect", "request_"),
    [
        (RESPONSES, {"conversation": {"id": "conv_1"}}),
        (RESPONSES, {"prompt": {"id": "pmpt_1"}}),
        (openai_responses.COMPACT, {"prompt": {"id": "pmpt_1"}}),
        (RESPONSES, {"tools": [{"type": "web_search"}]}),
        (RESPONSES, {"tools": [{"type": "mcp", "server_url": "https://example.com"}]}),
        (CHAT, {"web_search_options": {}}),
        (
            CHAT,
            {
                "messages": [{"role": "assistant", "audio": {"id": "audio_1"}}],
                "modalities": ["text", "audio"],
            },
        ),
        (MESSAGES, {"mcp_servers": [{"url": "https://example.com"}]}),
        (MESSAGES, {"container": "container_1"}),
        (MESSAGES, {"tools": [{"type": "code_execution_20250825", "name": "code_execution"}]}),
    ],
)
def test_input_that_is_elsewhere(dialect: Dialect, request_: Any) -> None:
    """What the provider keeps, or reads by itself, is hidden input."""
    assert dialect.order(request_).hidden == 1


@pytest.mark.parametrize(
    ("dialect", "request_"),
    [
        (RESPONSES, {"previous_response_id": "answer"}),
        (openai_responses.COMPACT, {"previous_response_id": "answer"}),
        (MESSAGES, {"thread": {"type": "continue", "previous_message_id": "answer"}}),
    ],
)
def test_what_goes_on_from_an_answer(dialect: Dialect, request_: Any) -> None:
    """A request that goes on from an earlier answer names it."""
    order = dialect.order(request_)
    assert (order.earlier, order.hidden, order.is_plain) == ("answer", 0, False)


@pytest.mark.parametrize(
    ("dialect", "request_"),
    [
        (RESPONSES, {"previous_response_id": None, "tools": [{"type": "function"}, {"type": "custom"}]}),
        (CHAT, {"tools": [{"type": "function"}], "web_search_options": None}),
        (MESSAGES, {"tools": [{"name": "a", "input_schema": {}}, {"type": "custom"}], "container": None}),
        (MESSAGES, {"tools": [{"type": "bash_20250124"}, {"type": "text_editor_20250728"}]}),
    ],
)
def test_tools_of_the_application_hide_nothing(dialect: Dialect, request_: Any) -> None:
    """Tools that the application runs add to the prompt, and bring no input of their own."""
    order = dialect.order(request_)
    assert order.hidden == 0
    assert order.units is None
    assert order.overhead_tokens >= 400


@pytest.mark.parametrize(
    ("dialect", "request_", "units"),
    [
        (RESPONSES, {"tools": [{"type": "web_search"}], "max_tool_calls": 3}, {"web_search": 3}),
        (RESPONSES, {"tools": [{"type": "web_search_preview"}]}, {"web_search": 10}),
        (RESPONSES, {"tools": [{"type": "file_search"}]}, {"file_search": 10}),
        (RESPONSES, {"tools": [{"type": "code_interpreter"}]}, None),
        (RESPONSES, {"model": "o3-deep-research", "tools": [{"type": "web_search"}]}, {"web_search": 100}),
        (MESSAGES, {"tools": [{"type": "web_search_20250305", "max_uses": 2}]}, {"web_search": 2}),
        (MESSAGES, {"tools": [{"type": "web_search_20250305"}]}, {"web_search": 10}),
        (MESSAGES, {"tools": [{"type": "web_fetch_20250910"}]}, None),
        (openai_images.DIALECT, {"n": 2}, {"image": 2}),
        (openai_audio.SPEECH, {"input": "hello"}, {"character": 5}),
    ],
)
def test_fees(dialect: Dialect, request_: Any, units: Any) -> None:
    """Searches, images and characters are counted at the most that may be billed."""
    assert dialect.order(request_).units == units


@pytest.mark.parametrize(
    ("request_", "tokens"),
    [
        ({}, 16_384),
        ({"size": "1024x1024", "quality": "low"}, 1024),
        ({"size": "1024x1024", "quality": "auto"}, 16_384),
        ({"size": "4096x4096", "quality": "low"}, 16_384),
    ],
)
def test_images(request_: Any, tokens: int) -> None:
    """An image has the tokens of its size and quality, else of the largest one."""
    order = openai_images.DIALECT.order(request_)
    assert order.output_tokens == tokens
    assert order.draws


def test_audio() -> None:
    """Speech is as long as its text; a transcript is of a file that is not in the request."""
    assert ordered(openai_audio.SPEECH, input="hello").output_tokens == 30
    assert ordered(openai_audio.SPEECH, input=None).output_tokens == 1
    transcript = ordered(openai_audio.TRANSCRIPTION, model="whisper-1")
    assert transcript.audio_tokens == 16_000
    assert transcript.units == {"audio_second": 25_000}


def test_caching() -> None:
    """OpenAI writes to its cache unasked; a longer retention may cost more."""
    assert ordered(CHAT, n=2).cached == 1
    assert ordered(CHAT, prompt_cache_retention="24h").cached == 2
    assert ordered(RESPONSES, prompt_cache_options={"ttl": "12h"}).cached == 2


def test_other_models() -> None:
    """A router may answer with another model, and an advisor is billed at its own."""
    assert ordered(CHAT, models=["a/b", "c/d"]).models == ("a/b", "c/d")
    assert ordered(CHAT, models=None, n=2).models == ()
    advisor = {"type": "advisor_20260301", "name": "advisor", "model": "claude-opus-4-6"}
    assert ordered(MESSAGES, tools=[advisor]).advisors == ("claude-opus-4-6",)
    assert ordered(MESSAGES, tools=[{"type": "advisor_20260301"}]).advisors == ()


def test_other_output() -> None:
    """Audio, images and predictions that are rejected are output."""
    assert ordered(CHAT, modalities=["text", "audio"]).speaks
    assert ordered(CHAT, modalities=["image", "text"]).draws
    assert ordered(CHAT, prediction={"type": "content", "content": "a"}).echoes


def test_compaction_reads_the_prompt_twice() -> None:
    """Where a conversation may be summed up on the way, all of it may be billed twice."""
    edits = [{"type": "clear_tool_uses_20250919"}]
    assert ordered(MESSAGES, context_management={"edits": edits}).passes == 1
    edits.append({"type": "compact_20260112"})
    assert ordered(MESSAGES, context_management={"edits": edits}).passes == 2


def test_a_place_is_taken_from_the_request() -> None:
    """Where the request says where it is to run, that is known."""
    assert ordered(MESSAGES, inference_geo="us").geo == "us"
    assert ordered(MESSAGES, max_tokens=1).geo is None


def test_schemas_of_answers_add_to_the_prompt() -> None:
    """A schema brings a prompt of the provider's with it."""
    assert ordered(MESSAGES, output_config={"format": {"type": "json_schema"}}).overhead_tokens == 1000
