"""Our reviewed additions to the compiled book: `overlay.toml`, applied when the book is compiled.

Each addition names its source and the day it was checked; both go into the rows that it changes.
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


Plain = dict[str, Any]

OVERLAY: Final = Path(__file__).with_name("overlay.toml")


def overlay() -> Mapping[str, list[Plain]]:
    """The additions, by kind."""
    return tomllib.loads(OVERLAY.read_text("utf-8"))


def overlaid(book: Plain, additions: Mapping[str, list[Plain]]) -> Plain:
    """The book with the additions; models that have no price and are not free are left out.

    Raises:
        ValueError: An addition changes nothing: the book has caught up, or a name is misspelled.
    """
    for kind, apply in _KINDS.items():
        for addition in additions.get(kind, ()):
            if not apply(book, addition):
                raise ValueError(f"overlay.toml: this {kind} changes nothing: {addition}")
    for provider in book["providers"].values():
        provider["models"] = [model for model in provider["models"] if _priced(model)]
    return {**book, "multipliers": additions.get("multiplier", [])}


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


def _origin(addition: Plain) -> Plain:
    return {"source": addition["source"], "checked": addition["checked"]}


def _derive(book: Plain, addition: Plain) -> bool:
    changed = False
    for model in _models(book, addition):
        for row in _rows(model):
            for part in (row, *row.get("tiers", ())):
                basis = part.get("rates", {}).get(addition["of"])
                if basis is not None:
                    rate = Decimal(basis) * Decimal(addition["factor"])
                    part["rates"][addition["bucket"]] = f"{rate.normalize():f}"
                    row.update(_origin(addition))
                    changed = True
    return changed


def _add(part: str) -> Callable[[Plain, Plain], bool]:
    def add(book: Plain, addition: Plain) -> bool:
        changed = False
        for model in _models(book, addition):
            for row in model["rows"]:
                known = row.setdefault(part, {})
                if not addition[part].keys() & known.keys():
                    known.update(addition[part])
                    row.update(_origin(addition))
                    changed = True
        return changed

    return add


def _add_model(book: Plain, addition: Plain) -> bool:
    models = book["providers"][addition["provider"]]["models"]
    place = next((at for at, model in enumerate(models) if model["id"] == addition["before"]), None)
    if place is None or any(model["id"] == addition["id"] for model in models):
        return False
    row = {"rates": addition["rates"], **_origin(addition)}
    models.insert(place, {"id": addition["id"], "rows": [row]})
    return True


def _add_variant(book: Plain, addition: Plain) -> bool:
    changed = False
    for model in _models(book, addition):
        variants = model.setdefault("variants", {})
        if addition["variant"] not in variants:
            variants[addition["variant"]] = [{"rates": addition["rates"], **_origin(addition)}]
            changed = True
    return changed


def _set_peak(book: Plain, addition: Plain) -> bool:
    changed = False
    for model in _models(book, addition):
        for row in tuple(peaks := model.get("variants", {}).get("peak", [])):
            row["when_utc"]["weekdays"] = addition["weekdays"]
            row.update({"from": addition["from"], **_origin(addition)})
            if "earlier" in addition:
                peaks.insert(0, {**row, **addition["earlier"]})
            changed = True
    return changed


def _set_match(book: Plain, addition: Plain) -> bool:
    changed = False
    for model in _models(book, addition):
        match = {"equals": addition["equals"]}
        changed = model.get("match") != match
        model["match"] = match
    return changed


def _set_minimum(book: Plain, addition: Plain) -> bool:
    changed = False
    for model in _models(book, addition):
        for row in model["rows"]:
            row.update({"minimums": addition["minimums"], **_origin(addition)})
            changed = True
    return changed


def _set_free(book: Plain, addition: Plain) -> bool:
    changed = False
    for model in _models(book, addition):
        for row in model["rows"]:
            if not row.keys() & {"rates", "fees"}:
                row["free"] = True
                changed = True
    return changed


def _priced(model: Plain) -> bool:
    return all(row.keys() & {"rates", "fees", "free"} for row in model["rows"])


_KINDS: Final[Mapping[str, Callable[[Plain, Plain], bool]]] = {
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
