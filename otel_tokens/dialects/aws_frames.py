"""Finds the events in an AWS event stream: binary frames with checksums, headers and a payload.

A frame is its length and that of its headers, a checksum of the two, the headers, the payload, and a checksum
of all of it. What fails a checksum is broken, and nothing after it can be trusted, because nothing says where
the next frame begins.

An event comes out as botocore would parse it: `{type: payload}`. A model's own event, which InvokeModel wraps
in base64, comes out unwrapped. An exception is an event with the name of the exception.

Source: the encoding of `application/vnd.amazon.eventstream`, smithy.io, October 2026; `eventstream.py`,
`parsers.py` and the models of bedrock-runtime, bedrock-agent-runtime and sagemaker-runtime of botocore 1.44.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib

from collections.abc import Iterator
from typing import Any, Final

from .fields import parsed


_PRELUDE: Final = struct.Struct("!III")
"""The length of a frame, of its headers, and the checksum of both."""
_CRC: Final = 4
_FRAME_LIMIT: Final = 24 * 1024 * 1024
_HEADERS_LIMIT: Final = 128 * 1024
_FIXED: Final = {2: "!b", 3: "!h", 4: "!i", 5: "!q", 8: "!q", 9: "!16s"}
"""Types of header values whose length is fixed: integers, a timestamp in milliseconds, a UUID."""
_BYTES, _STRING = 6, 7
_PADDING: Final = "p"
"""A member that only hides how long an event is."""

Headers = dict[str, Any]


class AwsFrames:
    """`application/vnd.amazon.eventstream`."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._wanted = _PRELUDE.size
        self._broken = False

    def feed(self, piece: bytes) -> Iterator[Any]:
        """The events of the frames that `piece` completes."""
        if self._broken:
            return
        self._buffer += piece
        while len(self._buffer) >= self._wanted:
            length, headers, crc = _PRELUDE.unpack_from(self._buffer)
            if not _is_prelude(self._buffer, length, headers, crc):
                self._break()
                return
            if len(self._buffer) < length:
                self._wanted = length
                return
            frame = bytes(self._buffer[:length])
            if zlib.crc32(frame[:-_CRC]) != int.from_bytes(frame[-_CRC:], "big"):
                self._break()
                return
            del self._buffer[:length]
            self._wanted = _PRELUDE.size
            start = _PRELUDE.size + headers
            event = _event(frame[_PRELUDE.size : start], frame[start:-_CRC])
            if event is not None:
                yield event

    def rest(self) -> Iterator[Any]:
        """Nothing: a frame that is not whole has no event."""
        yield from ()

    def _break(self) -> None:
        self._broken = True
        self._buffer.clear()


def is_frame(start: bytes) -> bool:
    """Whether bytes begin like a frame: its checksum says so for certain."""
    return len(start) >= _PRELUDE.size and _is_prelude(start, *_PRELUDE.unpack_from(start))


def _is_prelude(buffer: bytes | bytearray, length: int, headers: int, crc: int) -> bool:
    fits = headers <= _HEADERS_LIMIT and _PRELUDE.size + headers + _CRC <= length <= _FRAME_LIMIT
    return fits and zlib.crc32(buffer[: _PRELUDE.size - _CRC]) == crc


def headers_of(data: bytes) -> Headers | None:
    """The headers of a frame by their names; None for what is none."""
    found: Headers = {}
    at = 0
    try:
        while at < len(data):
            end = at + 1 + data[at]
            name = data[at + 1 : end].decode()
            found[name], at = _value(data, data[end], end + 1)
    except (IndexError, struct.error, UnicodeDecodeError, ValueError):
        return None
    return found


def _value(data: bytes, kind: int, at: int) -> tuple[Any, int]:
    """The value of a header whose type is `kind`, and where the next header begins."""
    if kind in (0, 1):
        return kind == 0, at
    if kind in (_BYTES, _STRING):
        (length,) = struct.unpack_from("!H", data, at)
        start, end = at + 2, at + 2 + length
        if end > len(data):
            raise ValueError(kind)
        return (data[start:end] if kind == _BYTES else data[start:end].decode()), end
    layout = _FIXED.get(kind)
    if layout is None:
        raise ValueError(kind)
    return struct.unpack_from(layout, data, at)[0], at + struct.calcsize(layout)


def _event(head: bytes, payload: bytes) -> Any:
    """What a frame says; None where that is nothing."""
    headers = headers_of(head)
    if headers is None:
        return None
    if headers.get(":message-type") == "error":
        return {_word(headers, ":error-code"): {"message": _word(headers, ":error-message")}}
    if ":exception-type" in headers:
        return {_word(headers, ":exception-type"): _members(payload)}
    kind = headers.get(":event-type")
    if not isinstance(kind, str):
        return _bare(parsed(payload))
    if headers.get(":content-type") == "application/octet-stream":
        return {kind: {"Bytes": payload}}  # SageMaker passes on what its container says as it is
    members = _members(payload)
    return _chunk(members) if kind == "chunk" else {kind: members}


def _word(headers: Headers, name: str) -> str:
    value = headers.get(name)
    return value if isinstance(value, str) and value else "Error"


def _members(payload: bytes) -> dict[str, Any]:
    members = parsed(payload)
    if not isinstance(members, dict):
        return {}
    members.pop(_PADDING, None)
    return members


def _chunk(members: dict[str, Any]) -> Any:
    """The model's own event of a chunk; what an agent says is no event, so it stays in its chunk."""
    said = _decoded(members.get("bytes"))
    if said is None:
        return {"chunk": members}
    event = parsed(said)
    return {"chunk": {**members, "bytes": said}} if event is None else event


def _bare(payload: Any) -> Any:
    """What a payload without a type says."""
    if not isinstance(payload, dict):
        return None
    if not isinstance(payload.get("bytes"), str):
        return payload
    said = _decoded(payload["bytes"])
    return None if said is None else parsed(said)


def _decoded(text: Any) -> bytes | None:
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return None
