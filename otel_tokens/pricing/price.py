"""What a price look-up is given and what it answers: `Terms` and `Kinds` in, `Cost` out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple


PRICED: Final = "priced"
FREE: Final = "free"
UNKNOWN_PROVIDER: Final = "unknown_provider"
UNKNOWN_MODEL: Final = "unknown_model"

STANDARD: Final = "standard"
COMMITTED: Final = "committed"
VARIANTS: Final = frozenset({STANDARD, "batch", "flex", "priority", "fast", COMMITTED})
"""What a call can be billed as. `committed` is capacity bought ahead: scale tier, reserved, PTU."""

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)


class Terms(NamedTuple):
    """What beside the usage decides what a call costs.

    A named tuple, as `Cost` is: one is made for every call, and a frozen dataclass takes three times as long.
    """

    provider: str
    """Name in the conventions (`gen_ai.provider.name`), or a bare host that nobody knows."""
    model: str | None
    """The model that answered."""
    at_s: float
    """Start of the request, Unix seconds, UTC."""
    requested_model: str | None = None
    """The model that was asked for: at Azure, the name of a deployment."""
    variant: str = STANDARD
    """One of `VARIANTS`, as billed."""
    server_address: str | None = None
    inference_geo: str | None = None


class Cost(NamedTuple):
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


class Kinds(NamedTuple):
    """What may be among the tokens of a call."""

    cached: int = 0
    """What may be written to a cache: 0 nothing, 1 for minutes, 2 for an hour or more."""
    speaks: bool = False
    draws: bool = False
