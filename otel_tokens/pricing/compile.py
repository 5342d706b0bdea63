"""Compiles `prices.json` from the installed genai-prices and our overlay.

    python -m otel_tokens.pricing.compile [--check]

The result is the same on every machine: no date, no order of a set, one model on a line.

Source: genai-prices 0.2.3, MIT, copyright Pydantic Services Inc.; its notice is in the file's head.
"""

from __future__ import annotations

import json
import sys

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import distribution
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from .clauses import CompileError, clauses_of
from .compiled import keep
from .overlay import overlaid, overlay
from .sellers import SPELLINGS, spelled


PRICES: Final = Path(__file__).with_name("prices.json")

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


def compiled() -> str:
    """The text of `prices.json`.

    Raises:
        ImportError: genai-prices is not installed.
        CompileError: It has a price key, a condition or a constraint that is not known here.
    """
    from genai_prices import data  # noqa: PLC0415 - an optional library

    package = distribution("genai-prices")
    reviewed = overlay()
    book: Plain = {
        "schema": 1,
        "name": "otel-tokens",
        "version": f"genai-prices {package.version}",
        "dated": max(part["checked"] for parts in reviewed.values() for part in parts),
        "notice": _notice(package.read_text("licenses/LICENSE") or ""),
        "unmapped": sorted(UNMAPPED) + sorted("=".join(pair) for pair in UNMAPPED_VARIANTS),
        "providers": dict(map(_provider, data.providers)),
    }
    return _text(overlaid(book, reviewed))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write `prices.json`, or with `--check` only say whether it is up to date."""
    return keep(PRICES, compiled, "otel_tokens.pricing.compile", arguments)


def _notice(licence: str) -> list[str]:
    return ["Prices compiled from genai-prices, under this licence:", *licence.strip().splitlines()]


def _provider(provider: Any) -> tuple[str, Plain]:  # noqa: ANN401 - genai-prices' own type
    name = _name(provider.id)
    fallbacks = [_name(other) for other in provider.fallback_model_providers or ()]
    models = [_model(model) for model in provider.models]
    plain: Plain = {"prefixes": _prefixes(provider.id, name), "models": models}
    if fallbacks:
        plain["fallbacks"] = fallbacks
    return name, plain


def _name(provider_id: str) -> str:
    return spelled(provider_id).replace("-", "_")


def _prefixes(provider_id: str, name: str) -> list[str]:
    spellings = {provider_id, name, *(other for other, ours in SPELLINGS.items() if ours == name)}
    return [f"{spelling}/" for spelling in sorted(spellings)]


def _model(model: Any) -> Plain:  # noqa: ANN401
    plain: Plain = {"id": model.id, "rows": []}
    match = clauses_of(model.match)
    if match != {"equals": [model.id.lower()]}:
        plain["match"] = match
    peaks: list[Plain] = []
    for constraint, prices in _dated(model.prices):
        row = _row(prices)
        if type(constraint).__name__ == "TimeOfDateConstraint":
            peaks.append({"when_utc": {"windows": [_span(constraint)]}, **row})
        else:
            plain["rows"].append({**_from(constraint), **row})
    variants = _variants(model.price_variants or ())
    if peaks:
        variants["peak"] = _merged(peaks)
    if variants:
        plain["variants"] = variants
    return plain


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


def _text(book: Plain) -> str:
    """JSON with one model on a line, so that a change of a price is a change of a line."""
    providers = [_provider_text(name, plain) for name, plain in book["providers"].items()]
    head = {key: value for key, value in book.items() if key != "providers"}
    lines = [f"{_json(key)}:{_json(value)}" for key, value in head.items()]
    return "{" + ",\n".join([*lines, '"providers":{\n' + ",\n".join(providers) + "\n}"]) + "\n}\n"


def _provider_text(name: str, plain: Plain) -> str:
    head = {key: value for key, value in plain.items() if key != "models"}
    lines = [f"{_json(key)}:{_json(value)}" for key, value in sorted(head.items())]
    models = ",\n".join(map(_json, plain["models"]))
    return f"{_json(name)}:{{" + ",".join(lines) + ',"models":[\n' + models + "\n]}"


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


if __name__ == "__main__":  # pragma: no cover - `main` is tested
    sys.exit(main())
