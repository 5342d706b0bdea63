"""Estimates tokens when a provider said nothing.

Never a network call: a vocabulary of tiktoken is used only when it is already on this machine
(`vocabularies`). Without it the text's words, marks and letters are counted (`rule`). A family of models
whose vocabulary is not public counts by what it takes for a token of another one (`families`).

A text that is too long to be counted in a few milliseconds is counted in samples, always the same ones,
which lie evenly over it: so an estimate takes no longer for 5 MB than for 16 kB, and needs no thread. An
upper bound takes no samples: it counts the beginning, and a token for each byte of the rest.

Source: docs/estimates.md has the error of every family, and the time it takes.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from pathlib import Path
from typing import Any, Final

from . import rule
from .families import Family, family_of
from .images import image_tokens
from .vocabularies import PACKAGES, Vocabularies


__all__ = ["PACKAGES", "Estimator"]

PIECE_CHARS: Final = 1024
"""tiktoken takes more than linear time on long runs without spaces, so it gets pieces."""
SAMPLE_CHARS: Final = 16 * PIECE_CHARS
"""What is counted of a text that is longer."""
EXACT_CHARS: Final = 256 * PIECE_CHARS
"""Of what an upper bound counts; the rest by its bytes."""

_MARGIN: Final = 3
"""Tokens of another family for one of o200k_base, on ASCII text. 1.9 were the most that was measured, on one
long word again and again at Claude; it is no proof, as longer words may come."""
_LOW: Final = 0.85
"""Of an estimate, as a lower bound, where the family's own vocabulary is not at hand."""
_LOW_EXACT: Final = 0.95
"""Where it is: what is counted in pieces comes to a little more."""
_LOW_SAMPLED: Final = 0.85
"""Of a text that is counted in samples: 10 % were the most that they were off, on 120 long texts."""
_AUDIO_BY_CHARACTER: Final = 1.4
"""15 characters are a second of speech, and that is 21 tokens: OpenAI puts a minute at 0.015 USD, and a
million tokens at 12 USD."""
_SEPARATOR: Final = '","'


class Estimator:
    """Estimates tokens with the vocabularies in `folder` or `packages`, or by a rule."""

    def __init__(self, folder: Path | None, packages: tuple[tuple[str, str], ...] = ()) -> None:
        self._vocabularies = Vocabularies(folder, packages)

    def estimate(self, texts: Iterable[str], model: str | None = None) -> int:
        """About how many tokens `texts` have for `model`."""
        text, family = "".join(texts), _family(model)
        return max(1, round(self._count(text, family) * family.factor)) if text else 0

    def at_least(self, texts: Iterable[str], model: str | None = None) -> int:
        """How many tokens `texts` have at the least for `model`: less than the estimate where it is one."""
        text, family = "".join(texts), _family(model)
        if not text:
            return 0
        found = self._count(text, family)
        if len(text) > SAMPLE_CHARS:
            found *= _LOW_SAMPLED
        own = family.exact and self._vocabularies.get(family.vocabulary) is not None
        return max(1, int(found * (_LOW_EXACT if own else family.factor * _LOW)))

    def prompt(
        self,
        texts: Iterable[str],
        model: str | None = None,
        *,
        messages: int = 0,
        tools: int = 0,
        pictures: Iterable[tuple[int, int, str]] = (),
        pages: int = 0,
    ) -> int:
        """About how many tokens a request has: its texts, and what the provider puts around them.

        A picture has a width, a height and a detail; `pages` are of PDFs.
        """
        family = _family(model)
        found = self.estimate(texts, model)
        if messages:
            found += family.prompt[0] + messages * family.prompt[1]
        if tools:
            found += family.tools[0] + tools * family.tools[1]
        name = (model or "").lower()
        found += sum([image_tokens(name, *picture) for picture in pictures])
        return found + pages * family.page

    def answer(self, texts: Iterable[str], model: str | None = None, *, calls: int = 0) -> int:
        """About how many tokens an answer has, with what stands around its texts and its calls of tools."""
        start, call = _family(model).answer
        found = self.estimate(texts, model)
        return found + calls * call + start if found or calls else 0

    @staticmethod
    def heard(seconds: float, model: str | None = None) -> int:
        """About how many tokens audio of so many seconds has."""
        return ceil(seconds * _family(model).second)

    @staticmethod
    def spoken(characters: int) -> int:
        """About how many tokens of audio it takes to speak so many characters."""
        return ceil(characters * _AUDIO_BY_CHARACTER)

    def at_most(self, texts: Iterable[str], model: str | None = None) -> int | None:
        """How many tokens `texts` have at the most for `model`, as the parts of one JSON document.

        None where no vocabulary is on this machine. Of a family whose vocabulary is not known, what is not
        ASCII counts by its bytes, and the rest with a margin.
        """
        family = _family(model)
        if (encoding := self._vocabularies.get(family.vocabulary)) is None:
            return None
        text = _SEPARATOR.join(texts)
        counted, rest = text[:EXACT_CHARS], len(text[EXACT_CHARS:].encode("utf-8", "surrogatepass"))
        if family.exact:
            return rest + _encode(encoding, counted)
        plain = counted.encode("ascii", "ignore").decode()
        others = len(counted.encode("utf-8", "surrogatepass")) - len(plain)
        return rest + others + ceil(_encode(encoding, plain) * _MARGIN)

    def _count(self, text: str, family: Family) -> float:
        """About how many tokens of the family's vocabulary a text has."""
        encoding = self._vocabularies.get(family.vocabulary)
        if len(text) <= SAMPLE_CHARS:
            return _tokens(encoding, text)
        count = SAMPLE_CHARS // PIECE_CHARS
        starts = [(len(text) - PIECE_CHARS) * index // (count - 1) for index in range(count)]
        sample = [_tokens(encoding, text[start : start + PIECE_CHARS]) for start in starts]
        return sum(sample) * len(text) / SAMPLE_CHARS


def _family(model: str | None) -> Family:
    return family_of((model or "").lower())


def _tokens(encoding: Any, text: str) -> float:  # noqa: ANN401
    if encoding is None:
        return rule.tokens(text)
    # What is half of a surrogate pair would be replaced by what takes tiktoken long.
    return _encode(encoding, text.encode("utf-8", "replace").decode())


def _encode(encoding: Any, text: str) -> int:  # noqa: ANN401
    return sum(
        [
            len(encoding.encode_ordinary(text[start : start + PIECE_CHARS]))
            for start in range(0, len(text), PIECE_CHARS)
        ]
    )
