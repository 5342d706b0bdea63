"""The usage object of Google's models: `usageMetadata`, and `usage` of an interaction.

Counting: the prompt includes what came from a cache; the candidates leave out thoughts, and the results of
tools come on top of the prompt. Thoughts are inside the candidates only where the total says so and they fit.
Each count has a split by modality, which may leave some of it out: the rest is text, and so are documents.
Cached tokens without a split are taken from text first. A count that the wire leaves out follows from the
total. Live sessions say `response` for the candidates, and leave thoughts out of the total.
Streaming: each chunk has the counts so far; see `Snapshots`.

Source: `GenerateContentResponseUsageMetadata` and `UsageMetadata` of `types.py`, `usage.py` of the
interactions, google-genai 3.6; an answer of the Gemini API that calls the split `promptTokenDetails`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from ..readings import (
    CACHE_READ,
    CACHE_READ_AUDIO,
    CACHE_READ_IMAGE,
    CACHE_READ_VIDEO,
    INPUT,
    INPUT_AUDIO,
    INPUT_IMAGE,
    INPUT_TOOL,
    INPUT_VIDEO,
    OUTPUT,
    OUTPUT_AUDIO,
    OUTPUT_IMAGE,
    OUTPUT_REASONING,
    OUTPUT_VIDEO,
)
from .fields import Counts, nonzero, view
from .google_names import pick, snake, word


TEXT: Final = "TEXT"
_DOCUMENT: Final = "DOCUMENT"
_MODALITIES: Final = ("MODALITY_UNSPECIFIED", TEXT, "IMAGE", "VIDEO", "AUDIO", _DOCUMENT)
"""By their numbers."""

_INPUTS: Final = {TEXT: INPUT, "AUDIO": INPUT_AUDIO, "IMAGE": INPUT_IMAGE, "VIDEO": INPUT_VIDEO}
_CACHED: Final = {
    TEXT: CACHE_READ,
    "AUDIO": CACHE_READ_AUDIO,
    "IMAGE": CACHE_READ_IMAGE,
    "VIDEO": CACHE_READ_VIDEO,
}
_OUTPUTS: Final = {TEXT: OUTPUT, "AUDIO": OUTPUT_AUDIO, "IMAGE": OUTPUT_IMAGE, "VIDEO": OUTPUT_VIDEO}
_OTHERS: Final = ("AUDIO", "IMAGE", "VIDEO")

Split = dict[str, int]
"""Modality to count."""


class _Count(NamedTuple):
    """Under which names a count stands, and the split of it."""

    names: tuple[str, ...]
    splits: tuple[str, ...]


def _wire(names: Iterable[str], splits: Iterable[str]) -> _Count:
    return _Count(
        tuple([spelled for name in names for spelled in (name, snake(name))]),
        tuple([spelled for name in splits for spelled in (name, snake(name))]),
    )


PROMPT: Final = _wire(["promptTokenCount"], ["promptTokensDetails", "promptTokenDetails"])
_CANDIDATES: Final = _wire(
    ["candidatesTokenCount", "responseTokenCount"], ["candidatesTokensDetails", "responseTokensDetails"]
)
_CACHE: Final = _wire(["cachedContentTokenCount"], ["cacheTokensDetails"])
_TOOL: Final = _wire(["toolUsePromptTokenCount"], ["toolUsePromptTokensDetails"])
_THOUGHTS: Final = _wire(["thoughtsTokenCount"], [])
_TOTAL: Final = _wire(["totalTokenCount"], [])

_LIVE_OUTPUT: Final = _wire(["responseTokenCount"], []).names


class Names(NamedTuple):
    """The counts of one usage object."""

    prompt: _Count
    output: _Count
    cache: _Count
    tool: _Count
    thoughts: _Count
    total: _Count


CONTENT: Final = Names(PROMPT, _CANDIDATES, _CACHE, _TOOL, _THOUGHTS, _TOTAL)
INTERACTION: Final = Names(
    _Count(("total_input_tokens",), ("input_tokens_by_modality",)),
    _Count(("total_output_tokens",), ("output_tokens_by_modality",)),
    _Count(("total_cached_tokens",), ("cached_tokens_by_modality",)),
    _Count(("total_tool_use_tokens",), ("tool_use_tokens_by_modality",)),
    _Count(("total_thought_tokens", "total_reasoning_tokens"), ()),
    _Count(("total_tokens",), ()),
)


def tokens(counts: Counts, usage: Any, names: Names = CONTENT) -> dict[str, int] | None:
    """The buckets of a usage object; None where it states no tokens."""
    stated = view(usage)
    prompt, prompt_split = _counted(counts, stated, names.prompt)
    output, output_split = _counted(counts, stated, names.output)
    tool, _ = _counted(counts, stated, names.tool)
    thoughts, _ = _counted(counts, stated, names.thoughts)
    total = counts.first(stated, *names.total.names)
    stated_counts = [count for count in (prompt, output, tool, thoughts) if count is not None]
    if total is None and not stated_counts:
        return None
    rest = max(0, (total or 0) - sum(stated_counts))
    if prompt is None:
        prompt = rest
    elif output is None:
        output = rest
    output, tool, thoughts = output or 0, tool or 0, thoughts or 0
    live = any(stated.get(name) is not None for name in _LIVE_OUTPUT)
    if _inside(output, thoughts, output_split, prompt + tool, total) and not live:
        output -= thoughts
    buckets = [*_input(counts, stated, names, prompt, prompt_split), (INPUT_TOOL, tool)]
    buckets += [(_OUTPUTS[kind], count) for kind, count in _shared(output, output_split).items()]
    found = nonzero([*buckets, (OUTPUT_REASONING, thoughts)])
    if total is not None and total != sum(found.values()):
        counts.warn()
    return found


def _inside(output: int, thoughts: int, split: Split, put: int, total: int | None) -> bool:
    """Whether the thoughts are a part of the candidates, by the total and by what there is room for."""
    room = output - sum([split.get(kind, 0) for kind in _OTHERS])
    return 0 < thoughts <= room and total == put + output


def _counted(counts: Counts, stated: dict[str, Any], count: _Count) -> tuple[int | None, Split]:
    """A count and its split; the split stands for the count where that is missing."""
    whole = counts.first(stated, *count.names)
    split = _split(counts, stated, count.splits)
    parts = sum(split.values())
    if whole is None:
        return (parts if split else None), split
    if parts > whole:
        counts.warn()
    return whole, split


def _split(counts: Counts, stated: dict[str, Any], names: tuple[str, ...]) -> Split:
    split: Split = {}
    entries = next((found for name in names if isinstance(found := stated.get(name), (list, tuple))), ())
    for entry in entries:
        fields = view(entry)
        kind = (word(fields.get("modality"), _MODALITIES) or TEXT).upper()
        split[kind] = split.get(kind, 0) + (counts.first(fields, "tokenCount", "token_count", "tokens") or 0)
    return split


def _shared(whole: int, split: Split) -> Split:
    """A count by modality: no more than there is, and the rest is text."""
    shares: Split = {}
    rest = whole
    for kind in _OTHERS:
        shares[kind] = min(split.get(kind, 0), rest)
        rest -= shares[kind]
    shares[TEXT] = rest
    return shares


def _input(
    counts: Counts, stated: dict[str, Any], names: Names, prompt: int, split: Split
) -> list[tuple[str, int]]:
    shares = _shared(prompt, split)
    cached, cached_split = _counted(counts, stated, names.cache)
    cached = cached or 0
    if cached > prompt:
        counts.warn()
        cached = prompt
    beyond = sum([max(0, cached_split.get(kind, 0) - shares[kind]) for kind in _OTHERS])
    if beyond > split.get(_DOCUMENT, 0):  # the pages of a document are images in the cache
        counts.warn()
    hits = _hits(cached, cached_split, shares)
    fresh = [(_INPUTS[kind], shares[kind] - hits[kind]) for kind in shares]
    return fresh + [(_CACHED[kind], hits[kind]) for kind in hits]


def _hits(cached: int, split: Split, shares: Split) -> Split:
    """What of each modality came from the cache: as the split says, and else from text first."""
    hits: Split = {}
    rest = cached
    for kind in _OTHERS:
        hits[kind] = min(split.get(kind, 0), shares[kind], rest)
        rest -= hits[kind]
    for kind in (TEXT, *_OTHERS):
        more = min(rest, shares[kind] - hits.get(kind, 0))
        hits[kind] = hits.get(kind, 0) + more
        rest -= more
    return hits


class Snapshots:
    """Folds the counts of a stream, of which every chunk may state some.

    The last one wins, field by field. Where a later chunk's counts add up to a total of its own that has not
    fallen, what it leaves out is not kept: a search starts a new pass, whose counts replace the old ones.
    """

    __slots__ = ("usage",)

    def __init__(self) -> None:
        self.usage: dict[str, Any] | None = None

    def see(self, usage: Any) -> None:
        """Add what one chunk states."""
        stated = {name: value for name, value in view(usage).items() if value is not None}
        if self.usage is None:
            self.usage = stated
            return
        kept = self.usage
        if _is_whole(stated) and _total(stated) >= _total(kept):
            kept = {name: value for name, value in kept.items() if name not in _PASSING}
        self.usage = {**kept, **stated}


_ADDED: Final = (PROMPT, _CANDIDATES, _TOOL, _THOUGHTS)
_PASSING: Final = frozenset([name for count in _ADDED for name in (*count.names, *count.splits)])


def _number(stated: dict[str, Any], names: tuple[str, ...]) -> int:
    return next((count for name in names if type(count := stated.get(name)) is int), 0)


def _total(stated: dict[str, Any]) -> int:
    return _number(stated, _TOTAL.names)


def _is_whole(stated: dict[str, Any]) -> bool:
    """Whether the counts of one chunk add up to its total."""
    return 0 < _total(stated) == sum([_number(stated, count.names) for count in _ADDED])


TRAFFIC: Final = ("TRAFFIC_TYPE_UNSPECIFIED", "ON_DEMAND", "PROVISIONED_THROUGHPUT")
"""By their numbers."""
VARIANTS: Final = {
    "ON_DEMAND": "standard",
    "ON_DEMAND_PRIORITY": "priority",
    "ON_DEMAND_FLEX": "flex",
    "ON_DEMAND_OFFPEAK": "standard",
    "PROVISIONED_THROUGHPUT": "committed",
    "STANDARD": "standard",
    "UNSPECIFIED": "standard",
    "DEFAULT": "standard",
    "FLEX": "flex",
    "PRIORITY": "priority",
    "BATCH": "batch",
}
"""What the wire calls traffic and tiers, and what is billed."""
_UNPRICED: Final = "ON_DEMAND_OFFPEAK"
"""There is no list price for it, so it counts at the standard rates."""


def tier_of(counts: Counts, usage: Any) -> tuple[str | None, str | None]:
    """The wire's own word for the tier, and what is billed."""
    stated = view(usage)
    tier = word(pick(stated, "trafficType"), TRAFFIC) or word(pick(stated, "serviceTier"))
    if tier == _UNPRICED:
        counts.warn("tier_unpriced")
    return tier, variant_of(tier)


def variant_of(tier: str | None) -> str | None:
    """What is billed for a tier; None where that is not known."""
    return VARIANTS.get(tier.upper().removeprefix("SERVICE_TIER_")) if tier else None
