"""What the span of a finished call states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..readings import (
    CACHE_READ,
    CACHE_READ_AUDIO,
    CACHE_READ_IMAGE,
    CACHE_READ_VIDEO,
    CACHE_WRITE,
    CACHE_WRITE_1H,
    CACHE_WRITE_5M,
    CACHE_WRITE_12H,
    INPUT_AUDIO,
    INPUT_IMAGE,
    INPUT_TOOL,
    INPUT_VIDEO,
    OUTPUT_AUDIO,
    OUTPUT_CITATION,
    OUTPUT_IMAGE,
    OUTPUT_REASONING,
    OUTPUT_VIDEO,
    Usage,
)
from . import names
from .finished import Finished


OPENAI: Final = frozenset({"openai", "azure.ai.openai"})
"""Providers whose spans carry attributes of `openai.`."""


def of_call(key: tuple[str, str, str | None], end: Finished, alias: str | None) -> dict[str, Any]:
    """Everything that the span of a call states when it has ended."""
    reading = end.reading
    operation, provider, _ = key
    found: dict[str, Any] = of_money(end, alias)
    for name, value in end.asked.items():
        if name != "service_tier" or provider in OPENAI:
            found[names.ASKED[name]] = value
    if end.stated is not None and not end.counted_before:
        _usage(found, end.stated, operation)
    found[names.OUTCOME] = end.outcome
    said = (
        (names.RESPONSE_ID, reading.id),
        (names.RESPONSE_MODEL, reading.model),
        (names.FINISH_REASONS, reading.finish_reasons or None),
        (names.FIRST_CHUNK_S, end.first_chunk_s),
        (names.ERROR_TYPE, end.error_type),
        (names.ATTEMPTS, end.attempts if end.attempts > 1 else None),
        (names.PRICE_VARIANT, None if end.variant == "standard" else end.variant),
        (names.COUNTED_BEFORE, end.counted_before or None),
        (names.BUDGET, end.blocked_by),
        (names.BLOCKED_REASON, end.blocked_reason),
        (names.WARNED, end.warned_by or None),
    )
    found.update([item for item in said if item[1] is not None])
    if provider in OPENAI and (tier := reading.service_tier) is not None:
        found[names.OPENAI_RESPONSE_TIER] = tier
    if provider in OPENAI and (fingerprint := reading.fingerprint) is not None:
        found[names.OPENAI_FINGERPRINT] = fingerprint
    return found


def of_money(end: Finished, alias: str | None) -> dict[str, Any]:
    """What a call costs, and how that is known; `alias` is one more name for the cost."""
    cost = end.cost
    found: dict[str, Any] = {names.COST_STATUS: cost.status}
    if cost.usd is not None:
        found[names.COST_USD] = usd = float(cost.usd)
        if alias is not None:
            found[alias] = usd
        found[names.COST_SOURCE] = cost.source
        if cost.version is not None:
            found[names.PRICE_VERSION] = cost.version
    if cost.computed_usd is not None:
        found[names.COST_COMPUTED_USD] = float(cost.computed_usd)
    if end.usage_source is not None and not end.counted_before:
        found[names.USAGE_SOURCE] = end.usage_source
    if cost.warnings:
        found[names.COST_WARNINGS] = cost.warnings
    return found


_BUCKET_ATTRIBUTES: Final[Mapping[str, tuple[str, ...]]] = {
    INPUT_AUDIO: (names.USAGE_AUDIO_INPUT,),
    INPUT_IMAGE: (names.USAGE_IMAGE_INPUT,),
    CACHE_READ: (names.USAGE_CACHE_READ,),
    CACHE_READ_AUDIO: (names.USAGE_CACHE_READ, names.USAGE_AUDIO_INPUT, names.USAGE_AUDIO_CACHE_READ),
    CACHE_READ_IMAGE: (names.USAGE_CACHE_READ, names.USAGE_IMAGE_INPUT, names.USAGE_IMAGE_CACHE_READ),
    CACHE_READ_VIDEO: (names.USAGE_CACHE_READ, names.OWN_USAGE[CACHE_READ_VIDEO]),
    CACHE_WRITE: (names.USAGE_CACHE_WRITE,),
    CACHE_WRITE_5M: (names.USAGE_CACHE_WRITE, names.OWN_USAGE[CACHE_WRITE_5M]),
    CACHE_WRITE_1H: (names.USAGE_CACHE_WRITE, names.OWN_USAGE[CACHE_WRITE_1H]),
    CACHE_WRITE_12H: (names.USAGE_CACHE_WRITE, names.OWN_USAGE[CACHE_WRITE_12H]),
    OUTPUT_REASONING: (names.USAGE_REASONING,),
    OUTPUT_AUDIO: (names.USAGE_AUDIO_OUTPUT,),
    OUTPUT_IMAGE: (names.USAGE_IMAGE_OUTPUT,),
    INPUT_VIDEO: (names.OWN_USAGE[INPUT_VIDEO],),
    INPUT_TOOL: (names.OWN_USAGE[INPUT_TOOL],),
    OUTPUT_VIDEO: (names.OWN_USAGE[OUTPUT_VIDEO],),
    OUTPUT_CITATION: (names.OWN_USAGE[OUTPUT_CITATION],),
}
"""The attributes that a bucket is part of, beside the totals."""


def _usage(found: dict[str, Any], usage: Usage, operation: str) -> None:
    """State the inclusive totals of the conventions, their parts, and buckets that only we know."""
    if usage.tokens or not usage.units:
        found[names.USAGE_INPUT], got = usage.totals()
        if operation != names.EMBEDDINGS:
            found[names.USAGE_OUTPUT] = got
    for bucket, count in usage.tokens.items():
        for attribute in _BUCKET_ATTRIBUTES.get(bucket, ()):
            found[attribute] = found.get(attribute, 0) + count
    for unit, number in usage.units.items():
        found[names.UNITS_PREFIX + unit] = number if isinstance(number, int) else float(number)
