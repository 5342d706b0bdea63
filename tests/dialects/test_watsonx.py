"""IBM watsonx.ai: generations whose counts come and go, chats in OpenAI's shape, embeddings."""

from __future__ import annotations

from typing import Any

import pytest

from otel_tokens.dialects import watsonx
from otel_tokens.readings import Usage

from .examples_servers import ANSWERS, REQUESTS, STREAMS


def folded(events: list[Any]) -> Any:
    """The body that events add up to."""
    folding = watsonx.GenerationEvents()
    for event in events:
        folding.see(event)
    return folding.body()


def test_a_generation() -> None:
    """Each result states its input and its output."""
    reading = watsonx.read(ANSWERS["watsonx.generation"])

    assert reading.usage == Usage({"input": 7, "output": 2})
    assert (reading.model, reading.finish_reasons) == ("ibm/granite", ("eos_token",))
    assert list(watsonx.answer(ANSWERS["watsonx.generation"])) == ["Hi"]


def test_several_results_add_up() -> None:
    """Results are answers of their own; one without counts takes nothing away."""
    result = ANSWERS["watsonx.generation"]["results"][0]
    reading = watsonx.read({"results": [result, result, {}]})
    assert (reading.usage, reading.choices, reading.finished) == (
        Usage({"input": 14, "output": 4}),
        3,
        False,
    )


@pytest.mark.parametrize(("errors", "kind"), [([{"code": "e"}], "e"), ([{}], "_OTHER"), ([], None)])
def test_errors(errors: list[Any], kind: str | None) -> None:
    """An error is known by its code, whole or in a stream."""
    assert watsonx.read({"errors": errors}).error_type == kind
    assert watsonx.read(folded([{"errors": errors}])).error_type == kind


def test_an_input_that_is_stated_once_counts() -> None:
    """The input is 0 in all events but the first; the largest counts."""
    assert folded(STREAMS["watsonx.generation"]) == ANSWERS["watsonx.generation"]


@pytest.mark.parametrize(
    ("stated", "kept"), [([7, 0], 7), ([0, 7], 7), (["x", 7], 7), ([7, "x"], 7), ([7, None], 7), (["x"], "x")]
)
def test_the_best_count_is_kept(stated: list[Any], kept: Any) -> None:
    """What is no count is kept only where there is nothing better."""
    events = [{"results": [{"input_token_count": value}]} for value in stated]
    assert folded(events)["results"][0]["input_token_count"] == kept


def test_a_stream_that_is_open() -> None:
    """A generation that has not finished has no reason to stop."""
    body = folded(STREAMS["watsonx.generation"][:2])
    reading = watsonx.read(body)
    assert (reading.finish_reasons, reading.finished) == ((), False)
    assert folded([]) == {}


def test_a_chat() -> None:
    """A chat is in OpenAI's shape, and its model may stand under another name."""
    folding = watsonx.ChatEvents()
    for event in STREAMS["watsonx.chat"]:
        folding.see(event)
    named = {"model": "m", "model_id": "n", "choices": []}

    assert watsonx.read_chat(ANSWERS["watsonx.chat"]).model == "ibm/granite"
    assert watsonx.read_chat(named).model == "m"
    assert folding.body()["model_id"] == "ibm/granite"
    assert "model_id" not in watsonx.ChatEvents().body()


def test_embeddings_and_tokens() -> None:
    """Embeddings state their input, and a count of tokens is free."""
    assert watsonx.read_embeddings(ANSWERS["watsonx.embeddings"]).usage == Usage({"input": 10})
    assert watsonx.read_embeddings({}).usage is None
    assert watsonx.read_free(ANSWERS["watsonx.tokenization"]).usage is None


def test_a_request() -> None:
    """The parameters, the order and the texts of a request are found."""
    request = REQUESTS["watsonx"]

    assert watsonx.asked(request) == {"max_tokens": 20, "seed": 7, "temperature": 0.5}
    assert watsonx.order(request).output_tokens == 20
    assert list(watsonx.prompt(request)) == ["Hello"]
    assert list(watsonx.prompt_embeddings(request)) == ["One"]
    assert list(watsonx.answer({"results": [{}]})) == []
