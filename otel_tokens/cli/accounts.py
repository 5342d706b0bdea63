"""What a budget file and its ledger say together: accounts, their limits, and where those are from."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple, NoReturn

from ..budgets.budget import Budget, Plan
from ..budgets.windows import window_at
from ..errors import ConfigError
from ..ledgers.counting import CLOCKLESS
from ..ledgers.ledger import Account, Balance, Entry, Ledger


_TRAIL: Final = 10_000
_EARLY: Final = 20
"""Nothing is foretold in the first twentieth of a window."""


class Shown(NamedTuple):
    """One account, and what is known about its limit."""

    budget: Budget
    account: Account
    spent: int
    held: int
    limit: int
    """In force now."""
    file_limit: int | None
    """As the budget file states it; None where the budget is not in it."""
    stated: int
    """Without what was topped up: the one that was set, else the one that programs go by."""
    is_set: bool
    topped: int


class Forecast(NamedTuple):
    """Where an even pace since the start of the window leads to."""

    by_end: int | None
    """Spent at the end of the window; None while it is too early to tell."""
    reached_at_s: float | None = None
    """When the limit is reached, if that is within the window."""


class Group(NamedTuple):
    """A budget, and its accounts."""

    budget: Budget
    shown: tuple[Shown, ...]
    in_file: bool


class Survey:
    """One look at a ledger."""

    def __init__(self, plan: Plan, ledger: Ledger) -> None:
        self.plan = plan
        self.balances: Sequence[Balance] = ledger.balances()
        self.now_s = ledger.now_s()
        self.caps = ledger.caps()
        self._trail = ledger.trail(_TRAIL)

    @property
    def groups(self) -> list[Group]:
        """Every budget of the file, in its order, then those that only the ledger knows."""
        groups = [Group(budget, tuple(self.of(budget)), in_file=True) for budget in self.plan.budgets]
        there = {shown.account for group in groups for shown in group.shown}
        others: dict[tuple[str, str, str], list[Balance]] = {}
        for balance in self.balances:
            account = balance.account
            if account not in there:
                others.setdefault((account.budget, account.window, account.unit), []).append(balance)
        for found in others.values():
            budget = _unfiled(found[0])
            shown = tuple([self._shown(budget, each, None) for each in found])
            groups.append(Group(budget, shown, in_file=False))
        return groups

    def of(self, budget: Budget) -> list[Shown]:
        """The accounts of a budget of the file, in their current window."""
        found = [
            balance
            for balance in self.balances
            if balance.account == self.account(budget, balance.account.scope)
        ]
        if not found and not is_scoped(budget):
            found = [Balance(self.account(budget), 0, 0, 0)]
        return [self._shown(budget, balance, budget.limit) for balance in found]

    def account(self, budget: Budget, scope: str = "") -> Account:
        """The account of a budget in its current window."""
        start_s, end_s = window_at(budget.window, budget.timezone, self.now_s)
        return Account(budget.name, budget.window, scope, start_s, end_s, budget.unit)

    def shown(self, budget: Budget, account: Account) -> Shown:
        """One account of a budget, also where nothing has been counted on it yet."""
        found = [balance for balance in self.balances if balance.account == account]
        in_file = budget in self.plan.budgets
        balance = found[0] if found else Balance(account, 0, 0, 0)
        return self._shown(budget, balance, budget.limit if in_file else None)

    def _shown(self, budget: Budget, balance: Balance, file_limit: int | None) -> Shown:
        account = balance.account
        topped = sum([entry.amount or 0 for entry in self._trail if _tops_up(entry, account)])
        stated = self.caps.get(account.budget)
        is_set = stated is not None
        if stated is None:
            stated = balance.cap - topped
            # No program has stated it yet; or it was cut to nothing, and does not show.
            if (stated <= 0 or not balance.cap) and file_limit is not None:
                stated = file_limit
        limit = max(0, stated + topped)
        return Shown(budget, account, balance.spent, balance.held, limit, file_limit, stated, is_set, topped)

    def named(self, name: str) -> Group:
        """The budget `name`.

        Raises:
            ConfigError: nobody knows it; the message has those that are known, nearest first.
        """
        groups = self.groups
        for group in groups:
            if group.budget.name == name:
                return group
        return _unknown(name, list(dict.fromkeys([group.budget.name for group in groups])))


def is_scoped(budget: Budget) -> bool:
    """Whether a budget has several accounts at a time."""
    return budget.per is not None or budget.window in CLOCKLESS


def scope_of(group: Group, survey: Survey, scope: str | None) -> Account:
    """The one account of a budget that is meant.

    Raises:
        ConfigError: there are several, and none of them is named; or the one that is named has no account.
    """
    budget, live = group.budget, [shown.account for shown in group.shown]
    if scope is None:
        if group.in_file and not is_scoped(budget):
            return survey.account(budget)
        if len(live) == 1 and not group.in_file:
            return live[0]
        raise ConfigError(f"budget {budget.name!r} counts {_what(budget)} apart: --scope S; {_listed(live)}")
    for account in live:
        if account.scope == scope:
            return account
    if group.in_file and budget.window not in CLOCKLESS and is_scoped(budget):
        return survey.account(budget, scope)
    raise ConfigError(f"budget {budget.name!r}: there is no scope {scope!r}; {_listed(live)}")


def forecast(shown: Shown, now_s: float) -> Forecast | None:
    """Where an even pace since the start of the window leads; None where the window has no end."""
    account = shown.account
    if not account.end_s:
        return None
    passed_ms, whole_ms = int((now_s - account.start_s) * 1000), (account.end_s - account.start_s) * 1000
    if passed_ms * _EARLY < whole_ms:
        return Forecast(None)
    by_end = shown.spent * whole_ms // passed_ms
    if by_end < shown.limit or shown.spent >= shown.limit or not shown.spent:
        return Forecast(by_end)
    return Forecast(by_end, account.start_s + passed_ms * shown.limit // shown.spent / 1000)


def nearest(name: str, known: Sequence[str]) -> list[str]:
    """The known names, the one that is spelled most alike first."""
    return sorted(known, key=lambda other: -SequenceMatcher(None, name.lower(), other.lower()).ratio())


def _unknown(name: str, known: Sequence[str]) -> NoReturn:
    listed = ", ".join(nearest(name, known)) or "none"
    raise ConfigError(f"there is no budget {name!r}; known: {listed}")


def _unfiled(balance: Balance) -> Budget:
    """What can be told of a budget that is not in the file: made by code, or by another file."""
    account = balance.account
    return Budget(
        name=account.budget,
        limit=balance.cap,
        unit=account.unit,
        window=account.window,
        per="scope" if account.scope and account.window not in CLOCKLESS else None,
    )


def _tops_up(entry: Entry, account: Account) -> bool:
    return (
        entry.action == "top_up"
        and (entry.budget, entry.scope, entry.unit) == (account.budget, account.scope, account.unit)
        and entry.at_s >= account.start_s
    )


def _what(budget: Budget) -> str:
    return f"each {budget.per or budget.window}"


def _listed(live: Sequence[Account]) -> str:
    scopes = [repr(account.scope) for account in live]
    more = f" and {len(scopes) - 20} more" if len(scopes) > 20 else ""  # noqa: PLR2004  # a screenful
    return f"there are: {', '.join(scopes[:20])}{more}" if scopes else "there are none yet"
