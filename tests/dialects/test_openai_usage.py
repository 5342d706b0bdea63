"""The usage object of OpenAI's shape: which bucket each count falls into, and what contradictions become."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_tokens.dialects import openai_usage
from otel_tokens.readings import Usage

from . import strategies as make


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
    "details that are empty say nothing": (
        {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": []},
        {"input": 5, "output": 2},
    ),
    "the second name counts when the first has none": (
        {"prompt_tokens": 0, "input_tokens": 5, "completion_tokens": 0, "output_tokens": 2},
        {"input": 5, "output": 2},
    ),
    "both names may say the same": (
        {"prompt_tokens": 5, "input_tokens": 5, "completion_tokens": 2, "output_tokens": 0},
        {"input": 5, "output": 2},
    ),
    "Mistral says what was cached by a number of its own": (
        {"prompt_tokens": 5, "completion_tokens": 2, "num_cached_tokens": 4},
        {"input": 1, "cache_read": 4, "output": 2},
    ),
    "Cerebras says what is image beside the details": (
        {"prompt_tokens": 5, "completion_tokens": 2, "image_tokens": 4},
        {"input": 1, "input_image": 4, "output": 2},
    ),
    "Perplexity's agents have Anthropic's names for what is inside": (
        {
            "input_tokens": 10,
            "output_tokens": 2,
            "total_tokens": 12,
            "input_tokens_details": {"cache_read_input_tokens": 6, "cache_creation_input_tokens": 3},
        },
        {"input": 1, "cache_read": 6, "cache_write": 3, "output": 2},
    ),
    "a gateway in front of Claude says how long writes live": (
        {
            "prompt_tokens": 10,
            "completion_tokens": 2,
            "total_tokens": 12,
            "prompt_tokens_details": {
                "cached_tokens": 2,
                "cache_creation_tokens": 7,
                "cache_creation_token_details": {
                    "ephemeral_5m_input_tokens": 4,
                    "ephemeral_1h_input_tokens": 3,
                },
            },
            "cache_creation_input_tokens": 7,
            "cache_read_input_tokens": 2,
        },
        {"input": 1, "cache_read": 2, "cache_write_5m": 4, "cache_write_1h": 3, "output": 2},
    ),
    "caches are beside the input when the total says so": (
        {
            "prompt_tokens": 10,
            "completion_tokens": 2,
            "total_tokens": 112,
            "cache_read_input_tokens": 70,
            "cache_creation_input_tokens": 30,
        },
        {"input": 10, "cache_read": 70, "cache_write": 30, "output": 2},
    ),
    "caches and reasoning are beside when the total says so": (
        {
            "prompt_tokens": 10,
            "completion_tokens": 2,
            "total_tokens": 25,
            "prompt_tokens_details": {"cached_tokens": 9},
            "completion_tokens_details": {"reasoning_tokens": 4},
        },
        {"input": 10, "cache_read": 9, "output": 2, "output_reasoning": 4},
    ),
    "what the total exceeds by is reasoning before it is cache": (
        {
            "prompt_tokens": 10,
            "completion_tokens": 2,
            "total_tokens": 16,
            "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens_details": {"reasoning_tokens": 4},
        },
        {"input": 6, "cache_read": 4, "output": 2, "output_reasoning": 4},
    ),
    "Perplexity's reasoning and citations are beside a total that leaves them out": (
        {
            "prompt_tokens": 10,
            "completion_tokens": 20,
            "total_tokens": 30,
            "citation_tokens": 5,
            "reasoning_tokens": 15,
            "num_search_queries": 2,
        },
        {"input": 10, "output": 20, "output_reasoning": 15, "output_citation": 5},
    ),
    "Perplexity's total may count them too": (
        {
            "prompt_tokens": 10,
            "completion_tokens": 20,
            "total_tokens": 45,
            "reasoning_tokens": 15,
            "num_search_queries": 2,
        },
        {"input": 10, "output": 20, "output_reasoning": 15},
    ),
    "reasoning beside the details is inside the output": (
        {"input_tokens": 1, "output_tokens": 9, "total_tokens": 10, "reasoning_tokens": 4},
        {"input": 1, "output": 5, "output_reasoning": 4},
    ),
    "text and video are split from the rest of the output": (
        {
            "prompt_tokens": 9,
            "completion_tokens": 9,
            "prompt_tokens_details": {"text_tokens": 6, "cached_tokens": 1},
            "completion_tokens_details": {"text_tokens": 2, "video_tokens": 7},
        },
        {"input": 8, "cache_read": 1, "output": 2, "output_video": 7},
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


UNITS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "OpenRouter's searches": ({"server_tool_use_details": {"web_search_requests": 3}}, {"web_search": 3}),
    "OpenRouter's older name": ({"server_tool_use": {"web_search_requests": 3}}, {"web_search": 3}),
    "Perplexity's queries": ({"num_search_queries": 4}, {"web_search": 4}),
    "Perplexity's agents": (
        {"tool_calls_details": {"web_search": {"invocation": 2}, "fetch_url": {"invocation": 1}, "x": 5}},
        {"web_search": 2, "web_fetch": 1},
    ),
    "xAI's tools": (
        {
            "num_sources_used": 7,
            "server_side_tool_usage_details": {
                "web_search_calls": 1,
                "x_search_calls": 2,
                "file_search_calls": 3,
                "document_search_calls": 4,
                "code_interpreter_calls": 5,
            },
        },
        {"web_search": 3, "file_search": 7},
    ),
    "Mistral's audio": ({"prompt_audio_seconds": 13}, {"audio_second": Decimal(13)}),
    "xAI's voices": ({"billable_audio_seconds": 1.5}, {"audio_second": Decimal("1.5")}),
    "nothing": ({"prompt_audio_seconds": None, "num_search_queries": 0}, {}),
}


@pytest.mark.parametrize("name", UNITS)
def test_what_is_billed_beside_tokens(name: str) -> None:
    """Searches that ran, and seconds of audio, are units; pages that were looked at are none."""
    wire, units = UNITS[name]
    usage, warnings = openai_usage.tokens({"prompt_tokens": 1, "completion_tokens": 1, **wire})

    assert usage is not None
    assert (dict(usage.units), warnings) == (units, ())


def test_units_that_are_no_counts_leave_a_warning() -> None:
    """A number of searches that cannot be one is none."""
    usage, warnings = openai_usage.tokens({"prompt_tokens": 1, "num_search_queries": -2})
    assert (usage, warnings) == (Usage({"input": 1}), ODD)


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
    "details that are no object": (
        {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": 3},
        {"input": 5, "output": 2},
    ),
    "details that are a list": (
        {"prompt_tokens": 5, "completion_tokens": 2, "completion_tokens_details": [{"reasoning_tokens": 1}]},
        {"input": 5, "output": 2},
    ),
    "two names that disagree: the first counts": (
        {"prompt_tokens": 5, "input_tokens": 6, "completion_tokens": 2},
        {"input": 5, "output": 2},
    ),
    "output that is missing is what the total leaves": (
        {"prompt_tokens": 5, "completion_tokens": None, "total_tokens": 7},
        {"input": 5, "output": 2},
    ),
    "input that is missing is what the total leaves": (
        {"prompt_tokens": -1, "completion_tokens": 2, "total_tokens": 7},
        {"input": 5, "output": 2},
    ),
    "copied cache counts that are more than the input cannot be inside": (
        {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7, "cache_read_input_tokens": 90},
        {"input": 5, "cache_read": 90, "output": 2},
    ),
    "more text than there is besides audio": (
        {
            "prompt_tokens": 5,
            "completion_tokens": 2,
            "prompt_tokens_details": {"audio_tokens": 3, "text_tokens": 4},
        },
        {"input": 2, "input_audio": 3, "output": 2},
    ),
    "more text than prompt and output": (
        {
            "prompt_tokens": 5,
            "completion_tokens": 2,
            "prompt_tokens_details": {"text_tokens": 6},
            "completion_tokens_details": {"text_tokens": 3},
        },
        {"input": 5, "output": 2},
    ),
    "more cached text than was cached": (
        {
            "prompt_tokens": 9,
            "completion_tokens": 2,
            "prompt_tokens_details": {
                "audio_tokens": 3,
                "cached_tokens": 4,
                "cached_tokens_details": {"text_tokens": 5},
            },
        },
        {"input": 2, "input_audio": 3, "cache_read": 4, "output": 2},
    ),
    "Perplexity's total that counts something else": (
        {
            "prompt_tokens": 10,
            "completion_tokens": 20,
            "total_tokens": 31,
            "reasoning_tokens": 15,
            "num_search_queries": 2,
        },
        {"input": 10, "output": 20, "output_reasoning": 15},
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
    "a count is written as a word": (
        {"prompt_tokens": "5", "completion_tokens": 2},
        {"input": 5, "output": 2},
    ),
    "a word is no count": ({"prompt_tokens": "five", "completion_tokens": 2}, {"output": 2}),
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


@pytest.mark.parametrize("wire", [None, {}, [], "", 0, {"seconds": 3}, {"usage": {"prompt_tokens": 1}}])
def test_no_counts_are_no_usage(wire: Any) -> None:
    """What states no tokens is unknown, not zero."""
    assert openai_usage.tokens(wire) == (None, ())


@pytest.mark.parametrize("wire", ["usage", 5, True, [{"prompt_tokens": 1}]])
def test_what_is_no_object_is_no_usage(wire: Any) -> None:
    """Usage that is no object states nothing, which is noted."""
    assert openai_usage.tokens(wire) == (None, ODD)


def test_a_part_of_usage_is_taken_out() -> None:
    """What other usages were counted in is left over; what is not inside cannot be taken out."""
    whole = Usage({"input": 9, "output": 4}, {"web_search": 2})
    part = Usage({"input": 5, "output": 4}, {"web_search": 1})

    assert openai_usage.split(whole, [part]) == Usage({"input": 4}, {"web_search": 1})
    assert openai_usage.split(whole, [whole]) == Usage()
    assert openai_usage.split(whole, [part, part]) is None
    assert openai_usage.split(whole, [Usage({}, {"file_search": 1})]) is None


# Laws.

LAW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
EVERYTHING: dict[str, Any] = {
    "prompt_tokens": 100,
    "input_tokens": 100,
    "completion_tokens": 30,
    "output_tokens": 30,
    "total_tokens": 130,
    "prompt_tokens_details": {
        "cached_tokens": 40,
        "cache_write_tokens": 10,
        "text_tokens": 60,
        "audio_tokens": 20,
        "image_tokens": 5,
        "video_tokens": 15,
        "cached_tokens_details": {"text_tokens": 30, "audio_tokens": 4, "image_tokens": 1},
        "cache_write_tokens_details": {"ttl_12h_tokens": 3},
        "cache_creation_token_details": {"ephemeral_1h_input_tokens": 4},
    },
    "completion_tokens_details": {
        "reasoning_tokens": 12,
        "audio_tokens": 3,
        "image_tokens": 2,
        "video_tokens": 1,
        "text_tokens": 12,
    },
    "cache_read_input_tokens": 40,
    "cache_creation_input_tokens": 10,
    "num_search_queries": 1,
    "citation_tokens": 0,
    "prompt_audio_seconds": 3,
    "server_tool_use_details": {"web_search_requests": 1},
    "server_side_tool_usage_details": {"x_search_calls": 1},
    "tool_calls_details": {"fetch_url": {"invocation": 1}},
}
SEARCHING = ("citation_tokens", "num_search_queries")
wires = st.one_of(make.mutations(EVERYTHING), make.json_values, make.openai_usages())


@LAW
@given(wire=wires)
def test_any_usage_is_read(wire: Any) -> None:
    """Whatever stands where the usage should be, only counts that can be come out of it."""
    usage, warnings = openai_usage.tokens(wire)

    assert set(warnings) <= set(ODD)
    if usage is not None:
        assert all(type(count) is int and count > 0 for count in usage.tokens.values())
        assert all(number > 0 for number in usage.units.values())


@LAW
@given(wire=make.mutations({name: EVERYTHING[name] for name in EVERYTHING if name not in SEARCHING}))
def test_buckets_add_up_to_the_total(wire: Any) -> None:
    """Without a warning, the buckets are the total that is stated, wherever caches and reasoning are."""
    usage, warnings = openai_usage.tokens(wire)
    if usage is not None and not warnings and wire.get("total_tokens") is not None:
        assert sum(usage.tokens.values()) == wire["total_tokens"]


small = st.integers(0, 40)


@LAW
@given(prompt=small, completion=small, data=st.data())
def test_details_never_change_the_totals(prompt: int, completion: int, data: st.DataObject) -> None:
    """However details contradict, input and output are what is stated, unless something is beside them."""
    given_, made = (
        {name: data.draw(small) for name in names}
        for names in (
            (
                "cached_tokens",
                "cache_write_tokens",
                "audio_tokens",
                "image_tokens",
                "video_tokens",
                "text_tokens",
            ),
            ("audio_tokens", "image_tokens", "video_tokens", "text_tokens", "reasoning_tokens"),
        )
    )
    given_["cached_tokens_details"] = {"text_tokens": data.draw(small), "audio_tokens": data.draw(small)}
    usage, warnings = openai_usage.tokens(
        {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": given_,
            "completion_tokens_details": made,
        }
    )
    beside = made["reasoning_tokens"] if made["reasoning_tokens"] > completion else 0

    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (prompt, completion + beside)
    assert not beside or warnings == ODD
    read = usage.cache_read_tokens
    assert read == min(prompt, given_["cached_tokens"])
    clamped = read < given_["cached_tokens"] or usage.cache_write_tokens < given_["cache_write_tokens"]
    assert not clamped or warnings == ODD


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
