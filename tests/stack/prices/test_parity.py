"""The collector's price table says what `PriceBook` says: to the last 1e-9 USD, with the same warnings."""

from __future__ import annotations

import json
import os

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from otel_tokens.collector.prices import compiled
from otel_tokens.pricing import PriceBook, Terms, load_book
from otel_tokens.pricing.override import read
from otel_tokens.pricing.rows import DAY_S
from otel_tokens.readings import BUCKETS, Usage
from tests.pricing.test_golden_pricing import terms_of

from .cases import DATA, TODAY, Call, every_model, names
from .collector import FOREIGN, PRICES, Run, run, validates


_GOLDEN = Path(
    os.environ.get("OTEL_TOKENS_GOLDEN", Path(__file__).parents[4] / "shared" / "golden" / "pricing.json")
)
_HOSTS = {"openai", "anthropic"}

OWN = """
[[price]]
provider = "openai"
model = "gpt-5.4"
from = "2026-11-01"
rates = { input = "2.00", cache_read = "0.20", output = 12 }
tiers = [ { prompt_tokens_gt = 272000, rates = { input = "4.00", output = "18.00" } } ]
fees = { web_search = "0.008" }
[price.variants.batch]
rates = { input = "1.00", output = "6.00" }

[[price]]
provider = "openai"
match = { prefix = ["ft:gpt-4.1-mini"] }
rates = { input = "0.8", output = "3.2" }

[[price]]
provider = "openai"
model = "gpt-4o"
extend = true
rates = { output = "9.99" }

[[price]]
provider = "openai"
match = { contains = ["o3"], regex = ["^o[34]-[^-]+$"] }
extend = true
from = "2026-06-01"
rates = { output = "7.77" }

[[price]]
provider = "ollama"
model = "llama3"
rates = { input = "0.01", output = "0.02" }

[[price]]
provider = "llm.corp"
match = { prefix = ["corp-"] }
rates = { input = "3", output = "4" }
[price.variants.night]
when_utc = { windows = ["22:00-06:00"], weekdays = [6, 7] }
rates = { input = "1" }

[[price]]
provider = "azure.ai.openai"
model = "my model=x"
rates = { input = "5", output = "6" }
fees = { audio_hour = "0.36" }
minimums = { audio_second = 10 }

[[multiplier]]
provider = "anthropic"
when = { inference_geo = "us" }
factor = "1.2"
buckets = ["input*", "cache_*"]

[[multiplier]]
provider = "azure.ai.openai"
models = ["GPT-5*"]
when = { deployment_type = "data_zone" }
factor = "1.1"

[[multiplier]]
provider = "openai"
when = { server_address = "us.*" }
factor = "1.3"

[[alias]]
provider = "azure.ai.openai"
deployment = "My-GPT"
model = "gpt-5.1"
deployment_type = "data_zone"

[[discount]]
provider = "openai"
models = ["gpt-4*"]
factor = "0.5"
"""

_OWN_NAMES = (
    ("openai", "gpt-5.4"), ("openai", "ft:gpt-4.1-mini:x"), ("openai", "gpt-4o"), ("openai", "o3"),
    ("openai", "o3-mini"), ("openai", "o4-mini"), ("ollama", "llama3"), ("ollama", "other"),
    ("llm.corp", "corp-1"), ("llm.corp", "other"), ("azure.ai.openai", "My model=x"), ("azure", "MY-GPT"),
    ("azure.ai.openai", "gpt-5"), ("anthropic", "claude-opus-5"), ("anthropic", "claude-2"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Priced:
    """Calls, and the spans that the collector made of them."""

    models: Sequence[Call]
    names: Sequence[Call]
    golden: Sequence[Call]
    run: Run


@pytest.fixture(scope="module")
def priced(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Priced:
    """All calls at the shipped prices, in one run."""
    models, named = list(every_model(1)), list(names(2, 4000))
    golden = [
        Call(Usage(case["expected_buckets"], case.get("expected_units", {})), terms_of(case, case["model"]))
        for case in _cases()
    ]
    spans = [call.span() for call in (*models, *named, *golden)]
    folder = tmp_path_factory.mktemp("parity")
    made = run(stack.binary("otelcol-tokens"), folder, spans, [PRICES], ["transform/price"])
    return Priced(models, named, golden, made)


def _agree(calls: Sequence[Call], spans: Sequence[Mapping[str, Any]], book: PriceBook) -> None:
    wrong = [call.differs(book, span) for call, span in zip(calls, spans, strict=True)]
    found = [text for text in wrong if text is not None]
    assert found[:5] == [], f"{len(found)} of {len(calls)}"


def test_every_model(priced: Priced) -> None:
    """Every model of the book: variants, changes of price, long prompts, hours, fees, missing rates."""
    calls = priced.models
    models = {(call.terms.provider, call.terms.model) for call in calls}
    assert len(models) > sum([len(plain["models"]) for plain in DATA["providers"].values()]) * 0.95
    assert {bucket for call in calls for bucket in call.usage.tokens} == BUCKETS
    _agree(calls, priced.run.spans[: len(calls)], load_book())


def test_names(priced: Priced) -> None:
    """Prefixes, paths, ARNs, dates, capitals, fine-tunes and nonsense mean what they mean to the book."""
    calls, start = priced.names, len(priced.models)
    book = load_book()
    _agree(calls, priced.run.spans[start : start + len(calls)], book)
    assert len([call for call in calls if book.price(call.usage, call.terms).usd is not None]) > 1000


def test_golden(priced: Priced) -> None:
    """The worked cases that a span can express have their cost."""
    cases = _cases()
    if not cases:
        pytest.skip(f"no golden cases at {_GOLDEN}")
    spans = priced.run.spans[-len(cases) :]
    costs = {case["id"]: span.get("otel_tokens.cost.usd") for case, span in zip(cases, spans, strict=True)}
    assert costs == {case["id"]: pytest.approx(float(case["expected_usd"]), abs=1e-9) for case in cases}
    assert len(cases) > 20


def test_leaves_nothing(priced: Priced) -> None:
    """Only what the counters read is left as scratch, and no statement fails."""
    spans = priced.run.spans
    left = {key.split(".")[2] for span in spans for key in span if key.startswith("otel_tokens.tmp.")}
    assert left == {"tokens", "usd", "weight"}
    assert "failed to execute" not in priced.run.log


def _cases() -> list[Any]:
    if not _GOLDEN.exists():
        return []
    return [case for case in json.loads(_GOLDEN.read_text("utf-8")) if not _reasons(case)]


def _reasons(case: dict[str, Any]) -> list[str]:
    """Why a span cannot express a case."""
    found = []
    if case.get("expected_cost_source") == "provider_reported":
        found.append("the provider states the cost: test_foreign has one")
    if case.get("expected_buckets_by_model"):
        found.append("one answer of two models: a span has one")
    if case["options"].get("azure_deployment_type"):
        found.append("a deployment's type is in the user's file: test_override has one")
    return found


def test_override(stack: Any, tmp_path: Path) -> None:
    """The user's rows, aliases, multipliers and discounts are in force, and everything else stays."""
    own = tmp_path / "own.toml"
    own.write_text(OWN, "utf-8")
    prices = tmp_path / "own_prices.yaml"
    prices.write_text(compiled(read(own)), "utf-8")
    calls = [call for call in names(3, 600) if call.terms.provider not in _HOSTS]
    buckets = ("input", "cache_read", "output")
    for number in range(1500):
        provider, name = _OWN_NAMES[number % len(_OWN_NAMES)]
        _, other = _OWN_NAMES[(number * 7 + 3) % len(_OWN_NAMES)]
        day = (TODAY, TODAY - 30, TODAY - 400)[number % 3] + number % 7
        terms = Terms(
            provider,
            (name, name, None, f"{name}-2030-01-01", "unheard")[number % 5],
            day * DAY_S + number * 977 % DAY_S,
            (None, name, other)[number // 5 % 3],
            ("standard", "batch", "committed")[number // 11 % 3],
            "us.api.openai.com" if provider == "openai" and number % 2 else None,
            "us" if number % 3 else None,
        )
        tokens = {bucket: (number + 1) * 331 * place for place, bucket in enumerate(buckets, 1)}
        calls.append(Call(Usage(tokens, {"audio_second": 3} if number % 13 == 0 else {}), terms))
    spans = [call.span() for call in calls]
    made = run(stack.binary("otelcol-tokens"), tmp_path, spans, [prices], ["transform/price"])
    _agree(calls, made.spans, load_book(own))
    assert "failed to execute" not in made.log


def test_a_broken_table_is_refused(stack: Any, tmp_path: Path) -> None:
    """`validate` accepts a table, but no rate that is no number, and no function or pattern that is none."""
    binary = stack.binary("otelcol-tokens")
    text = compiled(providers=["anthropic"])
    broken = tmp_path / "prices.yaml"
    broken.write_text(text, "utf-8")
    assert validates(binary, tmp_path, [FOREIGN, broken]) == (True, "")
    for good, bad in (('"input": 3.0', '"input": 3.0x'), ("IsMatch(", "IsMtch("), ('"(?m:', '"(?m:(')):
        broken.write_text(text.replace(good, bad, 1), "utf-8")
        accepted, said = validates(binary, tmp_path, [FOREIGN, broken])
        assert not accepted
        assert "transform/price" in said
