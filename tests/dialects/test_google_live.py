"""Google's live sessions: one usage a turn, whenever and however often it comes."""

from __future__ import annotations

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.dialects import google_live
from otel_tokens.dialects.dialect import GOES_ON
from otel_tokens.dialects.google_fees import MAPS_UNPRICED, TOOL_TOKENS_FREE
from otel_tokens.dialects.order import Order
from otel_tokens.readings import Reading, Usage

from .examples_google import ANSWERS, LIVE_USAGE, REQUESTS, STREAMS


OVER = {"serverContent": {"turnComplete": True}}
SAYS = {"serverContent": {"modelTurn": {"parts": [{"text": "Hi"}]}}}


def used(put: int, got: int, **more: Any) -> dict[str, Any]:
    """A message with the usage of a turn."""
    counts = {"promptTokenCount": put, "responseTokenCount": got, "totalTokenCount": put + got}
    return {"usageMetadata": {**counts, **more}}


def ended(put: int, got: int) -> dict[str, Any]:
    """The message that ends a turn, with its usage."""
    return {**OVER, **used(put, got)}


def read(*messages: Any) -> Reading:
    """What a session of these messages says."""
    session = google_live.SessionMessages()
    assert {session.see(message) for message in messages} <= {GOES_ON}
    return google_live.read(session.body())


def test_a_session() -> None:
    """A session says who answered, and what its turns used and searched for."""
    reading = read(*STREAMS["google.live"])
    assert (reading.id, reading.model, reading.choices) == ("s", "models/gemini-live", 2)
    assert reading.usage == Usage({"input": 4, "input_audio": 20, "output_audio": 5}, {"web_search": 3})
    assert (reading.service_tier, reading.variant) == ("ON_DEMAND", "standard")
    assert reading.error_type == "3"
    assert reading.warnings == (MAPS_UNPRICED,)
    assert not reading.finished


SESSIONS: dict[str, tuple[list[Any], tuple[int, int] | None]] = {
    "no turn": ([{"setupComplete": {}}], None),
    "a turn": ([SAYS, ended(10, 5)], (10, 5)),
    "two turns": ([SAYS, ended(10, 5), SAYS, ended(20, 6)], (30, 11)),
    "two turns of the same size": ([SAYS, ended(10, 5), SAYS, ended(10, 5)], (20, 10)),
    "two turns that only end": ([ended(10, 5), ended(10, 5)], (20, 10)),
    "usage that is repeated within a turn": ([SAYS, used(10, 5), ended(10, 5)], (10, 5)),
    "usage that grows within a turn": ([used(10, 1), SAYS, used(10, 3), ended(10, 5)], (10, 5)),
    "usage that begins again within a turn": ([used(10, 5), SAYS, ended(20, 2)], (30, 7)),
    "usage before the end": ([SAYS, used(10, 5), OVER], (10, 5)),
    "usage after the end": ([SAYS, OVER, used(10, 5), SAYS, OVER, used(20, 6)], (30, 11)),
    "usage at the end and after it": ([SAYS, ended(10, 5), used(10, 5), SAYS, ended(20, 6)], (30, 11)),
    "a turn that is cut": ([SAYS, ended(10, 5), SAYS, used(20, 1)], (30, 6)),
    "a tool between two turns": ([ended(10, 5), {"toolCall": {}}, ended(20, 6)], (30, 11)),
    "usage without counts": ([SAYS, {"usageMetadata": {"trafficType": "ON_DEMAND"}}, OVER], None),
    "garbage": ([None, 7, [], {"serverContent": 1, "usageMetadata": "x"}, ended(10, 5)], (10, 5)),
}


@pytest.mark.parametrize(("messages", "wanted"), SESSIONS.values(), ids=SESSIONS)
def test_turns_are_added_up(messages: list[Any], wanted: tuple[int, int] | None) -> None:
    """Every turn counts once, however often its usage is stated."""
    usage = read(*messages).usage
    assert (None if usage is None else usage.totals()) == wanted


def test_thoughts_are_beside_the_response() -> None:
    """Thoughts come on top of a response, though the total leaves them out."""
    reading = read(used(10, 5, thoughtsTokenCount=3))
    assert reading.usage == Usage({"input": 10, "output": 5, "output_reasoning": 3})
    assert reading.warnings == ("usage_inconsistent",)


def test_a_session_is_finished_with_its_last_turn() -> None:
    """What is stated is final when every turn has ended."""
    assert read(SAYS, ended(10, 5)).finished
    assert not read(SAYS, ended(10, 5), SAYS).finished
    assert not read().finished


def test_searches_of_a_turn_count_once() -> None:
    """Queries may be repeated within a turn; each turn searches for itself."""
    grounded = {"serverContent": {"groundingMetadata": {"webSearchQueries": ["a", "b"]}}}
    tools = {"toolUsePromptTokenCount": 4, "totalTokenCount": 19}
    turn = [SAYS, grounded, grounded, {**OVER, **used(10, 5, **tools)}]
    reading = read(*turn, *turn)
    assert reading.usage == Usage({"input": 20, "input_tool": 8, "output": 10}, {"web_search": 4})
    assert reading.warnings == (TOOL_TOKENS_FREE,)
    old = read({"setup": {"model": "models/gemini-2.5-flash"}}, *turn, *turn)
    assert old.usage is not None
    assert old.usage.units == {"web_search": 2}


def test_searches_of_a_turn_with_two_passes() -> None:
    """Queries are of the turn, not of each of its passes."""
    grounded = {"serverContent": {"groundingMetadata": {"webSearchQueries": ["a"]}}}
    reading = read(grounded, used(10, 5), ended(20, 2))
    assert reading.usage == Usage({"input": 30, "output": 7}, {"web_search": 1})


def test_messages_that_nobody_folded() -> None:
    """A list of messages, or one of them, reads as the session would."""
    messages = [SAYS, ended(10, 5), SAYS, ended(20, 6)]
    assert google_live.read(messages) == read(*messages)
    assert google_live.read(ended(10, 5)) == read(ended(10, 5))
    assert google_live.read({"usageMetadata": LIVE_USAGE}).usage is not None


def test_a_session_as_a_body() -> None:
    """A folded session reads the same again."""
    usage = google_live.read(ANSWERS["google.live"]).usage
    assert usage == Usage({"input": 4, "input_audio": 20, "output_audio": 5}, {"web_search": 1})
    assert list(google_live.answer(ANSWERS["google.live"])) == ["Hi"]


def test_the_texts_of_a_session() -> None:
    """What was said is told as text or as transcript."""
    session = google_live.SessionMessages()
    for message in STREAMS["google.live"]:
        session.see(message)
    assert list(google_live.answer(session.body())) == ["H", "i"]


def test_the_setup_is_the_request() -> None:
    """What the session asks for, orders and says is in the messages of the client."""
    request = [None, REQUESTS["google"]]
    assert google_live.asked_live(request)["max_tokens"] == 20
    ordered = google_live.order_live(request)
    assert ordered.output_tokens == google_live.order_live(REQUESTS["google"]["setup"]).output_tokens
    assert (ordered.hidden, ordered.passes, ordered.speaks) == (0, 1, True)
    assert google_live.order_live({}) == Order(hidden=1, speaks=True)
    assert list(google_live.prompt_live(request)) == ["Hi"]
    setup = {"setup": {"systemInstruction": {"parts": [{"text": "Be brief"}]}}}
    assert list(google_live.prompt_live(setup)) == ["Be brief"]


@given(
    turns=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=5),
    repeats=st.integers(1, 3),
    late=st.booleans(),
)
def test_a_session_costs_what_its_turns_do(
    turns: list[tuple[int, int]],
    repeats: int,
    late: bool,  # noqa: FBT001
) -> None:
    """Wherever the usage of a turn comes, and however often, the session is the sum of its turns."""
    messages: list[Any] = []
    for put, got in turns:
        messages += [SAYS, *[used(put, got)] * repeats, OVER, *([used(put, got)] if late else [])]
    usage = read(*messages).usage
    wanted = (sum(put for put, _ in turns), sum(got for _, got in turns))
    assert (usage.totals() if usage else None) == (wanted if turns else None)
