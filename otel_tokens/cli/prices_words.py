"""Days, hours and rates of a price book in words, the same in every command of `prices`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from ..pricing.rows import DAY_S, Window
from . import render


_EPOCH: Final = date(1970, 1, 1)
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MINUTE_S: Final = 60


def day_text(day: int | None) -> str | None:
    """A day, counted from 1970-01-01, as ISO writes it."""
    return None if day is None else (_EPOCH + timedelta(days=day)).isoformat()


def hours_text(hours: Window) -> str:
    """Hours of the day and days of the week: `01:00-04:00 UTC on Mon, Tue`."""
    spans = ", ".join([f"{_clock(start)}-{_clock(end)}" for start, end in hours.spans_s])
    every = len(hours.weekdays) == len(_DAYS)
    named = ", ".join([_DAYS[number - 1] for number in sorted(hours.weekdays)])
    days = "" if every else f" on {named or 'no day'}"
    return f"{spans} UTC{days}"


def _clock(second: int) -> str:
    hours, minutes = divmod(min(second, DAY_S) // _MINUTE_S, _MINUTE_S)
    return f"{hours:02}:{minutes:02}"


def numbers(rates: Mapping[str, Decimal]) -> dict[str, str]:
    """Names with exact numbers, for machines."""
    return {name: render.plain(number) for name, number in rates.items()}


def listed(rates: Mapping[str, Decimal]) -> str:
    """Names with exact numbers, for people: `input 2.5, output 15`."""
    return ", ".join([f"{name} {number}" for name, number in numbers(rates).items()])
