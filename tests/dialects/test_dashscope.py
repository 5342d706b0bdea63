"""Alibaba's DashScope in its own format."""

from __future__ import annotations

from typing import Any

import pytest

from otel_tokens.dialects import dashscope
from otel_tokens.dialects.dialect import GOES_ON
from otel_tokens.readings import Part, Usage

from .examples_dashscope import ANSWERS, REQUESTS, STREAMS, dashscope_event
from .examples_native import CALL


def folded(events: list[Any]) -> Any:
    """The body that events add up to."""
    folding = dashscope.GenerationEvents()
    assert [folding.see(event) for event in events] == [GOES_ON] * len(events)
    return folding.body()


def test_a_generation() -> None:
    """Cached, written, seen and heard tokens are inside the input, reasoning inside the output."""
    reading = dashscope.read(ANSWERS["dashscope.generation"])

    assert reading.usage is not None
    assert reading.usage.totals() == (100, 30)
    assert reading.usage.cache_read_tokens == 40
    assert reading.usage.tokens["cache_write"] == 10
    assert reading.usage.tokens["input_image"] == 20
    assert reading.usage.tokens["output_reasoning"] == 12
    assert (reading.id, reading.finish_reasons, reading.warnings) == ("d-1", ("stop",), ())


@pytest.mark.parametrize(
    ("stated", "usage"),
    [
        ({"input_tokens": 9, "output_tokens": 3}, Usage({"input": 9, "output": 3})),
        ({"total_tokens": 5}, Usage({"input": 5})),
        (
            {"image_count": 2, "characters": 7, "duration": 1.5},
            Usage({}, {"image": 2, "character": 7, "audio_second": 1.5}),
        ),
        ({"seconds": 0, "duration": 0}, None),
        (
            {"input_tokens": 9, "output_tokens": 3, "seconds": 4, "image_count": 1},
            Usage({"input": 9, "output": 3}, {"image": 1}),
        ),
        (
            {"input_tokens": 9, "input_tokens_details": {"image_tokens": 4}, "image_tokens": 5},
            Usage({"input": 5, "input_image": 4}),
        ),
        ({}, None),
    ],
)
def test_usage_is_tokens_or_units(stated: Any, usage: Usage | None) -> None:
    """Tokens where there are any, and what else is billed."""
    reading = dashscope.read({"output": {}, "usage": stated})
    assert (reading.usage, reading.warnings) == (usage, ())


def test_odd_counts_warn_once() -> None:
    """What is no count leaves one warning, whichever it is."""
    both = dashscope.read({"usage": {"input_tokens": -1, "output_tokens": 3, "image_count": -1}})
    units = dashscope.read({"usage": {"input_tokens": 1, "image_count": True}})

    assert both.warnings == units.warnings == ("usage_inconsistent",)


def test_an_application_states_each_model() -> None:
    """The models that an application asked are parts of their own."""
    models = [
        {"model_id": "qwen-max", "input_tokens": 9, "output_tokens": 3},
        {"model_id": "qwen-plus", "input_tokens": 2, "output_tokens": 1},
        {"model_id": "none"},
    ]
    reading = dashscope.read({"output": {"text": "Hi", "finish_reason": "stop"}, "usage": {"models": models}})

    assert (reading.model, reading.usage) == ("qwen-max", Usage({"input": 9, "output": 3}))
    assert reading.parts == (Part("qwen-plus", Usage({"input": 2, "output": 1})),)
    assert reading.finish_reasons == ("stop",)


def test_a_task_counts_when_it_has_run() -> None:
    """A task that was started states nothing yet, and counts once when it does."""
    started = dashscope.read(ANSWERS["dashscope.media"])
    ended = dashscope.read(ANSWERS["dashscope.task"])

    assert (started.usage, started.batch_id, started.finished) == (None, "t-1", False)
    assert (ended.batch_id, ended.finished) == ("t-1", True)
    assert dashscope.TASK.once
    assert dashscope.read({"code": "InvalidParameter", "message": "no"}).error_type == "InvalidParameter"


def test_a_stream_of_wholes() -> None:
    """Texts that come whole each time count once, and so do calls."""
    body = folded(STREAMS["dashscope.generation"])
    assert list(dashscope.answer(body)) == ["Hm", "Hi there", "f", CALL["function"]["arguments"]]


def test_a_stream_of_pieces() -> None:
    """Texts that come in pieces are put together; counts that vanish keep their last value."""
    events = [
        dashscope_event("Hi", "", "null", input_tokens=9, output_tokens=1),
        dashscope_event(" there", "", "null", input_tokens=9, output_tokens=3),
        {"output": {"choices": [{"finish_reason": "null"}]}, "usage": {"input_tokens": None}},
    ]
    body = folded(events)
    reading = dashscope.read(body)

    assert "".join(dashscope.answer(body)) == "Hi theref" + CALL["function"]["arguments"]
    assert reading.usage == Usage({"input": 9, "output": 3})
    assert (reading.finish_reasons, reading.finished) == ((), False)


def test_a_stream_of_text() -> None:
    """The older form has its text beside the reason."""
    events = [{"output": {"text": "Hi"}}, {"output": {"text": "Hi there", "finish_reason": "stop"}}]
    body = folded(events)

    assert list(dashscope.answer(body)) == ["Hi there"]
    assert dashscope.read(body).finish_reasons == ("stop",)
    assert list(dashscope.answer({"output": {"thoughts": "Hm"}})) == ["Hm"]


def test_a_request() -> None:
    """Parameters, order and texts are found."""
    request = REQUESTS["dashscope"]
    order = dashscope.order(request)

    assert dashscope.asked(request) == {"max_tokens": 20, "choice.count": 2, "dimension.count": 256}
    assert (order.output_tokens, order.choices) == (20, 2)
    assert dashscope.order_media(request).units == {"image": 2}
    assert dashscope.order_media({}).units == {"image": 4}
    assert list(dashscope.prompt(request))[:3] == ["Hello", "One", "Be brief."]
