"""Budgets of blocks: what they count, where they reach, and how they are entered and left."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import warnings

from collections.abc import Callable, Iterator
from contextvars import copy_context
from decimal import Decimal
from typing import Any

import pytest

import otel_tokens

from otel_tokens.budgets import block
from otel_tokens.budgets.lines import BLOCK
from otel_tokens.errors import BudgetExceeded
from tests.clients.transport import Transport, async_openai_client, openai_client

from .test_gate import Program
from .test_torture import CHAT, FIT, chat_reply, stream


@pytest.fixture
def program() -> Program:
    """A program with one client."""
    return Program()


@pytest.fixture
def quiet() -> Iterator[None]:
    """Nobody enforces anything, and nobody is told."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def names() -> list[str]:
    """The budgets of this place in the code."""
    return [entered.budget.name for entered in block.opened.get()]


@pytest.mark.usefixtures("quiet")
def test_what_a_block_says_of_itself() -> None:
    """It gives exact numbers in the unit of its limit."""
    with otel_tokens.budget("usd", limit_usd=0.1) as usd, otel_tokens.budget("n", limit_tokens=7) as tokens:
        assert usd is not None
        assert tokens is not None
        assert (usd.limit, usd.spent, usd.held, usd.left) == (Decimal("0.1"), 0, 0, Decimal("0.1"))
        assert (tokens.limit, tokens.left) == (7, 7)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("limit", [Decimal("0.25"), 0.25, "0.25"])
def test_a_limit_in_every_form(limit: Any) -> None:
    """A number, a `Decimal` and a text mean the same."""
    with otel_tokens.budget("job", limit_usd=limit) as job:
        assert job is not None
        assert job.limit == Decimal("0.25")


@pytest.mark.usefixtures("quiet")
def test_blocks_are_left_in_any_order() -> None:
    """Blocks that are not left in the reverse order leave the others where they are."""
    outer, inner = otel_tokens.budget("outer", limit_usd=1), otel_tokens.budget("inner", limit_usd=1)
    outer.__enter__()
    inner.__enter__()
    assert names() == ["outer", "inner"]
    outer.__exit__(None, None, None)
    assert names() == ["inner"]
    inner.__exit__(None, None, None)
    assert names() == []


@pytest.mark.usefixtures("quiet")
def test_a_block_that_is_left_elsewhere() -> None:
    """A block that is left in a context that it was never entered in changes nothing there."""
    inner = otel_tokens.budget("inner", limit_usd=1)
    copy_context().run(inner.__enter__)
    with otel_tokens.budget("outer", limit_usd=1):
        inner.__exit__(None, None, None)
        assert names() == ["outer"]


def test_a_block_that_was_entered_before_metering(metered: Callable[[], Any], program: Program) -> None:
    """Its cap counts as soon as somebody looks, also when metering stops and starts again."""
    job = otel_tokens.budget("job", limit_usd="0.01")
    with pytest.warns(RuntimeWarning, match="caps nothing"):
        job.__enter__()
    assert program.calls(3) == 3  # nobody meters yet
    telemetry = metered()
    assert program.calls(3) == 3
    telemetry.stop()
    telemetry.start()
    assert program.calls(3) == FIT - 3
    job.__exit__(None, None, None)
    assert program.calls(3) == 3


@pytest.mark.settings(OTEL_SDK_DISABLED="true")
def test_a_block_where_all_is_switched_off(metered: Callable[[], Any], program: Program) -> None:
    """With `OTEL_SDK_DISABLED` nothing is capped, and that is told."""
    metered()
    with pytest.warns(RuntimeWarning, match="caps nothing"), otel_tokens.budget("job", limit_usd="0.01"):
        assert program.calls(6) == 6


def test_tasks_share_the_cap_of_a_block(metered: Callable[[], Any]) -> None:
    """Tasks that were started in a block spend from its cap, and hold together at most that."""
    metered()
    transport = Transport(chat_reply)
    client = async_openai_client(transport)

    async def main() -> list[Any]:
        with otel_tokens.budget("job", limit_usd="0.01") as job:
            found = await asyncio.gather(
                *[client.chat.completions.create(**CHAT) for _ in range(3 * FIT)], return_exceptions=True
            )
            assert job is not None
            assert (job.spent, job.held) == (job.limit, 0)
        return found

    found = asyncio.run(main())
    assert [type(one) for one in found].count(BudgetExceeded) == 2 * FIT
    assert len(transport.requests) == FIT


def test_a_stream_that_is_closed_in_a_thread_of_a_block(metered: Callable[[], Any]) -> None:
    """What a stream holds is free as soon as it is closed, in a thread that the block has started too."""
    metered()
    client = openai_client(Transport(stream))
    left: list[Decimal] = []

    def work() -> None:
        events = client.chat.completions.create(**CHAT, stream=True)
        next(iter(events))
        events.close()
        assert job is not None
        left.append(job.held)

    with otel_tokens.budget("job", limit_usd="0.01") as job:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert left == [0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_does_not_hold_what_its_parent_holds(metered: Callable[[], Any]) -> None:
    """In the child of a fork the block has spent what its parent had, and holds nothing."""
    metered()
    client = openai_client(Transport(stream, chat_reply))
    with otel_tokens.budget("job", limit_usd="0.005") as job:
        assert job is not None
        events = client.chat.completions.create(**CHAT, stream=True)
        assert job.held > 0
        child = os.fork()
        if child == 0:
            held = job.held  # no assert: a child of pytest must not go on as another pytest
            sent = 0
            try:
                client.chat.completions.create(**CHAT)
                client.chat.completions.create(**CHAT)
                sent = 2
            finally:
                os._exit(0 if (held, sent) == (0, 2) else 1)
        _, status = os.waitpid(child, 0)
        events.close()
    assert os.waitstatus_to_exitcode(status) == 0


def test_two_blocks_of_one_count(metered: Callable[[], Any], program: Program) -> None:
    """A count in the ledger that is named twice counts each call once."""
    telemetry = metered()
    daily = otel_tokens.budget("daily", limit_usd="0.01", window="day")
    with daily, daily:
        assert program.calls() == FIT
    assert telemetry.total("otel_tokens.budget.spent.usd") == pytest.approx(0.01)


def test_a_block_of_traces_outside_of_one(metered: Callable[[], Any], program: Program) -> None:
    """A block whose window is a trace counts only within one."""
    telemetry = metered()
    with otel_tokens.budget("traced", limit_usd="0.01", window="trace"):
        assert program.calls(6) == 6
        with telemetry.tracer.start_as_current_span("GET /"):
            assert program.calls(6) == FIT


@pytest.mark.usefixtures("quiet")
def test_a_block_leaves_nothing_behind() -> None:
    """What a block counts is gone with it."""

    def alive() -> int:
        gc.collect()
        return sum(
            [isinstance(found, block.Line) and found.account.window == BLOCK for found in gc.get_objects()]
        )

    before = alive()
    for _ in range(50):
        with otel_tokens.budget("job", limit_usd=1):
            pass
    assert alive() == before
