"""A compiled book in a file of its own, such as one that `prices update` wrote, checked before it is used.

Nothing in it is repaired. A book that is damaged would give wrong costs for as long as nobody notices. One
whose digest is right is as the compiler wrote it: its prices are not checked again, which takes 45 ms.
"""

from __future__ import annotations

import json

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ..errors import ConfigError
from ..files.checks import (
    Check,
    Place,
    check_day,
    check_flag,
    check_needed,
    check_table,
    check_text,
    check_texts,
    exactly,
    list_of,
    table_with,
    whole_number,
)
from .catalog import Catalog
from .pages import is_sealed, pages_of
from .schema import MATCHES, MULTIPLIER, NAMED_VARIANTS, ROW, WHEN_UTC, check_regexes


SCHEMA: Final = 1
CLOCK: Final = "peak"
"""The variant of the book that applies by the clock."""


def read_book(path: Path) -> Catalog:
    """The compiled book in a file.

    Raises:
        ConfigError: The file cannot be read, is not JSON to its end, or is not a book: file, line, value.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot read the price book: {error}") from error
    if is_sealed(text):
        return Catalog(_head_checked(pages_of(text), Place(str(path), text)))
    try:
        plain = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{path}: not a whole price book: {error}; compile or download it again") from error
    return Catalog(checked_book(plain, file=str(path), text=text))


def _head_checked(book: Mapping[str, Any], place: Place) -> Mapping[str, Any]:
    """A book that is as its writer left it: only what another version of this package may have written."""
    head = check_table({key: value for key, value in book.items() if key != "providers"}, place, _BOOK)
    return {**head, "providers": book["providers"]}


def checked_book(document: object, *, file: str = "book", text: str = "") -> Mapping[str, Any]:
    """The document, if it is a compiled book of this schema.

    Raises:
        ConfigError: It is not: file, line, value and accepted values.
    """
    place = Place(file, text)
    book = check_table(document, place, _BOOK)
    check_needed(book, place, "schema", "version", "multipliers", "providers")
    _check_links(book, place)
    return book


def _check_links(book: Mapping[str, Any], place: Place) -> None:
    """Refuse what names something that is not in the book."""
    for name, provider in book["providers"].items():
        for number, seller in enumerate(provider.get("fallbacks", ())):
            if seller not in book["providers"]:
                where = place.at("providers").at(name).at("fallbacks").at(number)
                where.refuse("no such provider", seller, "a provider of the book")


def _named(check: Check) -> Check:
    """A table with any keys, each with a value that passes `check`."""

    def check_all(value: object, place: Place) -> dict[str, Any]:
        if not isinstance(value, dict):
            place.refuse("not a table", value, "a table")
        return {name: check(inner, place.at(name)) for name, inner in value.items()}

    return check_all


def _string(value: object, place: Place) -> str:
    if not isinstance(value, str):
        place.refuse("not a text", value, "a text in quotes")
    return value


def _match(value: object, place: Place) -> dict[str, Any]:
    match = check_table(value, place, {**dict.fromkeys(MATCHES, list_of(_string)), "all": list_of(_match)})
    check_regexes(match.get("regex", ()), place)
    return match


def _rows(value: object, place: Place) -> list[Any]:
    rows: list[Any] = list_of(_row)(value, place)
    if not rows:
        place.refuse("no prices", value, "one row or more")
    return rows


def _row(value: object, place: Place) -> dict[str, Any]:
    return check_table(value, place, _ROW)


_ROW: Final[Mapping[str, Check]] = {
    **ROW,
    "from": check_day,
    "when_utc": lambda value, place: check_table(value, place, WHEN_UTC),
    "free": check_flag,
    "added": _named(whole_number(0, 10**6)),
}
_MODEL: Final[Mapping[str, Check]] = {
    "id": check_text,
    "rows": _rows,
    "match": _match,
    "variants": lambda value, place: check_table(
        value, place, dict.fromkeys([*sorted(NAMED_VARIANTS), CLOCK], _rows)
    ),
    "sources": check_texts,
    "checked": check_day,
}
_PROVIDER: Final[Mapping[str, Check]] = {
    "prefixes": list_of(check_text),
    "urls": list_of(check_text),
    "fallbacks": list_of(check_text),
    "models": list_of(table_with(_MODEL, "id", "rows")),
}


def _origin(value: object, place: Place) -> list[str]:
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004
        place.refuse("not an origin", value, "a source and a day")
    return [check_text(value[0], place.at(0)), check_day(value[1], place.at(1))]


_BOOK: Final[Mapping[str, Check]] = {
    "digest": check_text,
    "schema": exactly(SCHEMA),
    "name": check_text,
    "version": check_text,
    "dated": check_day,
    "notice": list_of(_string),
    "unmapped": list_of(check_text),
    "origins": list_of(_origin),
    "multipliers": list_of(table_with(MULTIPLIER, "provider", "factor")),
    "providers": _named(table_with(_PROVIDER, "prefixes", "models")),
}
