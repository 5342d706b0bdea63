"""Compiles `offers.json` from the table of models in the installed LiteLLM: what genai-prices lacks.

    python -m otel_tokens.pricing.compile_offers [--check]

Of a model that the book has, the batch, flex and priority rates and the fee for a web search are taken, if
both sources agree on its standard rates: then they mean the same offer. A model that the book has not is
taken under its exact name, if every price that LiteLLM states of it is understood here. Nothing of LiteLLM
is imported: only its table is read.

Source: LiteLLM 1.109.1, `model_prices_and_context_window_backup.json`, MIT outside of its `enterprise`
folder, copyright Berri AI; its notice is in the file's head.
"""

from __future__ import annotations

import json
import re
import sys

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final

from .catalog import Catalog
from .compile import base_book
from .compile_limits import TABLE, provider_of
from .compiled import keep
from .offer_prices import Offer, offer_of
from .offers import CHECKED, OFFERS
from .rows import Model, active, day_of


PROVIDERS: Final = (
    "anthropic",
    "aws.bedrock",
    "azure.ai.openai",
    "cerebras",
    "cohere",
    "deepseek",
    "fireworks",
    "gcp.gemini",
    "groq",
    "meta",
    "mistral_ai",
    "moonshot_ai",
    "openai",
    "perplexity",
    "together",
    "voyageai",
    "x_ai",
)
"""Those whose own names of models LiteLLM uses."""

_TRIAL: Final = re.compile(r"-exp(-|$)|experimental")
"""Models on trial have no list price."""

Plain = dict[str, Any]


def compiled(table: Mapping[str, Any], version: str, licence: str, book: Mapping[str, Any]) -> str:
    """The text of `offers.json`."""
    catalog = Catalog({**book, "multipliers": ()})
    known: dict[str, dict[str, Plain]] = {}
    added: dict[str, dict[str, Plain]] = {}
    for ours, name, offer in _entries(table):
        model = catalog.find(ours, name)
        if model is not None:
            resold = catalog.is_resold(ours, model.id)
            _keep(known.setdefault(ours, {}), model.id, _missing(model, offer), name if resold else None)
        elif offer.whole and _is_priced(offer.row) and not _TRIAL.search(name):
            variants = {"variants": offer.variants} if offer.variants else {}
            added.setdefault(ours, {}).setdefault(name, {**offer.row, **variants})
    return _text(
        {
            "schema": 1,
            "name": "otel-tokens offers",
            "version": version,
            "checked": CHECKED,
            "notice": ["Prices compiled from LiteLLM, under this licence:", *licence.strip().splitlines()],
        },
        {"known": _sorted(known), "added": _sorted(added)},
    )


def _entries(table: Mapping[str, Any]) -> Iterator[tuple[str, str, Offer]]:
    """Provider, name and prices of each entry, those of a provider's own API before those of its cloud."""
    for key, entry in sorted(table.items(), key=lambda item: (_is_cloud(item[1]), item[0])):
        theirs = entry.get("litellm_provider", "")
        ours = provider_of(theirs)
        name = _own_name(key.lower(), theirs)
        if ours in PROVIDERS and name is not None:
            yield ours, name, offer_of(entry)


def _is_cloud(entry: Mapping[str, Any]) -> bool:
    return str(entry.get("litellm_provider", "")).startswith(("vertex_ai", "azure_ai", "azure_text"))


def _own_name(key: str, theirs: str) -> str | None:
    """A model as its provider calls it; None for LiteLLM's own names of regions and sizes."""
    for prefix in (theirs, theirs.partition("-")[0], "azure", "bedrock", "text-completion-openai"):
        if key.startswith(f"{prefix}/"):
            key = key.removeprefix(f"{prefix}/")
            break
    regional = theirs in {"azure", "azure_ai", "azure_text"} or theirs.startswith(("bedrock", "vertex_ai"))
    sized = theirs == "openai" and "/" in key
    return None if sized or (regional and "/" in key) else key


def _keep(shelved: dict[str, Plain], model_id: str, plain: Plain, resold_as: str | None) -> None:
    """Keep the first offer of a model; a resold one is kept with all names that it is made under."""
    if not plain:
        return
    kept = shelved.setdefault(model_id, {**plain, "names": []} if resold_as else plain)
    if resold_as and {**kept, "names": []} == {**plain, "names": []} and resold_as not in kept["names"]:
        kept["names"].append(resold_as)


def _is_priced(row: Mapping[str, Any]) -> bool:
    """Whether anything costs something: a table of zeros does not say that a model is free."""
    amounts = [*row.get("rates", {}).values(), *row.get("fees", {}).values()]
    return any(float(amount) for amount in amounts)


def _missing(model: Model, offer: Offer) -> Plain:
    """The variants and the fee that the book lacks of a model, if it is the same offer."""
    row, _ = active(model.rows, day_of(CHECKED))
    if not offer.agrees(row.rates, row.tiers):
        return {}
    missing: Plain = {}
    variants = {name: variant for name, variant in offer.variants.items() if name not in row.variants}
    if variants:
        missing["variants"] = variants
    search = offer.row.get("fees", {}).get("web_search")
    if search is not None and "web_search" not in row.fees:
        missing["fees"] = {"web_search": search}
    return {"base": _base(offer), **missing} if missing else {}


def _base(offer: Offer) -> Plain:
    """The standard rates that both sources agree on."""
    rates = offer.row["rates"]
    return {bucket: rates[bucket] for bucket in ("input", "output") if bucket in rates}


def _sorted(providers: Mapping[str, Mapping[str, Plain]]) -> Mapping[str, Mapping[str, Plain]]:
    return {provider: models for provider, models in sorted(providers.items()) if models}


def _text(head: Mapping[str, Any], tables: Mapping[str, Mapping[str, Mapping[str, Plain]]]) -> str:
    """JSON with one model on a line."""
    lines = [f"{_json(key)}:{_json(value)}" for key, value in head.items()]
    for kind, providers in tables.items():
        blocks = [f"{_json(name)}:{{\n{_rows(models)}\n}}" for name, models in providers.items()]
        lines.append(f"{_json(kind)}:{{\n" + ",\n".join(blocks) + "\n}")
    return "{" + ",\n".join(lines) + "}\n"


def _rows(models: Mapping[str, Plain]) -> str:
    return ",\n".join(f"{_json(name)}:{_json(plain)}" for name, plain in sorted(models.items()))


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def installed() -> str:
    """The text of `offers.json` from the LiteLLM and the genai-prices that are installed.

    Raises:
        PackageNotFoundError: LiteLLM is not.
    """
    package = distribution("litellm")
    table = json.loads(Path(str(package.locate_file(TABLE))).read_text("utf-8"))
    licence = package.read_text("licenses/LICENSE") or ""
    return compiled(table, f"LiteLLM {package.version}", licence, base_book())


def main(arguments: Iterable[str] | None = None) -> int:
    """Write `offers.json`, or with `--check` only say whether it is up to date."""
    return keep(OFFERS, installed, "otel_tokens.pricing.compile_offers", arguments)


if __name__ == "__main__":  # pragma: no cover - `main` is tested
    sys.exit(main())
