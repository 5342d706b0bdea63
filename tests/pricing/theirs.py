"""What genai-prices says that a call costs, asked in our words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from genai_prices import types

from otel_tokens.readings import CACHE_READ_BUCKETS, CACHE_WRITE_BUCKETS, INPUT_BUCKETS, OUTPUT_BUCKETS


UTC = timezone.utc
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
"""When the newest prices were checked: a Monday, outside of peak hours."""

CONTEXTS: Mapping[str, dict[str, str]] = {
    "standard": {},
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast": {"service_tier": "fast", "speed": "fast"},
}
"""Our variants in the conditions of genai-prices."""

UNITS: Mapping[str, tuple[str, ...]] = {
    "audio_second": ("audio_seconds", "input_audio_seconds"),
    "character": ("input_characters",),
    "file_search": ("storage_searches",),
    "page": ("input_document_pages",),
    "request": ("requests",),
    "search_unit": ("rerank_searches",),
    "web_search": ("web_searches",),
}
"""Our units in the words of genai-prices; it has none for images and for fetches."""

NOT_THERE = frozenset({"cache_write_12h"})
"""Buckets without a word in genai-prices."""


def usage_of(tokens: Mapping[str, int], units: Mapping[str, int]) -> Any:
    """The usage, with inclusive counts."""

    def total(*buckets: str) -> int:
        return sum([tokens.get(bucket, 0) for bucket in buckets])

    counts = {
        "input_tokens": total(*INPUT_BUCKETS),
        "output_tokens": total(*OUTPUT_BUCKETS),
        "cache_read_tokens": total(*CACHE_READ_BUCKETS),
        "cache_write_tokens": total(*CACHE_WRITE_BUCKETS),
        "cache_write_5m_tokens": total("cache_write_5m"),
        "cache_write_1h_tokens": total("cache_write_1h"),
        "input_tool_tokens": total("input_tool"),
        "output_reasoning_tokens": total("output_reasoning"),
        "output_citation_tokens": total("output_citation"),
    }
    for kind in ("audio", "image", "video"):
        counts[f"input_{kind}_tokens"] = total(f"input_{kind}", f"cache_read_{kind}")
        counts[f"cache_{kind}_read_tokens"] = total(f"cache_read_{kind}")
        counts[f"output_{kind}_tokens"] = total(f"output_{kind}")
    for unit, number in units.items():
        counts |= dict.fromkeys(UNITS[unit], number)
    # It asks for the overlap of a kind and the cache, even where that is nothing.
    overlap = {f"cache_{kind}_read_tokens" for kind in ("audio", "image", "video")}
    return types.Usage(**{name: count for name, count in counts.items() if count or name in overlap})


def usd(model: Any, provider: Any, usage: Any, variant: str, at: datetime) -> Decimal | str:
    """What it costs, or the words with which genai-prices refuses."""
    try:
        price = model.calc_price(
            usage, provider, genai_request_timestamp=at, price_context=CONTEXTS[variant] or None
        )
    except ValueError as error:
        return str(error)
    found: Decimal = price.total_price
    return found


def prices_of(model: Any) -> list[Any]:
    """Every set of prices of a model: standard rows and variants."""
    rows = [getattr(price, "prices", price) for price in _rows(model)]
    return [*rows, *[variant.prices for variant in model.price_variants or ()]]


def sizes_of(model: Any) -> list[int]:
    """Prompts that are short, and at and just above each threshold."""
    starts = {
        tier.start
        for prices in prices_of(model)
        for price in vars(prices).values()
        for tier in getattr(price, "tiers", ())
    }
    return [1000, *[size for start in sorted(starts) for size in (start, start + 1, start + 2)]]


def moments_of(model: Any) -> Iterator[datetime]:
    """A day of now; each day of a change and the one before, and days far away; each hour of a change."""
    yield AT
    for constraint in _constraints(model):
        yield from (datetime(2024, 3, 6, 12, tzinfo=UTC), datetime(2027, 6, 2, 12, tzinfo=UTC))
        day = getattr(constraint, "start_date", None)
        if day is not None:
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
            yield from (midnight, midnight - timedelta(seconds=1))
        else:
            for clock in (constraint.start_time, constraint.end_time):
                hour = AT.replace(hour=clock.hour, minute=clock.minute)
                yield from (hour, hour - timedelta(seconds=1), hour - timedelta(days=1))


def _rows(model: Any) -> list[Any]:
    return model.prices if isinstance(model.prices, list) else [model.prices]


def _constraints(model: Any) -> list[Any]:
    every = [*_rows(model), *(model.price_variants or ())]
    return [found for price in every if (found := getattr(price, "constraint", None)) is not None]
