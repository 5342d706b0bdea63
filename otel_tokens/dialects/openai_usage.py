"""The usage object of every API in OpenAI's shape, and of the vendors that copied it.

Counting: the input count includes cache reads, cache writes, audio and images; the output count includes
reasoning and audio. Chat says `prompt_tokens`/`completion_tokens`, Responses, images and transcription say
`input_tokens`/`output_tokens`; where a gateway states both, the pair that is not zero counts. What is
inside and what is beside is the vendor's habit, and the total has the last word: what it exceeds input and
output by is reasoning (xAI chat, Vercel), caches (Anthropic's counts, copied as they are), or both.

What contradicts itself is cut to what can be, never dropped, and leaves `usage_inconsistent`:

- a part larger than its whole is cut to the whole; details never change the totals of input and output;
- more reasoning than output cannot be inside it, so it is beside; the same holds for cache counts under
  Anthropic's names;
- a total that no sum explains leaves the parts as they are;
- one side that is missing is what the total leaves for it;
- negative, broken, huge or no number at all: not stated;
- an object where there should be a number, a list where there should be an object: not stated;
- usage that is all zero, where text was delivered, states nothing; output of zero with text stays as
  stated.

Source: `types/completion_usage.py`, `types/responses/response_usage.py`, `types/images_response.py`,
`types/audio/transcription.py` of openai 3.54; `usage_info.py` of perplexityai 0.46; `completion_usage.py`
of groq 1.7; xAI's `usage.proto` of xai-sdk 1.21.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..readings import INPUT, Number, Usage
from .fields import INCONSISTENT, Counts, get, items, money, nonzero, view
from .openai_details import input_buckets, output_buckets, split_of
from .openai_units import stated_units


Warnings = tuple[str, ...]

_WRAPPERS: Final = ("response", "message", "result", "data")


def tokens(usage: object) -> tuple[Usage | None, Warnings]:
    """The buckets and units of a usage object, and warnings; None where it states no tokens."""
    if usage is None:
        return None, ()
    stated = view(usage)
    if not stated:
        return None, (INCONSISTENT,) if _odd(usage) else ()
    counts = Counts()
    prompt = _side(counts, stated, "prompt_tokens", "input_tokens")
    completion = _side(counts, stated, "completion_tokens", "output_tokens")
    total = counts(stated, "total_tokens")
    if prompt is None or completion is None:
        if prompt is completion is total:
            return None, tuple(counts.warnings)
        prompt, completion = _completed(counts, prompt, completion, total)
    buckets = _buckets(counts, stated, prompt, completion, total)
    units = stated_units(counts, stated)
    return Usage(buckets, units) if units else Usage(buckets), tuple(counts.warnings)


def seconds(usage: object) -> dict[str, Number]:
    """The billed seconds of audio of a `duration` usage."""
    billed = money(usage, "seconds")
    return {"audio_second": billed} if billed else {}


def elsewhere(body: Mapping[str, Any]) -> tuple[object, Warnings]:
    """The usage object of a body that has none in its place, and a warning where nobody documents it.

    Moonshot states it in the choice, the same in each; Groq's streams in `x_groq`; a wrapped body inside.
    """
    for choice in items(body, "choices"):
        if (found := get(choice, "usage")) is not None:
            return found, ()
    for name in _WRAPPERS:
        if (found := get(body.get(name), "usage")) is not None:
            return found, (INCONSISTENT,)
    return None, ()


def delivered(usage: Usage | None, warnings: Warnings, texts: Iterable[str]) -> tuple[Usage | None, Warnings]:
    """Usage without output, held against the texts that came: no text is free of tokens."""
    if usage is None or usage.output_tokens or not any(texts):
        return usage, warnings
    warnings = tuple(dict.fromkeys((*warnings, INCONSISTENT)))
    return (usage if usage.tokens or usage.units else None), warnings


def split(usage: Usage, parts: Iterable[Usage]) -> Usage | None:
    """`usage` without `parts` that were counted in it; None where they are not inside it."""
    rest, units = dict(usage.tokens), dict(usage.units)
    for part in parts:
        for bucket, count in part.tokens.items():
            rest[bucket] = rest.get(bucket, 0) - count
        for unit, number in part.units.items():
            units[unit] = units.get(unit, 0) - number
    if min(rest.values(), default=0) < 0 or min(units.values(), default=0) < 0:
        return None
    return Usage(nonzero(rest.items()), {unit: number for unit, number in units.items() if number})


def _odd(usage: object) -> bool:
    """Whether a value without fields is no empty object either."""
    return bool(usage) and not isinstance(usage, Mapping) and not hasattr(usage, "__dict__")


def _side(counts: Counts, stated: dict[str, Any], name: str, other: str) -> int | None:
    """The count of one side: where both names are used, the one that is not zero."""
    count = counts(stated, name)
    if other not in stated:
        return count
    second = counts(stated, other)
    if count and second and count != second:
        counts.warn()
    return count or (count if second is None else second)


def _completed(
    counts: Counts, prompt: int | None, completion: int | None, total: int | None
) -> tuple[int, int]:
    """Both sides, of which at least one is not stated: the total alone is input, as of embeddings."""
    if prompt is None and completion is None:
        return total or 0, 0
    known = prompt or completion or 0
    missing = max(0, (total or 0) - known)
    if missing:
        counts.warn()
    return (missing, known) if prompt is None else (known, missing)


def _buckets(
    counts: Counts, stated: dict[str, Any], prompt: int, completion: int, total: int | None
) -> dict[str, int]:
    given, made = split_of(counts, stated)
    if not given and not made:
        buckets = output_buckets(counts, made, completion, 0)
        if prompt:
            buckets[INPUT] = prompt
        if total is not None and total != prompt + completion:
            counts.warn()
        return buckets
    excess = 0 if total is None else total - prompt - completion
    reasoning = counts(made, "reasoning_tokens") or 0
    reasoning_beside = False
    if excess > 0 or "copied" in given:
        extra, reasoning_beside = _beside(counts, given, prompt, excess, reasoning)
        prompt += extra
    if "citation_tokens" in made:  # Perplexity's total leaves out what its own tokens are beside
        reasoning_beside = True
        total = None if not excess else total
    elif reasoning > completion and not reasoning_beside:
        counts.warn()
        reasoning_beside = True
    buckets = input_buckets(counts, given, prompt)
    buckets.update(output_buckets(counts, made, completion, 0 if reasoning_beside else reasoning))
    if total is not None and total != sum(buckets.values()):
        counts.warn()
    return buckets


def _beside(
    counts: Counts, given: dict[str, Any], prompt: int, excess: int, reasoning: int
) -> tuple[int, bool]:
    """The cache counts that are on top of the input, and whether reasoning is on top of the output.

    The total says it; without it, cache counts under copied names that are more than the input.
    """
    if excess > 0 and excess == reasoning:
        return 0, True
    cached = (counts(given, "cached_tokens") or 0) + (counts(given, "cache_write_tokens") or 0)
    if excess > 0 and excess in (cached, cached + reasoning):
        return cached, excess != cached
    if "copied" in given and cached > prompt:
        counts.warn()
        return cached, False
    return 0, False
