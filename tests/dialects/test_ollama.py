"""Ollama: what it counts, and what it leaves out when a prompt was cached."""

from __future__ import annotations

from typing import Any

import pytest

from otel_tokens.dialects import ollama
from otel_tokens.dialects.dialect import FINAL, GOES_ON
from otel_tokens.dialects.order import plain
from otel_tokens.readings import Usage

from .examples_servers import ANSWERS, REQUESTS, STREAMS


def test_a_chat_states_both_counts() -> None:
    """The prompt and the output are whole, thinking included."""
    reading = ollama.read(ANSWERS["ollama.chat"])

    assert reading.usage == Usage({"input": 26, "output": 298})
    assert (reading.model, reading.finish_reasons, reading.finished) == ("llama3.2", ("stop",), True)
    assert reading.warnings == ()


def test_a_prompt_that_was_cached_is_unknown() -> None:
    """A missing count of the prompt is not nothing, and is marked."""
    reading = ollama.read({"model": "llama3.2", "done": True, "eval_count": 79})
    assert (reading.usage, reading.warnings) == (Usage({"output": 79}), ("input_unknown",))


@pytest.mark.parametrize(
    ("body", "error"),
    [({"error": "model not found"}, "_OTHER"), ({"error": {"code": "busy"}}, "busy"), ({}, None)],
)
def test_an_answer_without_counts(body: Any, error: str | None) -> None:
    """An error is one, and an answer without counts has no usage."""
    reading = ollama.read(body)
    assert (reading.usage, reading.error_type, reading.finished) == (None, error, False)


def test_embeddings() -> None:
    """Embeddings state their input; the older call states nothing."""
    assert ollama.read_embed(ANSWERS["ollama.embed"]).usage == Usage({"input": 8})
    assert ollama.read_embed({"embedding": [0.5]}).usage is None


@pytest.mark.parametrize("name", ["ollama.chat", "ollama.generate"])
def test_the_lines_of_an_answer(name: str) -> None:
    """The line that is done is the last, and brings the counts; the others bring the text."""
    folding = ollama.LineEvents()
    progress = [folding.see(event) for event in STREAMS[name]]

    assert progress == [GOES_ON] * (len(progress) - 1) + [FINAL]
    assert folding.body() == ANSWERS[name]


def test_a_line_with_an_error() -> None:
    """A stream that fails keeps what it said, and its error."""
    folding = ollama.LineEvents()
    folding.see({"model": "m", "response": "Hi", "done": False})
    folding.see({"error": "out of memory"})

    assert ollama.read(folding.body()).error_type == "_OTHER"
    assert list(ollama.answer(folding.body())) == ["Hi"]


def test_the_texts_of_an_answer() -> None:
    """Text, thinking and calls of tools are texts."""
    assert list(ollama.answer(ANSWERS["ollama.chat"])) == ["Hi there", "Hm", "f", "a", "b"]
    assert list(ollama.answer(ANSWERS["ollama.generate"])) == ["Hi there", "Hm"]
    assert list(ollama.answer({"message": {"tool_calls": [{}]}})) == []


def test_a_request() -> None:
    """The options are found, and what the request orders and says."""
    request = REQUESTS["ollama"]

    assert ollama.asked(request) == {
        "max_tokens": 20,
        "temperature": 0.5,
        "stop_sequences": ["a"],
        "seed": 7,
        "reasoning.level": "high",
        "output.type": "json",
    }
    assert ollama.asked({"think": True, "format": {"type": "object"}}) == {"output.type": "json"}
    assert ollama.order(request).output_tokens == 20
    assert ollama.order(request).overhead_tokens > 0
    assert ollama.order({}) == plain(None)
    assert list(ollama.prompt(request))[:5] == ["S", "P", "X", "Be brief.", "Hello"]
    assert list(ollama.prompt_embed(request)) == ["One", "P"]
