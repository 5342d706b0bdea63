"""All that is known of a model at one seller: what `otel-tokens prices show` prints, or gives to machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ..pricing import PriceBook, Terms
from ..pricing.multipliers import Multiplier
from ..pricing.override import Override
from ..pricing.price import Cost
from ..pricing.rows import DAY_S, Rates, Row, active
from ..readings import Usage
from . import render
from .prices_books import Book, Plain
from .prices_example import Step, steps, typical
from .prices_rates import Column, columns, variant_part
from .prices_sellers import Seller
from .prices_words import day_text, hours_text, numbers


PAST, CURRENT, SCHEDULED = "past", "current", "scheduled"
IN_FORCE, IDLE, REPLACED = "in force", "not in force", "replaced by own prices"


class Span(NamedTuple):
    """A row and the days on which it holds."""

    row: Row
    until: int | None
    """The first day on which it holds no more."""
    state: str
    origins: tuple[tuple[str, str, str | None], ...]
    """What of the row (`*` is all of it, or what is not named), who says so, and the day of checking."""


class Factor(NamedTuple):
    """What multiplies the prices, under a condition."""

    factor: str
    when: Mapping[str, str]
    buckets: tuple[str, ...]
    source: str | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All that is known of a model at one seller."""

    seller: Seller
    early: bool
    """The time is before the first known price."""
    spans: tuple[Span, ...]
    variants: tuple[tuple[str, Span], ...]
    """Name and rates of each variant of the current row, the oldest first."""
    columns: tuple[Column, ...]
    factors: tuple[Factor, ...]
    discounts: tuple[str, ...]
    fees: Rates
    """USD for one, the variant's over those of the row."""
    usage: Usage
    cost: Cost
    steps: tuple[Step, ...]

    @property
    def current(self) -> Span:
        """The row that holds."""
        return next(span for span in self.spans if span.state == CURRENT)


def shown(seller: Seller, book: Book, override: Override, terms: Terms, usage: Usage | None) -> Shown:
    """Look up all of it; without a `usage`, a typical one is priced."""
    prices = PriceBook(book.catalog, override)
    terms = terms._replace(provider=seller.provider)
    day = int(terms.at_s // DAY_S)
    row, early = active(seller.model.rows, day)
    part = variant_part(row, terms.variant, terms.at_s)
    used = typical(row, part) if usage is None else usage
    cost = prices.price(used, terms)
    fees: Rates = {**row.fees, **(part.fees if part else {})}
    names = (seller.model.id.lower(), seller.name.lower())
    discounts = [one for one in override.discounts if one.applies(seller.provider, names)]
    return Shown(
        seller=seller,
        early=early,
        spans=tuple(_spans(seller, seller.model.rows, row)),
        variants=tuple(_variants(seller, row, terms.at_s)),
        columns=tuple(columns(prices, terms, row)),
        factors=tuple(_factors(seller, book, override, terms)),
        discounts=tuple([render.plain(one.factor) for one in discounts]),
        fees=fees,
        usage=used,
        cost=cost,
        steps=tuple(steps(cost, used, fees, row.minimums)),
    )


def _variants(seller: Seller, row: Row, at_s: float) -> Iterator[tuple[str, Span]]:
    for name, parts in row.variants.items():
        for span in _spans(seller, parts, variant_part(row, name, at_s)):
            yield name, span


def _spans(seller: Seller, rows: Sequence[Row], current: Row | None) -> Iterator[Span]:
    """Rows in order, with what the file says of their origin; none is current where none has begun."""
    state = PAST if current else SCHEDULED
    for place, row in enumerate(rows):
        later = rows[place + 1 :]
        if row is current:
            state = CURRENT
        yield Span(row, later[0].start if later else None, state, tuple(_origins(seller, row)))
        state = SCHEDULED if state == CURRENT else state


def _origins(seller: Seller, row: Row) -> Iterator[tuple[str, str, str | None]]:
    """Who says what of a row; nobody in the book says what the user does."""
    if "*" not in row.origins and seller.own is None:
        for source in seller.model.sources:
            yield "*", source, seller.model.checked
    for part, origin in row.origins.items():
        yield part, origin.source, origin.checked


def _factors(seller: Seller, book: Book, override: Override, terms: Terms) -> Iterator[Factor]:
    names = (seller.model.id.lower(), seller.name.lower())
    alias = override.alias(seller.provider, terms.model or "")
    facts = {
        "server_address": terms.server_address,
        "inference_geo": terms.inference_geo,
        "deployment_type": alias.deployment_type if alias else None,
    }

    def applies(part: Multiplier) -> bool:
        return part.applies(seller.provider, names, facts)

    listed: list[tuple[Plain, Multiplier]] = [({}, part) for part in override.multipliers]
    listed += zip(book.data.get("multipliers", ()), book.catalog.multipliers, strict=True)
    own = [part for part in override.multipliers if applies(part)]
    for plain, part in listed:
        if replace(part, when={}).applies(seller.provider, names, {}):
            replaced = bool(plain) and any(mine.replaces(part) for mine in own)
            state = REPLACED if replaced else IN_FORCE if applies(part) else IDLE
            yield Factor(render.plain(part.factor), part.when, part.buckets, plain.get("source"), state)


def document(one: Shown) -> dict[str, Any]:
    """All of it for machines, in exact decimals."""
    seller, current = one.seller, one.current
    return {
        "provider": seller.provider,
        "model": seller.model.id,
        "found": {
            "how": seller.how,
            "as": seller.spelling,
            "for": seller.name,
            "by_alias": seller.aliased,
            "resold_from": seller.resold_from,
        },
        "version": one.cost.version,
        "before_first_price": one.early,
        "free": current.row.free,
        "rates": [_column(column) for column in one.columns],
        "fees": numbers(one.fees),
        "minimums": numbers(current.row.minimums),
        "rows": [_span(span) for span in one.spans],
        "variants": [{"variant": name, **_span(span)} for name, span in one.variants],
        "multipliers": [{**factor._asdict(), "when": dict(factor.when)} for factor in one.factors],
        "discounts": list(one.discounts),
        "example": {
            "usage": {name: str(count) for name, count in {**one.usage.tokens, **one.usage.units}.items()},
            "status": one.cost.status,
            "usd": None if one.cost.usd is None else render.plain(one.cost.usd),
            "steps": [step.plain for step in one.steps],
            "warnings": list(one.cost.warnings),
        },
    }


def _column(column: Column) -> dict[str, Any]:
    hours = None if column.hours is None else hours_text(column.hours)
    return {
        "variant": column.variant,
        "prompt_tokens_over": column.over,
        "hours_utc": hours,
        "usd_per_mtok": {
            bucket: {
                "usd": render.plain(rate.usd_per_mtok),
                "as": rate.lender,
                "warns": rate.warns,
            }
            for bucket, rate in column.rates.items()
        },
    }


def _span(span: Span) -> dict[str, Any]:
    row = span.row
    return {
        "from": day_text(row.start),
        "until": day_text(span.until),
        "hours_utc": None if row.when is None else hours_text(row.when),
        "state": span.state,
        "rates": numbers(row.rates),
        "tiers": [{"prompt_tokens_over": tier.over, "rates": numbers(tier.rates)} for tier in row.tiers],
        "fees": numbers(row.fees),
        "origins": [
            {"of": part, "source": source, "checked": checked} for part, source, checked in span.origins
        ],
    }
