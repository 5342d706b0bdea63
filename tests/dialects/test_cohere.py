"""Cohere: what is billed, and not what the model has worked on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from otel_tokens.dialects import cohere_chat, cohere_others, cohere_request, cohere_text
from otel_tokens.dialects.dialect import FINAL, GOES_ON
from otel_tokens.dialects.order import NOTHING, plain
from otel_tokens.readings import Usage

from .examples_cohere import ANSWERS, REQUESTS, STREAMS


@dataclass
class Model:
    """A model as Cohere's client library has them: fields as attributes."""

    id: str = "c"
    finish_reason: str = "COMPLETE"
    usage: Any = field(default_factory=dict)


def test_a_chat_states_what_is_billed() -> None:
    """Billed units fill the buckets, reasoning apart; template tokens and the cache are left out."""
    reading = cohere_chat.read(ANSWERS["cohere.chat"])

    assert reading.usage == Usage({"input": 5, "output": 28, "output_reasoning": 12})
    assert (reading.id, reading.model, reading.finish_reasons) == ("c-1", None, ("COMPLETE",))
    assert reading.finished
    assert reading.warnings == ()


def test_a_model_reads_like_json() -> None:
    """Objects of a client library are read as their JSON is."""
    units = {"input_tokens": 5.0, "output_tokens": 4.0}
    assert cohere_chat.read(Model(usage={"billed_units": units})).usage == Usage({"input": 5, "output": 4})


@pytest.mark.parametrize(
    ("stated", "usage", "warnings"),
    [
        ({}, None, ()),
        ({"billed_units": {}, "tokens": {}}, None, ()),
        ({"billed_units": {"input_tokens": 0, "output_tokens": 0}}, Usage(), ()),
        (
            {"tokens": {"input_tokens": 71, "output_tokens": 9, "reasoning_tokens": 4}, "cached_tokens": 64},
            Usage({"input": 7, "cache_read": 64, "output": 5, "output_reasoning": 4}),
            ("billed_unknown",),
        ),
        (
            {"tokens": {"output_tokens": 9}},
            Usage({"output": 9}),
            ("billed_unknown", "input_unknown"),
        ),
        (
            {"billed_units": {"input_tokens": 5, "output_tokens": 3}, "tokens": {"reasoning_tokens": 9}},
            Usage({"input": 5, "output_reasoning": 3}),
            (),
        ),
        (
            {"billed_units": {"input_tokens": 5.5, "output_tokens": 3}},
            Usage({"output": 3}),
            ("usage_inconsistent",),
        ),
        (
            {"billed_units": {"input_tokens": 5, "output_tokens": 1, "search_units": 2.0}},
            Usage({"input": 5, "output": 1}, {"search_unit": 2}),
            (),
        ),
    ],
)
def test_a_chat_states_its_usage(stated: Any, usage: Usage | None, warnings: tuple[str, ...]) -> None:
    """Without billed units the tokens are counted, and say so; what is absent is unknown."""
    reading = cohere_chat.read({"usage": stated})
    assert (reading.usage, reading.warnings) == (usage, warnings)


def test_the_events_of_a_chat() -> None:
    """`message-end` is the last event, and the others are folded to the message."""
    folding = cohere_chat.ChatEvents()
    progress = [folding.see(event) for event in STREAMS["cohere.chat"]]

    assert progress == [GOES_ON] * (len(progress) - 1) + [FINAL]
    assert folding.body() == ANSWERS["cohere.chat"]


def test_a_chat_that_failed() -> None:
    """A stream that fails states no usage, and what went wrong by its type."""
    folding = cohere_chat.ChatEvents()
    end = {"finish_reason": "ERROR", "usage": {}, "error": "no", "error_type": "INVALID_TOOL_GENERATION"}
    folding.see({"type": "message-end", "delta": end})
    reading = cohere_chat.read(folding.body())

    assert (reading.usage, reading.error_type) == (None, "INVALID_TOOL_GENERATION")
    assert cohere_chat.read({"error": "no"}).error_type == "_OTHER"


def test_a_chat_without_anything() -> None:
    """A stream without events is an answer without content."""
    body = cohere_chat.ChatEvents().body()
    assert list(cohere_chat.answer(body)) == []
    assert not cohere_chat.read(body).finished


def test_the_texts_of_a_chat() -> None:
    """The plan, the thinking, the text and the calls are texts."""
    assert list(cohere_chat.answer(ANSWERS["cohere.chat"])) == ["Look.", "Hm", "Hi there", "f", '{"a": 1}']
    assert list(cohere_chat.answer({"message": {"content": [{}], "tool_calls": [{}]}})) == []


def test_an_older_chat() -> None:
    """The first version says the same under `meta`."""
    reading = cohere_text.read(ANSWERS["cohere.chat_v1"])

    assert reading.usage == Usage({"input": 5, "output": 28, "output_reasoning": 12})
    assert (reading.id, reading.finish_reasons) == ("r-1", ("COMPLETE",))
    assert list(cohere_text.answer(ANSWERS["cohere.chat_v1"])) == ["Hi there", "f", "a", "b"]


def test_a_generation_has_choices() -> None:
    """Each generation is a choice with a reason of its own."""
    reading = cohere_text.read(ANSWERS["cohere.generate"])

    assert (reading.choices, reading.finish_reasons) == (2, ("COMPLETE", "MAX_TOKENS"))
    assert list(cohere_text.answer({"generations": [{"text": "Hi"}, {}]})) == ["Hi"]


def test_a_summary() -> None:
    """A summary is a text, and billed like one."""
    assert list(cohere_text.answer(ANSWERS["cohere.summarize"])) == ["Hi"]
    assert cohere_text.read({}).finished is False


@pytest.mark.parametrize(
    ("events", "body"),
    [
        ([], {"id": None, "text": ""}),
        (
            [{"event_type": "stream-start", "generation_id": "g"}, {"event_type": "text-generation"}],
            {"id": "g", "text": ""},
        ),
        (
            [{"event_type": "stream-error", "err": "no"}, {"event_type": "debug"}],
            {"id": None, "text": "", "error": "no"},
        ),
        ([{"event_type": "stream-error"}], {"id": None, "text": "", "error": "error"}),
        (
            [{"event_type": "stream-end", "finish_reason": "COMPLETE", "response": {"text": "a"}}],
            {"text": "a", "finish_reason": "COMPLETE"},
        ),
    ],
)
def test_the_events_of_older_calls(events: list[Any], body: Any) -> None:
    """The end brings the whole answer; until then there is the text so far."""
    folding = cohere_text.TextEvents()
    for event in events:
        folding.see(event)
    assert folding.body() == body
    assert (cohere_text.read(body).error_type is None) == ("error" not in body)


@pytest.mark.parametrize(
    ("billed", "usage"),
    [
        ({"input_tokens": 7, "image_tokens": 0}, Usage({"input": 7})),
        ({"input_tokens": 7, "image_tokens": 4}, Usage({"input": 7, "input_image": 4})),
        ({"input_tokens": 9, "text_tokens": 5, "image_tokens": 4}, Usage({"input": 5, "input_image": 4})),
        ({"text_tokens": 5, "image_tokens": 4}, Usage({"input": 5, "input_image": 4})),
        ({"image_tokens": 4}, Usage({"input_image": 4})),
        ({"images": 3.0}, Usage({}, {"image": 3})),
        ({"pages": 2}, Usage({}, {"page": 2})),
        ({"search_units": 0}, Usage()),
        ({"classifications": 4}, None),
    ],
)
def test_embeddings_are_billed_by_text_and_image(billed: Any, usage: Usage | None) -> None:
    """Text and images are told apart, whether the input has both or the images are beside it."""
    assert cohere_others.read({"meta": {"billed_units": billed}}).usage == usage


def test_other_calls() -> None:
    """Parsing has a reason to stop, and tokens that were not run are free."""
    assert cohere_others.read(ANSWERS["cohere.parse"]).finish_reasons == ("COMPLETE",)
    assert cohere_others.read(ANSWERS["cohere.embed"]).finish_reasons == ()
    assert cohere_others.read_free(ANSWERS["cohere.tokenize"]).usage is None
    assert not cohere_others.TOKENIZE.billed


@pytest.mark.parametrize(("status", "counted"), [("complete", True), ("failed", True), ("processing", False)])
def test_a_job_counts_when_it_has_ended(status: str, *, counted: bool) -> None:
    """The counts of a job may still grow while it runs."""
    reading = cohere_others.read_job({**ANSWERS["cohere.embed_job"], "status": status})
    assert (reading.usage is not None) is counted
    assert (reading.id, reading.batch_id, reading.model) == ("j-1", "j-1", "embed")


@pytest.mark.parametrize(
    ("fields", "usage"),
    [
        ({}, Usage({"input": 700, "output": 30})),
        ({"status": "BATCH_STATUS_IN_PROGRESS"}, None),
        ({"status": None}, None),
        ({"input_tokens": "7 0", "output_tokens": "٣"}, None),
        ({"input_tokens": 7, "output_tokens": "9" * 16}, Usage({"input": 7})),
    ],
)
def test_a_batch_counts_when_it_has_ended(fields: Any, usage: Usage | None) -> None:
    """A batch states its totals as text, at the price of batches; what is no number is unknown."""
    reading = cohere_others.read_batch({"batch": {**ANSWERS["cohere.batch"]["batch"], **fields}})
    assert (reading.usage, reading.variant, reading.id) == (usage, "batch", "b-1")


def test_a_request_asks() -> None:
    """Cohere's names are found under those of the conventions."""
    assert cohere_request.asked(REQUESTS["cohere"]) == {
        "max_tokens": 20,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 5,
        "stop_sequences": ["a"],
        "choice.count": 2,
        "output.type": "json",
    }
    assert cohere_request.asked({"num_generations": 1, "temperature": "hot", "stop": 5}) == {}
    assert cohere_request.asked_embed(REQUESTS["cohere"]) == {
        "dimension.count": 256,
        "encoding_formats": ["float", "int8"],
    }
    assert cohere_request.asked_embed({}) == {}


def test_a_request_orders() -> None:
    """Connectors search, and bring text that is not in the request."""
    order = cohere_request.order(REQUESTS["cohere"])

    assert (order.output_tokens, order.choices, order.hidden) == (20, 2, 1)
    assert order.units == {"search_unit": 10}
    assert order.overhead_tokens > 0
    assert cohere_request.order({"max_tokens": 5}) == plain(5)
    assert cohere_request.order({"num_generations": 2}).units is None


def test_embeddings_order() -> None:
    """Embeddings have no output, but images that may be billed each."""
    assert cohere_request.order_embed(REQUESTS["cohere"]).units == {"image": 2}
    assert cohere_request.order_embed({"texts": ["a"]}) == NOTHING
    assert cohere_others.PARSE.order({}).units == {"page": 1000}


@pytest.mark.parametrize(
    ("request_", "units"),
    [
        ({"query": "q", "documents": ["a"] * 100}, 1),
        ({"query": "q", "documents": ["a"] * 101}, 2),
        ({"query": "q", "documents": [{"text": "a" * 499}] * 51}, 2),
        ({"query": "q" * 450, "documents": ["a" * 101] * 51}, 2),
        ({"documents": ["a" * 10_000] * 100, "max_tokens_per_doc": 500}, 1),
        ({"documents": ["a" * 10_000] * 10}, 1),
        ({}, 1),
    ],
)
def test_a_ranking_orders_search_units(request_: Any, units: int) -> None:
    """A unit has 100 documents, and a long one counts as several."""
    order = cohere_request.order_rerank(request_)
    assert (order.output_tokens, order.units) == (0, {"search_unit": units})


def test_the_texts_of_requests() -> None:
    """Both versions of a chat, embeddings and rankings have their texts found."""
    request = REQUESTS["cohere"]
    texts = list(cohere_request.prompt(request))

    assert {"P", "M", "Q", "Earlier", "One", "Two", "Three", "Be brief.", "Hello", '{"a": 1}', "Look"} <= {
        *texts
    }
    assert list(cohere_request.prompt_embed(request)) == ["One", "Two", "Four", "Three"]
    assert list(cohere_request.prompt_rerank({"query": "Q", "documents": ["A"]})) == ["Q", "A"]
