"""Calendar windows: when the minute, hour, day, week or month that it is now began in a time zone, and ends.

Windows tile time: each begins where the one before it ends, whatever clocks do.

*Days, weeks and months* begin at the first midnight of their first day, so a day in which clocks change has
23, 25 or any other number of hours. Where there is no midnight, because clocks skip it, they begin at the
first moment after. A day that is skipped whole has no window. Weeks begin on Monday.

*Hours and minutes* begin when a clock on the wall shows a whole one, and anew when it is set. So an hour
that a clock shows twice is two windows, and none is longer than an hour; where a clock is set by half an
hour there is one that is shorter. Each of them is within one day.
"""

from __future__ import annotations

import math

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from ..errors import ConfigError


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NEVER: Final = (0, 0)
_SECONDS: Final = {"minute": 60, "hour": 3600}

_found: Final[dict[tuple[str, str], tuple[int, int]]] = {}
"""The newest window of each kind and zone, of which there are few."""


def window_at(window: str, timezone: str, now_s: float) -> tuple[int, int]:
    """First second of the window that it is now, and first second after it, in Unix time.

    (0, 0) for windows that do not end by the clock.

    Raises:
        ConfigError: there is no such time zone.
    """
    found = _found.get((window, timezone))
    if found is not None and found[0] <= now_s < found[1]:
        return found
    if window in _SECONDS:
        found = _on_the_clock(_SECONDS[window], zone_of(timezone), math.floor(now_s))
    elif window in _DAYS:
        found = _in_days(_DAYS[window], zone_of(timezone), math.floor(now_s))
    else:
        return _NEVER
    _found[window, timezone] = found
    return found


def zone_of(name: str) -> tzinfo:
    """The time zone `name`, such as `Europe/Berlin`. `UTC` needs no data of the machine.

    Raises:
        ConfigError: there is none of that name, or the machine knows no zones.
    """
    if name == "UTC":
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        expected = "expected UTC, or a name such as Europe/Berlin"
        raise ConfigError(f"time zone {name!r}: {why_no_zone()}; {expected}") from error


def why_no_zone() -> str:
    """Why `zone_of` does not find a time zone."""
    if not available_timezones():
        return "this machine has no data on time zones (pip install tzdata)"
    return "not a time zone"


# Days and what is made of them.


def _day(day: date) -> date:
    return day


def _week(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _month(day: date) -> date:
    return day.replace(day=1)


def _next_day(first: date) -> date:
    return first + timedelta(days=1)


def _next_week(first: date) -> date:
    return first + timedelta(days=7)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


_Days = tuple[Callable[[date], date], Callable[[date], date]]
"""The first day of what a day is in, and the first day after it."""

_DAYS: Final[dict[str, _Days]] = {
    "day": (_day, _next_day),
    "week": (_week, _next_week),
    "month": (_month, _next_month),
}


def _in_days(days: _Days, zone: tzinfo, now_s: int) -> tuple[int, int]:
    first_of, after = days
    first = first_of(_wall(zone, now_s).date())
    start_s, end_s = _begin(zone, first), _begin(zone, after(first))
    # After midnight a clock may be set back to the day before, which has ended; and a day may be skipped.
    while end_s <= now_s:
        first = after(first)
        start_s, end_s = end_s, _begin(zone, after(first))
    return start_s, end_s


def _begin(zone: tzinfo, day: date) -> int:
    """The first moment at which it is `day` or later."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  # what a clock on the wall shows
    early, late = sorted([_moment(midnight.replace(tzinfo=zone, fold=fold)) for fold in (0, 1)])
    if _wall(zone, early) == midnight:
        return early
    return _first(lambda moment_s: _wall(zone, moment_s) >= midnight, early, late)


# Hours and minutes.


def _on_the_clock(length_s: int, zone: tzinfo, now_s: int) -> tuple[int, int]:
    offset_s = _offset_s(zone, now_s)
    start_s = now_s - (now_s + offset_s) % length_s
    end_s = start_s + length_s
    if _offset_s(zone, start_s) != offset_s:
        start_s = _first(lambda moment_s: _offset_s(zone, moment_s) == offset_s, start_s, now_s)
    if _offset_s(zone, end_s - 1) != offset_s:
        end_s = _first(lambda moment_s: _offset_s(zone, moment_s) != offset_s, now_s, end_s - 1)
    return start_s, end_s


def _offset_s(zone: tzinfo, moment_s: int) -> int:
    return _moment(_wall(zone, moment_s).replace(tzinfo=timezone.utc)) - moment_s


def _wall(zone: tzinfo, moment_s: int) -> datetime:
    """What a clock on the wall shows."""
    return (_EPOCH + timedelta(seconds=moment_s)).astimezone(zone).replace(tzinfo=None, fold=0)


def _moment(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(seconds=1)


def _first(is_so: Callable[[int], bool], before_s: int, after_s: int) -> int:
    """The first second at which something is so that was not so at `before_s` and is at `after_s`."""
    while after_s - before_s > 1:
        middle_s = (before_s + after_s) // 2
        before_s, after_s = (before_s, middle_s) if is_so(middle_s) else (middle_s, after_s)
    return after_s
