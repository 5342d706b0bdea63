"""What LiteLLM adds to the book: only what both sources agree on, and what can be understood."""

from __future__ import annotations

import json

from collections.abc import Mapping
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from otel_tokens.pricing import Terms, compile_offers, load_book
from otel_tokens.pricing.catalog import Catalog
from otel_tokens.pricing.offer_prices import offer_of
from otel_tokens.pricing.offers import CHECKED, offered, offers
from otel_tokens.pricing.origins import Origins
from otel_tokens.readings import Usage


MILLION = Usage({"input": 100_000, "output": 100_000})
AT_S = 1_795_435_200.0
BATCH = {"input_cost_per_token_batches": 5e-07, "output_cost_per_token_batches": 2e-06}
CHAT = {
    "mode": "chat",
    "litellm_provider": "openai",
    "input_cost_per_token": 1e-06,
    "output_cost_per_token": 4e-06,
}


def book(**providers: list[dict[str, Any]]) -> dict[str, Any]:
    """A book before anything is added."""
    return {
        "version": "genai-prices 0",
        "providers": {
            name.replace("_", ".") if name.startswith(("azure", "aws")) else name: {
                "prefixes": [],
                "models": models,
                **({"fallbacks": ["openai"]} if name.startswith("azure") else {}),
            }
            for name, models in providers.items()
        },
    }


def flat(name: str, **more: Any) -> dict[str, Any]:
    """A model at 1 and 4 USD."""
    return {"id": name, "rows": [{"rates": {"input": "1", "output": "4"}}], **more}


def put(plain: dict[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """The book with what the table adds."""
    text = compile_offers.compiled(table, "LiteLLM 1", "licence", plain)
    offered(plain, json.loads(text), Origins())
    return plain


def only(plain: dict[str, Any], provider: str, name: str) -> dict[str, Any]:
    """The one model of that id."""
    (found,) = [model for model in plain["providers"][provider]["models"] if model["id"] == name]
    return dict(found)


def test_a_variant_of_the_same_offer_is_added() -> None:
    """Where the standard rates agree, the variant is that of the model; it is dated and says who says so."""
    plain = put(book(openai=[flat("m")]), {"m": {**CHAT, **BATCH}})
    (row,) = only(plain, "openai", "m")["variants"]["batch"]
    assert row == {"from": CHECKED, "rates": {"input": "0.5", "output": "2"}, "added": {"*": 0}}


def test_another_offer_is_not_taken() -> None:
    """Where the standard rates or the thresholds differ, LiteLLM means something else."""
    dear = {**CHAT, **BATCH, "input_cost_per_token": 2e-06}
    long = {**CHAT, **BATCH, "input_cost_per_token_above_200k_tokens": 2e-06}
    image = {**BATCH, "litellm_provider": "openai", "mode": "chat"}
    plain = put(book(openai=[flat("a"), flat("b"), flat("c")]), {"a": dear, "b": long, "c": image})
    assert [only(plain, "openai", name).get("variants") for name in "abc"] == [None] * 3


def test_what_the_book_has_stands() -> None:
    """A variant or a fee of genai-prices is not replaced, and one of a newer version wins at once."""
    own = {"batch": [{"rates": {"input": "0.7"}}]}
    plain = put(book(openai=[flat("m", variants=own)]), {"m": {**CHAT, **BATCH}})
    assert only(plain, "openai", "m")["variants"] == own
    found = {
        "version": "LiteLLM 1",
        "known": {"openai": {"m": {"base": {"input": "1"}, "variants": BATCH}}},
        "added": {},
    }
    newer = book(openai=[flat("m")])
    newer["providers"]["openai"]["models"][0]["rows"][0]["rates"]["input"] = "3"
    offered(newer, found, Origins())
    assert "variants" not in only(newer, "openai", "m")
    offered(gone := book(openai=[]), found, Origins())
    assert gone["providers"]["openai"]["models"] == []


def test_a_scheduled_price_moves_the_variant_by_the_same_factor() -> None:
    """A variant of half the price stays at half when the price goes up on a known day."""
    rows = [
        {"rates": {"input": "1", "output": "4"}},
        {"from": "2027-01-01", "rates": {"input": "2", "output": "6"}},
    ]
    plain = put(book(openai=[{"id": "m", "rows": rows}]), {"m": {**CHAT, **BATCH}})
    assert [row["rates"] for row in only(plain, "openai", "m")["variants"]["batch"]] == [
        {"input": "0.5", "output": "2"},
        {"input": "1", "output": "3"},
    ]


def test_long_prompts_of_a_variant() -> None:
    """A tier that is not stated has the factor of the short one, if input and output have the same."""
    tiers = {"tiers": [{"prompt_tokens_gt": 200_000, "rates": {"input": "2", "output": "6"}}]}
    model = {"id": "m", "rows": [{"rates": {"input": "1", "output": "4"}, **tiers}]}
    long = {"input_cost_per_token_above_200k_tokens": 2e-06, "output_cost_per_token_above_200k_tokens": 6e-06}
    (row,) = only(put(book(openai=[model]), {"m": {**CHAT, **BATCH, **long}}), "openai", "m")["variants"][
        "batch"
    ]
    assert row["tiers"] == [{"prompt_tokens_gt": 200_000, "rates": {"input": "1", "output": "3"}}]
    stated = {f"{key}_batches": value / 4 for key, value in long.items()}
    (row,) = offer_of({**CHAT, **BATCH, **long, **stated}).variants.values()
    assert row["tiers"] == [{"prompt_tokens_gt": 200_000, "rates": {"input": "0.5", "output": "1.5"}}]
    uneven = {**CHAT, **BATCH, **long, "output_cost_per_token_batches": 3e-06}
    assert offer_of(uneven).variants == {}


def test_a_resold_model_becomes_the_resellers_own() -> None:
    """The seller's rows are taken over under the names that the reseller has, without its variants."""
    seller = flat("m", match={"prefix": ["m"]}, variants={"flex": [{"rates": {"input": "0.1"}}]})
    entry = {**CHAT, **BATCH, "litellm_provider": "azure"}
    table = {"azure/m": entry, "azure/m-2025-01-01": entry, "azure/eu/m": entry, "azure/x": entry}
    plain = put(book(openai=[seller], azure_ai_openai=[]), table)
    adopted = only(plain, "azure.ai.openai", "m")
    assert adopted["match"] == {"equals": ["m", "m-2025-01-01"]}
    assert list(adopted["variants"]) == ["batch"]
    assert only(plain, "openai", "m") == seller
    catalog = Catalog({**plain, "multipliers": []})
    assert catalog.is_resold("azure.ai.openai", "m") is False
    gone = put(book(openai=[seller], azure_ai_openai=[]), {})
    offered(
        gone,
        {"version": "L", "known": {"azure.ai.openai": {"y": {"base": {}, "names": ["y"]}}}, "added": {}},
        Origins(),
    )
    assert gone["providers"]["azure.ai.openai"]["models"] == []


def test_a_search_fee_is_added_when_it_has_one_size() -> None:
    """A fee that depends on the size of a search is not known from an answer."""
    same = {"search_context_size_low": 0.01, "search_context_size_high": 0.01}
    plain = put(
        book(openai=[flat("m"), flat("n")]),
        {
            "m": {**CHAT, "search_context_cost_per_query": same},
            "n": {**CHAT, "search_context_cost_per_query": {**same, "search_context_size_low": 0.005}},
        },
    )
    assert only(plain, "openai", "m")["rows"][0]["fees"] == {"web_search": "0.01"}
    assert "fees" not in only(plain, "openai", "n")["rows"][0]


ADDED = [
    ({**CHAT}, {"rates": {"input": "1", "output": "4"}}),
    ({"mode": "rerank", "input_cost_per_query": 0.002}, {"fees": {"search_unit": "0.002"}}),
    ({"mode": "audio_transcription", "input_cost_per_second": 0.0001}, {"fees": {"audio_hour": "0.36"}}),
    (
        {"mode": "audio_transcription", "input_cost_per_second": 0.00026667},
        {"fees": {"audio_second": "0.00026667"}},
    ),
    ({"mode": "audio_speech", "input_cost_per_character": 1.5e-05}, {"fees": {"character": "0.000015"}}),
    ({"mode": "image_generation", "output_cost_per_image": 0.04}, {"fees": {"image": "0.04"}}),
    ({"mode": "ocr", "ocr_cost_per_page": 0.001}, {"fees": {"page": "0.001"}}),
    ({"mode": "embedding", "input_cost_per_token": 1e-07}, {"rates": {"input": "0.1"}}),
    (
        {**CHAT, "cache_read_input_token_cost": 0, "output_cost_per_second": 0},
        {"rates": {"input": "1", "output": "4"}},
    ),
]


@pytest.mark.parametrize(("entry", "row"), ADDED)
def test_a_model_that_the_book_has_not(entry: dict[str, Any], row: dict[str, Any]) -> None:
    """A model is added under its exact name, with the kind of unit that its kind is billed by."""
    plain = put(book(openai=[]), {"m": {**entry, "litellm_provider": "openai"}})
    assert only(plain, "openai", "m")["rows"] == [{**row, "added": {"*": 0}}]


REFUSED = [
    {**CHAT, "output_cost_per_video_per_second": 0.1},  # a price that is not understood
    {**CHAT, "input_cost_per_token": 0},  # zero for want of knowledge
    {**CHAT, "input_cost_per_token": "0.1"},
    {"mode": "embedding", "input_cost_per_token": 0.0001},  # a decimal point too far
    {"mode": "audio_speech", "output_cost_per_image": 0.06},  # songs are no images
    {"mode": "rerank", "input_cost_per_query": 0},
]


@pytest.mark.parametrize("entry", REFUSED)
def test_a_doubtful_entry_is_left_out(entry: dict[str, Any]) -> None:
    """What is not wholly understood, or cannot be meant, is not a price."""
    plain = put(book(openai=[]), {"m": {**entry, "litellm_provider": "openai"}})
    assert plain["providers"]["openai"]["models"] == []


def test_names_of_litellms_own_are_left_out() -> None:
    """Names with a region or a size before them, models on trial, and providers that are not asked for."""
    table = {
        "azure/eu/m": {**CHAT, "litellm_provider": "azure"},
        "hd/1024-x-1024/dall-e-3": {
            "mode": "image_generation",
            "litellm_provider": "openai",
            "output_cost_per_image": 1,
        },
        "m-exp-1": CHAT,
        "somewhere/m": {**CHAT, "litellm_provider": "somewhere"},
    }
    text = compile_offers.compiled(table, "LiteLLM 1", "licence", book(openai=[], azure_ai_openai=[]))
    assert json.loads(text)["added"] == {}


def test_fine_tuned_models_are_found_by_their_base() -> None:
    """`ft:base:organisation::id` has the price of the base's fine-tunes, in batch as well."""
    plain = put(book(openai=[]), {"ft:m": {**CHAT, **BATCH}})
    catalog = Catalog({**plain, "multipliers": []})
    assert catalog.find("openai", "ft:m:org::id") is not None
    assert catalog.find("openai", "m") is None
    assert only(plain, "openai", "ft:m")["variants"]["batch"][0]["added"] == {"*": 0}
    offered(plain, {"version": "L", "known": {}, "added": {"openai": {"ft:m": {}}}}, Origins())
    assert len(plain["providers"]["openai"]["models"]) == 1


def test_thresholds_of_xai_include_their_number() -> None:
    """The thresholds of xAI are "at or above": 200 000 tokens are a long prompt."""
    long = {"input_cost_per_token_above_200k_tokens": 2e-06, "output_cost_per_token_above_200k_tokens": 8e-06}
    found = offer_of({**CHAT, **long, "litellm_provider": "xai"})
    assert found.row["tiers"] == [{"prompt_tokens_gte": 200_000, "rates": {"input": "2", "output": "8"}}]


SHIPPED = [
    ("gcp.gemini", "gemini-2.5-pro", "flex", "0.5625"),
    ("gcp.gemini", "gemini-2.5-pro", "priority", "2.025"),
    ("gcp.gemini", "gemini-3.5-flash", "batch", "0.525"),
    ("aws.bedrock", "amazon.nova-pro-v1:0", "flex", "0.2"),
    ("aws.bedrock", "amazon.nova-pro-v1:0", "priority", "0.7"),
    ("azure.ai.openai", "gpt-5.4", "batch", "0.875"),
    ("openai", "text-embedding-3-small", "batch", "0.001"),
    ("openai", "gpt-5.4", "flex", "0.875"),
    ("voyageai", "voyage-3.5", "batch", "0.00402"),
]


@pytest.mark.parametrize(("provider", "model", "variant", "usd"), SHIPPED)
def test_variants_of_the_shipped_book(provider: str, model: str, variant: str, usd: str) -> None:
    """Tiers that no single source has are priced, without a warning."""
    cost = load_book().price(MILLION, Terms(provider, model, AT_S, variant=variant))
    assert (cost.usd, cost.warnings) == (Decimal(usd), ())


def test_the_file_names_its_source() -> None:
    """The offers carry the licence of their source."""
    assert "Berri AI" in "\n".join(offers()["notice"])
    assert offers()["checked"] == CHECKED


def test_a_fee_or_a_row_that_is_there_stays() -> None:
    """A second variant, or a row with a fee of its own, is left as it is."""
    rows = [
        {"rates": {"input": "1", "output": "4"}},
        {"from": "2027-01-01", "rates": {"input": "1"}, "fees": {"web_search": "9"}},
    ]
    plain = book(openai=[{"id": "m", "rows": rows, "variants": {"batch": []}}])
    offer = {
        "base": {"input": "1"},
        "variants": {"batch": {"rates": {"input": "2"}}},
        "fees": {"web_search": "1"},
    }
    offered(plain, {"version": "L", "known": {"openai": {"m": offer}}, "added": {}}, Origins())
    model = only(plain, "openai", "m")
    assert model["variants"] == {"batch": []}
    assert [row["fees"]["web_search"] for row in model["rows"]] == ["1", "9"]


def test_the_installed_table_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of LiteLLM only its table and its licence are read."""
    pytest.importorskip("genai_prices")
    table = tmp_path / compile_offers.TABLE
    table.parent.mkdir()
    table.write_text(json.dumps({"some-new-model": CHAT}), "utf-8")

    class Package:
        version = "1"

        @staticmethod
        def locate_file(path: str) -> Path:
            return tmp_path / path

        @staticmethod
        def read_text(_: str) -> str:
            return "licence of Berri AI"

    monkeypatch.setattr(compile_offers, "distribution", lambda _: Package)
    plain = json.loads(compile_offers.installed())
    assert plain["added"] == {"openai": {"some-new-model": {"rates": {"input": "1", "output": "4"}}}}
    assert plain["version"] == "LiteLLM 1"
    assert "licence of Berri AI" in plain["notice"]


def test_the_file_is_fresh(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the LiteLLM that the file is of, compiling again gives the same bytes; without, it says so."""
    try:
        installed = f"LiteLLM {version('litellm')}"
    except PackageNotFoundError:
        with pytest.raises(PackageNotFoundError):
            compile_offers.main(["--output", str(tmp_path / "offers.json")])
        return
    if installed != offers()["version"]:
        pytest.skip(f"the offers are of {offers()['version']}")
    assert compile_offers.main(["--check"]) == 0
    assert "up to date" in capsys.readouterr().out
