"""Amounts of a price file in another currency, converted to USD at a rate that the file states.

Counting: each amount is multiplied by `usd_per_unit`, exactly. Nothing is looked up: a rate that nobody
states is not known.
"""

from __future__ import annotations

import re

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from ..files.checks import Place, check_needed
from ..readings import EXACT


USD: Final = "USD"
RATE: Final = ("usd_per_unit", "rate_checked", "rate_source")
"""What a file in another currency has to say: the rate, the day it was looked up, and where."""
AMOUNTS: Final = frozenset({"rates", "fees"})

_CODE: Final = re.compile(r"[A-Z]{3}")


def check_currency(value: object, place: Place) -> str:
    """A code of ISO 4217."""
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        place.refuse(
            "not a currency", value, f'"{USD}", or a code of ISO 4217 such as "EUR" with {_needed()}'
        )
    return value


def check_rate(document: Mapping[str, Any], place: Place) -> None:
    """Refuse a file in another currency that does not say what it is worth, or one that says so of USD."""
    stated = [key for key in RATE if key in document]
    currency = document.get("currency", USD)
    if currency == USD and stated:
        place.at(stated[0]).refuse("a rate without another currency", document[stated[0]], 'currency = "EUR"')
    if currency != USD and "usd_per_unit" not in document:
        place.at("currency").refuse("no rate to USD", currency, f'"{USD}", or {_needed()} beside it')
    if currency != USD:
        check_needed(document, place, *RATE)
        if not Decimal(document["usd_per_unit"]):
            place.at("usd_per_unit").refuse(
                "not a rate", document["usd_per_unit"], "a number above 0 in quotes"
            )


def in_usd(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document with all amounts in USD."""
    if document.get("currency", USD) == USD:
        return document
    rate = Decimal(document["usd_per_unit"])
    prices = [_converted(price, rate) for price in document.get("price", ())]
    return {**document, "currency": USD, "price": prices}


def _converted(plain: Any, rate: Decimal) -> Any:  # noqa: ANN401 - JSON
    if isinstance(plain, list):
        return [_converted(inner, rate) for inner in plain]
    if not isinstance(plain, dict):
        return plain
    return {
        key: {name: _times(amount, rate) for name, amount in inner.items()}
        if key in AMOUNTS
        else _converted(inner, rate)
        for key, inner in plain.items()
    }


def _times(amount: str, rate: Decimal) -> str:
    return f"{EXACT.multiply(Decimal(amount), rate):f}"


def _needed() -> str:
    return 'usd_per_unit = "1.08", rate_checked = "2026-11-20" and rate_source = "who says so"'
