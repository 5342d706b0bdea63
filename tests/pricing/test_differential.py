"""Every model of genai-prices, in each variant and bucket, on each day and around each threshold.

The cost is theirs. What differs is intended, and is in the table here with its reason; nothing else does.
"""

from __future__ import annotations

import json

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from otel_tokens.pricing import PriceBook, Terms
from otel_tokens.pricing import compile as compiling
from otel_tokens.pricing.catalog import Catalog
from otel_tokens.pricing.fallbacks import FALLBACKS
from otel_tokens.pricing.price import Cost
from otel_tokens.pricing.rows import DAY_S, Row, active
from otel_tokens.pricing.sellers import SPELLINGS
from otel_tokens.readings import BUCKETS, Usage


data = pytest.importorskip("genai_prices.data")
theirs = pytest.importorskip("tests.pricing.theirs")

BOOK = json.loads(compiling.PRICES.read_text("utf-8"))
_installed = f"genai-prices {compiling.distribution('genai-prices').version}"
_same_version = pytest.mark.skipif(BOOK["version"] != _installed, reason=f"the book is of {BOOK['version']}")


class Case(NamedTuple):
    """One call of a model."""

    model: str
    variant: str
    at: datetime
    tokens: Mapping[str, int]
    units: Mapping[str, int]
    book: PriceBook
    cost: Cost

    def row(self) -> Row:
        """The standard row of our book on that day."""
        (provider,) = self.book.providers
        (model,) = self.book.models(provider)
        return active(model.rows, self.day)[0]

    @property
    def day(self) -> int:
        """Since 1970-01-01."""
        return int(self.at.timestamp() // DAY_S)


def _is_added_variant(case: Case) -> bool:
    rows = case.row().variants.get(case.variant, ())
    return bool(rows) and "*" in active(rows, case.day)[0].origins


def _is_early(case: Case) -> bool:
    rows = case.row().variants.get(case.variant, ())
    return bool(rows) and active(rows, case.day)[1] and "date_before_first_price" in case.cost.warnings


def _is_added_fee(case: Case) -> bool:
    return any(f"fees.{unit}" in case.row().origins for unit in case.units)


def _is_added_rate(case: Case) -> bool:
    lenders = {name for bucket in case.tokens for name in (bucket, *FALLBACKS[bucket])}
    return any(f"rates.{name}" in case.row().origins for name in lenders)


def _is_peak(case: Case) -> bool:
    return any(part.when is not None for parts in case.row().variants.values() for part in parts)


INTENDED: Mapping[str, tuple[str, Any]] = {
    "a variant that genai-prices lacks": (
        "theirs costs the standard rates in silence; ours has the rates of LiteLLM or of the overlay",
        _is_added_variant,
    ),
    "a day before a variant was verified": (
        "theirs costs the standard rates; ours the variant's, with a warning: it was hardly sold for twice",
        _is_early,
    ),
    "a fee that genai-prices lacks": ("theirs charges nothing for it", _is_added_fee),
    "a rate that genai-prices lacks": ("theirs charges audio as text", _is_added_rate),
    "peak hours": (
        "theirs have them on weekends too and since ever; ours from Monday to Friday, from their first day",
        _is_peak,
    ),
}
"""Difference to why it is one, and to which calls it is about."""

LEFT_OUT = 9
"""Models without any price, which are listed in `test_compile.py`."""


def _usages(model: Any) -> Iterator[tuple[dict[str, int], dict[str, int]]]:
    """Each bucket and each unit by itself, and all of them together in prompts of each size."""
    for bucket in sorted(BUCKETS - theirs.NOT_THERE):
        yield {"input": 900, "output": 80, bucket: 70}, {}
    for unit in theirs.UNITS:
        yield {}, {unit: 1 if unit == "request" else 18}
    parts = ("cache_read", "cache_write", "input_audio", "input_image")
    for size in theirs.sizes_of(model):
        rest = dict.fromkeys(parts, 3)
        yield {"input": size - sum(rest.values()), **rest, "output": 80, "output_reasoning": 7}, {}


def _ours(provider: str, plain: Mapping[str, Any]) -> PriceBook:
    """A book of this one model: which model a name leads to is tested elsewhere."""
    lone = {"prefixes": [], "models": [{**plain, "match": {"equals": [plain["id"].lower()]}}]}
    head = {"version": "v", "multipliers": [], "origins": BOOK["origins"]}
    return PriceBook(Catalog({**head, "providers": {provider: lone}}))


def _variants(model: Any, plain: Mapping[str, Any]) -> list[str]:
    """All that either book states; one that neither does must cost the standard rates in both."""
    conditions = [set(variant.when.items()) for variant in model.price_variants or ()]
    stated = [
        name
        for name, context in theirs.CONTEXTS.items()
        if name in plain.get("variants", {}) or any(set(context.items()) & when for when in conditions)
    ]
    unstated = [name for name in theirs.CONTEXTS if name not in stated and name != "standard"]
    return ["standard", *stated, *unstated[:1]]


def _cases(provider: str, model: Any, plain: Mapping[str, Any]) -> Iterator[tuple[Case, Any]]:
    book = _ours(provider, plain)
    asked = [(tokens, units, theirs.usage_of(tokens, units)) for tokens, units in _usages(model)]
    for at in sorted(set(theirs.moments_of(model))):
        for variant in _variants(model, plain):
            for tokens, units, usage in asked:
                terms = Terms(provider, model.id, at.timestamp(), model.id, variant)
                cost = book.price(Usage(tokens, units), terms)
                yield Case(model.id, variant, at, tokens, units, book, cost), usage


def _differences(provider: Any) -> Iterator[tuple[Case, Decimal | str]]:
    name = SPELLINGS.get(provider.id, provider.id).replace("-", "_")
    known = {plain["id"]: plain for plain in reversed(BOOK["providers"][name]["models"])}
    for model in provider.models:
        if model.id not in known or not any(vars(prices) for prices in theirs.prices_of(model)):
            continue
        for case, usage in _cases(name, model, known[model.id]):
            found = theirs.usd(model, provider, usage, case.variant, case.at)
            if case.cost.usd != found:
                yield case, found


_SEEN: Counter[str] = Counter()


@_same_version
@pytest.mark.filterwarnings("ignore:Unsupported usage key")
@pytest.mark.parametrize("provider", data.providers, ids=lambda provider: provider.id)
def test_every_cost_is_theirs(provider: Any) -> None:
    """Whatever differs has a reason in the table."""
    unexplained = []
    for case, found in _differences(provider):
        reasons = [name for name, (_, applies) in INTENDED.items() if applies(case)]
        _SEEN.update(reasons[:1])
        if not reasons:
            where = (case.model, case.variant, case.at.isoformat(), case.tokens, case.units)
            unexplained.append((where, f"{case.cost.usd} not {found}"))
    assert unexplained[:10] == []


@_same_version
def test_every_reason_is_needed() -> None:
    """The table has no reason that explains nothing any more."""
    if not _SEEN:
        for provider in data.providers:
            for case, _ in _differences(provider):
                _SEEN.update([name for name, (_, applies) in INTENDED.items() if applies(case)][:1])
    assert set(_SEEN) == set(INTENDED)


@_same_version
def test_nothing_is_skipped() -> None:
    """Each model of genai-prices that states a price is in our book; ids that come twice cost the same."""
    missing = []
    for provider in data.providers:
        name = SPELLINGS.get(provider.id, provider.id).replace("-", "_")
        ids = {model["id"] for model in BOOK["providers"][name]["models"]}
        missing += [model.id for model in provider.models if model.id not in ids]
        counted = Counter(model.id for model in provider.models)
        assert [model_id for model_id, times in counted.items() if times > 1] == []
    assert len(missing) == LEFT_OUT
