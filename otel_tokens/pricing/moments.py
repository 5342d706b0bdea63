"""What of a row holds at a moment: the variant, and until when the same answer stands."""

from __future__ import annotations

from dataclasses import dataclass

from .ceiling import Ceiling
from .price import COMMITTED, STANDARD, VARIANTS
from .rows import DAY_S, Row, Window, active
from .sheet import Fixed, Sheet


@dataclass(frozen=True, slots=True)
class Moment:
    """A UTC day, counted from 1970-01-01, and the seconds since its midnight."""

    day: int
    second: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A sheet and the time in which it holds, Unix seconds: from, to (not included)."""

    start_s: float
    end_s: float
    sheet: Sheet | Fixed


@dataclass(frozen=True, slots=True)
class Height:
    """A ceiling and the time in which it holds, Unix seconds: from, to (not included)."""

    start_s: float
    end_s: float
    ceiling: Ceiling


def variant_at(row: Row, name: str, moment: Moment) -> tuple[Row | None, tuple[str, ...]]:
    """The partial row over `row`, and what is uncertain about it."""
    warnings: tuple[str, ...] = ()
    if name in row.variants and name in VARIANTS:
        # The book dates a variant from the day it was verified: before it, the variant's rate is
        # still a better answer than the standard one.
        chosen, early = active(row.variants[name], moment.day)
        return chosen, ("date_before_first_price",) if early else ()
    if name == COMMITTED:
        return None, (COMMITTED,)
    if name != STANDARD:
        warnings = ("tier_unpriced",)
    timed = [
        part
        for part, window in _timed(row)
        if window.covers(moment.day, moment.second) and (part.start is None or part.start <= moment.day)
    ]
    return (timed[-1] if timed else None), warnings


def around(row: Row, moment: Moment) -> tuple[int, int]:
    """From and until which second of the day the price of `row` is the same as at the moment."""
    spans = [span for _, window in _timed(row) for span in window.spans_s]
    cuts = {0, DAY_S, *[second for span in spans for second in span]}
    start = max([cut for cut in cuts if cut <= moment.second])
    end = min([cut for cut in cuts if cut > moment.second])
    return start, end


def _timed(row: Row) -> list[tuple[Row, Window]]:
    """The partial rows that apply by the clock."""
    return [(part, part.when) for parts in row.variants.values() for part in parts if part.when is not None]
