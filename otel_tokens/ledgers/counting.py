"""The rules of ledgers that count in this process: what a statement changes, and what is granted.

Memory keeps the counts it is given; SQLite reads them, and writes them back when they have changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from .ledger import FORGET_S, KEEP_S, Account, Answer, Balance, Statement


CLOCKLESS: Final = ("trace", "session")
"""Windows that end when nothing happens in them any more."""
IDLE_S: Final = 3600.0
"""After so long without a statement such a window has ended, for whoever looks."""
TRAIL: Final = 10_000
"""How many lines of the audit trail are kept."""
LEDGER: Final = "ledger"
"""Who has made the changes that nobody asked for."""
_WRONG_S: Final = 3600.0
"""A time so far ahead was stated by a clock that is wrong."""

Key = tuple[str, str, str, int, str]
"""Budget, window, unit, first second and scope: what tells an account from all others."""


class Count:
    """What all holders together have spent and hold of one account."""

    __slots__ = ("account", "cap", "held", "spent", "topped", "touched_s")

    def __init__(self, account: Account, touched_s: float, *numbers: int) -> None:
        self.account = account
        self.touched_s = touched_s
        self.cap, self.topped, self.spent, self.held = numbers or (0, 0, 0, 0)
        """The limit as it was last stated; what was added to it; what all holders have spent, and hold."""

    def balance(self, cap: int | None, share: int = 0, before: int = 0, stated: int = 0) -> Balance:
        """What there is, where `cap` is put in place of the one that was stated, if there is one."""
        limit = (self.cap if cap is None else cap) + self.topped
        return Balance(self.account, max(0, limit), self.spent, self.held, share, before, stated)


class Share:
    """What one holder has stated of one account."""

    __slots__ = ("held", "spent", "turn")

    def __init__(self, turn: int = -1, spent: int = 0, held: int = 0) -> None:
        self.turn = turn
        self.spent = spent
        self.held = held


class Place:
    """One statement of a step, with the counts that it is about."""

    __slots__ = ("before", "cap", "count", "fresh", "share", "statement")

    def __init__(self, statement: Statement, count: Count, share: Share, cap: int | None) -> None:
        self.statement = statement
        self.count = count
        self.share = share
        self.cap = cap
        """The limit that was set in place of the stated one."""
        self.before = count.spent
        self.fresh = False
        """Whether it is newer than what the holder has stated before."""

    def note(self, turn: int, now_s: float) -> None:
        """Take over what is stated, unless a later statement was here before."""
        count, share, statement = self.count, self.share, self.statement
        if turn <= share.turn:
            return
        self.fresh = True
        share.turn = turn
        if statement.spent > share.spent:
            count.spent += statement.spent - share.spent
            share.spent = statement.spent
        count.held += statement.held - share.held
        share.held = statement.held
        count.cap = statement.cap
        count.touched_s = now_s

    @property
    def room(self) -> int:
        """What can still be held; less than nothing where the cap is passed."""
        count = self.count
        limit = (count.cap if self.cap is None else self.cap) + count.topped
        return max(0, limit) - count.spent - count.held

    def is_held(self) -> bool:
        """Whether the holder holds all that a statement which comes too late wants."""
        return self.share.held >= self.statement.held + self.statement.asked

    def grant(self, now_s: float) -> None:
        """Hold what is asked for, and of what would be nice to have as much as there is room for."""
        statement = self.statement
        amount = statement.asked
        if statement.spare and is_current(statement.account, now_s):
            amount += max(0, min(statement.spare, self.room - amount))
        self.count.held += amount
        self.share.held += amount


class Crowded(NamedTuple):
    """A statement of an account that is one too many, and is not counted."""

    balance: Balance
    """What there would be."""


def crowded(statement: Statement, cap: int | None) -> Crowded:
    """What becomes of `statement` where `cap` is put in place of the stated one, if it is given."""
    return Crowded(Balance(statement.account, statement.cap if cap is None else cap, 0, 0))


def decide(places: Sequence[Place | Crowded], turn: int, now_s: float) -> Answer:
    """Note every statement, grant all that is asked for if all of it fits, and say what there is now."""
    granted = True
    late: list[int] = []
    many: list[int] = []
    for at, place in enumerate(places):
        if isinstance(place, Crowded):
            many.append(at)
            granted = False
            continue
        place.note(turn, now_s)
        asked = place.statement.asked
        if not place.fresh:
            granted = granted and place.is_held()
        elif asked > 0:
            if not is_current(place.statement.account, now_s):
                late.append(at)
                granted = False
            elif asked > place.room:
                granted = False
    balances = []
    for place in places:
        if isinstance(place, Crowded):
            balances.append(place.balance)
            continue
        if granted and place.fresh:
            place.grant(now_s)
        balances.append(place.count.balance(place.cap, place.share.held, place.before, place.share.spent))
    return Answer(granted, tuple(balances), now_s, tuple(late), tuple(many))


def key(account: Account) -> Key:
    """What tells an account from all others."""
    return account.budget, account.window, account.unit, account.start_s, account.scope


def is_current(account: Account, now_s: float) -> bool:
    """Whether now is in the window."""
    return not account.end_s or account.start_s <= now_s < account.end_s


def is_open(account: Account, touched_s: float, now_s: float) -> bool:
    """Whether the window has not ended."""
    if account.window in CLOCKLESS:
        return touched_s > now_s - IDLE_S
    return not account.end_s or now_s < account.end_s


def is_kept(account: Account, touched_s: float, now_s: float) -> bool:
    """Whether an account is still of use."""
    if account.window in CLOCKLESS:
        return touched_s > now_s - KEEP_S
    return not account.end_s or now_s < account.end_s + KEEP_S


def clock(caller_s: float, stated_s: float) -> float:
    """The ledger's time: the latest that anybody has stated, unless that clock was plainly wrong."""
    return stated_s if caller_s < stated_s <= caller_s + _WRONG_S else caller_s


def is_dead(seen_s: float, lease_s: float, now_s: float) -> bool:
    """Whether a holder was silent for too long; what the clock of the future says is no sign of life."""
    return now_s > seen_s + lease_s or seen_s > now_s + _WRONG_S


def is_forgotten(seen_s: float, now_s: float) -> bool:
    """Whether what a dead holder has stated is of no more use."""
    return now_s > seen_s + FORGET_S


def order(balance: Balance) -> tuple[str, str, str, int, str]:
    """Where a balance stands among others."""
    account = balance.account
    return account.budget, account.window, account.scope, account.start_s, account.unit
