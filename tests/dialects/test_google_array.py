"""Objects in a JSON array that arrives in pieces: wherever it is cut, whatever else is in it."""

from __future__ import annotations

import json
import time

from itertools import pairwise
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.dialects.google_array import JsonArray

from . import strategies as make


def split(whole: bytes, *cuts: int, limit: int = 1 << 20) -> list[Any]:
    """The events in bytes that come cut at `cuts`."""
    splitter = JsonArray(limit)
    events: list[Any] = []
    places = [0, *sorted(cuts), len(whole)]
    for start, end in pairwise(places):
        events += splitter.feed(whole[start:end])
    return [*events, *splitter.rest()]


HARD = [{"a": '"]}[{\\'}, {"b": [1, {"c": "\\\\"}]}, {"d": "ä\n"}]


def test_every_cut_of_an_array() -> None:
    """Braces and quotes in strings are no marks, wherever the bytes are cut."""
    whole = json.dumps(HARD, ensure_ascii=False, indent=1).encode()
    for at in range(len(whole) + 1):
        assert split(whole, at) == HARD
    assert split(whole, *range(len(whole))) == HARD


def test_an_event_comes_with_its_last_byte() -> None:
    """An object is an event as soon as it is whole, before the array ends."""
    splitter = JsonArray()
    assert list(splitter.feed(b'[{"a": 1')) == []
    assert list(splitter.feed(b"}")) == [{"a": 1}]
    assert list(splitter.feed(b',\n{"b": 2}, {"c"')) == [{"b": 2}]


@pytest.mark.parametrize(
    ("whole", "wanted"),
    [
        (b"", []),
        (b"[]", []),
        (b'{"a": 1}', [{"a": 1}]),
        (b'{"a": 1}\n{"b": 2}', [{"a": 1}, {"b": 2}]),
        (b'[1, "x]", null, {"a": 1}]', [{"a": 1}]),
        (b'[[{"a": 1}], {"b": 2}]', [[{"a": 1}], {"b": 2}]),
        (b'[{"a": 1}][{"b": 2}]', [{"a": 1}, {"b": 2}]),
        (b'oops " ] } [{"a": 1}] tail', [{"a": 1}]),
        (b'[{"a": oops}, {"b": 2}]', [{"b": 2}]),
        (b'[{"a": 1}, {"b": ', [{"a": 1}]),
    ],
)
def test_what_is_no_object_is_passed_over(whole: bytes, wanted: list[Any]) -> None:
    """Only whole objects are events."""
    assert split(whole) == wanted


def test_an_object_that_is_too_large_is_dropped() -> None:
    """No more is kept than the limit, and the objects after a large one are found."""
    whole = json.dumps([{"a": "x" * 500}, {"b": 1}]).encode()
    assert split(whole, limit=100) == [{"b": 1}]
    assert split(whole, *range(0, len(whole), 10), limit=100) == [{"b": 1}]


@given(events=st.lists(st.dictionaries(st.text(max_size=3), make.json_values, max_size=3)), data=st.data())
def test_any_objects_come_back(events: list[Any], data: st.DataObject) -> None:
    """Whatever objects an array has, they come back from any pieces of it."""
    whole = json.dumps(events).encode()
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=5))
    assert json.dumps(split(whole, *cuts)) == json.dumps(events)


@given(pieces=st.lists(st.binary(max_size=20) | st.sampled_from([b"[", b"{", b'"', b"\\", b"}", b"]"])))
def test_any_bytes_are_fed(pieces: list[bytes]) -> None:
    """Whatever bytes come, none of them is an error."""
    splitter = JsonArray(64)
    for piece in pieces:
        list(splitter.feed(piece))
    assert list(splitter.rest()) == []


def test_the_time_is_linear() -> None:
    """Ten times the bytes in small pieces take about ten times as long, not a hundred times."""

    def seconds(count: int) -> float:
        whole = b'[{"a": "' + b"x" * count + b'"}]'
        splitter = JsonArray()
        start = time.perf_counter()
        for at in range(0, len(whole), 100):
            list(splitter.feed(whole[at : at + 100]))
        return time.perf_counter() - start

    seconds(100_000)
    assert min(seconds(2_000_000) for _ in range(2)) < 60 * max(seconds(200_000) for _ in range(3))
