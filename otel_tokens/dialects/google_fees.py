"""What Google bills for grounding, beside tokens.

Counting: searches of the web and of images are in no usage object. From Gemini 3 on each distinct query that
is not empty is billed; before, an answer that is grounded on any is billed once. Grounding on Google Maps has
a price of its own, for which there is no unit: it leaves the warning `maps_unpriced`. What a search feeds
back to the model is stated as tokens of tools and is not charged as input; what is fetched from URLs is.

Source: the pricing page of the Gemini API, November 2026; `GroundingMetadata` of google-genai 3.6;
`GroundingToolCount` of its interactions.
"""

from __future__ import annotations

import re

from collections.abc import Iterable, Iterator
from typing import Any, Final

from ..readings import INPUT_TOOL, Number, Usage
from .fields import Counts, get
from .google_names import at, each, word


WEB_SEARCH: Final = "web_search"
MAPS_UNPRICED: Final = "maps_unpriced"
TOOL_TOKENS_FREE: Final = "tool_tokens_not_charged"
"""The tokens in `input_tool` are what a search fed back, which Google does not bill."""

_NONE: Final[frozenset[str]] = frozenset()
_TOOL_TOKENS: Final = frozenset({INPUT_TOOL})
_QUERIES: Final = ("webSearchQueries", "imageSearchQueries")
_MAJOR: Final = re.compile(r"gemini-(\d+)")
_PER_QUERY: Final = 3
"""The first generation that is billed by the query."""


def searches(queries: Iterable[Any], model: str | None) -> int:
    """How many searches are billed. A model without a number in its name is taken for a new one."""
    distinct = len({query for query in queries if isinstance(query, str) and query.strip()})
    match = _MAJOR.search(model or "")
    is_old = match is not None and int(match[1]) < _PER_QUERY
    return min(distinct, 1) if is_old else distinct


def queries_of(grounding: Any) -> Iterator[Any]:
    """The queries of one grounding metadata."""
    for name in _QUERIES:
        yield from each(grounding, name)


def uses_maps(grounding: Any) -> bool:
    """Whether an answer is grounded on Google Maps."""
    return any(get(chunk, "maps") is not None for chunk in each(grounding, "groundingChunks"))


def with_fees(
    counts: Counts, tokens: dict[str, int] | None, candidates: Iterable[Any], model: str | None
) -> Usage | None:
    """The usage of an answer with what is billed beside its tokens, by the grounding of its candidates."""
    if tokens is None:
        return None
    queries: list[Any] = []
    maps = fetched = False
    for candidate in candidates:
        grounding = at(candidate, "groundingMetadata")
        queries += queries_of(grounding)
        maps = maps or uses_maps(grounding)
        fetched = fetched or next(each(candidate, "urlContextMetadata", "urlMetadata"), None) is not None
    return usage_with(counts, tokens, searches(queries, model), maps=maps, fetched=fetched)


def usage_with(counts: Counts, tokens: dict[str, int], found: int, *, maps: bool, fetched: bool) -> Usage:
    """Tokens with the searches that are billed."""
    if maps:
        counts.warn(MAPS_UNPRICED)
    if tokens.get(INPUT_TOOL) and (found or maps) and not fetched:
        counts.warn(TOOL_TOKENS_FREE)
    units: dict[str, Number] = {WEB_SEARCH: found} if found else {}
    return Usage(tokens, units)


def not_charged(counts: Counts) -> frozenset[str]:
    """The buckets that are counted and not charged, by what was warned of."""
    return _TOOL_TOKENS if TOOL_TOKENS_FREE in counts.warnings else _NONE


def tool_counts(counts: Counts, usage: Any) -> dict[str, int]:
    """How often an interaction was grounded, by the tool; empty where its usage does not say."""
    found: dict[str, int] = {}
    for entry in each(usage, "grounding_tool_count"):
        kind = word(get(entry, "type"))
        if kind is not None:
            found[kind] = found.get(kind, 0) + (counts({"count": get(entry, "count")}, "count") or 0)
    return found
