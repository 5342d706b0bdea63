"""Anthropic messages: whole, streamed, with cache, thinking, searches and steps."""

from __future__ import annotations

from typing import Any

import pytest

from anthropic.types import Message, MessageDeltaUsage, RawMessageDeltaEvent, RawMessageStartEvent

from otel_tokens.dialects import anthropic_messages
from otel_tokens.dialects.dialect import GOES_ON
from otel_tokens.readings import Part, Usage

from . import strategies as make
from .examples import ANTHROPIC_USAGE, MESSAGE


ODD = ("usage_inconsistent",)


def fold(*events: Any) -> Any:
    """What the events add up to."""
    folding = anthropic_messages.MessageEvents()
    for event in events:
        folding.see(event)
    return folding.body()


def test_a_message_is_read() -> None:
    """A message says who answered, why it ended, where it ran, and its tokens; steps have their own."""
    reading = anthropic_messages.read(MESSAGE)

    assert (reading.model, reading.id, reading.finish_reasons) == ("claude-a", "msg_1", ("end_turn",))
    assert (reading.service_tier, reading.variant, reading.inference_geo) == ("standard", "standard", "us")
    assert reading.usage == Usage(
        {
            "input": 17,
            "cache_read": 40,
            "cache_write_5m": 20,
            "cache_write_1h": 10,
            "output": 47,
            "output_reasoning": 6,
        },
        {"web_search": 2, "web_fetch": 1},
    )
    assert reading.parts == (Part(model="claude-b", usage=Usage({"input": 5, "output": 4})),)
    assert (reading.error_type, reading.warnings) == (None, ())


CASES: dict[str, tuple[dict[str, Any], dict[str, int], tuple[str, ...]]] = {
    "reads and writes are beside the input": (
        {
            "input_tokens": 1,
            "cache_read_input_tokens": 2,
            "cache_creation_input_tokens": 3,
            "output_tokens": 4,
        },
        {"input": 1, "cache_read": 2, "cache_write_5m": 3, "output": 4},
        (),
    ),
    "what the split does not cover lives for 5 minutes": (
        {
            "input_tokens": 1,
            "cache_creation_input_tokens": 30,
            "cache_creation": {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 10},
            "output_tokens": 4,
        },
        {"input": 1, "cache_write_5m": 20, "cache_write_1h": 10, "output": 4},
        (),
    ),
    "a split without a total is the total": (
        {
            "input_tokens": 1,
            "cache_creation": {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 10},
            "output_tokens": 4,
        },
        {"input": 1, "cache_write_5m": 5, "cache_write_1h": 10, "output": 4},
        (),
    ),
    "a split larger than the total is cut": (
        {
            "input_tokens": 1,
            "cache_creation_input_tokens": 6,
            "cache_creation": {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 10},
            "output_tokens": 4,
        },
        {"input": 1, "cache_write_1h": 6, "output": 4},
        ODD,
    ),
    "a split of nothing": (
        {
            "input_tokens": 1,
            "cache_creation_input_tokens": 0,
            "cache_creation": {"ephemeral_5m_input_tokens": 5},
            "output_tokens": 4,
        },
        {"input": 1, "output": 4},
        ODD,
    ),
    "thinking is inside the output": (
        {"input_tokens": 1, "output_tokens": 4, "output_tokens_details": {"thinking_tokens": 3}},
        {"input": 1, "output": 1, "output_reasoning": 3},
        (),
    ),
    "more thinking than output is cut": (
        {"input_tokens": 1, "output_tokens": 4, "output_tokens_details": {"thinking_tokens": 9}},
        {"input": 1, "output_reasoning": 4},
        ODD,
    ),
    "null and absent are unknown": (
        {"input_tokens": 1, "output_tokens": 4, "cache_read_input_tokens": None, "cache_creation": None},
        {"input": 1, "output": 4},
        (),
    ),
    "output alone": ({"output_tokens": 4}, {"output": 4}, ()),
    "what cannot be a count": (
        {"input_tokens": -1, "output_tokens": 4, "cache_read_input_tokens": True},
        {"output": 4},
        ODD,
    ),
    "a number beyond all reason": ({"input_tokens": 2**62, "output_tokens": 4.0}, {"output": 4}, ODD),
    "parts that are no objects": (
        {"input_tokens": 1, "output_tokens": 4, "cache_creation": 3, "server_tool_use": [], "iterations": 7},
        {"input": 1, "output": 4},
        (),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_counts_fall_into_buckets(name: str) -> None:
    """Every token falls into exactly one bucket; contradictions leave a warning and no exception."""
    usage, buckets, warnings = CASES[name]
    reading = anthropic_messages.read({"usage": usage})

    assert (reading.usage, reading.warnings) == (Usage(buckets), warnings)


@pytest.mark.parametrize("usage", [None, {}, {"cache_read_input_tokens": 3}, "usage", [1]])
def test_no_counts_are_no_usage(usage: Any) -> None:
    """What states neither input nor output is unknown, not zero."""
    reading = anthropic_messages.read({"usage": usage})
    assert (reading.usage, reading.parts) == (None, ())


@pytest.mark.parametrize(
    ("stated", "variant"),
    [
        ({"service_tier": "batch"}, "batch"),
        ({"service_tier": "batch", "speed": "fast"}, "batch"),
        ({"service_tier": "standard", "speed": "fast"}, "fast"),
        ({"service_tier": "standard"}, "standard"),
        ({"speed": "standard"}, None),
        ({}, None),
    ],
)
def test_what_was_billed(stated: dict[str, Any], variant: str | None) -> None:
    """Batches and fast answers have rates of their own."""
    usage = {"input_tokens": 1, "output_tokens": 1, **stated}
    assert anthropic_messages.read({"usage": usage}).variant == variant


def test_steps_without_counts_are_none() -> None:
    """A step that states nothing, or is in the totals already, adds nothing."""
    steps = [
        {"type": "compaction"},
        {"type": "advisor_message", "model": "x"},
        {"type": "message", "input_tokens": 9, "output_tokens": 9},
        {"type": "fallback_message", "model": "y", "input_tokens": 9, "output_tokens": 9},
        {"type": "advisor_message", "input_tokens": 5, "output_tokens": 0},
        None,
        7,
    ]
    usage = {"input_tokens": 1, "output_tokens": 2, "iterations": steps}
    reading = anthropic_messages.read({"usage": usage})

    assert reading.usage == Usage({"input": 1, "output": 2})
    assert reading.parts == (Part(model=None, usage=Usage({"input": 5})),)


def test_an_error_that_came_as_a_body() -> None:
    """The type of an error is known, and never its words."""
    assert anthropic_messages.read({"error": {"type": "overloaded_error", "message": "m"}}).error_type == (
        "overloaded_error"
    )
    assert anthropic_messages.read({"error": "boom"}).error_type == "_OTHER"


def test_the_model_of_the_anthropic_package_reads_like_its_json() -> None:
    """A model of the client library is read like the JSON that it was made of, events too."""
    whole = Message.construct(**MESSAGE)
    assert anthropic_messages.read(whole) == anthropic_messages.read(MESSAGE)
    assert list(anthropic_messages.answer(whole)) == list(anthropic_messages.answer(MESSAGE))

    start = RawMessageStartEvent.construct(type="message_start", message=MESSAGE)
    counts = {**ANTHROPIC_USAGE, "cache_creation": None, "brand_new": 1}
    end = RawMessageDeltaEvent.construct(
        type="message_delta",
        delta={"stop_reason": "end_turn"},
        usage=MessageDeltaUsage.construct(**counts),
    )
    assert anthropic_messages.read(fold(start, end)) == anthropic_messages.read(MESSAGE)


def start(**usage: Any) -> dict[str, Any]:
    """The first event of a stream."""
    return {"type": "message_start", "message": {"id": "i", "model": "m", "usage": usage}}


def end(reason: str | None = "end_turn", **usage: Any) -> dict[str, Any]:
    """The last event that counts."""
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


@pytest.mark.parametrize(
    ("events", "buckets"),
    [
        pytest.param(
            [start(input_tokens=5, output_tokens=1), end(output_tokens=9)],
            {"input": 5, "output": 9},
            id="the placeholder is replaced",
        ),
        pytest.param(
            [start(input_tokens=5, output_tokens=1), end(None, output_tokens=4), end(output_tokens=9)],
            {"input": 5, "output": 9},
            id="the last delta wins",
        ),
        pytest.param(
            [start(input_tokens=5, output_tokens=1), end(input_tokens=8, output_tokens=9)],
            {"input": 8, "output": 9},
            id="input may grow",
        ),
        pytest.param(
            [
                start(input_tokens=5, cache_read_input_tokens=3, output_tokens=1),
                end(input_tokens=None, cache_read_input_tokens=None, output_tokens=9),
            ],
            {"input": 5, "cache_read": 3, "output": 9},
            id="a count that vanishes keeps its last value",
        ),
        pytest.param(
            [
                start(
                    input_tokens=5,
                    cache_creation_input_tokens=6,
                    cache_creation={"ephemeral_1h_input_tokens": 6},
                    output_tokens=1,
                ),
                end(cache_creation_input_tokens=8, output_tokens=9),
            ],
            {"input": 5, "cache_write_5m": 2, "cache_write_1h": 6, "output": 9},
            id="writes may grow past the split",
        ),
    ],
)
def test_usage_in_a_stream(events: list[Any], buckets: dict[str, int]) -> None:
    """Counts of a stream are never added up: for each field the last one that was stated counts."""
    reading = anthropic_messages.read(fold(*events))
    assert (reading.usage, reading.warnings) == (Usage(buckets), ())


def test_a_delta_without_counts_is_not_the_end() -> None:
    """A delta that states nothing leaves the counts as they were."""
    folding = anthropic_messages.MessageEvents()
    folding.see(start(input_tokens=5, output_tokens=1))
    delta = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}

    assert folding.see(delta) == GOES_ON
    assert anthropic_messages.read(folding.body()).usage == Usage({"input": 5, "output": 1})


def test_the_end_is_known() -> None:
    """After the delta with the reason and the counts, the message is whole."""
    folding = anthropic_messages.MessageEvents()
    events = [start(input_tokens=5), end(None, output_tokens=2), end(output_tokens=3)]

    assert [folding.see(event) != GOES_ON for event in events] == [False, False, True]


def test_a_stream_that_was_cut_has_what_came() -> None:
    """Who answers and the input are known from the first event, and the text from those that came."""
    events = list(make.anthropic_events(MESSAGE | {"content": MESSAGE["content"][:2]}, 1, repeats=False))
    body = fold(*events[:-2])
    reading = anthropic_messages.read(body)

    assert (reading.model, reading.id, reading.finish_reasons) == ("claude-a", "msg_1", ())
    assert list(anthropic_messages.answer(body)) == ["Hm", "Hi"]
    assert anthropic_messages.read(fold()).usage is None


def test_blocks_of_every_kind_come_together() -> None:
    """Text, thinking, the input of a tool and what nobody knows come together in their order."""
    opened = [
        {"type": "text", "text": "a"},
        {"type": "tool_use", "id": "t", "name": "f", "input": {}},
        {"type": "thinking", "thinking": ""},
        {"type": "web_search_tool_result", "content": []},
        {"type": "server_tool_use", "id": "s", "name": "web_search"},
    ]
    deltas = [
        {"type": "text_delta", "text": "b"},
        {"type": "input_json_delta", "partial_json": '{"a"'},
        {"type": "thinking_delta", "thinking": "Hm"},
        {"type": "citations_delta", "citation": {}},
        {"type": "input_json_delta", "partial_json": "{}"},
    ]
    events: list[dict[str, Any]] = []
    for index, block in enumerate(opened):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events.append({"type": "content_block_delta", "index": index, "delta": deltas[index]})
    more = {"type": "input_json_delta", "partial_json": ": 1}"}
    events.append({"type": "content_block_delta", "index": 1, "delta": more})
    events.append({"type": "content_block_delta", "index": 9, "delta": {"type": "text_delta", "text": "!"}})

    assert fold(*events)["content"] == [
        {"type": "text", "text": "ab"},
        {"type": "tool_use", "id": "t", "name": "f", "input": '{"a": 1}'},
        {"type": "thinking", "thinking": "Hm"},
        {"type": "web_search_tool_result"},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": "{}"},
        {"type": "text", "text": "!"},
    ]


def test_an_error_in_a_stream() -> None:
    """An error that comes as an event is what the stream ended with."""
    error = {"type": "error", "error": {"type": "overloaded_error"}}
    assert anthropic_messages.read(fold(start(input_tokens=5), error)).error_type == "overloaded_error"
    assert anthropic_messages.read(fold({"type": "error"})).error_type == "error"
