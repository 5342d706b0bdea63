"""What becomes of recorded calls under a budget file: values that a replay fills in."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from ..budgets.budget import Budget
from ..ledgers.ledger import Account


class Peak(NamedTuple):
    """The most that an account has had spent and held at one time."""

    amount: int
    limit: int
    at_s: float
    account: Account


class Refusal(NamedTuple):
    """A call that would not have been sent."""

    at_s: float
    reason: str
    text: str


@dataclass(slots=True)
class Tally:
    """What became of the calls that one budget, or detector of runaways, had to do with."""

    budget: Budget | None
    counted: int = 0
    blocked: int = 0
    warned: int = 0
    saved_usd: Decimal = Decimal(0)
    saved_tokens: int = 0
    first: Refusal | None = None
    last: Refusal | None = None
    peak: Peak | None = None


@dataclass(slots=True)
class Outcome:
    """What became of a recording."""

    tallies: dict[str, Tally]
    calls: int = 0
    sent: int = 0
    blocked: int = 0
    usd: Decimal = Decimal(0)
    """What all calls have cost, as recorded."""
    saved_usd: Decimal = Decimal(0)
    saved_tokens: int = 0
    unpriced: int = 0
    first_s: float = 0.0
    last_s: float = 0.0
    trips: list[tuple[float, str]] = field(default_factory=list)
    """When which detector of runaways has tripped."""
