"""Purses over a ledger whose steps and answers get lost, in any order of holds and settles."""

from __future__ import annotations

import threading

from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from otel_tokens.budgets.budget import Budget
from otel_tokens.budgets.lines import Line, Part
from otel_tokens.budgets.purse import Purse
from otel_tokens.ledgers.ledger import Account
from otel_tokens.ledgers.settings import LedgerSettings

from .flaky import FlakyLedger
from .test_purse import Told


CAP = 100
STRICT = Budget(name="strict", limit=CAP, on_failure="block")
LOOSE = Budget(name="loose", limit=CAP)
WARNS = Budget(name="warns", limit=CAP, action="warn")
BUDGETS = (STRICT, LOOSE, WARNS)


class Purses(RuleBasedStateMachine):
    """Two processes; what a thread would do for them is a rule of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.ledger = FlakyLedger(lambda: self.now)
        self.purses: list[Purse] = []
        self.out: list[tuple[Purse, list[Part]]] = []
        self.spent = {budget.name: 0 for budget in BUDGETS}
        self.has_failed = False

    @initialize(slices=st.lists(st.sampled_from(["0", "0.05", "0.5"]), min_size=2, max_size=2))
    def start(self, slices: list[str]) -> None:
        """Each with a slice of its own."""
        for size in slices:
            purse = Purse(
                self.ledger,
                LedgerSettings(slice=Decimal(size), lease_s=1e6),
                Told(),
                clock=lambda: self.now,
                tick=lambda: self.now,
            )
            purse._thread = threading.current_thread()  # so that it has none of its own
            self.purses.append(purse)

    def line(self, purse: Purse, budget: Budget) -> Line:
        """The line of a budget."""
        return purse.line(Account(budget.name, "total"), budget)

    @rule(
        which=st.integers(0, 1),
        budgets=st.sets(st.sampled_from(range(3)), min_size=1),
        amount=st.integers(1, 60),
    )
    def hold(self, which: int, budgets: set[int], amount: int) -> None:
        """Hold an amount on some of the budgets."""
        purse = self.purses[which]
        parts = [Part(self.line(purse, BUDGETS[at]), amount, BUDGETS[at] is WARNS) for at in sorted(budgets)]
        if purse.take(parts) or purse.ask(parts) is None:
            self.out.append((purse, parts))

    @precondition(lambda self: self.out)
    @rule(data=st.data(), wait=st.booleans(), share=st.sampled_from([0, 50, 100]))
    def settle(self, data: st.DataObject, share: int, *, wait: bool) -> None:
        """Settle one of the calls that are out, for at most what it held."""
        purse, parts = self.out.pop(data.draw(st.integers(0, len(self.out) - 1)))
        self._settle(purse, parts, share, wait=wait)

    def _settle(self, purse: Purse, parts: list[Part], share: int, *, wait: bool) -> None:
        settled = [(line, amount, amount * share // 100) for line, amount, _ in parts]
        for line, _, actual in settled:
            self.spent[line.budget.name] += actual
        purse.settle(settled, wait=wait)

    @rule(how=st.sampled_from(["", "", "before", "after"]))
    def fail(self, how: str) -> None:
        """From now on steps are lost, or their answers are, or nothing is."""
        self.ledger.fails = lambda: how
        self.has_failed = self.has_failed or bool(how)

    @rule(seconds=st.sampled_from([0.1, 1.5, 10.0]))
    def wait(self, seconds: float) -> None:
        """Let some time go by."""
        self.now += seconds

    @rule(which=st.integers(0, 1))
    def round(self, which: int) -> None:
        """What the thread of a process would do."""
        self.purses[which]._go_round()

    @invariant()
    def no_cap_is_passed(self) -> None:
        """Neither by what the ledger knows, nor by what really is spent and out."""
        names = ["strict"] if self.has_failed else ["strict", "loose"]
        really = dict(self.spent)
        for _, parts in self.out:
            for line, amount, _ in parts:
                really[line.budget.name] += amount
        known = {found.account.budget: found.spent + found.held for found in self._balances()}
        for name in names:
            assert really[name] <= CAP
            assert known.get(name, 0) <= CAP

    def _balances(self) -> list[Any]:
        fails, self.ledger.fails = self.ledger.fails, lambda: ""
        try:
            return self.ledger.balances()
        finally:
            self.ledger.fails = fails

    @invariant()
    def nothing_stays_busy(self) -> None:
        """Between two steps no line is busy, and none holds what nobody has out."""
        for purse in self.purses:
            for line in purse._lines:
                out = [
                    p.amount for owner, parts in self.out if owner is purse for p in parts if p.line is line
                ]
                assert (line.busy, line.held) == (False, sum(out))

    def teardown(self) -> None:
        """Once the ledger can be reached again it knows exactly what was spent, and nothing is held."""
        while self.out:
            self._settle(*self.out.pop(), share=100, wait=False)
        self.ledger.fails = lambda: ""
        for purse in self.purses:
            self.now += 10
            purse._go_round()
        for found in self.ledger.balances():
            assert found.held == 0
            assert found.spent == self.spent.pop(found.account.budget)
        assert not any(self.spent.values())
        for purse in self.purses:
            purse._thread = None
            purse.stop()


TestPurses = Purses.TestCase
TestPurses.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
TestPurses.runTest.__doc__ = "Whatever is lost on the way, caps hold and every amount is counted once."
