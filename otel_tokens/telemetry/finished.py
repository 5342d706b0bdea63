"""Everything there is to say about a call that has ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from typing import Any

from ..readings import Part, Reading, Usage, add


@dataclass(slots=True, kw_only=True)
class Cost:
    """What a finished call costs, and how that is known."""

    usd: Decimal | None
    status: str
    """`priced`, `free`, `unknown_provider`, `unknown_model`, `no_usage`."""
    source: str | None = None
    """`computed`, `provider`, `estimated`."""
    by_bucket: Mapping[str, Decimal] = field(default_factory=dict)
    parts: tuple[Mapping[str, Decimal], ...] = ()
    """By bucket, for each part of the reading that another model answered."""
    version: str | None = None
    computed_usd: Decimal | None = None
    """What the price book makes it, where the provider states another cost."""
    warnings: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Finished:
    """Everything there is to say about a call that has ended."""

    reading: Reading
    usage: Usage | None
    parts: tuple[Part, ...] = ()
    usage_source: str | None
    """`provider`, `estimated`, `partial`; None when no usage is known."""
    cost: Cost
    outcome: str
    """`ok`, `error`, `cancelled`, `abandoned`, `blocked`."""
    error_type: str | None = None
    error_message: str | None = None
    attempts: int = 1
    end_ns: int
    duration_s: float
    first_chunk_s: float | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    variant: str = "standard"
    counted_before: bool = False
    unpriced: bool = False
    blocked_by: str | None = None
    """The budget or detector that refused the call: nothing was sent."""
    blocked_reason: str | None = None
    warned_by: tuple[str, ...] = ()
    """Budgets that only warn and would have refused it."""
    repeated: bool = False
    """It repeats an identical request."""
    content: Mapping[str, list[Any]] = field(default_factory=dict)
    """Messages by `input`, `output`, `system`, `tools`, when they are to be recorded."""

    @property
    def counts(self) -> Usage | None:
        """The usage that this call is the first to count."""
        return None if self.counted_before else self.usage

    @property
    def stated(self) -> Usage | None:
        """The usage in the provider's own totals: with the parts that those include."""
        if self.usage is None or not self.reading.parts_inside:
            return self.usage
        return reduce(add, [part.usage for part in self.reading.parts], self.usage)
