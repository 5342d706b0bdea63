"""Tells the world what budgets do: blocked calls, alerts, a ledger that fails, a program that runs away.

A loop that runs into its cap does so a thousand times a second. Each blocked call counts and has its span;
the log gets the first of each budget at once, and then one line every ten seconds with how many there were.
"""

from __future__ import annotations

import logging
import threading
import time

from collections.abc import Callable, Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from .budgets.budget import Budget, in_units
from .budgets.gate import Warned
from .budgets.runaway import Trip
from .errors import BudgetExceeded, LedgerError
from .ledgers.ledger import Balance
from .telemetry import names
from .telemetry.events import Events
from .telemetry.gauges import Row


_SELDOM_S: Final = 10.0
_KEPT: Final = 1024


class Reports:
    """What gates and purses report to."""

    def __init__(self, events: Events, tick: Callable[[], float] = time.monotonic) -> None:
        self.failures = 0
        """Steps of the ledger that have failed in this process."""
        self._events = events
        self._tick = tick
        self._lock = threading.Lock()
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def renew(self) -> None:
        """In a forked process: count from zero."""
        self._lock = threading.Lock()
        self.failures = 0

    def blocked(self, refusal: BudgetExceeded) -> None:
        """A call was not sent."""
        self._seldom(
            names.EVENT_BLOCKED,
            refusal.budget,
            logging.WARNING,
            f"a call was not sent: {refusal}",
            {names.BUDGET: refusal.budget, names.BLOCKED_REASON: refusal.reason},
        )

    def warned(self, warned: Warned) -> None:
        """A call was sent that a budget which only warns would have stopped."""
        budget, balance = warned
        self._seldom(
            names.EVENT_WARNED,
            budget.name,
            logging.WARNING,
            f"budget {budget.name!r} would have stopped a call, but only warns: {_state(balance)}",
            {names.BUDGET: budget.name, names.WINDOW: balance.account.window},
        )

    def tripped(self, trip: Trip, *, blocks: bool) -> None:
        """A detector of runaways has tripped."""
        then = "calls are refused for a while" if blocks else "it only warns"
        self._events.emit(
            names.EVENT_RUNAWAY,
            logging.ERROR if blocks else logging.WARNING,
            f"this program seems to run away: {trip.detector} at {in_units(trip.count, trip.unit):f} where "
            f"{in_units(trip.limit, trip.unit):f} {trip.unit} is the limit; {then}",
            {names.BUDGET: f"runaway.{trip.detector}"},
        )

    def spent(self, budget: Budget, balance: Balance) -> None:
        """Tell when what is spent passes one of the shares that a budget alerts at."""
        for share in budget.alert_at:
            at = share * balance.cap
            if balance.before < at <= balance.spent:
                self._events.emit(
                    names.EVENT_THRESHOLD,
                    logging.ERROR if share >= 1 else logging.WARNING,
                    f"budget {budget.name!r} is at {share:.0%} of its limit: {_state(balance)}",
                    {
                        names.BUDGET: budget.name,
                        names.WINDOW: balance.account.window,
                        names.THRESHOLD: float(share),
                    },
                )

    def ledger_failure(self, error: LedgerError, *, first: bool) -> None:
        """A step of the ledger has failed."""
        with self._lock:
            self.failures += 1
        if first:
            self._events.emit(
                names.EVENT_LEDGER,
                logging.ERROR,
                f"the ledger of budgets cannot be reached, and on_failure of each budget decides: {error}",
                {},
            )

    def ledger_back(self, down_s: float) -> None:
        """The ledger works again."""
        text = f"the ledger of budgets works again after {down_s:.1f} s; what was spent is caught up"
        self._events.emit(names.EVENT_LEDGER, logging.WARNING, text, {})

    def _seldom(self, name: str, budget: str, level: int, text: str, attributes: dict[str, Any]) -> None:
        """Tell the first time, and then as often as can be read."""
        now = self._tick()
        with self._lock:
            told_at, more = self._said.get((name, budget), (float("-inf"), 0))
            if now - told_at < _SELDOM_S:
                self._said[name, budget] = (told_at, more + 1)
                return
            if len(self._said) >= _KEPT:
                self._said.clear()
            self._said[name, budget] = (now, 0)
        self._events.emit(name, level, text if not more else f"{text} ({more} more before)", attributes)


def rows_of(balances: Iterable[Balance], budgets: Iterable[Budget], labels: Collection[str]) -> Sequence[Row]:
    """What gauges show of `balances`.

    Accounts of single users, traces and sessions are no labels of a metric. They are told apart only where
    `labels` (those that metrics carry anyway) name what a budget is `per`; else the one that is nearest to
    its limit stands for all.
    """
    shown: dict[tuple[str, str, str], Balance] = {}
    per = {budget.name: budget.per for budget in budgets}
    for balance in balances:
        account = balance.account
        label = per.get(account.budget)
        if not account.scope:
            scope = "global"
        elif label in labels:
            scope = account.scope
        else:
            scope = f"max:{label or account.window}"
        key = (account.budget, account.unit, scope)
        if key not in shown or _used(shown[key]) < _used(balance):
            shown[key] = balance
    return [_row(balance, scope) for (_, _, scope), balance in shown.items()]


def _used(balance: Balance) -> Decimal:
    return Decimal(balance.spent + balance.held) / max(1, balance.cap)


def _row(balance: Balance, scope: str) -> Row:
    account = balance.account
    return Row(
        account.budget,
        account.window,
        scope,
        account.unit,
        in_units(balance.spent, account.unit),
        in_units(balance.held, account.unit),
        in_units(balance.cap, account.unit),
        account.start_s,
        account.end_s,
    )


def _state(balance: Balance) -> str:
    unit = balance.account.unit
    sign, end = ("$", "") if unit == "usd" else ("", f" {unit}")
    spent, held = in_units(balance.spent, unit).normalize(), in_units(balance.held, unit).normalize()
    limit = in_units(balance.cap, unit).normalize()
    return f"{sign}{spent:f} spent and {sign}{held:f} held of {sign}{limit:f}{end} ({balance.account.window})"
