"""Finds the objects in a JSON array that arrives in pieces, as Google streams where nobody asks for events.

Every byte is looked at once, and no more is kept than the object that has not ended yet. What is no object is
passed over, and so is one that is too large or broken.

Source: answers of `streamGenerateContent` without `alt=sse`; RFC 8259.
"""

from __future__ import annotations

import re

from collections.abc import Iterator
from typing import Any, Final

from .fields import parsed


_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of one object. The largest picture that a model draws is far below."""
_MARKS: Final = re.compile(rb'["{}\[\]]')
_INSIDE: Final = re.compile(rb'["\\]')
_QUOTE: Final = ord('"')
_OPENING: Final = b"{["


class JsonArray:
    """`application/json` that is an array of events, or one object after the other."""

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit = limit
        self._kept = bytearray()
        self._is_dropped = False
        self._is_open = False
        """Inside of the array, but outside of its objects."""
        self._depth = 0
        self._in_string = False
        self._is_escaped = False

    def feed(self, piece: bytes) -> Iterator[Any]:
        """The objects that `piece` completes."""
        start = at = 0
        while at < len(piece):
            if self._in_string:
                at = self._pass_string(piece, at)
                continue
            match = _MARKS.search(piece, at)
            if match is None:
                break
            at = match.end()
            before = self._depth
            self._see_mark(piece[match.start()])
            if before == 0 and self._depth == 1:
                start = match.start()
            elif before == 1 and self._depth == 0:
                event = self._ended(piece[start:at])
                if event is not None:
                    yield event
        if self._depth:
            self._keep(piece[start:])

    def rest(self) -> Iterator[Any]:
        """Nothing: an object that is not whole is no event."""
        yield from ()

    def _pass_string(self, piece: bytes, at: int) -> int:
        """Go on to the end of a string, or of the piece."""
        if self._is_escaped:
            self._is_escaped = False
            return at + 1
        match = _INSIDE.search(piece, at)
        if match is None:
            return len(piece)
        if piece[match.start()] == _QUOTE:
            self._in_string = False
        else:
            self._is_escaped = True
        return match.end()

    def _see_mark(self, mark: int) -> None:
        if mark == _QUOTE:
            self._in_string = bool(self._depth or self._is_open)
        elif mark in _OPENING:
            if self._depth or self._is_open or mark == _OPENING[0]:
                self._depth += 1
            else:
                self._is_open = True
        elif self._depth:
            self._depth -= 1
        else:
            self._is_open = False

    def _keep(self, more: bytes) -> None:
        if self._is_dropped or len(self._kept) + len(more) > self._limit:
            self._is_dropped = True
            self._kept.clear()
        else:
            self._kept += more

    def _ended(self, last: bytes) -> Any:
        self._keep(last)
        whole = bytes(self._kept)
        self._kept.clear()
        self._is_dropped = False
        return parsed(whole)
