"""Whatever a usage object is made to say: the buckets are the provider's own total, or there is a warning."""

from __future__ import annotations

import copy

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from otel_tokens.dialects import Dialect, exchange
from otel_tokens.dialects.fields import dig
from otel_tokens.readings import Reading

from ..recordings import wires
from .every import ANSWERS, EVERY, STREAMS


TOTALS = (("usage", "total_tokens"), ("usageMetadata", "totalTokenCount"), ("usage", "totalTokens"))
"""Where protocols state the sum of all tokens."""
OTHERWISE: Mapping[str, str] = {
    "mistral.transcription": "bills audio by the second, and its total has the tokens of the audio",
    "rerank": "Cohere bills search units, whatever stands beside them",
}
"""Dialects whose total is no sum of what is billed, each with the reason."""
SAMPLE = 150
"""Recordings whose numbers are changed one by one."""
ERROR = 400
NAMED = frozenset({"usage", "usageMetadata"})


def total_of(body: Any) -> int | None:
    """The total that a body states."""
    return next((total for path in TOTALS if type(total := dig(body, *path)) is int), None)


def numbers(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], int]]:
    """Every integer in a value, and where it stands."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from numbers(value, (*at, name))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from numbers(value, (*at, index))
    elif type(node) is int:
        yield at, node


def changed(body: Any, at: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at a place."""
    again = copy.deepcopy(body)
    node = again
    for name in at[:-1]:
        node = node[name]
    node[at[-1]] = value
    return again


def adds_up(reading: Reading, total: int) -> bool:
    """Whether the buckets are the total, with or without what was used at other models."""
    if reading.usage is None or reading.warnings:
        return True
    own = sum(reading.usage.tokens.values())
    return total in (own, own + sum(sum(part.usage.tokens.values()) for part in reading.parts))


def check(dialect: Dialect, body: Any) -> None:
    """The law, for a body as it is, and with every number of its usage made another one."""
    total = total_of(body)
    if total is None or dialect.name in OTHERWISE:
        return
    stated = {name: body[name] for name in sorted(NAMED) if name in body}
    assert adds_up(dialect.read(body), total), stated
    for at, number in numbers(stated):
        for value in (0, 1, number * 2 + 7, max(0, number - 1), -1, 2**41, None):
            again = changed(body, at, value)
            if (total := total_of(again)) is not None:
                assert adds_up(dialect.read(again), total), (at, value, stated)


@pytest.mark.parametrize("dialect", EVERY, ids=[f"{one.name}-{one.operation}" for one in EVERY])
def test_the_buckets_are_the_total(dialect: Dialect) -> None:
    """Of every example, whole and streamed, and of what becomes of it when one number is wrong."""
    check(dialect, ANSWERS[dialect.name])
    if dialect.events is not None:
        check(dialect, exchange.folded(dialect, STREAMS[dialect.name]))


@pytest.mark.skipif(not wires.FOLDER.is_dir(), reason="no recordings; OTEL_TOKENS_RECORDINGS names them")
def test_the_buckets_of_recordings_are_the_total() -> None:
    """Of every recorded answer, and of a sample of them with one number that is wrong."""
    seen = 0
    for wire in wires.every():
        dialect = wires.dialect_of(wire)
        if dialect is None or wire.status >= ERROR or dialect.name in OTHERWISE:
            continue
        body = exchange.body_of(dialect, wire.answer, wire.headers.get("content-type", ""))
        if (total := total_of(body)) is None:
            continue
        seen += 1
        assert adds_up(dialect.read(body), total), wire.id
        if seen % (1000 // SAMPLE) == 0 and isinstance(body, dict):
            check(dialect, body)
    assert seen > SAMPLE
