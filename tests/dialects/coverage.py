"""Which protocol states what: the table of docs/coverage.md, made from the examples that the tests read.

    python -m tests.dialects.coverage [--check]

writes it, or says whether it is up to date. With the recordings at hand (OTEL_TOKENS_RECORDINGS) the numbers
of replayed answers are made anew too; without them they stay as they are.
"""

from __future__ import annotations

import re
import sys

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from otel_tokens.dialects import Dialect, exchange
from otel_tokens.dialects.catalog import DIALECTS
from otel_tokens.pricing.catalog import Catalog, shipped
from otel_tokens.pricing.rows import Model, Row
from otel_tokens.pricing.sellers import LOCAL
from otel_tokens.providers import HOSTS, SUFFIXES
from otel_tokens.readings import CACHE_READ_BUCKETS, CACHE_WRITE_BUCKETS, NOTHING, Reading

from ..recordings import wires
from .every import ANSWERS, STREAMS, request_of


PAGE = Path(__file__).resolve().parents[2] / "docs" / "coverage.md"

EXACT = "exact"

FEATURES: Mapping[str, frozenset[str]] = {
    "cache read": CACHE_READ_BUCKETS,
    "cache write": CACHE_WRITE_BUCKETS,
    "reasoning": frozenset({"output_reasoning"}),
    "audio": frozenset({"input_audio", "cache_read_audio", "output_audio"}),
    "images": frozenset({"input_image", "cache_read_image", "output_image"}),
    "video": frozenset({"input_video", "cache_read_video", "output_video"}),
    "tool input": frozenset({"input_tool"}),
}
"""Feature to the buckets that show it."""


def readings(dialect: Dialect) -> Iterator[Reading]:
    """What is read of the examples of a dialect."""
    yield dialect.read(ANSWERS[dialect.name])
    if dialect.events is not None and dialect.name in STREAMS:
        yield dialect.read(exchange.folded(dialect, STREAMS[dialect.name]))


def row_of(dialect: Dialect) -> list[str]:
    """The cells of a dialect."""
    found = list(readings(dialect))
    usages = [reading.usage or NOTHING for reading in found]
    usages += [part.usage for reading in found for part in reading.parts]
    tokens = {bucket for usage in usages for bucket in usage.tokens}
    units = {unit for usage in usages for unit in usage.units}
    units |= set((dialect.units(request_of(dialect)) or NOTHING).units)
    marks = [EXACT if buckets & tokens else "" for buckets in FEATURES.values()]
    return [
        f"`{dialect.name}`" + ("" if dialect.operation in _COMMON else f" {dialect.operation}"),
        EXACT if tokens or units else "",
        *marks,
        ", ".join(sorted(units)),
        EXACT if any(reading.service_tier for reading in found) else "",
        EXACT if any(reading.cost_usd is not None for reading in found) else "",
        EXACT if any(reading.parts for reading in found) else "",
        _stream(dialect, found),
        _silent(dialect),
    ]


_COMMON = frozenset({"chat", "text_completion", "embeddings", "batch"})

HEAD = [
    "protocol",
    "tokens",
    *FEATURES,
    "units",
    "tier",
    "stated cost",
    "other models",
    "streamed",
    "when the answer is silent",
]


def _stream(dialect: Dialect, found: Sequence[Reading]) -> str:
    if dialect.events is None:
        return ""
    return EXACT if found[-1].usage is not None else "estimated"


def _silent(dialect: Dialect) -> str:
    if not dialect.billed:
        return "not billed"
    if dialect.quiet:
        return "counted when it states usage"
    if dialect.units(request_of(dialect)) is not None:
        return "by the request"
    return "estimated" if any(dialect.answer(ANSWERS[dialect.name])) else "no usage"


# Providers.


def providers(book: Catalog) -> list[list[str]]:
    """A row for each provider that is known by its address or has prices."""
    hosts: dict[str, list[str]] = {}
    for host, name in HOSTS.items():
        hosts.setdefault(name, []).append(host)
    for suffix, name in SUFFIXES:
        hosts.setdefault(name, []).append(f"*{suffix}")
    names = sorted({*hosts, *book.providers})
    return [_provider(book, name, hosts.get(name, ())) for name in names]


PROVIDER_HEAD = ["provider", "known by", "models with a price", "cached", "batch", "flex", "priority", "fees"]


def _provider(book: Catalog, name: str, hosts: Iterable[str]) -> list[str]:
    models = list(book.models(name)) if name in book.providers else []
    rows = [(model, row) for model in models for row in model.rows]
    fees = sorted({unit for _, row in rows for unit in row.fees})
    return [
        f"`{name}`",
        " ".join(f"`{host}`" for host in hosts),
        "free" if name in LOCAL else str(len(models) or ""),
        *[str(_count(rows, test) or "") for test in _TESTS],
        ", ".join(fees),
    ]


_TESTS: Sequence[Callable[[Row], bool]] = (
    lambda row: "cache_read" in row.rates,
    lambda row: "batch" in row.variants,
    lambda row: "flex" in row.variants,
    lambda row: "priority" in row.variants or "fast" in row.variants,
)


def _count(rows: Iterable[tuple[Model, Row]], test: Callable[[Row], Any]) -> int:
    return len({model.id for model, row in rows if test(row)})


# Recordings.


def replayed() -> list[list[str]]:
    """How many recorded answers of each API are read as their wires count."""
    right: Counter[str] = Counter()
    usage: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for wire in wires.every():
        every[wire.api] += 1
        usage[wire.api] += bool(wire.expected["has_usage"])
        right[wire.api] += not wires.problems(wire) and wire.id not in wires.NOT_USAGE
    return [[f"`{api}`", str(every[api]), str(usage[api]), str(right[api])] for api in sorted(every)]


REPLAYED_HEAD = ["API", "answers", "with usage", "read as the wire counts"]


# The page.


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def page(before: str) -> str:
    """The page with its tables made anew."""
    after = _between(before, "protocols", table(HEAD, [row_of(dialect) for dialect in _shown()]))
    after = _between(after, "providers", table(PROVIDER_HEAD, providers(shipped())))
    if wires.FOLDER.is_dir():
        after = _between(after, "recordings", table(REPLAYED_HEAD, replayed()))
    return after


def _shown() -> list[Dialect]:
    unique = {(dialect.name, dialect.operation): dialect for dialect in DIALECTS}
    return [unique[key] for key in sorted(unique)]


def _between(text: str, name: str, table: str) -> str:
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    return pattern.sub(lambda found: f"{found[1]}\n{table}\n\n{found[2]}", text)


def main(arguments: Sequence[str]) -> int:
    """Write the page, or check it."""
    before = PAGE.read_text("utf-8")
    after = page(before)
    if "--check" in arguments:
        return int(before != after)
    PAGE.write_text(after, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
