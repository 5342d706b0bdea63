"""A purse at its corners: interrupted steps, lost threads, late settles, alerts under a race, many lines."""

from __future__ import annotations

import threading
import time

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from otel_tokens.budgets.budget import Budget
from otel_tokens.budgets.lines import BLOCK, Line, Lines, Part
from otel_tokens.budgets.purse import Purse
from otel_tokens.ledgers.ledger import FORGET_S, Account, Balance
from otel_tokens.ledgers.memory import MemoryLedger
from otel_tokens.ledgers.settings import LedgerSettings

from .flaky import FlakyLedger
from .test_purse import BUDGET, CAP, Process, Told, balance, until


WARNS = Budget(name="users", limit=CAP, action="warn", per="user.id", scopes_limit=2)


def of_user(process: Process, user: str, budget: Budget = WARNS) -> Line:
    """The line of one user."""
    return process.purse.line(Account(budget.name, "total", user), budget)


# Steps that do not come to their end.


def test_a_block_gets_back_what_an_interrupted_step_has_held() -> None:
    """Ctrl-C while the ledger is asked leaves no hold on the budget of a block."""
    ledger = FlakyLedger()
    process = Process(ledger)

    def interrupted() -> str:
        raise KeyboardInterrupt

    ledger.fails = interrupted
    block = Line(Account("job", BLOCK, "1"), Budget(name="job", limit=CAP, window=BLOCK))
    block.share = CAP

    with pytest.raises(KeyboardInterrupt):
        process.purse.ask([Part(block, 10), Part(process.line(), 10)])

    assert (block.held, process.line().held, process.line().busy) == (0, 0, False)
    ledger.fails = lambda: ""
    assert process.purse.ask([Part(block, 10), Part(process.line(), 10)]) is None
    assert (block.held, process.line().held) == (10, 10)
    process.settle(10, 10)
    process.purse.stop()


def test_a_block_that_is_full_asks_nobody() -> None:
    """What a block refuses never reaches the ledger, and what the ledger refuses the block does not hold."""
    process = Process(FlakyLedger())
    block = Line(Account("job", BLOCK, "1"), Budget(name="job", limit=5, window=BLOCK))
    block.share = 5

    refused = process.purse.ask([Part(block, 10), Part(process.line(), 10)])
    assert refused is not None
    assert (refused.line, refused.balance.cap) == (block, 5)
    assert process.purse._turn == 0

    block.share = block.cap = CAP * 2
    refused = process.purse.ask([Part(block, CAP + 1), Part(process.line(), CAP + 1)])
    assert refused is not None
    assert (refused.line, block.held) == (process.line(), 0)
    process.purse.stop()


def test_without_a_thread_steps_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no thread can be started calls are held and settled all the same, and the end is orderly."""
    ledger = FlakyLedger()
    process = Process(ledger)

    def start(_self: Any) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        assert process.spend(100) is None
        assert process.hold(100) is None
        process.settle(100, 50, wait=False)
    assert balance(ledger) == (100, 100)

    process.purse.stop()

    assert balance(ledger) == (150, 0)
    assert ledger.left == [process.purse._holder]


def test_a_settle_after_the_end_is_stated_at_once() -> None:
    """A stream that outlives the metering is counted, though no thread is there to state it later."""
    ledger = FlakyLedger()
    process = Process(ledger)
    process.hold(300)
    process.purse.stop()
    assert (ledger.left, ledger.closed) == ([], 1)  # it still holds something

    process.settle(300, 120, wait=False)

    assert balance(ledger) == (120, 0)
    assert ledger.closed == 2


def test_whoever_made_no_step_closes_the_ledger_too() -> None:
    """A connection that was only made to see whether the ledger works is let go of."""
    ledger = FlakyLedger()
    Process(ledger).purse.stop()
    assert (ledger.left, ledger.closed) == ([], 1)


def test_the_ledger_is_closed_also_where_leaving_fails() -> None:
    """A server that is gone at the end leaves no connection open."""
    ledger = FlakyLedger()
    process = Process(ledger)
    process.spend(10)
    until(lambda: not process.purse._wake.is_set())

    def leave(_holder: str) -> None:
        from otel_tokens.errors import LedgerError  # noqa: PLC0415

        raise LedgerError("gone")

    ledger.leave = leave  # type: ignore[method-assign]
    process.purse.stop()
    assert ledger.closed == 1


def test_a_stuck_step_does_not_keep_the_program_from_ending() -> None:
    """At the end the ledger is waited for as long as a call would wait, and no longer."""
    process = Process(FlakyLedger(), timeout_s=0.05)
    with process.purse._step:
        began = time.monotonic()
        process.purse.stop()
    assert time.monotonic() - began < 1
    assert process.purse.ledger.closed == 0  # type: ignore[attr-defined]


# What is told.


class Slow(Told):
    """Is told the first thing slowly."""

    def __init__(self) -> None:
        super().__init__()
        self.there = threading.Event()
        self.go_on = threading.Event()

    def spent(self, budget: Budget, balance: Balance) -> None:
        """Note it, and wait the first time."""
        super().spent(budget, balance)
        if not self.there.is_set():
            self.there.set()
            assert self.go_on.wait(10)


def test_no_threshold_is_missed_in_a_race() -> None:
    """Two threads that settle at once tell of steps without a gap or an overlap."""
    told = Slow()
    purse = Purse(MemoryLedger(), LedgerSettings(), told)
    many = tuple([Decimal(share) / 100 for share in range(1, 101)])
    lines = [
        purse.line(Account(name, "total"), Budget(name=name, limit=CAP, alert_at=many)) for name in ("a", "b")
    ]
    for _ in range(2):
        purse.ask([Part(line, 100) for line in lines])
    both = [(line, 100, 100) for line in lines]

    first = threading.Thread(target=purse.settle, args=(both,), kwargs={"wait": False})
    first.start()
    assert told.there.wait(10)  # it has told of `a`, and not yet of `b`
    purse.settle(both, wait=False)
    told.go_on.set()
    first.join()

    assert sorted(told.grown) == [(0, 100), (0, 100), (100, 200), (100, 200)]


def test_a_threshold_between_two_amounts() -> None:
    """Half of 21 tokens is passed with the eleventh, whatever was told at the tenth."""
    told = Told()
    purse = Purse(MemoryLedger(), LedgerSettings(), told)
    line = purse.line(
        Account("odd", "total", unit="tokens"),
        Budget(name="odd", limit=21, unit="tokens", alert_at=(Decimal("0.5"),)),
    )
    purse.ask([Part(line, 12)])
    purse.settle([(line, 10, 10)], wait=False)
    told.grown.clear()

    purse.settle([(line, 1, 1)], wait=False)
    purse.settle([(line, 1, 1)], wait=False)

    assert told.grown == [(10, 11)]


# Who is one too many.


def test_a_scope_too_many_is_not_made_behind_its_back() -> None:
    """What the ledger has refused as one scope too many no thread states again, also where a budget warns."""
    ledger = FlakyLedger()
    process = Process(ledger)
    for user in ("ann", "bob"):
        assert process.purse.ask([Part(of_user(process, user), 10, forced=True)]) is None

    refused = process.purse.ask([Part(of_user(process, "cyd"), 10, forced=True)])
    assert refused is not None
    assert refused.why == "crowded"
    process.purse.balances()  # states whatever is left to state

    assert {found.account.scope for found in ledger.balances()} == {"ann", "bob"}
    process.purse.stop()


def test_what_was_refused_while_the_ledger_was_away_makes_no_account() -> None:
    """A step that was lost is made up for, but not by accounts past the limit that hold nothing."""
    ledger = FlakyLedger()
    process = Process(ledger)
    strict = Budget(name="users", limit=CAP, per="user.id", scopes_limit=2, on_failure="block")
    for user in ("ann", "bob"):
        assert process.purse.ask([Part(of_user(process, user, strict), 10)]) is None
    ledger.fails = lambda: "before"
    refused = process.purse.ask([Part(of_user(process, "cyd", strict), 10)])
    assert refused is not None
    assert refused.why == "ledger_unreachable"

    ledger.fails = lambda: ""
    process.tick = 60
    process.purse.balances()

    assert {found.account.scope for found in ledger.balances()} == {"ann", "bob"}
    process.purse.stop()


# Many lines, and long ago.


def test_traces_do_not_pile_up_in_memory() -> None:
    """Without a gauge that reads the ledger, what a process knows of old traces is forgotten all the same."""
    process = Process(MemoryLedger())
    budget = Budget(name="trace", limit=CAP, window="trace")
    for number in range(3000):
        if number == 2000:
            process.tick = 7200
        line = process.purse.line(Account("trace", "trace", f"{number:032x}"), budget)
        assert process.purse.ask([Part(line, 10)]) is None
        process.purse.settle([(line, 10, 10)], wait=False)

    assert len(list(process.purse._lines)) < 2100


def test_a_line_that_was_forgotten_in_memory_keeps_its_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger knows what was spent on a line before the purse forgets it."""
    monkeypatch.setattr("otel_tokens.budgets.lines._LIMIT", 10)
    monkeypatch.setattr("otel_tokens.budgets.lines._FIRST_SWEEP", 10)
    process = Process(MemoryLedger())
    process.purse._lines = Lines()
    budget = Budget(name="users", limit=CAP, per="user.id")
    for number in range(30):
        line = of_user(process, str(number), budget)
        assert process.purse.ask([Part(line, CAP)]) is None
        process.purse.settle([(line, CAP, CAP)], wait=False)

    again = of_user(process, "0", budget)

    assert again.spent == 0  # it was forgotten
    refused = process.purse.ask([Part(again, 1)])
    assert refused is not None
    assert (refused.why, refused.balance.spent) == ("limit", CAP)


def test_lines_that_cannot_be_forgotten_are_not_looked_at_all_the_time() -> None:
    """While a ledger is away for long, a new line does not cost a walk through all the others."""

    class Counted(Lines):
        """Counts its walks."""

        walks = 0

        def _sweep(self, now_s: float, now: float) -> None:
            self.walks += 1
            super()._sweep(now_s, now)

    lines = Counted()
    for number in range(25_000):
        line = Line(Account("users", "total", str(number)), BUDGET)
        line.dirty = True
        lines.add(line, 0.0)

    assert lines.walks < 20


def test_after_the_machine_has_slept_somebody_new() -> None:
    """A clock that stood still while the machine slept does not have a month's spending counted twice."""
    now = [1_000_000.0]
    ledger = FlakyLedger(lambda: now[0])
    told = Told()
    purse = Purse(ledger, LedgerSettings(), told, clock=lambda: now[0], tick=lambda: 5.0)
    other = Purse(ledger, LedgerSettings(), told, clock=lambda: now[0], tick=lambda: 5.0)
    line = purse.line(Account("team", "total"), BUDGET)
    purse.ask([Part(line, 100)])
    purse.settle([(line, 100, 100)], wait=True)

    now[0] += FORGET_S * 2
    for _ in range(3):  # another process, which was started anew, has the sleeper forgotten
        other.ask([Part(other.line(Account("team", "total"), BUDGET), 1)])
        now[0] += 1
    purse.ask([Part(line, 50)])
    purse.settle([(line, 50, 50)], wait=True)

    assert balance(ledger)[0] == 150
    other.stop()
    purse.stop()


@pytest.mark.parametrize("window", ["day", "trace"])
def test_ended_windows_are_forgotten_and_used_ones_are_not(window: str) -> None:
    """A sweep lets go of what has ended and holds nothing."""
    lines = Lines()
    ended = Line(Account("b", window, "old", 0, 10 if window == "day" else 0), BUDGET)
    held = Line(Account("b", window, "held", 0, 10 if window == "day" else 0), BUDGET)
    held.held = 1
    for line in (ended, held):
        lines.add(line, 0.0)

    for number in range(1100):
        lines.add(Line(Account("b", "total", str(number)), BUDGET, 10_000.0), 10_000.0)

    assert lines.get(ended.account) is None
    assert lines.get(held.account) is held


def test_the_background_thread_survives_a_bug(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    """What goes wrong in a round of the thread is told, and the next round is made."""
    ledger = FlakyLedger()
    process = Process(ledger)
    real: Callable[[], None] = process.purse._go_round
    rounds: list[str] = []

    def go_round() -> None:
        rounds.append("")
        if len(rounds) == 1:
            raise ValueError("ours")
        real()

    monkeypatch.setattr(process.purse, "_go_round", go_round)
    process.hold(10)
    process.settle(10, 10, wait=False)
    until(lambda: len(rounds) == 1)
    process.hold(10)
    process.settle(10, 10, wait=False)
    until(lambda: balance(ledger) == (20, 0))

    assert "stating to a ledger failed" in caplog.text
    process.purse.stop()
