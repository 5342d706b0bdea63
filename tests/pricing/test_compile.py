"""The compiled book: fresh, complete, and the same as genai-prices but for what is listed here."""

from __future__ import annotations

import json

from copy import deepcopy
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from otel_tokens.pricing import PriceBook, Terms
from otel_tokens.pricing import compile as compiling
from otel_tokens.pricing.book_file import checked_book
from otel_tokens.pricing.catalog import shipped
from otel_tokens.pricing.clauses import CompileError
from otel_tokens.pricing.ids import index_of, index_of_models, matcher_of
from otel_tokens.pricing.offers import offers
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


def test_the_page_has_the_numbers_of_the_book() -> None:
    """What the page says about the size of the book and of what was added is so."""
    page = (Path(__file__).parents[2] / "docs" / "prices.md").read_text("utf-8")
    models = sum(len(provider["models"]) for provider in BOOK["providers"].values())
    added = sum(len(found) for found in offers()["added"].values())
    assert f"{len(BOOK['providers'])} providers, {models} models." in page
    assert f"with all their prices understood: {added}," in page


def test_the_quick_index_is_the_index() -> None:
    """Names lead to the same models, whichever way the index of a provider is made."""
    for provider in BOOK["providers"].values():
        models = provider["models"]
        entries = [(model["id"], matcher_of(model["id"], model.get("match"))) for model in models]
        assert index_of_models(models) == index_of(entries)


def test_every_provider_is_there() -> None:
    """No provider of genai-prices is lost, and other spellings lead to one that exists."""
    assert len(BOOK["providers"]) == len(data.providers) + 1  # Hugging Face's router, of its backends
    assert {SHARES.get(name, name) for name in SPELLINGS.values()} <= set(BOOK["providers"])
    assert set(SHARES.values()) <= set(BOOK["providers"])


def test_additions_name_their_source() -> None:
    """Whoever adds a price says from where and when."""
    additions = [part for kind in overlay().values() for part in kind]
    assert [part for part in additions if not part.get("source")] == []
    assert all(date.fromisoformat(part["checked"]) for part in additions)


# --- names ------------------------------------------------------------------------------------------


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
    assert different == _MOVED.get(provider_id, {})


_MOVED = {"mistral": {"mistral-large-latest": ("mistral-large-2512", "mistral-large")}}
"""Aliases that point at a newer model than genai-prices knows; the overlay says so."""


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
        overlaid(deepcopy(book), additions)
    superseded: list[str] = []
    overlaid(book, additions, superseded)
    assert [said for said in superseded if "changes nothing" in said] == superseded != []


def test_another_version_is_compiled() -> None:
    """Another genai-prices is compiled with what we add, where it still adds something."""
    provider = types.Provider(id="p", name="P", api_pattern="p", models=[_model(price_comments=NOTE)])
    superseded: list[str] = []
    source = compiling.Source([provider], "9.9", "a licence", "2027-01-02")
    plain = json.loads(compiling.compiled(source, superseded))
    assert (plain["version"], plain["dated"]) == ("genai-prices 9.9", "2027-01-02")
    assert "a licence" in plain["notice"]
    (model,) = plain["providers"]["p"]["models"]
    assert model["sources"] == ["https://p.example/a", "https://p.example/b"]
    assert model["checked"] == "2026-11-02"
    assert len(superseded) > 10
    assert checked_book(plain) == plain


NOTE = (
    "See https://p.example/a, checked 2026-11-01. Since 2026-12-01 dearer. "
    "Ref: https://p.example/b. Verified on 2026-11-02."
)


def test_a_row_says_what_was_added() -> None:
    """Of a row of two sources it can be told which of them states what."""
    catalog = shipped()
    model = catalog.find("anthropic", "claude-opus-5")
    assert model is not None
    assert "fees.web_fetch" in model.rows[0].origins
    assert "rates.input" not in model.rows[0].origins
    assert model.rows[0].origins["fees.web_fetch"].checked == "2026-11-23"


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
