"""Which price a call has: provider, model, variant, day, hour, region."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from otel_tokens.pricing import Cost, PriceBook, Terms, book_of, load_book
from otel_tokens.pricing import book as book_module
from otel_tokens.pricing.catalog import Catalog
from otel_tokens.pricing.ids import Matcher, spellings, undated
from otel_tokens.readings import Usage


MILLION = Usage({"input": 1_000_000})
_SHIPPED = load_book()


def at(text: str) -> float:
    """Unix seconds of an ISO time, UTC."""
    return datetime.fromisoformat(text + "+00:00").timestamp()


NOW_S = at("2026-11-23T12:00:00")


def ask(book: PriceBook, model: str | None, usage: Usage = MILLION, **terms: Any) -> Cost:
    """The cost of a million input tokens, unless said otherwise."""
    given = {"provider": "openai", "at_s": NOW_S, **terms}
    return book.price(usage, Terms(model=model, **given))


def usd(model: str | None, usage: Usage = MILLION, **terms: Any) -> str | None:
    """What the shipped book says, as text."""
    cost = ask(_SHIPPED, model, usage, **terms)
    return None if cost.usd is None else f"{cost.usd.normalize():f}"


def catalog_of(*models: dict[str, Any]) -> Catalog:
    """A book of one provider `p`."""
    providers = {"p": {"prefixes": ["p/"], "models": list(models)}}
    return Catalog({"version": "test 1", "multipliers": [], "providers": providers})


def flat(name: str, rate: str, **more: Any) -> dict[str, Any]:
    """A model with one rate."""
    return {"id": name, "rows": [{"rates": {"input": rate}}], **more}


# --- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "model", "rate"),
    [
        ("openai", "gpt-4o", "2.5"),
        ("openai", "GPT-4o", "2.5"),
        ("openai", "gpt-4o-2024-05-13", "5"),  # a listed snapshot with a price of its own
        ("openai", "gpt-5.2-20251211", "1.75"),  # the compact date of routers
        ("openai", "openai/gpt-4o", "2.5"),
        ("openai", "gpt-5.4-2031-01-01", "2.5"),  # all listed snapshots cost the same
        ("openai", "gpt-4o-2031-01-01", None),  # one listed snapshot differs, so the date matters
        ("openai", "gpt-4o-something", None),
        ("openai", "ft:gpt-4o-2024-08-06:org::id", "3.75"),
        ("openai", "ft:gpt-4.1-mini-2025-04-14:org::id", "0.8"),
        ("openai", "ft:gpt-4.1-mini-2031-04-14:org::id", None),  # never the price of its base
        ("openai", "openai/ft:gpt-4.1:org::id", None),
        ("anthropic", "claude-sonnet-4-5@20250929", "6"),  # a million is a long prompt
        ("gcp.vertex_ai", "publishers/google/models/gemini-3.5-flash", "1.5"),
        ("gcp.gemini", "models/gemini-3.5-flash", "1.5"),
        ("gcp.vertex_ai", "claude-opus-4-8@20260101", "5"),  # Google's own row
        ("gcp.vertex_ai", "claude-2", "8"),  # resold: the row of Anthropic
        ("aws.bedrock", "global.anthropic.claude-opus-5", "5"),
        ("aws.bedrock", "us.anthropic.claude-opus-5", "5.5"),
        (
            "aws.bedrock",
            "arn:aws:bedrock:us-east-1:123:inference-profile/us.anthropic.claude-opus-5",
            "5.5",
        ),
        ("azure.ai.openai", "gpt-4o", "2.5"),  # resold: the row of OpenAI
        ("azure.ai.openai", "gpt-35-turbo", "0.5"),
        ("azure.ai.openai", "o4-mini-deep-research", "2"),  # not the price of o4-mini
        ("azure.ai.inference", "claude-opus-5", "5"),
        ("azure.ai.inference", "gpt-5.4-2031-01-01", "2.5"),
        ("x_ai", "grok-4.20", "2.5"),
        ("mistral_ai", "mistral-large-latest", "0.5"),
        ("google", "gemini-3.5-flash", "1.5"),  # the name other libraries give
    ],
)
def test_name_finds_its_price(provider: str, model: str, rate: str | None) -> None:
    """A name finds exactly its own price, and a name that only looks alike finds none."""
    usage = Usage({"input": 1_000_000})
    if rate is not None and provider == "openai" and model.startswith("gpt-5.4"):
        usage = Usage({"input": 100_000})
        rate = f"{(Decimal(rate) / 10).normalize():f}"
    if provider == "azure.ai.inference" and model.startswith("gpt-5.4"):
        usage, rate = Usage({"input": 100_000}), "0.25"
    assert usd(model, usage, provider=provider) == rate


def test_spellings() -> None:
    """The most literal spelling comes first."""
    arn = "arn:aws:bedrock:us-east-1::foundation-model/a.b"
    assert spellings(arn) == [arn, "a.b"]
    assert spellings("P/X-20250101", ["p/"]) == [
        "p/x-20250101",
        "x-20250101",
        "p/x-2025-01-01",
        "x-2025-01-01",
    ]


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("m-2025-01-31", "m"),
        ("m-20250131", "m"),
        ("m@20250131", "m"),
        ("m-latest", "m"),
        ("m@latest", "m"),
        ("m@default", "m"),
        ("m-20", None),
        ("m", None),
        ("ft:m-2025-01-31", None),
    ],
)
def test_undated(name: str, base: str | None) -> None:
    """What is cut off is a date or a word for the newest, never of a fine-tuned model."""
    assert undated(name) == base


def test_matcher_kinds() -> None:
    """Each kind of clause matches, and `every` needs all its parts."""
    assert Matcher(suffix=("-x",)).matches("a-x")
    assert Matcher(contains=("b",)).matches("abc")
    assert Matcher(regex=(r"^a\d$",)).matches("a1")
    both = Matcher(every=(Matcher(prefix=("a",)), Matcher(suffix=("z",))))
    assert both.matches("a-z")
    assert not both.matches("a-y")
    assert not Matcher(every=()).matches("a")


def test_matcher_of_fine_tunes() -> None:
    """Only a clause that is about fine-tuned models is for one."""
    assert not Matcher(contains=("gpt",)).matches("ft:gpt-4")
    assert Matcher(prefix=("ft:gpt",)).matches("ft:gpt-4")
    assert Matcher(equals=("ft:gpt-4",)).matches("ft:gpt-4")


def test_first_of_two_entries_wins() -> None:
    """Patterns are tried in the order of the book, after exact names."""
    book = PriceBook(
        catalog_of(
            flat("a", "1", match={"prefix": ["a"]}),
            flat("ab", "2", match={"prefix": ["ab"], "equals": ["abc", "a"]}),
        )
    )
    assert ask(book, "abd", provider="p").usd == 1
    assert ask(book, "abc", provider="p").usd == 2


def test_answer_before_request() -> None:
    """The model that answered decides; one that nobody knows leaves it to the one asked for."""
    assert usd("gpt-4o", requested_model="gpt-4.1") == "2.5"
    cost = ask(_SHIPPED, "my-deployment", requested_model="gpt-4.1")
    assert (cost.usd, cost.warnings) == (2, ("priced_by_requested_model",))
    assert ask(_SHIPPED, None, requested_model="gpt-4.1").warnings == ()


# --- what has no price -----------------------------------------------------------------------------


def test_unknown_provider() -> None:
    """Who stands at an unknown host is unknown, also if the model has a famous name."""
    cost = ask(_SHIPPED, "gpt-4o", provider="llm.corp")
    assert (cost.usd, cost.status) == (None, "unknown_provider")


@pytest.mark.parametrize("model", ["gpt-nobody", None, ""])
def test_unknown_model(model: str | None) -> None:
    """A model that the book lacks has no cost. It is not free."""
    cost = ask(_SHIPPED, model)
    assert (cost.usd, cost.by_bucket, cost.status) == (None, {}, "unknown_model")
    assert cost.version == _SHIPPED.version


@pytest.mark.parametrize("provider", ["ollama", "vllm", "llama_cpp", "lm_studio"])
def test_local_is_free(provider: str) -> None:
    """One's own machine charges nothing per token."""
    cost = ask(_SHIPPED, "llama3.2", provider=provider)
    assert (cost.usd, cost.status) == (0, "free")


def test_free_model() -> None:
    """A model that its provider gives away is free, which is not the same as unknown."""
    cost = ask(_SHIPPED, "omni-moderation-latest")
    assert (cost.usd, cost.status) == (0, "free")


# --- variants --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "variant", "rate"),
    [
        ("gpt-5", "standard", "1.25"),
        ("gpt-5", "batch", "0.625"),
        ("gpt-5", "flex", "0.625"),
        ("gpt-5", "priority", "2.5"),
        ("gpt-5", "fast", "2.5"),
        ("o3", "flex", "1"),
    ],
)
def test_variant(model: str, variant: str, rate: str) -> None:
    """What was billed decides, not what was asked for."""
    assert usd(model, variant=variant) == rate


def test_fast_mode() -> None:
    """Anthropic's fast mode has a price of its own, six times the standard on two models."""
    assert usd("claude-opus-4-6", provider="anthropic", variant="fast") == "30"
    assert usd("claude-opus-5", provider="anthropic", variant="fast") == "10"


def test_variant_is_partial() -> None:
    """A batch rate that is not stated is the standard one, as OpenAI's older cached input."""
    assert usd("gpt-4.1", Usage({"cache_read": 1_000_000}), variant="batch") == "0.5"


def test_tier_unpriced() -> None:
    """A variant that the book lacks costs the standard rate, never silently."""
    cost = ask(_SHIPPED, "gpt-4o-2024-08-06", variant="flex")
    assert (cost.usd, cost.warnings) == (Decimal("2.5"), ("tier_unpriced",))
    resold = ask(_SHIPPED, "gpt-4o", provider="azure.ai.openai", variant="priority")
    assert (resold.usd, resold.warnings) == (Decimal("2.5"), ("tier_unpriced",))


def test_variant_before_it_was_verified() -> None:
    """The book's day of a variant is when it was checked: before it the variant's rate is used."""
    cost = ask(_SHIPPED, "gpt-5", variant="batch", at_s=at("2026-05-01T00:00:00"))
    assert (cost.usd, cost.warnings) == (Decimal("0.625"), ("date_before_first_price",))


def test_committed() -> None:
    """Bought capacity costs nothing more, known model or not; tools are billed beside it."""
    for model in ("gpt-4.1", "gpt-nobody"):
        cost = ask(_SHIPPED, model, variant="committed")
        assert (cost.usd, cost.status, cost.warnings) == (0, "free", ("committed",))
    with_tool = ask(_SHIPPED, "gpt-4.1", Usage({"input": 5}, {"web_search": 1}), variant="committed")
    assert (with_tool.usd, with_tool.status) == (Decimal("0.01"), "priced")


def test_committed_at_the_users_rate() -> None:
    """An internal transfer rate for bought capacity is a variant of the override."""
    row = {"rates": {"input": "1"}, "variants": {"committed": {"rates": {"input": "0.3"}}}}
    book = book_of({"price": [{"provider": "p", "model": "m", **row}]})
    cost = ask(book, "m", provider="p", variant="committed")
    assert (cost.usd, cost.status, cost.warnings) == (Decimal("0.3"), "priced", ())


# --- time ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "rate"), [("2025-06-09", "10"), ("2025-06-10", "2"), ("2026-11-23", "2")])
def test_day_picks_the_row(day: str, rate: str) -> None:
    """Yesterday's calls keep yesterday's price; the day is that of UTC."""
    assert usd("o3", at_s=at(f"{day}T23:59:59")) == rate


def test_scheduled_price() -> None:
    """A price that is announced for a day begins on that day."""
    terms = {"provider": "gcp.gemini"}
    assert usd("gemini-3.8-flash", at_s=at("2026-12-31T23:59:59"), **terms) == "0.75"
    assert usd("gemini-3.8-flash", at_s=at("2027-01-01T00:00:00"), **terms) == "1.5"


def test_before_the_first_price() -> None:
    """Before the first known day the first price is used, with a warning."""
    row = {"provider": "p", "model": "m", "from": "2026-11-01", "rates": {"input": "1"}}
    book = book_of({"price": [row]})
    early = ask(book, "m", provider="p", at_s=at("2026-10-31T23:59:59"))
    assert (early.usd, early.warnings) == (1, ("date_before_first_price",))
    assert ask(book, "m", provider="p").warnings == ()


@pytest.mark.parametrize(
    ("time", "rate"),
    [
        ("2026-11-23T00:59:59.900", "0.15"),
        ("2026-11-23T01:00:00", "0.3"),
        ("2026-11-23T03:59:59.900", "0.3"),
        ("2026-11-23T04:00:00", "0.15"),
        ("2026-11-23T09:00:00", "0.3"),
        ("2026-11-21T02:00:00", "0.15"),  # a Saturday
        ("2026-11-22T02:00:00", "0.15"),  # a Sunday
    ],
)
def test_peak_hours(time: str, rate: str) -> None:
    """DeepSeek's peak is by the clock of UTC, Monday to Friday; a cached sheet ends with it."""
    assert usd("deepseek-flash", provider="deepseek", at_s=at(time)) == rate


@pytest.mark.parametrize(
    ("model", "day", "rate"),
    [
        ("deepseek-v4-pro", "2026-08-14", "0.435"),
        ("deepseek-v4-pro", "2026-08-17", "1.32"),
        ("deepseek-v4-flash", "2026-08-14", "0.14"),
        ("deepseek-v4-flash", "2026-08-17", "0.44"),
        ("deepseek-v4-flash", "2026-09-10", "0.3"),
    ],
)
def test_peak_begins_on_its_day(model: str, day: str, rate: str) -> None:
    """Peak rates are dated too: before a provider had them, the clock did not matter."""
    assert usd(model, provider="deepseek", at_s=at(f"{day}T02:00:00")) == rate


def test_variant_before_peak() -> None:
    """A variant by name goes before one by the clock, a variant that is missing does not."""
    row = {
        "rates": {"input": "1"},
        "variants": {
            "batch": {"rates": {"input": "2"}},
            "night": {"rates": {"input": "3"}, "when_utc": {"windows": ["22:00-14:00"]}},
        },
    }
    book = book_of({"price": [{"provider": "p", "model": "m", **row}]})
    assert ask(book, "m", provider="p", variant="batch").usd == 2
    flex = ask(book, "m", provider="p", variant="flex")
    assert (flex.usd, flex.warnings) == (3, ("tier_unpriced",))
    assert ask(book, "m", provider="p", at_s=at("2026-11-23T23:00:00")).usd == 3
    assert ask(book, "m", provider="p", at_s=at("2026-11-23T15:00:00")).usd == 1
    assert ask(book, "m", provider="p", variant="night", at_s=NOW_S).usd == 3


# --- region ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "host", "rate"),
    [
        ("gpt-5.4", "eu.api.openai.com", "0.275"),
        ("gpt-6-sol", "us.api.openai.com", "0.22"),
        ("gpt-5.4", "api.openai.com", "0.25"),
        ("gpt-5", "eu.api.openai.com", "0.125"),  # released before the uplift
    ],
)
def test_data_residency(model: str, host: str, rate: str) -> None:
    """OpenAI's regional hosts cost a tenth more on models released since 2026-03-05."""
    assert usd(model, Usage({"input": 100_000}), server_address=host) == rate


@pytest.mark.parametrize(
    ("model", "geo", "rate"),
    [
        ("claude-opus-5", "us", "5.5"),
        ("claude-opus-5", "global", "5"),
        ("claude-opus-5", None, "5"),
        ("claude-haiku-4-5", "us", "1"),  # older than the offer
    ],
)
def test_inference_geo(model: str, geo: str | None, rate: str) -> None:
    """Anthropic's US inference costs a tenth more on the models that have the choice."""
    assert usd(model, provider="anthropic", inference_geo=geo) == rate


def test_fees_are_not_multiplied() -> None:
    """A region multiplies tokens, not what a search costs."""
    usage = Usage({"input": 100_000}, {"web_search": 1})
    assert usd("gpt-5.4", usage, server_address="eu.api.openai.com") == "0.285"


# --- caches ----------------------------------------------------------------------------------------


def test_caches_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that invents model names does not fill the memory."""
    monkeypatch.setattr(book_module, "_KEPT", 10)
    book = book_of({"price": [{"provider": "p", "model": "m", "rates": {"input": "1"}}]})
    for number in range(35):
        ask(book, f"m{number}", provider="p")
    assert len(book._segments) <= 10
    assert ask(book, "m", provider="p").usd == 1


def test_shipped_book_is_read_late() -> None:
    """Nothing is read before the first price."""
    book = load_book()
    assert book._catalog_read is None
    assert ask(book, "gpt-4.1").usd == 2
    assert book._catalog_read is not None


def test_cost_names_its_book() -> None:
    """A cost says from which book it is."""
    assert ask(_SHIPPED, "gpt-4.1").version == _SHIPPED.version
    assert _SHIPPED.version.startswith("genai-prices ")
