"""Every recorded answer is read as its wire counts it, without any client library, whole and in pieces.

The recordings are not part of the repository: their folder is named by OTEL_TOKENS_RECORDINGS, and without it
the tests are skipped.
"""

from __future__ import annotations

import random
import zlib

from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest

from otel_tokens.dialects import exchange
from otel_tokens.dialects.dialect import Dialect
from otel_tokens.dialects.fields import parsed
from otel_tokens.dialects.wire import DONE, splitter
from otel_tokens.readings import Reading

from ..dialects.test_laws import sound_reading
from .wires import FOLDER, NOT_USAGE, Wire, dialect_of, every, problems, read


WIRES: dict[str, list[Wire]] = defaultdict(list)
for _wire in every() if FOLDER.is_dir() else ():
    WIRES[_wire.api].append(_wire)

pytestmark = pytest.mark.skipif(
    not WIRES, reason=f"no recordings in {FOLDER}; OTEL_TOKENS_RECORDINGS names their folder"
)

SHOWN = 12
ERROR = 400
MUTATIONS = 12
"""Of each recording."""
ODD: tuple[Any, ...] = (None, True, -1, 0, 7, 2.5, 3.0, 10**30, float("inf"), "", "12", [], {}, [[]], [{}])

each_api = pytest.mark.parametrize("api", sorted(WIRES))


@each_api
def test_every_answer_is_read_as_its_wire_counts(api: str) -> None:
    """Tokens, caches, reasoning, audio, model, finish reasons and tier are what the wire says."""
    found = [f"{wire.id}: {line}" for wire in WIRES[api] for line in problems(wire)]
    shown = "\n".join(found[:SHOWN])
    assert not found, f"{len(found)} of {len(WIRES[api])}:\n{shown}"


@each_api
def test_a_stream_is_read_the_same_in_any_pieces(api: str) -> None:
    """Where the bytes of a stream are cut decides nothing."""
    for wire in WIRES[api]:
        dialect = dialect_of(wire)
        split = splitter(wire.headers.get("content-type", ""))
        if dialect is None or dialect.events is None or split is None or wire.status >= ERROR:
            continue
        chance = _chance(wire)
        events, rest = [], wire.answer
        while rest:
            size = chance.choice([1, 7, 100, 4000])
            events += split.feed(rest[:size])
            rest = rest[size:]
        reading = dialect.read(exchange.folded(dialect, [*events, *split.rest()]))
        assert reading.usage == _whole(wire, dialect).usage, wire.id


@each_api
def test_a_stream_may_end_anywhere(api: str) -> None:
    """A stream that is cut after any event is read to sound counts, and whole to what the wire says."""
    for wire in WIRES[api]:
        dialect = dialect_of(wire)
        events = _events(wire, dialect)
        if dialect is None or not events:
            continue
        assert dialect.read(exchange.folded(dialect, events)).usage == _whole(wire, dialect).usage
        step = max(1, len(events) // 20)
        for end in range(0, len(events), step):
            reading = dialect.read(exchange.folded(dialect, events[:end]))
            sound_reading(reading)


@each_api
def test_whatever_an_answer_holds_a_reading_comes_out(api: str) -> None:
    """A recorded answer with odd values in any place is read to sound counts, without an exception."""
    for wire in WIRES[api]:
        dialect = dialect_of(wire)
        if dialect is None or wire.status >= ERROR:
            continue
        chance = _chance(wire)
        events = _events(wire, dialect)
        good = events or parsed(wire.answer.strip())
        for _ in range(MUTATIONS):
            odd = _mutated(good, chance)
            body = exchange.folded(dialect, odd if isinstance(odd, list) else [odd]) if events else odd
            sound_reading(dialect.read(body))
            assert all(isinstance(piece, str) for piece in dialect.answer(body))


@each_api
def test_broken_bytes_are_read(api: str) -> None:
    """Bytes that were cut, turned around or overwritten are read to sound counts, without an exception."""
    for wire in WIRES[api]:
        dialect = dialect_of(wire)
        if dialect is None:
            continue
        chance = _chance(wire)
        for _ in range(3):
            sound_reading(exchange.read(dialect, _broken(wire.answer, chance), wire.headers))


@each_api
def test_the_request_is_looked_at(api: str) -> None:
    """What a recorded request asks for, orders and says is read without an exception."""
    for wire in WIRES[api]:
        dialect = dialect_of(wire)
        if dialect is None:
            continue
        dialect.asked(wire.request)
        dialect.order(wire.request)
        assert all(isinstance(piece, str) for piece in dialect.prompt(wire.request))


def test_only_what_is_there_is_excepted() -> None:
    """Every exception is about a recording that there is, where the recordings are the known ones."""
    ids = {wire.id for wires in WIRES.values() for wire in wires}
    if len(ids) < 1769:
        pytest.skip("other recordings than those that the exceptions were found in")
    assert set(NOT_USAGE) <= ids


def _chance(wire: Wire) -> random.Random:
    """The same dice at every run."""
    return random.Random(zlib.crc32(wire.id.encode()))  # noqa: S311


def _events(wire: Wire, dialect: Dialect | None) -> list[Any]:
    split = splitter(wire.headers.get("content-type", ""))
    if dialect is None or dialect.events is None or wire.status >= ERROR:
        return []
    if split is None:
        body = parsed(wire.answer.strip())
        return body if isinstance(body, list) else []
    return [event for event in (*split.feed(wire.answer), *split.rest()) if event is not DONE]


def _only_type(wire: Wire) -> dict[str, str]:
    return {"content-type": wire.headers.get("content-type", "")}


def _whole(wire: Wire, dialect: Dialect) -> Reading:
    return read(replace(wire, headers=_only_type(wire)), dialect)


def _mutated(value: Any, chance: random.Random) -> Any:
    """A copy with one to three odd values in it, or with a piece gone."""
    for _ in range(chance.randint(1, 3)):
        value = _put(value, chance)
    return value


def _put(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict) and value and chance.random() < 0.93:
        # Counts are what matters, so they are found more often than texts.
        names = [name for name in value if "sage" in name or "oken" in name] or list(value)
        name = chance.choice(names if chance.random() < 0.5 else list(value))
        if chance.random() < 0.05:
            return {key: inner for key, inner in value.items() if key != name}
        return {**value, name: _put(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.93:
        place = len(value) - 1 if chance.random() < 0.5 else chance.randrange(len(value))
        return [_put(inner, chance) if at == place else inner for at, inner in enumerate(value)]
    return chance.choice(ODD)


def _broken(answer: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(answer) + 1) for _ in range(2))
    kind = chance.randrange(3)
    if kind == 0:
        return answer[:end]
    if kind == 1:
        return answer[:start] + chance.randbytes(min(20, end - start)) + answer[end:]
    return answer[end:] + answer[:start]
