"""Which names a provider's models have, in the form that the collector looks them up in.

A provider and the sellers whose models it resells become one shelf: exact names, what a name without its date
may stand for, and patterns in the book's order. A key says where the rates are: seller and entry.
"""

from __future__ import annotations

import json

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pkgutil import get_data
from typing import Any, Final

from ..errors import ConfigError
from ..pricing.catalog import Catalog
from ..pricing.ids import Index, Matcher, index_of, matcher_of, spellings, undated
from ..pricing.override import EMPTY, Override
from ..pricing.rows import Model, rows_of


OWN: Final = "override:"
"""Before the provider, in the keys of the user's rows."""
RESOLD: Final = "~"
"""Before the entry, in the keys of models whose batch and other offers a reseller does not have."""
AWAY: Final = "-"
"""The key of a name that means nothing once its date is cut off."""


@dataclass(frozen=True, slots=True)
class Book:
    """The compiled book as plain data and as prices, and what the user says over it."""

    data: Mapping[str, Any]
    catalog: Catalog
    override: Override = EMPTY

    @property
    def providers(self) -> list[str]:
        """Every provider that the book prices, in its order."""
        return list(self.data["providers"])

    def sellers(self, provider: str) -> list[str]:
        """A provider of the book, and those whose models it resells."""
        return [provider, *self.data["providers"][provider].get("fallbacks", ())]


def shipped_book(override: Override = EMPTY) -> Book:
    """The book of this package."""
    data = json.loads(get_data("otel_tokens.pricing", "prices.json") or b"{}")
    return Book(data, Catalog(data), override)


@dataclass(frozen=True, slots=True)
class Names:
    """Names to keys."""

    exact: Mapping[str, str]
    undated: Mapping[str, str]
    """Only what differs from `exact`; `AWAY` where the date matters."""
    patterns: Sequence[tuple[Matcher, str]]
    prefixes: Sequence[str] = ()


@dataclass(slots=True)
class Entries:
    """The models of one seller, by the second part of their keys."""

    seller: str
    models: dict[str, Model] = field(default_factory=dict)

    def key(self, entry: str, model: Model) -> str:
        """The whole key of an entry, which is kept."""
        self.models[entry] = model
        return f"{self.seller}|{entry}"


class Stock:
    """Collects the entries that names lead to."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.sellers: dict[str, Entries] = {}
        self._indexes: dict[str, Index] = {}
        self._plain: dict[str, list[tuple[str, Model]]] = {}

    def names(self, provider: str) -> Names:
        """The shelf of a provider of the book."""
        chain = [self._seller(provider, seller) for seller in self.book.sellers(provider)]
        return Names(*_merged(chain), self._prefixes(provider))

    def own_names(self, provider: str, shelf: str) -> Names:
        """The names that the user prices at a provider; a book's entry is asked for by its id, too."""
        found = self.book.override.providers[provider]
        entries = self._entries(OWN + provider)
        keys = [entries.key(str(place), model.model(None)) for place, model in enumerate(found.models)]
        prefixes = self._prefixes(shelf) if shelf in self.book.data["providers"] else ()
        seller = _Seller(found.index, keys.__getitem__, lambda a, b: a == b)
        return Names(*_merged([seller]), prefixes)

    def extended(self, provider: str, shelf: str) -> None:
        """Keep each of the user's rows that stand over the book's, with every model that may be under it."""
        found = self.book.override.providers[provider]
        if shelf not in self.book.data["providers"]:
            return
        names = self.names(shelf)
        entries = self._entries(OWN + provider)
        for place, own in enumerate(found.models):
            if own.extends:
                for key in _under(names, found.index, place):
                    seller, _, entry = key.partition("|")
                    known = self.sellers[seller].models[entry]
                    entries.key(f"{place}|{key}", own.model(known))

    def _entries(self, seller: str) -> Entries:
        return self.sellers.setdefault(seller, Entries(seller))

    def _prefixes(self, provider: str) -> tuple[str, ...]:
        prefixes = self.book.catalog.prefixes(provider)
        wrong = [prefix for prefix in prefixes if prefix.find("/") != len(prefix) - 1]
        if wrong:
            raise ConfigError(
                f"the collector cannot cut off {wrong[0]!r}: a prefix has one slash, its last letter"
            )
        return tuple(prefixes)

    def _seller(self, provider: str, seller: str) -> _Seller:
        plain = self.book.data["providers"][seller]["models"]

        def key(place: int) -> str:
            entries, (entry, model) = self._entries(seller), self._models(seller)[place]
            if provider == seller:
                return entries.key(entry, model)
            # Batch or priority rates are the seller's own offer, as in `Catalog`.
            rows = rows_of(plain[place]["rows"], {})
            return entries.key(RESOLD + entry, Model(id=model.id, rows=rows, version=model.version))

        def same(a: int, b: int) -> bool:
            return bool(
                plain[a]["rows"] == plain[b]["rows"] and plain[a].get("variants") == plain[b].get("variants")
            )

        return _Seller(self._index(seller), key, same)

    def _models(self, seller: str) -> list[tuple[str, Model]]:
        """Every model of a seller with its entry: the id, and its place where another has the same id."""
        if seller not in self._plain:
            seen: dict[str, Model] = {}
            for place, model in enumerate(self.book.catalog.models(seller)):
                entry = model.id.lower()
                seen[f"{entry}#{place}" if entry in seen else entry] = model
            self._plain[seller] = list(seen.items())
        return self._plain[seller]

    def _index(self, seller: str) -> Index:
        if seller not in self._indexes:
            models = self.book.data["providers"][seller]["models"]
            entries = [(model["id"], matcher_of(model["id"], model.get("match"))) for model in models]
            self._indexes[seller] = index_of(entries)
        return self._indexes[seller]


@dataclass(frozen=True, slots=True)
class _Seller:
    index: Index
    key: Callable[[int], str]
    same: Callable[[int, int], bool]

    def bases(self) -> Iterator[tuple[str, int]]:
        """Names that any snapshot of theirs may be priced by."""
        snapshots: dict[str, list[int]] = defaultdict(list)
        for name, place in self.index.exact.items():
            if (base := undated(name)) is not None:
                snapshots[base].append(place)
        for name, place in self.index.exact.items():
            if all(other == place or self.same(other, place) for other in snapshots[name]):
                yield name, place


Merged = tuple[dict[str, str], dict[str, str], list[tuple[Matcher, str]]]


def _merged(chain: Sequence[_Seller]) -> Merged:
    """One shelf of several sellers: the first of them that has a name wins, by name before by pattern."""
    exact: dict[str, str] = {}
    bases: dict[str, str] = {}
    patterns: list[tuple[Matcher, str]] = []
    for seller in chain:
        fresh = {
            name: seller.key(place)
            for name, place in seller.index.exact.items()
            if name not in exact and not any(matcher.matches(name) for matcher, _ in patterns)
        }
        exact |= fresh
        for name, place in seller.bases():
            bases.setdefault(name, seller.key(place))
        patterns += [(matcher, seller.key(place)) for matcher, place in seller.index.patterns]
    names = dict.fromkeys([*exact, *bases])
    differing = {name: bases.get(name, AWAY) for name in names if bases.get(name, AWAY) != exact.get(name)}
    return exact, differing, patterns


def _under(names: Names, index: Index, place: int) -> list[str]:
    """The keys of the book that the user's entry at `place` can be over."""
    every = {*names.exact.values(), *[key for _, key in names.patterns]}
    if any(at == place for _, at in index.patterns):
        return sorted(every)
    stated = [name for name, at in index.exact.items() if at == place]
    found = {key for key in every if key.partition("|")[2].removeprefix(RESOLD) in stated}
    for form in [form for name in stated for form in spellings(name, names.prefixes)]:
        for name in (form, undated(form)):
            if name is not None and name in names.exact:
                found.add(names.exact[name])
        found |= {key for matcher, key in names.patterns if matcher.matches(form)}
    return sorted(found)
