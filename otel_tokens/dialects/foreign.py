"""Values of a request that are no plain JSON, as near to it as they come: models, bytes, functions, bodies.

Counting: a function or a class stands for the schema that its library makes of it, whose words are its own.
What cannot be read without being used up, such as an iterator or an open file, is left alone.

Source: google-genai 3.4 (functions, images of PIL), botocore 1.44.5 (bodies), xai-sdk 1.21 (protobuf).
"""

from __future__ import annotations

import json

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .fields import view


_SIGNATURE: Final = " " * 1000
"""What a library makes of a function or a class, beside its own words."""
_MOST: Final = 500_000
"""Entries of a sequence: what is longer is only said to be one."""


def plainer(value: Any) -> Any:  # noqa: PLR0911 - one for each kind of value
    """A string, bytes, a dict, a list; the class of what is none of these."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, type) or hasattr(value, "__code__"):
        words = (getattr(value, "__name__", ""), getattr(value, "__doc__", ""))
        return f"{words}{getattr(value, '__annotations__', '')}{_SIGNATURE}"
    if (fields := _fields(value)) is not None:
        return fields
    if isinstance(value, Sequence) and len(value) <= _MOST:
        return list(value)
    return type(value)


def _fields(value: Any) -> dict[str, Any] | None:
    """The fields of a model; None where it is none."""
    kind = type(value)
    if hasattr(kind, "__dataclass_fields__"):
        return {name: getattr(value, name, None) for name in kind.__dataclass_fields__}
    if hasattr(kind, "__pydantic_fields__") or hasattr(kind, "__fields__"):  # of pydantic 2, and of 1
        fields = {name: field for name, field in view(value).items() if field is not None}
        if "uri" in fields and "mime_type" in fields:  # a file that was uploaded before, as Google has them
            return {"fileData": {"fileUri": fields["uri"], "mimeType": fields["mime_type"]}}
        return fields
    if hasattr(kind, "ListFields"):
        return {field.name: each for field, each in value.ListFields()}
    return None


def parsed(body: Any) -> Any:
    """What a body says that is JSON already, as Amazon's libraries take it; else the body itself."""
    if not isinstance(body, (str, bytes, bytearray)) or body[:1] not in ("{", "[", b"{", b"["):
        return body
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body
