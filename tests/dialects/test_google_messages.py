"""Prompts and answers of Google's protocols as the conventions write them down."""

from __future__ import annotations

import json

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.dialects import google_messages

from . import strategies as make
from .examples_google import ANSWERS, CONTENT, INTERACTION, REQUESTS, STREAMS


def test_the_messages_of_content() -> None:
    """Texts, thoughts, calls and results of functions are said; of files only the kind."""
    found = google_messages.content(REQUESTS["google"], CONTENT)
    assert found["system"] == [{"type": "text", "content": "Be brief"}]
    assert [message["role"] for message in found["input"]] == ["user", "user", "assistant", "tool"]
    assert found["input"][0]["parts"] == [{"type": "text", "content": "plain"}]
    assert found["input"][1]["parts"][1] == {"type": "generic", "generic_type": "fileData"}
    response = {"type": "tool_call_response", "id": None, "response": {"r": "x"}}
    assert found["input"][3]["parts"] == [response]
    assert found["output"] == [
        {
            "role": "assistant",
            "finish_reason": "stop",
            "parts": [
                {"type": "reasoning", "content": "Hm"},
                {"type": "text", "content": "Hi"},
                {"type": "tool_call", "id": "t", "name": "f", "arguments": {"a": [1, "b"]}},
                {"type": "generic", "generic_type": "executableCode"},
                {"type": "generic", "generic_type": "inlineData"},
            ],
        }
    ]
    function = {"type": "function", "name": "f", "description": "d", "parameters": {"a": [1]}}
    assert found["tools"] == [function]


@pytest.mark.parametrize(
    ("contents", "wanted"),
    [
        ("a", ["a"]),
        ({"parts": "a"}, ["a"]),
        ({"parts": {"text": "a"}}, ["a"]),
        ({"text": "a"}, ["a"]),
        (["a", {"text": "b"}, {"parts": ["c", {"other": 1}]}], ["a", "b", "c"]),
        ([["a", "b"]], ["a", "b"]),
        (None, []),
    ],
)
def test_contents_of_every_form(contents: Any, wanted: list[str]) -> None:
    """Contents may be strings, parts, or lists of either."""
    found = google_messages.content({"contents": contents}, None)["input"]
    assert [part["content"] for message in found for part in message["parts"]] == wanted
    assert all(message["role"] == "user" for message in found)


def test_the_array_of_a_stream_is_one_answer() -> None:
    """The chunks of an array are the messages of one answer; one that goes on has no reason yet."""
    found = google_messages.content(None, STREAMS["google.generate_content"])["output"]
    assert [message["finish_reason"] for message in found] == ["stop"]
    cut = google_messages.content(None, {"candidates": [{"content": {"parts": [{"text": "a"}]}}]})
    assert cut["output"][0]["finish_reason"] == "error"


def test_the_messages_of_an_interaction() -> None:
    """The steps of an interaction are messages, each with the status it ended with."""
    found = google_messages.interaction(REQUESTS["google.interactions"], INTERACTION)
    assert found["system"] == [{"type": "text", "content": "Be brief"}]
    assert [message["role"] for message in found["input"]] == ["user", "user", "user"]
    assert found["input"][0]["parts"] == [{"type": "text", "content": "plain"}]
    response = {"type": "tool_call_response", "id": "f", "response": {"r": "x"}}
    assert found["input"][2]["parts"] == [response]
    assert [message["parts"] for message in found["output"]] == [
        [{"type": "reasoning", "content": "Hm"}],
        [{"type": "generic", "generic_type": "google_search_call"}],
        [{"type": "generic", "generic_type": "url_context_call"}],
        [{"type": "tool_call", "id": "f", "name": "f", "arguments": {"a": 1}}],
        [{"type": "text", "content": "Hi"}],
    ]
    assert {message["finish_reason"] for message in found["output"]} == {"completed"}
    assert [tool["type"] for tool in found["tools"]] == ["google_search", "function"]
    assert google_messages.interaction({"input": "Hi"}, None)["input"] == [
        {"role": "user", "parts": [{"type": "text", "content": "Hi"}]}
    ]


@pytest.mark.parametrize("name", sorted(google_messages.READERS))
@given(data=st.data())
def test_any_content_is_written_down(name: str, data: st.DataObject) -> None:
    """Whatever a call holds, its messages are lists of plain JSON."""
    request = data.draw(make.mutations(REQUESTS.get(name) or REQUESTS["google"]))
    body = data.draw(st.one_of(make.json_values, make.mutations(ANSWERS[name])))
    found = google_messages.READERS[name](request, body)
    json.dumps(found)
    assert set(found) == {"input", "output", "system", "tools"}
    assert all(isinstance(messages, list) for messages in found.values())
