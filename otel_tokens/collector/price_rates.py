"""What a model costs, as a map literal: rates by variant and time, with longer prompts inside.

    {"fees": {"web_search": 0.01}, "cut1": 20678, "batch<": 20678,
     "standard@0": {"input": 2.5, "over": 272000, "long": {"input": 5.0}}, "batch@0": {...}, "batch@1": {...}}

A `cut` is the first day of a later price, counted from 1970-01-01; a variant that it does not change is not
repeated. `<` is the day before which a price was not known yet. Rates are those that the book states, per
million tokens: what a bucket without a rate takes is decided when it is priced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from ..pricing.price import COMMITTED, STANDARD, VARIANTS
from ..pricing.rows import DAY_S, Model, Rates, Row, Window, active
from .ottl import mapping, number, quoted


LEAST: Final = "least."
ANY: Final = "any"
"""The rate of buckets that have none, where tokens are not what is billed."""
_LONG_AGO: Final = -(10**9)
_EARLY: Final = "date_before_first_price"

Pairs = tuple[tuple[str, str], ...]
"""Keys and literals."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A day of the week, 1 is Monday, and a span of its seconds: from, to (not included)."""

    weekday: int
    start_s: int
    end_s: int


@dataclass(frozen=True, slots=True)
class Priced:
    """A model as literal, and when which of its variants goes by the clock."""

    literal: str
    cuts: int
    depth: int
    """How many sizes of prompt are dearer than the one below."""
    clock: Mapping[str, Sequence[Moment]]


def priced(model: Model, entry: str, version: str) -> Priced:
    """Everything that a model can cost; its id and version where the entry and the book do not say them."""
    cuts = _cuts(model)
    days = [_LONG_AGO, *cuts]
    fees = {_fees(row, part) for row in model.rows for part in (None, *_parts(row))}
    shared = fees.pop() if len(fees) == 1 else None
    dated: dict[str, list[_Sheet]] = {
        variant: [_sheet(model, day, variant, None) for day in days] for variant in _variants(model, shared)
    }
    clock: dict[str, list[Moment]] = {}
    for moment in _moments(model):
        timed = [_sheet(model, day, STANDARD, moment) for day in days]
        if timed != dated[STANDARD]:
            name = next((name for name, same in dated.items() if same == timed), f"clock{len(dated)}")
            dated[name] = timed
            clock.setdefault(name, []).append(moment)
    pairs = [("id", quoted(model.id.lower()))] if model.id.lower() != entry.removeprefix("~") else []
    pairs += [("version", quoted(model.version))] if model.version != version else []
    pairs += [("fees", mapping(shared))] if shared else []
    pairs += [(f"cut{place}", str(day)) for place, day in enumerate(cuts, 1)]
    for variant, sheets in dated.items():
        pairs += _dated(variant, sheets, days, apart=shared is None)
    return Priced(mapping(pairs), len(cuts), _depth(model), clock)


def _dated(
    variant: str, sheets: Sequence[_Sheet], days: Sequence[int], *, apart: bool
) -> list[tuple[str, str]]:
    """The sheets of a variant, each once, and the day of its first known price."""
    early = [_EARLY in sheet.warnings for sheet in sheets]
    first = sum(early)
    simple = early == [True] * first + [False] * (len(sheets) - first)
    pairs = [(f"{variant}<", str([*days, 10**6][first]))] if first and simple else []
    written = [sheet.written(without=_EARLY if simple else "", apart=apart) for sheet in sheets]
    return pairs + [
        (f"{variant}@{place}", sheet)
        for place, sheet in enumerate(written)
        if place == 0 or sheet != written[place - 1]
    ]


def _parts(row: Row) -> list[Row]:
    return [part for parts in row.variants.values() for part in parts]


def _depth(model: Model) -> int:
    parts = [part for row in model.rows for parts in row.variants.values() for part in parts]
    return len({tier.over for row in (*model.rows, *parts) for tier in row.tiers})


def _cuts(model: Model) -> list[int]:
    """The days on which any of its prices changes."""
    parts = [part for row in model.rows for parts in row.variants.values() for part in parts]
    return sorted({row.start for row in (*model.rows, *parts) if row.start is not None})


def _variants(model: Model, shared: Pairs | None) -> list[str]:
    named = {name for row in model.rows for name in row.variants if name in VARIANTS}
    if shared is None:
        named.add(COMMITTED)
    return [STANDARD, *sorted(named - {STANDARD})]


def _timed(row: Row) -> list[tuple[Row, Window]]:
    return [(part, part.when) for parts in row.variants.values() for part in parts if part.when is not None]


def _moments(model: Model) -> list[Moment]:
    """Every span of the week in which no clock changes a price."""
    spans = [span for row in model.rows for _, window in _timed(row) for span in window.spans_s]
    if not spans:
        return []
    edges = sorted({0, DAY_S, *[second for span in spans for second in span]})
    return [Moment(day, start, end) for day in range(1, 8) for start, end in pairwise(edges)]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Rates of one time, with those of the next size of prompt inside, and what is doubtful."""

    rates: Pairs
    fees: Pairs
    warnings: tuple[str, ...] = ()
    over: int | None = None
    long: _Sheet | None = None

    def written(self, *, without: str, apart: bool) -> str:
        """As literal, with its fees where they are not those of all sheets."""
        pairs = list(self.rates)
        if apart and self.fees:
            pairs.append(("fees", mapping(self.fees)))
        if self.long is not None:
            pairs += [("over", str(self.over)), ("long", self.long.written(without=without, apart=apart))]
        if words := [quoted(word) for word in self.warnings if word != without]:
            pairs.append(("warnings", f"[{', '.join(words)}]"))
        return mapping(pairs)


def _sheet(model: Model, day: int, variant: str, moment: Moment | None) -> _Sheet:
    """The rates of one time, as `PriceBook` chooses them."""
    row, early = active(model.rows, day)
    part, doubts = _part(row, day, variant, moment)
    warnings = ((_EARLY,) if early else ()) + doubts
    if variant == COMMITTED and part is None:
        return _Sheet(((ANY, "0.0"), ("sure", "true"), ("free", "true")), _fees(row, None), warnings)
    return _sized(row, part, 0, tuple(dict.fromkeys(warnings)))


def _part(row: Row, day: int, variant: str, moment: Moment | None) -> tuple[Row | None, tuple[str, ...]]:
    """The partial row over `row`; the same as in `PriceBook`."""
    if variant in row.variants and variant in VARIANTS:
        chosen, early = active(row.variants[variant], day)
        return chosen, (_EARLY,) if early else ()
    if variant == COMMITTED:
        return None, (COMMITTED,)
    doubts = () if variant == STANDARD else ("tier_unpriced",)
    if moment is None:
        return None, doubts
    inside = [
        part
        for part, window in _timed(row)
        if window.covers(moment.weekday + 3, moment.start_s) and (part.start is None or part.start <= day)
    ]
    return (inside[-1] if inside else None), doubts


def _sized(row: Row, part: Row | None, prompt_tokens: int, warnings: tuple[str, ...] = ()) -> _Sheet:
    """Rates of one size of prompt, and those of the next larger one inside."""
    rates = {**_at(row, prompt_tokens), **(_at(part, prompt_tokens) if part else {})}
    pairs = [(bucket, number(rate)) for bucket, rate in rates.items()]
    if not rates:
        by_unit = row.fees or (part and part.fees)
        pairs += [(ANY, "0.0")] if by_unit else [(ANY, "0.0"), ("sure", "true")]
    if row.free:
        pairs.append(("free", "true"))
    tiers = [tier.over for each in (row, part) if each for tier in each.tiers if tier.over >= prompt_tokens]
    over = min(tiers, default=None)
    longer = None if over is None else _sized(row, part, over + 1)
    return _Sheet(tuple(pairs), _fees(row, part), warnings, over, longer)


def _at(row: Row, prompt_tokens: int) -> Rates:
    rates = dict(row.rates)
    for tier in row.tiers:
        if prompt_tokens > tier.over:
            rates.update(tier.rates)
    return rates


def _fees(row: Row, part: Row | None) -> Pairs:
    fees: dict[str, Decimal] = {**row.fees, **(part.fees if part else {})}
    least = {unit: row.minimums[unit] for unit in ("audio_second", *fees) if unit in row.minimums}
    stated = [(unit, number(usd)) for unit, usd in fees.items()]
    return (*stated, *[(LEAST + unit, number(count)) for unit, count in least.items()])
