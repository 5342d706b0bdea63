"""Fills the templates of rules: YAML with `<<name words>>` where something is to be put in."""

from __future__ import annotations

import re

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Final


Fill = Callable[[str], str]
"""Makes the text for the words after a name."""

_FIELD: Final = re.compile(r"<<(\w+)(?: (.+?))?>>")
_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")


def template(name: str) -> str:
    """The text of a template."""
    return (files(__package__) / "templates" / name).read_text("utf-8")


def filled(text: str, fills: Mapping[str, Fill]) -> str:
    """`text` with every field filled. Text of several lines is indented as the line that it is put into."""
    lines: list[str] = []
    for line in text.split("\n"):
        margin = line[: len(line) - len(line.lstrip())]
        made = _FIELD.sub(lambda found: fills[found[1]](found[2] or ""), line)
        if made.strip() or not line.strip():
            lines += [margin + row if at and row else row for at, row in enumerate(made.split("\n"))]
    return "\n".join(lines)


def quoted(text: str) -> str:
    """`text` in double quotes, for PromQL as well as for YAML, whatever is in it."""
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    if letter.isprintable():
        return letter
    return f"\\u{ord(letter):04x}" if ord(letter) <= 0xFFFF else f"\\U{ord(letter):08x}"  # noqa: PLR2004


def matching(names: list[str]) -> str:
    """A regular expression, quoted, that exactly `names` match."""
    return quoted("|".join([_SPECIAL.sub(r"\\\g<0>", name) for name in names]))


def label_of(name: str) -> str:
    """What Prometheus makes of the name of an attribute."""
    label = re.sub(r"[^a-zA-Z0-9]+", "_", name.strip())
    return f"key_{label}" if label[:1].isdigit() else label
