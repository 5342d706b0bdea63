"""What a request has beside its texts, for an estimate of its tokens: messages, tools, images, audio, pages.

Counting: messages are the objects in a list of messages, tools those in a list of tools, in any provider's
spelling. A file is told by its first bytes, wherever it stands (`pictures`); an image at a URL by the type of
its piece or by its media type, and its size is unknown then. A PDF at a URL is not counted. The schema that
an answer must have is text of the prompt, which no message has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from .fields import dig, view
from .openai_request import schema
from .pictures import file_of


class Picture(NamedTuple):
    """An image of a request."""

    width: int
    """In pixels; 0 where it is not known."""
    height: int
    detail: str
    """What the request asks for: `low`, `high`, `auto`, or nothing."""


class Pieces(NamedTuple):
    """What is in a request beside its texts."""

    messages: int
    tools: int
    pictures: tuple[Picture, ...]
    seconds: float
    """Of audio."""
    pages: int
    """Of PDFs."""
    schemas: tuple[str, ...] = ()
    """The keys and strings of the schema that the answer must have."""


_MESSAGES: Final = frozenset({"messages", "contents", "input", "chat_history"})
_SAID: Final = ("input", "instructions", "message")
"""Texts that are messages, where a request has them at its top."""
_TOOLS: Final = frozenset({"tools"})
_DECLARED: Final = ("functionDeclarations", "function_declarations")
_SCHEMAS: Final = (
    ("response_format", "json_schema"),
    ("response_format", "schema"),
    ("text", "format"),
    ("output_config", "format", "schema"),
    ("output_format", "schema"),
)
"""Where requests have it. Google's is not counted, as it takes no tokens."""
_DEPTH: Final = 24
_ENTRIES: Final = 20_000
"""Values that are looked at. What is beyond is not counted."""
_LONG: Final = 24
"""Characters of the shortest text that may be a file."""


def pieces_of(request: Any) -> Pieces:
    """What is in a request beside its texts. Strings and objects are looked at, and never iterators."""
    found = _Found()
    with suppress(RecursionError):  # the stack is nearly used up
        found.see(request, "", _DEPTH)
    fields = view(request)
    found.messages += sum([isinstance(fields.get(name), str) for name in _SAID])
    schemas = tuple([text for path in _SCHEMAS for text in schema(dig(request, *path))])
    return Pieces(found.messages, found.tools, tuple(found.pictures), found.seconds, found.pages, schemas)


_CALLS: Final = frozenset({"tool_use", "function_call", "function", "custom_tool_call", "tool_call"})
_CALLED: Final = ("functionCall", "function_call", "toolUse")


def calls_of(body: Any, depth: int = 8) -> int:
    """How many calls of tools an answer has: objects of such a type, or under such a key."""
    if isinstance(body, (list, tuple)):
        return sum([calls_of(item, depth - 1) for item in body]) if depth > 0 else 0
    fields = view(body)
    if not fields or depth <= 0:
        return 0
    if isinstance(fields.get("type"), str) and fields["type"] in _CALLS:
        return 1
    if any(view(fields.get(name)) for name in _CALLED):
        return 1
    return sum([calls_of(value, depth - 1) for value in fields.values() if not isinstance(value, str)])


class _Found:
    """What a walk has found so far."""

    __slots__ = ("detail", "left", "messages", "pages", "pictures", "seconds", "tools")

    def __init__(self) -> None:
        self.messages = self.tools = self.pages = 0
        self.seconds = 0.0
        self.pictures: list[Picture] = []
        self.left = _ENTRIES
        self.detail = ""

    def see(self, value: Any, name: str, depth: int) -> None:
        """Look at the value under `name`."""
        self.left -= 1
        if depth <= 0 or self.left <= 0:
            return
        if isinstance(value, (str, bytes, bytearray)):
            if len(value) >= _LONG:
                self._note(value)
        elif isinstance(value, (list, tuple)):
            self._list(value, name, depth)
        elif fields := view(value):
            self._object(fields, depth)

    def _list(self, values: list[Any] | tuple[Any, ...], name: str, depth: int) -> None:
        if values and type(values[0]) in (int, float):
            return  # ids of tokens
        if name in _MESSAGES:
            self.messages += sum([not isinstance(value, str) for value in values])
        elif name in _TOOLS:
            self.tools += sum([_declared(value) for value in values])
        for value in values:
            self.see(value, name if name not in _MESSAGES else "", depth - 1)

    def _object(self, fields: Mapping[str, Any], depth: int) -> None:
        around, detail = self.detail, fields.get("detail")
        if isinstance(detail, str):
            self.detail = detail
        before = len(self.pictures)
        for name, value in fields.items():
            if value is not None:
                self.see(value, name, depth - 1)
        if len(self.pictures) == before and _is_image(fields):
            self.pictures.append(Picture(0, 0, self.detail))
        self.detail = around

    def _note(self, value: str | bytes | bytearray) -> None:
        """Note a file."""
        file = file_of(value)
        if file is None:
            return
        kind, what = file
        if kind == "image":
            width, height = what or (0, 0)
            self.pictures.append(Picture(width, height, self.detail))
        elif kind == "audio":
            self.seconds += what
        else:
            self.pages += what


def _declared(tool: Any) -> int:
    """How many functions an entry of a list of tools declares."""
    fields = view(tool)
    several = next((fields[name] for name in _DECLARED if name in fields), None)
    return len(several) if isinstance(several, (list, tuple)) else 1


def _is_image(fields: Mapping[str, Any]) -> bool:
    """Whether an object is an image that is not in the request itself."""
    kind = fields.get("type")
    if isinstance(kind, str) and kind in _IMAGES:
        return any(name in fields for name in _PLACES)
    media = next(_media(fields), "")
    return media.startswith("image/") and any(name in fields for name in _PLACES)


_IMAGES: Final = ("image_url", "input_image", "image", "image_file")
_PLACES: Final = ("image_url", "url", "fileUri", "file_uri", "file_id", "source", "image_file", "image")


def _media(fields: Mapping[str, Any]) -> Iterator[str]:
    for name in ("mimeType", "mime_type", "media_type"):
        if isinstance(media := fields.get(name), str):
            yield media
