"""Prices as the book states them: dated rows of one model, with tiers and variants.

A price change is a new row with a day. Yesterday's calls keep yesterday's price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple


DAY_S: Final = 86_400
_EPOCH: Final = date(1970, 1, 1).toordinal()

Rates = Mapping[str, Decimal]
"""Bucket to USD per million tokens, or unit to USD for one."""


class Origin(NamedTuple):
    """Who says so, and the day on which it was checked, where that is stated."""

    source: str
    checked: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Rates of the whole request once the prompt is long."""

    over: int
    """Applies when the prompt has more tokens than this."""
    rates: Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours of the UTC day, on some days of the week."""

    spans_s: tuple[tuple[int, int], ...]
    """Seconds since midnight: from, to (not included). A span may go over midnight."""
    weekdays: frozenset[int]
    """1 is Monday; the day of the instant itself."""

    def covers(self, day: int, second: float) -> bool:
        """Whether `second` of `day` (days since the epoch) is inside."""
        if (day + 3) % 7 + 1 not in self.weekdays:  # 1970-01-01 was a Thursday
            return False
        return any(
            start <= second < end if start < end else second >= start or second < end
            for start, end in self.spans_s
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a model costs from one day on."""

    start: int | None = None
    """First day, counted from 1970-01-01, UTC; `None` is since ever."""
    rates: Rates = field(default_factory=dict)
    tiers: tuple[Tier, ...] = ()
    """Lowest threshold first."""
    fees: Rates = field(default_factory=dict)
    """USD per unit; `audio_hour` is 3600 times `audio_second`."""
    minimums: Rates = field(default_factory=dict)
    """The least count of a unit that is billed, where any is."""
    variants: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    """Partial rows over this one. Those with `when` apply by the clock, the others by name."""
    when: Window | None = None
    free: bool = False
    """The provider charges nothing."""
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """What of the row has an origin of its own, such as `fees.web_fetch`; `*` is all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model's rows, oldest first."""

    id: str
    rows: tuple[Row, ...]
    version: str
    sources: tuple[str, ...] = ()
    """Pages with its prices, where a row has no origin of its own."""
    checked: str | None = None
    """The last day on which the book's source says that it checked this model."""


def active(rows: Sequence[Row], day: int) -> tuple[Row, bool]:
    """The row of a day, and whether the day is before the first known price."""
    current = rows[0]
    for row in rows[1:]:
        if row.start is not None and row.start <= day:
            current = row
    return current, current.start is not None and day < current.start


def rows_of(
    plain: Sequence[Mapping[str, Any]], variants: Mapping[str, Any], origins: Sequence[Origin] = ()
) -> tuple[Row, ...]:
    """Rows in order of their days. `variants` apply to all that state none of their own.

    `origins` are what the numbers under `added` stand for.
    """
    shared = _variants(variants, origins)
    rows = [row_of(row, origins) for row in plain]
    rows = [row if row.variants else replace(row, variants=shared) for row in rows]
    return tuple(sorted(rows, key=_start))


def row_of(plain: Mapping[str, Any], origins: Sequence[Origin] = ()) -> Row:
    """One row from checked JSON or TOML."""
    start = plain.get("from")
    when = plain.get("when_utc")
    tiers = sorted([_tier(tier) for tier in plain.get("tiers", ())], key=lambda tier: tier.over)
    return Row(
        start=None if start is None else day_of(start),
        rates=_numbers(plain.get("rates", {})),
        tiers=tuple(tiers),
        fees=_numbers(plain.get("fees", {})),
        minimums=_numbers(plain.get("minimums", {})),
        variants=_variants(plain.get("variants", {}), origins),
        when=None if when is None else _window(when),
        free=plain.get("free", False),
        origins=_origins(plain, origins),
    )


def day_of(start: str) -> int:
    """Days since 1970-01-01 of an ISO date."""
    return date.fromisoformat(start).toordinal() - _EPOCH


def tier_over(plain: Mapping[str, Any]) -> int:
    """The size of prompt that a tier begins above."""
    over: int = plain["prompt_tokens_gt"] if "prompt_tokens_gt" in plain else plain["prompt_tokens_gte"] - 1
    return over


def seconds_of(clock: str) -> int:
    """Seconds since midnight of `hh:mm`."""
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def _start(row: Row) -> float:
    return float("-inf") if row.start is None else row.start


def _numbers(plain: Mapping[str, Any]) -> Rates:
    return {key: Decimal(value) for key, value in plain.items()}


def _tier(plain: Mapping[str, Any]) -> Tier:
    return Tier(over=tier_over(plain), rates=_numbers(plain["rates"]))


def _variants(plain: Mapping[str, Any], origins: Sequence[Origin]) -> Mapping[str, tuple[Row, ...]]:
    return {
        name: tuple(sorted([row_of(row, origins) for row in rows], key=_start))
        for name, rows in plain.items()
    }


def _origins(plain: Mapping[str, Any], origins: Sequence[Origin]) -> Mapping[str, Origin]:
    if "source" in plain:
        return {"*": Origin(plain["source"], plain.get("checked"))}
    # A reader without the book's list only wants the rates.
    return {part: origins[place] for part, place in plain.get("added", {}).items() if place < len(origins)}


def _window(plain: Mapping[str, Any]) -> Window:
    spans = [window.split("-") for window in plain["windows"]]
    return Window(
        spans_s=tuple([(seconds_of(start), seconds_of(end)) for start, end in spans]),
        weekdays=frozenset(plain.get("weekdays", range(1, 8))),
    )
