"""Our reviewed additions to the compiled book: `overlay.toml`, applied when the book is compiled.

Each addition names its source and the day it was checked; the rows that it changes say what of them it added.
"""

from __future__ import annotations

import sys

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final


if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover - Python 3.10
    import tomli as tomllib


from .origins import Origins


Plain = dict[str, Any]

Apply = Callable[[Plain, Plain, Origins], bool]
"""Changes the book; says whether it did."""

OVERLAY: Final = Path(__file__).with_name("overlay.toml")


def overlay() -> Mapping[str, list[Plain]]:
    """The additions, by kind."""
    return tomllib.loads(OVERLAY.read_text("utf-8"))


def overlaid(
    book: Plain,
    additions: Mapping[str, list[Plain]],
    superseded: list[str] | None = None,
    origins: Origins | None = None,
) -> Plain:
    """The book with the additions; models that have no price and are not free are left out.

    Raises:
        ValueError: An addition changes nothing: the book has caught up, or a name is misspelled. With
            `superseded`, it is put there instead.
    """
    origins = origins or Origins()
    for kind, apply in _KINDS.items():
        for addition in additions.get(kind, ()):
            if apply(book, addition, origins):
                continue
            said = f"overlay.toml: this {kind} changes nothing: {addition}"
            if superseded is None:
                raise ValueError(said)
            superseded.append(said)
    for provider in book["providers"].values():
        provider["models"] = [model for model in provider["models"] if _priced(model)]
    providers = book.pop("providers")
    listed = [[*pair] for pair in origins.pairs]
    return {**book, "origins": listed, "multipliers": additions.get("multiplier", []), "providers": providers}


def _models(book: Plain, addition: Plain) -> Iterator[Plain]:
    globs = addition.get("models") or [addition["model"]]
    for name, provider in book["providers"].items():
        if addition["provider"] in ("*", name):
            for model in provider["models"]:
                if any(fnmatchcase(model["id"], glob) for glob in globs):
                    yield model


def _rows(model: Plain) -> Iterator[Plain]:
    yield from model["rows"]
    for rows in model.get("variants", {}).values():
        yield from rows


def _derive(book: Plain, addition: Plain, origins: Origins) -> bool:
    changed = False
    for model in _models(book, addition):
        for row in _rows(model):
            for part in (row, *row.get("tiers", ())):
                basis = part.get("rates", {}).get(addition["of"])
                if basis is not None and addition["bucket"] not in part["rates"]:
                    rate = Decimal(basis) * Decimal(addition["factor"])
                    part["rates"][addition["bucket"]] = _written(rate)
                    origins.put(row, addition, f"rates.{addition['bucket']}")
                    changed = True
    return changed


def _add(part: str) -> Apply:
    def add(book: Plain, addition: Plain, origins: Origins) -> bool:
        changed = False
        for model in _models(book, addition):
            for row in model["rows"]:
                known = row.setdefault(part, {})
                fresh = {key: value for key, value in addition[part].items() if key not in known}
                if fresh:
                    known.update(fresh)
                    origins.put(row, addition, *[f"{part}.{key}" for key in fresh])
                    changed = True
        return changed

    return add


def _add_model(book: Plain, addition: Plain, origins: Origins) -> bool:
    models = book["providers"].get(addition["provider"], {"models": []})["models"]
    place = next((at for at, model in enumerate(models) if model["id"] == addition["before"]), None)
    if place is None or any(model["id"] == addition["id"] for model in models):
        return False
    row: Plain = {"rates": addition["rates"]}
    origins.put(row, addition, "*")
    models.insert(place, {"id": addition["id"], "rows": [row]})
    return True


def _add_variant(book: Plain, addition: Plain, origins: Origins) -> bool:
    changed = False
    for model in _models(book, addition):
        variants = model.setdefault("variants", {})
        if addition["variant"] not in variants:
            rows = [{"rates": addition["rates"]}] if "rates" in addition else _scaled(model, addition)
            for row in rows:
                origins.put(row, addition, "*")
            variants[addition["variant"]] = rows
            changed = True
    return changed


def _scaled(model: Plain, addition: Plain) -> list[Plain]:
    """The standard rows with all their rates multiplied."""
    factor = Decimal(addition["factor"])
    return [
        {
            **{key: row[key] for key in ("from",) if key in row},
            "rates": {bucket: _written(Decimal(rate) * factor) for bucket, rate in row["rates"].items()},
        }
        for row in model["rows"]
        if "rates" in row
    ]


def _written(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _set_peak(book: Plain, addition: Plain, origins: Origins) -> bool:
    changed = False
    for model in _models(book, addition):
        for row in tuple(peaks := model.get("variants", {}).get("peak", [])):
            row["when_utc"]["weekdays"] = addition["weekdays"]
            row["from"] = addition["from"]
            origins.put(row, addition, "when_utc")
            if "earlier" in addition:
                peaks.insert(0, {**row, **addition["earlier"]})
            changed = True
    return changed


def _set_match(book: Plain, addition: Plain, _: Origins) -> bool:
    changed = False
    for model in _models(book, addition):
        match = {"equals": addition["equals"]}
        changed = model.get("match") != match
        model["match"] = match
    return changed


def _set_minimum(book: Plain, addition: Plain, origins: Origins) -> bool:
    changed = False
    for model in _models(book, addition):
        for row in model["rows"]:
            row["minimums"] = addition["minimums"]
            origins.put(row, addition, *[f"minimums.{unit}" for unit in addition["minimums"]])
            changed = True
    return changed


def _set_free(book: Plain, addition: Plain, origins: Origins) -> bool:
    changed = False
    for model in _models(book, addition):
        for row in model["rows"]:
            if not row.keys() & {"rates", "fees"}:
                row["free"] = True
                origins.put(row, addition, "free")
                changed = True
    return changed


def _priced(model: Plain) -> bool:
    return all(row.keys() & {"rates", "fees", "free"} for row in model["rows"])


_KINDS: Final[Mapping[str, Apply]] = {
    "match": _set_match,
    "model": _add_model,
    "rates": _add("rates"),
    "fees": _add("fees"),
    "variant": _add_variant,
    "derive": _derive,
    "peak": _set_peak,
    "minimum": _set_minimum,
    "free": _set_free,
}
"""In this order: a derived rate needs the rates it is derived from."""
