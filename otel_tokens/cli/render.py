"""Writes amounts, times, bars and tables as people read them."""

from __future__ import annotations

import json

from collections.abc import Sequence
from datetime import datetime, timezone
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Final, TextIO

from ..budgets.budget import in_units
from ..budgets.windows import zone_of


BAR: Final = 20
"""Characters of a bar."""
GREEN, YELLOW, RED, BOLD, FAINT = "32", "33", "31", "1", "2"

_CENT: Final = Decimal("0.01")
_SMALL: Final = Context(prec=3, rounding=ROUND_HALF_EVEN)
_NEAR: Final = Decimal("0.8")


def amount(count: int, unit: str) -> str:
    """An amount of a ledger: `$12.34`, `$0.000135`, `1,250 tokens`.

    Dollars have two digits after the point; less than a dollar has three that count.
    """
    if unit != "usd":
        return f"{count:,} {unit}"
    dollars = in_units(abs(count), unit)
    short = dollars if dollars >= 1 else _SMALL.create_decimal(dollars)
    if dollars >= 1 or short == short.quantize(_CENT):
        text = f"{short.quantize(_CENT, ROUND_HALF_EVEN):,f}"
    else:
        text = f"{short.normalize():f}"
    return f"{'-' if count < 0 else ''}${text}"


def several(number: int, noun: str) -> str:
    """How many of something: `1 call`, `2,000 calls`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def exact(count: int | None, unit: str) -> str | None:
    """An amount for machines, to the last digit and without a unit."""
    return None if count is None else plain(in_units(count, unit))


def plain(number: Decimal) -> str:
    """A number without an exponent, and without noughts that say nothing."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(part: int, whole: int) -> str:
    """A share in whole percent, rounded down, so that 100 % means that all is gone."""
    return f"{share(part, whole)} %"


def share(part: int, whole: int) -> int:
    """A share in whole percent, rounded down; of nothing everything is gone."""
    return 100 if whole <= 0 else max(0, part) * 100 // whole


def bar(spent: int, held: int, limit: int, *, blocks: bool = True) -> str:
    """Spent, held and free, in `BAR` characters; what is there shows, and nothing looks full that is not."""
    full, half, empty = "█▒░" if blocks else "#=."
    used = _cells(spent, limit)
    both = max(used, _cells(spent + held, limit))
    if held and both == used < BAR:
        both = used + 1
    return full * used + half * (both - used) + empty * (BAR - both)


def _cells(part: int, whole: int) -> int:
    if part >= whole:
        return BAR
    return max(1, part * BAR // whole) if part > 0 else 0


def heat(used: int, limit: int) -> str:
    """The colour of an account."""
    if used >= limit:
        return RED
    return YELLOW if used >= limit * _NEAR else GREEN


def paint(text: str, colour: str, *, on: bool) -> str:
    """`text` in a colour of the terminal, where colours are on."""
    return f"\033[{colour}m{text}\033[0m" if on else text


def can_draw(out: TextIO) -> bool:
    """Whether block characters can be written there."""
    try:
        "█▒░".encode(out.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def moment(at_s: float, zone: str) -> str:
    """A time in a zone, to the minute, or the second where that says more."""
    when = datetime.fromtimestamp(at_s, zone_of(zone))
    return f"{when:%Y-%m-%d %H:%M:%S}" if when.second else f"{when:%Y-%m-%d %H:%M}"


def iso(at_s: float) -> str:
    """A time for machines, in UTC."""
    text = datetime.fromtimestamp(at_s, timezone.utc).isoformat(timespec="microseconds")
    return text.replace(".000000", "").replace("+00:00", "Z")


def duration(seconds: float) -> str:
    """A span of time in its two largest units: `2 h 5 min`."""
    left = round(seconds)
    parts = []
    for name, size in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number} {name}")
    return " ".join(parts[:2]) or "0 s"


def table(rows: Sequence[Sequence[str]], right: str = "") -> list[str]:
    """Rows as lines with aligned columns; `right` has an `r` for each column that ends at its right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            text.rjust(width) if place < len(right) and right[place] == "r" else text.ljust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def document(value: Any) -> str:  # noqa: ANN401  # what JSON can hold
    """A value as JSON that people can read too."""
    return json.dumps(value, indent=2, ensure_ascii=False)
