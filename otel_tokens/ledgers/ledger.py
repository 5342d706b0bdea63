"""What a ledger is: it keeps what accounts have spent and hold, for every process that shares it.

Each process is a *holder*. It states what it has spent on an account and what it holds there *in all*, never
how much more than before. So a statement that is made twice, or made again after a server has forgotten the
last seconds, counts once: the ledger adds up the newest statement of each holder. It keeps the totals too, so
that a step costs the same with one holder or a thousand.

A holder that has been silent for longer than its lease is dead: what it held is free again, what it had spent
stays spent. If it was only asleep, its next statement puts things right.

Amounts are whole numbers in the unit of the account: pico-dollars (1e-12 USD) or tokens. Time is Unix seconds
by the ledger's own clock, so that hosts whose clocks differ see the same windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol


PICO: Final = 10**12
"""Pico-dollars in a dollar."""
AMOUNT_LIMIT: Final = 9 * 10**18
"""Every sum of amounts stays below this: 9 million USD, within the 64-bit integers of SQLite and Redis."""
EVERYTHING: Final = AMOUNT_LIMIT
"""As `spare`: all the room there is."""

LEASE_S: Final = 60.0
"""After so long a silence a holder is taken for dead."""
FORGET_S: Final = 86_400.0
"""After so long a silence a dead holder's statements are forgotten; what it spent stays in the totals."""
KEEP_S: Final = 2 * 86_400.0
"""Accounts are kept so long after their window has ended, or since they were last touched if it never ends
by the clock (`trace`, `session`); those of `total` are kept for ever. A trace or session that was silent for
an hour is not shown any more, and leaves its place to another one."""


class Account(NamedTuple):
    """One count of one budget: of a window, and of a value of the label that the budget is `per`."""

    budget: str
    window: str
    """`minute`, `hour`, `day`, `week`, `month`, `total`, `trace`, `session`."""
    scope: str = ""
    """The value that is counted apart: of a label, a trace, a session; empty where all count together."""
    start_s: int = 0
    """First second of the window; 0 where it never ends by the clock."""
    end_s: int = 0
    """First second after the window; 0 where it never ends by the clock."""
    unit: str = "usd"
    """`usd` (amounts are pico-dollars) or `tokens`."""


class Statement(NamedTuple):
    """What a holder says of one account: all that it has spent and holds, and what it wants."""

    account: Account
    cap: int
    """The limit as the budget file states it; the ledger may know another one, see `Ledger.set_cap`."""
    spent: int
    """All that this holder has ever spent on the account. Never less than in its last statement."""
    held: int
    """What it holds whatever the cap says: calls that are already out."""
    asked: int = 0
    """What it wants to hold besides. Granted whole or not at all, and to all accounts of a step or none."""
    spare: int = 0
    """And, where there is room for it, up to so much more, to spend without asking."""
    scopes_limit: int = 0
    """How many accounts the budget may have in this window; past it no new one is made. 0: no limit."""


class Balance(NamedTuple):
    """What the ledger knows of one account, all holders together."""

    account: Account
    cap: int
    """The limit in force: the file's or the one that was set, and what was topped up."""
    spent: int
    held: int
    share: int = 0
    """What the holder that asks holds of it: `held`, what it asked for, and what it was spared."""
    before: int = 0
    """What was spent before this step, or before a change; 0 where there was none."""
    stated: int = 0
    """What the holder that asks has stated to have spent, in this step or in an earlier life of its count."""


class Answer(NamedTuple):
    """What became of a step."""

    granted: bool
    """Whether everything that was asked for is held now. What was spent and held is stated in any case."""
    balances: tuple[Balance, ...]
    """One for each statement, in order."""
    now_s: float
    """By the ledger's clock."""
    late: tuple[int, ...] = ()
    """Places of statements that ask for more in a window which is not the current one by that clock."""
    crowded: tuple[int, ...] = ()
    """Places of statements whose account would be one more than the budget may have: nothing is granted."""


class Entry(NamedTuple):
    """One line of the audit trail."""

    at_s: float
    who: str
    """Who made the change: `user@host`, or `ledger` for what it did itself."""
    action: str
    """`set`, `unset`, `top_up`, `reset`, `expire`."""
    budget: str
    scope: str
    amount: int | None
    """The new limit, what was added, what was spent until the reset, what was held by a dead holder."""
    unit: str
    note: str = ""


class Ledger(Protocol):
    """Keeps accounts.

    Every method is one atomic step, may be called by any thread, and raises `LedgerError` when the ledger
    cannot be reached or used, having changed nothing or (where a reply was lost) exactly what was asked.

    A process that was forked calls `renew` before anything else: connections are its parent's.
    """

    shared: bool
    """Whether other processes can see it."""

    def state(self, holder: str, turn: int, statements: Sequence[Statement], *, lease_s: float) -> Answer:
        """Note what `holder` states, and grant what it asks for if every part of it fits.

        Something fits when `spent + held`, of all live holders and with what is asked, is at most the cap.
        Afterwards the holder is alive for `lease_s` more seconds. Without statements it is a sign of life.
        `turn` grows with every step of a holder: a step that comes after a later one changes nothing, and is
        answered with what there is.
        """

    def check(self) -> None:
        """See whether the ledger can be used at all.

        Raises:
            ConfigError: it can never keep a cap, such as a Redis that may evict what it counts.
            LedgerError: it cannot be reached now.
        """

    def balances(self) -> list[Balance]:
        """Every account whose window has not ended, in order of budget, window and scope."""

    def now_s(self) -> float:
        """The ledger's clock."""

    def set_cap(self, budget: str, unit: str, cap: int | None, *, who: str) -> None:
        """Put another limit in place of the file's for every account of `budget`; None takes it away."""

    def top_up(self, account: Account, amount: int, *, who: str) -> Balance:
        """Add to the limit of one account, in its window alone; a negative amount takes away."""

    def reset(self, account: Account, *, who: str) -> Balance:
        """Forget what has been spent on one account; what is held stays held. Gives what there is now."""

    def caps(self) -> dict[str, int]:
        """The limits that were set by `set_cap`, by budget."""

    def trail(self, limit: int = 100) -> list[Entry]:
        """The newest lines of the audit trail, newest first. At least the last 10,000 are kept."""

    def leave(self, holder: str) -> None:
        """Say that `holder` is gone: what it held is free at once, what it spent stays spent."""

    def renew(self) -> None:
        """In a forked process: let go of what is the parent's, without closing it for the parent."""

    def close(self) -> None:
        """Let go of files and connections."""
