"""OpenAI responses: whole, streamed, with the fees of tools, and with errors."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from openai.types.responses import Response, ResponseCompletedEvent, ResponseTextDeltaEvent

from otel_tokens.dialects import openai_responses
from otel_tokens.dialects.dialect import FINAL
from otel_tokens.readings import Part, Usage

from . import strategies as make
from .examples import RESPONSE


def fold(*events: Any) -> Any:
    """What the events add up to."""
    folding = openai_responses.ResponseEvents()
    for event in events:
        folding.see(event)
    return folding.body()


def test_a_response_is_read() -> None:
    """A response says who answered, its status with the detail, its tier, its tokens and its searches."""
    reading = openai_responses.read(RESPONSE)

    assert (reading.model, reading.id) == ("gpt-a", "resp_1")
    assert (reading.service_tier, reading.variant) == ("flex", "flex")
    assert reading.finish_reasons == ("incomplete", "max_output_tokens")
    assert (reading.error_type, reading.warnings) == (None, ())
    assert reading.usage == Usage(
        {"input": 60, "cache_read": 40, "output": 18, "output_reasoning": 12},
        {"web_search": 1, "file_search": 1},
    )
    assert list(openai_responses.answer(RESPONSE)) == ["Hm", "{}", "Hi"]


@pytest.mark.parametrize(
    ("action", "billed"),
    [({"type": "search"}, True), ({"type": "open_page"}, False), ({"type": "find"}, False), (None, True)],
)
def test_only_searches_of_the_web_are_billed(action: Any, billed: bool) -> None:  # noqa: FBT001
    """Opening a page and looking into it have no fee."""
    body = {"usage": {"input_tokens": 1}, "output": [{"type": "web_search_call", "action": action}]}
    usage = openai_responses.read(body).usage

    assert usage is not None
    assert dict(usage.units) == ({"web_search": 1} if billed else {})


def test_images_that_a_tool_draws_are_at_its_model() -> None:
    """The tokens of images are no tokens of the model that asked for them."""
    image = Usage({"input": 3, "cache_read": 1, "input_image": 3, "cache_read_image": 2, "output_image": 20})
    assert openai_responses.read(RESPONSE).parts == (Part("gpt-image-a", image),)

    nameless = openai_responses.read({**RESPONSE, "tools": []})
    assert nameless.parts == (Part(None, image),)


@pytest.mark.parametrize(
    "tool_usage",
    [None, {}, [], "x", {"image_gen": None}, {"image_gen": {"input_tokens": 0, "total_tokens": 0}}],
)
def test_no_images_are_no_part(tool_usage: Any) -> None:
    """Most answers state zeros or nothing for images."""
    reading = openai_responses.read({**RESPONSE, "tool_usage": tool_usage})
    assert (reading.parts, reading.warnings) == ((), ())


def test_images_that_contradict_themselves_are_noted() -> None:
    """Odd counts of images leave a warning too."""
    body = {**RESPONSE, "tool_usage": {"image_gen": {"input_tokens": -1}}}
    assert openai_responses.read(body).warnings == ("usage_inconsistent",)


@pytest.mark.parametrize(
    ("requests", "billed"),
    [(3, {"web_search": 3}), (0, {}), (-1, {"web_search": 1}), (None, {"web_search": 1})],
)
def test_the_provider_counts_the_searches_that_it_bills(requests: Any, billed: Any) -> None:
    """Searches with a discount are calls of the tool, but are not billed: the count goes first."""
    body = {
        "usage": {"input_tokens": 1, "output_tokens": 1},
        "output": [{"type": "web_search_call", "action": {"type": "search"}}],
        "tool_usage": {"web_search": {"num_requests": requests}},
    }
    usage = openai_responses.read(body).usage
    assert usage is not None
    assert dict(usage.units) == billed


def test_what_a_vendor_counts_goes_before_the_output() -> None:
    """OpenRouter's and xAI's own counts of searches are not added to what is in the output."""
    body = {
        "usage": {
            "input_tokens": 1,
            "output_tokens": 1,
            "server_side_tool_usage_details": {"web_search_calls": 4},
        },
        "output": [{"type": "web_search_call"}, {"type": "file_search_call"}],
    }
    usage = openai_responses.read(body).usage
    assert usage is not None
    assert dict(usage.units) == {"web_search": 4, "file_search": 1}


def test_zeros_beside_a_text_are_no_usage() -> None:
    """A response that says something for no tokens states nothing; without a text it may be true."""
    zeros = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0, "cost": 0}
    body = {"status": "completed", "output": RESPONSE["output"], "usage": zeros}
    reading = openai_responses.read(body)
    assert (reading.usage, reading.cost_usd, reading.warnings) == (None, None, ("usage_inconsistent",))

    reading = openai_responses.read({**body, "output": []})
    assert (reading.usage, reading.cost_usd, reading.warnings) == (Usage(), Decimal(0), ())


def test_what_has_no_text_says_nothing() -> None:
    """An event without a type and a summary without a text are no text."""
    opened = {"type": "response.created", "response": {"id": "r"}}
    assert list(openai_responses.answer(fold(opened, {"delta": "?"}, {"type": 5}))) == []
    assert list(openai_responses.answer({"output": [{"summary": [{"type": "x"}]}]})) == []


def test_a_decision_is_read() -> None:
    """A decision states its tokens like a response, and no status."""
    usage = {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
        "output_tokens": 3,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": 12,
    }
    reading = openai_responses.DECISION.read({"model": "m", "answers": [{"type": "refusal"}], "usage": usage})

    assert reading.usage == Usage({"input": 5, "cache_read": 4, "output": 2, "output_reasoning": 1})
    assert (reading.model, reading.finish_reasons) == ("m", ())


def test_a_response_in_the_background_has_no_usage_yet() -> None:
    """A response that is queued states nothing, and is not at its end."""
    reading = openai_responses.read({"id": "r", "status": "queued", "usage": None, "output": []})

    assert (reading.id, reading.usage, reading.finish_reasons) == ("r", None, ("queued",))


def test_the_model_of_the_openai_package_reads_like_its_json() -> None:
    """A model of the client library is read like the JSON that it was made of, events too."""
    whole = Response.construct(**RESPONSE)
    assert openai_responses.read(whole) == openai_responses.read(RESPONSE)
    assert list(openai_responses.answer(whole)) == list(openai_responses.answer(RESPONSE))

    done = ResponseCompletedEvent.construct(type="response.completed", response=RESPONSE)
    delta = ResponseTextDeltaEvent.construct(type="response.output_text.delta", delta="H")
    assert openai_responses.read(fold(delta, done)) == openai_responses.read(RESPONSE)


def test_the_last_event_is_known() -> None:
    """The event with the final status is the last one that counts."""
    folding = openai_responses.ResponseEvents()
    progress = [folding.see(event) == FINAL for event in make.response_events(RESPONSE, 1)]

    assert progress == [*[False] * (len(progress) - 1), True]


def test_a_stream_that_was_cut_has_what_came() -> None:
    """Who answers is known from the first event, and the text from those that came; audio is no text."""
    opened = {"id": "r", "model": "m", "status": "in_progress", "usage": None}
    body = fold(
        {"type": "response.created", "response": opened},
        {"type": "response.output_text.delta", "delta": "Hel"},
        {"type": "response.audio.delta", "delta": "UklGRg=="},
        {"type": "response.output_text.delta", "delta": "lo"},
        {"type": "response.output_text.done", "text": "Hello"},
    )
    reading = openai_responses.read(body)

    assert (reading.model, reading.id, reading.usage) == ("m", "r", None)
    assert "".join(openai_responses.answer(body)) == "Hello"


def test_an_error_in_a_stream() -> None:
    """An error that comes as an event is what the stream ended with, also after usage was stated."""
    error = {"type": "error", "code": "server_error", "message": "m"}
    assert openai_responses.read(fold(error)).error_type == "server_error"

    reading = openai_responses.read(fold({"type": "response.completed", "response": RESPONSE}, error))
    assert reading.error_type == "server_error"
    assert reading.usage is not None
    assert reading.usage.input_tokens == 100


def test_a_response_that_failed() -> None:
    """A response that failed says why."""
    body = {"status": "failed", "error": {"code": "rate_limit_exceeded", "message": "m"}}
    reading = openai_responses.read(body)

    assert (reading.error_type, reading.finish_reasons) == ("rate_limit_exceeded", ("failed",))


def test_what_was_refused_is_text() -> None:
    """A refusal is billed like any other text."""
    body = {"output": [{"type": "message", "content": [{"type": "refusal", "refusal": "No"}]}]}
    assert list(openai_responses.answer(body)) == ["No"]
