"""Prompts and answers as the conventions write them down, for those who ask for them."""

from __future__ import annotations

from typing import Any

import pytest

from otel_tokens.dialects.messages import content_of

from .examples import CHAT, COMPLETION, MESSAGE, REQUESTS, RESPONSE


def text(content: str) -> dict[str, Any]:
    """A part with text."""
    return {"type": "text", "content": content}


def test_the_content_of_a_chat() -> None:
    """Messages have a role and parts; images are only named; the answer says why it ended."""
    assert content_of("openai.chat", REQUESTS["openai"], CHAT) == {
        "input": [
            {"role": "system", "parts": [text("Be brief")]},
            {"role": "user", "parts": [text("Hi"), {"type": "generic", "generic_type": "image_url"}]},
            {
                "role": "assistant",
                "parts": [{"type": "tool_call", "id": "t", "name": "f", "arguments": "{}"}],
            },
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "t", "response": "r"}]},
        ],
        "output": [
            {
                "role": "assistant",
                "finish_reason": "stop",
                "parts": [
                    {"type": "reasoning", "content": "Hm"},
                    text("Hi"),
                    {"type": "tool_call", "id": "t", "name": "f", "arguments": "{}"},
                ],
            }
        ],
        "tools": [{"type": "function", "name": "f", "description": "d", "parameters": {"a": [1]}}],
    }


def test_the_content_of_a_completion() -> None:
    """The prompts of a legacy completion are one message of the user; a stream's text is in a message."""
    streamed = {"choices": [{"message": {"content": "Hi"}}]}

    assert content_of("openai.completions", {"prompt": ["p", "q"]}, COMPLETION) == {
        "input": [{"role": "user", "parts": [text("p"), text("q")]}],
        "output": [{"role": "assistant", "finish_reason": "stop", "parts": [text("Hi")]}],
    }
    assert content_of("openai.completions", {"prompt": "p"}, streamed)["output"] == [
        {"role": "assistant", "finish_reason": "error", "parts": [text("Hi")]}
    ]


def test_the_content_of_a_response() -> None:
    """Instructions, items of every kind, and the status of the answer."""
    request = {
        "instructions": "Be brief",
        "input": [
            {"role": "user", "content": "Hi"},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "r"},
            {"type": "reasoning", "summary": [{"text": "H"}, {"text": "m"}, {}]},
            {"type": "item_reference", "id": "x"},
        ],
        "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}}],
    }
    content = content_of("openai.responses", request, RESPONSE)

    assert content["system"] == [text("Be brief")]
    assert content["input"] == [
        {"role": "user", "parts": [text("Hi")]},
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c", "name": "f", "arguments": "{}"}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "response": "r"}]},
        {"role": "assistant", "parts": [{"type": "reasoning", "content": "Hm"}]},
        {"role": "assistant", "parts": [{"type": "generic", "generic_type": "item_reference"}]},
    ]
    assert [item["finish_reason"] for item in content["output"]] == ["incomplete"] * 6
    assert [text("Hi")] in [item["parts"] for item in content["output"]]
    assert content["tools"] == [
        {"type": "function", "name": "f", "description": None, "parameters": {"type": "object"}}
    ]


def test_the_input_of_a_response_may_be_a_string() -> None:
    """A plain string is one message of the user; an answer that never came has no status."""
    content = content_of("openai.responses", {"input": "Hi"}, {"output": [{"content": "Ho"}]})

    assert content == {
        "input": [{"role": "user", "parts": [text("Hi")]}],
        "output": [{"role": "assistant", "parts": [text("Ho")], "finish_reason": "error"}],
    }


def test_the_content_of_a_message() -> None:
    """System prompt, messages with uses and results of tools, the answer's blocks, the tools."""
    assert content_of("anthropic.messages", REQUESTS["anthropic"], MESSAGE) == {
        "system": [text("Be brief")],
        "input": [
            {"role": "user", "parts": [text("Hi")]},
            {
                "role": "assistant",
                "parts": [{"type": "tool_call", "id": "t", "name": "f", "arguments": {"a": "b"}}],
            },
            {
                "role": "user",
                "parts": [
                    {"type": "tool_call_response", "id": "t", "response": [text("r")]},
                    {"type": "reasoning", "content": None},
                ],
            },
        ],
        "output": [
            {
                "role": "assistant",
                "finish_reason": "end_turn",
                "parts": [
                    {"type": "reasoning", "content": "Hm"},
                    text("Hi"),
                    {"type": "tool_call", "id": "t", "name": "f", "arguments": {"a": 1}},
                    {"type": "tool_call_response", "id": "t", "response": [text("r")]},
                ],
            }
        ],
        "tools": [
            {
                "type": "function",
                "name": "f",
                "description": "d",
                "parameters": {"type": "object"},
            }
        ],
    }


@pytest.mark.parametrize("content", ["", None, 5, [], {}])
def test_an_empty_answer_has_no_content(content: Any) -> None:
    """What there is not is not written down."""
    assert content_of("anthropic.messages", {}, {"content": content}) == {}


def test_a_result_of_a_tool_may_hold_anything() -> None:
    """A result of a tool in parts is one text; parts without text add nothing."""
    parts = [{"type": "text", "text": "a"}, {"type": "thinking"}, {"type": "image_url"}, "b"]
    request = {"messages": [{"role": "tool", "tool_call_id": "t", "content": parts}]}

    assert content_of("openai.chat", request, None)["input"] == [
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "t", "response": "ab"}]}
    ]


@pytest.mark.parametrize("dialect", ["openai.embeddings", "openai.images", "anthropic.complete", "other"])
def test_other_protocols_have_no_messages(dialect: str) -> None:
    """What is no conversation has no messages."""
    assert content_of(dialect, REQUESTS["openai"], CHAT) == {}
