"""Typed reads from JSON values or models of client libraries that are not ours.

Models of pydantic 1 and 2 keep their fields in `__dict__` and unknown ones there or in
`__pydantic_extra__`; reading those is as quick as reading a dict and triggers no code of the model. Models of
Azure's libraries are mappings; those of huggingface-hub are dicts that hold fewer items than fields.
"""

from __future__ import annotations

import json

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final


INCONSISTENT: Final = "usage_inconsistent"
"""The warning for counts that contradict one another or cannot be counts."""

_MAX_COUNT: Final = 2**40
"""No call has a trillion tokens. Sums of counts must stay within 63 bits, or no metric can be exported."""

_DIGITS: Final = 12
"""Of a count that is written as a string."""
_JSON: Final = (str, int, float, list, tuple, dict)

_MAX_AMOUNT: Final = Decimal(10) ** 12
"""No call costs as many USD or has as many seconds. Sums of amounts must stay finite as floats."""


_EMPTY: Final[dict[str, Any]] = {}
_WITHIN: Final = "_data"
"""Where the models of Azure's libraries, which are mappings, keep their fields."""


def view(node: Any) -> dict[str, Any]:
    """The fields of a JSON object or a model as a dict to read from; empty for what has none."""
    if type(node) is dict:
        return node
    if isinstance(node, dict):
        # A subclass keeps its items; its attributes are no fields, unless they are declared as such.
        declared = hasattr(type(node), "__dataclass_fields__")
        return {**node, **getattr(node, "__dict__", _EMPTY)} if declared else node
    try:
        fields = node.__dict__
    except AttributeError:
        return dict(node) if isinstance(node, Mapping) else _EMPTY
    if type(fields) is not dict:
        return _EMPTY
    if _WITHIN in fields and isinstance(node, Mapping):
        return dict(node)
    extra = getattr(node, "__pydantic_extra__", None)
    return {**fields, **extra} if extra else fields


def event_fields(event: Any) -> dict[str, Any]:
    """The known fields of an event, at once; none of what is neither an object nor a model."""
    if type(event) is dict:
        return event
    fields: dict[str, Any] = getattr(event, "__dict__", _EMPTY)
    return view(event) if not fields or _WITHIN in fields else fields


def index_of(node: Mapping[str, Any]) -> int:
    """The place of a piece among its like; 0 when it does not say."""
    index = node.get("index")
    return index if type(index) is int else 0


def get(node: Any, name: str) -> Any:
    """The field `name` of a JSON object or a model; None when there is no such field."""
    return view(node).get(name)


def dig(node: Any, *path: str) -> Any:
    """The value at `path`; None where the path ends early."""
    for name in path:
        if node is None:
            return None
        node = get(node, name)
    return node


def string(fields: Mapping[str, Any], name: str) -> str | None:
    """The non-empty string under `name` of fields that are a dict already."""
    value = fields.get(name)
    return value if type(value) is str and value else None


def text(node: object, *path: str) -> str | None:
    """The non-empty string at `path`, else None."""
    value = dig(node, *path)
    return value if isinstance(value, str) and value else None


def items(node: object, *path: str) -> Iterator[Any]:
    """The entries of the list at `path`; nothing when it is no list."""
    value = dig(node, *path)
    if isinstance(value, (list, tuple)):
        yield from value


def money(node: object, *path: str) -> Decimal | None:
    """The amount at `path` when it is a number that can be one: not negative, and not beyond all reason."""
    value = dig(node, *path)
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        return None
    try:
        amount = Decimal(str(value))
    except (InvalidOperation, ValueError):  # an integer may have too many digits to be written down
        return None
    return amount if amount.is_finite() and 0 <= amount <= _MAX_AMOUNT else None


class Counts:
    """Reads the counters of one response and notes what cannot be a count.

    None and absent are unknown, and so is what JSON cannot hold, such as a client's mark for what is not set.
    A float counts when it is whole; a string of digits counts too, with a warning. A bool, a negative or
    broken number and one beyond all reason are no counts: they read as unknown and leave a warning.
    """

    __slots__ = ("warnings",)

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def __call__(self, fields: dict[str, Any], name: str) -> int | None:
        """The count `name` of `fields`, or None when the wire does not say."""
        value = fields.get(name)
        if value is None or (type(value) is int and 0 <= value <= _MAX_COUNT):
            return value
        if type(value) is float and value.is_integer() and 0 <= value <= _MAX_COUNT:
            return int(value)
        if not isinstance(value, _JSON):
            return None
        self.warn()
        if type(value) is str and value.isdecimal() and len(value) <= _DIGITS:
            return min(int(value), _MAX_COUNT)
        return None

    def first(self, fields: dict[str, Any], *names: str) -> int | None:
        """The count under the first of `names` that has one."""
        for name in names:
            if (count := self(fields, name)) is not None:
                return count
        return None

    def within(self, fields: dict[str, Any], name: str, whole: int) -> int:
        """The count `name` as a part of `whole`: 0 when unknown, cut with a warning when larger."""
        count = self(fields, name)
        if not count:
            return 0
        if count > whole:
            self.warn()
            return whole
        return count

    def warn(self, warning: str = INCONSISTENT) -> None:
        """Note `warning` once."""
        if warning not in self.warnings:
            self.warnings.append(warning)


def nonzero(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Bucket to count, without the buckets that have none."""
    return {bucket: count for bucket, count in counts if count}


def parsed(data: bytes) -> Any:
    """The JSON value of `data`, or None when it is none."""
    if data[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
