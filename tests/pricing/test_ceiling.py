"""The ceiling of a call is never below what it costs, whatever caches do and however it is served."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal, localcontext
from itertools import product
from typing import Any

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from otel_tokens.pricing import PriceBook, Terms, book_of, load_book
from otel_tokens.pricing.ceiling import UNIT_USD, Ceiling
from otel_tokens.pricing.price import VARIANTS, Kinds
from otel_tokens.readings import INPUT_BUCKETS, OUTPUT_BUCKETS, UNITS, Usage


AT_S = 1_795_500_000.0  # 2026-11-24
BOOK = load_book()
DEAR: Mapping[str, Any] = {
    "schema": 1,
    "price": [
        {
            "provider": "openai",
            "model": "m",
            "rates": {"input": "1", "output": "4", "cache_read": "0.1", "cache_write": "1.25"},
            "tiers": [{"prompt_tokens_gt": 1000, "rates": {"input": "2", "output": "6"}}],
            "fees": {"web_search": "0.01", "audio_hour": "0.36"},
            "variants": {
                "priority": {"rates": {"input": "2", "output": "3"}},
                "flex": {"rates": {"input": "0.5", "output": "2"}, "fees": {"web_search": "0.02"}},
            },
        },
        {"provider": "openai", "model": "whisper", "fees": {"audio_hour": "0.36", "request": "0.5"}},
        {"provider": "openai", "model": "no-output", "rates": {"input": "1"}},
        {"provider": "openai", "model": "long", "rates": {"input": "0.0000000000001", "output": "1"}},
    ],
    "multiplier": [
        {"provider": "openai", "when": {"inference_geo": "us"}, "factor": "1.1"},
        {"provider": "openai", "when": {"server_address": "eu.*"}, "factor": "1.2"},
    ],
    "discount": [{"provider": "openai", "models": ["long"], "factor": "0.5"}],
}
OURS = book_of(DEAR)
SHORT = Kinds(1)


def ceiling(model: str | None, kinds: Kinds = SHORT, *, book: PriceBook = OURS, **terms: Any) -> Ceiling:
    """The ceiling of a call to OpenAI."""
    return book.ceiling("openai", model, kinds, AT_S, **terms)


MODELS = [(provider, model.id) for provider in BOOK.providers for model in BOOK.models(provider)]
HOSTS = [
    None, "api.openai.com", "eu.api.openai.com", "api.eu.mistral.ai", "us-east5-aiplatform.googleapis.com",
    "aiplatform.eu.rep.googleapis.com",
]  # fmt: skip
MOMENTS = [AT_S, AT_S + 40 * 86_400, AT_S + 70 * 86_400 + 2 * 3600, AT_S - 300 * 86_400]


@settings(max_examples=600, deadline=None)
@given(
    model=st.sampled_from(MODELS),
    tokens=st.dictionaries(st.sampled_from(sorted(INPUT_BUCKETS | OUTPUT_BUCKETS)), st.integers(1, 300_000)),
    units=st.dictionaries(st.sampled_from(sorted(UNITS - {"request"})), st.integers(1, 20_000)),
    variant=st.sampled_from(sorted(VARIANTS)),
    served=st.booleans(),
    geo=st.sampled_from([None, "us", "global"]),
    host=st.sampled_from(HOSTS),
    at_s=st.sampled_from(MOMENTS),
)
def test_no_usage_costs_more_than_its_ceiling(
    model: tuple[str, str],
    tokens: dict[str, int],
    units: dict[str, int],
    variant: str,
    served: bool,  # noqa: FBT001
    geo: str | None,
    host: str | None,
    at_s: float,
) -> None:
    """Of any model of the book, in any place, tier and size of prompt: the bound holds."""
    provider, name = model
    usage = Usage(tokens, units)
    billed = variant if served else "standard"
    cost = BOOK.price(usage, Terms(provider, name, at_s, name, billed, host, geo))
    text = images = audio = output = 0
    for bucket, count in tokens.items():
        if bucket in OUTPUT_BUCKETS:
            output += count
        elif "image" in bucket or "video" in bucket:
            images += count
        elif "audio" in bucket:
            audio += count
        else:
            text += count
    kinds = Kinds(2, speaks=True, draws=True)
    most = BOOK.ceiling(provider, name, kinds, at_s, variant, host).usd(text, output, images, audio, units)
    if cost.usd is not None:
        assert most is not None
        assert most >= cost.usd


def test_every_model_has_a_ceiling() -> None:
    """There is no model with a price that a budget could not hold anything for."""
    kinds = Kinds(2, speaks=True, draws=True)
    assert [name for name in MODELS if BOOK.ceiling(*name, kinds, AT_S).steps is None] == []


def test_the_dearer_of_two_fees_stands_for_any_number() -> None:
    """A least count that is billed makes one unit dear, and a price makes many: both are kept."""
    rows: dict[str, Any] = {
        "fees": {"page": "1"},
        "minimums": {"page": "10"},
        "variants": {"flex": {"fees": {"page": "2"}}},
        "rates": {"input": "0", "output": "0"},
    }
    book = book_of({"price": [{"provider": "openai", "model": "m", **rows}]})
    found = book.ceiling("openai", "m", SHORT, AT_S, "flex")
    assert (found.usd(0, 0, units={"page": 1}), found.usd(0, 0, units={"page": 20})) == (20, 40)


@pytest.mark.parametrize(
    ("kinds", "usd"),
    [(Kinds(0), "0.0005"), (Kinds(1), "0.000525"), (Kinds(2), "0.000525")],
)
def test_caching_is_dearer_where_it_is_asked_for(kinds: Kinds, usd: str) -> None:
    """Writes to a cache count only where there may be any."""
    assert ceiling("m", kinds, inference_geo="eu").usd(100, 100) == Decimal(usd)


def test_a_long_prompt_is_dearer() -> None:
    """A prompt that may pass a threshold has the rates of long prompts, which stand for all of it."""
    rates = ceiling("m", Kinds(), inference_geo="eu")
    assert rates.usd(1000, 1) == Decimal("0.001004")
    assert rates.usd(1001, 1) == Decimal("0.002008")
    assert rates.usd(500, 1, 300, 201) == Decimal("0.002008")


def test_a_tier_may_not_be_served() -> None:
    """Of the tier that is asked for and the standard one, each kind of token has the dearer rate."""
    both = ceiling("m", Kinds(), variant="priority", inference_geo="eu")
    assert both.usd(1_000, 0) == Decimal("0.002")
    assert both.usd(0, 1_000) == Decimal("0.004")
    assert ceiling("m", variant="flex").usd(0, 0, units={"web_search": 1}) == Decimal("0.02")


def test_any_place_may_be_served() -> None:
    """Without a place the dearest one holds; an address is known."""
    assert ceiling("m", Kinds(), inference_geo="us").usd(100, 0) == Decimal("0.00011")
    assert ceiling("m", Kinds()).usd(100, 0) == Decimal("0.00011")
    assert ceiling("m", Kinds(), server_address="eu.example.com").usd(100, 0) == Decimal("0.000132")


def test_fees() -> None:
    """Fees are charged for each unit, and for the request; a unit without a fee costs nothing."""
    units = {"web_search": 2, "audio_second": 3600, "image": 5}
    assert ceiling("m").usd(0, 0, units=units) == Decimal("0.38")
    assert ceiling("whisper").usd(10, 10, units={"audio_second": 1800}) == Decimal("0.68")


@pytest.mark.parametrize(
    ("provider", "model", "status", "usd"),
    [
        ("openai", "nobody-knows-it", "unknown_model", None),
        ("openai", None, "unknown_model", None),
        ("openai", "no-output", "unknown_model", None),
        ("example.com", "m", "unknown_provider", None),
        ("ollama", "llama3", "free", Decimal(0)),
    ],
)
def test_what_has_no_price(provider: str, model: str | None, status: str, usd: Decimal | None) -> None:
    """An unknown price is None, and what runs at home is free."""
    found = OURS.ceiling(provider, model, Kinds(), AT_S)
    assert (found.status, found.usd(10, 10)) == (status, usd)


def test_what_the_provider_gives_away_is_free() -> None:
    """A model that the book calls free costs nothing, and says so."""
    found = BOOK.ceiling("openrouter", "mai-ds-r1:free", Kinds(), AT_S)
    assert (found.status, found.usd(10, 10)) == ("free", 0)


def test_rates_are_rounded_up_and_the_precision_of_a_thread_does_not_matter() -> None:
    """The smallest rate is one unit, and an application with 6 digits gets the same bound."""
    assert ceiling("long").usd(1, 0) == UNIT_USD
    with localcontext(Context(prec=6)):
        narrow = ceiling("m", Kinds(), inference_geo="eu").usd(123_456_789, 987_654_321)
    assert narrow == Decimal("246.913578") + Decimal("5925.925926")


def test_a_ceiling_holds_until_the_price_changes() -> None:
    """It is kept for the hours in which it holds, and found anew after them."""
    book = load_book()
    peak = book.ceiling("deepseek", "deepseek-v4-pro", Kinds(), AT_S - AT_S % 86_400 + 2 * 3600)
    later = book.ceiling("deepseek", "deepseek-v4-pro", Kinds(), AT_S - AT_S % 86_400 + 5 * 3600)
    again = book.ceiling("deepseek", "deepseek-v4-pro", Kinds(), AT_S - AT_S % 86_400 + 5.5 * 3600)
    assert (peak.usd(100, 100) or 0) > (later.usd(100, 100) or 0) > 0
    assert later is again


def test_ceilings_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers that invent names of models cannot make the cache grow without end."""
    monkeypatch.setattr("otel_tokens.pricing.book._KEPT", 3)
    book = book_of(DEAR)
    for number, cached in product(range(3), range(3)):
        book.ceiling("openai", f"m{number}", Kinds(cached), AT_S)
    assert len(book._ceilings) <= 3
