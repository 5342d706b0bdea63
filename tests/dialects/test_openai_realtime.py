"""Sessions of realtime: each response and each transcription once, live seconds as totals."""

from __future__ import annotations

import json

from decimal import Decimal
from typing import Any

import pytest

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai.types.realtime import ResponseDoneEvent

from otel_tokens.dialects import openai_realtime
from otel_tokens.dialects.dialect import FINAL, GOES_ON
from otel_tokens.dialects.openai_realtime_messages import content
from otel_tokens.readings import Part, Reading, Usage

from . import strategies as make
from .examples_realtime import CREATED, DONE, EVENTS, HEARD, LIVE, USAGE


BUCKETS = {
    "input": 10,
    "cache_read": 20,
    "input_audio": 40,
    "cache_read_audio": 60,
    "output": 10,
    "output_audio": 40,
}


def fold(*events: Any) -> Any:
    """The session that events add up to."""
    folding = openai_realtime.SessionEvents()
    for event in events:
        folding.see(event)
    return folding.body()


def read(*events: Any) -> Reading:
    """What a session says of itself."""
    return openai_realtime.read(fold(*events))


def done(name: Any, **response: Any) -> dict[str, Any]:
    """The end of a response."""
    return {"type": "response.done", "response": {**DONE["response"], "id": name, **response}}


def test_a_session_is_read() -> None:
    """A session says its model, the tokens of its response by modality, and what transcribing took."""
    reading = read(*EVENTS)

    assert (reading.model, reading.id, reading.finish_reasons) == ("gpt-realtime", "resp_1", ("completed",))
    assert reading.usage == Usage(BUCKETS)
    assert reading.parts == (Part("gpt-realtime-whisper", Usage({}, {"audio_second": Decimal(3)})),)
    assert (reading.finished, reading.error_type, reading.warnings) == (True, None, ())


def test_responses_add_up_and_count_once() -> None:
    """Every response of a session is billed, and one that is told twice is one."""
    reading = read(CREATED, done("a"), done("b", status="incomplete"), done("a"))

    assert reading.usage == Usage({bucket: 2 * count for bucket, count in BUCKETS.items()})
    assert reading.finish_reasons == ("completed", "incomplete")
    assert reading.id is None


def test_a_response_without_usage_adds_nothing() -> None:
    """A response that was cancelled before it began may state none."""
    reading = read(CREATED, done("a", usage=None, status="cancelled"), done("b"))
    assert (reading.usage, reading.finish_reasons) == (Usage(BUCKETS), ("cancelled", "completed"))


def test_responses_without_a_name_are_all_counted() -> None:
    """What has no id cannot be known to be the same."""
    usage = read(done(None), done(""), done(5)).usage
    assert usage is not None
    assert usage.input_tokens == 3 * 130


def test_xai_states_the_usage_beside_the_response() -> None:
    """An empty usage in the response is none; xAI's own is beside it, with the seconds that it bills."""
    event = {**done("a", usage={}), "usage": {**USAGE, "billable_audio_seconds": 2}}
    assert read(event).usage == Usage(BUCKETS, {"audio_second": Decimal(2)})


def test_one_event_reads_like_a_session_of_one_response() -> None:
    """The end of a response says all of it, as JSON and as a model of the client library."""
    reading = openai_realtime.read(DONE)

    assert (reading.model, reading.id, reading.usage) == (None, "resp_1", Usage(BUCKETS))
    assert openai_realtime.read(ResponseDoneEvent.construct(**DONE)).usage == reading.usage
    assert openai_realtime.read({"type": "response.created"}) == Reading()


@pytest.mark.parametrize(
    "session",
    [
        {"audio": {"input": {"transcription": {"model": "whisper-1"}}}},
        {"input_audio_transcription": {"model": "whisper-1"}},
    ],
)
def test_transcriptions_are_at_the_model_that_made_them(session: Any) -> None:
    """The names of the beta and of today both say who transcribes, and each item counts once."""
    tokens = {
        "type": "tokens",
        "input_tokens": 9,
        "input_token_details": {"audio_tokens": 8, "text_tokens": 1},
        "output_tokens": 4,
        "total_tokens": 13,
    }
    reading = read(
        {"type": "session.updated", "session": {"model": "m", **session}},
        {**HEARD, "usage": tokens},
        {**HEARD, "usage": tokens},
        {**HEARD, "content_index": 1},
        {**HEARD, "item_id": None, "content_index": "?"},
        {**HEARD, "item_id": "item_2", "usage": {"type": "duration", "seconds": 0}},
    )
    usage = Usage({"input": 1, "input_audio": 8, "output": 4}, {"audio_second": Decimal(6)})

    assert (reading.usage, reading.parts) == (None, (Part("whisper-1", usage),))


def test_a_session_that_only_transcribes() -> None:
    """Without a model of its own, a session is at the model that transcribes."""
    session = {"audio": {"input": {"transcription": {"model": "gpt-transcribe"}}}}
    reading = read({"type": "session.created", "session": session}, HEARD)

    assert (reading.model, reading.usage) == ("gpt-transcribe", Usage({}, {"audio_second": Decimal(3)}))
    assert reading.parts == ()


def test_live_seconds_are_totals() -> None:
    """The seconds of a live session grow; what it delegates is at the models that it asks."""
    folding = openai_realtime.SessionEvents()
    progress = [folding.see(event) for event in LIVE]
    reading = openai_realtime.read(folding.body())

    assert progress == [GOES_ON] * 6 + [FINAL]
    assert (reading.model, reading.usage) == ("gpt-live-1", Usage({}, {"audio_second": Decimal(30)}))
    assert reading.parts == (
        Part("gpt-a", Usage({"input": 5, "output": 2})),
        Part("gpt-b", Usage({"input": 3, "output": 1})),
    )
    assert list(openai_realtime.answer(folding.body())) == ["Hi"]


def test_events_of_a_delegated_response_before_its_end_cost_nothing() -> None:
    """Only the end of a delegated response has its usage."""
    for kind in ("response.created", None, []):
        nested = {"type": kind, "response": {"id": "r", "usage": {"input_tokens": 5}}}
        assert read(LIVE[0], {"type": "response.event", "event": nested}).parts == ()


def test_responses_by_websocket() -> None:
    """The Responses API by a websocket ends each answer in its own way, and names the model there."""
    response = {"id": "r", "model": "gpt-a", "status": "completed", "usage": {"input_tokens": 5}}
    reading = read({"type": "response.completed", "response": response})
    assert (reading.model, reading.usage) == ("gpt-a", Usage({"input": 5}))


def test_an_error_of_a_session_is_known() -> None:
    """An error comes as an event, and the session goes on."""
    error = {"type": "error", "error": {"type": "invalid_request_error", "code": "bad"}}
    assert read(error, DONE).error_type == "bad"


def test_the_texts_of_a_session() -> None:
    """Transcripts, texts and arguments of responses, and what was heard of one that did not end."""
    begun = {"type": "response.output_audio_transcript.delta", "delta": "cut"}
    silent = done("b", output=[{"content": [{"type": "output_audio"}]}])
    body = fold(begun, DONE, silent, begun, {**begun, "delta": None})
    assert list(openai_realtime.answer(body)) == ["Hi", "Ho", "{}", "cut"]


@pytest.mark.parametrize(
    "event", [None, [], "x", {}, {"type": None}, {"type": "ping"}, {"type": "session.x"}]
)
def test_other_events_say_nothing(event: Any) -> None:
    """What is no known event changes nothing."""
    assert read(event) == Reading()


def test_contradictions_of_a_response_are_noted() -> None:
    """A response whose cached tokens are more than its input is cut, with a warning."""
    usage = {"input_tokens": 5, "output_tokens": 1, "input_token_details": {"cached_tokens": 9}}
    reading = read(done("a", usage=usage), {**HEARD, "usage": {"input_tokens": -1}})
    assert (reading.usage, reading.warnings) == (
        Usage({"cache_read": 5, "output": 1}),
        ("usage_inconsistent",),
    )


def test_what_a_session_said_is_written_down() -> None:
    """Each response is a message: texts, transcripts and calls of tools."""
    written = content(None, fold(*EVENTS, done("b", output=[]), done("c", output=[{"content": [{}]}])))

    assert written == {
        "output": [
            {
                "role": "assistant",
                "parts": [
                    {"type": "text", "content": "Hi"},
                    {"type": "text", "content": "Ho"},
                    {"type": "tool_call", "id": None, "name": "f", "arguments": "{}"},
                ],
                "finish_reason": "completed",
            }
        ]
    }


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(usages=st.lists(make.openai_usages("input", "output"), min_size=1, max_size=4), again=st.booleans())
def test_a_session_costs_what_its_responses_cost(usages: list[Any], again: bool) -> None:  # noqa: FBT001
    """The totals of a session are those of its responses, however often each is told."""
    events = [done(f"r{index}", usage=usage) for index, usage in enumerate(usages)]
    usage = read(CREATED, *events, *(events if again else ())).usage

    assert usage is not None
    assert usage.input_tokens == sum(usage["input_tokens"] for usage in usages)
    assert usage.output_tokens == sum(usage["output_tokens"] for usage in usages)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_event_of_a_session_is_folded(data: st.DataObject) -> None:
    """Whatever events hold, the session is read."""
    events = data.draw(make.mutations(data.draw(st.sampled_from([EVENTS, LIVE]))))
    body = fold(*(events if isinstance(events, list) else [events]))
    openai_realtime.read(body)
    json.dumps(content(None, body))
    assert all(isinstance(piece, str) for piece in openai_realtime.answer(body))
