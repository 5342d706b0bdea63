"""The usage of every API of Cohere: `usage` of v2 chat, `meta` everywhere else.

Counting: `billed_units` is what is charged, so it alone fills the buckets; `tokens` counts beside it what
the model has worked on, with the tokens of Cohere's own template, and `cached_tokens` which of those were
cached; neither changes the bill. Counts are floats. Where only `tokens` is stated, it is counted, with its
cached part as such, and leaves the warning `billed_unknown`. Reasoning is inside the billed output. Images
that are embedded are billed by the token or by the image; image tokens are beside the text, unless text and
images together are the input. A search unit is one query with up to 100 documents.

Source: `types/usage.py`, `types/api_meta_billed_units.py`, `types/api_meta.py` of cohere 7.3.1.
"""

from __future__ import annotations

from typing import Any, Final

from ..readings import INPUT, INPUT_IMAGE, OUTPUT, OUTPUT_REASONING, Number, Usage
from .fields import Counts, nonzero, view
from .native_usage import counted


BILLED_UNKNOWN: Final = "billed_unknown"
"""The warning for tokens that were worked on, where nothing says which of them are billed."""

_UNITS: Final = (("search_unit", "search_units"), ("image", "images"), ("page", "pages"))


def usage_of(counts: Counts, stated: Any) -> Usage | None:
    """The usage that a `usage` or `meta` object bills; None where it states none."""
    fields = view(stated)
    billed, tokens = view(fields.get("billed_units")), view(fields.get("tokens"))
    found = _billed(counts, billed, tokens)
    return found if found is not None else _consumed(counts, fields, tokens)


def _billed(counts: Counts, billed: dict[str, Any], tokens: dict[str, Any]) -> Usage | None:
    put, got = counts(billed, "input_tokens"), counts(billed, "output_tokens")
    words, image = counts(billed, "text_tokens"), counts(billed, "image_tokens")
    units: dict[str, Number] = {}
    is_stated = not (put is None and got is None and words is None and image is None)
    for unit, name in _UNITS:
        count = counts(billed, name)
        is_stated |= count is not None
        if count:
            units[unit] = count
    if not is_stated:
        return None
    reasoning = min(counts(tokens, "reasoning_tokens") or 0, got or 0)
    buckets = [
        *_input(put, words, image or 0),
        (OUTPUT, (got or 0) - reasoning),
        (OUTPUT_REASONING, reasoning),
    ]
    return Usage(nonzero(buckets), units)


def _input(put: int | None, words: int | None, image: int) -> list[tuple[str, int]]:
    if put is None or (words is not None and put == words + image):
        return [(INPUT, words or 0), (INPUT_IMAGE, image)]
    return [(INPUT, put), (INPUT_IMAGE, image)]


def _consumed(counts: Counts, fields: dict[str, Any], tokens: dict[str, Any]) -> Usage | None:
    put, got = counts(tokens, "input_tokens"), counts(tokens, "output_tokens")
    if put is None and got is None:
        return None
    counts.warn(BILLED_UNKNOWN)
    cached = counts.within(fields, "cached_tokens", put or 0)
    reasoning = counts.within(tokens, "reasoning_tokens", got or 0)
    return counted(counts, put, got, cached=cached, reasoning=reasoning)
