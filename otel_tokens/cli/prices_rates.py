"""Rates of a model as the engine applies them: asked of the book itself, so that no rule is told twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, NamedTuple

from ..pricing import PriceBook, Terms
from ..pricing.fallbacks import FALLBACKS
from ..pricing.price import STANDARD
from ..pricing.rows import DAY_S, Row, Window, active
from ..readings import EXACT, INPUT, INPUT_BUCKETS, Usage


_MTOK: Final = 1_000_000
_MINUTE_S: Final = 60
_WEEK: Final = 7


class Rate(NamedTuple):
    """What a bucket costs."""

    usd_per_mtok: Decimal
    lender: str | None
    """The bucket whose rate it takes for want of an own one."""
    warns: bool
    """Whether that is a gap in the book, and no rule of the provider."""


@dataclass(frozen=True, slots=True)
class Column:
    """All rates under one variant, for one size of prompt."""

    variant: str
    over: int | None
    """Holds for prompts with more tokens than this."""
    rates: Mapping[str, Rate]
    hours: Window | None = None
    """When it holds, where that goes by the clock."""


def columns(book: PriceBook, terms: Terms, row: Row) -> list[Column]:
    """The rates of `row`: standard ones, and for every variant and every size of prompt."""
    if terms.variant != STANDARD:
        return list(_sizes(book, terms, row, variant_part(row, terms.variant, terms.at_s)))
    quiet = terms._replace(at_s=_between(row, terms.at_s))
    found = list(_sizes(book, quiet, row, None))
    for variant in row.variants:
        part = variant_part(row, variant, terms.at_s)
        if part is not None and part.when is not None:
            busy = terms._replace(at_s=_inside(part.when, terms.at_s))
            found += [replace(column, variant=variant) for column in _sizes(book, busy, row, part)]
        elif part is not None:
            found += _sizes(book, quiet._replace(variant=variant), row, part)
    return found


def variant_part(row: Row, variant: str, at_s: float) -> Row | None:
    """The rates of a variant at a time: those by its name, else those by the clock that have begun."""
    parts = row.variants.get(variant, ())
    day = int(at_s // DAY_S)
    if parts and not any(part.when for part in parts):
        return active(parts, day)[0]
    begun = [part for part in parts if part.start is None or part.start <= day]
    return begun[-1] if begun else None


def _sizes(book: PriceBook, terms: Terms, row: Row, part: Row | None) -> Iterator[Column]:
    parts = [row, part] if part else [row]
    sizes = [tier for one in parts for tier in one.tiers]
    stated = {
        name for rates in [one.rates for one in parts] + [tier.rates for tier in sizes] for name in rates
    }
    hours = part.when if part else None
    for over in (None, *sorted({tier.over for tier in sizes})):
        yield Column(terms.variant, over, _rates(book, terms, stated, over or 0), hours)


def _rates(book: PriceBook, terms: Terms, stated: set[str], over: int) -> Mapping[str, Rate]:
    found: dict[str, Rate] = {}
    for bucket, chain in FALLBACKS.items():
        lender = None if bucket in stated else next((name for name in chain if name in stated), None)
        if bucket in stated or lender:
            usd, warns = _asked(book, terms, bucket, over)
            if usd is not None:
                found[bucket] = Rate(usd, lender, warns)
    return found


def _asked(book: PriceBook, terms: Terms, bucket: str, over: int) -> tuple[Decimal | None, bool]:
    """What a million tokens of a bucket cost in a prompt with more tokens than `over`."""
    tokens = {bucket: over + 1}
    if bucket not in INPUT_BUCKETS and over:
        tokens[INPUT] = over + 1
    cost = book.price(Usage(tokens), terms)
    usd = cost.by_bucket.get(bucket)
    if usd is None:
        return None, False
    return EXACT.divide(EXACT.multiply(usd, _MTOK), over + 1), f"rate_missing:{bucket}" in cost.warnings


def _between(row: Row, at_s: float) -> float:
    """A moment of the same day at which no rates by the clock hold, if there is one."""
    windows = [part.when for parts in row.variants.values() for part in parts if part.when]
    day = int(at_s // DAY_S)
    for second in (at_s - day * DAY_S, *range(0, DAY_S, _MINUTE_S)):
        if not any(window.covers(day, second) for window in windows):
            return float(day * DAY_S + second)
    return at_s


def _inside(hours: Window, at_s: float) -> float:
    """The next moment from that day on at which `hours` hold."""
    day = int(at_s // DAY_S)
    start, _ = hours.spans_s[0]
    days = [day + more for more in range(_WEEK) if hours.covers(day + more, start)]
    return float(days[0] * DAY_S + start) if days else at_s
