"""A ledger in an SQLite file, for the processes of one machine.

Every step is one transaction that takes the write lock first, so a step is there whole or not at all,
whatever kills the process. A transaction reads and writes a few rows, however many holders there are:
accounts have totals, and what each holder has stated is kept beside them.

A connection must not be carried over a fork: the locks that it believes to have are its parent's. So it is
closed just before one, and both go on with connections of their own.

If the file is moved or deleted while it is open, the next step begins a new one. Holders state all that they
have spent, so what those that are alive have spent in their lifetime comes back by itself.
"""

from __future__ import annotations

import time

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from . import counting
from .ledger import Account, Answer, Balance, Entry, Statement
from .sqlite_file import SqliteFile
from .sqlite_step import Step, text


T = TypeVar("T")


class SqliteLedger:
    """Counts in the file `path`, which is made when it is first needed. Takes no longer than `timeout_s`."""

    shared: bool = True

    def __init__(self, path: Path, *, timeout_s: float = 1.0, clock: Callable[[], float] = time.time) -> None:
        self._file = SqliteFile(path, timeout_s)
        self._clock = clock

    def _step(self, work: Callable[[Step], T]) -> T:
        """Do `work` in one transaction.

        Raises:
            LedgerError: the file cannot be used; nothing has changed.
        """
        return self._file.transact(lambda cursor: work(Step(cursor, self._clock())))

    def state(self, holder: str, turn: int, statements: Sequence[Statement], *, lease_s: float) -> Answer:
        """Note what `holder` states, and grant what it asks for if every part of it fits."""
        return self._step(lambda step: step.state(text(holder), turn, statements, lease_s))

    def check(self) -> None:
        """See whether the file can be written.

        Raises:
            LedgerError: it cannot.
        """
        self.now_s()

    def balances(self) -> list[Balance]:
        """Every account whose window has not ended, in order of budget, window and scope."""
        return sorted(self._step(Step.balances), key=counting.order)

    def now_s(self) -> float:
        """The ledger's clock."""
        return self._step(lambda step: step.now_s)

    def set_cap(self, budget: str, unit: str, cap: int | None, *, who: str) -> None:
        """Put another limit in place of the file's for every account of `budget`; None takes it away."""
        self._step(lambda step: step.set_cap(text(budget), unit, cap, text(who)))

    def top_up(self, account: Account, amount: int, *, who: str) -> Balance:
        """Add to the limit of one account, in its window alone; a negative amount takes away."""
        return self._step(lambda step: step.top_up(account, amount, text(who)))

    def reset(self, account: Account, *, who: str) -> Balance:
        """Forget what has been spent on one account; what is held stays held. Gives what there is now."""
        return self._step(lambda step: step.reset(account, text(who)))

    def caps(self) -> dict[str, int]:
        """The limits that were set by `set_cap`, by budget."""
        return self._step(Step.caps)

    def trail(self, limit: int = 100) -> list[Entry]:
        """The newest lines of the audit trail, newest first."""
        return self._step(lambda step: step.trail(limit))

    def leave(self, holder: str) -> None:
        """Say that `holder` is gone: what it held is free at once, what it spent stays spent."""
        self._step(lambda step: step.leave(text(holder)))

    def renew(self) -> None:
        """In a forked process: let go of what is the parent's, without closing it for the parent."""
        self._file.renew()

    def close(self) -> None:
        """Let go of the file. It is opened again when it is needed again."""
        self._file.close()
