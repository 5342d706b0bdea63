"""What in a request is a file, and not text: images, audio, documents, videos, in every provider's spelling.

Counting: a piece of content is told by its `type`, or by the key that holds it. Its kind is what its media
type or its format says, else what its type or key says. Text in a file is told from other documents, because
its bytes bound its tokens. Arguments and results of tools are data: the model reads them as JSON, whatever
they look like.

Source: the request types of openai 3.54, anthropic 2.12, google-genai 3.4, botocore 1.44.5, cohere 7.3.1,
mistralai 3.7, ollama 0.6.3 and voyageai 0.5; guides on files of Perplexity, OpenRouter and Alibaba, 2026.
"""

from __future__ import annotations

import re

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from .fields import get, view


IMAGES, AUDIO, DOCUMENTS, HIDDEN, WRITTEN = range(5)
DATA, FILES, MARK, BODY = range(5, 9)
"""How else a value is to be read: as data of a tool, as a list of images, as a mark of caching, as JSON."""

TYPES: Final[Mapping[str, int]] = {
    "image_url": IMAGES,
    "input_image": IMAGES,
    "image": IMAGES,
    "image_base64": IMAGES,
    "computer_screenshot": IMAGES,
    "image_generation_call": IMAGES,
    "image_file": IMAGES,
    "audio": AUDIO,
    "input_audio": AUDIO,
    "audio_url": AUDIO,
    "input_audio_buffer.append": AUDIO,
    "file": DOCUMENTS,
    "file_url": DOCUMENTS,
    "input_file": DOCUMENTS,
    "document": DOCUMENTS,
    "document_url": DOCUMENTS,
    "container_upload": HIDDEN,
    "item_reference": HIDDEN,
    "video": HIDDEN,
    "video_url": HIDDEN,
    "video_base64": HIDDEN,
    "input_video": HIDDEN,
}
"""The `type` of a piece of content that is no text."""

_HOLDERS: Final[Mapping[str, int]] = {
    "inlineData": DOCUMENTS,
    "inline_data": DOCUMENTS,
    "fileData": DOCUMENTS,
    "file_data": DOCUMENTS,
    "document": DOCUMENTS,
    "mediaSource": HIDDEN,
}
"""Keys of an object that is a file, where it has one of `_FILES`."""
_FILES: Final = frozenset(
    {
        "data",
        "source",
        "fileUri",
        "file_uri",
        "bytesBase64Encoded",
        "gcsUri",
        "s3Location",
        "base64String",
        "image_bytes",
        "imageBytes",
        "gcs_uri",
    }
)
_MODELS: Final = frozenset({"modelId", "EndpointName"})
"""Keys beside a body in a request of Amazon's libraries."""
Rule = Callable[[Any, Mapping[str, Any]], int | None]

_BLOB: Final = re.compile(r"data:|[A-Za-z0-9+/=_\s-]{64}")
"""How the text of a file in base64 begins."""
_PICTURE: Final = re.compile(_BLOB.pattern + "|(?:https?|gs|s3|oss|file):")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=_-]+")
_BLOBS: Final = ("data", "bytes", "bytesBase64Encoded", "base64String", "file_data", "audio")
"""Keys of a file in base64, however short it is."""
_HEAD: Final = 1024
"""Characters of a text that are looked at."""
_SHORT_TTLS: Final = (None, "5m", "30m")

_MEDIA: Final = ("mimeType", "mime_type", "media_type", "format")
_IMAGE_FORMATS: Final = frozenset({"png", "jpeg", "jpg", "gif", "webp"})
_VIDEO_FORMATS: Final = frozenset({"mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"})
_AUDIO_FORMATS: Final = frozenset({"mp3", "wav", "opus", "aac", "flac", "ogg", "m4a", "mka", "x-aac", "pcm"})
_TEXT_FORMATS: Final = frozenset({"txt", "md", "csv", "html", "json", "xml"})


def is_written(piece: Mapping[str, Any]) -> bool:
    """Whether a document is text, or pieces of content, that are in the request."""
    source = view(piece.get("source"))
    if source:
        return source.get("type") in ("text", "content") or not {"text", "content"}.isdisjoint(source)
    return get(piece.get("document"), "data") is not None  # Cohere's


def kind_of(piece: Mapping[str, Any], blob: str, kind: int) -> int:
    """The kind of a file, by what it says of itself; else `kind`, which its type or key says."""
    said: list[object] = [blob[5:100].partition(";")[0]] if blob.startswith("data:") else []
    for part in (piece, *map(view, piece.values())):
        said += [part.get(name) for name in _MEDIA]
    return next((found for each in said if (found := _kind(each)) is not None), kind)


def _kind(said: object) -> int | None:
    if type(said) is not str or not said:
        return None
    family, _, form = said.lower().rpartition("/")
    form = form.partition(";")[0].strip()
    for name, kind, forms in _FAMILIES:
        if family == name or form in forms:
            return kind
    if family == "application":
        return WRITTEN if form.endswith(("+json", "+xml", "javascript", "yaml")) else DOCUMENTS
    return None


_FAMILIES: Final = (
    ("image", IMAGES, _IMAGE_FORMATS),
    ("audio", AUDIO, _AUDIO_FORMATS),
    ("video", HIDDEN, _VIDEO_FORMATS),
    ("text", WRITTEN, _TEXT_FORMATS),
)


def blob_of(piece: Mapping[str, Any], seen: Iterable[Any]) -> str:
    """The text in base64 that is the file itself; empty where there is none. `seen` is all that is in it."""
    for part in (piece, *map(view, piece.values())):
        for name in _BLOBS:
            data = part.get(name)
            if type(data) is str and (data.startswith("data:") or _BASE64.fullmatch(data[:_HEAD])):
                return data
    blobs = [text for text in seen if type(text) is str and _BLOB.match(text) and " " not in text[:_HEAD]]
    return max(blobs, key=len, default="")


def minutes_or_hours(control: Any) -> int:
    """For how long a mark of caching asks: 0 not at all, 1 for minutes, 2 for an hour or more."""
    if control is None:
        return 0
    return 1 if view(control).get("ttl") in _SHORT_TTLS else 2


def _file(kind: int) -> Rule:
    return lambda value, _: None if isinstance(value, str) or _FILES.isdisjoint(view(value)) else kind


def _recording(kind: int) -> Rule:
    """A file that may stand alone too, or be a list of frames."""

    def rule(value: Any, _beside: Mapping[str, Any]) -> int | None:
        if isinstance(value, str):
            return kind if _PICTURE.match(value) else None
        if isinstance(value, (list, tuple)):
            return FILES if kind == HIDDEN else None
        return kind if isinstance(value, (bytes, bytearray)) or not _FILES.isdisjoint(view(value)) else None

    return rule


def _picture(value: Any, _beside: Mapping[str, Any]) -> int | None:
    if isinstance(value, str):
        return FILES if _PICTURE.match(value) else None
    if isinstance(value, (bytes, bytearray, list, tuple)):
        return FILES
    return None if _FILES.isdisjoint(view(value)) else IMAGES


def _list(value: Any, _beside: Mapping[str, Any]) -> int | None:
    return FILES if isinstance(value, (list, tuple)) else None


def _kept(value: Any, _beside: Mapping[str, Any]) -> int | None:
    return HIDDEN if isinstance(value, str) else None


def _sealed(value: Any, _beside: Mapping[str, Any]) -> int | None:
    return WRITTEN if isinstance(value, (bytes, bytearray)) else None


def _mark(value: Any, _beside: Mapping[str, Any]) -> int | None:
    return None if value is None else MARK


def _body(_value: Any, beside: Mapping[str, Any]) -> int | None:
    return None if _MODELS.isdisjoint(beside) else BODY


def _result(value: Any, _beside: Mapping[str, Any]) -> int | None:
    return DATA if isinstance(value, Mapping) else None


def _called(value: Any, beside: Mapping[str, Any]) -> int | None:
    return DATA if isinstance(value, Mapping) and "name" in beside else None


TELLING: Final[Mapping[str, Rule]] = {
    **{name: _file(kind) for name, kind in _HOLDERS.items()},
    "audio": _recording(AUDIO),
    "video": _recording(HIDDEN),
    **dict.fromkeys(("image", "inputImage", "input_image", "image_url"), _picture),
    **dict.fromkeys(("images", "mediaChunks", "media_chunks"), _list),
    **dict.fromkeys(("cachedContent", "cached_content"), _kept),
    **dict.fromkeys(("thoughtSignature", "thought_signature", "redactedContent", "signature"), _sealed),
    **dict.fromkeys(("cache_control", "cachePoint"), _mark),
    **dict.fromkeys(("body", "Body"), _body),
    "json": _result,
    **dict.fromkeys(("args", "response", "input"), _called),
}
"""Keys that may hold what is not just text, and what says so; most objects have none of them. None is text,
or what tells itself. The rule is given the object around too."""
