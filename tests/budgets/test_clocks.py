"""What time does to ledgers that are told the time: memory and SQLite. Redis has a clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from otel_tokens.ledgers.ledger import FORGET_S, KEEP_S, Account, Answer, Ledger, Statement
from otel_tokens.ledgers.memory import MemoryLedger
from otel_tokens.ledgers.sqlite import SqliteLedger


DAY = 86_400
NOON = 20_000 * DAY + DAY // 2
TODAY = Account("cap", "day", "", 20_000 * DAY, 20_001 * DAY)
TOMORROW = TODAY._replace(start_s=20_001 * DAY, end_s=20_002 * DAY)
TOTAL = Account("cap", "total")
TRACE = Account("cap", "trace", "t0")


class Clock:
    """A clock that one sets."""

    def __init__(self, now_s: float = NOON) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        """The time that was set."""
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """At noon."""
    return Clock()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Callable[[Clock], Ledger]]:
    """Opens one file for processes with clocks of their own."""
    opened: list[Ledger] = []

    def begin(clock: Clock) -> Ledger:
        opened.append(SqliteLedger(tmp_path / "ledger.db", clock=clock))
        return opened[-1]

    yield begin
    for ledger in opened:
        ledger.close()


@pytest.fixture(params=["memory", "sqlite"])
def ledger(request: pytest.FixtureRequest, sqlite: Callable[[Clock], Ledger], clock: Clock) -> Ledger:
    """A ledger that goes by `clock`."""
    return MemoryLedger(clock) if request.param == "memory" else sqlite(clock)


def ask(ledger: Ledger, account: Account, turn: int = 1, holder: str = "a", **amounts: int) -> Answer:
    """One step about one account whose cap is 100."""
    stated = Statement(account, 100, amounts.pop("spent", 0), amounts.pop("held", 0), **amounts)
    return ledger.state(holder, turn, [stated], lease_s=60)


def test_a_window_has_its_first_second_and_not_its_end(ledger: Ledger, clock: Clock) -> None:
    """At midnight the next window begins, to the moment."""
    clock.now_s = TODAY.end_s - 0.001
    assert ask(ledger, TODAY, asked=1).granted
    assert not ask(ledger, TOMORROW, asked=1).granted

    clock.now_s = TODAY.end_s
    assert not ask(ledger, TODAY, 2, asked=1).granted
    assert ask(ledger, TOMORROW, 2, asked=1).granted
    assert [balance.account for balance in ledger.balances()] == [TOMORROW]


def test_an_ended_window_spares_nothing(ledger: Ledger, clock: Clock) -> None:
    """What is left of a window that has ended is of no use to anybody."""
    assert ask(ledger, TODAY, spare=50).balances[0].share == 50
    clock.now_s = TODAY.end_s

    assert ask(ledger, TODAY, 2, spare=50).balances[0].share == 0


def test_a_clock_that_steps_back_opens_no_window_again(ledger: Ledger, clock: Clock) -> None:
    """The ledger's clock stands still until the other one has caught up."""
    clock.now_s = TODAY.end_s
    ask(ledger, TOMORROW, spent=1)
    clock.now_s -= 90

    assert ledger.now_s() == TODAY.end_s
    assert ask(ledger, TODAY, asked=1).late == (0,)
    assert ask(ledger, TOMORROW, 2, spent=1, asked=1).granted


def test_a_clock_that_was_wrong_does_no_harm(ledger: Ledger, clock: Clock) -> None:
    """After a time that is far ahead, the ledger goes by the right time again; nobody holds for ever."""
    clock.now_s = NOON + 1000 * DAY
    ask(ledger, TOTAL, holder="wrong", held=5)
    clock.now_s = NOON

    assert ledger.now_s() == NOON
    assert ask(ledger, TODAY, asked=1).granted
    assert ask(ledger, TOTAL, 2).balances[0].held == 0, "what was held by that clock is held no more"
    assert ask(ledger, TOTAL, 2, holder="wrong", held=7).balances[0].held == 7
    clock.now_s += 61
    assert ask(ledger, TOTAL, 3).balances[0].held == 0


def test_a_lease_to_the_second(ledger: Ledger, clock: Clock) -> None:
    """A holder holds for as long as its lease says, counted from its last step."""
    ask(ledger, TOTAL, held=30)
    clock.now_s += 59
    ask(ledger, TOTAL, holder="b", held=1)
    clock.now_s += 1
    assert ledger.balances()[0].held == 31
    clock.now_s += 0.5
    assert ledger.balances()[0].held == 1
    clock.now_s += 100
    assert ledger.balances()[0].held == 0
    assert [entry.at_s - NOON for entry in ledger.trail()] == [160.5, 60.5]


def test_dead_holders_are_forgotten(ledger: Ledger, clock: Clock) -> None:
    """A day after its last step nobody knows what a dead holder had stated; what it spent stays spent."""
    ask(ledger, TOTAL, spent=10)
    clock.now_s += FORGET_S
    assert ask(ledger, TOTAL, 2, "b").balances[0].spent == 10
    assert ask(ledger, TOTAL, 2, spent=12).balances[0].spent == 12
    clock.now_s += FORGET_S + 1
    assert ask(ledger, TOTAL, 3, "b").balances[0].spent == 12

    assert ask(ledger, TOTAL, 1, spent=10).balances[0].spent == 22, "for the ledger it is somebody new"


def test_holders_that_left_are_forgotten(ledger: Ledger, clock: Clock) -> None:
    """A day after it has left a holder is forgotten as if it were dead."""
    ask(ledger, TOTAL, spent=10)
    ledger.leave("a")
    clock.now_s += FORGET_S + 1
    ledger.balances()

    assert ask(ledger, TOTAL, 1, spent=10).balances[0].spent == 20


def test_a_long_lease_outlives_the_day(ledger: Ledger, clock: Clock) -> None:
    """A holder is not forgotten while its lease runs."""
    ledger.state("a", 1, [Statement(TOTAL, 100, 10, 5)], lease_s=10 * DAY)
    clock.now_s += 5 * DAY

    assert ask(ledger, TOTAL, 2, "b").balances[0].held == 5
    assert ledger.state("a", 2, [Statement(TOTAL, 100, 10, 5)], lease_s=DAY).balances[0].spent == 10


def test_accounts_are_kept_for_two_days(ledger: Ledger, clock: Clock) -> None:
    """A call may end long after its window, and is counted; in the end the account goes."""
    ask(ledger, TODAY, spent=10)
    ask(ledger, TOTAL, spent=10)
    clock.now_s = TODAY.end_s + KEEP_S - 1
    assert ask(ledger, TODAY, holder="b", spent=1).balances[0].spent == 11
    clock.now_s = TODAY.end_s + KEEP_S + 3600
    assert ask(ledger, TODAY, holder="c", spent=1).balances[0].spent == 1
    assert ask(ledger, TOTAL, holder="c", spent=1).balances[0].spent == 11, "that has no end"


def test_traces_are_kept_for_two_days_of_silence(ledger: Ledger, clock: Clock) -> None:
    """A trace is shown for an hour after it was touched, and kept for two days."""
    ask(ledger, TRACE, spent=10)
    clock.now_s += 3600 - 1
    assert len(ledger.balances()) == 1
    clock.now_s += 1
    assert ledger.balances() == []
    clock.now_s += KEEP_S - 3700
    assert ask(ledger, TRACE, holder="b", spent=1).balances[0].spent == 11
    assert len(ledger.balances()) == 1
    clock.now_s += KEEP_S + 3600
    assert ask(ledger, TRACE, holder="c", spent=1).balances[0].spent == 1


def test_traces_make_room_for_others(ledger: Ledger, clock: Clock) -> None:
    """Traces that were silent for an hour do not count where a budget may have only so many."""
    for at in range(3):
        ask(ledger, TRACE._replace(scope=f"t{at}"), at, spent=1, scopes_limit=3)
        clock.now_s += 1000
    another = TRACE._replace(scope="another")
    assert ask(ledger, another, 4, scopes_limit=3).crowded == (0,)
    ask(ledger, TRACE, 5, spent=1)  # the oldest is touched, so it is not the one that goes
    clock.now_s += 600
    assert ask(ledger, another, 6, scopes_limit=3).crowded == (0,)
    clock.now_s += 1000

    assert ask(ledger, another, 7, scopes_limit=3).granted
    assert [balance.account.scope for balance in ledger.balances()] == ["another", "t0", "t2"]


def test_many_old_accounts_go_little_by_little(ledger: Ledger, clock: Clock) -> None:
    """However many accounts have to go, they go."""
    accounts = [TRACE._replace(scope=f"t{at}") for at in range(5100)]
    ledger.state("a", 1, [Statement(account, 100, 1, 0) for account in accounts], lease_s=1e9)
    clock.now_s += KEEP_S + 1
    for _ in range(3):
        clock.now_s += 3600
        ledger.balances()

    answer = ledger.state("b", 1, [Statement(account, 100, 0, 0) for account in accounts], lease_s=60)
    assert not any(balance.spent for balance in answer.balances)


def test_top_ups_touch(ledger: Ledger, clock: Clock) -> None:
    """A trace that somebody tops up is shown again."""
    ask(ledger, TRACE, spent=10)
    clock.now_s += 4000
    ledger.top_up(TRACE, 5, who="me")

    assert [balance.cap for balance in ledger.balances()] == [105]


def test_the_trail_is_kept_short(ledger: Ledger) -> None:
    """The newest 10,000 lines are kept."""
    for cap in range(10_003):
        ledger.set_cap("cap", "usd", cap, who="me")
    trail = ledger.trail(20_000)

    assert (len(trail), trail[0].amount, trail[-1].amount) == (10_000, 10_002, 3)


def test_clocks_that_differ_see_one_window(sqlite: Callable[[Clock], Ledger]) -> None:
    """Processes whose clocks differ by 90 seconds agree on the time, which is that of the first to say it."""
    behind, ahead = Clock(TODAY.end_s - 80), Clock(TODAY.end_s + 10)
    one, other = sqlite(behind), sqlite(ahead)
    assert ask(one, TODAY, asked=1).granted
    assert ask(other, TOMORROW, holder="b", asked=1).granted

    assert ask(one, TODAY, 2, held=1, asked=1).late == (0,)
    assert ask(one, TOMORROW, 3, asked=1).granted
    assert one.now_s() == other.now_s() == TODAY.end_s + 10


def test_a_wrong_clock_among_right_ones(sqlite: Callable[[Clock], Ledger]) -> None:
    """A process whose clock is a day ahead does not move the window of the others."""
    right, wrong = sqlite(Clock()), sqlite(Clock(NOON + DAY))
    ask(wrong, TOMORROW, holder="wrong", asked=1)

    assert right.now_s() == NOON
    assert ask(right, TODAY, asked=1).granted
    assert wrong.now_s() == NOON + DAY
