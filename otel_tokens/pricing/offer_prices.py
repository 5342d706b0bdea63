"""The prices of one entry of LiteLLM's table, as a row of our book and its variants.

Source: keys of `model_prices_and_context_window_backup.json`, LiteLLM 1.109.1; USD for one token or unit.
"""

from __future__ import annotations

import re

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from .rows import Rates, Tier, tier_over


Plain = dict[str, Any]

BUCKETS: Final[Mapping[str, str]] = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "output_cost_per_reasoning_token": "output_reasoning",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "cache_creation_input_token_cost_above_12hr": "cache_write_12h",
    "input_cost_per_audio_token": "input_audio",
    "output_cost_per_audio_token": "output_audio",
    "input_cost_per_image_token": "input_image",
    "output_cost_per_image_token": "output_image",
    "input_cost_per_video_token": "input_video",
    "output_cost_per_video_token": "output_video",
    "cache_read_input_audio_token_cost": "cache_read_audio",
    "cache_read_input_image_token_cost": "cache_read_image",
}
FEES: Final[Mapping[str, str]] = {
    "input_cost_per_query": "search_unit",
    "input_cost_per_request": "request",
    "input_cost_per_character": "character",
    "output_cost_per_image": "image",
    "ocr_cost_per_page": "page",
    "input_cost_per_second": "audio_second",
}
VARIANTS: Final = {"batches": "batch", "flex": "flex", "priority": "priority"}
_KEY: Final = re.compile(
    r"(?P<base>.+?)(?:_above_(?P<kilo>\d+)k_tokens)?(?:_(?P<variant>batches|flex|priority))?$"
)
_INCLUSIVE: Final = frozenset({"xai"})
"""Whose thresholds are "at or above"."""
_SEARCH: Final = "search_context_cost_per_query"
_BESIDE: Final = re.compile(
    r"search_context_cost|google_maps|_dbu_|uplift|provider_specific|annotation_cost|code_interpreter|file_search"
    r"|vector_store|explicit_cache|_ultrafast|_decisions|_balanced|input_cost_per_token_cache_hit"
)
"""Keys that say nothing about the price of a token or a unit counted here."""
_UNITS: Final[Mapping[str, frozenset[str]]] = {
    "search_unit": frozenset({"rerank"}),
    "audio_second": frozenset({"audio_transcription"}),
    "page": frozenset({"ocr"}),
    "image": frozenset({"image_generation", "image_edit"}),
    "character": frozenset({"audio_speech"}),
    "request": frozenset({"chat", "completion"}),
}
"""Unit to the kinds of model that are billed by it; elsewhere the key means something else."""
_DEAREST_EMBEDDING: Final = 2
"""USD per million tokens: above it, a decimal point is in the wrong place."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What an entry says."""

    row: Plain
    variants: Mapping[str, Plain] = field(default_factory=dict)
    whole: bool = True
    """Whether every price of the entry is in the row or a variant."""

    def agrees(self, rates: Rates, tiers: Sequence[Tier]) -> bool:
        """Whether the book's standard rates are these: then it is the same offer."""
        stated = self.row.get("rates", {})
        shared = [bucket for bucket in ("input", "output", "cache_read") if bucket in stated]
        same = all(rates.get(bucket, Decimal(stated[bucket])) == Decimal(stated[bucket]) for bucket in shared)
        mine = {tier_over(tier) for tier in self.row.get("tiers", ())}
        return "input" in shared and "input" in rates and same and mine == {tier.over for tier in tiers}


def offer_of(entry: Mapping[str, Any]) -> Offer:
    """The prices of an entry."""
    inclusive = entry.get("litellm_provider") in _INCLUSIVE
    row: Plain = {}
    variants: dict[str, Plain] = {}
    whole = True
    stated = {key: value for key, value in entry.items() if "cost" in key and not _BESIDE.search(key)}
    for key, value in stated.items():
        found = _KEY.match(key)
        if found is None or not isinstance(value, (int, float)):
            whole = whole and value is None
            continue
        part = row if found["variant"] is None else variants.setdefault(VARIANTS[found["variant"]], {})
        whole = _put(part, found, _exact(value), str(entry.get("mode"))) and whole
    if (search := _search(entry)) is not None:
        row.setdefault("fees", {})["web_search"] = search
    kept = {name: _ruled(variant, row, inclusive=inclusive) for name, variant in variants.items()}
    finished = {key: value for key, value in row.items() if key != "over"}
    return Offer(
        {**finished, **_tiers(row.get("over", {}), inclusive)},
        {name: variant for name, variant in kept.items() if variant},
        whole and _is_likely(finished.get("rates", {}), str(entry.get("mode"))),
    )


def _is_likely(rates: Mapping[str, str], mode: str) -> bool:
    """Whether the rates can be meant: some of the table are zeros for want of knowledge, or misplaced."""
    if mode == "embedding":
        return Decimal(rates.get("input", 0)) <= _DEAREST_EMBEDDING
    if mode in {"chat", "completion", "responses"}:
        return bool(Decimal(rates.get("input", 0)) and Decimal(rates.get("output", 0)))
    return True


def _put(part: Plain, found: re.Match[str], usd: Decimal, mode: str) -> bool:
    base, kilo = found["base"], found["kilo"]
    if base in FEES and kilo is None:
        if mode not in _UNITS[FEES[base]]:
            return usd == 0
        unit, fee = _fee(FEES[base], usd)
        part.setdefault("fees", {})[unit] = _written(fee)
        return True
    if base not in BUCKETS:
        return usd == 0
    rate = _written(usd.scaleb(6))
    if not usd and BUCKETS[base] not in {"input", "output"}:
        return True  # the table has 0 where nothing is known
    if kilo is None:
        part.setdefault("rates", {})[BUCKETS[base]] = rate
    else:
        part.setdefault("over", {}).setdefault(int(kilo) * 1000, {})[BUCKETS[base]] = rate
    return True


def _fee(unit: str, usd: Decimal) -> tuple[str, Decimal]:
    """The fee, by the hour where the second's is cut off after a few digits."""
    hour = (usd * 3600).quantize(Decimal("0.0001"))
    if unit == "audio_second" and abs(hour - usd * 3600) < hour / 100_000:
        return "audio_hour", hour
    return unit, usd


def _ruled(variant: Plain, row: Plain, *, inclusive: bool) -> Plain:
    """The variant with a tier for each that the standard rates have; nothing where that is not known."""
    own, standard, rates = variant.get("over", {}), row.get("over", {}), variant.get("rates", {})
    if not Decimal(rates.get("input", 0)) or "input" not in row.get("rates", {}):
        return {}
    uniform = _is_uniform(rates, row["rates"])
    for over, long in standard.items():
        if over in own:
            continue
        if not uniform:
            return {}
        own[over] = {
            bucket: _written(Decimal(long[bucket]) * Decimal(rate) / Decimal(row["rates"][bucket]))
            for bucket, rate in rates.items()
            if bucket in long and Decimal(row["rates"].get(bucket, 0))
        }
    return {**{key: value for key, value in variant.items() if key != "over"}, **_tiers(own, inclusive)}


def _is_uniform(rates: Mapping[str, str], standard: Mapping[str, str]) -> bool:
    """Whether input and output are multiplied by the same: then long prompts are, too."""
    pairs = [(rates.get(bucket), standard.get(bucket)) for bucket in ("input", "output")]
    factors = {Decimal(own) / Decimal(other) for own, other in pairs if own and other and Decimal(other)}
    return len(factors) == 1


def _tiers(over: Mapping[int, Mapping[str, str]], inclusive: bool) -> Plain:  # noqa: FBT001
    key = "prompt_tokens_gte" if inclusive else "prompt_tokens_gt"
    tiers = [{key: size, "rates": dict(rates)} for size, rates in sorted(over.items())]
    return {"tiers": tiers} if tiers else {}


def _search(entry: Mapping[str, Any]) -> str | None:
    """The fee for a search, where it does not depend on a size that no answer states."""
    fees = {_written(_exact(fee)) for fee in (entry.get(_SEARCH) or {}).values()}
    return fees.pop() if len(fees) == 1 else None


def _exact(value: float) -> Decimal:
    """The number that was written: the table is JSON with short numbers."""
    return Decimal(str(value))


def _written(number: Decimal) -> str:
    return f"{number.normalize():f}"
