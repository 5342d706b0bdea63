"""The compiled book: fresh, complete, and the same as genai-prices but for what is listed here."""

from __future__ import annotations

import json

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from otel_tokens.pricing import PriceBook, Terms
from otel_tokens.pricing import compile as compiling
from otel_tokens.pricing.catalog import Catalog, shipped
from otel_tokens.pricing.clauses import CompileError
from otel_tokens.pricing.overlay import overlaid, overlay
from otel_tokens.pricing.sellers import SHARES, SPELLINGS
from otel_tokens.readings import Usage


genai_prices = pytest.importorskip("genai_prices")
data = pytest.importorskip("genai_prices.data")
types = pytest.importorskip("genai_prices.types")

UTC = timezone.utc
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday, outside of peak hours
BOOK = json.loads(compiling.PRICES.read_text("utf-8"))

_installed = f"genai-prices {compiling.distribution('genai-prices').version}"
_same_version = pytest.mark.skipif(BOOK["version"] != _installed, reason=f"the book is of {BOOK['version']}")


@_same_version
def test_checked_in_book_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    """Compiling again gives the file that is checked in, byte for byte."""
    assert compiling.main(["--check"]) == 0
    assert capsys.readouterr().out == "prices.json is up to date\n"


def test_compile_writes_and_checks(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without `--check` the book is written; with it a stale one is an error."""
    path = tmp_path / "prices.json"
    monkeypatch.setattr(compiling, "PRICES", path)
    monkeypatch.setattr(compiling, "compiled", lambda: "{}")
    assert compiling.main(["--check"]) == 1
    assert compiling.main([]) == 0
    assert path.read_text("utf-8") == "{}"
    assert compiling.main(["--check"]) == 0
    assert "stale" in capsys.readouterr().out


def test_head_of_the_book() -> None:
    """The book names its source, carries its licence, and says what it leaves out."""
    assert BOOK["schema"] == 1
    assert BOOK["version"].startswith("genai-prices ")
    notice = "\n".join(BOOK["notice"])
    assert "Copyright (c) Pydantic Services Inc." in notice
    assert "The above copyright notice and this permission notice shall be included" in notice
    assert BOOK["unmapped"] == [
        "input_annotated_document_kpages",
        "input_text_messages_kcount",
        "route=mistral/eu",
        "search_type=fast",
    ]


def test_book_is_small_enough_to_load() -> None:
    """The file is read at the first price of a process: it stays below 700 kB."""
    assert compiling.PRICES.stat().st_size < 700_000


def test_every_model_converts() -> None:
    """Each row of the book is one that the engine can read."""
    catalog = shipped()
    models = [model for provider in BOOK["providers"] for model in catalog.models(provider)]
    assert len(models) > 2000
    assert all(model.rows for model in models)


def test_every_provider_is_there() -> None:
    """No provider of genai-prices is lost, and other spellings lead to one that exists."""
    assert len(BOOK["providers"]) == len(data.providers)
    assert {SHARES.get(name, name) for name in SPELLINGS.values()} <= set(BOOK["providers"])
    assert set(SHARES.values()) <= set(BOOK["providers"])


def test_additions_name_their_source() -> None:
    """Whoever adds a price says from where and when."""
    additions = [part for kind in overlay().values() for part in kind]
    assert [part for part in additions if not part.get("source")] == []
    assert all(date.fromisoformat(part["checked"]) for part in additions)


# --- differences from genai-prices -----------------------------------------------------------------

_USAGES: Mapping[str, dict[str, int]] = {
    "small": {"input": 1000, "output": 300},
    "cached": {"input": 500, "cache_read": 4000, "output": 300, "output_reasoning": 200},
    "written": {"input": 7, "cache_write": 900, "cache_write_1h": 100, "output": 30},
    "long": {"input": 250_000, "cache_read": 50_001, "output": 2000},
    "boundary": {"input": 272_000, "output": 10},
    "audio": {"input": 10, "input_audio": 900, "output": 5, "output_audio": 700},
    "image": {"input": 10, "input_image": 90, "cache_read_image": 9, "output_image": 80},
}

_CONTEXTS: Mapping[str, dict[str, str]] = {
    "standard": {},
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast": {"service_tier": "fast", "speed": "fast"},
}

_INTENDED: Mapping[tuple[str, str, str], str] = {
    **{
        ("openai", model, "audio"): "overlay: audio rates that genai-prices lacks"
        for model in ("gpt-4o-audio-preview", "gpt-4o-mini-audio-preview")
    },
}
"""Provider, model and usage to why our cost is not that of genai-prices."""


def _theirs(model: Any, provider: Any, tokens: Mapping[str, int], context: Any) -> Decimal | None:
    def total(*parts: str) -> int:
        return sum(
            count
            for bucket, count in tokens.items()
            if any(bucket == part or bucket.startswith(f"{part}_") for part in parts)
        )

    usage = types.Usage(
        input_tokens=total("input", "cache"),
        output_tokens=total("output"),
        cache_read_tokens=total("cache_read"),
        cache_write_tokens=total("cache_write"),
        cache_write_5m_tokens=total("cache_write_5m"),
        cache_write_1h_tokens=total("cache_write_1h"),
        input_audio_tokens=total("input_audio"),
        output_audio_tokens=total("output_audio"),
        cache_audio_read_tokens=0,
        input_image_tokens=total("input_image", "cache_read_image"),
        cache_image_read_tokens=total("cache_read_image"),
        output_image_tokens=total("output_image"),
        output_reasoning_tokens=total("output_reasoning"),
    )
    price = model.calc_price(usage, provider, genai_request_timestamp=AT, price_context=context or None)
    found: Decimal = price.total_price
    return found


def _differences(provider_id: str) -> Iterator[tuple[tuple[str, str, str], str]]:
    provider = next(provider for provider in data.providers if provider.id == provider_id)
    name = SPELLINGS.get(provider_id, provider_id)
    catalog = shipped()
    ours = {model.id: model for model in catalog.models(name)}
    for model in provider.models:
        prices = model.prices if isinstance(model.prices, list) else [model.prices]
        if not any(vars(getattr(price, "prices", price)) for price in prices):
            continue  # without any price: free or left out, see below
        alone = {"id": model.id, **_plain(name, model.id)}
        lone = {"prefixes": [], "models": [{**alone, "match": {"equals": [model.id.lower()]}}]}
        book = PriceBook(Catalog({"version": "v", "multipliers": [], "providers": {name: lone}}))
        assert model.id in ours
        stated = {next(iter(variant.when.values())) for variant in model.price_variants or ()}
        for variant, context in _CONTEXTS.items():
            if variant != "standard" and variant not in stated:
                continue
            for kind, tokens in _USAGES.items():
                terms = Terms(provider=name, model=model.id, variant=variant, at_s=AT.timestamp())
                cost = book.price(Usage(tokens), terms)
                theirs = _theirs(model, provider, tokens, context)
                if cost.usd != theirs:
                    yield (name, model.id, kind), f"{variant}: {cost.usd} not {theirs}"


def _plain(provider: str, model_id: str) -> dict[str, Any]:
    models = BOOK["providers"][provider]["models"]
    return next(dict(model) for model in models if model["id"] == model_id)


@_same_version
@pytest.mark.parametrize("provider_id", ["openai", "azure", "anthropic"])
def test_same_cost_as_genai_prices(provider_id: str) -> None:
    """Every model costs what genai-prices says, in each of its variants, but for what is listed."""
    found = dict(_differences(provider_id))
    assert {key: text for key, text in found.items() if key not in _INTENDED} == {}


@_same_version
def test_intended_differences_are_real() -> None:
    """The list of differences has no entry that is not one any more."""
    found = [key for provider_id in ("openai", "anthropic") for key, _ in _differences(provider_id)]
    assert set(found) == set(_INTENDED)


@_same_version
@pytest.mark.parametrize("provider_id", [provider.id for provider in data.providers])
def test_same_model_as_genai_prices(provider_id: str) -> None:
    """An exact name leads to the same model as in genai-prices, at every provider."""
    provider = next(provider for provider in data.providers if provider.id == provider_id)
    name = SPELLINGS.get(provider_id, provider_id).replace("-", "_")
    catalog = shipped()
    known = {model["id"] for model in BOOK["providers"][name]["models"]}
    different = {}
    for model in provider.models:
        for given in _names(model.match):
            theirs = provider.find_model(given, all_providers=data.providers)
            ours = catalog.find(name, given)
            if theirs.id in known and (ours is None or ours.id != theirs.id):
                different[given] = (ours and ours.id, theirs.id)
    assert different == {}


def _names(clause: Any) -> list[str]:
    if isinstance(clause, types.ClauseEquals):
        return [clause.equals]
    if isinstance(clause, types.ClauseOr):
        return [name for part in clause.or_ for name in _names(part)]
    return []


@_same_version
def test_models_left_out() -> None:
    """No price is not a price of 0: these models of genai-prices are unknown here."""
    left_out = [
        f"{provider.id} {model.id}"
        for provider in data.providers
        for model in provider.models
        if model.id
        not in {
            kept["id"]
            for kept in BOOK["providers"][SPELLINGS.get(provider.id, provider.id).replace("-", "_")]["models"]
        }
    ]
    assert left_out == [
        "cerebras qwen-3-coder-480b",
        "huggingface_together ServiceNow-AI/Apriel-1.6-15b-Thinker",
        "huggingface_together prism-ml/Ternary-Bonsai-27B-AWQ-4bit",
        "huggingface_together prism-ml/Ternary-Bonsai-27B-gguf",
        "openrouter gemini-2.5-pro-exp-03-25",
        "openrouter google/gemini-flash-1.5-8b-exp",
        "openrouter google/lyria-3-clip-preview",
        "openrouter google/lyria-3-pro-preview",
        "openrouter stealth/crouton-alpha",
    ]


# --- what the compiler refuses ---------------------------------------------------------------------


def _model(**more: Any) -> Any:
    prices = types.ModelPrice(input_mtok=Decimal(1), output_mtok=Decimal(2))
    return types.ModelInfo(**{"id": "m", "match": types.ClauseEquals("M"), "prices": prices, **more})


def _variant(when: dict[str, str], day: date | None = None, **prices: Decimal) -> Any:
    constraint = None if day is None else types.StartDateConstraint(day)
    return types.PriceVariant(when, types.ModelPrice(**prices), constraint)


def _hours(start: time, end: time) -> Any:
    prices = types.ModelPrice(input_mtok=Decimal(3))
    return types.ConditionalPrice(types.TimeOfDateConstraint(start, end), prices=prices)


_BASE = types.ConditionalPrice(prices=types.ModelPrice(input_mtok=Decimal(1)))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (_model(prices=types.ModelPrice(new_mtok=Decimal(1))), "price key"),
        (_model(price_variants=[_variant({"mood": "good"})]), "condition"),
        (
            _model(
                prices=types.ModelPrice(audio_hours=Decimal(1), input_audio_hours=Decimal(2)),
            ),
            "price key",
        ),
        (
            _model(
                price_variants=[
                    _variant({"processing": "batch"}, input_mtok=Decimal(1)),
                    _variant({"processing": "batch"}, date(2027, 1, 1), output_mtok=Decimal(1)),
                ]
            ),
            "less than",
        ),
        (_model(prices=[_BASE, _hours(time(1, 0, 1), time(2))]), "whole minutes"),
        (_model(match=object()), "match clause"),
        (
            _model(
                match=types.ClauseOr(
                    [
                        types.ClauseAnd([types.ClauseEquals("a")]),
                        types.ClauseAnd([types.ClauseEquals("b")]),
                    ]
                )
            ),
            "conjunctions",
        ),
    ],
)
def test_compiler_refuses_what_it_does_not_know(model: Any, words: str) -> None:
    """A new kind of price stops the compiler: it is not dropped in silence."""
    with pytest.raises(CompileError, match=words):
        compiling._model(model)


def test_windows_with_different_rates_stay_apart() -> None:
    """Only hours with the same rates become one row."""
    other = types.ConditionalPrice(
        types.TimeOfDateConstraint(time(5), time(6)),
        prices=types.ModelPrice(input_mtok=Decimal(9)),
    )
    plain = compiling._model(
        _model(prices=[_BASE, _hours(time(1), time(2)), _hours(time(3), time(4)), other])
    )
    windows = [row["when_utc"]["windows"] for row in plain["variants"]["peak"]]
    assert windows == [["01:00-02:00", "03:00-04:00"], ["05:00-06:00"]]


@pytest.mark.parametrize(
    "additions",
    [
        {"rates": [{"provider": "p", "model": "gone", "rates": {"output": "1"}}]},
        {"rates": [{"provider": "p", "model": "m", "rates": {"input": "1"}}]},
        {"derive": [{"provider": "p", "model": "m", "bucket": "x", "of": "y", "factor": "2"}]},
        {"model": [{"provider": "p", "id": "m", "before": "m", "rates": {}}]},
        {"model": [{"provider": "p", "id": "n", "before": "gone", "rates": {}}]},
        {"variant": [{"provider": "p", "model": "gone", "variant": "fast", "rates": {}}]},
        {"variant": [{"provider": "p", "model": "m", "variant": "batch", "rates": {}}]},
        {"peak": [{"provider": "p", "model": "m", "weekdays": [1], "from": "2026-01-01"}]},
        {"match": [{"provider": "p", "model": "gone", "equals": ["m"]}]},
        {"minimum": [{"provider": "p", "model": "gone", "minimums": {}}]},
        {"free": [{"provider": "p", "model": "m"}]},
    ],
)
def test_addition_that_changes_nothing(additions: dict[str, list[dict[str, Any]]]) -> None:
    """An addition that the book has caught up with, or that misses its model, is an error."""
    model = {"id": "m", "rows": [{"rates": {"input": "1"}}], "variants": {"batch": []}}
    book = {"providers": {"p": {"models": [model]}}}
    for part in (part for kind in additions.values() for part in kind):
        part.update(source="s", checked="2026-11-23")
    with pytest.raises(ValueError, match="changes nothing"):
        overlaid(book, additions)


def test_deepseek_windows_cover_what_theirs_do() -> None:
    """On a weekday the peak hours are those of genai-prices."""
    provider = next(provider for provider in data.providers if provider.id == "deepseek")
    model = next(model for model in provider.models if model.id == "deepseek-flash")
    book = PriceBook(shipped())
    for hour in range(24):
        at = AT.replace(hour=0) + timedelta(hours=hour)
        terms = Terms(provider="deepseek", model="deepseek-flash", at_s=at.timestamp())
        theirs = model.calc_price(
            types.Usage(input_tokens=1000, output_tokens=10), provider, genai_request_timestamp=at
        )
        assert book.price(Usage({"input": 1000, "output": 10}), terms).usd == theirs.total_price
