"""Servers of open models: TGI, SGLang, llama.cpp, and what they answer on the same paths."""

from __future__ import annotations

from typing import Any

import pytest

from otel_tokens.dialects import text_generation as server
from otel_tokens.dialects.dialect import FINAL, GOES_ON
from otel_tokens.readings import Reading, Usage

from .examples_servers import LLAMA_CPP, REQUESTS, SGLANG, STREAMS, TGI


def folded(events: list[Any]) -> Any:
    """The body that events add up to."""
    folding = server.PieceEvents()
    for event in events:
        folding.see(event)
    return folding.body()


@pytest.mark.parametrize(
    ("body", "usage", "reasons", "warnings"),
    [
        (TGI, {"input": 2, "output": 7}, ("eos_token",), ()),
        (
            {"details": {"generated_tokens": 7, "input_length": 4, "prefill": []}},
            {"input": 4, "output": 7},
            (),
            (),
        ),
        ({"details": {"generated_tokens": 7, "prefill": []}}, {"output": 7}, (), ("input_unknown",)),
        (SGLANG, {"input": 6, "cache_read": 4, "output": 2, "output_reasoning": 1}, ("stop",), ()),
        (
            {
                "meta_info": {
                    "prompt_tokens": 3,
                    "completion_tokens": 1,
                    "cached_tokens": 9,
                    "finish_reason": "x",
                }
            },
            {"cache_read": 3, "output": 1},
            ("x",),
            ("usage_inconsistent",),
        ),
        (LLAMA_CPP, {"input": 4, "cache_read": 6, "output": 3}, ("eos",), ()),
        ({"text": ["Hi"]}, None, (), ()),
        ([], None, (), ()),
        ([0.5, 0.25], None, (), ()),
        ([TGI, TGI], {"input": 4, "output": 14}, ("eos_token", "eos_token"), ()),
    ],
)
def test_an_answer_is_read(
    body: Any, usage: dict[str, int] | None, reasons: tuple[str, ...], warnings: tuple[str, ...]
) -> None:
    """Each server's counts fall into the same buckets; a list is as many answers."""
    reading = server.read(body)
    assert reading.usage == (None if usage is None else Usage(usage))
    assert (reading.finish_reasons, reading.warnings) == (reasons, warnings)


@pytest.mark.parametrize(
    ("reading", "headers", "usage", "warnings"),
    [
        (server.read(TGI), {"x-prompt-tokens": "99"}, {"input": 2, "output": 7}, ()),
        (Reading(), {}, None, ()),
        (Reading(), {"x-prompt-tokens": "x"}, None, ()),
        (Reading(), {"x-prompt-tokens": "9", "x-generated-tokens": "3"}, {"input": 9, "output": 3}, ()),
        (Reading(), {"x-prompt-tokens": "9"}, {"input": 9}, ()),
        (
            Reading(usage=Usage({"output": 7}), warnings=("input_unknown",)),
            {"x-prompt-tokens": "9"},
            {"input": 9, "output": 7},
            (),
        ),
        (
            Reading(usage=Usage({"output": 7}), warnings=("input_unknown",)),
            {"x-prompt-tokens": "9" * 15},
            {"output": 7},
            ("usage_inconsistent", "input_unknown"),
        ),
    ],
)
def test_headers_count_the_prompt(
    reading: Reading, headers: dict[str, str], usage: dict[str, int] | None, warnings: tuple[str, ...]
) -> None:
    """TGI counts in headers what its body leaves out; what the body states stays."""
    found = server.headed(reading, headers)
    assert found.usage == (None if usage is None else Usage(usage))
    assert sorted(found.warnings) == sorted(warnings)


def test_the_events_of_tgi() -> None:
    """The last piece has the whole text and the counts."""
    folding = server.PieceEvents()
    assert [folding.see(event) for event in STREAMS["text_generation.generate"]] == [GOES_ON, FINAL]
    assert server.read(folding.body()) == server.read(TGI)
    assert list(server.answer(folding.body())) == ["Hi there"]


def test_the_events_of_sglang() -> None:
    """Each event is the whole answer so far; another id is another answer."""
    first = {
        "text": "Hi",
        "meta_info": {**SGLANG["meta_info"], "completion_tokens": 1, "finish_reason": None},
    }
    other = {**SGLANG, "meta_info": {**SGLANG["meta_info"], "id": "s-2"}}

    assert folded([first, SGLANG]) == [SGLANG]
    assert folded([SGLANG, other]) == [SGLANG, other]
    assert folded([TGI, TGI]) == [TGI, TGI]


def test_the_events_of_llama_cpp() -> None:
    """Pieces come under `content`; the one that stops brings the counts."""
    pieces = [{"content": "Hi", "stop": False}, {"content": " there", "stop": False}]
    body = folded([*pieces, {**LLAMA_CPP, "content": ""}])

    assert server.read(body) == server.read(LLAMA_CPP)
    assert list(server.answer(body)) == ["Hi there"]
    assert list(server.answer(folded([*pieces, 7]))) == ["Hi there"]


def test_the_events_of_triton() -> None:
    """Pieces of Triton add up to a text, and state nothing."""
    body = folded([{"model_name": "m", "text_output": "Hi"}, {"model_name": "m", "text_output": " there"}])
    assert server.read(body).usage is None
    assert server.read(body).model == "m"
    assert "Hi there" in list(server.answer(body))


def test_a_request() -> None:
    """Parameters stand in an object, or beside the prompt."""
    request = REQUESTS["text_generation"]

    assert server.asked(request) == {
        "max_tokens": 20,
        "temperature": 0.5,
        "choice.count": 2,
        "stop_sequences": ["a"],
    }
    assert server.asked({"n_predict": 5, "n": 1}) == {"max_tokens": 5}
    assert (server.order(request).output_tokens, server.order(request).choices) == (20, 2)
    assert server.order({"sampling_params": {"max_new_tokens": 30}}).output_tokens == 30
    assert list(server.prompt(request)) == ["Hello"]
    assert list(server.answer({"text": ["Hi", 7]})) == ["Hi"]
