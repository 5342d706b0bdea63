"""Finds the line of a value in a TOML or JSON file, for messages that can be clicked.

The parsers of both formats give values without places, so the text is searched again; only when
something is wrong. The answer is the nearest line that can be told, which is the key's own line in
every usual layout.
"""

from __future__ import annotations

import re

from collections.abc import Iterator, Sequence
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Final


Step = str | int
"""A key, or a place in a list."""

_SPACE: Final = re.compile(r"[\s,:]*")
_SCALAR: Final = re.compile(r"[^\s,\]}]+")
_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")


def line_of(text: str, path: Sequence[Step]) -> int:
    """The line, counted from 1, of the value at `path`, or of the nearest thing around it."""
    if text.lstrip().startswith("{"):
        return _json_line(text, path)
    # Comments say nothing; TOML knows no other ends of lines than these.
    return _toml_line(["" if line.lstrip().startswith("#") else line for line in text.split("\n")], path)


def _json_line(text: str, path: Sequence[Step]) -> int:
    places = dict(_Walk(text).value(0, ()))
    for length in range(len(path), 0, -1):
        place = places.get(tuple(path[:length]))
        if place is not None:
            return text.count("\n", 0, place) + 1
    return 1


class _Walk:
    """One pass over valid JSON; `at` is where the last value ended."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def value(self, start: int, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], int]]:
        at = self._skip(start)
        yield path, at
        first = self._text[at]
        if first in "{[":
            yield from self._members(at + 1, path, keyed=first == "{")
        elif first == '"':
            self._at = scanstring(self._text, at + 1)[1]
        else:
            found = _SCALAR.match(self._text, at)
            self._at = found.end() if found else len(self._text)

    def _members(
        self, start: int, path: tuple[Step, ...], *, keyed: bool
    ) -> Iterator[tuple[tuple[Step, ...], int]]:
        at, place = self._skip(start), 0
        while self._text[at] not in "}]":
            step: Step = place
            if keyed:
                step, at = scanstring(self._text, at + 1)
            yield from self.value(at, (*path, step))
            at, place = self._skip(self._at), place + 1
        self._at = at + 1

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return found.end() if found else at


def _toml_line(lines: Sequence[str], path: Sequence[Step]) -> int:
    start, end = _toml_block(lines, path)
    line = start
    is_in_list = len(path) > 1 and isinstance(path[1], int)
    for position, step in enumerate(path[2:] if is_in_list else path):
        if isinstance(step, int):
            line = _nth_brace(lines, line, end, step)
        else:
            found = _key_line(lines, line, end, step, first=position == 0)
            line = line if found is None else found
    return line + 1


def _toml_block(lines: Sequence[str], path: Sequence[Step]) -> tuple[int, int]:
    """First line, and the line after the last, of the n-th `[[name]]` with its sub-tables."""
    if len(path) < 2 or not isinstance(path[1], int):  # noqa: PLR2004 - a name and a place
        return 0, len(lines)
    headers = [
        (number, found[1] == "[[" and found[2] == path[0], found[2].startswith(f"{path[0]}."))
        for number, line in enumerate(lines)
        if (found := _HEADER.match(line))
    ]
    starts = [number for number, opens, _ in headers if opens]
    if path[1] >= len(starts):
        found_line = _key_line(lines, 0, len(lines), str(path[0]), first=True)
        return (0, 0) if found_line is None else (found_line, len(lines))
    start = starts[path[1]]
    ends = [number for number, _, inside in headers if number > start and not inside]
    return start, min(ends, default=len(lines))


def _key_line(lines: Sequence[str], start: int, end: int, key: str, *, first: bool) -> int | None:
    name = re.escape(key)
    # The first step is a key at the start of a line or a sub-table; later ones may be inline.
    before = r"^\s*(?:\[\[?\s*(?:[^\]]*\.)?)?" if first else r"(?:^|[\s{,.\[])"
    pattern = re.compile(rf"{before}[\"']?{name}[\"']?\s*[=\].]")
    return next((number for number in range(start, end) if pattern.search(lines[number])), None)


def _nth_brace(lines: Sequence[str], start: int, end: int, place: int) -> int:
    """The line of the n-th `{` of the list that begins on the line `start`; that line if there is none."""
    braces = brackets = seen = 0
    for number in range(start, end):
        for character in lines[number]:
            if character == "{":
                if braces == 0 and seen == place:
                    return number
                seen += braces == 0
            braces += (character == "{") - (character == "}")
            brackets += (character == "[") - (character == "]")
            if character == "]" and not braces and not brackets:
                return start
    return start
