"""What `prices show` says of a model: who sells it, which row prices it and why, and what it costs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from otel_tokens.cli.prices_books import shipped_book
from otel_tokens.readings import BUCKETS, UNITS

from .price_books import Shows, plain, rates, written
from .terminal import Terminal


@pytest.fixture
def show(tmp_path: Path) -> Shows:
    """The command, in a folder of its own."""
    return Shows(tmp_path)


def test_a_model_whole(show: Shows) -> None:
    """How it was found, where it is from, every rate, row and factor, and an example with its arithmetic."""
    said = show("big-2026-03-05", "--provider", "openai")

    assert (said.code, said.err) == (0, "")
    assert (
        said.out
        == """\
openai Big: big-2026-03-05 is another name of Big
2026-11-24 11:00 UTC, standard, book genai-prices 1.0.0
source: https://maker.test/big (checked 2026-11-19)
source of rates.input_audio: https://maker.test/audio (checked 2026-11-01)

USD per million tokens (> N: of the whole call, where its prompt has more tokens)
                    input  input_audio  cache_read  output
  standard            2.5            5        0.25      10
  standard > 1,000      5            5        0.25      15
  batch              1.25            5        0.25       5
  batch > 1,000      1.25            5        0.25       5
  priority              5            5        0.25      10
  priority > 1,000      5            5        0.25      15
  as input, by rule: input_tool
  as output, by rule: output_reasoning, output_citation
  as input, for want of a rate, and the cost warns of it: input_image, input_video, cache_write, cache_write_5m, cache_write_1h, cache_write_12h
  as cache_read, for want of a rate, and the cost warns of it: cache_read_audio, cache_read_image, cache_read_video
  as output, for want of a rate, and the cost warns of it: output_audio, output_image, output_video

fees, USD for one: web_search 0.01

variants
  batch     current  2026-10-14
  priority  current  since ever

x 1.1, where server_address is *.eu.test: not in force; source: https://maker.test/regions

rows of the book, standard rates
  past       since ever  until 2026-10-01  input 3, output 12
  current    2026-10-01  until 2027-01-01  input 2.5, cache_read 0.25, output 10, input_audio 5, web_search 0.01
  scheduled  2027-01-01                    input 2, output 8

example
  1,000 input  x $2.5 / 1,000,000  = $0.0025
  500 output    x $10 / 1,000,000   = $0.005
  in all $0.0075
"""  # noqa: E501
    )


def test_many_sellers(show: Shows) -> None:
    """Without a provider, all that sell it stand in a table, and what others call it is told."""
    said = show("big")

    assert said.code == 0
    assert (
        said.out
        == """\
big: 2 sellers
2026-11-24 11:00 UTC, standard, book genai-prices 1.0.0

  provider         model  input  cache_read  output  fees             example
  azure.ai.openai  Big      2.5        0.25      10  web_search 0.01  $0.0075
  openai           Big      2.5        0.25      10  web_search 0.01  $0.0075

rates in USD per million tokens, fees in USD; example: 1,000 input + 500 output
--provider NAME shows one of them whole
others have it under other names: openai/big (openrouter)
"""
    )


@pytest.mark.parametrize(
    ("name", "how", "spelling", "words"),
    [
        ("BIG", "exact", "big", "by its name"),
        ("openai/big", "exact", "big", "as big"),
        ("big-20260305", "alias", "big-2026-03-05", "big-2026-03-05 is another name of Big"),
        ("big-preview-7", "pattern", "big-preview-7", "big-preview-7 matches a pattern of Big"),
        (
            "big-2026-11-11",
            "without_date",
            "big",
            "as big, without the date: all its snapshots cost the same",
        ),
    ],
)
def test_how_a_name_was_found(show: Shows, name: str, how: str, spelling: str, words: str) -> None:
    """By its id, another name, a pattern, or without a prefix or a date: as the book itself finds it."""
    assert show.one(name, "--provider", "openai")["found"] == {
        "how": how,
        "as": spelling,
        "for": name,
        "by_alias": False,
        "resold_from": None,
    }
    assert show(name, "--provider", "openai").out.startswith(f"openai Big: {words}\n")


def test_a_reseller(show: Shows) -> None:
    """Who resells takes the seller's rows without its variants, and it is told whose they are."""
    seller = show.one("big", "--provider", "azure")

    assert seller["provider"] == "azure.ai.openai"
    assert seller["found"]["resold_from"] == "openai"
    assert {one["variant"] for one in seller["rates"]} == {"standard"}
    assert "by its name, at the price of openai\n" in show("big", "--provider", "azure").out


def test_a_model_that_both_have(show: Shows, tmp_path: Path) -> None:
    """A reseller's own row of that name is its own price."""
    book = plain()
    own = {"id": "big", "rows": [{"rates": {"input": "9"}}]}
    book["providers"]["azure.ai.openai"]["models"].append(own)
    show.terminal.env["OTEL_TOKENS_BOOK"] = written(tmp_path, book)

    seller = show.one("big", "--provider", "azure")

    assert seller["found"]["resold_from"] is None
    assert rates(seller, "standard") == {"input": "9"}


def test_own_prices(show: Shows) -> None:
    """Rows of the user's file, its aliases, multipliers and discounts are followed and named."""
    own = ("--prices", show.own)
    small = show.one("small", "--provider", "openai", *own)
    assert rates(small, "standard") == {"input": "0.1", "output": "0.3"}
    assert small["version"] == "override"
    assert small["rows"][0]["origins"] == []

    tuned = show("ft:mine:x", *own).out
    assert tuned.startswith('openai {"prefix": ["ft:mine"]}: by the file of own prices\n')
    assert f"own prices of {show.own}, price version override\n" in tuned

    prod = show("prod", *own).out
    assert prod.startswith("azure.ai.openai Big: it stands for big; by its name, at the price of openai\n")
    assert "\nx 1.2, where deployment_type is zone: in force; own prices\n" in prod
    assert "\nx 0.5 on tokens and fees: a discount of own prices\n" in prod
    assert "  1,000 input  x $1.5 / 1,000,000  = $0.0015\n" in prod

    states = show.one("big", "--provider", "openai", "--server-address", "a.eu.test", *own)["multipliers"]
    assert [(one["factor"], one["state"]) for one in states] == [
        ("1.3", "in force"),
        ("1.1", "replaced by own prices"),
    ]


def test_own_prices_of_the_environment(show: Shows) -> None:
    """OTEL_TOKENS_PRICES is the default, as for programs; a wrong file is refused."""
    show.terminal.env["OTEL_TOKENS_PRICES"] = show.own
    assert show.one("theirs")["provider"] == "gcp.vertex_ai"

    Path(show.own).write_text("schema = 2\n", "utf-8")
    said = show("theirs")
    assert said.code == 2
    assert said.err.startswith(f"otel-tokens: {show.own}:1: ")


def test_an_unknown_model(show: Shows) -> None:
    """A name that nobody sells ends with 1, and close ones are told."""
    said = show("bigg")
    assert (said.code, said.out) == (1, "")
    assert said.err == ("otel-tokens: no price of 'bigg' is known; close: big (openai)\n")
    said = show("big", "--provider", "openrouter")
    assert said.err == (
        "otel-tokens: no price of 'big' at openrouter is known; close: openai/big (openrouter)\n"
    )
    assert show("zzz").err == "otel-tokens: no price of 'zzz' is known\n"

    said = show("bigg", "--json")
    assert said.code == 1
    assert said.json["sellers"] == []
    assert said.json["close"] == [{"provider": "openai", "model": "big"}]


def test_an_unknown_provider(show: Shows) -> None:
    """A provider that is not in the book is told with those that are."""
    said = show("big", "--provider", "opena")

    assert said.code == 1
    assert said.err == (
        "otel-tokens: the provider 'opena' is not in the book; known: azure.ai.openai, deepseek, groq, "
        "openai, openrouter\n"
    )


@pytest.mark.parametrize("provider", ["ollama", "vllm"])
def test_a_local_server(show: Shows, provider: str) -> None:
    """What runs on one's own machine is free, whatever it is called."""
    said = show("gpt-5", "--provider", provider)
    assert said.code == 0
    assert (
        said.out == f"{provider} runs on one's own machine: every model is free, unless own prices say more\n"
    )

    said = show("gpt-5", "--provider", provider, "--json")
    assert said.code == 0
    assert said.json["free_by_rule"] is True


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--at", "yesterday"), "--at 'yesterday': expected a day or a time of UTC, such as 2026-11-24"),
        (("--at", "0001-01-01"), "--at '0001-01-01': expected a day"),
        (("--at", "9999-12-31"), "--at '9999-12-31': expected a day"),
        (("--variant", "turbo"), "--variant 'turbo': expected one of batch, committed, fast, flex, priority"),
        (("--tokens", "input"), "--tokens 'input': expected NAME=COUNT, such as input=1000,output=500, of"),
        (("--tokens", "inputs=1"), "--tokens 'inputs=1': expected NAME=COUNT"),
        (("--tokens", "input=1.5"), "--tokens 'input=1.5': expected NAME=COUNT"),
        (("--tokens", "input=-1"), "--tokens 'input=-1': expected NAME=COUNT"),
        (("--tokens", "input=many"), "--tokens 'input=many': expected NAME=COUNT"),
        (("--tokens", "input=NaN"), "--tokens 'input=NaN': expected NAME=COUNT"),
        (("--prices", "nowhere.toml"), "nowhere.toml: cannot read the price file"),
    ],
)
def test_words_that_are_not_understood(show: Shows, words: tuple[str, ...], message: str) -> None:
    """What is wrong is told with what is accepted."""
    said = show("big", *words)

    assert (said.code, said.out) == (2, "")
    assert message in said.err
    if "--tokens" in words:
        for name in BUCKETS | UNITS:
            assert name in said.err


def test_the_shipped_book(terminal: Terminal) -> None:
    """Without a setting the book is the one that comes with the package."""
    said = terminal("prices", "show", "gpt-4o", "--provider", "openai", "--json")

    assert said.code == 0
    assert said.json["book"]["name"] == "the shipped book"
    assert said.json["at"] == "2026-11-24T11:00:00Z"
    assert rates(said.json["sellers"][0], "standard")["output"] == "10"


def test_models_of_the_shipped_book_can_be_shown(terminal: Terminal) -> None:
    """A sample of each provider is found under its id, and its example adds up."""
    book = shipped_book()
    for provider in book.providers:
        for listed, _ in list(book.entries(provider))[::100]:
            words = ("prices", "show", listed["id"], "--provider", provider)
            said = terminal(*words, "--json")
            assert said.code == 0, words
            example = said.json["sellers"][0]["example"]
            assert sum(Decimal(step["usd"]) for step in example["steps"]) == Decimal(example["usd"])
        assert terminal(*words).code == 0, words


def test_help(terminal: Terminal) -> None:
    """`otel-tokens prices` lists what it can do, and `otel-tokens` lists it."""
    assert "\n    prices " in terminal().out
    for command in ("show", "diff", "update"):
        assert f"\n    {command} " in terminal("prices").out
        said = terminal("prices", command, "--help")
        assert (said.code, said.err) == (0, "")


def test_json_is_stable(show: Shows) -> None:
    """What machines read has the same keys whatever is found."""
    whole = show("big", "--json").json
    none = show("zzz", "--json").json

    assert list(whole) == list(none)
    assert list(whole) == [
        *("model", "provider", "at", "variant", "server_address", "inference_geo", "book", "own_prices"),
        *("sellers", "free_by_rule", "close", "under_other_names"),
    ]
    for seller in whole["sellers"]:
        assert list(seller) == [
            *("provider", "model", "found", "version", "before_first_price", "free", "rates", "fees"),
            *("minimums", "rows", "variants", "multipliers", "discounts", "example"),
        ]
    assert whole["under_other_names"] == [{"provider": "openrouter", "model": "openai/big"}]
