"""A budget: how much may be spent on which calls in which window, and what happens at the limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Final

from ..ledgers.ledger import PICO
from ..ledgers.settings import LedgerSettings
from .alerts import AlertSettings


FILE_NAME: Final = "otel-tokens.toml"
"""Of the budget file, in the working directory."""

WINDOWS: Final = ("minute", "hour", "day", "week", "month", "total", "trace", "session")
CALENDAR: Final = ("minute", "hour", "day", "week", "month")

MODEL: Final = "gen_ai.request.model"
PROVIDER: Final = "gen_ai.provider.name"
SERVICE: Final = "service.name"
SESSION: Final = "session.id"


Globs = str | tuple[str, ...]
"""One glob, or several of which any has to fit; with `!` before it, a glob must not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A limit on the calls that `match`."""

    name: str
    limit: int
    """In whole pico-dollars or tokens."""
    unit: str = "usd"
    """`usd` or `tokens`."""
    window: str = "total"
    timezone: str = "UTC"
    """Name of the time zone in which calendar windows begin, such as `Europe/Berlin`."""
    match: Mapping[str, Globs] = field(default_factory=dict)
    """Name of a label, `service.name`, `gen_ai.provider.name` or `gen_ai.request.model` to the globs that its
    value has to fit; all names have to. A call without that label fits only `*`, and globs with `!`."""
    per: str | None = None
    """A label: each of its values has a count of its own. Calls without it share one."""
    scopes_limit: int = 10_000
    """How many values of `per` (or traces, or sessions) have a count of their own at a time."""
    action: str = "block"
    """`block` or `warn`."""
    alert_at: tuple[Decimal, ...] = (Decimal("0.5"), Decimal("0.8"), Decimal(1))
    """Shares of the limit at which to tell, lowest first."""
    on_failure: str = "allow"
    """What happens to calls when the ledger cannot be reached: `allow` or `block`."""
    on_unknown: str = "block"
    """What happens to calls whose price is not known: `allow` or `block`. Not for budgets in tokens."""
    assume_output_tokens: int | None = None
    """What a call is held for that states no maximum; None: the most that the model can answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunawaySettings:
    """When a program is taken for running away. Amounts in pico-dollars; 0 switches a detector off.

    `runaway.py` says what each number means, and why it is what it is.
    """

    action: str = "warn"
    """`warn`, `block`, or `off`."""
    open_s: float = 300.0
    """For how long the breaker stays open, and refuses calls, once it has tripped."""
    repeats: int = 100
    """Identical requests of one trace, one after the other, that are let pass."""
    repeats_s: float = 300.0
    """How long the pauses between them may be in all, for them to be taken for a loop."""
    calls_per_trace: int = 10_000
    cost_per_trace: int = 100 * PICO
    velocity: Decimal = Decimal(20)
    """How many times faster than in its own past hour a process may spend within a minute."""
    velocity_floor: int = 10 * PICO
    """What a process may spend in a minute whatever its past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A budget file, checked."""

    path: str | None = None
    ledger: LedgerSettings = field(default_factory=LedgerSettings)
    budgets: tuple[Budget, ...] = ()
    runaway: RunawaySettings = RunawaySettings()
    alerts: AlertSettings = field(default_factory=AlertSettings)


def globs_of(globs: Globs) -> tuple[str, ...]:
    """The globs of one name, however many there are."""
    return (globs,) if isinstance(globs, str) else globs


def pico_usd(usd: Decimal) -> int:
    """`usd` in whole pico-dollars, rounded up, so that rounding never overspends a cap."""
    return int((usd * PICO).to_integral_value(ROUND_CEILING))


def in_units(amount: int, unit: str) -> Decimal:
    """An amount of a ledger as people write it: USD, or tokens."""
    return Decimal(amount).scaleb(-12) if unit == "usd" else Decimal(amount)
