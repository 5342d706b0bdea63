"""A book as text: JSON with one model on a line, so that a change of a price is a change of a line."""

from __future__ import annotations

import json

from collections.abc import Mapping
from typing import Any

from .pages import BEGIN, BETWEEN, END, sealed


def text_of(book: Mapping[str, Any]) -> str:
    """The text of a book, in the layout that `pages.py` reads."""
    head = {key: value for key, value in book.items() if key != "providers"}
    lines = [
        f"{_json(key)}:{_listed(value) if key in _LONG else _json(value)}" for key, value in head.items()
    ]
    blocks = [_block(name, plain) for name, plain in book["providers"].items()]
    return sealed(",\n".join([*lines, BEGIN + BETWEEN.join(blocks) + END]))


_LONG = frozenset({"origins", "multipliers"})
"""Lists with one entry on a line."""


def _listed(values: list[object]) -> str:
    return "[\n" + ",\n".join(map(_json, values)) + "\n]"


def _block(name: str, plain: Mapping[str, Any]) -> str:
    head = {key: value for key, value in plain.items() if key != "models"}
    lines = [f"{_json(key)}:{_json(value)}" for key, value in sorted(head.items())]
    return f"{_json(name)}:{{" + ",".join(lines) + ',"models":[\n' + ",\n".join(map(_json, plain["models"]))


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
