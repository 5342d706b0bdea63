"""The price book: from what a call used and under which terms to what it costs.

Order: the user's override, then the compiled book; the model that answered, then the one that was
asked for. A resolved sheet is kept for the rest of its UTC day, or of its hours of the day, so that
the next call costs a dictionary look-up and one multiplication per bucket.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import floor, inf
from pathlib import Path
from typing import Any, Final

from ..readings import Usage
from .book_file import read_book
from .catalog import NOTHING, Catalog, shipped
from .ceiling import Ceiling, ceiling_of
from .limits import UNKNOWN, Limit, shipped_limits
from .moments import Height, Moment, Segment, around, variant_at
from .multipliers import Factors, product
from .override import EMPTY, OVERRIDE, Override, check, read
from .price import (
    COMMITTED,
    FREE,
    STANDARD,
    UNKNOWN_MODEL,
    UNKNOWN_PROVIDER,
    ZERO,
    Cost,
    Kinds,
    Terms,
)
from .rows import DAY_S, Model, Row, active, day_of
from .sellers import LOCAL, PLACED, is_bought, shelf, spelled
from .sheet import Fixed, Sheet, committed_sheet, sheet_of


_KEPT: Final = 4096  # sheets; callers that invent model names cannot fill the memory


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


class PriceBook:
    """Prices calls. Threads may share it: its caches are only ever set to equal values."""

    def __init__(self, catalog: Catalog | None = None, override: Override = EMPTY) -> None:
        self._catalog_read = catalog
        self._override = override
        self._segments: dict[tuple[str | None, ...], Segment] = {}
        self._ceilings: dict[tuple[Any, ...], Height] = {}
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

    @property
    def providers(self) -> tuple[str, ...]:
        """Every provider of the compiled book."""
        return self._catalog.providers

    def models(self, provider: str) -> Iterator[Model]:
        """Every model of the compiled book at a provider, in the book's order; none where it is not known."""
        own = shelf(spelled(provider))
        yield from self._catalog.models(own) if self._catalog.knows(own) else ()

    def model(self, provider: str, name: str) -> Model | None:
        """The prices of a model under any of its names: the user's, else the book's."""
        provider = spelled(provider)
        alias = self._override.alias(provider, name)
        return self._model(provider, alias.model if alias else name)

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
        `inference_geo` is given, any may be served; the address is known before a call.
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

    def _highest(self, terms: Terms, kinds: Kinds) -> Height:
        geos = {terms.inference_geo}
        if terms.inference_geo is None:
            parts = (*self._catalog.multipliers, *self._override.multipliers)
            geos |= {part.when.get("inference_geo") for part in parts}
        segments = [
            self._resolve(terms._replace(variant=variant, inference_geo=geo))
            for variant in {STANDARD, terms.variant}
            for geo in geos
        ]
        return Height(
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

    def _resolve(self, terms: Terms) -> Segment:
        provider = spelled(terms.provider)
        if terms.variant == STANDARD and is_bought(self._facts(provider, terms)["deployment_type"]):
            terms = terms._replace(variant=COMMITTED)
        found = self._find(provider, terms)
        if found is None:
            return Segment(-inf, inf, Fixed(self._without_price(provider, terms)))
        day = floor(terms.at_s / DAY_S)
        moment = Moment(day, terms.at_s - day * DAY_S)
        row, early = active(found.model.rows, day)
        start_s, end_s = around(row, moment)
        warnings = ("date_before_first_price",) if early else ()
        sheet = self._sheet(terms, found, row, moment, warnings)
        return Segment(day * DAY_S + start_s, day * DAY_S + end_s, sheet)

    def _without_price(self, provider: str, terms: Terms) -> Cost:
        if provider in LOCAL:
            return Cost(ZERO, {}, FREE, self.version, ())
        if not (self._catalog.knows(provider) or self._override.knows(provider)):
            return Cost(None, {}, UNKNOWN_PROVIDER, self.version, ())
        if terms.variant == COMMITTED:
            return Cost(ZERO, {}, FREE, self.version, (COMMITTED,))
        return Cost(None, {}, UNKNOWN_MODEL, self.version, ())

    def _find(self, provider: str, terms: Terms) -> _Found | None:
        wanted = terms.requested_model
        given_names = [(terms.model, False), (wanted, True)]
        if provider in PLACED and wanted and (terms.model or "").lower() in wanted.lower():
            given_names.insert(0, (wanted, False))
        for given, by_request in given_names:
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
        self, terms: Terms, found: _Found, row: Row, moment: Moment, warnings: tuple[str, ...]
    ) -> Sheet:
        variant, unsure = variant_at(row, terms.variant, moment)
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


def load_book(override: Path | None = None, book: Path | None = None) -> PriceBook:
    """The shipped book, read at the first price, with the user's override over it.

    Another compiled book is read from `book` at once, and checked.

    Raises:
        ConfigError: A file cannot be read or is wrong: file, line, value and accepted values.
    """
    catalog = None if book is None else read_book(book)
    return PriceBook(catalog, EMPTY if override is None else read(override))


def book_of(document: Mapping[str, Any], *, catalog: Catalog | None = None) -> PriceBook:
    """A book of the rows in `document`, in the schema of the override file, and nothing else.

    Raises:
        ConfigError: The document is wrong.
    """
    return PriceBook(catalog or Catalog(NOTHING), check(document))
