"""What a price look-up is given and what it answers: `Terms` in, `Cost` out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final


PRICED: Final = "priced"
FREE: Final = "free"
UNKNOWN_PROVIDER: Final = "unknown_provider"
UNKNOWN_MODEL: Final = "unknown_model"

STANDARD: Final = "standard"
COMMITTED: Final = "committed"
VARIANTS: Final = frozenset({STANDARD, "batch", "flex", "priority", "fast", COMMITTED})
"""What a call can be billed as. `committed` is capacity bought ahead: scale tier, reserved, PTU."""

EXACT: Final = Context(prec=60)
"""Our own arithmetic: the application may have set the precision of its thread to 6.

60 digits hold every product and sum; only a quotient without an end, as 1/7 of an hour, is cut.
"""
ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What beside the usage decides what a call costs."""

    provider: str
    """Name in the conventions (`gen_ai.provider.name`), or a bare host that nobody knows."""
    model: str | None
    """The model that answered."""
    requested_model: str | None = None
    """The model that was asked for: at Azure, the name of a deployment."""
    variant: str = STANDARD
    """One of `VARIANTS`, as billed."""
    server_address: str | None = None
    inference_geo: str | None = None
    at_s: float
    """Start of the request, Unix seconds, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a call costs, exactly."""

    usd: Decimal | None
    """`None` is unknown. What is unknown is never 0."""
    by_bucket: Mapping[str, Decimal]
    """Bucket or unit to USD. The values add up to `usd`."""
    status: str
    """`priced`, `free`, `unknown_provider` or `unknown_model`."""
    version: str
    """Of the price book, such as `genai-prices 0.2.3`; `override` where the user set the price."""
    warnings: tuple[str, ...] = ()
    """What makes the number an estimate, such as `tier_unpriced` or `rate_missing:cache_read`."""


# The `__init__` of a frozen dataclass sets each field through `object.__setattr__`, which alone
# takes more than half of the 2 microseconds that a priced call may cost. The slots are faster.
_new: Final = object.__new__
_usd, _by_bucket, _status, _version, _warnings = (
    vars(Cost)[name].__set__ for name in ("usd", "by_bucket", "status", "version", "warnings")
)


def cost_of(
    usd: Decimal | None,
    by_bucket: Mapping[str, Decimal],
    status: str,
    version: str,
    warnings: tuple[str, ...],
) -> Cost:
    """The same as `Cost(...)`, for the hot path."""
    cost = _new(Cost)
    _usd(cost, usd)
    _by_bucket(cost, by_bucket)
    _status(cost, status)
    _version(cost, version)
    _warnings(cost, warnings)
    return cost
