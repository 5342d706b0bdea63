"""How heavy a request is: one walk over it, before it is sent.

Counting: text is counted in bytes of UTF-8, with keys and the punctuation of JSON, because no token of a
byte-level vocabulary is shorter than a byte. Images, audio and documents are no text: they are counted
apart, by their number or by the bytes of the file. What a request only refers to, such as the id of a file,
has no weight here, so it is counted as hidden.

The walk looks at plain values, at mappings and at models of pydantic. Sentinels of a client library and
iterators, which can be read only once, are left alone. A request that is too deep or too large to be walked
counts as hidden.

Source: the request types of openai 3.54 and anthropic 2.12.
"""

from __future__ import annotations

import marshal
import re

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from .fields import get, view


class Weight(NamedTuple):
    """What a request weighs. A named tuple, because one is made for every call."""

    bytes: int
    """Of all text, as compact JSON, escapes left out."""
    images: int
    audio_bytes: int
    document_bytes: int
    hidden: int
    """How many pieces of input are not in the request: files, documents at a URL, videos."""
    cached: int
    """What is asked to be cached: 0 nothing, 1 for minutes, 2 for an hour or more."""
    fingerprint: int
    """Equal for equal requests in one process. It is made of salted hashes, and says nothing elsewhere."""
    is_plain: bool
    """Whether there is text, and nothing else."""


_DEPTH: Final = 100
_ENTRIES: Final = 500_000
_FRAME: Final = 6
"""Bytes of JSON around a key and a value: quotes, a colon, a comma."""
_DIGITS: Final = 20
"""Bytes of a number, which is rarely that long; longer integers are measured."""
_REFERENCE: Final = 128
"""Bytes for what stands around a file that is uploaded."""

_IMAGES, _AUDIO, _DOCUMENTS, _HIDDEN, _CACHED = range(5)

_KINDS: Final[Mapping[str, int]] = {
    "image_url": _IMAGES,
    "input_image": _IMAGES,
    "image": _IMAGES,
    "computer_screenshot": _IMAGES,
    "image_generation_call": _IMAGES,
    "image_file": _IMAGES,
    "audio": _AUDIO,
    "input_audio": _AUDIO,
    "audio_url": _AUDIO,
    "file": _DOCUMENTS,
    "input_file": _DOCUMENTS,
    "document": _DOCUMENTS,
    "document_url": _DOCUMENTS,
    "container_upload": _HIDDEN,
    "item_reference": _HIDDEN,
    "video": _HIDDEN,
    "video_url": _HIDDEN,
    "input_video": _HIDDEN,
}
"""The `type` of a piece of content that is no text."""

_SHORT_TTLS: Final = ("5m", "30m")
_PLAIN: Final = frozenset({int, float, bool, type(None)})
_DEFINING: Final = frozenset({"function", "parameters", "input_schema"})
"""Keys of the definition of a tool."""
_MARK: Final = b"cache_control"
_WITHOUT_REFERENCES: Final = 2
"""The version of marshal that writes what stands twice down twice: a head of 5 bytes, and UTF-8."""
_WIDE: Final = 64
"""Bits of an integer from which on its digits are not counted one by one."""
_MESSAGE: Final = hash(("role", "content"))
_MESSAGE_FRAME: Final = len("rolecontent") + 2 * _FRAME
_BLOB: Final = re.compile(r"data:|[A-Za-z0-9+/=_\s-]{64}")
"""How the text of a file in base64 begins."""


def weigh(request: Any) -> Weight:
    """Weigh a request."""
    rare = [0, 0, 0, 0, 0]
    seen: list[Any] = []
    size = _sum((request,), seen, rare, _DEPTH)
    images, audio_bytes, document_bytes, hidden, cached = rare
    is_plain = not (images or audio_bytes or document_bytes or hidden)
    return Weight(size, images, audio_bytes, document_bytes, hidden, cached, hash(tuple(seen)), is_plain)


class _Texts(list[Any]):
    """What is seen by a walk that leaves nothing out."""


def texts(request: Any) -> Iterator[str]:
    """All that `weigh` counts as text: keys, strings and numbers. Files are left out."""
    seen = _Texts()
    _sum((request,), seen, [0, 0, 0, 0, 0], _DEPTH)
    for entry in seen:
        if type(entry) is str:
            yield entry
        elif type(entry) is tuple:
            yield from map(str, entry)
        elif entry == _MESSAGE:
            yield "role"
            yield "content"
        elif type(entry) in _PLAIN:
            yield str(entry)


def _sum(values: Iterable[Any], seen: list[Any], rare: list[int], depth: int) -> int:
    """The bytes of `values`; what makes them differ from others is added to `seen`."""
    size = 0
    for value in values:
        kind = type(value)
        if kind is str:
            seen.append(value)
            size += len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
        elif kind is dict:
            text, role = value.get("content"), value.get("role")
            if len(value) == 2 and type(text) is str and type(role) is str:  # noqa: PLR2004
                # Most objects are messages of plain text.
                seen += (_MESSAGE, role, text)
                size += _MESSAGE_FRAME + len(role)
                size += len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
            else:
                size += _object(value, seen, rare, depth)
        elif kind is list:
            size += _items(value, seen, rare, depth)
        elif kind in _PLAIN:
            seen.append(value)
            size += _DIGITS + value.bit_length() // 3 if kind is int else _DIGITS
        else:
            size += _leaf(value, seen, rare, depth)
    return size


def _object(fields: dict[Any, Any], seen: list[Any], rare: list[int], depth: int) -> int:
    """The bytes of an object; of a piece of content that is no text, without the file itself."""
    if "cache_control" in fields:
        _note_cache(fields["cache_control"], rare)
    what = fields.get("type")
    if type(what) is str and what in _KINDS:
        return _piece(fields, _KINDS[what], seen, rare, depth)
    return _fields(fields, seen, rare, depth)


def _fields(fields: dict[Any, Any], seen: list[Any], rare: list[int], depth: int) -> int:
    if depth == 0 or len(seen) > _ENTRIES:
        rare[_HIDDEN] += 1
        return 0
    seen.append(tuple(fields))
    try:
        names = "".join(fields)
    except TypeError:  # keys that are no strings become strings in JSON
        names = "".join(map(str, fields))
    size = len(names) if names.isascii() else len(names.encode("utf-8", "surrogatepass"))
    return size + _FRAME * len(fields) + _sum(fields.values(), seen, rare, depth - 1)


def _items(items: Any, seen: list[Any], rare: list[int], depth: int) -> int:
    if depth == 0 or len(seen) > _ENTRIES:
        rare[_HIDDEN] += 1
        return 0
    seen.append((len(items),))  # no name is a number, so this is no object
    first = items[0] if items else None
    if type(first) is int and type(items[-1]) is int:
        return _numbers(items, seen, rare, depth)
    if type(first) is dict and not _DEFINING.isdisjoint(first) and type(seen) is list:
        return _definitions(items, seen, rare, depth)
    return _FRAME * len(items) + _sum(items, seen, rare, depth - 1)


def _numbers(items: Any, seen: list[Any], rare: list[int], depth: int) -> int:
    """Lists of token ids are long, so they are not walked one by one."""
    if set(map(type, items)) != {int}:
        return _FRAME * len(items) + _sum(items, seen, rare, depth - 1)
    seen.append(tuple(items))
    largest = max(map(abs, items))
    digits = len(str(largest)) if largest.bit_length() < _WIDE else largest.bit_length()
    return len(items) * (digits + 2)


def _definitions(items: Any, seen: list[Any], rare: list[int], depth: int) -> int:
    """Definitions of tools have many small parts, so they are written down at once and measured."""
    try:
        written = marshal.dumps(items, _WITHOUT_REFERENCES)
    except ValueError:  # there is more than plain values, or no end to it
        written = _MARK
    if _MARK in written:
        return _FRAME * len(items) + _sum(items, seen, rare, depth - 1)
    seen.append(written)
    return len(written)


def _leaf(value: Any, seen: list[Any], rare: list[int], depth: int) -> int:
    """The bytes of what is no plain value."""
    if isinstance(value, str):
        return _sum((str(value),), seen, rare, depth)
    if isinstance(value, (bytes, bytearray)):
        seen.append(bytes(value))
        rare[_DOCUMENTS] += len(value)
        return _REFERENCE
    if isinstance(value, Mapping):
        return _sum((dict(value),), seen, rare, depth)
    if _is_model(type(value)):
        fields = {name: field for name, field in view(value).items() if field is not None}
        return _sum((fields,), seen, rare, depth)
    if isinstance(value, (list, tuple)):
        return _items(value, seen, rare, depth)
    seen.append(type(value))
    return _DIGITS


def _is_model(kind: type) -> bool:
    return hasattr(kind, "__pydantic_fields__") or hasattr(kind, "__fields__")  # of pydantic 2, and of 1


def _note_cache(control: Any, rare: list[int]) -> None:
    """Note for how long a piece of the prompt is to be cached."""
    if control is not None:
        ttl = view(control).get("ttl")
        rare[_CACHED] = max(rare[_CACHED], 1 if ttl is None or ttl in _SHORT_TTLS else 2)


def _piece(piece: dict[str, Any], what: int, seen: list[Any], rare: list[int], depth: int) -> int:
    """The bytes of a piece of content that is no text, without the file itself."""
    start = len(seen)
    size = _fields(piece, seen, rare, depth)
    blob = max([value for value in seen[start:] if type(value) is str], key=len, default="")
    if _BLOB.match(blob) is None or " " in blob[:1024]:
        blob = ""
    else:
        seen[start:] = [hash(entry) if entry is blob else entry for entry in seen[start:]]
    if what in (_IMAGES, _HIDDEN):
        rare[what] += 1
    elif blob:
        rare[what] += len(blob) * 3 // 4
    elif what == _AUDIO or not _is_written(piece):
        rare[_HIDDEN] += 1
    return size - len(blob)


def _is_written(document: dict[str, Any]) -> bool:
    """Whether a document is text, or pieces of content, that are in the request."""
    return get(document.get("source"), "type") in ("text", "content")
