"""What an example call costs, with its arithmetic written out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from ..errors import ConfigError
from ..pricing.price import Cost
from ..pricing.rows import Rates, Row
from ..readings import BUCKETS, EXACT, INPUT, OUTPUT, UNITS, Number, Usage
from . import render


_MTOK: Final = 1_000_000
_HOUR_S: Final = 3600
_EXACT_DIGITS: Final = 28  # after them, what a division without an end has left is cut off
_SHOWN_DIGITS: Final = 15
_TYPICAL: Final = {INPUT: 1000, OUTPUT: 500}


def money(usd: Decimal) -> str:
    """USD to the last digit, but for a division without an end: `$0.000308333333333...`."""
    text = render.plain(usd)
    whole, _, digits = text.partition(".")
    return f"${whole}.{digits[:_SHOWN_DIGITS]}..." if len(digits) > _EXACT_DIGITS else f"${text}"


class Step(NamedTuple):
    """One product of a cost."""

    of: str
    """Bucket or unit."""
    number: Number
    billed: Number
    """The same, or the least that is billed."""
    rate_usd: Decimal
    per: int
    """What the rate is for: a million tokens, an hour in seconds, one unit."""
    usd: Decimal

    @property
    def in_words(self) -> tuple[str, str, str]:
        """Count, rate and product."""
        least = f" (billed as {_number(self.billed)})" if self.billed != self.number else ""
        per = f" / {self.per:,}" if self.per != 1 else ""
        count = f"{_number(self.number)} {self.of}{least}"
        return count, f"x {money(self.rate_usd)}{per}", f"= {money(self.usd)}"

    @property
    def plain(self) -> dict[str, Any]:
        """For machines."""
        return {
            "of": self.of,
            "count": str(self.number),
            "billed": str(self.billed),
            "rate_usd": render.plain(self.rate_usd),
            "per": self.per,
            "usd": render.plain(self.usd),
        }


def parsed(words: Iterable[str]) -> Usage:
    """The usage that `input=1000,output=500,web_search=2` states.

    Raises:
        ConfigError: a word is none of a bucket or unit with a number.
    """
    tokens: dict[str, int] = {}
    units: dict[str, Number] = {}
    for word in [part.strip() for text in words for part in text.split(",") if part.strip()]:
        name, equals, number = [part.strip() for part in word.partition("=")]
        count = _count(number)
        if not equals or count is None or name not in BUCKETS | UNITS:
            raise ConfigError(_refusal(word))
        if name in UNITS:
            units[name] = count
        elif count != int(count):
            raise ConfigError(_refusal(word))
        else:
            tokens[name] = int(count)
    return Usage(
        {name: count for name, count in tokens.items() if count},
        {name: number for name, number in units.items() if number},
    )


def _refusal(word: str) -> str:
    return (
        f"--tokens {word!r}: expected NAME=COUNT, such as input=1000,output=500, of the buckets "
        f"{', '.join(sorted(BUCKETS))} and the units {', '.join(sorted(UNITS))}"
    )


def _count(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    fits = number.is_finite() and 0 <= number < 10**15
    return number if fits else None


def typical(row: Row, variant: Row | None) -> Usage:
    """A call as an example, of what the row prices."""
    parts = [row, variant] if variant else [row]
    rates = {name for part in parts for name in part.rates}
    tokens = {name: count for name, count in _TYPICAL.items() if name in rates}
    fees = {name for part in parts for name in part.fees}
    if tokens or not fees:
        return Usage(tokens)
    hours = {"audio_second": _HOUR_S} if "audio_hour" in fees else {}
    return Usage({}, dict.fromkeys(sorted(fees - {"audio_hour", "request"}), 1) | hours)


def steps(cost: Cost, usage: Usage, fees: Rates, minimums: Rates) -> list[Step]:
    """The products that a cost is the sum of."""
    return [
        _tokens(name, usage.tokens[name], usd)
        if name in usage.tokens
        else _units(name, usage.units.get(name, 1), usd, fees, minimums)
        for name, usd in cost.by_bucket.items()
    ]


def _tokens(name: str, count: int, usd: Decimal) -> Step:
    rate = EXACT.divide(EXACT.multiply(usd, _MTOK), count)
    return Step(name, count, count, rate, _MTOK, usd)


def _units(name: str, count: Number, usd: Decimal, fees: Rates, minimums: Rates) -> Step:
    billed = max(count, minimums.get(name, Decimal(0)))
    per = _HOUR_S if name == "audio_second" and name not in fees else 1
    rate = EXACT.divide(EXACT.multiply(usd, per), billed)
    return Step(name, count, billed, _cut(rate), per, usd)


def _cut(number: Decimal) -> Decimal:
    """A number without digits that only the end of a precision has made."""
    places = Decimal(1).scaleb(-_EXACT_DIGITS)
    return number.quantize(places, context=EXACT).normalize() if number else number


def in_words(usage: Usage) -> str:
    """A usage: `1,000 input + 500 output`."""
    parts: Mapping[str, Number] = {**usage.tokens, **usage.units}
    return " + ".join([f"{_number(count)} {name}" for name, count in parts.items()])


def _number(count: Number) -> str:
    return f"{count:,}" if isinstance(count, int) else f"{count.normalize():,f}"
