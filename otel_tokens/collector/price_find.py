"""The steps that find the entry of the book which the spellings of a name mean, as `PriceBook` does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..pricing.ids import TUNED
from .ottl import joined, quoted
from .price_groups import Group
from .price_names import AWAY
from .price_spellings import PATTERN, PLACES, marked, spelling


DATED: Final = r"(?:[-@](?:20\d{2}-[01]\d-[0-3]\d|20\d{2}[01]\d[0-3]\d|latest)|@default)$"


def line(name: str, key: str, shelf: str) -> str:
    """A name and its key; the key is left out where the shelf and the name say it."""
    written = (
        "" if key == f"{shelf}|{name}" else key.removeprefix(shelf) if key.startswith(f"{shelf}|") else key
    )
    return f"{marked(name)}={written}"


def exact(who: str, table: str) -> Iterator[Group]:
    """Look for the spellings as exact names: `k` says which one was found, `key` what it means.

    `table` is `c` for the book, and `o` for the user's rows.
    """
    found = f"%{table}.{who}"
    names = f'%{table}["names"]'
    wanted = f"%{who}1 != nil and {names} != nil"
    if who == "b":
        wanted += f" and %{table}.a.k == nil and %c.a.key == nil and %o.a.key == nil"
    yield Group(f"Exact names: {table}, name {who}.", wanted, list(_looked(who, found, names, [1])))
    yield Group(
        f"Its other spellings: {table}, name {who}.",
        f"%more.{who} == true and {found}.k == nil and {wanted}",
        list(_looked(who, found, names, PLACES[1:])),
    )
    yield Group(
        f"What it means: {table}, name {who}.",
        f"{found}.k != nil",
        [
            f"set(%hit, {spelling(who, f'{found}.k')})",
            f"set({found}.key, {_key('%row', '%pos', '%hit')})",
            *_whole_key(f"{found}.key", "%hit"),
        ],
    )


def _whole_key(key: str, name: str) -> list[str]:
    """A key that was written without what the shelf and the name say."""
    return [
        f'set({key}, {joined("%shelf", quoted("|"), name)}) where {key} == ""',
        f'set({key}, {joined("%shelf", key)}) where {key} != nil and HasPrefix({key}, "|")',
    ]


def _looked(who: str, found: str, names: str, places: Sequence[int]) -> Iterator[str]:
    for place in places:
        name = f"%{who}{place}"
        open_ = f'{found}.k == nil and {name} != nil and {name} != ""'
        yield f"set(%row, {names}[Substring({name}, 0, 1)]) where {open_}"
        yield f"set(%pos, Index(%row, {_wanted(name)})) where {open_} and %row != nil"
        yield f"set({found}.k, {place}) where {open_} and %row != nil and %pos >= 0"


def _wanted(name: str) -> str:
    return joined(quoted(" "), name, quoted("="))


def _key(names: str, place: str, name: str) -> str:
    """The key behind a name that stands at `place`."""
    start = f"{place} + Len({name}) + 2"
    return f'Split(Substring({names}, {start}, Len({names}) - ({start})), " ")[0]'


def choose(who: str, table: str) -> Iterator[Group]:
    """The earlier spelling wins, by name before by pattern; without either, the name without its date."""
    found = f"%{table}.{who}"
    later = " and %c.a.key == nil and %o.a.key == nil" if who == "b" else ""
    yield Group(
        f"A pattern for an earlier spelling: {table}, name {who}.",
        f"{found}.p != nil and ({found}.k == nil or {found}.p < {found}.k){later}",
        [f'set({found}.key, "{PATTERN}")'],
    )
    guard = f'{found}.key == nil and %{who}1 != nil and %{table}["names"] != nil'
    guard += later
    if table == "o":
        guard += f" and %c.{who}.key == nil"
    yield Group(
        f"Names without their dates: {table}, name {who}.",
        f"{guard} and IsMatch(%{who}1, {quoted(DATED)})",
        [step for place in PLACES for step in _undated(f"%{who}{place}", f"{found}.key", table)],
    )


def _undated(name: str, key: str, table: str) -> Iterator[str]:
    open_ = f"%base != nil and {key} == nil"
    yield (
        f"set(%base, {name}) where {key} == nil and {name} != nil and IsMatch({name}, {quoted(DATED)}) "
        f"and not IsMatch({name}, {quoted(TUNED)})"
    )
    yield f'replace_pattern(%base, {quoted(DATED)}, "") where %base != nil'
    yield 'delete_key(span.attributes, "otel_tokens.tmp.base") where %base == ""'
    for part in ("undated", "names"):
        yield f'set(%row, %{table}["{part}"][Substring(%base, 0, 1)]) where {open_}'
        yield f"set(%pos, Index(%row, {_wanted('%base')})) where {open_} and %row != nil"
        yield f"set({key}, {_key('%row', '%pos', '%base')}) where {open_} and %row != nil and %pos >= 0"
    yield from [f"{step} and %base != nil" for step in _whole_key(key, "%base")]
    yield f'delete_key(span.attributes, "{key.replace("%", "otel_tokens.tmp.")}") where {key} == "{AWAY}"'
    yield 'delete_key(span.attributes, "otel_tokens.tmp.base") where %base != nil'


def by_book_entry(who: str) -> Group:
    """The user's rows for the id of an entry are for all names of that entry."""
    later = " and %c.a.key == nil and %o.a.key == nil" if who == "b" else ""
    return Group(
        f"The user's rows for the entry that the book knows: name {who}.",
        f"%o != nil and %o.{who}.key == nil and %c.{who}.key != nil{later}",
        [
            f'set(%id, Split(%c.{who}.key, "|")[1])',
            'replace_pattern(%id, "^~", "")',
            'set(%row, %o["names"][Substring(%id, 0, 1)])',
            f"set(%pos, Index(%row, {_wanted('%id')})) where %row != nil",
            f"set(%o.{who}.key, {_key('%row', '%pos', '%id')}) where %row != nil and %pos >= 0",
        ],
    )
