"""What a price file may not say: numbers beyond reason, the same twice, a variant without a price."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from otel_tokens.errors import ConfigError
from otel_tokens.pricing import Terms, book_of, load_book
from otel_tokens.readings import Usage


_AT = 1_795_435_200.0  # 2026-11-23
_ROW = '[[price]]\nprovider = "openai"\nmodel = "m"\nrates = { input = "1" }\n'
_OWN_MODELS = [
    ("aws.bedrock", "arn:aws:bedrock:us-east-1:1:custom-model/amazon.nova-pro-v1:0:300k/abcd"),
    ("aws.bedrock", "arn:aws:bedrock:us-east-1:1:imported-model/amazon.nova-pro-v1:0"),
    ("azure.ai.openai", "gpt-4o-2024-08-06.ft-0123456789abcdef"),
    ("fireworks", "accounts/acme/models/deepseek-v4-flash"),
    ("gcp.gemini", "models/tunedModels/gemini-2.5-pro"),
    ("gcp.vertex_ai", "projects/1/locations/us-central1/models/gemini-2.5-flash"),
    ("openai", "ft:gpt-5:acme::1"),
]


def _usd(document: dict[str, object], **terms: object) -> tuple[Decimal | None, tuple[str, ...]]:
    asked = Terms(provider="azure.ai.openai", model="my-gpt", at_s=_AT)._replace(**terms)  # type: ignore[arg-type]
    cost = book_of(document).price(Usage({"input": 1_000_000}), asked)
    return cost.usd, cost.warnings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_ROW.replace('"1"', '"1e999"'), "4: price[0].rates.input: beyond all reason"),
        (_ROW.replace('"1"', '"1e-999999"'), "4: price[0].rates.input: beyond all reason"),
        (_ROW.replace('"1"', f'"{"9" * 5000}"'), "4: price[0].rates.input: beyond all reason"),
        (_ROW + _ROW.replace('"m"', '"M"'), "5: price[1]: the same twice"),
        ('[[discount]]\nprovider = "openai"\nfactor = "0.5"\n' * 2, "4: discount[1]: the same twice"),
        ('[[multiplier]]\nprovider = "xai"\nfactor = "2"\n' * 2, "4: multiplier[1]: the same twice"),
        (
            '[[alias]]\nprovider = "azure"\ndeployment = "a"\nmodel = "x"\n' * 2,
            "5: alias[1]: the same twice: 'x'",
        ),
        (
            _ROW + 'tiers = [{ prompt_tokens_gt = 9, rates = { input = "2" } },'
            ' { prompt_tokens_gte = 10, rates = { input = "3" } }]\n',
            "5: price[0].tiers[1]: the same threshold twice",
        ),
        (_ROW + "[price.variants.batch]\n", "price[0].variants.batch: prices nothing"),
        ("a = " + "[" * 5000 + "]" * 5000, "not TOML"),
    ],
)
def test_refused(text: str, said: str, tmp_path: Path) -> None:
    """A file that could mean two things, or no sum of money, is refused with its line."""
    file = tmp_path / "prices.toml"
    file.write_text(text)

    with pytest.raises(ConfigError) as refusal:
        load_book(file)

    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"price": [], "price": []}', "not JSON: the same key twice: 'price'"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_json_is_refused(text: str, said: str, tmp_path: Path) -> None:
    """A key that stands twice would lose one of its values without a word."""
    file = tmp_path / "prices.JSON"
    file.write_text(text)

    with pytest.raises(ConfigError) as refusal:
        load_book(file)

    assert said in str(refusal.value)


@pytest.mark.parametrize("name", ["prices.toml", "prices.JSON"])
def test_a_byte_order_mark_is_no_mistake(name: str, tmp_path: Path) -> None:
    """Some editors begin a file with a mark and end its lines with two characters."""
    file = tmp_path / name
    text = _ROW.replace("\n", "\r\n") if name.endswith("toml") else '{"price": []}'
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())

    book = load_book(file)

    expected = Decimal("0.000001") if name.endswith("toml") else None
    assert book.price(Usage({"input": 1}), Terms("openai", "m", _AT)).usd == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("GlobalProvisionedManaged", (Decimal(0), ("committed",))),
        ("ptu", (Decimal(0), ("committed",))),
        ("data_zone", (Decimal(2), ())),
    ],
)
def test_a_deployment_that_was_bought_ahead_costs_nothing_more(
    kind: str, expected: tuple[Decimal, tuple[str, ...]]
) -> None:
    """Tokens of provisioned throughput are paid already: the alias says so, as no answer does."""
    names = {"provider": "azure", "deployment": "my-gpt", "model": "gpt-5.4"}
    rates = {"provider": "azure", "model": "gpt-5.4", "rates": {"input": "2"}}

    assert _usd({"price": [rates], "alias": [{**names, "deployment_type": kind}]}) == expected


def test_a_deployment_that_was_bought_ahead_may_have_a_rate_of_its_own() -> None:
    """An internal rate for bought capacity prices it."""
    names = {"provider": "azure", "deployment": "my-gpt", "model": "gpt-5.4"}
    rates = {
        "provider": "azure",
        "model": "gpt-5.4",
        "rates": {"input": "2"},
        "variants": {"committed": {"rates": {"input": "0.5"}}},
    }
    document = {"price": [rates], "alias": [{**names, "deployment_type": "provisioned"}]}

    assert _usd(document) == (Decimal("0.5"), ())


@pytest.mark.parametrize(("provider", "model"), _OWN_MODELS)
def test_a_model_of_a_customer_never_takes_the_price_of_its_base(provider: str, model: str) -> None:
    """A fine-tuned, imported or otherwise own model has a price of its own, or none that is known."""
    assert load_book().price(Usage({"input": 1}), Terms(provider, model, _AT)).usd is None


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("fireworks", "accounts/fireworks/models/deepseek-v4-flash"),
        ("gcp.gemini", "models/gemini-2.5-flash"),
        ("gcp.vertex_ai", "publishers/google/models/gemini-2.5-flash"),
        ("gcp.vertex_ai", "projects/p/locations/l/publishers/google/models/gemini-2.5-flash"),
        ("aws.bedrock", "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0"),
    ],
)
def test_a_path_to_a_vendor_s_own_model_is_priced(provider: str, model: str) -> None:
    """A path that leads to the vendor's model is only another spelling of its name."""
    assert load_book().price(Usage({"input": 1}), Terms(provider, model, _AT)).usd
