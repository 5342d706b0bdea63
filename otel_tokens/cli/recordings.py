"""Reads recordings: files of recorded calls, or standard input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from ..errors import ConfigError
from .otlp import Found, Skipped, is_export, spans_of
from .records import Record, in_order, parsed, record_of, refuse


_STDIN = "-"


class Recording(NamedTuple):
    """What was read."""

    records: list[Record]
    """By the time they were sent."""
    skipped: dict[str, int]
    """Why spans stand for no call to replay, and how many."""


def read(files: Sequence[str], stdin: TextIO) -> Recording:
    """The calls of all `files` together.

    Raises:
        ConfigError: a file cannot be read, or a line is wrong: file, line, and what is accepted.
    """
    records: list[Record] = []
    spans: list[Found] = []
    skipped: Counter[str] = Counter()
    for file in files:
        for number, text in _lines(file, stdin):
            trouble = refuse("<stdin>" if file == _STDIN else file, number)
            line = parsed(text, trouble)
            if not is_export(line):
                records.append(record_of(line, trouble))
                continue
            for found in spans_of(line, trouble):
                if isinstance(found, Skipped):
                    skipped[found.why] += 1
                else:
                    spans.append(found)
    kept = list(_once(spans))
    if len(kept) < len(spans):
        skipped["of another instrumentation, in a trace that otel_tokens has metered"] += len(spans) - len(
            kept
        )
    return Recording(in_order([*records, *kept]), dict(sorted(skipped.items())))


def _lines(file: str, stdin: TextIO) -> Iterator[tuple[int, str]]:
    if file == _STDIN:
        yield from _numbered(stdin)
        return
    try:
        with Path(file).open(encoding="utf-8") as opened:
            yield from _numbered(opened)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from error


def _numbered(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    for number, text in enumerate(lines, 1):
        if text.strip():
            yield number, text


def _once(spans: Sequence[Found]) -> Iterator[Record]:
    """Each call once: two instrumentations may have made a span for it."""
    metered = {found.trace for found in spans if found.ours}
    for found in spans:
        if found.ours or found.trace not in metered:
            yield found.record
