"""The usage object of Bedrock's own APIs, and the words for its tiers.

Counting: `inputTokens` leaves out cache reads and writes: they are buckets of their own. `cacheDetails` says
of the writes how long they live; what it does not cover lives for 5 minutes. Reasoning is inside the output,
and not stated. `totalTokens` is all of it. For models of OpenAI's `inputTokens` has been seen to include the
cache as well, while the total added it once more: where the input is at least as large, the cache is taken as
included, and there is a warning. Nova spells the cached counts with `Count` at the end.

Source: `TokenUsage`, `CacheDetail`, `ServiceTier`, `PerformanceConfiguration` of bedrock-runtime in botocore
1.44; Nova's answers to InvokeModel.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..readings import CACHE_READ, CACHE_WRITE_1H, CACHE_WRITE_5M, INPUT, OUTPUT, Usage
from .fields import Counts, items, nonzero, text, view


TIERS: Final[Mapping[str, str]] = {
    "default": "standard",
    "flex": "flex",
    "priority": "priority",
    "reserved": "committed",
}
"""What the wire calls a tier, and what is billed. `reserved` is capacity that was bought ahead."""

_READ: Final = ("cacheReadInputTokens", "cacheReadInputTokenCount")
_WRITTEN: Final = ("cacheWriteInputTokens", "cacheWriteInputTokenCount")
_LONG: Final = "1h"


def tokens(counts: Counts, usage: object, *, inclusive: bool = False) -> Usage | None:
    """The buckets of a usage object; None where it states no tokens. `inclusive` may hold the cache twice."""
    stated = view(usage)
    fresh, output = counts(stated, "inputTokens"), counts(stated, "outputTokens")
    if fresh is None and output is None:
        return None
    fresh, output = fresh or 0, output or 0
    read, short, long = cached(counts, stated)
    total = counts(stated, "totalTokens")
    kept = read + short + long
    if inclusive and fresh >= kept > 0:
        fresh -= kept
        counts.warn()
    if total is not None and total != fresh + kept + output:
        counts.warn()
    return Usage(_buckets(fresh, read, short, long, output))


def metered(counts: Counts, stated: dict[str, Any]) -> Usage | None:
    """The buckets of what Bedrock itself counts: `amazon-bedrock-invocationMetrics`."""
    put, got = counts(stated, "inputTokenCount"), counts(stated, "outputTokenCount")
    if put is None and got is None:
        return None
    return Usage(_buckets(put or 0, *cached(counts, stated), got or 0))


def cached(counts: Counts, stated: dict[str, Any]) -> tuple[int, int, int]:
    """What was read from the cache, and written to it for 5 minutes and for an hour."""
    read = counts.first(stated, *_READ) or 0
    total = counts.first(stated, *_WRITTEN)
    details = [view(entry) for entry in items(stated, "cacheDetails")]
    split = [(text(entry, "ttl"), counts(entry, "inputTokens") or 0) for entry in details]
    long = sum([count for ttl, count in split if ttl == _LONG])
    covered = sum([count for _, count in split])
    if total is None:
        total = covered
    elif covered > total:
        counts.warn()
        long = min(long, total)
    return read, total - long, long


def _buckets(fresh: int, read: int, short: int, long: int, output: int) -> dict[str, int]:
    return nonzero(
        [
            (INPUT, fresh),
            (CACHE_READ, read),
            (CACHE_WRITE_5M, short),
            (CACHE_WRITE_1H, long),
            (OUTPUT, output),
        ]
    )


def variant(tier: str | None, latency: str | None) -> str | None:
    """What is billed; inference that is optimized for latency has rates of its own."""
    billed = TIERS.get(tier or "")
    if latency == "optimized" and billed in (None, "standard"):
        return "fast"
    return billed
