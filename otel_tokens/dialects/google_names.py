"""Reads Google's JSON and the models of its client library, which spell the same names in two ways.

On the wire a name is `usageMetadata`; in the models of google-genai, and where a caller of the wire prefers
it, `usage_metadata`. Words of an enumeration are strings, members of an enum, or numbers where the caller
asked for `enum-encoding=int`.

Source: `_common.py` and `types.py` of google-genai 3.6; `types/content.py` of google-cloud-aiplatform 2.7.
"""

from __future__ import annotations

import re

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from .fields import get, text, view


_CAPITAL: Final = re.compile("[A-Z]")
OTHER_ERROR: Final = "_OTHER"


@lru_cache(maxsize=512)
def snake(name: str) -> str:
    """`usageMetadata` as `usage_metadata`."""
    return _CAPITAL.sub(lambda capital: "_" + capital[0].lower(), name)


def pick(fields: Mapping[str, Any], name: str) -> Any:
    """The value of `name` in either spelling, from fields that are a dict already."""
    value = fields.get(name)
    return fields.get(snake(name)) if value is None else value


def at(node: Any, *path: str) -> Any:
    """The value at `path` in either spelling; None where the path ends early."""
    for name in path:
        if node is None:
            return None
        node = pick(view(node), name)
    return node


def each(node: Any, *path: str) -> Iterator[Any]:
    """The entries of the list at `path`; nothing when it is no list."""
    value = at(node, *path)
    if isinstance(value, (list, tuple)):
        yield from value


def string_at(node: Any, *path: str) -> str | None:
    """The non-empty string at `path`, in either spelling."""
    return word(at(node, *path))


def word(value: Any, numbers: tuple[str, ...] = ()) -> str | None:
    """A word of an enumeration: its name, whichever way it is encoded; None for what is unspecified.

    A number that `numbers` does not name stays a number: Google's two APIs do not number the rest alike.
    """
    if isinstance(value, Enum):
        value = value.value
    if type(value) is int and numbers and value > 0:
        return numbers[value] if value < len(numbers) else str(value)
    if not isinstance(value, str) or not value or value.upper().endswith("_UNSPECIFIED"):
        return None
    return str(value)


def error_type(error: Any) -> str | None:
    """The status or the code of an error that came as a body, an event or a row."""
    if not error:
        return None
    code = get(error, "code")
    status = word(get(error, "status")) or word(code) or text(error, "type")
    return status or (str(code) if type(code) is int and 0 < code < 1000 else OTHER_ERROR)  # noqa: PLR2004


def tail(name: str | None) -> str | None:
    """The last part of the name of a resource: `abc` of `batches/abc`."""
    return None if name is None else name.rpartition("/")[2] or None


def plain(value: Any, depth: int = 8) -> Any:
    """A value of a model as JSON has it, to a bounded depth; None for what JSON has no word for."""
    if isinstance(value, Enum):
        return plain(value.value, depth)
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if not depth:
        return None
    if isinstance(value, (list, tuple)):
        return [plain(entry, depth - 1) for entry in value]
    return {str(key): plain(entry, depth - 1) for key, entry in view(value).items() if entry is not None}
