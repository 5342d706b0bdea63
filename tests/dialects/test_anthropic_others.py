"""Anthropic's legacy completions, counts of tokens and results of batches."""

from __future__ import annotations

import json

from typing import Any

import pytest

from anthropic import BaseModel
from anthropic.types.messages import MessageBatchIndividualResponse

from otel_tokens.dialects import anthropic_others
from otel_tokens.dialects.dialect import GOES_ON
from otel_tokens.readings import Part, Reading, Usage

from .examples import ANSWERS, STREAMS


def test_a_completion_states_no_tokens() -> None:
    """A legacy completion says who answered and why it ended, and no tokens."""
    body = ANSWERS["anthropic.complete"]
    model = BaseModel.construct(**body)  # `Completion` is gone from newer versions
    reading = anthropic_others.read_completion(body)

    assert (reading.id, reading.model, reading.finish_reasons) == ("c", "claude-a", ("stop",))
    assert reading.usage is None
    assert anthropic_others.read_completion(model) == reading
    assert list(anthropic_others.completion_answer(body)) == ["Hi"]
    assert list(anthropic_others.completion_answer({})) == []


def test_a_completion_in_pieces() -> None:
    """The pieces of a legacy completion come together."""
    folding = anthropic_others.CompletionEvents()
    assert [folding.see(event) for event in STREAMS["anthropic.complete"]] == [GOES_ON] * 3
    assert folding.body() == ANSWERS["anthropic.complete"]


@pytest.mark.parametrize(("error", "kind"), [({"type": "t"}, "t"), ({"x": 1}, "_OTHER"), (None, None)])
def test_a_completion_that_failed(error: Any, kind: str | None) -> None:
    """An error that came as a body is known by its type."""
    assert anthropic_others.read_completion({"error": error}).error_type == kind


def test_a_count_of_tokens_is_free() -> None:
    """The tokens that are counted were not run."""
    assert anthropic_others.read_count({"input_tokens": 5}) == Reading()
    assert not anthropic_others.COUNT_TOKENS.billed


def row(model: str, **usage: Any) -> dict[str, Any]:
    """One line of the results of a batch."""
    return {"result": {"type": "succeeded", "message": {"model": model, "usage": usage}}}


ROWS = [
    row("a", input_tokens=1, output_tokens=2, inference_geo="us"),
    row("b", input_tokens=10, output_tokens=20),
    {"result": {"type": "errored", "error": {"type": "e"}}},
    row(
        "a",
        input_tokens=3,
        output_tokens=4,
        iterations=[{"type": "advisor_message", "model": "b", "input_tokens": 5, "output_tokens": 6}],
    ),
    {"result": {"type": "expired"}},
    row("a", input_tokens=-1),
]
TOGETHER = Reading(
    model="a",
    usage=Usage({"input": 4, "output": 6}),
    parts=(Part(model="b", usage=Usage({"input": 15, "output": 26})),),
    variant="batch",
    inference_geo="us",
    warnings=("usage_inconsistent",),
)


def same(reading: Reading) -> bool:
    """Whether a reading is that of all rows; whether it was at its end is not asked."""
    names = ("model", "usage", "parts", "variant", "inference_geo", "warnings", "id", "finish_reasons")
    return all(getattr(reading, name) == getattr(TOGETHER, name) for name in names)


def test_the_results_of_a_batch() -> None:
    """All lines that were billed count, by the model that answered, with the parts of each."""
    content = "\n".join([*map(json.dumps, ROWS), "no json"])
    assert same(anthropic_others.read_results(content))


def test_the_results_of_a_batch_as_events() -> None:
    """Lines that are read one by one, as JSON or as models of the client library, count the same."""
    for make in (dict, lambda line: MessageBatchIndividualResponse.construct(**line)):
        folding = anthropic_others.ResultEvents()
        assert [folding.see(make(line)) for line in ROWS] == [GOES_ON] * len(ROWS)
        assert same(anthropic_others.read_results(folding.body()))


def test_fees_of_many_lines_add_up() -> None:
    """Searches of all lines are billed together."""
    searches = {"web_search_requests": 2}
    content = "\n".join(
        json.dumps(row("a", input_tokens=1, output_tokens=1, server_tool_use=searches)) for _ in range(2)
    )
    assert anthropic_others.read_results(content).usage == Usage({"input": 2, "output": 2}, {"web_search": 4})


@pytest.mark.parametrize("content", ["", "{}", None, 5, {"a": 1}, []])
def test_what_are_no_results(content: Any) -> None:
    """Results without usage count nothing."""
    assert anthropic_others.read_results(content) == Reading(variant="batch")


def test_a_line_may_hold_what_looks_like_a_line_end() -> None:
    """JSON has characters inside strings that end a line elsewhere; they end none here."""
    line = {"custom_id": "a\u2028b\x85c", **row("a", input_tokens=1, output_tokens=2)}
    content = json.dumps(line, ensure_ascii=False)
    assert anthropic_others.read_results(content).usage == Usage({"input": 1, "output": 2})
