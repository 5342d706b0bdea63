"""A purse: what one process may spend, in front of every ledger, also while that cannot be reached."""

from __future__ import annotations

import os
import threading
import time

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from otel_tokens.budgets.budget import Budget
from otel_tokens.budgets.lines import Line, Lines, Part
from otel_tokens.budgets.purse import Purse
from otel_tokens.errors import LedgerError
from otel_tokens.ledgers.ledger import FORGET_S, Account, Balance, Ledger
from otel_tokens.ledgers.memory import MemoryLedger
from otel_tokens.ledgers.opening import open_ledger
from otel_tokens.ledgers.settings import LedgerSettings

from .redis_server import Server, redis_server


CAP = 1000
BUDGET = Budget(name="team", limit=CAP)
STRICT = Budget(name="strict", limit=CAP, on_failure="block")
ACCOUNT = Account("team", "total")


class Told:
    """What a purse has told."""

    def __init__(self) -> None:
        self.failures: list[bool] = []
        self.back: list[float] = []
        self.grown: list[tuple[int, int]] = []

    def ledger_failure(self, error: LedgerError, *, first: bool) -> None:
        """Note a step that failed."""
        assert str(error)
        self.failures.append(first)

    def ledger_back(self, down_s: float) -> None:
        """Note that the ledger works again."""
        self.back.append(down_s)

    def spent(self, budget: Budget, balance: Balance) -> None:
        """Note what was spent."""
        assert budget.name == balance.account.budget
        self.grown.append((balance.before, balance.spent))


class Process:
    """A purse as one process has it."""

    def __init__(self, ledger: Ledger, **settings: Any) -> None:
        self.told = Told()
        self.tick = 0.0
        """Seconds to add to the monotonic clock."""
        self.purse = Purse(
            ledger,
            LedgerSettings(**settings),
            self.told,
            tick=lambda: time.monotonic() + self.tick,
        )

    def line(self, budget: Budget = BUDGET) -> Line:
        """Its line of the budget's one account."""
        return self.purse.line(Account(budget.name, "total"), budget)

    def hold(self, amount: int, budget: Budget = BUDGET) -> str | None:
        """Hold an amount; None, or why not."""
        parts = [Part(self.line(budget), amount, budget.action == "warn")]
        if self.purse.take(parts):
            return None
        refused = self.purse.ask(parts)
        return None if refused is None else refused.why

    def settle(self, amount: int, actual: int, budget: Budget = BUDGET, *, wait: bool = True) -> None:
        """Settle it."""
        self.purse.settle([(self.line(budget), amount, actual)], wait=wait)

    def spend(self, amount: int, budget: Budget = BUDGET) -> str | None:
        """Hold and settle the same amount."""
        why = self.hold(amount, budget)
        if why is None:
            self.settle(amount, amount, budget)
        return why


def until(seen: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    end = time.monotonic() + 10
    while not seen():
        assert time.monotonic() < end, "it has not come"
        time.sleep(0.002)


@pytest.fixture
def sqlite(tmp_path: Path) -> Callable[[], Ledger]:
    """Opens the same file as another process would."""
    return lambda: open_ledger(LedgerSettings(url=f"sqlite:///{tmp_path}/ledger.db"))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A Redis."""
    with redis_server() as started:
        yield started


@pytest.fixture
def redis(server: Server) -> Iterator[Callable[[], Ledger]]:
    """Opens the same ledger in it."""
    namespace = os.urandom(4).hex()
    yield lambda: open_ledger(LedgerSettings(url=server.url, namespace=namespace, timeout_s=0.3))
    server.resume()


def balance(ledger: Ledger) -> tuple[int, int]:
    """What is spent and held on the one account."""
    (found,) = ledger.balances()
    return found.spent, found.held


# One process.


def test_memory_costs_no_step_of_the_ledger() -> None:
    """With a ledger of its own a process asks once, and counts by itself from then on."""
    process = Process(MemoryLedger())
    assert process.hold(600) is None

    assert [process.purse.take([Part(process.line(), 400)]) for _ in range(2)] == [True, False]
    assert process.hold(1) == "limit"

    process.settle(400, 100)
    assert process.hold(300) is None
    assert [(b.spent, b.held) for b in process.purse.balances()] == [(100, 900)]
    assert process.told.grown == [(0, 100)]


def test_a_settle_may_cost_more_than_was_held() -> None:
    """What was really spent counts, also past the limit, and then nothing is let pass."""
    process = Process(MemoryLedger())
    process.hold(900)
    process.settle(900, 1200)

    assert process.hold(1) == "limit"
    assert [(b.spent, b.held) for b in process.purse.balances()] == [(1200, 0)]


def test_a_budget_that_warns_holds_past_its_limit() -> None:
    """What only warns is counted, and never refused."""
    warns = Budget(name="warns", limit=CAP, action="warn")
    process = Process(MemoryLedger())

    assert [process.hold(900, warns) for _ in range(3)] == [None] * 3
    assert process.line(warns).known().held == 2700


def test_another_limit_counts_at_once() -> None:
    """A budget file that has changed keeps the counts and moves the limit, up and down."""
    process = Process(MemoryLedger())
    process.spend(800)

    lower, higher = Budget(name="team", limit=850), Budget(name="team", limit=2000)
    assert [process.hold(50, lower), process.hold(1, lower)] == [None, "limit"]
    assert process.hold(1100, higher) is None


# Several processes.


@pytest.fixture(params=["sqlite", "redis"])
def shared(request: pytest.FixtureRequest) -> Callable[[], Ledger]:
    """Opens a shared ledger, of each kind in turn."""
    found: Callable[[], Ledger] = request.getfixturevalue(request.param)
    return found


def test_two_processes_share_a_limit(shared: Callable[[], Ledger]) -> None:
    """What one holds the other cannot, until it is settled."""
    one, other = Process(shared()), Process(shared())
    assert one.hold(700) is None
    assert other.hold(400) == "limit"

    one.settle(700, 100)

    assert other.hold(400) is None
    assert balance(shared()) == (100, 400)


def test_all_or_none(shared: Callable[[], Ledger]) -> None:
    """A call that one of its budgets refuses holds nothing in the others."""
    one = Process(shared())
    small = Budget(name="small", limit=10)
    parts = [Part(one.line(), 50), Part(one.line(small), 50)]

    refused = one.purse.ask(parts)

    assert refused is not None
    assert (refused.line.budget.name, refused.why) == ("small", "limit")
    assert [b.held for b in one.purse.balances()] == [0, 0]


def test_without_waiting_a_thread_states_it(shared: Callable[[], Ledger]) -> None:
    """A settle in an event loop returns at once; the ledger knows it a moment later."""
    one, view = Process(shared()), shared()
    one.hold(300)

    one.settle(300, 120, wait=False)

    until(lambda: balance(view) == (120, 0))


def test_a_slice_is_spent_without_asking(shared: Callable[[], Ledger]) -> None:
    """A process that has a slice asks nobody, and the slice counts as held meanwhile."""
    one, view = Process(shared(), slice=Decimal("0.1")), shared()
    one.spend(1)
    one.spend(1)

    assert one.purse.take([Part(one.line(), 5)])
    assert balance(view)[1] > 5

    one.settle(5, 3)
    one.purse.stop()
    assert balance(view) == (5, 0)


def test_a_slice_shrinks_and_the_sum_stays_below_the_cap(shared: Callable[[], Ledger]) -> None:
    """Two processes with slices spend a budget to the last unit, and never more."""
    processes = [Process(shared(), slice=Decimal("0.2")) for _ in range(2)]
    view, seen, spent = shared(), [], 0
    until_s = time.monotonic() + 20

    while spent < CAP and time.monotonic() < until_s:
        for process in processes:
            if process.spend(7 if spent < CAP - 100 else 1) is None:
                spent += 7 if spent < CAP - 100 else 1
            seen.append(sum(balance(view)))

    for process in processes:
        process.purse.stop()
    assert max(seen) <= CAP
    assert spent <= CAP
    assert balance(view) == (spent, 0)
    assert spent >= CAP - 1


def test_an_idle_slice_is_given_back(shared: Callable[[], Ledger]) -> None:
    """What a process has taken and does not use is there for others after a second."""
    one, view = Process(shared(), slice=Decimal("0.5")), shared()
    one.spend(1)
    one.spend(1)
    until(lambda: balance(view)[1] > 100)

    one.tick = 5
    until(lambda: balance(view) == (2, 0))


def test_who_stops_holds_nothing(shared: Callable[[], Ledger]) -> None:
    """A process that ends has stated all, and holds nothing any more."""
    one, view = Process(shared()), shared()
    one.hold(10)
    one.settle(10, 4, wait=False)

    one.purse.stop()

    assert balance(view) == (4, 0)


def test_signs_of_life(shared: Callable[[], Ledger]) -> None:
    """A call that takes longer than the lease keeps its hold, as the process gives signs of life."""
    one, other = Process(shared(), lease_s=0.6), Process(shared(), lease_s=0.6)
    one.hold(900)

    time.sleep(1.2)

    assert other.hold(200) == "limit"
    one.purse.stop()


def test_a_dead_process_is_let_off(shared: Callable[[], Ledger]) -> None:
    """What a killed process has held is free after the lease, and what it had settled stays."""
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        dying = Process(shared(), lease_s=0.5)
        dying.spend(100)
        dying.hold(800)
        os.write(write, b"!")
        time.sleep(60)
    os.read(read, 1)
    os.kill(child, 9)
    os.waitpid(child, 0)
    other = Process(shared(), lease_s=5)

    assert other.hold(200) == "limit"
    until(lambda: other.hold(200) is None)
    assert balance(shared()) == (100, 200)
    other.purse.stop()


def test_a_forked_process_is_somebody_else(shared: Callable[[], Ledger]) -> None:
    """A child starts without what its parent holds, and both are under the same limit."""
    parent = Process(shared())
    parent.hold(600)
    read, write = os.pipe()
    if os.fork() == 0:
        parent.purse.renew()
        seen = [parent.hold(500), parent.spend(300)]
        os.write(write, repr(seen).encode())
        parent.purse.stop()
        os._exit(0)

    assert os.read(read, 100) == b"['limit', None]"
    os.wait()
    assert balance(shared()) == (300, 600)
    parent.settle(600, 50)
    assert balance(shared()) == (350, 0)
    parent.purse.stop()


def test_a_forked_process_counts_on_in_memory() -> None:
    """The copy of a ledger in memory goes on from what its parent had spent."""
    parent = Process(MemoryLedger())
    parent.spend(600)
    parent.hold(100)

    parent.purse.renew()  # as in a child

    assert parent.hold(400) is None
    assert parent.hold(1) == "limit"


def test_after_a_long_silence_somebody_new() -> None:
    """Who was silent so long that the ledger has forgotten it counts nothing twice."""

    class Shared(MemoryLedger):
        """A ledger that others see, whose clock can be set."""

        shared = True

    now = [1_000_000.0]
    ledger = Shared(lambda: now[0])
    one = Process(ledger)
    one.spend(100)
    before = one.purse._holder
    one.tick = FORGET_S
    now[0] += FORGET_S + 100

    one.spend(50)

    assert one.purse._holder != before
    assert balance(ledger) == (150, 0)
    one.purse.stop()


def test_a_line_that_was_forgotten_goes_on(shared: Callable[[], Ledger]) -> None:
    """A session that comes back after its line was let go is counted on top of what was stated before."""
    one = Process(shared())
    one.spend(300)
    one.purse._lines = Lines()

    one.spend(100)

    assert balance(shared()) == (400, 0)
    assert one.line().spent == 400


def test_a_sleeper_that_wakes_up_is_put_right(redis: Callable[[], Ledger]) -> None:
    """A process that was taken for dead and only slept is counted again with its next step."""
    one, other = Process(redis(), lease_s=0.2), Process(redis(), lease_s=30)
    one.hold(700)
    one.purse._stopped = True  # it gives no sign of life
    until(lambda: other.hold(900) is None)

    assert one.hold(1) == "limit"
    assert balance(redis()) == (0, 1600)
    one.settle(700, 80)
    assert balance(redis()) == (80, 900)
    other.purse.stop()


# While the ledger cannot be reached.


def test_on_failure_allow(redis: Callable[[], Ledger], server: Server) -> None:
    """Calls go on while Redis stands still, quickly, up to what is known here; all is caught up."""
    one = Process(redis(), timeout_s=0.3)
    one.spend(100)
    server.pause()
    begun = time.monotonic()

    assert [one.spend(100) for _ in range(5)] == [None] * 5
    assert one.hold(500) == "limit"

    assert time.monotonic() - begun < 3
    assert one.told.failures[0] is True
    assert one.told.back == []
    server.resume()
    until(lambda: bool(one.told.back))
    until(lambda: balance(redis()) == (600, 0))
    one.purse.stop()


def test_on_failure_block(redis: Callable[[], Ledger], server: Server) -> None:
    """Calls of a strict budget stop while Redis stands still, and go on when it works again."""
    one = Process(redis(), timeout_s=0.3)
    one.spend(100, STRICT)
    server.pause()

    refused = [one.hold(10, STRICT) for _ in range(3)]

    server.resume()
    assert refused == ["ledger_unreachable"] * 3
    until(lambda: one.hold(10, STRICT) is None)
    one.purse.stop()


def test_a_ledger_that_was_never_there() -> None:
    """Where there is no Redis at all a process caps by what it spends itself."""
    ledger = open_ledger(LedgerSettings(url="redis://127.0.0.1:1/0", timeout_s=0.2))
    one = Process(ledger, timeout_s=0.2)

    assert [one.spend(400) for _ in range(3)] == [None, None, "limit"]
    assert one.spend(1, STRICT) == "ledger_unreachable"
    with pytest.raises(LedgerError):
        one.purse.balances()
    one.purse.stop()


def test_redis_that_restarts_empty(tmp_path: Path) -> None:
    """What live processes have spent comes back after Redis has lost everything."""
    del tmp_path
    with redis_server() as server:
        settings = LedgerSettings(url=server.url, timeout_s=0.3)
        one, other = Process(open_ledger(settings)), Process(open_ledger(settings))
        one.spend(300)
        other.spend(200)
        server.kill()
        server.start()

        until(lambda: one.spend(10) is None)
        until(lambda: other.spend(10) is None)

        assert balance(open_ledger(settings)) == (520, 0)
        one.purse.stop()
        other.purse.stop()


def test_sqlite_that_is_full(sqlite: Callable[[], Ledger], tmp_path: Path) -> None:
    """A file that cannot be written is a ledger that cannot be reached, and is caught up."""
    one = Process(sqlite(), timeout_s=0.2)
    one.spend(100)
    import sqlite3  # noqa: PLC0415

    blocker = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")

    assert one.spend(50) is None
    assert one.told.failures[0] is True

    blocker.execute("ROLLBACK")
    blocker.close()
    until(lambda: bool(one.told.back))
    until(lambda: balance(sqlite()) == (150, 0))
    one.purse.stop()


def test_threads_and_slices_race(sqlite: Callable[[], Ledger]) -> None:
    """Threads of several purses take exactly what there is, whatever interleaves."""
    processes = [Process(sqlite(), slice=Decimal("0.05")) for _ in range(3)]
    spent: list[int] = []

    def work(process: Process) -> None:
        end = time.monotonic() + 10
        while sum(spent) < CAP and time.monotonic() < end:
            if process.spend(5) is None:
                spent.append(5)

    threads = [threading.Thread(target=work, args=(process,)) for process in processes for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for process in processes:
        process.purse.stop()

    assert sum(spent) == CAP
    assert balance(sqlite()) == (CAP, 0)
