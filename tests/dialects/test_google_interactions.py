"""Google's interactions: whole, streamed, in the background, and what they search for."""

from __future__ import annotations

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.dialects import google_decisions, google_interactions
from otel_tokens.dialects.dialect import FINAL, GOES_ON
from otel_tokens.dialects.google_fees import MAPS_UNPRICED, TOOL_TOKENS_FREE
from otel_tokens.dialects.order import Order
from otel_tokens.readings import Reading, Usage

from .examples_google import INTERACTION, INTERACTION_USAGE, REQUESTS, STEPS, STREAMS


read = google_interactions.read
EVENTS = STREAMS["google.interactions"]
PLAIN = {"total_tokens": 5, "total_input_tokens": 3, "total_output_tokens": 2}
COUNTED = {"input": 3, "output": 2}


def interaction(**fields: Any) -> dict[str, Any]:
    """An interaction that has ended."""
    return {"id": "i", "status": "completed", "model": "gemini-3-flash", "usage": PLAIN, **fields}


def folded(*events: Any) -> Any:
    """What events add up to."""
    folding = google_interactions.InteractionEvents()
    for event in events:
        folding.see(event)
    return folding.body()


def test_an_interaction() -> None:
    """An interaction says who answered, what was used and searched for, and how it ended."""
    assert read(INTERACTION) == Reading(
        model="gemini-3-flash-preview",
        id="v1_a",
        usage=Usage(
            {
                "input": 70,
                "input_image": 10,
                "cache_read": 20,
                "input_tool": 5,
                "output": 15,
                "output_reasoning": 20,
            },
            {"web_search": 2},
        ),
        finish_reasons=("completed",),
        choices=1,
        finished=True,
        variant="standard",
        service_tier="standard",
        warnings=(MAPS_UNPRICED,),
    )


def test_an_interaction_in_the_background() -> None:
    """Before it has ended, an interaction says no more than its id and who works on it."""
    body = {"id": "i", "status": "in_progress", "agent": "deep-research"}
    reading = read(body)
    assert (reading.id, reading.model, reading.usage) == ("i", "deep-research", None)
    assert not reading.finished
    assert google_interactions.DIALECT.remembered
    assert google_interactions.FETCH.once


@pytest.mark.parametrize(
    ("fields", "searches"),
    [
        ({}, 0),
        ({"steps": STEPS}, 2),
        ({"outputs": STEPS}, 2),
        ({"steps": STEPS, "model": "gemini-2.5-flash"}, 1),
        ({"steps": [{"type": "google_search_call"}, "x", {"type": "google_search_call", "arguments": 1}]}, 0),
        ({"steps": STEPS, "usage": {**PLAIN, "grounding_tool_count": []}}, 2),
        ({"usage": {**PLAIN, "grounding_tool_count": [{"type": "google_search", "count": 5}]}}, 5),
        ({"usage": {**PLAIN, "grounding_tool_count": [{"type": "retrieval", "count": 5}, {}]}}, 0),
    ],
)
def test_searches(fields: Any, searches: int) -> None:
    """Searches are billed as the usage counts them, or else as the steps do."""
    usage = read(interaction(**fields)).usage
    assert usage == Usage(COUNTED, {"web_search": searches} if searches else {})


def test_a_count_of_searches_that_is_none() -> None:
    """A broken count warns, and a huge one is refused."""
    for count in (-1, 2**60, "x"):
        counted = {**PLAIN, "grounding_tool_count": [{"type": "google_search", "count": count}]}
        assert read(interaction(usage=counted)).warnings == ("usage_inconsistent",)


@pytest.mark.parametrize(
    ("steps", "warnings"),
    [
        (STEPS[1:2], (TOOL_TOKENS_FREE,)),
        ([{"type": "google_maps_call"}], (MAPS_UNPRICED, TOOL_TOKENS_FREE)),
        (STEPS[1:3], ()),
        ([], ()),
    ],
)
def test_what_a_search_feeds_back_is_marked(steps: list[Any], warnings: tuple[str, ...]) -> None:
    """Tokens of tools are counted; that those of a search are not charged is said beside them."""
    usage = {**PLAIN, "total_tool_use_tokens": 7, "total_tokens": 12}
    reading = read(interaction(usage=usage, steps=steps))
    assert reading.usage is not None
    assert reading.usage.tokens == {"input": 3, "input_tool": 7, "output": 2}
    assert reading.warnings == warnings


def test_a_stream() -> None:
    """The events fold to the interaction, with the steps that came before the last one."""
    folding = google_interactions.InteractionEvents()
    assert [folding.see(event) for event in EVENTS] == [GOES_ON] * (len(EVENTS) - 2) + [FINAL] * 2
    body = folding.body()

    assert body["steps"] == [
        {"type": "thought"},
        {"type": "google_search_call", "arguments": {"queries": ["a", "b"]}},
        {"type": "function_call", "name": "f", "arguments": '{"a": 1}'},
        {"type": "text", "content": [{"type": "text", "text": "Hi"}]},
    ]
    assert list(google_interactions.answer(body)) == ["f", '{"a": 1}', "Hi"]
    reading = read(body)
    assert reading.usage == read(INTERACTION).usage
    assert reading.error_type == "c"


def test_a_stream_that_was_cut() -> None:
    """A stream without its end has no usage, and the text so far."""
    body = folded(*EVENTS[:9])
    assert (read(body).usage, read(body).id) == (None, "v1_a")
    assert list(google_interactions.answer(body))[-1] == "Hi"
    assert folded(None, 7, {}) == {"steps": []}


def test_a_stream_that_brings_its_steps_with_it() -> None:
    """Steps that come with the interaction hold where none came before it."""
    assert folded({"interaction": INTERACTION})["steps"] == STEPS
    thought = {"delta": {"type": "thought_summary", "content": {"type": "text", "text": "Hm"}}}
    assert list(google_interactions.answer(folded(thought))) == ["Hm"]


@pytest.mark.parametrize("status", ["completed", "requires_action", "failed", "cancelled", "incomplete"])
def test_every_status_that_ends(status: str) -> None:
    """An interaction with a final status and its usage is the last event."""
    folding = google_interactions.InteractionEvents()
    assert folding.see({"interaction": interaction(status=status)}) == FINAL
    assert folding.see({"interaction": {"status": "in_progress"}}) == GOES_ON


def test_a_live_interaction() -> None:
    """A live interaction ends with its usage, and says before who works on it."""
    folding = google_interactions.InteractionEvents()
    events = [
        {"event_type": "interaction.create", "model": "gemini-3-flash"},
        {"event_type": "interaction.created", "interaction_id": "i"},
        {"event_type": "step.delta", "index": 0, "delta": {"type": "text", "text": "Hi"}},
        {"event_type": "interaction.completed", "usage": PLAIN, "status": {"code": 0}},
    ]
    assert [folding.see(event) for event in events] == [GOES_ON, GOES_ON, GOES_ON, FINAL]
    reading = read(folding.body())
    assert (reading.id, reading.model, reading.usage) == ("i", "gemini-3-flash", Usage(COUNTED))
    assert reading.finished


@pytest.mark.parametrize(
    "event",
    [
        {"event_type": "step.stop", "index": 0, "usage": PLAIN, "step_usage": {"total_tokens": 1}},
        {"event_type": "step.delta", "delta": {}, "metadata": {"total_usage": PLAIN}},
        {"event_type": "interaction.status_update", "status": "in_progress", "usage": PLAIN},
        {"usage": PLAIN},
    ],
)
def test_usage_so_far(event: Any) -> None:
    """Usage that comes with a step holds where the stream is cut, and is not final."""
    folding = google_interactions.InteractionEvents()
    assert folding.see({"interaction": {"id": "i", "status": "in_progress"}}) == GOES_ON
    assert folding.see(event) == GOES_ON
    reading = read(folding.body())
    assert reading.usage == Usage(COUNTED)
    assert not reading.finished
    last = {**PLAIN, "total_output_tokens": 7, "total_tokens": 10}
    assert folding.see({"interaction": interaction(usage=last)}) == FINAL
    assert read(folding.body()).usage == Usage({"input": 3, "output": 7})


def test_a_decision() -> None:
    """The answers to several questions about one input have one usage."""
    body = {"answers": {"q": {"score": 0.5, "reason": "r"}}, "usage": PLAIN}
    reading = google_decisions.read(body)
    assert (reading.usage, reading.finish_reasons) == (Usage(COUNTED), ())
    assert reading.finished
    assert list(google_decisions.answer(body)) == ["q", "score", "reason", "r"]
    request = {"input": "Hi", "questions": {"q": {"instructions": "Score it"}}}
    assert list(google_decisions.prompt(request)) == ["Hi", "q", "instructions", "Score it"]


def test_a_decision_that_was_blocked() -> None:
    """An input that was blocked has a reason in place of answers."""
    reading = google_decisions.read({"prompt_feedback": {"block_reason": "safety"}})
    assert (reading.usage, reading.finish_reasons) == (None, ("safety",))
    assert reading.finished
    assert not google_decisions.read({}).finished


def test_an_interaction_that_failed() -> None:
    """An error is known by its code."""
    assert read(interaction(status="failed", error={"code": "internal"})).error_type == "internal"


def test_the_answer_of_a_whole_interaction() -> None:
    """Summaries of thoughts, calls of functions and messages are the answer."""
    assert list(google_interactions.answer(INTERACTION)) == ["Hm", "f", "a", "Hi"]


def test_what_is_asked_for() -> None:
    """A request states its settings under the names of the conventions."""
    assert google_interactions.asked(REQUESTS["google.interactions"]) == {
        "temperature": 0.5,
        "top_p": 1,
        "seed": 7,
        "max_tokens": 20,
        "stop_sequences": ["a"],
        "reasoning.level": "low",
        "previous_response.id": "v1_0",
    }
    assert google_interactions.asked({}) == {}


def test_what_is_ordered() -> None:
    """An agent, tools of Google's, files and an earlier interaction are more than the request shows."""
    assert google_interactions.order(REQUESTS["google.interactions"]) == Order(
        20,
        variant="priority",
        hidden=3,
        overhead_tokens=400,
        units={"web_search": 100},
        earlier="v1_0",
    )
    assert google_interactions.order({"input": "Hi"}) == Order()
    searching = {"tools": [{"type": "google_search"}]}
    assert google_interactions.order(searching).units == {"web_search": 10}


def test_the_texts_of_a_request() -> None:
    """The instruction, every form of the input, results of functions and the tools are texts."""
    texts = list(google_interactions.prompt(REQUESTS["google.interactions"]))
    assert texts[:5] == ["Be brief", "plain", "Hi", "r", "x"]
    assert "parameters" in texts
    assert list(google_interactions.prompt({"input": "Hi"})) == ["Hi"]


@given(said=st.lists(st.text(min_size=1, max_size=5), max_size=4), count=st.integers(0, 10**6))
def test_a_stream_reads_like_its_body(said: list[str], count: int) -> None:
    """An interaction costs the same, streamed or whole."""
    usage = {**INTERACTION_USAGE, "total_output_tokens": 15 + count, "total_tokens": 140 + count}
    whole = {**INTERACTION, "usage": usage, "steps": []}
    deltas = [{"index": 0, "delta": {"type": "text", "text": piece}} for piece in said]
    again = folded({"index": 0, "step": {"type": "model_output"}}, *deltas, {"interaction": whole})
    assert read(again) == read(whole)
    assert "".join(google_interactions.answer(again)) == "".join(said)
