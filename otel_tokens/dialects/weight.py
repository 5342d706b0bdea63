"""How heavy a request is: one walk over it, before it is sent.

Counting: text is counted in bytes of UTF-8, with keys and the punctuation of JSON, because no token of a
byte-level vocabulary is shorter than a byte. Images, audio and documents are no text: they are counted
apart, by their number or by the bytes of the file; `media` tells what is one. What a request only refers to,
such as the id of a file, has no weight here, so it is counted as hidden.

The walk looks at plain values, at mappings, and at models of pydantic, of dataclasses and of protobuf.
Sentinels of a client library and iterators, which can be read only once, are left alone. A request that is
too deep or too large to be walked counts as hidden.

Source: the request types that `media` names; google-genai 3.4 takes images of PIL and functions too.
"""

from __future__ import annotations

import marshal

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from .fields import view
from .foreign import parsed, plainer
from .media import (
    BODY,
    DATA,
    FILES,
    HIDDEN,
    IMAGES,
    MARK,
    TELLING,
    TYPES,
    blob_of,
    is_written,
    kind_of,
    minutes_or_hours,
)


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
    written_bytes: int = 0
    """Of text in files, beside `bytes`."""


_DEPTH: Final = 100
_ENTRIES: Final = 500_000
_FRAME: Final = 6
"""Bytes of JSON around a key and a value: quotes, a colon, a comma."""
_DIGITS: Final = 20
"""Bytes of a number, which is rarely that long; longer integers are measured."""
_REFERENCE: Final = 128
"""Bytes for what stands around a file that is uploaded."""
_CACHED, _BYTES, _RAW, _COUNTS = range(5, 9)
"""Beside the kinds of `media`: for how long to cache, bytes that nothing tells, whether all is data."""

_TELLING: Final = frozenset(TELLING)
_PLAIN: Final = frozenset({int, float, bool, type(None)})
_DEFINING: Final = frozenset({"function", "parameters", "input_schema", "toolSpec"})
"""Keys of the definition of a tool."""
_MARK: Final = b"cache"
"""What may be a mark of caching, in the definitions of tools."""
_WITHOUT_REFERENCES: Final = 2
"""The version of marshal that writes what stands twice down twice: a head of 5 bytes, and UTF-8."""
_WIDE: Final = 64
"""Bits of an integer from which on its digits are not counted one by one."""
_MESSAGE: Final = hash(("role", "content"))
_SAID: Final = (None, "text", "input_text", "output_text")
"""The `type` of a piece of text."""
_TEXT_FRAME: Final = len("typetextoutput_text") + 2 * _FRAME
_MESSAGE_FRAME: Final = len("rolecontent") + 2 * _FRAME


def weigh(request: Any) -> Weight:
    """Weigh a request. It never raises."""
    rare = [0] * _COUNTS
    seen: list[Any] = []
    try:
        if type(request) is dict:
            size = _object(request, seen, rare, _DEPTH)
        else:
            size = _sum((parsed(request),), seen, rare, _DEPTH)
        fingerprint = hash(tuple(seen))
    except Exception:  # noqa: BLE001  # objects of others, or a stack that is nearly used up
        size, fingerprint = 0, id(request)
        rare[HIDDEN] += 1
    images, audio_bytes, document_bytes, hidden, written_bytes, cached, unknown, _ = rare
    document_bytes += unknown
    is_plain = not (images or audio_bytes or document_bytes or hidden)
    return Weight(
        size, images, audio_bytes, document_bytes, hidden, cached, fingerprint, is_plain, written_bytes
    )


class _Texts(list[Any]):
    """What is seen by a walk that leaves nothing out."""


def texts(request: Any) -> Iterator[str]:
    """All that `weigh` counts as text: keys, strings and numbers. Files are left out."""
    seen = _Texts()
    _sum((parsed(request),), seen, [0] * _COUNTS, _DEPTH)
    for entry in seen:
        if type(entry) is str:
            yield entry
        elif type(entry) is tuple:
            yield from map(_spelled, entry)
        elif entry == _MESSAGE:
            yield "role"
            yield "content"
        elif type(entry) in _PLAIN:
            yield _spelled(entry)


def _spelled(entry: Any) -> str:
    """An entry as text; an integer that Python would not write down in another base."""
    return f"{entry:x}" if type(entry) is int and entry.bit_length() > _WIDE else str(entry)


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
    what, text = fields.get("type"), fields.get("text")
    if type(text) is str and len(fields) == (1 if what is None else 2) and what in _SAID:
        # Most of the others are pieces of text.
        seen += (tuple(fields), what, text)
        return _TEXT_FRAME + (len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass")))
    if type(what) is str and what in TYPES and not rare[_RAW]:
        rare[_CACHED] = max(rare[_CACHED], minutes_or_hours(fields.get("cache_control")))
        return _piece(fields, TYPES[what], seen, rare, depth)
    if not _TELLING.isdisjoint(fields) and not rare[_RAW]:
        return _told(fields, seen, rare, depth)
    return _fields(fields, seen, rare, depth)


def _told(fields: dict[Any, Any], seen: list[Any], rare: list[int], depth: int) -> int:
    """The same, where a key may hold what is not just text."""
    size, rest = 0, fields
    for name in [name for name in fields if name in TELLING]:
        value = fields[name]
        kind = TELLING[name](value, fields)
        if kind == MARK:
            rare[_CACHED] = max(rare[_CACHED], minutes_or_hours(value))
        elif kind is not None:
            rest = {key: other for key, other in rest.items() if key != name}
            seen.append(name)
            size += len(name) + _FRAME + _special(value, kind, seen, rare, depth)
    return size + _fields(rest, seen, rare, depth)


def _special(value: Any, kind: int, seen: list[Any], rare: list[int], depth: int) -> int:
    """The bytes of what a key says to be something else than text."""
    if kind == BODY:
        return _sum((parsed(value),), seen, rare, depth)
    if kind == DATA:
        rare[_RAW] += 1
        size = _sum((value,), seen, rare, depth)
        rare[_RAW] -= 1
        return size
    if kind == FILES:
        several = value if isinstance(value, (list, tuple)) else (value,)
        return sum([_file(each, IMAGES, seen, rare, depth - 1) for each in several])
    return _file(value, kind, seen, rare, depth)


def _file(value: Any, kind: int, seen: list[Any], rare: list[int], depth: int) -> int:
    """The bytes around a file, which is an object, or alone."""
    piece = {name: field for name, field in view(value).items() if field is not None}
    return _piece(piece or {"data": value}, kind, seen, rare, depth)


def _fields(fields: dict[Any, Any], seen: list[Any], rare: list[int], depth: int) -> int:
    if depth <= 0 or len(seen) > _ENTRIES:
        return _unseen(rare)
    seen.append(tuple(fields))
    try:
        names = "".join(fields)
    except TypeError:  # keys that are no strings become strings in JSON
        names = "".join(map(str, fields))
    size = len(names) if names.isascii() else len(names.encode("utf-8", "surrogatepass"))
    return size + _FRAME * len(fields) + _sum(fields.values(), seen, rare, depth - 1)


def _items(items: Any, seen: list[Any], rare: list[int], depth: int) -> int:
    if depth <= 0 or len(seen) > _ENTRIES:
        return _unseen(rare)
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
    value = plainer(value)
    if isinstance(value, bytes):
        seen.append(value)
        rare[_BYTES] += len(value)
        return _REFERENCE
    if isinstance(value, (list, tuple)):
        return _items(value, seen, rare, depth)
    if isinstance(value, type):
        seen.append(value)
        if value.__module__.startswith("PIL."):
            rare[IMAGES] += 1
        return _DIGITS
    return _sum((value,), seen, rare, depth)


def _unseen(rare: list[int]) -> int:
    rare[HIDDEN] += 1
    return 0


def _piece(piece: dict[str, Any], what: int, seen: list[Any], rare: list[int], depth: int) -> int:
    """The bytes of a piece of content that is no text, without the file itself."""
    if is_written(piece):
        return _fields(piece, seen, rare, depth)
    start, before, unknown = len(seen), rare[:_CACHED], rare[_BYTES]
    size = _fields(piece, seen, rare, depth)
    if rare[:_CACHED] != before:  # what is in it has been counted
        return size
    blob = blob_of(piece, seen[start:])
    if blob:
        seen[start:] = [hash(entry) if entry is blob else entry for entry in seen[start:]]
    kind = kind_of(piece, blob, what)
    length = rare[_BYTES] - unknown + len(blob) * 3 // 4
    rare[_BYTES] = unknown
    if kind in (IMAGES, HIDDEN):
        rare[kind] += 1
    elif length:
        rare[kind] += length
    else:
        rare[HIDDEN] += 1
    return size - len(blob)
