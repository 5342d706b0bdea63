"""Numbers as people write them in a budget file: money, seconds, shares, times."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from ..files.checks import Check, Place, number_in
from ..ledgers.ledger import AMOUNT_LIMIT, PICO
from .budget import pico_usd


_USD_LIMIT: Final = Decimal(AMOUNT_LIMIT // PICO)
_USD: Final = f'USD {{}}, below {_USD_LIMIT:f}, whole or in quotes: 50 or "0.50"'


def usd(limits: str, fits: Callable[[Decimal], bool]) -> Check:
    """USD, in whole pico-dollars."""
    number = number_in(_USD.format(limits), lambda amount: fits(amount) and amount < _USD_LIMIT, bare=False)
    return lambda value, place: pico_usd(number(value, place))


def seconds(least: str, most: int) -> Check:
    """A span of time."""
    number = number_in(f"{least} to {most} seconds", lambda span: Decimal(least) <= span <= most)
    return lambda value, place: float(number(value, place))


def share(accepted: str, fits: Callable[[Decimal], bool]) -> Check:
    """A share: `0.05` or `5%`."""
    plain = number_in(accepted, fits)
    percents = number_in(accepted, lambda number: fits(number / 100))

    def check(value: object, place: Place) -> Decimal:
        if isinstance(value, str) and value.strip().endswith("%"):
            number: Decimal = percents(value.strip().removesuffix("%"), place)
            return number / 100
        return plain(value, place)  # type: ignore[no-any-return]  # a `Check` may give anything

    return check


def times(value: object, place: Place) -> Decimal:
    """How many times the usual is too much."""
    number: Decimal = number_in("1 to 1000000 times", lambda rate: 1 <= rate <= 10**6)(value, place)
    return number


def dollars(value: object, place: Place) -> Decimal:
    """USD that decide about an alert: nothing is added up, so they may be bare."""
    number: Decimal = number_in("USD from 0 to 1000000000", lambda amount: 0 <= amount <= 10**9)(value, place)
    return number
