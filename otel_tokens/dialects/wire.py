"""Finds the events in the bytes of a streamed answer, for callers that read the bytes themselves.

Server-sent events: `data:` lines, an empty line ends an event. AWS event streams: binary frames with a JSON
payload that wraps the event in base64. JSON lines: one event a line. Everything is incremental; what cannot
be parsed is passed over.

Source: the HTML standard, section 9.2; the encoding of `application/vnd.amazon.eventstream` of AWS.
"""

from __future__ import annotations

import base64
import binascii
import json

from collections.abc import Iterator
from typing import Any, Final, Protocol


_PRELUDE: Final = 12
_FRAME_LIMIT: Final = 24 * 1024 * 1024


DONE: Final = object()
"""The event that says that there will be no other: the `[DONE]` of OpenAI."""


class Splitter(Protocol):
    """Turns pieces of bytes into events."""

    def feed(self, piece: bytes) -> Iterator[Any]:
        """The events that `piece` completes."""

    def rest(self) -> Iterator[Any]:
        """The events that only the end of the bytes completes."""


class Lines:
    """The base of formats whose events end with a line: keeps what has no end yet."""

    def __init__(self) -> None:
        self._tail = b""

    def split(self, piece: bytes) -> Iterator[bytes]:
        """The lines that `piece` completes, without their ends."""
        *lines, self._tail = (self._tail + piece).split(b"\n")
        for line in lines:
            yield line.rstrip(b"\r")

    def tail(self) -> Iterator[bytes]:
        """What came after the last line end."""
        line, self._tail = self._tail, b""
        if line:
            yield line.rstrip(b"\r")


class ServerSentEvents(Lines):
    """`text/event-stream`."""

    def __init__(self) -> None:
        super().__init__()
        self._name = ""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[Any]:
        """The events that `piece` completes."""
        for line in self.split(piece):
            yield from self._line(line)

    def rest(self) -> Iterator[Any]:
        """The last event, when no empty line followed it."""
        for line in self.tail():
            yield from self._line(line)
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


class AwsFrames:
    """`application/vnd.amazon.eventstream`."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._broken = False

    def feed(self, piece: bytes) -> Iterator[Any]:
        """The events of the frames that `piece` completes."""
        if self._broken:
            return
        self._buffer += piece
        while len(self._buffer) >= _PRELUDE:
            length = int.from_bytes(self._buffer[:4], "big")
            headers = int.from_bytes(self._buffer[4:8], "big")
            if not _PRELUDE + headers + 4 <= length <= _FRAME_LIMIT:
                self._buffer.clear()
                self._broken = True  # not a frame: nothing after it can be trusted
                return
            if len(self._buffer) < length:
                return
            payload = bytes(self._buffer[_PRELUDE + headers : length - 4])
            del self._buffer[:length]
            if (event := _unwrapped(parsed(payload))) is not None:
                yield event

    def rest(self) -> Iterator[Any]:
        """Nothing: a frame that is not whole has no event."""
        yield from ()


def _unwrapped(payload: Any) -> Any:
    if not isinstance(payload, dict):
        return None
    wrapped = payload.get("bytes")
    if not isinstance(wrapped, str):
        return payload
    try:
        return parsed(base64.b64decode(wrapped))
    except (binascii.Error, ValueError):
        return None


def parsed(data: bytes) -> Any:
    """The JSON value of `data`, or None when it is none."""
    if data[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def sniffed(start: bytes) -> Splitter | None:
    """What finds the events of bytes that begin like server-sent events, whatever type they claim to be."""
    return ServerSentEvents() if start.lstrip()[:5] in (b"data:", b"event") else None


def splitter(content_type: str) -> Splitter | None:
    """What finds the events of a content type; None where there are none, as in audio."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return ServerSentEvents()
    if kind == "application/vnd.amazon.eventstream":
        return AwsFrames()
    if kind in ("application/x-jsonl", "application/jsonl", "application/x-ndjson"):
        return JsonLines()
    return None
