"""What LiteLLM adds to the book: `offers.json`, applied when the book is compiled.

An offer is for the standard rates that both sources had: where a newer genai-prices states others, or has the
variant itself, its word stands.
"""

from __future__ import annotations

import json

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from .origins import Origins


Plain = dict[str, Any]

OFFERS: Final = Path(__file__).with_name("offers.json")
CHECKED: Final = "2026-11-23"
"""The day on which the table of LiteLLM was taken for what holds."""


def offers() -> Plain:
    """The offers, by provider and model."""
    plain: Plain = json.loads(OFFERS.read_text("utf-8"))
    return plain


def offered(book: Plain, found: Mapping[str, Any], origins: Origins) -> None:
    """Put into the book what it lacks."""
    addition = {"source": f"{found['version']}, model_prices_and_context_window", "checked": CHECKED}
    for provider, models in found["known"].items():
        for model_id, offer in models.items():
            model = _model(book, provider, model_id, offer)
            if model is not None:
                _complete(model, offer, origins, addition)
    for provider, models in found["added"].items():
        for name, plain in models.items():
            if provider in book["providers"]:
                _add(book["providers"][provider]["models"], name, plain, origins, addition)


def _model(book: Plain, provider: str, model_id: str, offer: Plain) -> Plain | None:
    """The model at the provider; that of a seller becomes its own, under the names of the offer."""
    own = book["providers"].get(provider, {})
    found = _named(own.get("models", ()), model_id)
    if found is not None or "names" not in offer:
        return found if found is not None and _agrees(found["rows"], offer["base"]) else None
    for seller in own.get("fallbacks", ()):
        theirs = _named(book["providers"][seller]["models"], model_id)
        if theirs is not None and _agrees(theirs["rows"], offer["base"]):
            kept = {key: deepcopy(value) for key, value in theirs.items() if key not in {"match", "variants"}}
            own["models"].append({**kept, "match": {"equals": offer["names"]}})
            adopted: Plain = own["models"][-1]
            return adopted
    return None


def _named(models: Sequence[Plain], model_id: str) -> Plain | None:
    return next((model for model in models if model["id"] == model_id), None)


def _agrees(rows: Sequence[Plain], base: Mapping[str, str]) -> bool:
    rates = _active(rows).get("rates", {})
    return all(Decimal(rates.get(bucket, rate)) == Decimal(rate) for bucket, rate in base.items())


def _active(rows: Sequence[Plain]) -> Plain:
    """The row of the day on which the offers were checked."""
    begun = [row for row in rows if row.get("from", "") <= CHECKED]
    return max(begun or rows[:1], key=lambda row: str(row.get("from", "")))


def _complete(model: Plain, offer: Plain, origins: Origins, addition: Plain) -> None:
    now = _active(model["rows"])
    for name, variant in offer.get("variants", {}).items():
        variants = model.setdefault("variants", {})
        if name not in variants:
            rows = [{"from": CHECKED, **deepcopy(variant)}, *_later(model["rows"], now, variant)]
            variants[name] = rows
            for row in rows:
                origins.put(row, addition, "*")
    for unit, fee in offer.get("fees", {}).items():
        for row in model["rows"]:
            if unit not in row.get("fees", {}):
                row.setdefault("fees", {})[unit] = fee
                origins.put(row, addition, f"fees.{unit}")


def _later(rows: Sequence[Plain], now: Plain, variant: Plain) -> Iterator[Plain]:
    """The variant's rows for prices that are scheduled: by the same factors as today."""
    for row in rows:
        if row.get("from", "") > CHECKED:
            yield {
                "from": row["from"],
                "rates": {
                    bucket: _scaled(rate, row["rates"][bucket], now["rates"][bucket])
                    for bucket, rate in variant["rates"].items()
                    if bucket in row["rates"] and Decimal(now["rates"].get(bucket, 0))
                },
            }


def _scaled(rate: str, then: str, now: str) -> str:
    return f"{(Decimal(rate) * Decimal(then) / Decimal(now)).normalize():f}"


def _add(models: list[Plain], name: str, plain: Plain, origins: Origins, addition: Plain) -> None:
    if _named(models, name) is not None:
        return
    row = {key: deepcopy(value) for key, value in plain.items() if key != "variants"}
    model: Plain = {"id": name, "rows": [row]}
    if name.startswith("ft:"):
        model["match"] = {"equals": [name], "prefix": [f"{name}:"]}
    variants = {variant: [{"from": CHECKED, **rows}] for variant, rows in plain.get("variants", {}).items()}
    if variants:
        model["variants"] = variants
    for part in (row, *[rows[0] for rows in variants.values()]):
        origins.put(part, addition, "*")
    models.append(model)
