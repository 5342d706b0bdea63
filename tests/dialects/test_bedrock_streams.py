"""Streams of Bedrock InvokeModel: the events of every vendor, and Bedrock's own counts in the last one."""

from __future__ import annotations

import json

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from otel_tokens.dialects import bedrock_invoke
from otel_tokens.dialects.bedrock_invoke import DIALECT
from otel_tokens.dialects.dialect import ENOUGH, FINAL, GOES_ON

from .examples_bedrock import CONVERSE, CONVERSE_EVENTS, LLAMA_EVENTS, METRICS
from .strategies import anthropic_events, anthropic_messages, chat_events, chats, cut
from .test_bedrock_invoke import BOTH, METER, tokens_of


LAW = settings(max_examples=60, deadline=None)


def folded(*events: Any) -> Any:
    """The body that events add up to."""
    folding = bedrock_invoke.InvokeEvents()
    for event in events:
        folding.see(event)
    return folding.body()


def test_a_stream_of_llama() -> None:
    """The last count holds, and the metrics say that it was the last."""
    folding = bedrock_invoke.InvokeEvents()
    assert [folding.see(event) for event in LLAMA_EVENTS] == [GOES_ON, FINAL]
    reading = DIALECT.read(folding.body())
    assert tokens_of(reading) == BOTH
    assert (reading.finish_reasons, reading.warnings) == (("stop",), ())
    assert list(DIALECT.answer(folding.body())) == ["Hi"]


def test_a_stream_of_titan_without_a_total() -> None:
    """A count that no event states is taken from the metrics."""
    body = folded(
        {"outputText": "H", "index": 0.0, "inputTextTokenCount": 10.0, "totalOutputTextTokenCount": None},
        {"outputText": "i", "completionReason": "FINISH", METER: METRICS},
    )
    assert tokens_of(DIALECT.read(body)) == BOTH
    assert list(DIALECT.answer(body)) == ["Hi"]


def test_a_stream_of_mistral() -> None:
    """Choices come again and again with a piece each; the last reason holds."""
    body = folded(
        {"outputs": [{"text": "H", "stop_reason": None}]},
        {"outputs": [{"text": "i", "stop_reason": "stop"}], METER: METRICS},
    )
    reading = DIALECT.read(body)
    assert (tokens_of(reading), reading.finish_reasons) == (BOTH, ("stop",))
    assert list(DIALECT.answer(body)) == ["Hi"]


def test_a_stream_of_cohere() -> None:
    """The last event has the whole answer once more, which is not said twice."""
    body = folded(
        {"event_type": "text-generation", "text": "Hi", "is_finished": False},
        {
            "event_type": "stream-end",
            "finish_reason": "COMPLETE",
            "response": {"text": "Hi", "meta": {"billed_units": {"input_tokens": 10, "output_tokens": 5}}},
        },
    )
    assert tokens_of(DIALECT.read(body)) == BOTH
    assert list(DIALECT.answer(body)) == ["Hi"]


def test_a_stream_of_nova() -> None:
    """Nova's events are those of Converse, with the metrics beside the last one."""
    events = [*CONVERSE_EVENTS[:-1], {**CONVERSE_EVENTS[-1], METER: METRICS}]
    reading = DIALECT.read(folded(*events))
    assert reading.usage == DIALECT.read(CONVERSE).usage
    assert reading.finish_reasons == ("tool_use",)
    assert reading.warnings == ()


def test_chunks_are_opened() -> None:
    """Events in their chunks, as botocore gives them, are the same events."""
    chunks = [{"chunk": {"bytes": json.dumps(event).encode()}} for event in LLAMA_EVENTS]
    assert folded(*chunks) == folded(*LLAMA_EVENTS)
    assert folded({"chunk": {"bytes": "x"}}, {"chunk": {"bytes": b"x"}}, {"chunk": None}, None) == {}


def test_a_stream_that_fails() -> None:
    """The name of an exception is the error, whatever came before."""
    for before in ([], LLAMA_EVENTS[:1], CONVERSE_EVENTS, [{"type": "ping"}]):
        body = folded(*before, {"modelTimeoutException": {"message": "m"}})
        assert DIALECT.read(body).error_type == "modelTimeoutException"


@LAW
@given(body=anthropic_messages(), at=st.integers(0, 9), differs=st.booleans())
def test_a_stream_of_anthropic_reads_like_its_body(body: Any, at: int, differs: bool) -> None:  # noqa: FBT001
    """A message costs the same, streamed or whole; the metrics in its last event change nothing."""
    events = list(anthropic_events(body, at, repeats=True))
    output = body["usage"]["output_tokens"] + differs
    events[-1] = {
        **events[-1],
        METER: {"outputTokenCount": output, "inputTokenCount": body["usage"]["input_tokens"]},
    }
    whole, again = DIALECT.read(body), DIALECT.read(folded(*events))
    if whole.usage is not None and whole.usage.output_tokens and whole.usage.input_tokens:
        assert again._replace(warnings=()) == whole
        assert again.warnings == (("usage_inconsistent",) if differs else ())
    assert list(DIALECT.answer(folded(*events))) == list(DIALECT.answer(body))


@LAW
@given(body=chats(), at=st.integers(0, 9), style=st.sampled_from(["alone", "last"]))
def test_a_stream_of_openai_reads_like_its_body(body: Any, at: int, style: str) -> None:
    """A chat costs the same, streamed or whole."""
    events = list(chat_events(body, at, style))
    folding = bedrock_invoke.InvokeEvents()
    assert all(folding.see(event) in (GOES_ON, ENOUGH) for event in events)
    assert DIALECT.read(folding.body()) == DIALECT.read(body)


@LAW
@given(words=st.text(max_size=9), at=st.integers(0, 9), put=st.integers(1, 99), got=st.integers(1, 99))
def test_a_stream_of_text_reads_like_its_body(words: str, at: int, put: int, got: int) -> None:
    """A text costs the same, streamed or whole, and nothing of it is lost."""
    first, last = cut(words, at)
    body = {
        "generation": words,
        "prompt_token_count": put,
        "generation_token_count": got,
        "stop_reason": "stop",
    }
    again = folded(
        {"generation": first, "prompt_token_count": put, "generation_token_count": 0, "stop_reason": None},
        {
            "generation": last,
            "prompt_token_count": None,
            "generation_token_count": got,
            "stop_reason": "stop",
        },
    )
    assert DIALECT.read(again) == DIALECT.read(body)
    assert "".join(DIALECT.answer(again)) == words
