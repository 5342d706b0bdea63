"""The schema of a price file: what may stand in it, and a message with its line for what may not.

Every rule here refuses; none repairs. A price that is read wrong is worse than a program that does
not start.
"""

from __future__ import annotations

import re

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

from ..errors import ConfigError
from ..readings import BUCKETS, UNITS
from .locate import Step, line_of
from .multipliers import CONDITIONS
from .price import STANDARD, VARIANTS
from .sellers import spelled


SCHEMA: Final = 1
CURRENCY: Final = "USD"
FEE_UNITS: Final = UNITS | {"audio_hour"}
MATCHES: Final = ("equals", "prefix", "suffix", "contains", "regex")
NAMED_VARIANTS: Final = VARIANTS - {STANDARD}

_WINDOW: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")
_NUMBER: Final = 'a number >= 0 in quotes, such as "2.50"'
_THRESHOLDS: Final = ("prompt_tokens_gt", "prompt_tokens_gte")


class _Place:
    """Where in the file a value is, and how to refuse it."""

    def __init__(self, file: str, text: str, path: tuple[Step, ...] = ()) -> None:
        self._file = file
        self._text = text
        self._path = path

    def at(self, step: Step) -> _Place:
        """The place one step further in."""
        return _Place(self._file, self._text, (*self._path, step))

    def refuse(self, problem: str, value: object, accepted: str) -> NoReturn:
        """Say that the value here is wrong.

        Raises:
            ConfigError: Always.
        """
        where = f"{self._file}:{line_of(self._text, self._path)}" if self._text else self._file
        name = _dotted(self._path)
        raise ConfigError(f"{where}: {name}: {problem}: {value!r}; accepted: {accepted}")


Check = Callable[[Any, _Place], Any]


def checked(document: object, *, file: str, text: str) -> Mapping[str, Any]:
    """The document, in the form that the book is built from.

    Raises:
        ConfigError: It breaks a rule: file, line, value and accepted values.
    """
    plain = _table(document, _Place(file, text), _DOCUMENT)
    _refuse_doubles(plain.get("price", ()), _Place(file, text).at("price"))
    return plain


def _dotted(path: Sequence[Step]) -> str:
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(steps).lstrip(".") or "the file"


def _table(value: object, place: _Place, checks: Mapping[str, Check]) -> dict[str, Any]:
    if not isinstance(value, dict):
        place.refuse("not a table", value, f"a table with {_list(checks)}")
    for key in value:
        if key not in checks:
            place.at(key).refuse("unknown key", key, _list(checks))
    return {key: checks[key](inner, place.at(key)) for key, inner in value.items()}


def _list(names: Collection[object]) -> str:
    ordered = names if isinstance(names, (tuple, Mapping)) else sorted(names, key=str)
    return ", ".join(map(str, ordered))


def _each(check: Check) -> Check:
    def all_of(value: object, place: _Place) -> list[Any]:
        if not isinstance(value, list):
            place.refuse("not a list", value, "a list")
        return [check(inner, place.at(number)) for number, inner in enumerate(value)]

    return all_of


def _text(value: object, place: _Place) -> str:
    if not isinstance(value, str) or not value.strip():
        place.refuse("not a text", value, "a text in quotes")
    return value.strip()


def _texts(value: object, place: _Place) -> list[str]:
    """One text or a list of them."""
    texts: list[str] = _each(_text)(value if isinstance(value, list) else [value], place)
    if not texts:
        place.refuse("empty", value, "one text or more")
    return texts


def _provider(value: object, place: _Place) -> str:
    return spelled(_text(value, place))


def _flag(value: object, place: _Place) -> bool:
    if not isinstance(value, bool):
        place.refuse("not a truth value", value, "true, false")
    return value


def _number(value: object, place: _Place) -> str:
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


def _day(value: object, place: _Place) -> str:
    if type(value) is date:  # TOML days need no quotes; a date with a time is not a day
        return value.isoformat()
    if not isinstance(value, str) or not _is_day(value):
        place.refuse("not a day", value, 'a UTC day such as "2026-11-01"')
    return value


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _whole(least: int, most: int) -> Check:
    def whole(value: object, place: _Place) -> int:
        if type(value) is not int or not least <= value <= most:
            place.refuse("not a whole number in range", value, f"{least} to {most}")
        return value

    return whole


def _exactly(expected: object) -> Check:
    def exactly(value: object, place: _Place) -> object:
        if value != expected or isinstance(value, bool):
            place.refuse("not supported", value, repr(expected))
        return value

    return exactly


def _amounts(names: Collection[str]) -> Check:
    return lambda value, place: _table(value, place, dict.fromkeys(sorted(names), _number))


def _match(value: object, place: _Place) -> dict[str, list[str]]:
    match: dict[str, list[str]] = _table(value, place, dict.fromkeys(MATCHES, _texts))
    if not match:
        place.refuse("matches nothing", value, _list(MATCHES))
    for number, regex in enumerate(match.get("regex", ())):
        _compile(regex, place.at("regex").at(number))
    return match


def _compile(regex: str, place: _Place) -> None:
    try:
        re.compile(regex)
    except re.error as error:
        place.refuse(f"not a pattern ({error})", regex, "a Python regex")


def _tier(value: object, place: _Place) -> dict[str, Any]:
    tier = _table(value, place, _TIER)
    if len([key for key in _THRESHOLDS if key in tier]) != 1 or "rates" not in tier:
        place.refuse("incomplete tier", value, "rates and one of " + _list(_THRESHOLDS))
    return tier


def _window(value: object, place: _Place) -> str:
    window = _text(value, place)
    if not _WINDOW.fullmatch(window):
        place.refuse("not hours of a day", value, 'UTC hours such as "01:00-04:00"')
    return window


def _when_utc(value: object, place: _Place) -> dict[str, Any]:
    when = _table(value, place, _WHEN_UTC)
    if not when.get("windows"):
        place.refuse("no hours", value, 'windows = ["00:00-24:00"]')
    return when


def _variants(value: object, place: _Place) -> dict[str, list[dict[str, Any]]]:
    if not isinstance(value, dict):
        place.refuse("not a table", value, "a table for each of " + _list(NAMED_VARIANTS))
    return {name: _variant(name, inner, place.at(name)) for name, inner in value.items()}


def _variant(name: str, value: object, place: _Place) -> list[dict[str, Any]]:
    variant = _table(value, place, _VARIANT)
    if (name in NAMED_VARIANTS) == ("when_utc" in variant):
        place.refuse(
            "a variant goes by its name or by the clock",
            name,
            f"{_list(NAMED_VARIANTS)}; any other name with when_utc",
        )
    return [variant]


def _price(value: object, place: _Place) -> dict[str, Any]:
    price = _table(value, place, _PRICE)
    _need(price, place, "provider")
    if ("model" in price) == ("match" in price):
        place.refuse("which model?", value, "one of model, match")
    if not any(price.get(key) for key in ("rates", "fees", "variants")):
        place.refuse("prices nothing", value, "rates, fees or variants")
    return price


def _needing(checks: Mapping[str, Check], *needed: str) -> Check:
    def table(value: object, place: _Place) -> dict[str, Any]:
        found = _table(value, place, checks)
        _need(found, place, *needed)
        return found

    return table


def _need(table: Mapping[str, Any], place: _Place, *needed: str) -> None:
    for key in needed:
        if key not in table:
            place.refuse(f"{key} is missing", table, _list(needed))


def _bucket_globs(value: object, place: _Place) -> list[str]:
    globs = _texts(value, place)
    for number, glob in enumerate(globs):
        pattern = re.compile(re.escape(glob).replace(r"\*", ".*"))
        if not any(pattern.fullmatch(bucket) for bucket in BUCKETS):
            place.at(number).refuse(
                "matches no bucket", glob, _list(BUCKETS) + ", * in any of them"
            )
    return globs


def _refuse_doubles(prices: Sequence[Mapping[str, Any]], place: _Place) -> None:
    seen: dict[tuple[str, str, str | None], int] = {}
    for number, price in enumerate(prices):
        named = str(price.get("model", price.get("match")))
        key = (price["provider"], named, price.get("from"))
        if key in seen:
            place.at(number).refuse("the same model and day twice", named, "another `from`")
        seen[key] = number


_TIER: Final[Mapping[str, Check]] = {
    "prompt_tokens_gt": _whole(0, 10**12),
    "prompt_tokens_gte": _whole(1, 10**12),
    "rates": _amounts(BUCKETS),
}
_WHEN_UTC: Final[Mapping[str, Check]] = {
    "windows": _each(_window),
    "weekdays": _each(_whole(1, 7)),
}
_ROW: Final[Mapping[str, Check]] = {
    "rates": _amounts(BUCKETS),
    "tiers": _each(_tier),
    "fees": _amounts(FEE_UNITS),
    "minimums": _amounts(UNITS),
}
_VARIANT: Final[Mapping[str, Check]] = {**_ROW, "from": _day, "when_utc": _when_utc}
_PRICE: Final[Mapping[str, Check]] = {
    "provider": _provider,
    "model": _text,
    "match": _match,
    "from": _day,
    "source": _text,
    "checked": _day,
    **_ROW,
    "variants": _variants,
    "extend": _flag,
}
_WHEN: Final[Mapping[str, Check]] = dict.fromkeys(CONDITIONS, _text)
_MULTIPLIER: Final[Mapping[str, Check]] = {
    "provider": _provider,
    "models": _texts,
    "when": lambda value, place: _table(value, place, _WHEN),
    "factor": _number,
    "buckets": _bucket_globs,
    "source": _text,
    "checked": _day,
}
_ALIAS: Final[Mapping[str, Check]] = {
    "provider": _provider,
    "deployment": _text,
    "model": _text,
    "deployment_type": _text,
}
_DISCOUNT: Final[Mapping[str, Check]] = {
    "provider": _provider,
    "models": _texts,
    "factor": _number,
    "source": _text,
}
_DOCUMENT: Final[Mapping[str, Check]] = {
    "schema": _exactly(SCHEMA),
    "currency": _exactly(CURRENCY),
    "price": _each(_price),
    "multiplier": _each(_needing(_MULTIPLIER, "provider", "factor")),
    "alias": _each(_needing(_ALIAS, "provider", "deployment", "model")),
    "discount": _each(_needing(_DISCOUNT, "provider", "factor")),
}
