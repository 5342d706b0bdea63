"""An answer is read from its bytes, whatever type they claim to be, without a client library."""

from __future__ import annotations

import json

from typing import Any

import pytest

from otel_tokens.dialects import anthropic_messages, exchange, google_content, openai_chat, openai_embeddings
from otel_tokens.readings import Reading, Usage


CHAT = openai_chat.DIALECT
BODY = {"model": "m", "choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}}
SSE = b'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}\n\ndata: [DONE]\n\n'
COUNTS = Usage({"input": 5, "output": 2})


def read(answer: bytes, kind: str = "", **headers: str) -> Reading:
    """What a chat says."""
    return exchange.read(CHAT, answer, {"Content-Type": kind, **headers})


def test_a_body_is_read() -> None:
    """A body that is JSON is read as such, with spaces around it and without a type."""
    assert read(json.dumps(BODY).encode(), "application/json").usage == COUNTS
    assert exchange.read(CHAT, b"\n " + json.dumps(BODY).encode() + b"\n").usage == COUNTS


@pytest.mark.parametrize("kind", ["text/event-stream; charset=utf-8", "application/json", ""])
def test_events_are_folded(kind: str) -> None:
    """Events are found by their type, or by what they look like."""
    assert read(SSE, kind).usage == COUNTS


def test_an_array_is_a_stream() -> None:
    """Google streams an array where nobody asks for events; one that was cut is read as far as it goes."""
    chunks = [{"usageMetadata": {"promptTokenCount": 3}}, {"usageMetadata": {"candidatesTokenCount": 4}}]
    answer = json.dumps(chunks).encode()

    for cut in (answer, answer[:-1]):
        assert exchange.read(google_content.DIALECT, answer=cut).usage == Usage({"input": 3, "output": 4})


def test_what_is_no_json_is_text() -> None:
    """An answer that is no JSON says nothing, unless its dialect reads texts."""
    assert read(b"<html>", "text/html") == openai_chat.read("<html>")
    assert exchange.folded(openai_embeddings.DIALECT, [BODY]) is None


def test_headers_are_looked_at() -> None:
    """What only a header says is read too, however its name is written."""
    answer = json.dumps(BODY).encode()

    assert read(answer, **{"X-Inference-Provider": "together"}).served_by == "together"
    assert read(answer).served_by is None


@pytest.mark.parametrize(
    ("answer", "headers", "error"),
    [
        ({"error": {"code": "rate_limit_exceeded", "type": "requests"}}, {}, "rate_limit_exceeded"),
        ({"error": {"type": "overloaded_error"}}, {}, "overloaded_error"),
        ([{"error": {"status": "INVALID_ARGUMENT", "code": 400}}], {}, "INVALID_ARGUMENT"),
        ({"message": "no"}, {"x-amzn-ErrorType": "ThrottlingException:http://x"}, "ThrottlingException"),
        ({"errors": [{"code": "model_not_supported"}]}, {}, "model_not_supported"),
        ({"detail": "no"}, {}, "429"),
        ([], {}, "429"),
    ],
)
def test_an_error_says_nothing_else(answer: Any, headers: dict[str, str], error: str) -> None:
    """An answer with the status of an error has a type of error and no usage."""
    found = exchange.read(
        anthropic_messages.DIALECT,
        json.dumps(answer).encode(),
        {"content-type": "application/json", **headers},
        429,
    )

    assert found == Reading(error_type=error)
