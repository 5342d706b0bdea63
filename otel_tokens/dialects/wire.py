"""Finds the events in the bytes of a streamed answer, for callers that read the bytes themselves.

Server-sent events: `data:` lines, an empty line ends an event. JSON lines: one event a line. AWS event
streams: binary frames, see `aws_frames.py`. Everything is incremental; what cannot be parsed is passed over.

Source: the HTML standard, section 9.2.
"""

from __future__ import annotations

import re

from collections.abc import Iterator
from typing import Any, Final, Protocol

from .aws_frames import AwsFrames, is_frame
from .fields import parsed


DONE: Final = object()
"""The event that says that there will be no other: the `[DONE]` of OpenAI."""
MARK: Final = b"\xef\xbb\xbf"
"""What some servers begin with, to say that it is UTF-8."""
_STARTS: Final = re.compile(rb"\s*(?:data|event|id|retry)?:")
"""How server-sent events may begin: a comment is a line with a colon first."""


class Splitter(Protocol):
    """Turns pieces of bytes into events."""

    def feed(self, piece: bytes) -> Iterator[Any]:
        """The events that `piece` completes."""

    def rest(self) -> Iterator[Any]:
        """The events that only the end of the bytes completes."""


class Lines:
    """The base of formats whose events end with a line: keeps what has no end yet."""

    def __init__(self) -> None:
        self._kept: list[bytes] = []

    def split(self, piece: bytes) -> Iterator[bytes]:
        """The lines that `piece` completes, without their ends."""
        end = piece.rfind(b"\n")
        if end < 0:
            self._kept.append(piece)  # joined once, however many pieces a long line comes in
            return
        whole, self._kept = b"".join([*self._kept, piece[:end]]), [piece[end + 1 :]]
        for line in whole.split(b"\n"):
            yield line.removesuffix(b"\r")

    def tail(self) -> Iterator[bytes]:
        """What came after the last line end."""
        line, self._kept = b"".join(self._kept), []
        if line:
            yield line.removesuffix(b"\r")


class ServerSentEvents(Lines):
    """`text/event-stream`."""

    def __init__(self) -> None:
        super().__init__()
        self._name = ""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[Any]:
        """The events that `piece` completes."""
        for line in self.split(piece):
            for part in line.split(b"\r"):
                yield from self._line(part)

    def rest(self) -> Iterator[Any]:
        """The last event, when no empty line followed it."""
        for line in self.tail():
            for part in line.split(b"\r"):
                yield from self._line(part)
        yield from self._line(b"")

    def _line(self, line: bytes) -> Iterator[Any]:
        if line.startswith(b"data:"):
            self._data.append(line[5:].strip())
        elif line.startswith(b"event:"):
            self._name = line[6:].strip().decode("utf-8", "replace")
        elif not line and self._data:
            data, self._data = b"\n".join(self._data), []
            name, self._name = self._name, ""
            if data.startswith(b"[DONE]"):
                yield DONE
            elif (event := parsed(data)) is not None:
                yield {"event": name, "data": event} if name.startswith("thread.") else event
        elif line.startswith(MARK):
            yield from self._line(line.removeprefix(MARK))


class JsonLines(Lines):
    """`application/x-jsonl` and its other names."""

    def feed(self, piece: bytes) -> Iterator[Any]:
        """The objects whose lines `piece` completes."""
        for line in self.split(piece):
            if (event := parsed(line)) is not None:
                yield event

    def rest(self) -> Iterator[Any]:
        """The object on the last line."""
        for line in self.tail():
            if (event := parsed(line)) is not None:
                yield event


def sniffed(start: bytes) -> Splitter | None:
    """What finds the events of bytes that begin like events, whatever type they claim to be."""
    if is_frame(start):
        return AwsFrames()
    return ServerSentEvents() if _STARTS.match(start.removeprefix(MARK)) else None


def splitter(content_type: str) -> Splitter | None:
    """What finds the events of a content type; None where there are none, as in audio."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return ServerSentEvents()
    if kind == "application/vnd.amazon.eventstream":
        return AwsFrames()
    if kind in (
        "application/x-jsonl",
        "application/jsonl",
        "application/x-ndjson",
        "application/stream+json",
    ):
        return JsonLines()
    return None
