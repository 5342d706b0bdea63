"""The user's price file (`OTEL_TOKENS_PRICES`): TOML or JSON, checked whole before it is used.

Its rows come before the book's. A row replaces its model whole, unless it says `extend = true`.
"""

from __future__ import annotations

import json
import sys

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from ..errors import ConfigError
from .ids import Index, index_of, matcher_of, spellings
from .multipliers import Discount, Multiplier, discount_of, multiplier_of
from .rows import Model, Row, active, rows_of
from .schema import checked


if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover - Python 3.10
    import tomli as tomllib


OVERRIDE: Final = "override"


@dataclass(frozen=True, slots=True)
class Alias:
    """What a deployment or a profile stands for."""

    model: str
    deployment_type: str | None


@dataclass(frozen=True, slots=True)
class OwnModel:
    """The user's rows for one model."""

    id: str
    rows: tuple[Row, ...]
    extends: bool

    def model(self, known: Model | None) -> Model:
        """The user's price of the model that the book knows as `known`."""
        rows = _extended(self.rows, known.rows) if self.extends and known else self.rows
        return Model(id=known.id if known else self.id, rows=rows, version=OVERRIDE)


@dataclass(frozen=True, slots=True)
class _Provider:
    index: Index
    models: tuple[OwnModel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Everything the user says about prices."""

    providers: Mapping[str, _Provider] = field(default_factory=dict)
    aliases: Mapping[tuple[str, str], Alias] = field(default_factory=dict)
    multipliers: tuple[Multiplier, ...] = ()
    discounts: tuple[Discount, ...] = ()

    def knows(self, provider: str) -> bool:
        """Whether the user prices any model of the provider."""
        return provider in self.providers

    def alias(self, provider: str, name: str) -> Alias | None:
        """What the user says that a name means."""
        return self.aliases.get((provider, name.lower())) if self.aliases else None

    def find(self, provider: str, name: str, book_id: str | None, prefixes: Iterable[str]) -> OwnModel | None:
        """The user's price for a name.

        A row for the id of a book's entry is for all names of that entry: a row for `gpt-5.4` also
        prices `gpt-5.4-2026-03-05`. A row for one snapshot is for that snapshot.
        """
        own = self.providers.get(provider)
        if own is None:
            return None
        names = spellings(name, prefixes)
        places = [own.index.named(form) for form in names]
        if book_id is None:
            places += [own.index.without_date(form, _differ) for form in names]
        else:
            places.append(own.index.exact.get(book_id.lower()))
        return next((own.models[place] for place in places if place is not None), None)


EMPTY: Final = Override()


def read(path: Path) -> Override:
    """The override in a file.

    Raises:
        ConfigError: The file cannot be read, is not TOML or JSON, or says something wrong.
    """
    try:
        text = path.read_text("utf-8-sig")  # some editors begin a file with a byte order mark
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot read the price file: {error}") from error
    kind = "JSON" if path.suffix.lower() == ".json" else "TOML"
    try:
        document = json.loads(text, object_pairs_hook=_once) if kind == "JSON" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not {kind}: {error}") from error
    return check(document, file=str(path), text=text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object in which no key stands twice: it could mean either value. TOML refuses it by itself."""
    table = dict(pairs)
    if len(table) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the same key twice: {next(key for key in keys if keys.count(key) > 1)!r}")
    return table


def check(document: object, *, file: str = "prices", text: str = "") -> Override:
    """The override that `document` states; `text` is its source, to say on which line it is wrong.

    Raises:
        ConfigError: It says something wrong.
    """
    plain = checked(document, file=file, text=text)
    return Override(
        providers=_providers(plain.get("price", ())),
        aliases={
            (alias["provider"], alias["deployment"].lower()): Alias(
                alias["model"], alias.get("deployment_type")
            )
            for alias in plain.get("alias", ())
        },
        multipliers=tuple([multiplier_of(part) for part in plain.get("multiplier", ())]),
        discounts=tuple([discount_of(part) for part in plain.get("discount", ())]),
    )


def _providers(prices: Iterable[Mapping[str, Any]]) -> Mapping[str, _Provider]:
    grouped: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for price in prices:
        key = price.get("model") or json.dumps(price["match"], sort_keys=True)
        grouped.setdefault(price["provider"], {}).setdefault(key, []).append(price)
    return {provider: _provider(models) for provider, models in grouped.items()}


def _provider(models: Mapping[str, list[Mapping[str, Any]]]) -> _Provider:
    entries = [(key, matcher_of(key, rows[0].get("match"))) for key, rows in models.items()]
    own = [
        OwnModel(key, rows_of(rows, {}), extends=bool(rows[0].get("extend"))) for key, rows in models.items()
    ]
    return _Provider(index_of(entries), tuple(own))


def _extended(rows: tuple[Row, ...], known: tuple[Row, ...]) -> tuple[Row, ...]:
    """The book's rows with the user's over them, from the user's day on."""
    days = {row.start for row in known} | {row.start for row in rows}
    ordered = sorted(days, key=lambda day: float("-inf") if day is None else day)
    return tuple([_row_at(day, rows, known) for day in ordered])


def _row_at(day: int | None, rows: tuple[Row, ...], known: tuple[Row, ...]) -> Row:
    base, _ = active(known, day if day is not None else _LONG_AGO)
    own, early = active(rows, day if day is not None else _LONG_AGO)
    if early:
        return base
    return replace(
        base,
        start=day,
        rates={**base.rates, **own.rates},
        tiers=own.tiers or base.tiers,
        fees={**base.fees, **own.fees},
        minimums={**base.minimums, **own.minimums},
        variants={**base.variants, **own.variants},
        free=False,
    )


_LONG_AGO: Final = -(10**9)


def _differ(_a: int, _b: int) -> bool:
    return False
