"""Checks of single values in a file that a person wrote: what they accept, and how they refuse the rest.

A refusal has the file, the line, the value and what would have been accepted. What may be a secret is not in
it: of a URL it has the scheme alone.
"""

from __future__ import annotations

import re

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, Final, NoReturn

from ..errors import ConfigError
from .locate import Step, line_of


_NUMBER: Final = 'a number >= 0 in quotes, such as "2.50"'
_URL: Final = re.compile(r"://.+?([\])}'\"]*)$", re.DOTALL)


class Place:
    """Where in the file a value is, and how to refuse it."""

    def __init__(self, file: str, text: str, path: tuple[Step, ...] = ()) -> None:
        self._file = file
        self._text = text
        self._path = path

    def at(self, step: Step) -> Place:
        """The place one step further in."""
        return Place(self._file, self._text, (*self._path, step))

    def refuse(self, problem: str, value: object, accepted: str) -> NoReturn:
        """Say that the value here is wrong.

        Raises:
            ConfigError: Always.
        """
        where = f"{self._file}:{line_of(self._text, self._path)}" if self._text else self._file
        said = _URL.sub(r"://***\1", f"{_dotted(self._path)}: {problem}: {value!r}")
        raise ConfigError(f"{where}: {said}; accepted: {accepted}")


Check = Callable[[Any, Place], Any]
"""Takes a value and where it is; gives it back, or refuses it."""


def check_table(value: object, place: Place, checks: Mapping[str, Check]) -> dict[str, Any]:
    """A table in which every key has a check; other keys are refused."""
    if not isinstance(value, dict):
        place.refuse("not a table", value, f"a table with {listed(checks)}")
    for key in value:
        if key not in checks:
            place.at(key).refuse("unknown key", key, listed(checks) + _nearest(key, checks))
    return {key: checks[key](inner, place.at(key)) for key, inner in value.items()}


def table_with(checks: Mapping[str, Check], *needed: str) -> Check:
    """A table that has at least the keys `needed`."""

    def check(value: object, place: Place) -> dict[str, Any]:
        table = check_table(value, place, checks)
        check_needed(table, place, *needed)
        return table

    return check


def check_needed(table: Mapping[str, Any], place: Place, *needed: str) -> None:
    """Refuse a table that lacks one of the keys `needed`."""
    for key in needed:
        if key not in table:
            place.refuse(f"{key} is missing", table, listed(needed))


def list_of(check: Check) -> Check:
    """A list whose every value passes `check`."""

    def check_all(value: object, place: Place) -> list[Any]:
        if not isinstance(value, list):
            place.refuse("not a list", value, "a list")
        return [check(inner, place.at(number)) for number, inner in enumerate(value)]

    return check_all


def check_text(value: object, place: Place) -> str:
    """A text that says something."""
    if not isinstance(value, str) or not value.strip():
        place.refuse("not a text", value, "a text in quotes")
    return value.strip()


def check_texts(value: object, place: Place) -> list[str]:
    """One text or a list of them."""
    texts: list[str] = list_of(check_text)(value if isinstance(value, list) else [value], place)
    if not texts:
        place.refuse("empty", value, "one text or more")
    return texts


def check_flag(value: object, place: Place) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        place.refuse("not a truth value", value, "true, false")
    return value


def check_number(value: object, place: Place) -> str:
    """A number of at least 0, as text: a binary float is not the number that was written."""
    if isinstance(value, float):
        place.refuse("a bare decimal is not exact, put it in quotes", value, f'"{value}"')
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        place.refuse("not a number", value, _NUMBER)
    try:
        number = Decimal(value)
    except InvalidOperation:
        place.refuse("not a number", value, _NUMBER)
    if not number.is_finite() or number < 0:
        place.refuse("not a price", value, _NUMBER)
    return str(value)


def check_day(value: object, place: Place) -> str:
    """A day of UTC, in ISO form."""
    if type(value) is date:  # TOML days need no quotes; a date with a time is not a day
        return value.isoformat()
    if not isinstance(value, str) or not _is_day(value):
        place.refuse("not a day", value, 'a UTC day such as "2026-11-01"')
    return value


def one_of(*words: str) -> Check:
    """One of a few words."""

    def check(value: object, place: Place) -> str:
        if value not in words:
            place.refuse("not one of the accepted words", value, listed(words))
        return str(value)

    return check


def number_in(accepted: str, fits: Callable[[Decimal], bool], *, bare: bool = True) -> Check:
    """A number, in quotes or not, that `fits`. Without `bare` a number with a point has to be in quotes."""

    def check(value: object, place: Place) -> Decimal:
        if isinstance(value, float) and not bare:
            place.refuse("a bare decimal is not exact, put it in quotes", value, f'"{value}"')
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            place.refuse("not a number", value, accepted)
        try:
            number = Decimal(str(value).strip())
        except (InvalidOperation, ValueError):
            place.refuse("not a number", value, accepted)
        if not number.is_finite() or not fits(number):
            place.refuse("out of range", value, accepted)
        return number

    return check


def whole_number(least: int, most: int) -> Check:
    """A whole number in a range."""

    def check(value: object, place: Place) -> int:
        if type(value) is not int or not least <= value <= most:
            place.refuse("not a whole number in range", value, f"{least} to {most}")
        return value

    return check


def exactly(expected: object) -> Check:
    """The one value that is supported."""

    def check(value: object, place: Place) -> object:
        if value != expected or isinstance(value, bool):
            place.refuse("not supported", value, repr(expected))
        return value

    return check


def listed(names: Collection[object]) -> str:
    """Names for a message, in their own order or in that of the alphabet."""
    ordered = names if isinstance(names, (tuple, Mapping)) else sorted(names, key=str)
    return ", ".join(map(str, ordered))


def _nearest(key: str, names: Collection[str]) -> str:
    """What was perhaps meant by a key that is not known."""
    near = get_close_matches(key, names, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _dotted(path: Sequence[Step]) -> str:
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(steps).lstrip(".") or "the file"


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
