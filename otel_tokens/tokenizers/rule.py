"""How many tokens a text has, without a vocabulary: by the words, marks, digits and letters in it.

Counting: a vocabulary of bytes splits a text into words, runs of marks, groups of three digits and runs of
white space, and takes a token or more for each by its length. Letters that are not Latin are counted one by
one, at what a letter of their script takes on the average.

Source: fitted to o200k_base on half of 3,000 texts, in 100 languages, of source code, JSON and prose. On the
other half it is 4 % off for prompts, code and JSON, and 11 % for other languages than English; a token for
4 bytes is 19 % off.
"""

from __future__ import annotations

import re

from bisect import bisect
from collections import Counter
from functools import lru_cache
from typing import Final


_WORDS: Final = re.compile(r"[A-Z]?[a-z\u00c0-\u024f\u1e00-\u1eff]+|[A-Z]+")
_MARKS: Final = re.compile(r"[!-/:-@\[-`{-~]+")
_DIGITS: Final = re.compile(r"[0-9]+")
_SPACES: Final = re.compile(r"[\n\r]\s*|\s{2,}|[\t\v\f]")
_OTHER: Final = re.compile(r"[^\t-\r -~]")

_BY_WORD: Final = (0.0, 0.80, 1.24, 0.79, 0.85, 1.07, 1.12, 1.0, 1.22, 1.66, 1.32, 1.32, 2.6)
"""Tokens of a word by its length; the last is that of 12 letters."""
_BY_LETTER: Final = 0.36
"""Of each letter beyond."""
_BY_MARKS: Final = (0.0, 0.66, 1.17, 0.53, 1.30)
_BY_MARK: Final = 0.27
_BY_DIGITS: Final = 1.3
"""Of each group of three digits."""
_BY_SPACES: Final = 1.13
"""Of a line's end, and of a run of white space; a single space belongs to the word after it."""
_BY_LONG_SPACES: Final = 0.5
"""Of a run of 16 and more, beside that; no token is longer than 128."""

_SCRIPTS: Final = (
    (0x00, 0.5),  # controls
    (0x80, 1.39),  # with accents: beside what their word takes
    (0x250, 1.4),
    (0x370, 0.40),  # Greek
    (0x400, 0.35),  # Cyrillic
    (0x530, 0.39),  # Armenian, Hebrew, Arabic
    (0x780, 1.4),
    (0x900, 0.41),  # of India
    (0xE00, 0.39),  # Thai, Lao
    (0xF00, 1.4),
    (0x1000, 0.39),  # Burmese, Georgian
    (0x1100, 0.79),  # Korean
    (0x1200, 1.4),
    (0x1780, 0.39),  # Khmer
    (0x1800, 1.4),
    (0x1E00, 0.0),  # of Vietnamese: within what their word takes
    (0x1F00, 0.40),  # Greek
    (0x2000, 0.81),  # marks and symbols
    (0x3040, 0.63),  # Japanese
    (0x3100, 0.81),
    (0x3400, 0.86),  # Chinese
    (0xA000, 1.4),
    (0xAC00, 0.79),  # Korean
    (0xD7B0, 1.4),
    (0xF900, 0.86),  # Chinese
    (0xFB00, 1.4),
    (0xFE00, 0.81),  # marks
    (0xFFF0, 1.4),
    (0x10000, 2.1),  # emoji, above all
)
"""Tokens of a character that is no plain ASCII, from a code point on; 1.4 is that of scripts not known."""
_FIRST: Final = [first for first, _ in _SCRIPTS]


def tokens(text: str) -> float:
    """About how many tokens of o200k_base `text` has. It takes time in proportion to its length."""
    found = _by_length(_WORDS, text, _BY_WORD, _BY_LETTER) + _by_length(_MARKS, text, _BY_MARKS, _BY_MARK)
    found += _BY_DIGITS * sum([(len(run) + 2) // 3 for run in _DIGITS.findall(text)])
    for run in _SPACES.findall(text):
        found += _BY_SPACES + len(run) // 128 + (_BY_LONG_SPACES if len(run) > 16 else 0)  # noqa: PLR2004
    others = Counter(_OTHER.findall(text))
    return found + sum([count * _by_script(character) for character, count in others.items()])


def _by_length(pattern: re.Pattern[str], text: str, table: tuple[float, ...], beyond: float) -> float:
    """What the runs that `pattern` finds take by their lengths."""
    last = len(table) - 1
    lengths = Counter(map(len, pattern.findall(text)))
    return sum(
        [
            count * (table[length] if length < last else table[last] + (length - last) * beyond)
            for length, count in lengths.items()
        ]
    )


@lru_cache(maxsize=4096)
def _by_script(character: str) -> float:
    """What a character takes that is no plain ASCII."""
    return _SCRIPTS[bisect(_FIRST, ord(character)) - 1][1]
