"""Who sells a model under a name, at which row of the book, and how that row was found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final, NamedTuple

from ..pricing.ids import matcher_of, spellings, undated
from ..pricing.override import Override, OwnModel
from ..pricing.rows import Model
from ..pricing.sellers import shelf, spelled
from .prices_books import Book, Plain


_CLOSE: Final = 6
_ALIKE: Final = 0.75

EXACT, ALIAS, PATTERN, UNDATED, OWN = "exact", "alias", "pattern", "without_date", "override"
"""How a name was found: it is the id; another name of it; a pattern; without its date; in the user's file."""


class Seller(NamedTuple):
    """A provider that sells a model under the name that was asked for."""

    provider: str
    name: str
    """What was looked for: the name that was given, or what the user's alias says it means."""
    aliased: bool
    model: Model
    how: str
    spelling: str
    """The form of the name that was found."""
    plain: Plain | None
    """The entry in the file of the book; None where only the user prices it."""
    resold_from: str | None
    """The provider whose rows are used."""
    own: OwnModel | None
    """The user's rows."""

    @property
    def found(self) -> str:
        """How the name was found, in words."""
        model, spelling = self.model.id, self.spelling
        words = {
            EXACT: "by its name",
            ALIAS: f"{spelling} is another name of {model}",
            PATTERN: f"{spelling} matches a pattern of {model}",
            UNDATED: f"as {spelling}, without the date: all its snapshots cost the same",
            OWN: "by the file of own prices",
        }[self.how]
        if self.how == EXACT and spelling != self.name.lower():
            words = f"as {spelling}"
        if self.resold_from:
            words += f", at the price of {self.resold_from}"
        return f"it stands for {self.name}; {words}" if self.aliased else words


def sellers(book: Book, override: Override, name: str, provider: str | None = None) -> list[Seller]:
    """Every provider that sells `name`, or the one that is asked for."""
    wanted = providers(book, override) if provider is None else [spelled(provider)]
    found = [_seller(book, override, one, name) for one in wanted]
    return [seller for seller in found if seller is not None]


def providers(book: Book, override: Override) -> list[str]:
    """All that the book or the user knows."""
    return sorted({*book.providers, *override.providers, *[provider for provider, _ in override.aliases]})


def _seller(book: Book, override: Override, provider: str, given: str) -> Seller | None:
    alias = override.alias(provider, given)
    name = alias.model if alias else given
    known = book.catalog.find(provider, name)
    prefixes = book.catalog.prefixes(provider)
    own = override.find(provider, name, known.id if known else None, prefixes)
    if known is None:
        if own is None:
            return None
        return Seller(provider, name, bool(alias), own.model(None), OWN, name, None, None, own)
    plain, source = _entry(book, provider, known)
    how, spelling = _how(plain, spellings(name, prefixes))
    model = known if own is None else own.model(known)
    return Seller(provider, name, bool(alias), model, how, spelling, plain, source, own)


def _entry(book: Book, provider: str, known: Model) -> tuple[Plain, str | None]:
    """Where a model stands in the file, and whose it is where it is resold."""
    place = shelf(provider)
    named = [
        (plain, None if seller == place else seller, model.rows)
        for seller in (place, *book.providers[place].get("fallbacks", ()))
        for plain, model in book.entries(seller)
        if plain["id"] == known.id
    ]
    own = [entry for entry in named if entry[1] is None and entry[2] == known.rows]
    plain, source, _ = next(iter(own or named[::-1]))
    return plain, source


def _how(plain: Plain, forms: Sequence[str]) -> tuple[str, str]:
    """By which form of a name an entry was found, as the catalog tries them."""
    matcher = matcher_of(plain["id"], plain.get("match"))
    for form in forms:
        if form == plain["id"].lower():
            return EXACT, form
        if form in matcher.equals:
            return ALIAS, form
        if matcher.matches(form):
            return PATTERN, form
    return UNDATED, next((base for form in forms if (base := undated(form)) is not None), forms[0])


def close_names(book: Book, name: str, provider: str | None = None) -> list[tuple[str, str]]:
    """Provider and name of what looks like `name`: the same behind a prefix first."""
    known = _listed(book, provider)
    lower = _bare(name)
    chosen = [listed for listed in known if _bare(listed) == lower]
    chosen += get_close_matches(name.lower(), known, _CLOSE, _ALIKE)
    chosen += [listed for listed in known if listed.startswith(lower)]
    return [(place, listed) for listed in dict.fromkeys(chosen) for place in known[listed]][:_CLOSE]


def elsewhere(book: Book, name: str, found: Iterable[Seller]) -> list[tuple[str, str]]:
    """Provider and name of what others sell under the same name with another prefix."""
    at = {seller.provider for seller in found}
    same = {listed: places for listed, places in _listed(book).items() if _bare(listed) == _bare(name)}
    return [(place, listed) for listed, places in same.items() for place in places if place not in at]


def _bare(name: str) -> str:
    return name.lower().rpartition("/")[2]


def _listed(book: Book, provider: str | None = None) -> dict[str, list[str]]:
    """Every name in the book, and the providers that list it."""
    known: dict[str, list[str]] = {}
    for place in [shelf(spelled(provider))] if provider else book.providers:
        for plain in book.providers.get(place, {}).get("models", ()):
            for listed in (plain["id"].lower(), *plain.get("match", {}).get("equals", ())):
                known.setdefault(listed, []).append(place)
    return {listed: list(dict.fromkeys(places)) for listed, places in known.items()}
