"""What is different between two price books, model by model and day by day.

Two books may state one price in different rows: they are compared at each day on which any row of either
begins, and what differs on days in a row is one change.
"""

from __future__ import annotations

import json

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from ..pricing.override import Override
from ..pricing.rows import Model, Row, active
from ..pricing.sellers import shelf
from ..readings import EXACT
from .prices_books import Book, Plain
from .prices_words import hours_text


_KINDS: Final = ("hours", "free", "rate", "fee", "minimum")
HOURS, FREE, RATE, FEE, MINIMUM = _KINDS

_LONG_AGO: Final = -(10**9)
_PERCENT: Final = 100
_SHARED: Final = ("prefixes", "fallbacks")
_ORIGIN: Final = ("source", "checked")


class Key(NamedTuple):
    """One number of a model."""

    variant: str
    """Empty for the standard rates."""
    over: int
    """For prompts with more tokens than this; -1 for any."""
    kind: str
    name: str


Value = Decimal | str | None
State = Mapping[Key, Value]


class Change(NamedTuple):
    """A number that is not the same in both books."""

    key: Key
    old: Value
    new: Value
    since: int | None
    """The first day; None is since ever."""
    until: int | None
    """The first day on which both are the same again."""

    @property
    def percent(self) -> Decimal | None:
        """By how much it has changed."""
        old, new = self.old, self.new
        if not isinstance(old, Decimal) or not isinstance(new, Decimal) or not old:
            return None
        return EXACT.divide(EXACT.multiply(EXACT.subtract(new, old), _PERCENT), old)


class Changed(NamedTuple):
    """A model that both books have."""

    provider: str
    model: str
    changes: tuple[Change, ...]
    names_added: tuple[str, ...] = ()
    names_removed: tuple[str, ...] = ()


class Difference(NamedTuple):
    """All that is different between two books."""

    added: tuple[tuple[str, Model], ...]
    removed: tuple[tuple[str, Model], ...]
    changed: tuple[Changed, ...]
    parts: tuple[tuple[str, str | None, str | None], ...]
    """What holds for many models: what, old, new."""

    @property
    def is_nothing(self) -> bool:
        """Whether the books price everything alike."""
        return not (self.added or self.removed or self.changed or self.parts)


Listing = dict[tuple[str, str], tuple[Plain, Model]]
"""Provider and id to what the file says, and the same converted."""


def difference(old: Book, new: Book, override: Override | None = None) -> Difference:
    """What is different in `new`, with the user's prices over it where they are given."""
    before, after = _listing(old), _listing(new)
    if override is not None:
        _lay_over(override, before, after, old, new)
    both = [_changed(key, before[key], after[key]) for key in before if key in after]
    return Difference(
        added=tuple([(key[0], after[key][1]) for key in after if key not in before]),
        removed=tuple([(key[0], before[key][1]) for key in before if key not in after]),
        changed=tuple([one for one in both if one.changes or one.names_added or one.names_removed]),
        parts=tuple(_parts(old, new, override)),
    )


def _listing(book: Book) -> Listing:
    return {
        (provider, plain["id"]): (plain, model)
        for provider in book.providers
        for plain, model in book.entries(provider)
    }


def _lay_over(override: Override, before: Listing, after: Listing, old: Book, new: Book) -> None:
    """Put the user's rows in place of those that they replace, under the user's name of the provider."""
    for provider, own in override.providers.items():
        listed = [plain["id"] for plain in new.providers.get(shelf(provider), {}).get("models", ())]
        for name in [*listed, *[model.id for model in own.models]]:
            known = new.catalog.find(provider, name)
            prefixes = new.catalog.prefixes(provider)
            found = override.find(provider, name, known.id if known else None, prefixes)
            if found is None:
                continue
            key = (provider, known.id if known else found.id)
            after[key] = {}, found.model(known)
            was = old.catalog.find(provider, name)
            if was is not None:
                before[key] = {}, was


def _changed(key: tuple[str, str], old: tuple[Plain, Model], new: tuple[Plain, Model]) -> Changed:
    (was, before), (now, after) = old, new
    names = (_names(was), _names(now)) if was and now else (set[str](), set[str]())
    return Changed(
        *key,
        tuple(changes(before, after)),
        tuple(sorted(names[1] - names[0])),
        tuple(sorted(names[0] - names[1])),
    )


def _names(plain: Plain) -> set[str]:
    """What a model is known by: names, and patterns with their kind."""
    match = plain.get("match") or {"equals": [plain["id"].lower()]}
    return {
        clause if kind == "equals" else f"{kind} {clause if isinstance(clause, str) else _text(clause)}"
        for kind, clauses in match.items()
        for clause in clauses
    }


def changes(old: Model, new: Model) -> Iterator[Change]:
    """The numbers of a model that are different, each with the days on which it is."""
    days = sorted({row.start for model in (old, new) for row in _every_row(model) if row.start is not None})
    starts = [None, *days]
    states = [(_state(old, day), _state(new, day)) for day in starts]
    for key in sorted({key for pair in states for state in pair for key in state}, key=_place):
        run: Change | None = None
        for day, (before, after) in zip(starts, states, strict=True):
            pair = before.get(key), after.get(key)
            if run is not None and pair != (run.old, run.new):
                yield run._replace(until=day)
                run = None
            if run is None and pair[0] != pair[1]:
                run = Change(key, *pair, day, None)
        if run is not None:
            yield run


def _every_row(model: Model) -> Iterator[Row]:
    """The rows of a model, and those of its variants."""
    for row in model.rows:
        yield row
        for parts in row.variants.values():
            yield from parts


def _place(key: Key) -> tuple[str, int, int, str]:
    return key.variant, _KINDS.index(key.kind), key.over, key.name


def _state(model: Model, day: int | None) -> State:
    """Every number of a model on a day."""
    at = _LONG_AGO if day is None else day
    row, _ = active(model.rows, at)
    state = dict(_numbers(row, ""))
    for variant, parts in row.variants.items():
        timed = [part for part in parts if part.when is not None]
        begun = [part for part in timed if part.start is None or part.start <= at]
        if begun or not timed:
            part = begun[-1] if begun else active(parts, at)[0]
            state.update(_numbers(part, variant))
    return state


def _numbers(row: Row, variant: str) -> Iterator[tuple[Key, Value]]:
    for name, rate in row.rates.items():
        yield Key(variant, -1, RATE, name), rate
    for tier in row.tiers:
        for name, rate in tier.rates.items():
            yield Key(variant, tier.over, RATE, name), rate
    for name, fee in row.fees.items():
        yield Key(variant, -1, FEE, name), fee
    for name, least in row.minimums.items():
        yield Key(variant, -1, MINIMUM, name), least
    if row.free:
        yield Key(variant, -1, FREE, ""), "yes"
    if row.when is not None:
        yield Key(variant, -1, HOURS, ""), hours_text(row.when)


def _parts(old: Book, new: Book, override: Override | None) -> Iterator[tuple[str, str | None, str | None]]:
    """What differs and is of no single model."""
    both = old.providers.keys() & new.providers.keys()
    before, after = dict(_shared(old, both)), dict(_shared(new, both))
    for what in {**before, **after}:
        if before.get(what) != after.get(what):
            yield what, before.get(what), after.get(what)
    if override is not None:
        for part in override.multipliers:
            when = dict(part.when)
            yield (
                f"own multiplier of {part.provider} {_text(part.models)} {_text(when)}",
                None,
                str(part.factor),
            )
        for one in override.discounts:
            yield f"own discount of {one.provider} {_text(one.models)}", None, str(one.factor)


def _shared(book: Book, providers: Collection[str]) -> Iterator[tuple[str, str]]:
    for provider in sorted(providers):
        for key in _SHARED:
            if key in book.providers[provider]:
                yield f"{key} of {provider}", _text(book.providers[provider][key])
    for part in book.data.get("multipliers", ()):
        rest = {key: value for key, value in part.items() if key not in _ORIGIN}
        factor = rest.pop("factor")
        yield f"multiplier of {rest.pop('provider')} {_text(rest)}", str(factor)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
