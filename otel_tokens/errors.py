"""Every exception of this package.

OtelTokensError
├── ConfigError      a setting, a price or a budget is wrong; raised by `instrument()`, never by a call
├── BudgetExceeded   a cap refused a call; the only one that a patched client raises
└── LedgerError      the ledger cannot be reached; the cause of a refusal where `on_failure` is `block`
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any


class OtelTokensError(Exception):
    """The root of every exception of this package."""


class ConfigError(OtelTokensError):
    """A setting is wrong. The message has the place, the value and the accepted values."""


class LedgerError(OtelTokensError):
    """The ledger cannot be reached or used. The message says which one and why, without credentials."""


class BudgetExceeded(OtelTokensError):  # noqa: N818  # an answer, not an error
    """The call would have taken a budget past its limit. Nothing was sent."""

    budget: str
    """Name of the budget, or of the detector of runaways that stopped the call, such as `runaway.repeats`."""
    unit: str
    """Of the amounts below: `USD`, `tokens`, or what a detector counts, such as `requests`."""
    limit: Decimal
    spent: Decimal
    held: Decimal
    """Put aside for calls that are under way, of every process."""
    asked: Decimal
    """What the refused call might have cost at most."""
    scope: str
    """Which one of several counts: the value of the label of `per`, a trace, a session; else empty."""
    window: str
    window_end: datetime | None
    """When the count starts anew, in the budget's time zone; None where it does not by itself."""
    reason: str
    """`limit`, `unknown_price`, `ledger_unreachable`, `runaway`."""

    def __init__(self, message: str, **facts: Any) -> None:  # noqa: ANN401  # the fields above
        super().__init__(message)
        self._facts: Mapping[str, Any] = facts
        for name, value in facts.items():
            setattr(self, name, value)

    def __reduce__(self) -> Any:  # noqa: ANN401
        """Let it travel between processes."""
        return _again, (str(self), dict(self._facts))


def _again(message: str, facts: Mapping[str, Any]) -> BudgetExceeded:
    return BudgetExceeded(message, **facts)
