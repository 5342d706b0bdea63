"""The user's price file: what it can say, and how it is refused when it is wrong."""

from __future__ import annotations

import json
import textwrap

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from otel_tokens.errors import ConfigError
from otel_tokens.files.locate import line_of
from otel_tokens.pricing import Cost, PriceBook, Terms, book_of, load_book
from otel_tokens.readings import Usage


THOUSAND = Usage({"input": 1000})


def book_from(tmp_path: Path, text: str, name: str = "prices.toml") -> PriceBook:
    """The shipped book with `text` over it."""
    path = tmp_path / name
    path.write_text(textwrap.dedent(text), "utf-8")
    return load_book(path)


def ask(book: PriceBook, model: str, usage: Usage = THOUSAND, **terms: Any) -> Cost:
    """A cost at OpenAI on 2026-11-23, unless said otherwise."""
    day = terms.pop("day", "2026-11-23")
    at_s = datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()
    return book.price(usage, Terms(**{"provider": "openai", "model": model, "at_s": at_s, **terms}))


def usd(book: PriceBook, model: str, usage: Usage = THOUSAND, **terms: Any) -> str | None:
    """USD as text, for a thousand tokens: the same number as the rate per thousand."""
    cost = ask(book, model, usage, **terms)
    return None if cost.usd is None else f"{cost.usd.normalize():f}"


FULL = """
    schema = 1
    currency = "USD"

    [[price]]
    provider = "openai"
    model = "gpt-5.4"
    from = "2026-11-01"
    source = "contract 4711"
    rates = { input = "2.00", cache_read = "0.20", output = 12 }
    tiers = [ { prompt_tokens_gt = 272000, rates = { input = "4.00", output = "18.00" } } ]
    fees = { web_search = "0.008" }
    [price.variants.batch]
    rates = { input = "1.00", output = "6.00" }

    [[price]]
    provider = "openai"
    match = { prefix = "ft:gpt-4.1-mini" }
    rates = { input = "0.8", output = "3.2" }

    [[multiplier]]
    provider = "anthropic"
    when = { inference_geo = "us" }
    factor = "1.2"
    buckets = ["input*", "cache_*", "output*"]

    [[multiplier]]
    provider = "azure.ai.openai"
    models = ["GPT-5*"]
    when = { deployment_type = "data_zone" }
    factor = "1.1"

    [[alias]]
    provider = "azure.ai.openai"
    deployment = "My-GPT"
    model = "gpt-5.1"
    deployment_type = "data_zone"

    [[discount]]
    provider = "anthropic"
    factor = "0.85"
"""


def test_price_replaces_the_model(tmp_path: Path) -> None:
    """A row of the user replaces its model whole, under every name of it."""
    book = book_from(tmp_path, FULL)
    for name in ("gpt-5.4", "gpt-5.4-2026-03-05", "gpt-5.4-2031-01-01", "openai/gpt-5.4"):
        cost = ask(book, name, Usage({"input": 1000}, {"web_search": 1}))
        assert (cost.usd, cost.version) == (Decimal("0.010"), "override")
    assert usd(book, "gpt-5.4", variant="batch") == "0.001"
    assert ask(book, "gpt-5.4", variant="flex").warnings == ("tier_unpriced",)
    assert usd(book, "gpt-5.4", Usage({"input": 272_001})) == "1.088004"
    early = ask(book, "gpt-5.4", day="2026-10-31")
    assert early.warnings == ("date_before_first_price",)


def test_other_models_are_the_books(tmp_path: Path) -> None:
    """What the user does not name keeps the book's price."""
    cost = ask(book_from(tmp_path, FULL), "gpt-4.1")
    assert (cost.usd, cost.version) == (Decimal("0.002"), load_book().version)


def test_fine_tunes_by_prefix(tmp_path: Path) -> None:
    """A pattern prices fine-tuned models, when it says so."""
    book = book_from(tmp_path, FULL)
    assert usd(book, "ft:gpt-4.1-mini-2025-04-14:org::x") == "0.0008"
    assert usd(book, "ft:gpt-9:org::x") is None


def test_multiplier_replaces_the_books(tmp_path: Path) -> None:
    """A multiplier for a condition that the book has too is not applied on top of the book's."""
    book = book_from(tmp_path, FULL)
    cost = ask(book, "claude-opus-5", provider="anthropic", inference_geo="us")
    assert cost.usd == Decimal("0.005") * Decimal("1.2") * Decimal("0.85")
    assert cost.version == f"{book.version} + override"


def test_multiplier_on_some_buckets() -> None:
    """A multiplier multiplies only the buckets that it names."""
    rows = {"price": [{"provider": "p", "model": "m", "rates": {"input": "1", "output": "1"}}]}
    book = book_of({**rows, "multiplier": [{"provider": "p", "factor": "2", "buckets": "out*"}]})
    cost = ask(book, "m", Usage({"input": 1, "output": 1}), provider="p")
    assert cost.usd == Decimal("0.000003")


def test_alias_of_a_deployment(tmp_path: Path) -> None:
    """A deployment stands for a model and has a type; the model that answered goes first."""
    book = book_from(tmp_path, FULL)
    azure = {"provider": "azure.ai.openai"}
    assert usd(book, "my-gpt", **azure) == "0.001375"
    unknown = ask(book, "gpt-nobody", requested_model="my-gpt", **azure)
    assert (unknown.usd, unknown.warnings) == (Decimal("0.001375"), ())
    assert usd(book, "gpt-5.2", requested_model="my-gpt", **azure) == "0.001925"
    assert usd(book, "gpt-5.1", requested_model="other", **azure) == "0.00125"


def test_discount_is_on_everything(tmp_path: Path) -> None:
    """A discount takes its part of tokens and fees."""
    usage = Usage({"input": 1000}, {"web_search": 1})
    cost = ask(book_from(tmp_path, FULL), "claude-opus-5", usage, provider="anthropic")
    assert cost.usd == (Decimal("0.005") + Decimal("0.01")) * Decimal("0.85")


def test_extend_keeps_the_rest(tmp_path: Path) -> None:
    """`extend` changes what it names, from its day on, and keeps all else of the book."""
    book = book_from(
        tmp_path,
        """
        [[price]]
        provider = "openai"
        model = "o3"
        from = 2025-09-01
        extend = true
        rates = { input = "1.5" }
        fees = { page = "1" }
        tiers = [ { prompt_tokens_gte = 5000, rates = { input = "9" } } ]
        [price.variants.fast]
        rates = { input = "7" }
        """,
    )
    assert usd(book, "o3", day="2025-06-01") == "0.01"
    assert usd(book, "o3", day="2025-08-31") == "0.002"
    assert usd(book, "o3", day="2025-09-01") == "0.0015"
    assert usd(book, "o3", Usage({"input": 5000})) == "0.045"
    assert usd(book, "o3", Usage({"output": 1000})) == "0.008"
    assert usd(book, "o3", variant="fast") == "0.007"
    assert usd(book, "o3", variant="batch") == "0.001"
    assert ask(book, "o3").version == "override"


def test_extend_without_a_day(tmp_path: Path) -> None:
    """Without a day, `extend` holds for the whole history of the book."""
    text = '[[price]]\nprovider="openai"\nmodel="o3"\nextend=true\nrates={output="1"}'
    book = book_from(tmp_path, text)
    assert usd(book, "o3", Usage({"input": 1000, "output": 1000}), day="2025-06-01") == "0.011"
    assert usd(book, "o3", Usage({"input": 1000, "output": 1000})) == "0.003"


def test_extend_of_nothing() -> None:
    """To extend a model that the book lacks is to price it."""
    row = {"provider": "p", "model": "m", "extend": True, "rates": {"input": "1"}}
    assert usd(book_of({"price": [row]}), "m", provider="p") == "0.001"


def test_one_snapshot(tmp_path: Path) -> None:
    """A row for one snapshot is for that snapshot; a row for a base is not for what differs."""
    text = '[[price]]\nprovider="openai"\nmodel="{}"\nrates={{input="9"}}'
    one = book_from(tmp_path, text.format("gpt-4o-2024-08-06"))
    assert (usd(one, "gpt-4o-2024-08-06"), usd(one, "gpt-4o")) == ("0.009", "0.0025")
    base = book_from(tmp_path, text.format("gpt-4o"))
    assert (usd(base, "gpt-4o-2024-08-06"), usd(base, "gpt-4o-2024-05-13")) == ("0.009", "0.005")


def test_date_of_ones_own_model() -> None:
    """An unlisted snapshot is the base, unless the user lists snapshots of it apart."""
    rows = [
        {"provider": "p", "model": name, "rates": {"input": rate}}
        for name, rate in (("a", "1"), ("b", "2"), ("b-2026-01-01", "3"))
    ]
    book = book_of({"price": rows})
    assert usd(book, "a-2026-02-02", provider="p") == "0.001"
    assert usd(book, "b-2026-01-01", provider="p") == "0.003"
    assert usd(book, "b-2026-02-02", provider="p") is None


def test_model_of_ones_own(tmp_path: Path) -> None:
    """A host that nobody knows and a local server have the prices that the user gives them."""
    text = """
        [[price]]
        provider = "llm.corp"
        model = "m"
        rates = { input = "1", output = "1" }
        [[price]]
        provider = "vllm"
        model = "big"
        rates = { input = "3", output = "3" }
    """
    book = book_from(tmp_path, text)
    assert usd(book, "m", provider="llm.corp") == "0.001"
    assert usd(book, "m-20260101", provider="llm.corp") == "0.001"
    assert ask(book, "other", provider="llm.corp").status == "unknown_model"
    assert usd(book, "big", provider="vllm") == "0.003"
    assert ask(book, "small", provider="vllm").status == "free"


def test_provider_in_another_spelling(tmp_path: Path) -> None:
    """A provider may be written as other libraries do."""
    text = '[[price]]\nprovider="google"\nmodel="gemini-3.5-flash"\nrates={input="9"}'
    book = book_from(tmp_path, text)
    assert usd(book, "gemini-3.5-flash", provider="gcp.gemini") == "0.009"
    assert usd(book, "gemini-3.5-flash", provider="gcp.vertex_ai") == "0.0015"


def test_json_is_the_same(tmp_path: Path) -> None:
    """A JSON file has the same schema."""
    row = {"provider": "openai", "model": "gpt-4.1", "rates": {"input": "9"}}
    book = book_from(tmp_path, json.dumps({"price": [row]}), "prices.json")
    assert usd(book, "gpt-4.1") == "0.009"


# --- refusals --------------------------------------------------------------------------------------

HEAD = '[[price]]\nprovider = "p"\nmodel = "m"\n'


@pytest.mark.parametrize(
    ("text", "line", "parts"),
    [
        ("schema = 2", 1, ["schema", "2", "accepted: 1"]),
        ("schema = true", 1, ["schema", "True"]),
        ('\ncurrency = "EUR"', 2, ["currency", "'EUR'", '"USD"', "usd_per_unit"]),
        ("prise = 1", 1, ["prise: unknown key", "price, multiplier, alias, discount"]),
        ("price = 1", 1, ["price: not a list"]),
        ("price = [1]", 1, ["price[0]: not a table"]),
        (HEAD + "rates = 1", 4, ["price[0].rates: not a table", "cache_read"]),
        (HEAD + 'rates = { inputs = "1" }', 4, ["price[0].rates.inputs: unknown key", "input_tool"]),
        (HEAD + "rates = { input = 2.5 }", 4, ["put it in quotes", '"2.5"']),
        (HEAD + 'rates = { input = "1,5" }', 4, ["not a number", "'1,5'", '"2.50"']),
        (HEAD + "rates = { input = true }", 4, ["not a number", "True"]),
        (HEAD + 'rates = { input = "-1" }', 4, ["not a price", "'-1'"]),
        (HEAD + 'rates = { input = "NaN" }', 4, ["not a price"]),
        (HEAD + 'from = "1.11.2026"\nrates = {}', 4, ["price[0].from: not a day", "2026-11-01"]),
        (HEAD + "from = 2026-11-01T00:00:00Z", 4, ["not a day"]),
        (HEAD + 'extend = "yes"', 4, ["true, false"]),
        (HEAD + 'source = ""', 4, ["not a text"]),
        (HEAD, 1, ["prices nothing", "rates, fees or variants"]),
        ('[[price]]\nmodel = "m"', 1, ["provider is missing"]),
        ('[[price]]\nprovider = "p"\nrates = { input = "1" }', 1, ["which model?", "model, match"]),
        (HEAD + 'match = { equals = "m" }', 1, ["which model?"]),
        ('[[price]]\nprovider = "p"\nmatch = {}', 3, ["matches nothing", "regex"]),
        ('[[price]]\nprovider = "p"\nmatch = { prefix = [] }', 3, ["match.prefix: empty"]),
        ('[[price]]\nprovider = "p"\nmatch = { regex = "(" }', 3, ["not a pattern", "'('"]),
        (HEAD + 'tiers = [{ rates = { input = "1" } }]', 4, ["incomplete tier", "prompt_tokens_gte"]),
        (HEAD + "tiers = [{ prompt_tokens_gt = 1 }]", 4, ["tiers[0]: incomplete tier"]),
        (
            HEAD + 'tiers = [\n{ prompt_tokens_gt = 1, rates = {} },\n{ prompt_tokens_gt = "9" },\n]',
            6,
            ["tiers[1].prompt_tokens_gt", "not a whole number", "'9'"],
        ),
        (HEAD + 'fees = { search = "1" }', 4, ["unknown key", "web_search", "audio_hour"]),
        (HEAD + "variants = 1", 4, ["price[0].variants: not a table", "batch"]),
        (HEAD + "[price.variants.turbo]\nrates = {}", 4, ["by its name or by the clock", "'turbo'"]),
        (
            HEAD + '[price.variants.batch]\nwhen_utc = { windows = ["01:00-02:00"] }',
            4,
            ["by its name or by the clock"],
        ),
        (
            HEAD + '[price.variants.peak]\nwhen_utc = { windows = ["1-2"] }',
            5,
            ["windows[0]: not hours of a day", "'1-2'", "01:00-04:00"],
        ),
        (HEAD + "[price.variants.peak]\nwhen_utc = { windows = [] }", 5, ["no hours"]),
        (
            HEAD + '[price.variants.peak]\nwhen_utc = { windows = ["22:00-24:00"], weekdays = [0] }',
            5,
            ["weekdays[0]", "1 to 7"],
        ),
        (HEAD + 'rates = { input = "1" }\n' + HEAD + 'rates = { input = "2" }', 5, ["twice"]),
        ('[[multiplier]]\nprovider = "p"', 1, ["factor is missing"]),
        ('[[multiplier]]\nprovider = "p"\nfactor = 1.1', 3, ["put it in quotes"]),
        (
            '[[multiplier]]\nprovider = "p"\nfactor = "1"\nwhen = { region = "eu" }',
            4,
            ["when.region: unknown key", "server_address, inference_geo, deployment_type"],
        ),
        (
            '[[multiplier]]\nprovider = "p"\nfactor = "1"\nbuckets = ["web_search"]',
            4,
            ["matches no bucket", "cache_read"],
        ),
        ('[[alias]]\nprovider = "p"\nmodel = "m"', 1, ["deployment is missing"]),
        ('[[discount]]\nprovider = "p"\nfactor = "x"', 3, ["not a number"]),
    ],
)
def test_refused_with_its_line(tmp_path: Path, text: str, line: int, parts: list[str]) -> None:
    """What is wrong is refused with file, line, value and accepted values."""
    path = tmp_path / "prices.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as error:
        load_book(path)
    message = str(error.value)
    assert message.startswith(f"{path}:{line}: ")
    assert [part for part in parts if part not in message] == [], message
    assert "accepted: " in message


def test_refused_in_json(tmp_path: Path) -> None:
    """Lines are told in JSON too."""
    path = tmp_path / "prices.json"
    text = """{"schema": 1,
      "price": [
        {"provider": "p", "model": "m \\" [", "rates": {"input": "1"}},
        {"provider": "p", "model": "n",
         "tiers": [{"prompt_tokens_gt": 5, "rates": {}}],
         "rates": {
           "input": 0.1}}
      ]}"""
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"prices\.json:7: price\[1\]\.rates\.input: a bare"):
        load_book(path)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.toml", "price = = 1", "not TOML: .*line 1"),
        ("a.json", "{", "not JSON: .*line 1"),
        ("a.json", "[1]", r":1: the file: not a table"),
    ],
)
def test_not_a_file_of_its_kind(tmp_path: Path, name: str, text: str, words: str) -> None:
    """A file that is not TOML or JSON is refused with the place where it stops being so."""
    with pytest.raises(ConfigError, match=words):
        book_from(tmp_path, text, name)


def test_no_such_file(tmp_path: Path) -> None:
    """A file that is not there is refused: a missing price costs money."""
    with pytest.raises(ConfigError, match="cannot read the price file"):
        load_book(tmp_path / "nowhere.toml")


def test_document_without_a_file() -> None:
    """A document that is not from a file is refused without a line."""
    with pytest.raises(ConfigError, match=r"^prices: price\[0\]\.model: not a text: 5"):
        book_of({"price": [{"model": 5}]})


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("price", 0, "rates", "input"), 5),
        (("price", 1), 7),
        (("price", 1, "fees", "page"), 10),
        (("price", 1, "nowhere"), 7),
        (("price", 1, "fees", 7), 10),
        (("alias", 0, "model"), 1),
        (("alias", 0), 1),
        (("discount", 0, "factor"), 11),
        ((), 1),
    ],
)
def test_line_of_toml(path: tuple[str | int, ...], line: int) -> None:
    """A place in TOML has its line, or that of the nearest thing around it."""
    text = textwrap.dedent(
        """\
        schema = 1
        [[price]]
        provider = "input"
        model = "m"
        rates = { input = "1" }

        [[price]]
        provider = "p"
        [price.variants.batch]
        fees = { page = "1" }
        discount = [ { factor = "x" } ]
        """
    )
    assert line_of(text, path) == line


def test_line_of_json() -> None:
    """A place that JSON text does not have is the nearest one around it."""
    text = '{\n"a": [1,\n {"b": null}]}'
    assert line_of(text, ("a", 1, "c")) == 3
    assert line_of(text, ("x",)) == 1


def test_example_of_the_docs(tmp_path: Path) -> None:
    """The example in docs/prices.md is a valid file, and does what the page says."""
    page = Path(__file__).parents[2].joinpath("docs", "prices.md").read_text("utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    book = book_from(tmp_path, example)
    assert usd(book, "gpt-5.4") == "0.002"
    assert usd(book, "claude-opus-5", Usage({"output": 1000}), provider="anthropic") == "0.0187"
    assert usd(book, "my-gpt", provider="azure.ai.openai") == "0.00275"
