"""`otel-tokens prices diff`: what is different between two price books, by model."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from ..pricing.rows import Model
from ..readings import EXACT
from . import render
from .prices_books import SETTING, SHIPPED, Book, book_in_use, named_book, own_prices, shipped_book
from .prices_changes import (
    FEE,
    FREE,
    HOURS,
    MINIMUM,
    RATE,
    Change,
    Changed,
    Difference,
    Key,
    Value,
    difference,
)
from .prices_words import day_text, listed, numbers
from .surroundings import OK, WRONG, Surroundings


_TENTH: Final = Decimal("0.1")


def diff(args: Namespace, here: Surroundings) -> int:
    """Print the difference; 0 if there is none, 1 if there is one."""
    old = shipped_book() if args.old is None else named_book(args.old)
    new = book_in_use(here) if args.new is None else named_book(args.new)
    path, override = own_prices(args.prices, here) if args.prices else (None, None)
    found = difference(old, new, override)
    if args.json:
        here.say(render.document(document(found, old, new, path)))
    else:
        here.say(f"old: {old.in_words}")
        here.say(f"new: {new.in_words}{f', with the own prices of {path}' if path else ''}")
        if args.new is None and not here.env.get(SETTING, "").strip():
            here.say(f"({SETTING} is not set, so the {SHIPPED} book is the one in use)")
        for line in lines(found):
            here.say(line)
    return OK if found.is_nothing else WRONG


def lines(found: Difference) -> Iterator[str]:
    """A difference as people read it."""
    if found.is_nothing:
        yield "they price everything alike"
        return
    for provider in _providers(found):
        yield ""
        yield provider
        yield from _one_sided("+", provider, found.added)
        yield from _one_sided("-", provider, found.removed)
        for one in found.changed:
            if one.provider == provider:
                yield from _changed(one)
    if found.parts:
        yield ""
        yield "for many models"
        for what, old, new in found.parts:
            yield f"  {_sign(old, new)} {what}: {from_to(old, new)}"
    yield ""
    yield summary(found)


def summary(found: Difference) -> str:
    """How much is different."""
    return (
        f"{render.several(len(found.added), 'model')} added, {len(found.removed):,} removed, "
        f"{len(found.changed):,} changed"
    )


def _providers(found: Difference) -> Sequence[str]:
    sided = [provider for provider, _ in (*found.added, *found.removed)]
    return sorted({*sided, *[one.provider for one in found.changed]})


def _one_sided(sign: str, provider: str, models: Iterable[tuple[str, Model]]) -> Iterator[str]:
    for place, model in models:
        if place == provider:
            row = model.rows[-1]
            yield f"  {sign} {model.id}: {listed({**row.rates, **row.fees}) or 'free'}"


def _changed(one: Changed) -> Iterator[str]:
    yield f"  ~ {one.model}"
    rows = [
        (_sign(change.old, change.new), what(change.key), from_to(change.old, change.new), *_rest(change))
        for change in one.changes
    ]
    for line in render.table(rows, "---r") if rows else []:
        yield f"      {line}"
    for sign, names in (("+", one.names_added), ("-", one.names_removed)):
        if names:
            yield f"      {sign} names: {', '.join(names)}"


def what(key: Key) -> str:
    """Which number it is: `batch output, prompt > 272,000`, `fee web_search`."""
    kinds = {
        RATE: key.name,
        FEE: f"fee {key.name}",
        MINIMUM: f"least {key.name}",
        FREE: "free",
        HOURS: "hours",
    }
    size = f", prompt > {key.over:,}" if key.over >= 0 else ""
    return f"{key.variant} {kinds[key.kind]}{size}".strip()


def _sign(old: object, new: object) -> str:
    return "+" if old is None else "-" if new is None else "~"


def from_to(old: Value, new: Value) -> str:
    """A change of a value: `15 to 12`."""
    one, other = _value(old), _value(new)
    return str(other) if one is None else f"{one}, no more" if other is None else f"{one} to {other}"


def _rest(change: Change) -> tuple[str, str]:
    """By how much, and when."""
    since, until = day_text(change.since), day_text(change.until)
    days = [f"from {since}"] if since else []
    days += [f"until {until}"] if until else []
    return percent_text(change), " ".join(days)


def percent_text(change: Change) -> str:
    """By how much a number has changed: `+12.5 %`."""
    percent = change.percent
    return "" if percent is None else f"{percent.quantize(_TENTH, context=EXACT):+,f} %"


def document(found: Difference, old: Book, new: Book, own_path: str | None) -> dict[str, Any]:
    """A difference for machines, in exact decimals."""
    return {
        "same": found.is_nothing,
        "old": _book(old),
        "new": {**_book(new), "own_prices": own_path},
        "added": [_model(*pair) for pair in found.added],
        "removed": [_model(*pair) for pair in found.removed],
        "changed": [
            {
                "provider": one.provider,
                "model": one.model,
                "changes": [_change(change) for change in one.changes],
                "names_added": list(one.names_added),
                "names_removed": list(one.names_removed),
            }
            for one in found.changed
        ],
        "for_many_models": [{"what": name, "old": one, "new": other} for name, one, other in found.parts],
    }


def _book(book: Book) -> dict[str, Any]:
    return {"name": book.name, "version": book.version, "dated": book.dated}


def _model(provider: str, model: Model) -> dict[str, Any]:
    row = model.rows[-1]
    return {
        "provider": provider,
        "model": model.id,
        "usd_per_mtok": numbers(row.rates),
        "fees": numbers(row.fees),
        "free": row.free,
    }


def _change(change: Change) -> dict[str, Any]:
    key, percent = change.key, change.percent
    return {
        "variant": key.variant or "standard",
        "prompt_tokens_over": None if key.over < 0 else key.over,
        "kind": key.kind,
        "name": key.name,
        "old": _value(change.old),
        "new": _value(change.new),
        "percent": None if percent is None else render.plain(percent.quantize(_TENTH, context=EXACT)),
        "from": day_text(change.since),
        "until": day_text(change.until),
    }


def _value(value: Value) -> str | None:
    return render.plain(value) if isinstance(value, Decimal) else value
