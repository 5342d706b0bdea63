"""Replays recorded calls against a budget file, in the time of the recording and without the real ledger.

The gate, the purse and the ledger are those that meter real calls; only their clocks are the recording's. A
call holds from when it was sent until its answer was there, so that calls overlap as they did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from ..budgets.budget import Budget, Plan
from ..budgets.facts import Facts
from ..budgets.gate import Gate, Hold, Warned
from ..budgets.lines import Line
from ..budgets.purse import Purse
from ..budgets.runaway import Trip
from ..errors import BudgetExceeded, LedgerError
from ..ledgers.ledger import Account, Balance
from ..ledgers.memory import MemoryLedger
from ..ledgers.settings import LedgerSettings
from ..readings import EXACT, INPUT, OUTPUT, Usage
from .outcome import Outcome, Peak, Refusal, Tally
from .records import Record


if TYPE_CHECKING:
    from ..pricing import PriceBook


class Amount(NamedTuple):
    """What a recorded call is held for: what gates ask of a bound."""

    usd: Decimal | None
    tokens: int
    status: str
    assumed: bool
    output_tokens: int


class Clock:
    """The time of the recording."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        """Unix seconds."""
        return self.now_s


class Watched(Purse):
    """A purse that tells which lines the last call was about."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # a purse's
        super().__init__(*args, **kwargs)
        self.lines: dict[Account, Line] = {}

    def recent(self, budget: Budget, scope: str, now_s: float) -> Line | None:
        """The line that a scope had last, noted."""
        line = super().recent(budget, scope, now_s)
        if line is not None:
            self.lines[line.account] = line
        return line

    def line(self, account: Account, budget: Budget) -> Line:
        """This process's line of `account`, noted."""
        line = self.lines[account] = super().line(account, budget)
        return line


class Replay:
    """One run of a recording. It is what its gate and its purse report to."""

    def __init__(self, plan: Plan, book: Callable[[], PriceBook]) -> None:
        self._clock = Clock()
        self._book = book
        self._purse = Watched(
            MemoryLedger(self._clock), LedgerSettings(), self, clock=self._clock, tick=self._clock
        )
        self._gate = Gate(plan, self._purse, self, tick=self._clock)
        self._order = count()
        self._out: list[tuple[float, int, Hold, Record]] = []
        self.outcome = Outcome({budget.name: Tally(budget) for budget in plan.budgets})

    def run(self, records: Iterable[Record]) -> Outcome:
        """Send every call at its time, and settle it at the end of its duration."""
        outcome = self.outcome
        for record in records:
            if not outcome.calls:
                outcome.first_s = record.at_s
            self._settle_until(record.at_s)
            self._clock.now_s = record.at_s
            self._send(self._priced(record))
            outcome.last_s = max(outcome.last_s, record.end_s)
        self._settle_until(float("inf"))
        return outcome

    def _priced(self, record: Record) -> Record:
        """The record, with what it cost by the book where nobody had looked."""
        if record.usd is not None or record.priced or record.output_tokens is None:
            return record
        return record._replace(usd=self._price(record, record.output_tokens))

    def _price(self, record: Record, output_tokens: int) -> Decimal | None:
        from ..pricing import Terms  # noqa: PLC0415  # only where prices are needed

        tokens = {INPUT: record.input_tokens or 0, OUTPUT: output_tokens}
        usage = Usage({bucket: number for bucket, number in tokens.items() if number})
        terms = Terms(provider=record.provider, model=record.model, at_s=record.at_s)
        return self._book().price(usage, terms).usd

    def _send(self, record: Record) -> None:
        outcome = self.outcome
        outcome.calls += 1
        if record.usd is None:
            outcome.unpriced += 1
        else:
            outcome.usd = EXACT.add(outcome.usd, record.usd)
        self._purse.lines.clear()
        try:
            hold = self._gate.hold(self._facts(record))
        except BudgetExceeded as refusal:
            self._refused(refusal, record)
            return
        finally:
            for name in {account.budget for account in self._purse.lines}:
                self._tally(name).counted += 1
        outcome.sent += 1
        self._note_peaks()
        heappush(self._out, (record.end_s, next(self._order), hold, record))

    def _facts(self, record: Record) -> Facts:
        amount = self._amount(record)
        values = tuple([record.labels.get(name) for name in self._gate.names])
        return Facts(
            record.provider,
            record.model,
            values,
            record.trace,
            None,
            lambda _assumed: amount,
            lambda _assumed: None,
        )

    def _amount(self, record: Record) -> Amount:
        """What to hold for a call: as stated, else by its maximum of output, else what it cost."""
        usd, tokens, most = record.hold_usd, record.hold_tokens, record.max_output_tokens
        if usd is None and most is not None and record.input_tokens is not None and record.usd:
            usd = self._price(record, most)
        if tokens is None and most is not None and record.input_tokens is not None:
            tokens = record.input_tokens + most
        usd = record.usd if usd is None else usd
        status = "unknown" if usd is None else "priced"
        return Amount(
            usd, record.tokens if tokens is None else tokens, status, assumed=False, output_tokens=most or 0
        )

    def _refused(self, refusal: BudgetExceeded, record: Record) -> None:
        usd, tokens = record.usd or Decimal(0), record.tokens
        outcome, tally = self.outcome, self._tally(refusal.budget)
        outcome.blocked += 1
        outcome.saved_usd = EXACT.add(outcome.saved_usd, usd)
        outcome.saved_tokens += tokens
        tally.blocked += 1
        tally.saved_usd = EXACT.add(tally.saved_usd, usd)
        tally.saved_tokens += tokens
        tally.last = Refusal(record.at_s, refusal.reason, str(refusal))
        tally.first = tally.first or tally.last

    def _tally(self, name: str) -> Tally:
        tally = self.outcome.tallies.get(name)
        if tally is None:  # a detector of runaways
            tally = self.outcome.tallies[name] = Tally(None)
        return tally

    def _note_peaks(self) -> None:
        """Look at what the accounts of the last call have spent and held."""
        for account, line in self._purse.lines.items():
            known, tally = line.known(), self._tally(account.budget)
            amount = known.spent + known.held
            if tally.peak is None or amount > tally.peak.amount:
                tally.peak = Peak(amount, known.cap, self._clock.now_s, account)

    def _settle_until(self, at_s: float) -> None:
        """Settle the calls that have ended by then."""
        while self._out and self._out[0][0] <= at_s:
            end_s, _, hold, record = heappop(self._out)
            self._clock.now_s = max(self._clock.now_s, end_s)
            hold.settle(record.usd, record.tokens)

    # What the gate and the purse report.

    def blocked(self, refusal: BudgetExceeded) -> None:
        """Counted where it is caught."""

    def warned(self, warned: Warned) -> None:
        """A budget that only warns would have stopped a call."""
        self._tally(warned.budget.name).warned += 1

    def tripped(self, trip: Trip, *, blocks: bool) -> None:  # noqa: ARG002  # the calls it blocks are counted
        """A detector of runaways has tripped."""
        self.outcome.trips.append((self._clock.now_s, f"runaway.{trip.detector}"))

    def spent(self, budget: Budget, balance: Balance) -> None:
        """Look whether a call that cost more than it held has made a new peak."""
        tally = self._tally(budget.name)
        amount = balance.spent + balance.held
        if tally.peak is None or amount > tally.peak.amount:
            tally.peak = Peak(amount, balance.cap, self._clock.now_s, balance.account)

    def ledger_failure(self, error: LedgerError, *, first: bool) -> None:
        """A ledger in memory does not fail."""

    def ledger_back(self, down_s: float) -> None:
        """Nor does it come back."""
