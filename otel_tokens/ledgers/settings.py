"""What can be set of a ledger."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .ledger import LEASE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSettings:
    """Where the counts are kept."""

    url: str = "memory:"
    """`memory:` for one process, `sqlite:///path` for one machine, `redis://…` for many machines."""
    namespace: str = "default"
    """Ledgers of different names share a Redis without seeing each other."""
    slice: Decimal = Decimal(0)
    """How much of what is left of a budget a process may take at once to spend without asking; 0: nothing."""
    timeout_s: float = 1.0
    """How long a call may have to wait for the ledger before that counts as a failure."""
    lease_s: float = LEASE_S
    """After so long a silence a process is taken for dead, and what it held is free again."""
