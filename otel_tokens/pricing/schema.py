"""The schema of a price file: what may stand in it, and a message with its line for what may not.

Every rule here refuses; none repairs. A price that is read wrong is worse than a program that does
not start.
"""

from __future__ import annotations

import re

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from ..files.checks import (
    Check,
    Place,
    check_day,
    check_flag,
    check_needed,
    check_number,
    check_table,
    check_text,
    check_texts,
    exactly,
    list_of,
    listed,
    table_with,
    whole_number,
)
from ..readings import BUCKETS, UNITS
from .currency import check_currency, check_rate, in_usd
from .multipliers import CONDITIONS
from .price import STANDARD, VARIANTS
from .rows import tier_over
from .sellers import spelled


SCHEMA: Final = 1
FEE_UNITS: Final = UNITS | {"audio_hour"}
MATCHES: Final = ("equals", "prefix", "suffix", "contains", "regex")
NAMED_VARIANTS: Final = VARIANTS - {STANDARD}

_WINDOW: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")
_MOST: Final = 10**12
_DECIMALS: Final = 60
_SHOWN: Final = 40
_THRESHOLDS: Final = ("prompt_tokens_gt", "prompt_tokens_gte")


def checked(document: object, *, file: str, text: str) -> Mapping[str, Any]:
    """The document, in the form that the book is built from, in USD.

    Raises:
        ConfigError: It breaks a rule: file, line, value and accepted values.
    """
    plain = check_table(document, Place(file, text), _DOCUMENT)
    for name, named in _NAMED.items():
        _refuse_doubles(plain.get(name, ()), Place(file, text).at(name), named)
    check_rate(plain, Place(file, text))
    return in_usd(plain)


def _provider(value: object, place: Place) -> str:
    return spelled(check_text(value, place))


def _amounts(names: Collection[str]) -> Check:
    return lambda value, place: check_table(value, place, dict.fromkeys(sorted(names), _amount))


def _amount(value: object, place: Place) -> str:
    """A number that can be a price or a factor: sums of them stay finite and exact."""
    amount = check_number(value, place)
    exponent = Decimal(amount).as_tuple().exponent
    if Decimal(amount) > _MOST or not isinstance(exponent, int) or exponent < -_DECIMALS:
        place.refuse("beyond all reason", str(value)[:_SHOWN], f"0 to {_MOST}, at most {_DECIMALS} decimals")
    return amount


def _match(value: object, place: Place) -> dict[str, list[str]]:
    match: dict[str, list[str]] = check_table(value, place, dict.fromkeys(MATCHES, check_texts))
    if not match:
        place.refuse("matches nothing", value, listed(MATCHES))
    check_regexes(match.get("regex", ()), place)
    return match


def check_regexes(regexes: Sequence[str], place: Place) -> None:
    """Refuse what is not a pattern among the regexes of a match."""
    for number, regex in enumerate(regexes):
        _compile(regex, place.at("regex").at(number))


def _compile(regex: str, place: Place) -> None:
    try:
        re.compile(regex)
    except re.error as error:
        place.refuse(f"not a pattern ({error})", regex, "a Python regex")


def _tiers(value: object, place: Place) -> list[dict[str, Any]]:
    tiers: list[dict[str, Any]] = list_of(_tier)(value, place)
    starts = [tier_over(tier) for tier in tiers]
    for number, start in enumerate(starts):
        if start in starts[:number]:
            place.at(number).refuse("the same threshold twice", start, "another threshold")
    return tiers


def _tier(value: object, place: Place) -> dict[str, Any]:
    tier = check_table(value, place, _TIER)
    if len([key for key in _THRESHOLDS if key in tier]) != 1 or "rates" not in tier:
        place.refuse("incomplete tier", value, "rates and one of " + listed(_THRESHOLDS))
    return tier


def _window(value: object, place: Place) -> str:
    window = check_text(value, place)
    if not _WINDOW.fullmatch(window):
        place.refuse("not hours of a day", value, 'UTC hours such as "01:00-04:00"')
    return window


def _when_utc(value: object, place: Place) -> dict[str, Any]:
    when = check_table(value, place, WHEN_UTC)
    if not when.get("windows"):
        place.refuse("no hours", value, 'windows = ["00:00-24:00"]')
    return when


def _variants(value: object, place: Place) -> dict[str, list[dict[str, Any]]]:
    if not isinstance(value, dict):
        place.refuse("not a table", value, "a table for each of " + listed(NAMED_VARIANTS))
    return {name: _variant(name, inner, place.at(name)) for name, inner in value.items()}


def _variant(name: str, value: object, place: Place) -> list[dict[str, Any]]:
    variant = check_table(value, place, _VARIANT)
    if (name in NAMED_VARIANTS) == ("when_utc" in variant):
        place.refuse(
            "a variant goes by its name or by the clock",
            name,
            f"{listed(NAMED_VARIANTS)}; any other name with when_utc",
        )
    if not any(variant.get(key) for key in ("rates", "tiers", "fees")):
        place.refuse("prices nothing", name, "rates, tiers or fees")
    return [variant]


def _price(value: object, place: Place) -> dict[str, Any]:
    price = check_table(value, place, _PRICE)
    check_needed(price, place, "provider")
    if ("model" in price) == ("match" in price):
        place.refuse("which model?", value, "one of model, match")
    if not any(price.get(key) for key in ("rates", "fees", "variants")):
        place.refuse("prices nothing", value, "rates, fees or variants")
    return price


def _bucket_globs(value: object, place: Place) -> list[str]:
    globs = check_texts(value, place)
    for number, glob in enumerate(globs):
        pattern = re.compile(re.escape(glob).replace(r"\*", ".*"))
        if not any(pattern.fullmatch(bucket) for bucket in BUCKETS):
            place.at(number).refuse("matches no bucket", glob, listed(BUCKETS) + ", * in any of them")
    return globs


def _refuse_doubles(entries: Sequence[Mapping[str, Any]], place: Place, named: tuple[str, ...]) -> None:
    """Refuse an entry that is about the same as an earlier one: it is not said which of them counts."""
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        same = {name: entry.get(name) for name in named}
        # Names are looked up in lower case, but for patterns.
        key = str({name: said.lower() if isinstance(said, str) else said for name, said in same.items()})
        if key in seen:
            said = next((value for name in _SAID if (value := entry.get(name))), entry["provider"])
            place.at(number).refuse("the same twice", str(said), f"another of {listed(named)}")
        seen.add(key)


_NAMED: Final[Mapping[str, tuple[str, ...]]] = {
    "price": ("provider", "model", "match", "from"),
    "multiplier": ("provider", "models", "when", "buckets"),
    "alias": ("provider", "deployment"),
    "discount": ("provider", "models"),
}
"""What tells the entries of a table apart."""
_SAID: Final = ("model", "match", "deployment", "models", "when")
_TIER: Final[Mapping[str, Check]] = {
    "prompt_tokens_gt": whole_number(0, 10**12),
    "prompt_tokens_gte": whole_number(1, 10**12),
    "rates": _amounts(BUCKETS),
}
WHEN_UTC: Final[Mapping[str, Check]] = {
    "windows": list_of(_window),
    "weekdays": list_of(whole_number(1, 7)),
}
ROW: Final[Mapping[str, Check]] = {
    "rates": _amounts(BUCKETS),
    "tiers": _tiers,
    "fees": _amounts(FEE_UNITS),
    "minimums": _amounts(UNITS),
}
_VARIANT: Final[Mapping[str, Check]] = {**ROW, "from": check_day, "when_utc": _when_utc}
_PRICE: Final[Mapping[str, Check]] = {
    "provider": _provider,
    "model": check_text,
    "match": _match,
    "from": check_day,
    "source": check_text,
    "checked": check_day,
    **ROW,
    "variants": _variants,
    "extend": check_flag,
}
_WHEN: Final[Mapping[str, Check]] = dict.fromkeys(CONDITIONS, check_text)
MULTIPLIER: Final[Mapping[str, Check]] = {
    "provider": _provider,
    "models": check_texts,
    "when": lambda value, place: check_table(value, place, _WHEN),
    "factor": _amount,
    "buckets": _bucket_globs,
    "source": check_text,
    "checked": check_day,
}
_ALIAS: Final[Mapping[str, Check]] = {
    "provider": _provider,
    "deployment": check_text,
    "model": check_text,
    "deployment_type": check_text,
}
_DISCOUNT: Final[Mapping[str, Check]] = {
    "provider": _provider,
    "models": check_texts,
    "factor": _amount,
    "source": check_text,
}
_DOCUMENT: Final[Mapping[str, Check]] = {
    "schema": exactly(SCHEMA),
    "currency": check_currency,
    "usd_per_unit": _amount,
    "rate_checked": check_day,
    "rate_source": check_text,
    "price": list_of(_price),
    "multiplier": list_of(table_with(MULTIPLIER, "provider", "factor")),
    "alias": list_of(table_with(_ALIAS, "provider", "deployment", "model")),
    "discount": list_of(table_with(_DISCOUNT, "provider", "factor")),
}
