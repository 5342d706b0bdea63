"""Which rates `prices show` shows, at which time and under which terms, and what its example costs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_tokens.pricing import PriceBook, Terms
from otel_tokens.pricing.catalog import Catalog
from otel_tokens.pricing.rows import DAY_S, day_of
from otel_tokens.readings import BUCKETS, Usage

from .price_books import BOOK, Shows, model, plain, rates, written


@pytest.fixture
def show(tmp_path: Path) -> Shows:
    """The command, in a folder of its own."""
    return Shows(tmp_path)


def test_the_day_picks_the_row(show: Shows) -> None:
    """Rows before the day are past, those after it are scheduled."""
    for day, states, rate in (
        ("2026-09-30", ["current", "scheduled", "scheduled"], "3"),
        ("2026-10-01", ["past", "current", "scheduled"], "2.5"),
        ("2027-01-01T00:00:00Z", ["past", "past", "current"], "2"),
        ("2027-01-01T00:30+01:00", ["past", "current", "scheduled"], "2.5"),
    ):
        seller = show.one("big", "--provider", "openai", "--at", day)
        assert [row["state"] for row in seller["rows"]] == states
        assert rates(seller, "standard")["input"] == rate
    assert [(row["from"], row["until"]) for row in seller["rows"]] == [
        (None, "2026-10-01"),
        ("2026-10-01", "2027-01-01"),
        ("2027-01-01", None),
    ]


def test_before_the_first_price(show: Shows, tmp_path: Path) -> None:
    """Before the first day the first row is used, and the warning is told with what it means."""
    book = plain()
    model(book, "openai", "small")["rows"][0]["from"] = "2026-12-01"
    show.terminal.env["OTEL_TOKENS_BOOK"] = written(tmp_path, book)

    assert show.one("small", "--provider", "openai")["before_first_price"] is True
    assert show("small", "--provider", "openai").out.endswith(
        "  warning date_before_first_price: the book's first price is of a later day\n"
    )


def test_one_variant(show: Shows) -> None:
    """With --variant only its rates are shown, and the example is priced by them."""
    seller = show.one("big", "--provider", "openai", "--variant", "batch")

    assert {one["variant"] for one in seller["rates"]} == {"batch"}
    assert rates(seller, "batch")["input"] == "1.25"
    assert seller["example"]["usd"] == "0.00375"


def test_a_variant_that_the_book_lacks(show: Shows) -> None:
    """The standard rates are used then, with the warning; bought capacity costs nothing more."""
    out = show("small", "--provider", "openai", "--variant", "flex").out
    assert "  flex    0.1     0.4\n" in out
    assert "  warning tier_unpriced: the book has no rates of this variant" in out

    out = show("small", "--provider", "openai", "--variant", "committed").out
    assert "  in all $0\n  warning committed: bought capacity: a token costs nothing more\n" in out


def test_rates_by_the_clock(show: Shows) -> None:
    """Peak hours have their own line; the example is priced by the hour that is asked about."""
    seller = show.one("clock", "--at", "2026-11-24T02:00")
    standard, peak = seller["rates"]

    assert (rates(seller, "standard"), standard["hours_utc"]) == ({"input": "1", "output": "2"}, None)
    assert (rates(seller, "peak"), peak["hours_utc"]) == (
        {"input": "2", "output": "4"},
        "01:00-04:00 UTC on Mon, Tue, Wed, Thu, Fri",
    )
    assert seller["example"]["usd"] == "0.004"
    assert show.one("clock", "--at", "2026-11-24T04:00")["example"]["usd"] == "0.002"
    assert (
        "\n  peak  current  2026-08-17    01:00-04:00 UTC on Mon, Tue, Wed, Thu, Fri\n" in show("clock").out
    )
    before = show.one("clock", "--at", "2026-08-16")
    assert [one["variant"] for one in before["rates"]] == ["standard"]
    assert [(one["variant"], one["from"], one["state"]) for one in before["variants"]] == [
        ("peak", "2026-08-17", "scheduled")
    ]


def test_rates_of_every_hour_or_of_none(show: Shows, tmp_path: Path) -> None:
    """Hours that are never over, or on no day, do no harm."""
    book = plain()
    peak = model(book, "deepseek", "clock")["variants"]["peak"][0]
    for when in ({"windows": ["00:00-24:00"]}, {"windows": ["01:00-02:00"], "weekdays": []}):
        peak["when_utc"] = when
        show.terminal.env["OTEL_TOKENS_BOOK"] = written(tmp_path, book)
        said = show("clock")
        assert said.code == 0
    assert "\n  peak  current  2026-08-17    01:00-02:00 UTC on no day\n" in said.out


def test_an_hour_with_a_minimum(show: Shows) -> None:
    """What is billed by the hour is written out as it is computed, cut where the division has no end."""
    said = show("listener", "--tokens", "audio_second=3")

    assert "fees, USD for one: audio_hour 0.111\nat least billed: audio_second 10\n" in said.out
    assert said.out.endswith(
        "  3 audio_second (billed as 10)  x $0.111 / 3,600  = $0.000308333333333...\n"
        "  in all $0.000308333333333...\n"
    )
    batch = show("listener", "--variant", "batch")
    assert "fees, USD for one: audio_hour 0.0555\n" in batch.out
    assert "\n  batch  current  since ever    fees audio_hour 0.0555\n" in batch.out
    assert "  3,600 audio_second  x $0.0555 / 3,600  = $0.0555\n" in batch.out


def test_a_free_model(show: Shows) -> None:
    """A model that is given away says so."""
    out = show("gift").out

    assert "\nfree: the provider charges nothing\n" in out
    assert out.endswith("\nexample: a call: $0 (free)\n")
    assert show.one("gift")["free"] is True


def test_a_long_prompt(show: Shows) -> None:
    """A usage past the threshold is priced by the rates of long prompts, fees beside it."""
    seller = show.one(
        "big", "--provider", "openai", "--tokens", "input=1500,output=10", "--tokens", "web_search=2"
    )

    assert seller["example"] == {
        "usage": {"input": "1500", "output": "10", "web_search": "2"},
        "status": "priced",
        "usd": "0.02765",
        "steps": [
            {
                "of": "input",
                "count": "1500",
                "billed": "1500",
                "rate_usd": "5",
                "per": 10**6,
                "usd": "0.0075",
            },
            {"of": "output", "count": "10", "billed": "10", "rate_usd": "15", "per": 10**6, "usd": "0.00015"},
            {"of": "web_search", "count": "2", "billed": "2", "rate_usd": "0.01", "per": 1, "usd": "0.02"},
        ],
        "warnings": [],
    }


def test_what_is_borrowed(show: Shows) -> None:
    """A bucket without a rate says whose it takes, and whether that is a gap; the example warns."""
    seller = show.one("small", "--provider", "openai", "--tokens", "cache_read=100,output_reasoning=5")
    (standard,) = seller["rates"]

    assert standard["usd_per_mtok"]["cache_read"] == {"usd": "0.1", "as": "input", "warns": True}
    assert standard["usd_per_mtok"]["output_reasoning"] == {"usd": "0.4", "as": "output", "warns": False}
    assert seller["example"]["warnings"] == ["rate_missing:cache_read"]
    assert show("small", "--provider", "openai", "--tokens", "page=1").out.endswith(
        "\nexample: 1 page: $0 (priced)\n  warning unit_unpriced:page\n"
    )


def test_a_usage_without_a_price(show: Shows) -> None:
    """What cannot be priced has no cost."""
    out = show("theirs", "--prices", show.own, "--tokens", "output=5").out

    assert out.endswith("\nexample: 5 output: unknown_model (unknown_model)\n  warning rate_missing:output\n")


def test_a_long_prompt_without_a_price(show: Shows, tmp_path: Path) -> None:
    """Where input has no rate, no long prompt has a cost, so no rate of one is shown."""
    own = (
        'schema = 1\n[[price]]\nprovider = "openai"\nmodel = "painter"\nrates = { output_image = "3" }\n'
        'tiers = [{ prompt_tokens_gt = 10, rates = { output_image = "4" } }]\n'
    )

    seller = show.one("painter", "--prices", written(tmp_path, own, "painter.toml"))

    assert rates(seller, "standard") == {"output_image": "3"}
    assert rates(seller, "standard", 10) == {}
    assert "standard > 10" in show("painter", "--prices", str(tmp_path / "painter.toml")).out


@pytest.mark.parametrize(
    ("words", "state", "rate"),
    [((), "not in force", "2.5"), (("--server-address", "a.eu.test"), "in force", "2.75")],
)
def test_a_region(show: Shows, words: tuple[str, ...], state: str, rate: str) -> None:
    """A multiplier that may apply is named with its condition; it is in the rates where it does."""
    seller = show.one("big", "--provider", "openai", *words)

    assert seller["multipliers"] == [
        {
            "factor": "1.1",
            "when": {"server_address": "*.eu.test"},
            "buckets": ["*"],
            "source": "https://maker.test/regions",
            "state": state,
        }
    ]
    assert rates(seller, "standard")["input"] == rate


def test_a_place(show: Shows) -> None:
    """--inference-geo is where the provider says that it ran."""
    seller = show.one("small", "--provider", "openai", "--inference-geo", "us")

    assert rates(seller, "standard") == {"input": "0.2", "output": "0.8"}
    assert "x 2, where inference_geo is us: in force\n" in (
        show("small", "--provider", "openai", "--inference-geo", "us").out.replace("; own prices", "")
    )


def test_a_factor_on_some_buckets(show: Shows, tmp_path: Path) -> None:
    """A multiplier names the buckets that it is for, and one without a condition always holds."""
    own = 'schema = 1\n[[multiplier]]\nprovider = "openai"\nfactor = "2"\nbuckets = "output*"\n'

    out = show("small", "--provider", "openai", "--prices", written(tmp_path, own, "f.toml")).out

    assert "\nx 2 on output*, where always: in force; own prices\n" in out


def test_nothing_used(show: Shows) -> None:
    """Counts of nothing are no usage."""
    assert show.one("small", "--provider", "openai", "--tokens", "input=0,page=0,")["example"]["usage"] == {}


_COUNTS = st.dictionaries(st.sampled_from(sorted(BUCKETS)), st.integers(1, 10**7), max_size=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    tokens=_COUNTS,
    variant=st.sampled_from(["standard", "batch", "priority"]),
    day=st.sampled_from(["2026-09-01", "2026-11-24", "2027-02-01"]),
    host=st.sampled_from([None, "a.eu.test"]),
)
def test_the_example_is_what_the_book_says(
    show: Shows, tokens: dict[str, int], variant: str, day: str, host: str | None
) -> None:
    """For any usage the example is the price of the engine, and its steps add up to it."""
    words = [f"{name}={count}" for name, count in tokens.items()]
    more = ["--server-address", host] if host else []
    seller = show.one(
        *(
            "big",
            "--provider",
            "openai",
            "--variant",
            variant,
            "--at",
            day,
            "--tokens",
            ",".join(words) or "page=0",
        ),
        *more,
    )
    terms = Terms("openai", "big", day_of(day) * DAY_S, variant=variant, server_address=host)
    cost = PriceBook(Catalog(BOOK)).price(Usage(tokens), terms)

    example = seller["example"]
    assert Decimal(example["usd"]) == cost.usd
    steps = example["steps"]
    assert sum(Decimal(step["usd"]) for step in steps) == cost.usd
    for step in steps:
        assert Decimal(step["rate_usd"]) * int(step["billed"]) / step["per"] == Decimal(step["usd"])
