"""A session is held for a whole window at each response that is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from hypothesis import given

from otel_tokens.dialects.realtime_order import order_session

from .strategies import json_values


def update(limit: Any) -> Any:
    """A change of the session."""
    return {"type": "session.update", "session": {"max_output_tokens": limit}}


def create(**response: Any) -> Any:
    """A wish for a response."""
    return {"type": "response.create", "response": response}


@pytest.mark.parametrize(
    ("request_", "limit", "passes"),
    [
        (None, None, 1),
        ({"type": "input_audio_buffer.append", "audio": "AAAA"}, None, 1),
        (create(), None, 1),
        (create(max_output_tokens=5), 5, 1),
        ([update(7)], 7, 1),
        ([update(7), create()], 7, 1),
        ([update(7), create(), create(max_output_tokens=9)], 9, 2),
        ([create(max_output_tokens=9), create()], None, 2),
        ([update("inf"), create()], None, 1),
        ([update(0), create()], None, 1),
        ([{"type": "session.update", "session": {"max_response_output_tokens": 4}}], 4, 1),
        ([create(max_output_tokens=9), {"type": "input_audio_buffer.commit"}, update(3)], None, 2),
        ([{"setup": {"generationConfig": {"maxOutputTokens": 3}}}, {"clientContent": {}}], 3, 1),
        ([{"setup": {"generation_config": {"max_output_tokens": 3}}}, {"tool_response": {}}] * 2, 3, 2),
    ],
)
def test_responses_of_a_session(request_: Any, limit: int | None, passes: int) -> None:
    """The maximum is what holds for each of them, the largest; without one for any of them, unknown."""
    order = order_session(request_)
    assert (order.output_tokens, order.passes, order.speaks) == (limit, passes, True)


def test_what_was_said_before() -> None:
    """All messages say what was before, and earlier answers come on top; one message says nothing of it."""
    assert order_session(create(max_output_tokens=5)).hidden == 1
    assert order_session([create(max_output_tokens=5)]).hidden == 0
    three = order_session([create(max_output_tokens=5)] * 3)
    assert (three.hidden, three.audio_tokens) == (0, 10)
    assert order_session([create()]).hidden == 0
    assert order_session([create()] * 2).hidden == 1
    assert order_session([create()]).units == {"audio_second": 3600}


@given(request_=json_values)
def test_any_message_has_an_order(request_: Any) -> None:
    """Whatever is sent, at least one response is held."""
    assert order_session(request_).passes >= 1
