"""Prompts and answers in formats of their own, as the conventions write them down."""

from __future__ import annotations

from typing import Any

import pytest

from otel_tokens.dialects.native_messages import READERS

from .examples_cohere import ANSWERS as COHERE
from .examples_cohere import REQUESTS as ASKED
from .examples_dashscope import ANSWERS as DASHSCOPE
from .examples_dashscope import REQUESTS as ASKED_DASHSCOPE
from .examples_native import ANSWERS, REQUESTS
from .examples_servers import ANSWERS as SERVERS
from .examples_servers import REQUESTS as ASKED_SERVERS


CALLED = {"type": "tool_call", "id": "t", "name": "f", "arguments": '{"a": 1}'}
TOOL = {"type": "function", "name": "f", "description": "Look", "parameters": {"type": "object"}}


def test_a_chat_of_cohere() -> None:
    """Messages keep their roles and parts; the answer its plan, its thinking and its calls."""
    written = READERS["cohere.chat"](ASKED["cohere"], COHERE["cohere.chat"])

    assert written["input"] == [
        {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
        {
            "role": "user",
            "parts": [
                {"type": "text", "content": "Hello"},
                {"type": "generic", "generic_type": "image_url"},
            ],
        },
        {"role": "assistant", "parts": [CALLED]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "t", "response": "Sunny"}]},
    ]
    assert written["output"] == [
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "Look."},
                {"type": "reasoning", "content": "Hm"},
                {"type": "text", "content": "Hi there"},
                CALLED,
            ],
            "finish_reason": "COMPLETE",
        }
    ]
    assert written["tools"] == [TOOL]


def test_a_chat_of_ollama() -> None:
    """Thinking comes first, and arguments may be an object."""
    (answer,) = READERS["ollama.chat"](ASKED_SERVERS["ollama"], SERVERS["ollama.chat"])["output"]

    assert answer["finish_reason"] == "stop"
    assert answer["parts"][0] == {"type": "reasoning", "content": "Hm"}
    assert answer["parts"][-1]["arguments"] == {"a": "b"}


def test_a_generation_of_dashscope() -> None:
    """A prompt is one message of the user; an answer is of choices, or one text."""
    read = READERS["dashscope.generation"]
    request = ASKED_DASHSCOPE["dashscope"]
    plain = {"output": {"text": "Hi", "finish_reason": "stop"}}
    messages = {"input": {"messages": request["input"]["messages"]}}

    assert read(request, plain)["input"] == [
        {"role": "user", "parts": [{"type": "text", "content": "Hello"}]}
    ]
    assert len(read(messages, plain)["input"]) == 4
    assert read(request, plain)["output"][0]["finish_reason"] == "stop"
    assert read(request, DASHSCOPE["dashscope.generation"])["output"][0]["parts"][-1] == CALLED
    assert read(request, plain)["tools"] == [TOOL]


def test_a_chat_of_reka() -> None:
    """Each response is a message."""
    written = READERS["reka.chat"](REQUESTS["reka"], ANSWERS["reka.chat"])
    said = {"role": "assistant", "parts": [{"type": "text", "content": "Hi there"}], "finish_reason": "stop"}
    assert written["output"] == [said]


@pytest.mark.parametrize(
    ("name", "request_", "body", "asked", "reason"),
    [
        ("cohere.generate", {"prompt": "Hello"}, COHERE["cohere.generate"], ["Hello"], "COMPLETE"),
        ("watsonx.generation", {"input": "Hello"}, SERVERS["watsonx.generation"], ["Hello"], "eos_token"),
        (
            "replicate.prediction",
            REQUESTS["replicate"],
            ANSWERS["replicate.prediction"],
            ["Hello", "S"],
            "error",
        ),
    ],
)
def test_texts_alone(name: str, request_: Any, body: Any, asked: list[str], reason: str) -> None:
    """Where there is little more than text, the texts are one message each way."""
    written = READERS[name](request_, body)

    assert [part["content"] for part in written["input"][0]["parts"]] == asked
    assert written["output"][0]["finish_reason"] == reason
    assert len(written["output"]) == 1


@pytest.mark.parametrize("name", READERS)
def test_nothing_is_written_of_nothing(name: str) -> None:
    """A call without anything has no messages."""
    assert not any(READERS[name]({}, {}).values())
