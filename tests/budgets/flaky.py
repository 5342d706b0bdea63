"""A ledger in memory that other purses see, whose network can fail before and after a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from otel_tokens.errors import LedgerError
from otel_tokens.ledgers.ledger import Answer, Balance, Statement
from otel_tokens.ledgers.memory import MemoryLedger


class FlakyLedger(MemoryLedger):
    """Purses take it for a server. `fails` says of each step whether it is lost, and on which way."""

    shared = True

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        super().__init__(*([] if clock is None else [clock]))
        self.fails: Callable[[], str] = lambda: ""
        """`before`: the step does not reach the ledger; `after`: its answer is lost; else it works."""
        self.closed = 0
        """How often it was closed."""
        self.left: list[str] = []
        """Who has left."""

    def state(self, holder: str, turn: int, statements: Sequence[Statement], *, lease_s: float) -> Answer:
        """Make a step, and perhaps lose it or its answer."""
        fails = self.fails()
        if fails == "before":
            raise LedgerError("the request is lost")
        answer = super().state(holder, turn, statements, lease_s=lease_s)
        if fails == "after":
            raise LedgerError("the answer is lost")
        return answer

    def balances(self) -> list[Balance]:
        """The accounts, unless the ledger cannot be reached."""
        if self.fails():
            raise LedgerError("the request is lost")
        return super().balances()

    def leave(self, holder: str) -> None:
        """Note who leaves."""
        self.left.append(holder)
        super().leave(holder)

    def close(self) -> None:
        """Note that it was closed."""
        self.closed += 1
