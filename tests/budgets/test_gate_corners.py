"""The gate at its corners: parked answers, a file that changes, our own bugs, interrupted calls."""

from __future__ import annotations

import asyncio
import threading
import time

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from opentelemetry.instrumentation.utils import suppress_instrumentation

import otel_tokens

from otel_tokens import shield
from otel_tokens.budgets.budget import Budget, Plan, RunawaySettings
from otel_tokens.budgets.facts import Facts
from otel_tokens.budgets.file import PlanFile
from otel_tokens.budgets.gate import Gate, Hold
from otel_tokens.budgets.lines import OTHER, Part
from otel_tokens.budgets.purse import Ask, Purse
from otel_tokens.errors import BudgetExceeded, LedgerError
from otel_tokens.instrumentor import OtelTokensInstrumentor
from otel_tokens.ledgers.ledger import Ledger, Statement
from otel_tokens.ledgers.memory import MemoryLedger
from tests.clients import bodies
from tests.clients.transport import Transport, async_openai_client, json_reply, openai_client

from .flaky import FlakyLedger
from .test_gate import DAY, Program, running_gate
from .test_purse import Told
from .test_torture import CHAT, FIT, chat_reply


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], int]:
    """Writes the budget file."""
    file = tmp_path / "otel-tokens.toml"
    monkeypatch.setenv("OTEL_TOKENS_CONFIG", str(file))
    return lambda text: file.write_text(text, "utf-8")


@pytest.fixture
def program() -> Program:
    """A program with one client."""
    return Program()


class Bound(NamedTuple):
    """What a call may take."""

    usd: Decimal | None = None
    tokens: int = 10
    status: str = "priced"
    assumed: bool = False
    output_tokens: int = 5


class Heard(Told):
    """Who is told what happens."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[str] = []
        self.warns: list[str] = []
        self.trips: list[tuple[str, bool]] = []

    def blocked(self, refusal: BudgetExceeded) -> None:
        """Note a refusal."""
        self.refused.append(refusal.reason)

    def warned(self, warned: Any) -> None:
        """Note a warning."""
        self.warns.append(warned.budget.name)

    def tripped(self, trip: Any, *, blocks: bool) -> None:
        """Note a trip."""
        self.trips.append((trip.detector, blocks))


class House:
    """A gate, with a clock that can be set."""

    def __init__(
        self, *budgets: Budget, ledger: Ledger | None = None, runaway: str = "off", **more: Any
    ) -> None:
        self.now = 1000.0
        self.heard = Heard()
        self.ledger = ledger or MemoryLedger()
        plan_now = Plan(budgets=budgets, runaway=RunawaySettings(action=runaway, **more))
        purse = Purse(self.ledger, plan_now.ledger, self.heard)
        self.gate = Gate(plan_now, purse, self.heard, tick=lambda: self.now)

    def facts(
        self,
        *values: str | None,
        tokens: int = 10,
        closer: Bound | None = None,
        trace: int = 0,
        fingerprint: int | None = None,
    ) -> Facts:
        """A call of so many tokens."""
        return Facts(
            "openai",
            "gpt-5",
            values,
            trace,
            fingerprint,
            lambda _assumed: Bound(tokens=tokens),
            lambda _assumed: closer,
        )

    def hold(self, *values: str | None, **more: Any) -> Hold:
        """Hold a call."""
        return self.gate.hold(self.facts(*values, **more))

    @property
    def counted(self) -> dict[str, tuple[int, int]]:
        """What is spent and held, by scope."""
        return {found.account.scope: (found.spent, found.held) for found in self.gate.balances()}


WORDS = Budget(name="words", limit=100, unit="tokens")
USERS = Budget(name="users", limit=100, unit="tokens", per="user.id", scopes_limit=2)


# Parked answers.


def test_an_answer_that_nobody_fetches_is_let_off() -> None:
    """After an hour the next call finds the room that it held."""
    house = House(WORDS)
    hold = house.hold(tokens=60)
    house.gate.park("resp_1", hold)
    with pytest.raises(BudgetExceeded):
        house.hold(tokens=60)

    house.now += 3601
    house.hold(tokens=60).settle(None, 60)

    assert house.counted == {"": (60, 0)}
    assert house.gate.parked("resp_1") is None
    hold.settle(None, 5)  # too late
    assert house.counted == {"": (60, 0)}


def test_of_many_parked_answers_the_oldest_goes() -> None:
    """A thousand are kept."""
    house = House(Budget(name="words", limit=10**6, unit="tokens"))
    for number in range(1003):
        house.gate.park(f"resp_{number}", house.hold(tokens=1))

    assert house.counted == {"": (0, 1000)}
    assert [house.gate.parked(f"resp_{number}") is None for number in (2, 3)] == [True, False]
    assert house.gate.parked(None) is None


def test_an_answer_that_is_parked_twice() -> None:
    """One id holds once."""
    house = House(WORDS)
    for _ in range(2):
        house.gate.park("resp_1", house.hold(tokens=10))
    assert house.counted == {"": (0, 10)}


def test_parked_answers_of_many_threads() -> None:
    """Threads that park and fetch at once neither fail nor leave a hold."""
    house = House(Budget(name="words", limit=10**9, unit="tokens"))
    wrong: list[BaseException] = []

    def work(name: int) -> None:
        try:
            for number in range(300):
                house.gate.park(f"{name}-{number}", house.hold(tokens=1))
                found = house.gate.parked(f"{name}-{number}")
                if found is not None:
                    found.settle(None, 1)
        except BaseException as error:  # noqa: BLE001
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert house.counted == {"": (1200, 0)}


def test_a_background_answer_is_asked_for_again_and_again(plan: Any, metered: Any) -> None:
    """Asking whether an answer is there yet changes nothing; its cost counts once, when it is."""
    plan('[[budget]]\nname = "cap"\nlimit_usd = "0.01"\n')
    telemetry = metered()
    done = bodies.response_background(model="gpt-5-2025-08-07")
    queued = json_reply(bodies.response_queued())
    transport = Transport(queued, queued, queued, json_reply(done))
    client = openai_client(transport)
    client.responses.create(model="gpt-5", input="hello", background=True, max_output_tokens=900)
    gate = running_gate()
    held = [found.held for found in gate.balances()]

    for _ in range(2):
        client.responses.retrieve("resp_background")
        assert [(found.spent, found.held) for found in gate.balances()] == [(0, held[0])]
    for _ in range(2):
        client.responses.retrieve("resp_background")

    (found,) = gate.balances()
    assert found.held == 0
    assert found.spent / 10**12 == pytest.approx(telemetry.total("otel_tokens.cost.usd"))


def test_a_background_answer_that_comes_to_nothing(plan: Any, metered: Any) -> None:
    """What was held for an answer that has failed is free once that is known; a failed fetch says nothing."""
    plan('[[budget]]\nname = "cap"\nlimit_usd = "0.01"\n')
    telemetry = metered()
    failed = {**bodies.response_failed(), "id": "resp_background", "background": True}
    transport = Transport(
        json_reply(bodies.response_queued()), json_reply({"error": {}}, 404), json_reply(failed)
    )
    client = openai_client(transport, max_retries=0)
    queued = client.responses.create(model="gpt-5", input="hello", background=True, max_output_tokens=900)
    gate = running_gate()

    with pytest.raises(Exception, match="404"):
        client.responses.retrieve(queued.id)
    assert [balance.held > 0 for balance in gate.balances()] == [True]
    client.responses.retrieve(queued.id)

    assert [(balance.spent, balance.held) for balance in gate.balances()] == [(0, 0)]
    assert telemetry.total("otel_tokens.cost.usd") == 0


# One more than there may be.


def test_a_scope_too_many_shares_a_count() -> None:
    """Newcomers past the limit share one count, and what is charged to one without a hold does not fail."""
    house = House(USERS)
    for user in ("ann", "bob", "cyd", "dan"):
        house.hold(user, tokens=30).settle(None, 30)
    house.gate.charge(house.facts("ann"), None, 5)
    assert house.counted == {"ann": (35, 0), "bob": (30, 0), OTHER: (60, 0)}


def test_a_closer_bound_may_fit() -> None:
    """What does not fit by its length may fit by its tokens; if it does not, it is refused."""
    house = House(WORDS)
    hold = house.hold(tokens=500, closer=Bound(tokens=40))
    assert house.counted == {"": (0, 40)}
    assert (hold.bound_tokens, hold.bound_usd) == (40, None)
    for closer in (Bound(tokens=90), Bound(tokens=500), None):
        with pytest.raises(BudgetExceeded):
            house.hold(tokens=500, closer=closer)
    assert house.heard.refused == ["limit"] * 3


class LateLedger(MemoryLedger):
    """Says the first few times that the window is not the current one."""

    def __init__(self, late: int) -> None:
        super().__init__()
        self.late = late

    def state(self, holder: str, turn: int, statements: Any, *, lease_s: float) -> Any:
        """Refuse, or state."""
        if not self.late:
            return super().state(holder, turn, statements, lease_s=lease_s)
        self.late -= 1
        none = [Statement(said.account, said.cap, said.spent, said.held) for said in statements]
        answer = super().state(holder, turn, none, lease_s=lease_s)
        return answer._replace(granted=False, late=(0,))


def test_a_window_that_ends_meanwhile() -> None:
    """Where a window has ended by the ledger's clock the next one is tried, but not for ever."""
    House(WORDS, ledger=LateLedger(2)).hold().settle(None, 1)
    with pytest.raises(BudgetExceeded):
        House(WORDS, ledger=LateLedger(99)).hold()


# Budgets that warn.


def test_an_unknown_price_warns() -> None:
    """A budget that only warns tells of calls whose price is not known, unless it lets them pass."""
    house = House(
        Budget(name="tells", limit=10**12, action="warn"),
        Budget(name="silent", limit=10**12, action="warn", on_unknown="allow"),
        Budget(name="allows", limit=10**12, on_unknown="allow"),
    )
    hold = house.hold()
    assert [warned.budget.name for warned in hold.warned] == ["tells"]
    assert house.heard.warns == ["tells"]


# The file changes in between.


def test_labels_that_were_looked_up_before_the_file_changed() -> None:
    """A call whose labels were looked up for the old file is found in the new one by their names."""
    house = House(Budget(name="team", limit=100, unit="tokens", match={"team": "search"}))
    before = house.facts("search")._replace(names=house.gate.names)
    house.gate._follow(
        Plan(
            budgets=(
                Budget(name="users", limit=100, unit="tokens", per="user.id"),
                Budget(name="team", limit=100, unit="tokens", match={"team": "search"}),
            )
        )
    )
    assert house.gate.names == ("user.id", "team")

    house.gate.hold(before).settle(None, 7)
    house.gate.charge(before, None, 1)

    assert {found.account.budget: found.spent for found in house.gate.balances()} == {"users": 8, "team": 8}


def test_a_file_that_cannot_be_looked_at(
    plan: Any, metered: Any, program: Program, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """A bug of ours in reading the file again reaches neither the call nor the budgets that there are."""
    plan(DAY)
    metered()
    monkeypatch.setattr(shield, "strict", False)

    def current(_self: Any) -> None:
        raise ValueError("ours")

    with monkeypatch.context() as patch:
        patch.setattr(PlanFile, "current", current)
        assert program.calls(6) == FIT
    assert "reading the budget file again failed" in caplog.text
    shield.failures.clear()


# Detectors.


def test_what_was_not_sent_is_not_out() -> None:
    """A call that is interrupted while it asks the ledger does not hide the loop that it is part of."""
    ledger = FlakyLedger()
    house = House(WORDS, ledger=ledger, runaway="block", repeats=3)

    def interrupted() -> str:
        raise KeyboardInterrupt

    ledger.fails = interrupted
    with pytest.raises(KeyboardInterrupt):
        house.hold(fingerprint=5)
    ledger.fails = lambda: ""

    sent = 0
    with suppress(BudgetExceeded):
        for _ in range(10):
            house.hold(fingerprint=5).settle(None, 1)
            sent += 1
    assert sent <= 3
    assert house.heard.refused == ["runaway"]
    house.gate.stop()


def test_a_bug_in_a_bound_is_not_out() -> None:
    """The same where a bound cannot be taken."""
    house = House(WORDS, runaway="block", repeats=3)

    def wrong(_assumed: int | None) -> Bound:
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        house.gate.hold(house.facts(fingerprint=5)._replace(bound=wrong))
    assert house.gate._watch is not None
    assert house.gate._watch._requests[5].out == 0
    assert house.heard.refused == []


def test_what_a_call_has_cost_may_trip() -> None:
    """Detectors that go by cost are asked when a call ends, and told once."""
    house = House(runaway="block", cost_per_trace=100)
    out = [house.hold(trace=9) for _ in range(3)]
    for hold in out:
        hold.settle(Decimal("60e-12"), 0)
    with pytest.raises(BudgetExceeded):
        house.hold(trace=9)
    assert house.heard.trips == [("cost_per_trace", True)]
    assert house.heard.refused == ["runaway"]


# Two gates, forks.


def test_two_gates_on_one_ledger() -> None:
    """Two gates of one process are two holders: together they keep the cap."""
    ledger = FlakyLedger()
    one, other = House(WORDS, ledger=ledger), House(WORDS, ledger=ledger)
    held = one.hold(tokens=60)
    with pytest.raises(BudgetExceeded):
        other.hold(tokens=60)
    held.settle(None, 10, wait=True)
    other.hold(tokens=60).settle(None, 60, wait=True)
    assert one.counted == {"": (70, 0)}
    one.gate.stop()
    other.gate.stop()


def test_what_the_parent_has_parked_is_the_parents() -> None:
    """After a fork nothing is parked, the counts of memory go on, and detectors begin at zero."""
    house = House(WORDS, runaway="block", repeats=3)
    house.hold(tokens=30, fingerprint=1).settle(None, 30)
    house.gate.park("resp_1", house.hold(tokens=30))

    house.gate.renew()

    assert house.gate.parked("resp_1") is None
    assert house.counted == {"": (30, 0)}
    assert house.gate._watch is not None
    assert not house.gate._watch._requests


# Calls of clients.


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the ledger is asked."""

    def state(*_args: Any, **_kwargs: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(MemoryLedger, "state", state)


@pytest.mark.usefixtures("interrupted")
def test_ctrl_c_while_the_ledger_is_asked(plan: Any, metered: Any, program: Program) -> None:
    """The program gets its interrupt, nothing is sent, and the span of the call ends."""
    plan(DAY)
    telemetry = metered()
    with pytest.raises(KeyboardInterrupt):
        program.call()
    assert program.transport.requests == []
    assert telemetry.span.attributes["otel_tokens.outcome"] == "cancelled"


def test_a_task_that_is_cancelled_while_it_asks(
    plan: Any, metered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent, and what the ledger grants afterwards is given back."""
    plan(DAY)
    telemetry = metered()
    transport = Transport(chat_reply)
    client = async_openai_client(transport)
    asked, go_on, real = threading.Event(), threading.Event(), MemoryLedger.state

    def state(*args: Any, **kwargs: Any) -> Any:
        asked.set()
        assert go_on.wait(10)
        return real(*args, **kwargs)

    async def main() -> None:
        task = asyncio.ensure_future(client.chat.completions.create(**CHAT))
        while not asked.is_set():  # noqa: ASYNC110  # a thread sets it
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with monkeypatch.context() as patch:
        patch.setattr(MemoryLedger, "state", state)
        asyncio.run(main())
        go_on.set()
        end = time.monotonic() + 10
        while running_gate()._purse._step.locked() and time.monotonic() < end:
            time.sleep(0.001)
    running_gate()._waiting._pool.shutdown(wait=True)

    assert transport.requests == []
    assert telemetry.span.attributes["otel_tokens.outcome"] == "cancelled"
    assert [(found.spent, found.held) for found in running_gate().balances()] == [(0, 0)]


def test_a_call_that_is_cancelled_before_it_is_sent(plan: Any, metered: Any) -> None:
    """What a client library gives up before a request is made has cost nothing."""
    plan(DAY)
    metered()
    transport = Transport(chat_reply)
    client = async_openai_client(transport)

    async def stuck(*_args: Any) -> None:
        await asyncio.sleep(3600)

    client._prepare_options = stuck

    async def main() -> None:
        task = asyncio.ensure_future(client.chat.completions.create(**CHAT))
        for _ in range(200):
            await asyncio.sleep(0.001)
            if any(balance.held for balance in running_gate().balances()):
                break
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert transport.requests == []
    assert [(found.spent, found.held) for found in running_gate().balances()] == [(0, 0)]


STEPS: dict[str, tuple[Any, str]] = {
    "holding": (Gate, "hold"),
    "holding in a loop": (Gate, "hold_async"),
    "settling": (Gate, "settle"),
    "charging": (Gate, "charge"),
    "asking": (MemoryLedger, "state"),
}


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_our_own_bugs(
    plan: Any, metered: Any, monkeypatch: pytest.MonkeyPatch, step: str, *, asynchronous: bool
) -> None:
    """Whatever of ours breaks, the application gets its answer."""
    plan(DAY)
    telemetry = metered()
    monkeypatch.setattr(shield, "strict", False)

    def wrong(*_args: Any, **_kwargs: Any) -> Any:
        raise ValueError("ours")

    transport = Transport(chat_reply)
    with monkeypatch.context() as patch:
        patch.setattr(*STEPS[step], wrong)
        if asynchronous:
            answer = asyncio.run(async_openai_client(transport).chat.completions.create(**CHAT))
        else:
            answer = openai_client(transport).chat.completions.create(**CHAT)

    assert answer.choices
    assert telemetry.total("otel_tokens.cost.usd") == pytest.approx(0.0025)
    fails = {
        "holding": not asynchronous,
        "holding in a loop": asynchronous,
        "settling": True,
        "charging": False,
        "asking": True,
    }
    assert bool(shield.failures) is fails[step]
    shield.failures.clear()


def test_silent_calls_are_capped_all_the_same(plan: Any, metered: Any, program: Program) -> None:
    """A context that wants nothing emitted gets no span, and its calls are money all the same."""
    plan(DAY)
    telemetry = metered()
    with suppress_instrumentation():
        assert program.calls(6) == FIT
    assert telemetry.spans == []
    assert telemetry.total("otel_tokens.budget.spent.usd") == pytest.approx(0.01)


def test_a_free_call_makes_no_account(plan: Any, metered: Any) -> None:
    """What costs nothing and takes no tokens is nobody's scope."""
    plan(DAY + 'per = "user.id"\n')
    metered()
    client = openai_client(Transport(json_reply({"id": "m", "model": "omni-moderation", "results": []})))
    with otel_tokens.attribute({"user.id": "ann"}):
        client.moderations.create(input="is this all right?")
    assert running_gate().balances() == []


def test_labels_that_are_no_text(plan: Any, metered: Any, program: Program) -> None:
    """Numbers and truth values count by how they are written."""
    plan(DAY + 'per = "user.id"\n')
    metered()
    for user in (7, True, 1.5):
        with otel_tokens.attribute({"user.id": user}):
            assert program.calls(6) == FIT
    assert sorted(found.account.scope for found in running_gate().balances()) == ["1.5", "7", "True"]


def test_the_ledger_is_new_each_time(plan: Any, metered: Any, program: Program) -> None:
    """Metering that stops and starts again has counts in memory of its own, and stops what was there."""
    plan(DAY)
    telemetry = metered()
    assert program.calls(6) == FIT
    before = running_gate()
    telemetry.stop()
    assert OtelTokensInstrumentor.running is None
    telemetry.start()
    assert running_gate() is not before
    assert program.calls(6) == FIT


def test_gauges_of_a_ledger_that_is_away(
    plan: Any, metered: Any, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the ledger cannot be read the gauges have no points, and the others have theirs."""
    plan(DAY)
    telemetry = metered()
    program.call()

    def away(_self: Any) -> Any:
        raise LedgerError("gone")

    monkeypatch.setattr(MemoryLedger, "balances", away)
    assert telemetry.points("otel_tokens.budget.spent.usd") == []
    assert telemetry.total("otel_tokens.requests") == 1


def test_a_ledger_that_is_away_at_the_start(
    plan: Any, metered: Any, program: Program, tmp_path: Path, caplog: Any
) -> None:
    """Metering starts without its ledger, says so, and each budget decides what happens to calls."""
    plan(
        f'[ledger]\nurl = "sqlite:///{tmp_path}"\n'  # a folder
        + DAY.replace("window", 'on_failure = "block"\nwindow')
    )
    telemetry = metered()
    assert "the ledger of budgets cannot be reached" in caplog.text
    assert program.calls(3) == 0
    assert telemetry.total("otel_tokens.blocked.requests") == 3


def test_only_what_is_held_is_given_back() -> None:
    """A question that was refused has nothing to give back when nobody waits for its answer."""
    house = House(WORDS)
    line = house.gate._lines(house.gate._matches(house.facts()), house.facts())[0]
    ask = Ask(house.gate._purse, [Part(line, 60)])
    answers = [ask(), ask()]

    for answer in answers:
        ask.undo(answer)

    assert [answer is None for answer in answers] == [True, False]
    assert house.counted == {"": (0, 0)}


def test_a_fork_in_a_block_without_detectors() -> None:
    """What a block counts in the ledger is renewed with the ledger, with detectors or without."""
    house = House(WORDS)
    daily = otel_tokens.budget("daily", limit_tokens=100, window="day")
    with pytest.warns(RuntimeWarning, match="caps nothing"):
        daily.__enter__()
    house.hold(tokens=30)
    house.gate.renew()
    daily.__exit__(None, None, None)
    assert house.gate._watch is None
    assert [found.held for found in house.gate.balances()] == [0, 0]
