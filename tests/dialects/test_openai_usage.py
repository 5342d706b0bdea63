"""The usage object of OpenAI's shape: which bucket each count falls into, and what contradictions become."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from otel_tokens.dialects import openai_usage


ODD = ("usage_inconsistent",)

AGREEING: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    "input and output": (
        {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
        {"input": 5, "output": 2},
    ),
    "cached and written are inside the prompt": (
        {
            "prompt_tokens": 10,
            "completion_tokens": 1,
            "prompt_tokens_details": {"cached_tokens": 6, "cache_write_tokens": 3},
        },
        {"input": 1, "cache_read": 6, "cache_write": 3, "output": 1},
    ),
    "writes that live for 12 hours are a bucket of their own": (
        {
            "input_tokens": 10,
            "input_tokens_details": {
                "cache_write_tokens": 5,
                "cache_write_tokens_details": {"ttl_30m_tokens": 3, "ttl_12h_tokens": 2},
            },
            "output_tokens": 0,
        },
        {"input": 5, "cache_write": 3, "cache_write_12h": 2},
    ),
    "audio, images and video are inside the prompt": (
        {
            "prompt_tokens": 20,
            "prompt_tokens_details": {"audio_tokens": 5, "image_tokens": 4, "video_tokens": 3},
            "completion_tokens": 9,
            "completion_tokens_details": {"audio_tokens": 2, "image_tokens": 3},
        },
        {
            "input": 8,
            "input_audio": 5,
            "input_image": 4,
            "input_video": 3,
            "output": 4,
            "output_audio": 2,
            "output_image": 3,
        },
    ),
    "the cached part is split as the wire splits it": (
        {
            "input_tokens": 30,
            "input_token_details": {
                "audio_tokens": 10,
                "image_tokens": 10,
                "video_tokens": 5,
                "cached_tokens": 12,
                "cached_tokens_details": {"audio_tokens": 4, "image_tokens": 3, "video_tokens": 2},
            },
            "output_tokens": 1,
        },
        {
            "input": 2,
            "cache_read": 3,
            "input_audio": 6,
            "input_image": 7,
            "input_video": 3,
            "cache_read_audio": 4,
            "cache_read_image": 3,
            "cache_read_video": 2,
            "output": 1,
        },
    ),
    "without a split the cached part is text, then audio, then image, then video": (
        {
            "input_tokens": 30,
            "input_token_details": {
                "audio_tokens": 10,
                "image_tokens": 8,
                "video_tokens": 7,
                "cached_tokens": 25,
            },
            "output_tokens": 1,
        },
        {
            "cache_read": 5,
            "cache_read_audio": 10,
            "cache_read_image": 8,
            "cache_read_video": 2,
            "input_video": 5,
            "output": 1,
        },
    ),
    "DeepSeek says what hit the cache beside the details": (
        {"prompt_tokens": 10, "completion_tokens": 1, "prompt_cache_hit_tokens": 8},
        {"input": 2, "cache_read": 8, "output": 1},
    ),
    "DeepSeek's hits count when the details say nothing of them": (
        {
            "prompt_tokens": 10,
            "completion_tokens": 1,
            "prompt_cache_hit_tokens": 8,
            "prompt_tokens_details": {"cached_tokens": None},
        },
        {"input": 2, "cache_read": 8, "output": 1},
    ),
    "reasoning is inside the output": (
        {
            "prompt_tokens": 1,
            "completion_tokens": 10,
            "total_tokens": 11,
            "completion_tokens_details": {"reasoning_tokens": 8},
        },
        {"input": 1, "output": 2, "output_reasoning": 8},
    ),
    "reasoning is beside the output when the total says so": (
        {
            "prompt_tokens": 1,
            "completion_tokens": 10,
            "total_tokens": 19,
            "completion_tokens_details": {"reasoning_tokens": 8},
        },
        {"input": 1, "output": 10, "output_reasoning": 8},
    ),
    "the total alone is input": ({"total_tokens": 9}, {"input": 9}),
    "a whole float is a count": ({"prompt_tokens": 5.0, "completion_tokens": 2}, {"input": 5, "output": 2}),
    "null is unknown and no complaint": (
        {"prompt_tokens": 5, "completion_tokens": None, "prompt_tokens_details": None},
        {"input": 5},
    ),
    "the second name counts when the first has no count": (
        {"prompt_tokens": None, "input_tokens": 5, "completion_tokens": None, "output_tokens": 2},
        {"input": 5, "output": 2},
    ),
    "details that are no object say nothing": (
        {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": 3},
        {"input": 5, "output": 2},
    ),
    "zero is nothing": ({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, {}),
}


@pytest.mark.parametrize("name", AGREEING)
def test_counts_fall_into_buckets(name: str) -> None:
    """Every token falls into exactly one bucket, without a warning."""
    wire, buckets = AGREEING[name]
    usage, warnings = openai_usage.tokens(wire)

    assert usage is not None
    assert (dict(usage.tokens), warnings) == (buckets, ())


CONTRADICTING: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    "more cached than prompt: all of it is cached": (
        {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 9}},
        {"cache_read": 5, "output": 2},
    ),
    "more written than is left of the prompt": (
        {
            "prompt_tokens": 5,
            "completion_tokens": 2,
            "prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 9},
        },
        {"cache_read": 3, "cache_write": 2, "output": 2},
    ),
    "more for 12 hours than written": (
        {
            "prompt_tokens": 5,
            "completion_tokens": 2,
            "prompt_tokens_details": {
                "cache_write_tokens": 3,
                "cache_write_tokens_details": {"ttl_12h_tokens": 4},
            },
        },
        {"input": 2, "cache_write_12h": 3, "output": 2},
    ),
    "writes that no text is left for": (
        {
            "prompt_tokens": 10,
            "completion_tokens": 2,
            "prompt_tokens_details": {"audio_tokens": 8, "cache_write_tokens": 6},
        },
        {"input_audio": 8, "cache_write": 2, "output": 2},
    ),
    "more audio than prompt": (
        {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"audio_tokens": 9}},
        {"input_audio": 5, "output": 2},
    ),
    "more cached audio than audio": (
        {
            "prompt_tokens": 9,
            "completion_tokens": 2,
            "prompt_tokens_details": {
                "audio_tokens": 3,
                "cached_tokens": 5,
                "cached_tokens_details": {"audio_tokens": 5},
            },
        },
        {"input": 4, "cache_read": 2, "cache_read_audio": 3, "output": 2},
    ),
    "more reasoning than output cannot be inside": (
        {"prompt_tokens": 1, "completion_tokens": 3, "completion_tokens_details": {"reasoning_tokens": 8}},
        {"input": 1, "output": 3, "output_reasoning": 8},
    ),
    "more spoken than is visible": (
        {
            "prompt_tokens": 1,
            "completion_tokens": 5,
            "completion_tokens_details": {"reasoning_tokens": 4, "audio_tokens": 3},
        },
        {"input": 1, "output_reasoning": 4, "output_audio": 1},
    ),
    "a total that is neither": (
        {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 100},
        {"input": 10, "output": 5},
    ),
    "a total below": (
        {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 0},
        {"input": 10, "output": 5},
    ),
    "a negative count is none": (
        {"prompt_tokens": 5, "completion_tokens": -2},
        {"input": 5},
    ),
    "a bool is no count": ({"prompt_tokens": True, "completion_tokens": 2}, {"output": 2}),
    "a broken float is no count": ({"prompt_tokens": 1.5, "completion_tokens": 2}, {"output": 2}),
    "what is not a number is no count": (
        {"prompt_tokens": float("nan"), "completion_tokens": 2},
        {"output": 2},
    ),
    "a word is no count": ({"prompt_tokens": "5", "completion_tokens": 2}, {"output": 2}),
    "a number beyond all reason is no count": (
        {"prompt_tokens": 10**30, "completion_tokens": 2},
        {"output": 2},
    ),
    "an object is no count": ({"prompt_tokens": {"a": 1}, "completion_tokens": [2]}, {}),
}


@pytest.mark.parametrize("name", CONTRADICTING)
def test_contradictions_leave_a_warning(name: str) -> None:
    """What contradicts itself is cut to what can be, with a warning and without an exception."""
    wire, buckets = CONTRADICTING[name]
    usage, warnings = openai_usage.tokens(wire)

    assert (dict(usage.tokens) if usage is not None else {}, warnings) == (buckets, ODD)


@pytest.mark.parametrize("wire", [None, {}, [], "usage", 5, {"seconds": 3}, {"usage": {"prompt_tokens": 1}}])
def test_no_counts_are_no_usage(wire: Any) -> None:
    """What states no tokens is unknown, not zero."""
    assert openai_usage.tokens(wire) == (None, ())


@pytest.mark.parametrize(
    ("wire", "seconds"),
    [
        ({"type": "duration", "seconds": 90}, Decimal(90)),
        ({"type": "duration", "seconds": 1.5}, Decimal("1.5")),
        ({"type": "duration", "seconds": 0}, None),
        ({"type": "duration", "seconds": -1}, None),
        ({"type": "duration", "seconds": True}, None),
        ({"type": "duration"}, None),
        (None, None),
    ],
)
def test_seconds_of_audio(wire: Any, seconds: Decimal | None) -> None:
    """Seconds are exact, and only there when the wire states more than none."""
    assert openai_usage.seconds(wire) == ({} if seconds is None else {"audio_second": seconds})
