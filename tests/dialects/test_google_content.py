"""Answers of `generateContent`, whole and streamed: usage, grounding, ends, errors."""

from __future__ import annotations

import copy

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.dialects import google_content
from otel_tokens.dialects.dialect import ENOUGH, GOES_ON
from otel_tokens.dialects.fields import INCONSISTENT
from otel_tokens.dialects.google_fees import MAPS_UNPRICED, TOOL_TOKENS_FREE
from otel_tokens.readings import Reading, Usage

from . import strategies as make
from .examples_google import CONTENT, STREAMS, USAGE


read = google_content.read
PLAIN = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}


def body(**fields: Any) -> dict[str, Any]:
    """An answer with one candidate that has ended."""
    candidate = {"finishReason": "STOP", "content": {"parts": [{"text": "Hi"}]}, "index": 0}
    grounded = {name: fields.pop(name) for name in list(fields) if name.endswith("Metadata")}
    if "usageMetadata" in grounded:
        fields["usageMetadata"] = grounded.pop("usageMetadata")
    return {"candidates": [{**candidate, **grounded}], "usageMetadata": PLAIN, **fields}


def folded(*events: Any) -> Any:
    """What events add up to."""
    return google_content.folded(events)


def test_an_answer() -> None:
    """An answer says who answered, what was used, why it ended, and what was searched for."""
    reading = read({**CONTENT, "error": None, "promptFeedback": None})

    assert reading == Reading(
        model="gemini-3-flash-preview",
        id="r1",
        usage=Usage(
            {
                "input": 25,
                "input_audio": 10,
                "input_image": 15,
                "input_video": 10,
                "input_tool": 7,
                "cache_read": 30,
                "cache_read_audio": 10,
                "output": 20,
                "output_image": 10,
                "output_reasoning": 12,
            },
            {"web_search": 3},
        ),
        finish_reasons=("STOP",),
        choices=1,
        finished=True,
        variant="standard",
        service_tier="ON_DEMAND",
        warnings=(MAPS_UNPRICED,),
    )


def test_an_answer_in_snake_case() -> None:
    """A gateway may spell the names as the client library does."""
    reading = read(
        {
            "candidates": [
                {"finish_reason": "MAX_TOKENS", "grounding_metadata": {"web_search_queries": ["a"]}}
            ],
            "usage_metadata": {"prompt_token_count": 3, "candidates_token_count": 2, "total_token_count": 5},
            "model_version": "gemini-3",
            "response_id": "r",
        }
    )
    assert (reading.model, reading.id, reading.finish_reasons) == ("gemini-3", "r", ("MAX_TOKENS",))
    assert reading.usage == Usage({"input": 3, "output": 2}, {"web_search": 1})


@pytest.mark.parametrize(
    ("reason", "wanted"),
    [
        ("STOP", ("STOP",)),
        (1, ("STOP",)),
        (2, ("MAX_TOKENS",)),
        (8, ("8",)),
        (0, ()),
        ("FINISH_REASON_UNSPECIFIED", ()),
        (None, ()),
        ([], ()),
    ],
)
def test_a_finish_reason(reason: Any, wanted: tuple[str, ...]) -> None:
    """A reason is a word or a number; without one the candidate goes on."""
    reading = read({"candidates": [{"finishReason": reason}]})
    assert reading.finish_reasons == wanted
    assert reading.finished is bool(wanted)


def test_a_prompt_that_was_blocked() -> None:
    """A blocked prompt has a reason and no candidates; it costs what its usage states, and no more."""
    feedback = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
    reading = read({**feedback, "usageMetadata": {"trafficType": "ON_DEMAND"}})
    assert (reading.usage, reading.finish_reasons) == (None, ("PROHIBITED_CONTENT",))
    assert reading.finished

    usage = {"promptTokenCount": 9, "totalTokenCount": 9}
    assert read({**feedback, "usageMetadata": usage}).usage == Usage({"input": 9})
    assert read({"promptFeedback": {"blockReason": 4}}).finish_reasons == ("PROHIBITED_CONTENT",)
    assert not read({"promptFeedback": {}}).finished


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        ({"code": 503, "status": "UNAVAILABLE"}, "UNAVAILABLE"),
        ({"code": 503}, "503"),
        ({"code": "overloaded"}, "overloaded"),
        ({"type": "t"}, "t"),
        ({"code": 10**9}, "_OTHER"),
        ("oops", "_OTHER"),
        ({}, None),
    ],
)
def test_an_error(error: Any, wanted: str | None) -> None:
    """An error in a body, a stream or an array is known by its status or its code."""
    assert read({"error": error}).error_type == wanted
    assert read([{"error": error}]).error_type == wanted
    reading = read(folded(body(), {"error": error}))
    assert (reading.error_type, reading.usage) == (wanted, Usage({"input": 3, "output": 2}))


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        ("gemini-3-flash-preview", 2),
        ("models/gemini-10.5-pro", 2),
        ("gemini-flash-latest", 2),
        (None, 2),
        ("gemini-2.5-flash", 1),
        ("gemini-1.5-pro-002", 1),
    ],
)
def test_searches_are_billed_by_the_generation(model: Any, wanted: int) -> None:
    """New models are billed for every distinct query, old ones once for an answer that is grounded."""
    grounding = {"webSearchQueries": ["a", "", " ", "b", "a", 7]}
    usage = read(body(groundingMetadata=grounding, modelVersion=model)).usage
    assert usage == Usage({"input": 3, "output": 2}, {"web_search": wanted})


@pytest.mark.parametrize("grounding", [{}, {"webSearchQueries": [""]}, {"webSearchQueries": None}, []])
def test_an_answer_that_is_not_grounded(grounding: Any) -> None:
    """Without a query there is nothing to bill."""
    assert read(body(groundingMetadata=grounding)).usage == Usage({"input": 3, "output": 2})


TOOL_USE = {**PLAIN, "toolUsePromptTokenCount": 60, "totalTokenCount": 65}
SEARCH = {"webSearchQueries": ["a"]}
MAPS = {"groundingChunks": [{"maps": {"uri": "m"}}]}
FETCHED = {"urlMetadata": [{"retrievedUrl": "u"}]}


@pytest.mark.parametrize(
    ("fields", "warnings"),
    [
        ({}, ()),
        ({"groundingMetadata": SEARCH}, (TOOL_TOKENS_FREE,)),
        ({"groundingMetadata": MAPS}, (MAPS_UNPRICED, TOOL_TOKENS_FREE)),
        ({"groundingMetadata": SEARCH, "urlContextMetadata": FETCHED}, ()),
        ({"urlContextMetadata": FETCHED}, ()),
    ],
)
def test_what_a_search_feeds_back_is_marked(fields: Any, warnings: tuple[str, ...]) -> None:
    """Tokens of tools always add up to the total; that a search's are not charged is said beside them."""
    reading = read(body(usageMetadata=TOOL_USE, **fields))
    assert reading.usage is not None
    assert reading.usage.tokens == {"input": 3, "input_tool": 60, "output": 2}
    assert reading.warnings == warnings


def test_the_tier_of_the_headers() -> None:
    """A header states the tier where the body does not."""
    header = {"x-gemini-service-tier": "priority"}
    reading = google_content.headed(read(body()), header)
    assert (reading.service_tier, reading.variant) == ("priority", "priority")
    stated = read(body(usageMetadata={**PLAIN, "serviceTier": "standard"}))
    assert google_content.headed(stated, header) == stated
    assert google_content.headed(read(body()), {}) == read(body())


def test_a_stream() -> None:
    """The chunks fold to the answer: texts come together, files leave only their kind."""
    chunks = google_content.Chunks()
    assert [chunks.see(event) for event in STREAMS["google.generate_content"]] == [GOES_ON, ENOUGH, ENOUGH]
    again = chunks.body()

    assert list(google_content.answer(again)) == ["H", "mHm", "Hi", "f", "a", "b", "print(1)"]
    parts = again["candidates"][0]["content"]["parts"]
    assert parts[:3] == [{"text": "H"}, {"text": "mHm", "thought": True}, {"text": "Hi"}]
    assert parts[-1] == {"inlineData": {"mimeType": "image/png"}}
    assert read(again) == read(CONTENT)


def test_a_stream_of_several_candidates() -> None:
    """Candidates are kept apart; the answer is whole when all have ended."""
    chunks = google_content.Chunks()
    two = [{"index": 1, "content": {"parts": [{"text": "b"}]}}, {"content": {"parts": [{"text": "a"}]}}]
    assert chunks.see({"candidates": two, "usageMetadata": PLAIN}) == GOES_ON
    assert chunks.see({"candidates": [{"index": 0, "finishReason": "STOP"}]}) == GOES_ON
    assert chunks.see({"candidates": [{"index": 1, "finishReason": "SAFETY"}]}) == ENOUGH
    again = chunks.body()
    assert list(google_content.answer(again)) == ["a", "b"]
    assert read(again).finish_reasons == ("STOP", "SAFETY")


def test_a_stream_whose_prompt_is_blocked() -> None:
    """A blocked prompt ends its stream with its first chunk."""
    chunks = google_content.Chunks()
    feedback = {"blockReason": "SAFETY"}
    assert chunks.see({"promptFeedback": feedback, "usageMetadata": {"promptTokenCount": 4}}) == ENOUGH
    reading = read(chunks.body())
    assert (reading.usage, reading.finish_reasons) == (Usage({"input": 4}), ("SAFETY",))


def test_usage_in_the_first_chunk_only() -> None:
    """Counts hold until others come."""
    reading = read(folded({"usageMetadata": PLAIN}, body(usageMetadata=None)))
    assert reading.usage == Usage({"input": 3, "output": 2})


def test_a_stream_without_usage() -> None:
    """A stream that was cut before any usage states none."""
    chunks = google_content.Chunks()
    assert chunks.see({"candidates": [{"content": {"parts": [{"text": "H"}]}}]}) == GOES_ON
    assert read(chunks.body()).usage is None
    assert not read(chunks.body()).finished
    assert read(folded(body(usageMetadata={}))).usage is None


def test_grounding_that_comes_in_chunks() -> None:
    """Queries of several chunks count once each, whether they are repeated or not."""
    first = {"candidates": [{"groundingMetadata": {"webSearchQueries": ["a"]}}]}
    last = body(groundingMetadata={"webSearchQueries": ["a", "b"]}, usageMetadata=TOOL_USE)
    fetched = {"candidates": [{"urlContextMetadata": FETCHED}]}
    assert read(folded(first, last)).usage == read(last).usage
    assert read(folded(first, last)).warnings == (TOOL_TOKENS_FREE,)
    assert read(folded(first, fetched, last)).warnings == ()


def test_a_search_with_a_second_pass() -> None:
    """After a search the counts start anew: only those of the last pass are billed."""
    reading = read(
        folded(
            {"usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 15, "totalTokenCount": 24}},
            {"usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9}},
            {"usageMetadata": {"promptTokenCount": 87, "thoughtsTokenCount": 78, "totalTokenCount": 165}},
        )
    )
    assert reading.usage == Usage({"input": 87, "output_reasoning": 78})
    assert reading.warnings == ()


def test_an_array_reads_as_its_stream() -> None:
    """The array that a stream is where nobody asks for events reads as the stream does."""
    events = STREAMS["google.generate_content"]
    assert read(events) == read(folded(*events))
    assert read([]) == Reading()


def test_an_answer_that_contradicts_itself_warns() -> None:
    """Counts that do not add up are kept, with a warning."""
    assert read(body(usageMetadata={**PLAIN, "totalTokenCount": 9})).warnings == (INCONSISTENT,)


texts = st.text(max_size=8)


@given(
    said=texts,
    thought=texts,
    count=st.integers(0, 1000),
    at=st.integers(0, 8),
    reason=st.sampled_from(["STOP", "MAX_TOKENS", "SAFETY"]),
)
def test_a_stream_reads_like_its_body(said: str, thought: str, count: int, at: int, reason: str) -> None:
    """An answer costs the same, streamed or whole."""
    usage = {**USAGE, "candidatesTokenCount": count + 30, "totalTokenCount": 149 + count}
    parts = [{"text": thought, "thought": True}, {"text": said}]
    candidate = {"index": 0, "finishReason": reason, "content": {"parts": parts}}
    whole = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m", "responseId": "r"}
    pieces = [parts[0], {"text": said[:at]}, {"text": said[at:]}]
    events: list[Any] = [{"candidates": [{"content": {"parts": [piece]}}]} for piece in pieces]
    last = copy.deepcopy(whole)
    last["candidates"] = [{"index": 0, "finishReason": reason}]
    again = folded(*events, last)
    assert read(again) == read(whole)
    assert list(google_content.answer(again)) == list(google_content.answer(whole))


@given(events=st.lists(make.mutations(CONTENT), max_size=3))
def test_any_chunks_fold(events: list[Any]) -> None:
    """Whatever chunks hold, they fold to a body that is read and has only texts to tell."""
    again = folded(*events)
    reading = read(again)
    assert reading.usage is None or all(count > 0 for count in reading.usage.tokens.values())
    assert all(isinstance(piece, str) for piece in google_content.answer(again))
