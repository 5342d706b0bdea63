"""Prices, conditions and constraints of genai-prices as rows of our book.

Source: `types.py` and `data_units.py` of genai-prices 0.2.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from .clauses import CompileError


BUCKETS: Final[Mapping[str, str]] = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "cache_write_5m_mtok": "cache_write_5m",
    "cache_write_1h_mtok": "cache_write_1h",
    "input_audio_mtok": "input_audio",
    "input_image_mtok": "input_image",
    "input_video_mtok": "input_video",
    "input_tool_mtok": "input_tool",
    "cache_audio_read_mtok": "cache_read_audio",
    "cache_image_read_mtok": "cache_read_image",
    "cache_video_read_mtok": "cache_read_video",
    "output_reasoning_mtok": "output_reasoning",
    "output_citation_mtok": "output_citation",
    "output_audio_mtok": "output_audio",
    "output_image_mtok": "output_image",
    "output_video_mtok": "output_video",
}
"""Price key of genai-prices, USD per million tokens, to bucket."""

FEES: Final[Mapping[str, tuple[str, int]]] = {
    "audio_hours": ("audio_hour", 0),
    "input_mchars": ("character", -6),
    "web_searches_kcount": ("web_search", -3),
    "storage_searches_kcount": ("file_search", -3),
    "input_document_kpages": ("page", -3),
    "rerank_searches_kcount": ("search_unit", -3),
    "requests_kcount": ("request", -3),
}
"""Price key to unit, and the power of ten that turns its price into USD for one unit."""

SAME: Final = {"input_audio_hours": "audio_hours"}
"""Price key that only repeats another, which is checked."""

UNMAPPED: Final = ("input_annotated_document_kpages", "input_text_messages_kcount")
"""Price keys without a unit here: no dialect counts annotated pages or messages."""

VARIANTS: Final[Mapping[tuple[str, str], str]] = {
    ("processing", "batch"): "batch",
    ("service_tier", "flex"): "flex",
    ("service_tier", "priority"): "priority",
    ("service_tier", "fast"): "fast",
    ("speed", "fast"): "fast",
}
"""Condition of genai-prices to variant."""

STANDARD: Final = {("service_tier", "default"), ("search_type", "web")}
"""Conditions under which the standard rates hold: they have no rates of their own."""

UNMAPPED_VARIANTS: Final = {("route", "mistral/eu"), ("search_type", "fast")}
"""Conditions that no response states."""

Plain = dict[str, Any]


def prices_of(model: Any) -> Plain:  # noqa: ANN401 - genai-prices' own type
    """The rows and the variants of a model.

    Raises:
        CompileError: It has a price key, a condition or a constraint that is not known here.
    """
    rows: list[Plain] = []
    peaks: list[Plain] = []
    for constraint, prices in _dated(model.prices):
        row = _row(prices)
        if type(constraint).__name__ == "TimeOfDateConstraint":
            peaks.append({"when_utc": {"windows": [_span(constraint)]}, **row})
        else:
            rows.append({**_from(constraint), **row})
    variants = _variants(model.price_variants or ())
    if peaks:
        variants["peak"] = _merged(peaks)
    return {"rows": rows, "variants": variants} if variants else {"rows": rows}


def _dated(prices: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401
    for price in prices if isinstance(prices, list) else ():
        yield price.constraint, price.prices
    if not isinstance(prices, list):
        yield None, prices


def _from(constraint: Any) -> Plain:  # noqa: ANN401
    return {} if constraint is None else {"from": constraint.start_date.isoformat()}


def _span(constraint: Any) -> str:  # noqa: ANN401
    start, end = constraint.start_time, constraint.end_time
    if start.utcoffset() or end.utcoffset() or start.second or end.second:
        raise CompileError(f"hours that are not whole minutes of UTC: {constraint}")
    return f"{start:%H:%M}-{end:%H:%M}"


def _merged(peaks: Sequence[Plain]) -> list[Plain]:
    """Windows with the same rates as one row."""
    rows: list[Plain] = []
    for peak in peaks:
        prices = {key: value for key, value in peak.items() if key != "when_utc"}
        same = [row for row in rows if {**row, "when_utc": None} == {**prices, "when_utc": None}]
        if same:
            same[0]["when_utc"]["windows"] += peak["when_utc"]["windows"]
        else:
            rows.append(peak)
    return rows


def _variants(variants: Sequence[Any]) -> Plain:
    found: Plain = {}
    for variant in variants:
        (condition,) = variant.when.items()
        row = _row(variant.prices)
        if condition in STANDARD and not row:
            continue
        if condition in UNMAPPED_VARIANTS:
            continue
        if condition not in VARIANTS:
            raise CompileError(f"a condition that is not known: {variant.when}")
        found.setdefault(VARIANTS[condition], []).append({**_from(variant.constraint), **row})
    return {name: _accumulated(rows) for name, rows in found.items()}


def _accumulated(rows: list[Plain]) -> list[Plain]:
    """Rows of one variant, oldest first, each with what it keeps of the one before."""
    ordered = sorted(rows, key=lambda row: row.get("from", ""))
    for before, row in pairwise(ordered):
        for part in ("rates", "fees"):
            if set(before.get(part, ())) - set(row.get(part, ())):
                raise CompileError(f"a later variant states less than the one before: {row}")
    return ordered


def _row(prices: Any) -> Plain:  # noqa: ANN401
    rates: dict[str, str] = {}
    fees: dict[str, str] = {}
    tiers: dict[int, dict[str, str]] = {}
    stated = {key: value for key, value in vars(prices).items() if value is not None}
    for key, value in stated.items():
        if key in BUCKETS:
            rates[BUCKETS[key]] = _number(getattr(value, "base", value))
            for tier in getattr(value, "tiers", ()):
                tiers.setdefault(tier.start, {})[BUCKETS[key]] = _number(tier.price)
        elif key in FEES:
            unit, power = FEES[key]
            fees[unit] = _number(value.scaleb(power))
        elif key in SAME and stated.get(SAME[key]) == value:
            continue
        elif key not in UNMAPPED:
            raise CompileError(f"a price key that is not known: {key}")
    # Who lists a price for input and none for output charges none: embeddings, deciders.
    if "input" in rates and "output" not in rates:
        rates["output"] = "0"
    row: Plain = {"rates": rates, "fees": fees, "tiers": [_tier(*tier) for tier in tiers.items()]}
    return {key: value for key, value in row.items() if value}


def _tier(start: int, rates: dict[str, str]) -> Plain:
    # 199999 is how genai-prices writes "at or above 200000": its tiers are "greater than".
    if start % 1000 == 999:  # noqa: PLR2004
        return {"prompt_tokens_gte": start + 1, "rates": rates}
    return {"prompt_tokens_gt": start, "rates": rates}


def _number(value: Any) -> str:  # noqa: ANN401
    return f"{value.normalize():f}"
