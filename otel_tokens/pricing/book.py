"""The price book: from what a call used and under which terms to what it costs.

Order: the user's override, then the compiled book; the model that answered, then the one that was
asked for. A resolved sheet is kept for the rest of its UTC day, or of its hours of the day, so that
the next call costs a dictionary look-up and one multiplication per bucket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor, inf
from pathlib import Path
from typing import Any, Final

from ..readings import Usage
from .catalog import NOTHING, Catalog, shipped
from .ceiling import Ceiling, ceiling_of
from .limits import UNKNOWN, Limit, shipped_limits
from .multipliers import Factors, product
from .override import EMPTY, OVERRIDE, Override, check, read
from .price import (
    COMMITTED,
    FREE,
    STANDARD,
    UNKNOWN_MODEL,
    UNKNOWN_PROVIDER,
    VARIANTS,
    ZERO,
    Cost,
    Kinds,
    Terms,
)
from .rows import DAY_S, Model, Row, Window, active, day_of
from .sellers import LOCAL, spelled
from .sheet import Fixed, Sheet, committed_sheet, sheet_of


_KEPT: Final = 4096  # sheets; callers that invent model names cannot fill the memory


@dataclass(frozen=True, slots=True)
class _Segment:
    """A sheet and the time in which it holds, Unix seconds: from, to (not included)."""

    start_s: float
    end_s: float
    sheet: Sheet | Fixed


@dataclass(frozen=True, slots=True)
class _Found:
    """The model that prices a call, and the names that globs look at."""

    provider: str
    model: Model
    name: str
    unsure: bool
    """The model that answered is unknown; this one was asked for."""

    @property
    def names(self) -> tuple[str, str]:
        return self.model.id.lower(), self.name.lower()


@dataclass(frozen=True, slots=True)
class _Moment:
    """A UTC day, counted from 1970-01-01, and the seconds since its midnight."""

    day: int
    second: float


@dataclass(frozen=True, slots=True)
class _Height:
    """A ceiling and the time in which it holds, Unix seconds: from, to (not included)."""

    start_s: float
    end_s: float
    ceiling: Ceiling


class PriceBook:
    """Prices calls. Threads may share it: its caches are only ever set to equal values."""

    def __init__(self, catalog: Catalog | None = None, override: Override = EMPTY) -> None:
        self._catalog_read = catalog
        self._override = override
        self._segments: dict[tuple[str | None, ...], _Segment] = {}
        self._ceilings: dict[tuple[Any, ...], _Height] = {}
        self._limits: dict[tuple[str, str | None], Limit] = {}

    @property
    def _catalog(self) -> Catalog:
        # Two threads may read it at once; either result is good.
        if self._catalog_read is None:
            self._catalog_read = shipped()
        return self._catalog_read

    @property
    def version(self) -> str:
        """Of the compiled book."""
        return self._catalog.version

    @property
    def dated_s(self) -> int | None:
        """Unix time of the day on which the compiled book was last checked."""
        dated = self._catalog.dated
        return None if dated is None else day_of(dated) * DAY_S

    def price(self, usage: Usage, terms: Terms) -> Cost:
        """What a call that used `usage` costs under `terms`."""
        key = (
            terms.provider,
            terms.model,
            terms.requested_model,
            terms.variant,
            terms.server_address,
            terms.inference_geo,
        )
        segment = self._segments.get(key)
        if segment is None or not segment.start_s <= terms.at_s < segment.end_s:
            segment = self._resolve(terms)
            if len(self._segments) >= _KEPT:
                self._segments.clear()
            self._segments[key] = segment
        return segment.sheet.quote(usage)

    def ceiling(  # noqa: PLR0917 - once for each call, and `Terms` take time
        self,
        provider: str,
        model: str | None,
        kinds: Kinds,
        at_s: float,
        variant: str = STANDARD,
        server_address: str | None = None,
        inference_geo: str | None = None,
    ) -> Ceiling:
        """The dearest rates that a call may have which is about to be made at `at_s`, Unix seconds.

        A variant that is asked for may not be served, so the standard rates may hold as well. Where no
        `inference_geo` is given, any may be served.
        """
        key = (provider, model, kinds, variant, server_address, inference_geo)
        kept = self._ceilings.get(key)
        if kept is None or not kept.start_s <= at_s < kept.end_s:
            terms = Terms(provider, None, at_s, model, variant, server_address, inference_geo)
            kept = self._highest(terms, kinds)
            if len(self._ceilings) >= _KEPT:
                self._ceilings.clear()
            self._ceilings[key] = kept
        return kept.ceiling

    def limits(self, provider: str, model: str | None) -> Limit:
        """How long prompts and answers of a model can be, as far as that is known."""
        key = (provider, model)
        limit = self._limits.get(key)
        if limit is None:
            if len(self._limits) >= _KEPT:
                self._limits.clear()
            limit = self._limits[key] = self._limited(spelled(provider), model)
        return limit

    def _highest(self, terms: Terms, kinds: Kinds) -> _Height:
        geos = {terms.inference_geo}
        if terms.inference_geo is None:
            parts = (*self._catalog.multipliers, *self._override.multipliers)
            geos |= {part.when.get("inference_geo") for part in parts}
        segments = [
            self._resolve(terms._replace(variant=variant, inference_geo=geo))
            for variant in {STANDARD, terms.variant}
            for geo in geos
        ]
        return _Height(
            max([segment.start_s for segment in segments]),
            min([segment.end_s for segment in segments]),
            ceiling_of([segment.sheet for segment in segments], kinds),
        )

    def _limited(self, provider: str, model: str | None) -> Limit:
        if not model:
            return UNKNOWN
        alias = self._override.alias(provider, model)
        name = alias.model if alias else model
        prefixes = self._catalog.prefixes(provider)
        found = shipped_limits().of(provider, name, prefixes)
        if found == UNKNOWN and (known := self._catalog.find(provider, name)) is not None:
            found = shipped_limits().of(provider, known.id, prefixes)
        return found

    def _resolve(self, terms: Terms) -> _Segment:
        provider = spelled(terms.provider)
        found = self._find(provider, terms)
        if found is None:
            return _Segment(-inf, inf, Fixed(self._without_price(provider, terms)))
        day = floor(terms.at_s / DAY_S)
        moment = _Moment(day, terms.at_s - day * DAY_S)
        row, early = active(found.model.rows, day)
        start_s, end_s = _around(moment.second, _cuts(row))
        warnings = ("date_before_first_price",) if early else ()
        sheet = self._sheet(terms, found, row, moment, warnings)
        return _Segment(day * DAY_S + start_s, day * DAY_S + end_s, sheet)

    def _without_price(self, provider: str, terms: Terms) -> Cost:
        if provider in LOCAL:
            return Cost(ZERO, {}, FREE, self.version, ())
        if not (self._catalog.knows(provider) or self._override.knows(provider)):
            return Cost(None, {}, UNKNOWN_PROVIDER, self.version, ())
        if terms.variant == COMMITTED:
            return Cost(ZERO, {}, FREE, self.version, (COMMITTED,))
        return Cost(None, {}, UNKNOWN_MODEL, self.version, ())

    def _find(self, provider: str, terms: Terms) -> _Found | None:
        for given, by_request in ((terms.model, False), (terms.requested_model, True)):
            if not given:
                continue
            alias = self._override.alias(provider, given)
            name = alias.model if alias else given
            model = self._model(provider, name)
            if model is not None:
                # An alias says what a request means; without one, it only was the wish.
                unsure = by_request and alias is None and bool(terms.model)
                return _Found(provider, model, name, unsure)
        return None

    def _model(self, provider: str, name: str) -> Model | None:
        known = self._catalog.find(provider, name)
        book_id = known.id if known else None
        own = self._override.find(provider, name, book_id, self._catalog.prefixes(provider))
        return known if own is None else own.model(known)

    def _sheet(
        self, terms: Terms, found: _Found, row: Row, moment: _Moment, warnings: tuple[str, ...]
    ) -> Sheet:
        variant, unsure = _variant(row, terms.variant, moment)
        warnings += unsure
        if found.unsure:
            warnings += ("priced_by_requested_model",)
        factors, changed = self._factors(terms, found)
        version = found.model.version
        if changed and version != OVERRIDE:
            version = f"{version} + {OVERRIDE}"
        if terms.variant == COMMITTED and variant is None:
            return committed_sheet(row, factors=factors, version=version, warnings=warnings)
        return sheet_of(row, variant, factors=factors, version=version, warnings=warnings)

    def _factors(self, terms: Terms, found: _Found) -> tuple[Factors, bool]:
        """What multiplies the prices, and whether any of it is the user's."""
        facts = self._facts(found.provider, terms)
        own = [
            part for part in self._override.multipliers if part.applies(found.provider, found.names, facts)
        ]
        book = [
            part
            for part in self._catalog.multipliers
            if part.applies(found.provider, found.names, facts)
            and not any(mine.replaces(part) for mine in own)
        ]
        discounts = [
            part.factor for part in self._override.discounts if part.applies(found.provider, found.names)
        ]
        return Factors((*own, *book), product(discounts)), bool(own or discounts)

    def _facts(self, provider: str, terms: Terms) -> Mapping[str, str | None]:
        names = (terms.requested_model, terms.model)
        aliases = [self._override.alias(provider, name) for name in names if name]
        deployments = [alias.deployment_type for alias in aliases if alias]
        return {
            "server_address": terms.server_address,
            "inference_geo": terms.inference_geo,
            "deployment_type": next(iter(deployments), None),
        }


def load_book(override: Path | None = None) -> PriceBook:
    """The shipped book, read at the first price, with the user's override over it.

    Raises:
        ConfigError: The override cannot be read or is wrong: file, line, value and accepted values.
    """
    return PriceBook(override=EMPTY if override is None else read(override))


def book_of(document: Mapping[str, Any], *, catalog: Catalog | None = None) -> PriceBook:
    """A book of the rows in `document`, in the schema of the override file, and nothing else.

    Raises:
        ConfigError: The document is wrong.
    """
    return PriceBook(catalog or Catalog(NOTHING), check(document))


def _variant(row: Row, name: str, moment: _Moment) -> tuple[Row | None, tuple[str, ...]]:
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


def _timed(row: Row) -> list[tuple[Row, Window]]:
    """The partial rows that apply by the clock."""
    return [(part, part.when) for parts in row.variants.values() for part in parts if part.when is not None]


def _cuts(row: Row) -> list[int]:
    """Seconds of the day at which the price may change."""
    spans = [span for _, window in _timed(row) for span in window.spans_s]
    return sorted({0, DAY_S, *[second for span in spans for second in span]})


def _around(second: float, cuts: list[int]) -> tuple[int, int]:
    start = max([cut for cut in cuts if cut <= second])
    end = min([cut for cut in cuts if cut > second])
    return start, end
