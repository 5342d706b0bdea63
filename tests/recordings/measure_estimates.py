"""Measures how far estimates are from what providers have stated, and writes the table of docs/estimates.md.

    TIKTOKEN_CACHE_DIR=... python -m tests.recordings.measure_estimates [--check | --all | --worst FAMILY]

The factors of `otel_tokens/tokenizers/families.py` come from one half of the recordings, the table from the
other: which half one is in is told by a checksum of its id. `--all` prints the table of both halves,
`--worst` the exchanges of a family that are estimated worst, and `--check` fails when the table is not that
of the recordings; where there are no recordings, or no vocabularies, nothing is checked.
"""

from __future__ import annotations

import os
import sys
import zlib

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final, NamedTuple

from otel_tokens.dialects import exchange
from otel_tokens.dialects.catalog import find
from otel_tokens.dialects.dialect import Dialect
from otel_tokens.dialects.pieces import calls_of
from otel_tokens.dialects.weight import weigh
from otel_tokens.estimates import prompt_of
from otel_tokens.readings import NOTHING
from otel_tokens.tokenizers import Estimator
from otel_tokens.tokenizers.families import family_of

from .wires import FOLDER, Wire, every


PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "estimates.md"
BEGIN: Final = "<!-- measured: begin -->\n"
END: Final = "<!-- measured: end -->\n"
VOCABULARIES: Final = os.environ.get("TIKTOKEN_CACHE_DIR")
FEWEST: Final = 3
"""Exchanges of which a family has a row of its own."""


class Side(NamedTuple):
    """What was stated of a prompt or an answer, and three estimates of it."""

    stated: int
    bytes: int
    rule: int
    vocabulary: int
    at_least: tuple[int, int] = (0, 0)
    """By the rule, and by a vocabulary."""


class Measured(NamedTuple):
    """An exchange, with the sides that can be compared."""

    id: str
    family: str
    put: Side | None
    got: Side | None


def measured(wires: Iterable[Wire]) -> Iterator[Measured]:
    """The exchanges that state their usage, and can be read."""
    folder = None if VOCABULARIES is None else Path(VOCABULARIES)
    rule, vocabulary = Estimator(None), Estimator(folder)
    for wire in wires:
        found = find(wire.method, wire.url)
        if found is None or not wire.expected["has_usage"] or not isinstance(wire.request, dict):
            continue
        dialect = found.dialect
        headers = {name.lower(): value for name, value in wire.headers.items()}
        body = exchange.body_of(dialect, wire.answer, headers.get("content-type", ""))
        model = dialect.read(body).model or found.model or wire.request.get("model") or ""
        stated = dialect.read(body).usage or NOTHING
        put = _put(wire, dialect, str(model), stated.input_tokens, rule, vocabulary)
        got = _got(wire, dialect, body, str(model), stated.output_tokens, rule, vocabulary)
        if put or got:
            yield Measured(wire.id, family_of(str(model).lower()).name, put, got)


def _put(
    wire: Wire, dialect: Dialect, model: str, stated: int, rule: Estimator, vocabulary: Estimator
) -> Side | None:
    """The prompt; None where some of it is not in the request."""
    order, weight = dialect.order(wire.request), weigh(wire.request)
    if not stated or order.hidden or weight.hidden or order.earlier is not None:
        return None
    if not any(dialect.prompt(wire.request)):
        return None
    by_rule, by_vocabulary = [
        prompt_of(dialect, wire.request, estimator, model).input_tokens for estimator in (rule, vocabulary)
    ]
    return Side(stated, _by_bytes(dialect.prompt(wire.request)), by_rule, by_vocabulary)


def _got(
    wire: Wire, dialect: Dialect, body: Any, model: str, stated: int, rule: Estimator, vocabulary: Estimator
) -> Side | None:
    """The answer; None where it has no text, or reasoning that may not be in it, or audio or images."""
    expected, texts = wire.expected, list(dialect.answer(body))
    if not stated or not "".join(texts):
        return None
    if expected.get("reasoning") or expected.get("audio_out") or expected.get("image_out"):
        return None
    by_rule, by_vocabulary = [
        estimator.answer(texts, model, calls=calls_of(body)) for estimator in (rule, vocabulary)
    ]
    low = rule.at_least(texts, model), vocabulary.at_least(texts, model)
    return Side(stated, _by_bytes(texts), by_rule, by_vocabulary, low)


def _by_bytes(texts: Iterable[str]) -> int:
    """A token for 4 bytes, which is what most programs take."""
    return len("".join(texts).encode("utf-8", "surrogatepass")) // 4


def is_second(identifier: str) -> bool:
    """Whether an exchange is of the half that nothing was fitted to."""
    return zlib.crc32(identifier.encode()) % 2 == 1


def table(rows: Sequence[Measured]) -> str:
    """The table of errors."""
    lines = []
    for title, side in (("Prompts", lambda row: row.put), ("Answers", lambda row: row.got)):
        lines += ["", f"### {title}", "", *_side(rows, side)]
    return "\n".join([*lines, ""])


def _side(rows: Sequence[Measured], side: Callable[[Measured], Side | None]) -> Iterator[str]:
    yield "| family | exchanges | bytes / 4 | by the rule | with a vocabulary |"
    yield "| --- | ---: | --- | --- | --- |"
    by: dict[str, list[Side]] = {}
    for row in rows:
        if (found := side(row)) is not None:
            by.setdefault(row.family, []).append(found)
    few = [found for sides in by.values() if len(sides) < FEWEST for found in sides]
    kept = {name: sides for name, sides in sorted(by.items()) if len(sides) >= FEWEST}
    for name, sides in (
        *kept.items(),
        ("families with fewer", few),
        ("all", list(chain.from_iterable(by.values()))),
    ):
        if len(sides) >= FEWEST:
            yield (
                f"| {name} | {len(sides)} | "
                + " | ".join(
                    [_error([getattr(found, how) / found.stated - 1 for found in sides]) for how in _HOWS]
                )
                + " |"
            )


_HOWS: Final = ("bytes", "rule", "vocabulary")


def _error(errors: Sequence[float]) -> str:
    """Median, 90th percentile, and bias: the median with its sign."""
    sizes = sorted(map(abs, errors))
    tenth = quantiles(sizes, n=10, method="inclusive")[-1]
    return f"{median(sizes):.0%}, {tenth:.0%}, {median(errors):+.0%}"


def above(rows: Sequence[Measured]) -> list[str]:
    """The answers whose lower bound is above what was stated, a line each."""
    return [
        f"{row.id}: {row.got.stated} stated, at least {row.got.at_least}"
        for row in rows
        if row.got is not None and max(row.got.at_least) > row.got.stated
    ]


def worst(rows: Sequence[Measured], family: str) -> list[str]:
    """The exchanges of a family, the worst first."""
    lines = []
    for row in rows:
        for name, side in (("prompt", row.put), ("answer", row.got)):
            if side is not None and row.family == family:
                error = side.vocabulary / side.stated - 1
                lines.append((abs(error), f"{error:+.0%} {name} {row.id}: {side}"))
    return [line for _, line in sorted(lines, reverse=True)]


def main(arguments: list[str]) -> int:
    """Write the table, or check it."""
    if not FOLDER.is_dir() or VOCABULARIES is None:
        print("no recordings, or TIKTOKEN_CACHE_DIR names no vocabularies: nothing was measured")  # noqa: T201
        return 0
    rows = list(measured(every()))
    if arguments[:1] == ["--worst"]:
        print("\n".join(worst(rows, arguments[1])))  # noqa: T201
        return 0
    second = [row for row in rows if is_second(row.id)]
    found = table(rows if arguments == ["--all"] else second) + bounds(rows)
    if arguments == ["--all"]:
        print(found, *above(rows), sep="\n")  # noqa: T201
        return 0
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    old, _, after = rest.partition(END)
    if arguments == ["--check"]:
        print("up to date" if old == found else f"{PAGE.name} is stale: run this without --check")  # noqa: T201
        return int(old != found)
    PAGE.write_text(before + BEGIN + found + END + after, "utf-8")
    return 0


def bounds(rows: Sequence[Measured]) -> str:
    """How many answers had no less than their lower bound."""
    answers = [row.got for row in rows if row.got is not None]
    kept = [sum([side.at_least[index] <= side.stated for side in answers]) / len(answers) for index in (0, 1)]
    return (
        f"\nOf {len(answers)} whole answers, {kept[0]:.1%} have at least the lower bound by the rule, "
        f"and {kept[1]:.1%} with a vocabulary.\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
