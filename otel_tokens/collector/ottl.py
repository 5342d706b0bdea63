"""The collector's transformation language: how names, numbers and patterns are written in it.

Statements are kept short by two marks: `%name` is a scratch value of the span, `@name@` its attribute.
Scratch is deleted before a span is stored.

Source: `pkg/ottl` and `processor/transformprocessor` of the contrib collector 0.161.0.
"""

from __future__ import annotations

import re

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from ..errors import ConfigError


SCRATCH: Final = "otel_tokens.tmp."

_SHORT: Final = re.compile(r"(\"(?:\\.|[^\"\\])*\")|%([a-z][a-z0-9_.]*)|@([a-zA-Z0-9_.]+)@")
_AROUND: Final = re.compile(r"\(\?[=!<]|\(\?P=|\(\?\(|\(\?>|\\[1-9]|[*+?}]\+")
_NOT_AT_ALL: Final = re.compile(r"^\^\(\?!(.*)\)$")


def full(text: str) -> str:
    """A statement or a condition with its marks written out; strings are left as they are."""

    def written(found: re.Match[str]) -> str:
        if found[1]:
            return found[1]
        name = SCRATCH + found[2] if found[2] else found[3]
        return f'span.attributes["{name}"]'

    return _SHORT.sub(written, text)


def quoted(text: str) -> str:
    """A string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r") + '"'


def number(value: Decimal) -> str:
    """A double, without an exponent, which the language does not read in all places."""
    text = f"{value:f}"
    return text if "." in text else f"{text}.0"


def mapping(pairs: Iterable[tuple[str, str]]) -> str:
    """A map literal of keys and values that are written already."""
    return "{" + ", ".join([f"{quoted(key)}: {value}" for key, value in pairs]) + "}"


def looked_up(literal: str, key: str) -> str:
    """The value of a key in a map literal; an error where there is none."""
    # Only what a function gives can be indexed, and this one gives the literal itself, uncopied.
    return f"Coalesce([{literal}])[{key}]"


def joined(*parts: str) -> str:
    """Strings put together."""
    return f'Concat([{", ".join(parts)}], "")'


def any_of(conditions: Iterable[str]) -> str:
    """Whether one of some conditions holds."""
    return "(" + " or ".join(conditions) + ")"


def all_of(conditions: Iterable[str]) -> str:
    """Whether all of some conditions hold."""
    return "(" + " and ".join(conditions) + ")"


def denied(pattern: str) -> str | None:
    """What must not be found, where a pattern only says that."""
    found = _NOT_AT_ALL.match(pattern)
    return f"^(?:{found[1]})" if found else None


def checked(pattern: str) -> str:
    """The same pattern, if the collector's regular expressions can say it.

    Raises:
        ConfigError: They cannot.
    """
    if _AROUND.search(pattern):
        raise ConfigError(f"the collector cannot match {pattern!r}: it looks around, or refers back")
    return pattern


def searched(name: str, pattern: str) -> str:
    """Whether Python's `re.search` finds `pattern` in `name`.

    Raises:
        ConfigError: The collector's regular expressions cannot say it.
    """
    never = denied(pattern)
    test = f"IsMatch({name}, {quoted(checked(never or pattern))})"
    return f"not {test}" if never else test


def glob_pattern(glob: str) -> str:
    """The regular expression of a shell glob."""
    parts, place = [], 0
    while place < len(glob):
        letter = glob[place]
        end = glob.find("]", place + 2) if letter == "[" else -1
        if letter == "[" and end > 0:
            inner = glob[place + 1 : end].replace("\\", "\\\\")
            parts.append(f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]")
            place = end
        else:
            parts.append({"*": ".*", "?": "."}.get(letter, re.escape(letter)))
        place += 1
    return f"(?s)^{''.join(parts)}$"
