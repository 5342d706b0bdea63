"""What a place costs: regions, profiles, routers, and servers of one's own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from otel_tokens.pricing import Cost, Terms, book_of, load_book
from otel_tokens.pricing.sellers import LOCAL, by_seller
from otel_tokens.readings import Usage


AT_S = 1_795_435_200.0  # 2026-11-23 12:00
MILLION = Usage({"input": 100_000, "output": 100_000}, {"web_search": 1})
BOOK = load_book()


def ask(provider: str, model: str | None, requested: str | None = None, **terms: Any) -> Cost:
    """The cost of 100 000 tokens in and out, and of a search."""
    return BOOK.price(MILLION, Terms(provider, model, AT_S, requested or model, **terms))


REGIONS = [
    ("mistral_ai", "mistral-large-2512", "api.eu.mistral.ai", "1.1"),
    ("mistral_ai", "mistral-large-2512", "api.us.mistral.ai", "1.1"),
    ("mistral_ai", "mistral-large-2512", "api.mistral.ai", "1"),
    ("gcp.vertex_ai", "claude-opus-5", "us-east5-aiplatform.googleapis.com", "1.1"),
    ("gcp.vertex_ai", "claude-opus-5", "aiplatform.eu.rep.googleapis.com", "1.1"),
    ("gcp.vertex_ai", "claude-opus-5", "aiplatform.googleapis.com", "1"),
    ("gcp.vertex_ai", "claude-sonnet-4-5@20250929", "europe-west1-aiplatform.googleapis.com", "1.1"),
    ("gcp.vertex_ai", "gemini-3.5-flash", "europe-west1-aiplatform.googleapis.com", "1.1"),
    ("gcp.vertex_ai", "gemini-2.5-pro", "europe-west1-aiplatform.googleapis.com", "1"),
    ("gcp.vertex_ai", "claude-3-haiku", "europe-west1-aiplatform.googleapis.com", "1"),
    ("gcp.gemini", "gemini-3.5-flash", "generativelanguage.googleapis.com", "1"),
    ("openai", "gpt-5.4", "eu.api.openai.com", "1.1"),
    ("openai", "gpt-5", "eu.api.openai.com", "1"),
]


@pytest.mark.parametrize(("provider", "model", "host", "factor"), REGIONS)
def test_a_region_multiplies_tokens_but_no_fee(provider: str, model: str, host: str, factor: str) -> None:
    """Regional endpoints cost a tenth more for the models that they are sold for."""
    plain, placed = ask(provider, model), ask(provider, model, server_address=host)
    fee = plain.by_bucket.get("web_search", Decimal(0))
    assert plain.usd is not None
    assert placed.usd is not None
    assert placed.usd - fee == (plain.usd - fee) * Decimal(factor)


def test_ones_own_region_replaces_the_books() -> None:
    """A multiplier of the user's for one region is not applied on top of the book's for all."""
    host = "us-east5-aiplatform.googleapis.com"
    own = {"provider": "gcp.vertex_ai", "when": {"server_address": host}, "factor": "1.2"}
    book = book_of({"multiplier": [own]}, catalog=BOOK._catalog)
    terms = Terms("gcp.vertex_ai", "claude-opus-5", AT_S, server_address=host)
    tokens = Usage({"input": 1_000_000})
    assert book.price(tokens, terms).usd == 6
    other = terms._replace(server_address="asia-east1-aiplatform.googleapis.com")
    assert book.price(tokens, other).usd == Decimal("5.5")


def test_bedrock_is_priced_by_the_profile_that_was_asked_for() -> None:
    """An answer of Bedrock names the bare model; only the request says in which region it ran."""
    bare, cheap = "claude-opus-5", ask("aws.bedrock", "global.anthropic.claude-opus-5")
    dear = ask("aws.bedrock", "us.anthropic.claude-opus-5")
    assert cheap.usd is not None
    assert dear.usd is not None
    assert dear.usd > cheap.usd
    assert ask("aws.bedrock", bare, "global.anthropic.claude-opus-5") == cheap
    assert ask("aws.bedrock", bare, "us.anthropic.claude-opus-5") == dear
    for hidden in ("x", "my-claude-opus-5"):
        arn = f"arn:aws:bedrock:us-east-1:1:application-inference-profile/{hidden}"
        assert ask("aws.bedrock", bare, arn) == dear


def test_an_application_profile_has_an_alias() -> None:
    """A profile's ARN hides model and region: the user says what it stands for."""
    arn = "arn:aws:bedrock:us-east-1:1:application-inference-profile/x1"
    alias = {"provider": "aws.bedrock", "deployment": arn, "model": "global.anthropic.claude-opus-5"}
    book = book_of({"alias": [alias]}, catalog=BOOK._catalog)
    cost = book.price(Usage({"input": 1_000_000}), Terms("aws.bedrock", None, AT_S, arn))
    assert (cost.usd, cost.warnings) == (5, ())
    assert BOOK.price(Usage({"input": 1}), Terms("aws.bedrock", None, AT_S, arn)).usd is None


def test_the_router_costs_what_its_seller_takes() -> None:
    """`model:seller` has the seller's price; a model without a seller has none, and is not guessed."""
    name = "meta-llama/Llama-3.3-70B-Instruct"
    sold = ask("huggingface", f"{name}:together")
    assert sold.usd == ask("huggingface_together", name).usd
    assert sold.usd is not None
    assert ask("huggingface", name, f"{name}:together") == sold
    assert ask("huggingface", name).status == "unknown_model"
    assert ask("huggingface", f"{name}:cheapest").usd is None
    assert ask("huggingface", f"{name}:fireworks-ai").usd == ask("huggingface_fireworks_ai", name).usd


@pytest.mark.parametrize(
    ("model", "seller", "found"),
    [
        ("m", "cerebras", "m:cerebras"),
        ("m", None, "m"),
        ("m:groq", None, "m:groq"),
        ("m:groq", "groq", "m:groq"),
        ("m:cheapest", "nebius", "m:nebius"),
    ],
)
def test_who_serves_a_call_through_the_router(model: str, seller: str | None, found: str) -> None:
    """Who is known to have served it stands behind the model's name."""
    assert by_seller(model, seller) == found


VENDORS = ("openai", "anthropic", "mistral_ai", "deepseek", "meta", "gcp.gemini")


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_server_of_ones_own_never_has_the_vendors_price(vendor: str) -> None:
    """Under any name of a vendor's model a local server is free, and an unknown host has no price."""
    for model in BOOK.models(vendor):
        assert all(ask(server, model.id).status == "free" for server in LOCAL)
        unknown = ask("gpu-box.example.org", model.id)
        assert (unknown.usd, unknown.status) == (None, "unknown_provider")


def test_limits_are_found_under_the_books_own_name() -> None:
    """A name that only the book knows has the limits of the model that it means."""
    known = BOOK.limits("databricks", "databricks-deepseek-v4-1-flash")
    assert known.window_tokens is not None
    assert BOOK.limits("databricks", "system.ai.deepseek-v4-1-flash") == known


def test_bought_capacity_may_have_an_internal_rate() -> None:
    """Committed tokens cost nothing more, unless the user says what they stand for."""
    rows = {"provider": "openai", "model": "gpt-4.1", "extend": True}
    own = {**rows, "variants": {"committed": {"rates": {"input": "0.7", "output": "0"}}}}
    terms = Terms("openai", "gpt-4.1", AT_S, variant="committed")
    tokens = Usage({"input": 1_000_000})
    free = BOOK.price(tokens, terms)
    assert (free.usd, free.status, free.warnings) == (0, "free", ("committed",))
    assert book_of({"price": [own]}, catalog=BOOK._catalog).price(tokens, terms).usd == Decimal("0.7")
