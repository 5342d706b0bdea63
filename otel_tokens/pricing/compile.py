"""Compiles `prices.json` from the installed genai-prices and our overlay.

    python -m otel_tokens.pricing.compile [--check] [--output FILE]

The result is the same on every machine: no date, no order of a set, one model on a line. Another version of
genai-prices is compiled with its folder in `PYTHONPATH`, or by `compiled(Source(...))`.

Source: genai-prices 0.2.3, MIT, copyright Pydantic Services Inc.; its notice is in the file's head.
"""

from __future__ import annotations

import re
import sys

from collections.abc import Sequence
from copy import deepcopy
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final, NamedTuple

from .clauses import clauses_of
from .compile_rows import UNMAPPED, UNMAPPED_VARIANTS, Plain, prices_of
from .compile_text import text_of
from .compiled import keep
from .offers import offered, offers
from .origins import Origins
from .overlay import overlaid, overlay
from .sellers import ROUTER, SPELLINGS, spelled


PRICES: Final = Path(__file__).with_name("prices.json")


class Source(NamedTuple):
    """The prices to compile."""

    providers: Sequence[Any]
    """`genai_prices.data.providers`, of any version."""
    version: str
    """Of the package, such as `0.2.3`."""
    licence: str
    dated: str | None = None
    """The day of the prices; without one, the last day on which the overlay was checked."""


def installed() -> Source:
    """The genai-prices that can be imported here.

    Raises:
        ImportError: none can be.
    """
    from genai_prices import data  # noqa: PLC0415 - an optional library

    package = distribution("genai-prices")
    return Source(data.providers, package.version, package.read_text("licenses/LICENSE") or "")


def compiled(source: Source | None = None, superseded: list[str] | None = None) -> str:
    """The text of `prices.json`.

    An addition of the overlay that changes nothing is an error, or is only put to `superseded`: a newer
    genai-prices may know what the overlay adds.

    Raises:
        ImportError: genai-prices is not installed.
        CompileError: It has a price key, a condition or a constraint that is not known here.
        ValueError: An addition changes nothing, and there is no `superseded`.
    """
    reviewed = overlay()
    book = base_book(source)
    if book["dated"] is None:
        book["dated"] = max(part["checked"] for parts in reviewed.values() for part in parts)
    origins = Origins()
    offered(book, offers(), origins)
    return text_of(overlaid(book, reviewed, superseded, origins))


def base_book(source: Source | None = None) -> Plain:
    """The book without what we add to it."""
    source = source or installed()
    providers = dict(map(_provider, source.providers))
    return {
        "schema": 1,
        "name": "otel-tokens",
        "version": f"genai-prices {source.version}",
        "dated": source.dated,
        "notice": _notice(source.licence),
        "unmapped": sorted(UNMAPPED) + sorted("=".join(pair) for pair in UNMAPPED_VARIANTS),
        "providers": {**providers, **_router(source.providers, providers)},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write `prices.json`, or with `--check` only say whether it is up to date."""
    return keep(PRICES, compiled, "otel_tokens.pricing.compile", arguments)


def _notice(licence: str) -> list[str]:
    return ["Prices compiled from genai-prices, under this licence:", *licence.strip().splitlines()]


def _provider(provider: Any) -> tuple[str, Plain]:  # noqa: ANN401 - genai-prices' own type
    name = _name(provider.id)
    fallbacks = [_name(other) for other in provider.fallback_model_providers or ()]
    models = [_model(model) for model in provider.models]
    plain: Plain = {
        "prefixes": _prefixes(provider.id, name),
        "urls": list(provider.pricing_urls or ()),
        "models": models,
    }
    if fallbacks:
        plain["fallbacks"] = fallbacks
    return name, plain


def _router(sellers: Sequence[Any], providers: Plain) -> Plain:
    """The models of Hugging Face's router, each under the names that say who serves it: `model:seller`."""
    models: list[Plain] = []
    urls: list[str] = []
    for seller in sellers:
        router, _, backend = seller.id.partition("_")
        if router == ROUTER:
            theirs = providers[_name(seller.id)]
            urls += [url for url in theirs["urls"] if url not in urls]
            models += [_routed(model, backend) for model in theirs["models"]]
    return {ROUTER: {"prefixes": [f"{ROUTER}/"], "urls": urls, "models": models}} if models else {}


def _routed(model: Plain, backend: str) -> Plain:
    names = model.get("match", {}).get("equals", [model["id"].lower()])
    rest = {key: deepcopy(value) for key, value in model.items() if key not in {"id", "match"}}
    return {
        "id": f"{model['id']}:{backend}",
        **rest,
        "match": {"equals": [f"{name}:{backend}" for name in names]},
    }


def _name(provider_id: str) -> str:
    return spelled(provider_id).replace("-", "_")


def _prefixes(provider_id: str, name: str) -> list[str]:
    spellings = {provider_id, name, *(other for other, ours in SPELLINGS.items() if ours == name)}
    return [f"{spelling}/" for spelling in sorted(spellings)]


def _model(model: Any) -> Plain:  # noqa: ANN401
    prices = prices_of(model)
    plain: Plain = {"id": model.id, "rows": prices["rows"]}
    match = clauses_of(model.match)
    if match != {"equals": [model.id.lower()]}:
        plain["match"] = match
    if "variants" in prices:
        plain["variants"] = prices["variants"]
    return {**plain, **_noted(model.price_comments or "")}


def _noted(comments: str) -> Plain:
    """The pages that the notes on a model refer to, and the last day on which they say it was checked."""
    noted: Plain = {}
    pages = [page.rstrip(".,;:") for page in _PAGE.findall(comments)]
    if pages:
        noted["sources"] = list(dict.fromkeys(pages))
    if days := _CHECKED.findall(comments):
        noted["checked"] = max(days)
    return noted


_PAGE: Final = re.compile(r"https?://[^\s)\"\'<>`]+")
_CHECKED: Final = re.compile(r"(?i)(?:checked|verified|as of)(?: on)? (20\d{2}-\d{2}-\d{2})")


if __name__ == "__main__":  # pragma: no cover - `main` is tested
    sys.exit(main())
