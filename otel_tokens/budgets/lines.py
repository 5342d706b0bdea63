"""Lines: what this process has spent and holds of each account, and how much more it was granted."""

from __future__ import annotations

import math

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ..errors import LedgerError
from ..ledgers.counting import CLOCKLESS
from ..ledgers.ledger import AMOUNT_LIMIT, Account, Answer, Balance
from .budget import Budget


BLOCK: Final = "block"
"""The window of a budget that a block of code has for itself."""
OTHER: Final = "(other)"
"""The scope of what is one more than a budget may tell apart."""

_LIMIT: Final = 20_000
_FIRST_SWEEP: Final = 1024
_NEVER: Final = AMOUNT_LIMIT
_TRACE_S: Final = 3600.0
"""A trace that is silent for so long has ended."""


class Line:
    """This process's part of one account. Only its purse changes it, under its lock."""

    __slots__ = (
        "account",
        "alert_at",
        "balance",
        "budget",
        "busy",
        "cap",
        "dirty",
        "floor",
        "floor_until",
        "held",
        "share",
        "spent",
        "stated",
        "touched",
    )

    def __init__(self, account: Account, budget: Budget, touched: float = 0.0) -> None:
        self.account = account
        self.budget = budget
        self.cap = budget.limit
        self.spent = 0
        """All that this process has spent."""
        self.stated = 0
        """As much of it as the ledger knows."""
        self.held = 0
        """What calls of this process hold that are out."""
        self.share = 0
        """What the ledger has granted: never less than what is held and what is spent and not yet stated."""
        self.busy = False
        self.dirty = False
        """Whether the ledger does not know all yet."""
        self.balance: Balance | None = None
        """What the ledger last said."""
        self.touched = touched
        """Monotonic seconds."""
        self.floor = 0
        """What is spent at least, after the ledger has lost that and before it knows it again; else 0."""
        self.floor_until = 0.0
        """Monotonic seconds; whoever has not stated it again by then is dead."""
        self.alert_at = 0
        """What may be spent before anybody is to be told of it again."""

    @property
    def alone(self) -> bool:
        """Whether no ledger knows of it: the budget of a block of code, which is granted whole."""
        return self.account.window == BLOCK

    @property
    def used(self) -> int:
        """How much of the share is gone."""
        return self.held + self.spent - self.stated

    @property
    def statable(self) -> int:
        """What can be stated to have been spent: nothing before it is known what was stated already."""
        return 0 if self.balance is None else self.spent

    def is_over(self, now_s: float) -> bool:
        """Whether its window has ended."""
        return 0 < self.account.end_s <= now_s

    def is_kept(self, now_s: float) -> bool:
        """Whether the ledger surely has what it was told: it throws away what has ended."""
        return self.stated > 0 and self.account.window not in CLOCKLESS and not self.is_over(now_s)

    def lost(self, until: float) -> None:
        """State it anew, as the ledger has forgotten it, and go by what it said before that meanwhile."""
        known = self.known()
        self.dirty, self.floor_until = True, until
        self.floor = known.spent + known.held - self.held

    def is_short(self, now: float) -> bool:
        """Whether the ledger has granted more than is left, as far as that is known here."""
        if now >= self.floor_until:
            self.floor = 0
        return self.balance is not None and 0 < self.floor > self.balance.cap - self.balance.held

    def answered(self, balance: Balance) -> None:
        """Take over what the ledger says after a step."""
        if self.balance is None:  # an earlier line of this account may have stated something
            self.spent += balance.stated
        self.stated = balance.stated
        self.share = balance.share
        self.balance = balance
        self.busy = False
        if balance.spent >= self.floor:
            self.floor = 0
        self.dirty = self.spent != self.stated

    @property
    def total(self) -> int:
        """What is spent on the account, as far as it is known here."""
        last = self.balance
        return self.spent if last is None else last.spent + self.spent - self.stated

    def watch(self) -> None:
        """Set when the next share of the limit is reached at which to tell."""
        cap = self.cap if self.balance is None else self.balance.cap
        total = self.total
        self.alert_at = min(
            [at for share in self.budget.alert_at if (at := math.ceil(share * cap)) > total], default=_NEVER
        )

    def known(self) -> Balance:
        """What is known of the account without asking: what the ledger last said, and this process since."""
        last = self.balance
        if last is None:
            return Balance(self.account, self.cap, self.spent, self.held)
        others = max(0, last.held - last.share)
        return Balance(self.account, last.cap, max(self.floor, self.total), others + self.held, self.share)


class Part(NamedTuple):
    """What one call wants of one line."""

    line: Line
    amount: int
    forced: bool = False
    """Hold it whatever the cap says: the budget only warns."""


class Refused(NamedTuple):
    """Why a call may not go out."""

    line: Line
    amount: int
    why: str
    """`limit`, `ledger_unreachable`, `crowded`, `late`."""
    balance: Balance
    error: LedgerError | None = None


def refusal(parts: Sequence[Part], answer: Answer) -> Refused:
    """Which line is in the way, and why."""
    for why, places in (("late", answer.late), ("crowded", answer.crowded)):
        if places:
            at = places[0]
            return Refused(parts[at].line, parts[at].amount, why, answer.balances[at])
    left = [
        balance.cap - balance.spent - balance.held - (0 if part.forced else part.amount)
        for part, balance in zip(parts, answer.balances, strict=True)
    ]
    at = min([at for at, part in enumerate(parts) if not part.forced], key=left.__getitem__)
    return Refused(parts[at].line, parts[at].amount, "limit", answer.balances[at])


class Lines:
    """The lines of one purse, by account. Its purse's lock guards it."""

    def __init__(self) -> None:
        self._lines: dict[Account, Line] = {}
        self._recent: dict[tuple[str, str], Line] = {}
        self._sweep_at = _FIRST_SWEEP

    def __iter__(self) -> Iterator[Line]:
        return iter(list(self._lines.values()))

    def get(self, account: Account) -> Line | None:
        """The line of `account`, if there is one."""
        return self._lines.get(account)

    def recent(self, budget: Budget, scope: str, now_s: float) -> Line | None:
        """The line that counted last for a scope of `budget`, if its window goes on."""
        line = self._recent.get((budget.name, scope))
        if line is None or line.budget is not budget:
            return None
        _, _, _, start_s, end_s, _ = line.account
        return line if not end_s or start_s <= now_s < end_s else None

    def note(self, line: Line, scope: str) -> None:
        """Remember which line counts for a scope; not for traces, whose scope comes with the call."""
        if line.account.window != "trace":
            self._recent[line.account.budget, scope] = line

    @property
    def are_many(self) -> bool:
        """Whether the next new line has others forgotten."""
        return len(self._lines) >= self._sweep_at

    def add(self, line: Line, now_s: float) -> Line:
        """Take in a new line; forget others when there are many."""
        if self.are_many:
            self._sweep(now_s, line.touched)
        self._lines[line.account] = line
        return line

    def _sweep(self, now_s: float, now: float) -> None:
        """Forget lines of windows and traces that have ended, and past the limit the longest idle half."""
        self._recent = {}
        idle = [line for line in self if not (line.held or line.dirty or line.busy)]
        rest = []
        for line in idle:
            if 0 < line.account.end_s < now_s or (
                line.account.window == "trace" and line.touched < now - _TRACE_S
            ):
                del self._lines[line.account]
            else:
                rest.append(line)
        if len(self._lines) >= _LIMIT:
            rest.sort(key=lambda line: line.touched)
            for line in rest[: _LIMIT // 2]:
                del self._lines[line.account]
        self._sweep_at = max(len(self._lines) + _FIRST_SWEEP, min(2 * len(self._lines), _LIMIT))
