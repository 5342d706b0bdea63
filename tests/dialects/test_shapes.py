"""An answer from an address that nobody knows is told by what it looks like, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from hypothesis import given

from otel_tokens.dialects.catalog import DIALECTS
from otel_tokens.dialects.shapes import guess

from . import strategies as make
from .every import ANSWERS, STREAMS


ANY_FAMILY = ("bedrock.invoke_model", "sagemaker.invoke_endpoint")
"""Their examples have the fields of all families at once."""
TOLD = (
    "anthropic.messages",
    "bedrock.converse",
    "cohere.chat",
    "google.generate_content",
    "google.interactions",
    "ollama.chat",
    "openai.chat",
    "openai.completions",
    "openai.realtime",
    "openai.responses",
)
"""What is told by an example of its stream."""


@pytest.mark.parametrize("name", TOLD)
def test_a_stream_is_told_by_its_events(name: str) -> None:
    """The events of a stream say which protocol they are of."""
    found = guess(STREAMS[name])
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"object": "chat.completion"}, "openai.chat"),
        ({"choices": [{"message": {"content": "Hi"}}]}, "openai.chat"),
        ({"choices": [{"text": "Hi"}]}, "openai.completions"),
        ({"object": "response"}, "openai.responses"),
        ({"object": "list"}, "openai.embeddings"),
        ({"type": "message", "usage": {"input_tokens": 1}}, "anthropic.messages"),
        ({"usageMetadata": {}}, "google.generate_content"),
        ({"usage": {"inputTokens": 1}}, "bedrock.converse"),
        ({"usage": {"billed_units": {}}}, "cohere.chat"),
        ({"text": "Hi", "meta": {"billed_units": {"input_tokens": 1}}}, "cohere.chat_v1"),
        ({"results": [], "meta": {"billed_units": {"search_units": 1}}}, "rerank"),
        ({"prompt_eval_count": 3}, "ollama.chat"),
        ({"results": [{"generated_token_count": 2}]}, "watsonx.generation"),
        ({"details": {"generated_tokens": 2}}, "text_generation.generate"),
    ],
)
def test_a_body_is_told_by_its_fields(body: Any, name: str) -> None:
    """Fields that one protocol alone has say which it is."""
    found = guess(body)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("body", [None, {}, [], "text", {"type": "message"}, {"choices": []}, {"usage": {}}])
def test_what_might_be_anything_is_nothing(body: Any) -> None:
    """An answer that might be two things is none."""
    assert guess(body) is None


def test_the_last_events_are_looked_at() -> None:
    """A stream that names itself only at its end is told by that."""
    found = guess([*[{"contentBlockDelta": {}}] * 100, {"metadata": {"usage": {}}}])
    assert found is not None
    assert found.name == "bedrock.converse"


@given(make.json_values)
def test_any_json_is_looked_at(body: Any) -> None:
    """Whatever an answer is, it is told to be of a dialect or of none."""
    assert guess(body) in (None, *DIALECTS)


def test_every_answer_is_told_right_or_not_at_all() -> None:
    """No example of one protocol is taken for another that would count it differently."""
    by_name = {dialect.name: dialect for dialect in DIALECTS}
    for name, body in ANSWERS.items():
        found = guess(body)
        if found is not None and by_name[name].billed and name not in ANY_FAMILY:
            assert found.read(body).usage == by_name[name].read(body).usage, (name, found.name)
