"""Agents, speech, SageMaker, counting, guardrails and batches."""

from __future__ import annotations

import json

from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from otel_tokens.dialects import (
    bedrock_agents,
    bedrock_others,
    bedrock_sagemaker,
    bedrock_sonic,
)
from otel_tokens.dialects.dialect import Dialect
from otel_tokens.readings import Part, Usage

from .examples_bedrock import AGENT, AGENT_EVENTS, ANSWERS, RESULT, SPEECH, STREAMS


LAW = settings(max_examples=60, deadline=None)


def folded(dialect: Dialect, *events: Any) -> Any:
    """The body that events add up to."""
    assert dialect.events is not None
    folding = dialect.events()
    for event in events:
        folding.see(event)
    return folding.body()


# Agents.


def test_an_agent() -> None:
    """The usage of every model that was asked is added up, by the model."""
    reading = bedrock_agents.AGENT.read(AGENT)
    assert (reading.model, reading.usage) == ("amazon.nova-a", Usage({"input": 7, "output": 3}))
    assert reading.parts == (Part("amazon.nova-b", Usage({"input": 2, "output": 1})),)


def asked(id_: str, model: str) -> Any:
    """The trace of a model that is asked."""
    step = {"modelInvocationInput": {"traceId": id_, "foundationModel": model}}
    return {"trace": {"trace": {"orchestrationTrace": step}}}


def answered(id_: str | None, put: int, got: int, kind: str = "orchestrationTrace") -> Any:
    """The trace of a model that has answered."""
    metadata = {"usage": {"inputTokens": put, "outputTokens": got}}
    return {"trace": {"trace": {kind: {"modelInvocationOutput": {"traceId": id_, "metadata": metadata}}}}}


def test_the_steps_of_an_agent_are_added_up() -> None:
    """Each step counts once, however often its trace comes, of whatever kind it is."""
    body = folded(
        bedrock_agents.AGENT,
        asked("x-routing-0", "m"),
        answered("x-routing-0", 1, 2, "routingClassifierTrace"),
        asked("x-0", "m"),
        answered("x-0", 10, 20),
        answered("x-0", 10, 20),
        asked("x-post", "m"),
        answered("x-post", 100, 200, "postProcessingTrace"),
    )
    reading = bedrock_agents.AGENT.read(body)
    assert (reading.model, reading.usage, reading.parts) == ("m", Usage({"input": 111, "output": 222}), ())


def test_steps_without_an_id() -> None:
    """A step that does not say which one it is counts as one of its own, of a model that is not known."""
    body = folded(bedrock_agents.AGENT, answered(None, 1, 1), answered(None, 1, 1))
    reading = bedrock_agents.AGENT.read(body)
    assert (reading.model, reading.usage) == (None, Usage({"input": 2, "output": 2}))


def test_an_agent_that_is_not_traced() -> None:
    """Without traces nothing is stated, and the text is there for an estimate."""
    body = folded(bedrock_agents.AGENT, {"chunk": {"bytes": b"Hi"}}, {"trace": {"trace": {"rationale": {}}}})
    assert bedrock_agents.AGENT.read(body).usage is None
    assert list(bedrock_agents.AGENT.answer(body)) == ["Hi"]
    assert list(bedrock_agents.AGENT.answer({})) == []


def test_what_agents_and_flows_say() -> None:
    """Texts of every kind of event are kept; what looks like JSON is text; an exception is an error."""
    body = folded(bedrock_agents.AGENT, *AGENT_EVENTS, {"a": 1}, {"chunk": {"bytes": "x"}}, {"files": {}})
    assert list(bedrock_agents.AGENT.answer(body)) == ['Hithereflow{"a": 1}']
    assert bedrock_agents.AGENT.read(body).error_type == "throttlingException"


def test_what_agents_are_told() -> None:
    """The text of a request is all that is known of what an agent will read."""
    request = {"inputText": "a", "input": {"text": "b"}, "inputs": [{"content": {"document": "c"}}]}
    assert list(bedrock_agents.AGENT.prompt(request)) == ["a", "b", "c"]
    assert bedrock_agents.AGENT.order(request).hidden


# Speech.


def test_speech() -> None:
    """Speech and text are apart; the last event has the whole session."""
    reading = bedrock_sonic.DIALECT.read(folded(bedrock_sonic.DIALECT, *STREAMS["bedrock.sonic"]))
    assert reading.usage == Usage({"input": 5, "input_audio": 25, "output": 4, "output_audio": 16})
    assert (reading.id, reading.finish_reasons, reading.warnings) == ("s", ("END_TURN",), ())
    assert reading.error_type == "validationException"
    assert bedrock_sonic.DIALECT.order({}).speaks


def test_speech_in_chunks() -> None:
    """Events in their chunks are the same events; what is in none says nothing."""
    chunk = {"chunk": {"bytes": json.dumps({"event": {"usageEvent": SPEECH}}).encode()}}
    body = folded(bedrock_sonic.DIALECT, chunk, {"chunk": {"bytes": 5}}, {})
    reading = bedrock_sonic.DIALECT.read(body)
    assert reading.usage is not None
    assert not reading.finished
    assert list(bedrock_sonic.DIALECT.answer(body)) == []


def test_speech_that_does_not_add_up() -> None:
    """Details beyond their total, and a total beyond its parts, leave a warning."""
    for odd in ({"totalTokens": 51}, {"totalInputTokens": 20, "totalTokens": 40}):
        reading = bedrock_sonic.DIALECT.read({"usageEvent": {**SPEECH, **odd}})
        assert reading.warnings == ("usage_inconsistent",)
    assert bedrock_sonic.DIALECT.read({}).usage is None


# SageMaker.


def test_an_endpoint() -> None:
    """Its answer is read by its shape, and costs nothing more than its hours."""
    reading = bedrock_sagemaker.DIALECT.read(ANSWERS["sagemaker.invoke_endpoint"])
    assert (reading.usage, reading.variant) == (Usage({"input": 9, "output": 3}), "committed")


@LAW
@given(cuts=st.lists(st.integers(1, 200), max_size=6))
def test_pieces_of_an_endpoint_are_cut_anywhere(cuts: list[int]) -> None:
    """Server-sent events and lines of JSON are found however their bytes are cut."""
    events = [
        {"token": {"text": "H"}, "details": None},
        {
            "token": {"text": "i"},
            "generated_text": "Hi",
            "details": {"generated_tokens": 2, "input_length": 9},
        },
    ]
    sse = "".join(f"data:{json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    lines = "\n".join(json.dumps(event) for event in events)
    for content in (sse.encode(), lines.encode()):
        edges = [0, *sorted(cuts), len(content)]
        pieces = [content[a:b] for a, b in pairwise(edges)]
        body = folded(bedrock_sagemaker.DIALECT, *[{"PayloadPart": {"Bytes": piece}} for piece in pieces])
        assert bedrock_sagemaker.DIALECT.read(body).usage == Usage({"input": 9, "output": 2})
        assert list(bedrock_sagemaker.DIALECT.answer(body)) == ["Hi"]


def test_an_endpoint_that_answers_several() -> None:
    """Several prompts have several answers in a list, which are all counted, as a list or one by one."""
    answers = [
        {"generated_text": text, "details": {"generated_tokens": 2, "finish_reason": "length"}}
        for text in ("a", "b")
    ]
    for body in (answers, folded(bedrock_sagemaker.DIALECT, *answers)):
        reading = bedrock_sagemaker.DIALECT.read(body)
        assert (reading.usage, reading.finish_reasons) == (Usage({"output": 4}), ("length", "length"))
        assert "".join(bedrock_sagemaker.DIALECT.answer(body)) == "ab"


def test_an_endpoint_without_pieces_or_with_an_error() -> None:
    """Events that come without a wrapper are read too; an error of the container is the error."""
    body = folded(
        bedrock_sagemaker.DIALECT, {"generation": "Hi", "generation_token_count": 2}, {"PayloadPart": 5}
    )
    assert bedrock_sagemaker.DIALECT.read(body).usage == Usage({"output": 2})
    body = folded(bedrock_sagemaker.DIALECT, *STREAMS["sagemaker.invoke_endpoint"])
    assert bedrock_sagemaker.DIALECT.read(body).error_type == "ModelStreamError"


# What is not billed, or billed elsewhere.


def test_free_calls() -> None:
    """Counting and guarding state no tokens that are billed."""
    for dialect in (bedrock_others.COUNT_TOKENS, bedrock_others.GUARDRAIL):
        assert dialect.read(ANSWERS[dialect.name]).usage is None
        assert not dialect.billed


def test_what_is_started() -> None:
    """What comes later has an id, and states nothing yet."""
    reading = bedrock_others.ASYNC.read(ANSWERS["bedrock.async_invoke"])
    assert (reading.id, reading.usage) == (ANSWERS["bedrock.async_invoke"]["invocationArn"], None)
    request = {"modelInput": {"max_tokens": 3, "prompt": "p"}}
    assert bedrock_others.ASYNC.order(request).output_tokens == 3
    assert list(bedrock_others.ASYNC.prompt(request)) == ["p"]


def test_a_batch() -> None:
    """The lines are added up by model; lines with an error, and lines of others, count nothing."""
    other = {**RESULT, "modelOutput": {"prompt_token_count": 5, "generation_token_count": 1}}
    lines = [RESULT, RESULT, other, {"recordId": "r", "error": {"errorCode": 400}}, {"modelOutput": {}}, 5]
    silent = {"recordId": "r", "modelOutput": {"text": "Hi"}}
    reading = bedrock_others.read_batch("\n".join(json.dumps(line) for line in [*lines, silent]))
    assert (reading.model, reading.usage) == ("claude-a", Usage({"input": 6, "output": 4}))
    assert reading.parts == (Part(None, Usage({"input": 5, "output": 1})),)
    assert (reading.variant, reading.finished) == ("batch", True)
    assert bedrock_others.read_batch(RESULT).usage == Usage({"input": 3, "output": 2})
    assert bedrock_others.read_batch("").usage is None
