"""A compiled book in a file: read as the shipped one is, and refused when it is damaged."""

from __future__ import annotations

import json

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_tokens.errors import ConfigError
from otel_tokens.pricing import Terms, load_book
from otel_tokens.pricing.book_file import checked_book
from otel_tokens.pricing.catalog import Catalog, shipped
from otel_tokens.pricing.compile import PRICES
from otel_tokens.pricing.compile_text import text_of
from otel_tokens.pricing.pages import is_sealed, pages_of
from otel_tokens.readings import Usage


AT_S = 1_795_435_200.0
TEXT = PRICES.read_text("utf-8")


def small() -> dict[str, Any]:
    """A book with one of everything."""
    model = {
        "id": "m",
        "match": {"prefix": ["m-"], "all": [{"contains": ["x"]}, {"regex": ["y$"]}]},
        "rows": [
            {"rates": {"input": "1"}, "tiers": [{"prompt_tokens_gt": 9, "rates": {"input": "2"}}]},
            {"from": "2026-01-01", "fees": {"page": "1"}, "added": {"fees.page": 0}, "free": False},
        ],
        "variants": {
            "batch": [{"rates": {"input": "0.5"}}],
            "peak": [{"when_utc": {"windows": ["01:00-02:00"]}}],
        },
        "sources": ["https://p.example/prices"],
        "checked": "2026-11-20",
    }
    return {
        "schema": 1,
        "name": "n",
        "version": "v 1",
        "dated": "2026-11-20",
        "notice": ["", "licence"],
        "unmapped": ["k"],
        "origins": [["somebody", "2026-11-19"]],
        "multipliers": [{"provider": "p", "when": {"inference_geo": "us"}, "factor": "1.1"}],
        "providers": {
            "p": {"prefixes": ["p/"], "urls": ["https://p.example"], "fallbacks": ["q"], "models": [model]},
            "q": {"prefixes": [], "models": []},
        },
    }


def test_the_shipped_file_is_read_by_parts_as_it_is_whole() -> None:
    """Each provider's part is what parsing everything gives; nothing is parsed before it is asked for."""
    pages = pages_of(TEXT)
    whole = json.loads(TEXT)
    providers = pages["providers"]
    assert providers._parsed == {}
    assert ("openai" in providers, "nobody" in providers, len(providers)) == (
        True,
        False,
        len(whole["providers"]),
    )
    assert providers._parsed == {}
    assert {**pages, "providers": dict(providers)} == whole
    assert is_sealed(TEXT)


def test_a_book_of_ones_own_costs_the_same(tmp_path: Path) -> None:
    """The shipped book, read from a file, gives the same costs; so does one without a digest."""
    sealed, bare = tmp_path / "sealed.json", tmp_path / "bare.json"
    sealed.write_text(TEXT, "utf-8")
    bare.write_text(json.dumps({**json.loads(TEXT), "version": "mine 2"}), "utf-8")
    terms, tokens = Terms("openai", "gpt-5.4", AT_S), Usage({"input": 1000, "output": 10})
    want = load_book().price(tokens, terms)
    assert load_book(book=sealed).price(tokens, terms) == want
    assert load_book(book=bare).price(tokens, terms) == want._replace(version="mine 2")


def test_an_override_goes_over_a_book_of_ones_own(tmp_path: Path) -> None:
    """Both files can be given."""
    book, own = tmp_path / "book.json", tmp_path / "own.toml"
    book.write_text(text_of(small()), "utf-8")
    own.write_text('[[price]]\nprovider = "p"\nmodel = "m"\nrates = { input = "7" }\n', "utf-8")
    terms, tokens = Terms("p", "m", AT_S), Usage({"input": 1_000_000})
    assert load_book(own, book).price(tokens, terms).usd == 7
    assert load_book(book=book).dated_s == 1_795_132_800
    assert load_book(book=book).version == "v 1"


def test_what_a_model_says_of_its_sources(tmp_path: Path) -> None:
    """Models name the pages of their prices, rows who added what; a provider's pages stand for the rest."""
    book = tmp_path / "book.json"
    book.write_text(text_of(small()), "utf-8")
    model = load_book(book=book).model("p", "m")
    assert model is not None
    assert (model.sources, model.checked) == (("https://p.example/prices",), "2026-11-20")
    assert model.rows[1].origins["fees.page"] == ("somebody", "2026-11-19")
    assert model.rows[0].origins == {}
    plain = small()
    del plain["providers"]["p"]["models"][0]["sources"]
    (found,) = Catalog(plain).models("p")
    assert found.sources == ("https://p.example",)


def test_every_row_of_the_shipped_book_has_a_source() -> None:
    """Each model has a page or a source of its own, and the book a day on which it was checked."""
    catalog = shipped()
    assert catalog.dated is not None
    without = [
        model.id
        for provider in catalog.providers
        for model in catalog.models(provider)
        if not model.sources and not all("*" in row.origins for row in model.rows)
    ]
    assert without == []


def test_models_and_providers_are_listed() -> None:
    """A book says whom and what it prices, under any spelling; of an unknown provider, nothing."""
    book = load_book()
    assert "openai" in book.providers
    assert [model.id for model in book.models("google")] == [model.id for model in book.models("gcp.gemini")]
    assert list(book.models("nobody")) == []
    assert book.model("openai", "nothing") is None


def _set(*path: Any) -> Callable[[dict[str, Any]], None]:
    *steps, key, value = path

    def change(book: dict[str, Any]) -> None:
        part: Any = book
        for step in steps:
            part = part[step]
        part[key] = value

    return change


MODEL = ("providers", "p", "models", 0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_set("schema", 2), ["schema: not supported: 2", "accepted: 1"]),
        (_set("version", ""), ["version: not a text"]),
        (_set("dated", "soon"), ["dated: not a day"]),
        (_set("notice", [1]), ["notice[0]: not a text"]),
        (_set("origins", [["a"]]), ["origins[0]: not an origin"]),
        (_set("origins", [["a", "b"]]), ["origins[0][1]: not a day"]),
        (_set("more", 1), ["more: unknown key"]),
        (_set("providers", []), ["providers: not a table"]),
        (_set("providers", "p", "fallbacks", ["r"]), ["providers.p.fallbacks[0]: no such provider: 'r'"]),
        (_set("providers", "p", "models", {}), ["providers.p.models: not a list"]),
        (_set(*MODEL, "rows", []), ["models[0].rows: no prices"]),
        (_set(*MODEL, "rows", 0, "rates", {"input": 2.5}), ["rates.input", "put it in quotes"]),
        (
            _set(*MODEL, "rows", 0, "rates", {"imput": "1"}),
            ["rates.imput: unknown key", "did you mean input"],
        ),
        (_set(*MODEL, "rows", 0, "added", {"*": "x"}), ["added.*: not a whole number"]),
        (_set(*MODEL, "match", {"all": [{"regex": ["("]}]}), ["match.all[0].regex[0]: not a pattern"]),
        (_set(*MODEL, "variants", {"slow": []}), ["variants.slow: unknown key", "peak"]),
    ],
)
def test_refused(change: Callable[[dict[str, Any]], None], words: list[str], tmp_path: Path) -> None:
    """What is wrong in a book is named by its file, its line and its key."""
    book = small()
    change(book)
    path = tmp_path / "book.json"
    path.write_text(json.dumps(book, indent=1), "utf-8")
    with pytest.raises(ConfigError) as refused:
        load_book(book=path)
    assert str(refused.value).startswith(f"{path}:")
    assert [word for word in words if word not in str(refused.value)] == []


@pytest.mark.parametrize("needed", ["schema", "version", "multipliers", "providers"])
def test_refused_when_incomplete(needed: str) -> None:
    """A book without its head is none."""
    book = small()
    del book[needed]
    with pytest.raises(ConfigError, match=f"{needed} is missing"):
        checked_book(book)


def test_refused_when_cut_off_or_unreadable(tmp_path: Path) -> None:
    """A file that ends too early, is of another kind or not there, is refused."""
    path = tmp_path / "book.json"
    for text in (TEXT[:200_000], TEXT[:-3], "", '{"digest":"0",\n'):
        path.write_text(text, "utf-8")
        with pytest.raises(ConfigError, match="not a whole price book"):
            load_book(book=path)
    path.write_text("[]", "utf-8")
    with pytest.raises(ConfigError, match="not a table"):
        load_book(book=path)
    with pytest.raises(ConfigError, match="cannot read the price book"):
        load_book(book=tmp_path / "none.json")


def test_a_sealed_book_of_another_schema_is_refused(tmp_path: Path) -> None:
    """The digest says that a file is whole, not that this version can read it."""
    path = tmp_path / "book.json"
    path.write_text(text_of({**small(), "schema": 2}), "utf-8")
    with pytest.raises(ConfigError, match=r"book\.json:2: schema: not supported: 2; accepted: 1"):
        load_book(book=path)


def test_a_changed_price_breaks_the_seal(tmp_path: Path) -> None:
    """A file that somebody changed is checked like any other."""
    path = tmp_path / "book.json"
    text = text_of(small()).replace('"input":"0.5"', '"input":"cheap"')
    assert not is_sealed(text)
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match="not a number: 'cheap'"):
        load_book(book=path)
