"""How large an image, how long a recording and how many pages a PDF is, by the first bytes of the file.

Counting: only heads are read, and nothing is decompressed. A file is told by its first bytes, or by the text
that these are in base64, so that no spelling of a request has to be known.

Source: PNG 1.2 (IHDR), JPEG (ITU T.81, SOF), GIF 89a, WebP (RFC 9649), WAVE (RIFF), PDF 1.7.
"""

from __future__ import annotations

import re

from base64 import b64decode, b64encode
from binascii import Error
from typing import Any, Final


_DATA_URL: Final = re.compile(r"data:[\w/+.-]+(?:;[\w=.+-]+)*;base64,", re.ASCII)
_URL_CHARS: Final = 256
"""More than any head of a data URL has."""
_STARTS: Final = {
    "iVBORw0KGgo": "image",
    "/9j/": "image",
    "R0lGOD": "image",
    "UklGR": "riff",
    "JVBERi": "pdf",
    "SUQz": "audio",
    "//uQ": "audio",
    "//NA": "audio",
    "T2dnU": "audio",
    "ZkxhQ": "audio",
}
"""How files begin in base64: PNG, JPEG, GIF, WebP or WAVE, PDF, MP3, Ogg, FLAC."""
_START: Final = re.compile("|".join(map(re.escape, _STARTS)))
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\s]+", re.ASCII)
_SHORTEST: Final = 24
"""Characters below which a text that begins like a file is none."""
_HEAD: Final = 64 * 1024
"""Bytes of a JPEG that are looked through: its size may stand behind a preview."""
_PDF: Final = 1024 * 1024
"""Bytes of a PDF that are looked through."""
_PAGE: Final = re.compile(rb"/Type\s*/Page\b(?!s)")
_PAGE_BYTES: Final = 50_000
"""Of a PDF whose list of pages is compressed."""
_SECOND_BYTES: Final = 8_000
"""Of audio that is compressed, at 64 kbit/s."""
_WAVE_HEAD: Final = 44

File = tuple[str, Any]
"""What it is, and what its head says: an `image` its size or None, `audio` seconds, a `pdf` its pages."""


def file_of(value: str | bytes | bytearray) -> File | None:
    """What file a text or bytes are; None where they are none that is known."""
    if isinstance(value, (bytes, bytearray)):
        kind = _kind(bytes(value[:16]))
        return None if kind is None else _read(kind, bytes(value[:_PDF]), len(value))
    start = 0
    if value.startswith("data:"):
        found = _DATA_URL.match(value, 0, _URL_CHARS)
        if found is None:
            return None
        start = found.end()
    head = _START.match(value, start)
    if head is None or len(value) - start < _SHORTEST or not _BASE64.fullmatch(value, start, start + 1024):
        return _named(value, start)
    kind = _STARTS[head.group()]
    wanted = _PDF if kind == "pdf" else _HEAD
    content = _decoded(value[start : start + wanted * 4 // 3])
    return _read(kind, content, (len(value) - start) * 3 // 4 - value.count("=", len(value) - 2))


def _named(value: str, start: int) -> File | None:
    """What a data URL says of a file whose bytes are not known."""
    if not start:
        return None
    family = value[5:11]
    if family == "image/":
        return "image", None
    return ("audio", (len(value) - start) * 3 / 4 / _SECOND_BYTES) if family == "audio/" else None


def _kind(head: bytes) -> str | None:
    found = _START.match(b64encode(head).decode("ascii"))
    return None if found is None else _STARTS[found.group()]


def _decoded(text: str) -> bytes:
    if "\n" in text:
        text = "".join(text.split())
    text = text[: len(text) // 4 * 4]
    try:
        return b64decode(text)
    except (Error, ValueError):
        return b""


def _read(kind: str, content: bytes, length: int) -> File | None:
    """What the head of a file says; `length` is that of all of it."""
    if kind == "riff":
        if content[8:12] == b"WAVE":
            return "audio", _seconds(content, length)
        return ("image", size_of(content)) if content[8:12] == b"WEBP" else None
    if kind == "pdf":
        pages = len(_PAGE.findall(content))
        return "pdf", max(1, pages * max(length, 1) // max(len(content), 1)) if pages else _pages(length)
    if kind == "audio":
        return "audio", length / _SECOND_BYTES
    return "image", size_of(content)


def _pages(length: int) -> int:
    return max(1, round(length / _PAGE_BYTES))


def _seconds(content: bytes, length: int) -> float:
    """The length of a WAVE file by the bytes of a second, which stand in its head."""
    rate = int.from_bytes(content[28:32], "little")
    return max(0, length - _WAVE_HEAD) / (rate or _SECOND_BYTES)


def size_of(content: bytes) -> tuple[int, int] | None:
    """Width and height of an image in pixels; None where its head does not say."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        found = _big(content, 16, 4), _big(content, 20, 4)
    elif content.startswith(b"GIF8"):
        found = _little(content, 6, 2), _little(content, 8, 2)
    elif content.startswith(b"RIFF"):
        found = _webp(content)
    else:
        found = _jpeg(content)
    return found if min(found) > 0 else None


def _big(content: bytes, start: int, count: int) -> int:
    return int.from_bytes(content[start : start + count], "big")


def _little(content: bytes, start: int, count: int) -> int:
    return int.from_bytes(content[start : start + count], "little")


def _webp(content: bytes) -> tuple[int, int]:
    form = content[12:16]
    if form == b"VP8X":
        return _little(content, 24, 3) + 1, _little(content, 27, 3) + 1
    if form == b"VP8L":
        bits = _little(content, 21, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return _little(content, 26, 2) & 0x3FFF, _little(content, 28, 2) & 0x3FFF


_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})


def _jpeg(content: bytes) -> tuple[int, int]:
    """The size in the first frame of a JPEG: segments are stepped over by their lengths."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:  # noqa: PLR2004 - what every marker begins with
        marker = content[at + 1]
        if marker in _FRAMES:
            return _big(content, at + 7, 2), _big(content, at + 5, 2)
        at += 1 if marker == 0xFF else 2 if marker in _ALONE else 2 + max(2, _big(content, at + 2, 2))  # noqa: PLR2004
    return 0, 0
