"""Usage of formats that state what went in and what came out, and little else.

Counting: input and output lie side by side; a cached part, where there is one, is inside the input, and
reasoning is inside the output. What is absent is unknown: an output without an input leaves the warning
`input_unknown`, because nobody pays for an answer to nothing.

Source: what the dialects that use it name in their heads.
"""

from __future__ import annotations

from typing import Any, Final

from ..readings import CACHE_READ, INPUT, OUTPUT, OUTPUT_REASONING, Usage, add
from .fields import Counts, nonzero


INPUT_UNKNOWN: Final = "input_unknown"
"""The warning for an answer that states its output alone."""


def counted(
    counts: Counts, put: int | None, got: int | None, *, cached: int = 0, reasoning: int = 0
) -> Usage | None:
    """The usage of an input and an output; None where the wire states neither."""
    if put is None and got is None:
        return None
    if put is None:
        counts.warn(INPUT_UNKNOWN)
    tokens = nonzero(
        [
            (INPUT, (put or 0) - cached),
            (CACHE_READ, cached),
            (OUTPUT, (got or 0) - reasoning),
            (OUTPUT_REASONING, reasoning),
        ]
    )
    return Usage(tokens)


def input_alone(put: int | None) -> Usage | None:
    """The usage of what has no output, such as embeddings."""
    return None if put is None else Usage(nonzero([(INPUT, put)]))


def summed(usages: list[Usage | None]) -> Usage | None:
    """The usage of several answers in one body; None where none states any."""
    total: Usage | None = None
    for usage in usages:
        if usage is not None:
            total = usage if total is None else add(total, usage)
    return total


def overlay(kept: dict[str, Any], fields: dict[str, Any], names: frozenset[str]) -> None:
    """The newer values under `names` over the older ones; what is missing keeps its last value."""
    for name in names.intersection(fields):
        if fields[name] is not None:
            kept[name] = fields[name]
