"""A model's prices as people read them: one seller whole, or many in a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from ..pricing.rows import Row
from . import render
from .prices_example import in_words, money
from .prices_rates import Column
from .prices_shown import Shown, Span
from .prices_words import day_text, hours_text, listed


_SURVEYED: Final = ("input", "cache_read", "cache_write", "output")
_MEANING: Final = {
    "date_before_first_price": "the book's first price is of a later day",
    "tier_unpriced": "the book has no rates of this variant, so the standard ones are used",
    "committed": "bought capacity: a token costs nothing more",
}


def page(one: Shown, head: str) -> Iterator[str]:
    """All that is known of a model at one seller."""
    seller, current = one.seller, one.current
    yield f"{seller.provider} {seller.model.id}: {seller.found}"
    yield head if one.cost.version in head else f"{head}, price version {one.cost.version}"
    for part, source, checked in current.origins:
        of = "" if part == "*" else f" of {part}"
        yield f"source{of}: {source}{f' (checked {checked})' if checked else ''}"
    if current.row.free:
        yield "free: the provider charges nothing"
    yield from _rates(one.columns)
    yield from _fees(one)
    yield from _variants(one)
    yield from _factors(one)
    yield from _rows(one.spans)
    yield from _example(one)


def survey(model: str, found: Sequence[Shown], head: str) -> Iterator[str]:
    """Many sellers in a table."""
    yield f"{model}: {render.several(len(found), 'seller')}"
    yield head
    buckets = [name for name in _SURVEYED if any(name in _own(one) for one in found)]
    rows = [("provider", "model", *buckets, "fees", "example")]
    for one in found:
        rates = [render.plain(_own(one)[name]) if name in _own(one) else "" for name in buckets]
        fees = listed(one.fees)
        rows.append((one.seller.provider, one.seller.model.id, *rates, fees, _total(one)))
    yield ""
    for line in render.table(rows, "--" + "r" * len(buckets) + "-r"):
        yield f"  {line}"
    yield ""
    usages = {in_words(one.usage) for one in found}
    yield f"rates in USD per million tokens, fees in USD; example: {' or '.join(sorted(usages))}"
    yield "--provider NAME shows one of them whole"


def _own(one: Shown) -> dict[str, Decimal]:
    """Rates that are not taken from another bucket."""
    first = one.columns[0]
    return {name: rate.usd_per_mtok for name, rate in first.rates.items() if rate.lender is None}


def _total(one: Shown) -> str:
    return one.cost.status if one.cost.usd is None else money(one.cost.usd)


def _title(column: Column) -> str:
    size = "" if column.over is None else f" > {column.over:,}"
    return f"{column.variant}{size}"


def _rates(columns: Sequence[Column]) -> Iterator[str]:
    """Own rates as a table, and what the other buckets take."""
    own = [name for name in columns[0].rates if any(_is_own(column, name) for column in columns)]
    if not own:
        return
    yield ""
    yield "USD per million tokens (> N: of the whole call, where its prompt has more tokens)"
    rows = [("", *own), *[(_title(column), *[_cell(column, name) for name in own]) for column in columns]]
    for line in render.table(rows, "-" + "r" * len(own)):
        yield f"  {line}"
    yield from _borrowed(columns[0], own)


def _is_own(column: Column, name: str) -> bool:
    return name in column.rates and column.rates[name].lender is None


def _cell(column: Column, name: str) -> str:
    return render.plain(column.rates[name].usd_per_mtok) if name in column.rates else ""


def _borrowed(column: Column, own: Sequence[str]) -> Iterator[str]:
    for warns, words in ((False, "by rule"), (True, "for want of a rate, and the cost warns of it")):
        for lender in own:
            names = [
                name
                for name, rate in column.rates.items()
                if name not in own and rate.lender == lender and rate.warns == warns
            ]
            if names:
                yield f"  as {lender}, {words}: {', '.join(names)}"


def _fees(one: Shown) -> Iterator[str]:
    least = one.current.row.minimums
    if one.fees:
        yield ""
        yield f"fees, USD for one: {listed(one.fees)}"
    if least:
        yield f"at least billed: {listed(least)}"


def _variants(one: Shown) -> Iterator[str]:
    if not one.variants:
        return
    yield ""
    yield "variants"
    rows = [(name, *_days(span), _hours_and_fees(span.row)) for name, span in one.variants]
    for line in render.table(rows):
        yield f"  {line}"


def _days(span: Span) -> tuple[str, str, str]:
    """Whether it holds, from when, and until when."""
    until = "" if span.until is None else f"until {day_text(span.until)}"
    return span.state, day_text(span.row.start) or "since ever", until


def _hours_and_fees(row: Row) -> str:
    hours = [] if row.when is None else [hours_text(row.when)]
    return "; ".join([*hours, *([f"fees {listed(row.fees)}"] if row.fees else [])])


def _factors(one: Shown) -> Iterator[str]:
    if one.factors or one.discounts:
        yield ""
    for factor in one.factors:
        when = " and ".join([f"{name} is {glob}" for name, glob in factor.when.items()]) or "always"
        buckets = "" if factor.buckets == ("*",) else f" on {', '.join(factor.buckets)}"
        source = f"; source: {factor.source}" if factor.source else "; own prices"
        yield f"x {factor.factor}{buckets}, where {when}: {factor.state}{source}"
    for discount in one.discounts:
        yield f"x {discount} on tokens and fees: a discount of own prices"


def _rows(spans: Sequence[Span]) -> Iterator[str]:
    """The rows by their days, where there are several."""
    if len(spans) == 1:
        return
    yield ""
    yield "rows of the book, standard rates"
    rows = [(*_days(span), listed({**span.row.rates, **span.row.fees}) or "free") for span in spans]
    for line in render.table(rows):
        yield f"  {line}"


def _example(one: Shown) -> Iterator[str]:
    yield ""
    if not one.steps:
        yield f"example: {in_words(one.usage) or 'a call'}: {_total(one)} ({one.cost.status})"
    else:
        yield "example"
        for line in render.table([step.in_words for step in one.steps], "-rr"):
            yield f"  {line}"
        yield f"  in all {_total(one)}"
    for warning in one.cost.warnings:
        meaning = _MEANING.get(warning)
        yield f"  warning {warning}{f': {meaning}' if meaning else ''}"
