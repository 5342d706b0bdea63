"""Calendar windows: they tile time in every zone, and begin when people there say that they do."""

from __future__ import annotations

import timeit
import zoneinfo

from collections.abc import Iterator
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.budgets import windows
from otel_tokens.budgets.budget import CALENDAR
from otel_tokens.budgets.windows import zone_of
from otel_tokens.errors import ConfigError


ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/St_Johns", "America/Toronto",
    "America/Havana", "Africa/Cairo", "Africa/Monrovia", "Africa/Casablanca", "Asia/Kathmandu", "Asia/Tehran",
    "Asia/Beirut", "Asia/Manila", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kwajalein", "Europe/Dublin",
    "America/Juneau", "Antarctica/Troll", "Pacific/Chatham", "Etc/GMT+12",
]  # fmt: skip
CHANGES = [
    1540695600,  # 2018-10-28 01:00 UTC, Europe
    1541300400,  # 2018-11-04 03:00 UTC, Sao Paulo skips midnight
    1550368800,  # 2019-02-17 02:00 UTC, Sao Paulo repeats an hour before midnight
    1325239200,  # 2011-12-30 10:00 UTC, Samoa skips a day
    1143862260,  # 2006-04-02 03:31 UTC, Newfoundland, a minute past midnight
    1162089060,  # 2006-10-29 02:31 UTC, and back to the day before
    1554562800,  # 2019-04-06 15:00 UTC, Lord Howe by half an hour
    1570289400,  # 2019-10-05 15:30 UTC
    -1601753400,  # 1919-03-31 04:30 UTC, Toronto skips midnight from half past eleven
    745934400,  # 1993-08-21 12:00 UTC, Kwajalein skips a day
]
LENGTHS_S = {"minute": 60, "hour": 3600}
moments = st.one_of(
    st.integers(-(2**31), 2**32),
    st.builds(int.__add__, st.sampled_from(CHANGES), st.integers(-90_000, 90_000)),
)


def window_at(window: str, zone: str, now_s: float) -> tuple[int, int]:
    """A window, found anew."""
    windows._found.clear()
    return windows.window_at(window, zone, now_s)


def at(text: str, zone: str = "UTC", fold: int = 0) -> int:
    """Unix seconds of what a clock in a zone shows."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp())


def utc(seconds: int) -> str:
    """What a clock in UTC shows."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


@given(moments, st.sampled_from(CALENDAR), st.sampled_from(ZONES))
def test_windows_tile_time(now_s: int, window: str, zone: str) -> None:
    """A window has the moment in it, the next one begins where it ends, and both ends agree on what it is."""
    start_s, end_s = window_at(window, zone, now_s)

    assert start_s <= now_s < end_s
    assert window_at(window, zone, end_s)[0] == end_s
    assert window_at(window, zone, start_s - 1)[1] == start_s
    assert window_at(window, zone, start_s) == window_at(window, zone, end_s - 1) == (start_s, end_s)


@given(moments, st.sampled_from(sorted(LENGTHS_S)), st.sampled_from(ZONES))
def test_hours_and_minutes_are_never_too_long(now_s: int, window: str, zone: str) -> None:
    """An hour or a minute is never longer than that, and never reaches into another day."""
    start_s, end_s = window_at(window, zone, now_s)
    day_start_s, day_end_s = window_at("day", zone, now_s)

    assert end_s - start_s <= LENGTHS_S[window]
    assert day_start_s <= start_s
    assert end_s <= day_end_s


@given(moments, st.sampled_from(CALENDAR), st.sampled_from(ZONES), st.floats(0, 0.999))
def test_parts_of_seconds_change_nothing(now_s: int, window: str, zone: str, part: float) -> None:
    """A window of a moment within a second is that of the second."""
    assert window_at(window, zone, now_s + part) == window_at(window, zone, now_s)


@pytest.mark.parametrize(
    ("window", "now", "start", "end"),
    [
        ("minute", "2026-11-24 09:42:07", "2026-11-24 09:42:00", "2026-11-24 09:43:00"),
        ("hour", "2026-11-24 09:42:07", "2026-11-24 09:00:00", "2026-11-24 10:00:00"),
        ("day", "2026-11-24 09:42:07", "2026-11-24 00:00:00", "2026-11-25 00:00:00"),
        ("week", "2026-11-24 09:42:07", "2026-11-23 00:00:00", "2026-11-30 00:00:00"),
        ("week", "2026-11-23 00:00:00", "2026-11-23 00:00:00", "2026-11-30 00:00:00"),
        ("week", "2027-01-01 12:00:00", "2026-12-28 00:00:00", "2027-01-04 00:00:00"),
        ("month", "2026-11-24 09:42:07", "2026-11-01 00:00:00", "2026-12-01 00:00:00"),
        ("month", "2028-02-29 23:59:59", "2028-02-01 00:00:00", "2028-03-01 00:00:00"),
        ("month", "2027-02-28 23:59:59", "2027-02-01 00:00:00", "2027-03-01 00:00:00"),
        ("month", "2026-12-31 23:59:59", "2026-12-01 00:00:00", "2027-01-01 00:00:00"),
        ("day", "2028-02-29 00:00:00", "2028-02-29 00:00:00", "2028-03-01 00:00:00"),
        ("day", "2028-02-28 00:00:00", "2028-02-28 00:00:00", "2028-02-29 00:00:00"),
    ],
)
def test_windows_of_utc(window: str, now: str, start: str, end: str) -> None:
    """In UTC windows are what a calendar says; weeks begin on Monday."""
    assert window_at(window, "UTC", at(now)) == (at(start), at(end))


@pytest.mark.parametrize(
    ("zone", "now", "start", "hours"),
    [
        ("Europe/Berlin", "2026-03-29 12:00", "2026-03-28 23:00:00", 23),
        ("Europe/Berlin", "2026-10-25 12:00", "2026-10-24 22:00:00", 25),
        ("America/Sao_Paulo", "2018-11-04 12:00", "2018-11-04 03:00:00", 23),  # begins at 01:00
        ("America/Sao_Paulo", "2019-02-16 12:00", "2019-02-16 02:00:00", 25),  # its last hour is twice
        ("Africa/Cairo", "2023-04-28 12:00", "2023-04-27 22:00:00", 23),  # begins at 01:00
        ("Africa/Cairo", "2023-10-26 12:00", "2023-10-25 21:00:00", 25),
        ("Asia/Kathmandu", "2026-11-24 12:00", "2026-11-23 18:15:00", 24),
        ("Australia/Lord_Howe", "2026-04-05 12:00", "2026-04-04 13:00:00", 24.5),
        ("Australia/Lord_Howe", "2026-10-04 12:00", "2026-10-03 13:30:00", 23.5),
        ("America/Toronto", "1919-03-31 12:00", "1919-03-31 04:30:00", 23.5),  # begins at 00:30
        ("America/Havana", "2026-11-01 12:00", "2026-11-01 04:00:00", 25),  # at the first of two midnights
        ("America/St_Johns", "2006-10-29 12:00", "2006-10-29 02:30:00", 25),
        ("Pacific/Apia", "2011-12-29 12:00", "2011-12-29 10:00:00", 24),
        ("Pacific/Apia", "2011-12-31 12:00", "2011-12-30 10:00:00", 24),
    ],
)
def test_days_where_clocks_change(zone: str, now: str, start: str, hours: float) -> None:
    """A day lasts from its first midnight, or where there is none its first moment, to that of the next."""
    start_s, end_s = window_at("day", zone, at(now, zone))

    assert utc(start_s) == start
    assert (end_s - start_s) / 3600 == hours


def test_a_day_that_has_begun_does_not_end_for_a_clock_that_goes_back() -> None:
    """Where clocks go back from a minute past midnight, the hour before it counts for the new day."""
    again = at("2006-10-28 23:30", "America/St_Johns", fold=1)

    start_s, end_s = window_at("day", "America/St_Johns", again)

    assert utc(start_s) == "2006-10-29 02:30:00"
    assert start_s < again < end_s


def test_an_hour_that_comes_twice_is_two_windows() -> None:
    """When a clock shows an hour twice, each time is a window of an hour."""
    first = window_at("hour", "Europe/Berlin", at("2026-10-25 02:30", "Europe/Berlin"))
    second = window_at("hour", "Europe/Berlin", at("2026-10-25 02:30", "Europe/Berlin", fold=1))

    assert first[1] == second[0]
    assert [first[1] - first[0], second[1] - second[0]] == [3600, 3600]


def test_hours_begin_anew_when_a_clock_is_set_by_half_an_hour() -> None:
    """On Lord Howe there is one hour of thirty minutes at each change."""
    back = window_at("hour", "Australia/Lord_Howe", at("2026-04-05 01:45", "Australia/Lord_Howe", fold=1))
    forth = window_at("hour", "Australia/Lord_Howe", at("2026-10-04 02:45", "Australia/Lord_Howe"))

    assert [utc(second) for second in back] == ["2026-04-04 15:00:00", "2026-04-04 15:30:00"]
    assert [utc(second) for second in forth] == ["2026-10-03 15:30:00", "2026-10-03 16:00:00"]


def test_an_hour_ends_when_a_clock_is_set_in_it() -> None:
    """Clocks in Toronto that went from 23:30 to 00:30 cut that hour."""
    now = at("1919-03-30 23:10", "America/Toronto")
    assert [utc(second) for second in window_at("hour", "America/Toronto", now)] == [
        "1919-03-31 04:00:00",
        "1919-03-31 04:30:00",
    ]


def test_hours_of_a_zone_that_is_off_by_a_quarter() -> None:
    """An hour in Kathmandu begins when it does there."""
    start_s, _ = window_at("hour", "Asia/Kathmandu", at("2026-11-24 12:00"))
    assert utc(start_s) == "2026-11-24 11:15:00"


@pytest.mark.parametrize("window", ["total", "trace", "session"])
def test_windows_without_a_clock(window: str) -> None:
    """What does not end by the clock has no ends."""
    assert window_at(window, "UTC", 1e9) == (0, 0)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "America", "../etc/passwd", "/etc/localtime", "", "a\0b"])
def test_zones_that_are_none(zone: str) -> None:
    """A time zone that there is not is refused by name."""
    with pytest.raises(ConfigError, match="not a time zone; expected UTC, or a name such as"):
        window_at("day", zone, 1e9)


@pytest.fixture
def _no_zones() -> Iterator[None]:
    zoneinfo.reset_tzpath([])
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


@pytest.mark.usefixtures("_no_zones")
def test_a_machine_without_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no zones and no tzdata, UTC works and all else is refused with the remedy."""
    monkeypatch.setitem(__import__("sys").modules, "tzdata", None)

    assert zone_of("UTC") is timezone.utc
    with pytest.raises(ConfigError, match=r"'Europe/Berlin': this machine has no data .*pip install tzdata"):
        zone_of("Europe/Berlin")


def test_a_window_is_found_again_until_it_ends() -> None:
    """What is remembered of a window ends with it, on both sides, and is kept apart by zone and kind."""
    start_s, end_s = windows.window_at("day", "Europe/Berlin", 1e9)

    assert windows.window_at("day", "Europe/Berlin", end_s - 0.001) == (start_s, end_s)
    assert windows.window_at("day", "Europe/Berlin", end_s)[0] == end_s
    assert windows.window_at("day", "Europe/Berlin", start_s - 0.001)[1] == start_s
    assert windows.window_at("day", "UTC", start_s)[0] != start_s
    assert windows.window_at("hour", "Europe/Berlin", start_s) == (start_s, start_s + 3600)


def test_the_same_window_is_found_quickly() -> None:
    """Asking again within a window takes less than 0.5 µs, ten times that on a busy machine."""
    windows.window_at("day", "Europe/Berlin", 1e9)
    seconds = min(
        timeit.repeat(lambda: windows.window_at("day", "Europe/Berlin", 1e9), number=1000, repeat=5)
    )
    assert seconds / 1000 < 5e-6
