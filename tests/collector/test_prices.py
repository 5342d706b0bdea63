"""The collector's price table as text: the same each time, complete, and refused where it cannot be said."""

from __future__ import annotations

import io

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from otel_tokens.cli.collector_prices import collector_prices
from otel_tokens.cli.surroundings import Surroundings
from otel_tokens.collector.ottl import full, glob_pattern, number, quoted, searched
from otel_tokens.collector.price_names import Book, Stock, shipped_book
from otel_tokens.collector.price_rates import priced
from otel_tokens.collector.prices import compiled
from otel_tokens.errors import ConfigError
from otel_tokens.pricing.catalog import Catalog
from otel_tokens.pricing.override import check
from otel_tokens.pricing.rows import Model, rows_of


CHECKED_IN = Path(__file__).parents[2] / "collector" / "config" / "prices.yaml"


def _here(env: dict[str, str] | None = None) -> Surroundings:
    return Surroundings(
        out=io.StringIO(),
        err=io.StringIO(),
        stdin=io.StringIO(),
        env=env or {},
        folder=Path(),
        open_ledger=lambda _settings: pytest.fail("no ledger is needed"),
        now_s=lambda: 0.0,
    )


def _args(**given: Any) -> Namespace:
    plain = {"prices": None, "provider": [], "label": None, "endpoint": [], "output": "-", "check": None}
    return Namespace(**{**plain, **given})


def test_the_checked_in_table_is_fresh() -> None:
    """`collector/config/prices.yaml` is what the command writes."""
    here = _here()
    assert collector_prices(_args(check=str(CHECKED_IN)), here) == 0, "run: otel-tokens collector prices"


def test_the_same_each_time() -> None:
    """Two runs write the same bytes."""
    assert compiled() == compiled()


def test_head_has_version_digest_command_and_notice() -> None:
    """The head says which book it is, by which command, and carries the notice of the book's source."""
    head = compiled(command="otel-tokens collector prices").split("processors:")[0]
    book = shipped_book()
    for part in (book.catalog.version, "sha256", "`otel-tokens collector prices`", *book.data["notice"]):
        assert part in head


def test_every_model_is_in_it() -> None:
    """The rates of every model of the book are in the table."""
    text = compiled()
    for provider, plain in shipped_book().data["providers"].items():
        for model in plain["models"]:
            assert f"\n            {quoted(model['id'].lower())}: {{" in text, (provider, model["id"])


def test_writes_a_file_and_checks_it(tmp_path: Path) -> None:
    """What was written is fresh; one changed letter makes it stale, with the line and the command to run."""
    path = tmp_path / "prices.yaml"
    args = {"provider": ["cohere"], "label": ["squad"], "endpoint": ["llm.corp=openai"]}
    assert collector_prices(_args(output=str(path), **args), _here()) == 0
    assert collector_prices(_args(check=str(path), **args), _here()) == 0
    path.write_text(path.read_text("utf-8").replace('"input": 2.5', '"input": 2.6'), "utf-8")
    here = _here()
    assert collector_prices(_args(check=str(path), **args), here) == 1
    said = here.out.getvalue()  # type: ignore[attr-defined]
    assert "stale, from line" in said
    assert "--provider cohere --label squad --endpoint llm.corp=openai" in said


def test_prints_and_takes_the_users_file(tmp_path: Path) -> None:
    """The file of `OTEL_TOKENS_PRICES` is in force, and `--prices` before it."""
    own, other = tmp_path / "own.toml", tmp_path / "other.toml"
    row = '[[price]]\nprovider = "cohere"\nmodel = "own-model"\nrates = {{ input = "{}" }}\n'
    own.write_text(row.format("1.5"), "utf-8")
    other.write_text(row.format("7.5"), "utf-8")
    here = _here({"OTEL_TOKENS_PRICES": str(own)})
    assert collector_prices(_args(provider=["cohere"]), here) == 0
    text = here.out.getvalue()  # type: ignore[attr-defined]
    assert '"input": 1.5' in text
    assert "and own prices" in text
    here = _here({"OTEL_TOKENS_PRICES": str(own)})
    assert collector_prices(_args(provider=["cohere"], prices=str(other)), here) == 0
    assert '"input": 7.5' in here.out.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"provider": ["nobody"]}, "no prices of 'nobody'"),
        ({"endpoint": ["llm.corp"]}, "expected HOST=PROVIDER"),
        ({"check": "/no/such/file"}, "cannot read the prices"),
        ({"output": "/no/such/folder/file"}, "cannot write the prices"),
    ],
)
def test_says_what_is_wrong(args: dict[str, Any], said: str) -> None:
    """A wrong word or path is an error of the command."""
    with pytest.raises(ConfigError, match=said):
        collector_prices(_args(**args), _here())


def test_refuses_what_the_collector_cannot_say() -> None:
    """A pattern that looks around, or a name that begins with no ASCII letter, is an error."""
    row = {"provider": "cohere", "rates": {"input": "1"}}
    with pytest.raises(ConfigError, match="looks around"):
        compiled(check({"price": [{**row, "match": {"regex": ["a(?=b)"]}}]}))
    with pytest.raises(ConfigError, match="begins with a letter of ASCII"):
        compiled(check({"price": [{**row, "model": "über"}]}))


def test_the_users_rows_are_in_it() -> None:
    """Own prices stand beside the book's and over its entries; names, factors, discounts are in force."""
    rates = {"input": "1.25"}
    night = {"when_utc": {"windows": ["22:00-06:00"]}, "rates": {"input": "0.5"}}
    text = compiled(
        check(
            {
                "price": [
                    {"provider": "cohere", "model": "command-r", "extend": True, "rates": rates},
                    {"provider": "groq", "match": {"prefix": ["own-"]}, "extend": True, "rates": rates},
                    {"provider": "llm.corp", "model": "x", "rates": rates, "variants": {"night": night}},
                ],
                "alias": [
                    {"provider": "groq", "deployment": "House", "model": "own-1"},
                    {
                        "provider": "openai",
                        "deployment": "Two",
                        "model": "gpt-4o",
                        "deployment_type": "batch",
                    },
                ],
                "multiplier": [
                    {"provider": "groq", "factor": "1.1", "buckets": ["input*"]},
                    {
                        "provider": "groq",
                        "models": ["own-*"],
                        "factor": "1.2",
                        "when": {"server_address": "*"},
                    },
                ],
                "discount": [{"provider": "llm.corp", "models": ["x"], "factor": "0.5"}],
            }
        ),
        ["cohere", "groq", "llm.corp"],
        labels=(),
    )
    for part in (
        '"0|cohere|command-r": {"id": "command-r", "version": "override"',
        '"house": "own-1"',
        '"openai"',
        "* 1.1) where",
        "* 1.2) where",
        "* 0.5) where",
        '"clock',
        "Own names at groq.",
    ):
        assert part in text
    assert "Labels of the resource" not in text


def test_a_prefix_has_one_slash() -> None:
    """What may stand before a name ends with its only slash: the collector cuts there."""
    plain = {"models": [], "prefixes": ["a/b/"]}
    data = {"version": "v", "multipliers": (), "providers": {"p": plain}}
    with pytest.raises(ConfigError, match="a prefix has one slash"):
        Stock(Book(data, Catalog(data))).names("p")


def test_a_model_as_literal() -> None:
    """Days, variants, sizes and hours of a model; what does not change is written once."""
    rows = [
        {"rates": {"input": "1"}, "fees": {"web_search": "0.01"}},
        {
            "from": "1970-01-11",
            "rates": {"input": "2"},
            "fees": {"web_search": "0.01"},
            "tiers": [{"prompt_tokens_gt": 100, "rates": {"input": "4"}}],
        },
    ]
    variants = {
        "batch": [{"from": "1970-01-11", "rates": {"input": "0.5"}}],
        "peak": [{"when_utc": {"windows": ["01:00-02:00"], "weekdays": [1]}, "rates": {"input": "3"}}],
    }
    found = priced(Model(id="M", rows=rows_of(rows, variants), version="v"), "m", "v")
    assert found.literal == (
        '{"fees": {"web_search": 0.01}, "cut1": 10, '
        '"standard@0": {"input": 1.0}, '
        '"standard@1": {"input": 2.0, "over": 100, "long": {"input": 4.0}}, '
        '"batch<": 10, "batch@0": {"input": 0.5}, '
        '"batch@1": {"input": 0.5, "over": 100, "long": {"input": 0.5}}, '
        '"clock2@0": {"input": 3.0}, '
        '"clock2@1": {"input": 3.0, "over": 100, "long": {"input": 3.0}}}'
    )
    assert (found.cuts, found.depth) == (1, 1)
    assert [(moment.weekday, moment.start_s, moment.end_s) for moment in found.clock["clock2"]] == [
        (1, 3600, 7200)
    ]


def test_words_of_the_language() -> None:
    """Marks, strings, numbers and patterns are written as the collector reads them."""
    assert full('set(%a.b, @x.y@) where "%a @x@" == %c') == (
        'set(span.attributes["otel_tokens.tmp.a.b"], span.attributes["x.y"]) '
        'where "%a @x@" == span.attributes["otel_tokens.tmp.c"]'
    )
    assert quoted('a"\\\n') == '"a\\"\\\\\\n"'
    assert number(rows_of([{"rates": {"input": "0.0000001"}}], {})[0].rates["input"]) == "0.0000001"
    assert glob_pattern("a*[!b]?[c].") == r"(?s)^a.*[^b].[c]\.$"
    assert searched("n", "^(?!a)") == 'not IsMatch(n, "^(?:a)")'
