"""Calls of every model of the book, as spans for the collector and as terms for `PriceBook`."""

from __future__ import annotations

import json
import random

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pkgutil import get_data
from typing import Any, Final

from otel_tokens.pricing import PriceBook, Terms
from otel_tokens.pricing.catalog import Catalog
from otel_tokens.pricing.rows import DAY_S, Model, Row
from otel_tokens.readings import BUCKETS, INPUT_BUCKETS, UNITS, Usage

from .collector import Span


DATA: Final[Mapping[str, Any]] = json.loads(get_data("otel_tokens.pricing", "prices.json") or b"{}")
_NEAR_USD: Final = 1e-9
TODAY: Final = 20_781  # 2026-11-24

_TOKENS: Final = "otel_tokens.tmp.tokens."
_USD: Final = "otel_tokens.tmp.usd."
_VARIANTS: Final = ("standard", "batch", "flex", "priority", "fast", "committed")
_BEFORE: Final = (
    "openai/", "azure/", "models/", "google/", "publishers/google/models/", "bedrock/", "anthropic/", "x/",
    "arn:aws:bedrock:us-east-1:123:inference-profile/us.", "arn:aws:bedrock:us-east-1::foundation-model/",
    "us.anthropic.", "ft:", "openrouter/", "", "",
)  # fmt: skip
_BEHIND: Final = (
    "", "", "-2024-08-06", "-20240806", "@20240806", "-latest", "@default", "-2030-01-01", ":free", "-v1:0",
    "-preview", "-20991231:free", "-20240101-20240202", ":ft-x", "-tts", ".ft-abc",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """What was used, and under which terms."""

    usage: Usage
    terms: Terms

    def span(self) -> Span:
        """The span that `transform/foreign` would hand on."""
        terms = self.terms
        said = {
            "otel_tokens.count": True,
            "otel_tokens.tmp.price": True,
            "otel_tokens.tmp.weight": 1.0,
            "otel_tokens.usage.source": "provider",
            "gen_ai.provider.name": terms.provider,
            "gen_ai.response.model": terms.model,
            "gen_ai.request.model": terms.requested_model,
            "otel_tokens.price.variant": terms.variant,
            "server.address": terms.server_address,
            "otel_tokens.tmp.inference_geo": terms.inference_geo,
            **{_TOKENS + bucket: count for bucket, count in self.usage.tokens.items()},
            **{f"otel_tokens.usage.{unit}": count for unit, count in self.usage.units.items()},
        }
        attributes = {key: value for key, value in said.items() if value is not None}
        return Span(attributes=attributes, at_s=terms.at_s)

    def differs(self, book: PriceBook, span: Mapping[str, Any]) -> str | None:
        """How the span's cost is not that of the book, or None."""
        want = book.price(self.usage, self.terms)
        status, usd = want.status, want.usd
        if not self.usage.tokens and usd == 0 and want.warnings:
            status, usd = "no_usage", None  # as `settlement` says of calls without tokens
        made = _made(span)
        expected: dict[str, Any] = {"status": status, "warnings": sorted(set(want.warnings))}
        if usd is not None:
            expected |= {"version": want.version, "usd": float(usd)}
            expected |= {f"usd.{bucket}": float(part) for bucket, part in want.by_bucket.items()}
        if made.keys() == expected.keys() and all(_same(made[key], expected[key]) for key in made):
            return None
        return f"{self.terms}\n  {self.usage}\n  want {expected}\n  made {made}"


def _same(made: Any, expected: Any) -> bool:
    if isinstance(expected, float):
        return bool(abs(made - expected) < _NEAR_USD)
    return bool(made == expected)


def _made(span: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "status": span.get("otel_tokens.cost.status"),
        "warnings": sorted(set(span.get("otel_tokens.warnings", ()))),
    }
    usd = span.get("otel_tokens.cost.usd")
    if usd is None:
        return found
    parts = {f"usd.{key.removeprefix(_USD)}": value for key, value in span.items() if key.startswith(_USD)}
    return {**found, "version": span.get("otel_tokens.price.version"), "usd": usd, **parts}


def every_model(seed: int) -> Iterator[Call]:
    """Every model, with each variant, around its changes of price, under and over each size of prompt."""
    rng = random.Random(seed)  # noqa: S311  # the same cases each time
    catalog = Catalog(DATA)
    for provider in DATA["providers"]:
        for model in catalog.models(provider):
            days = [*[day + off for day in _days(model) for off in (-1, 0)], TODAY]
            for variant in sorted({"standard", rng.choice(_VARIANTS), *_named(model)}):
                for over in (None, *_thresholds(model)):
                    day = rng.choice(days)
                    usage = _usage(rng, model, over)
                    yield Call(usage, _terms(rng, provider, model.id, day, variant))


def names(seed: int, count: int) -> Iterator[Call]:
    """Names that are written otherwise, at their own provider, at resellers and at strangers."""
    rng = random.Random(seed)  # noqa: S311
    written = {provider: [*_written(plain["models"])] for provider, plain in DATA["providers"].items()}
    dense = ("openai", "gcp.gemini", "aws.bedrock", "anthropic")
    strangers = (
        "google",
        "azure",
        "azure.ai.inference",
        "gcp.gen_ai",
        "ollama",
        "nobody",
        "xai",
        "gcp.vertex_ai",
    )
    for _ in range(count):
        provider = rng.choice((*written, *dense * 10))
        model = _mutated(rng, rng.choice(written[provider]))
        asked = rng.choice((None, model, _mutated(rng, rng.choice(written[rng.choice(dense)]))))
        seller = rng.choice((provider,) * 5 + ("azure.ai.openai", rng.choice(strangers)))
        answered = None if rng.random() < 0.2 else model
        terms = _terms(rng, seller, answered, TODAY, rng.choice(("standard",) * 4 + ("batch", "committed")))
        yield Call(
            Usage({"input": 1000, "cache_read": 50, "output": 100}), terms._replace(requested_model=asked)
        )


def _written(models: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for model in models:
        yield model["id"]
        for kind in ("equals", "prefix", "suffix", "contains"):
            yield from model.get("match", {}).get(kind, ())


def _mutated(rng: random.Random, name: str) -> str:
    name = rng.choice(_BEFORE) + name + rng.choice(_BEHIND)
    chance = rng.random()
    if chance < 0.2:
        return name.upper()
    if chance < 0.25:
        return name[:-1]
    if chance < 0.3 and name:
        place = rng.randrange(len(name))
        return name[:place] + rng.choice("-x./:@2 =") + name[place:]
    return name


def _terms(rng: random.Random, provider: str, model: str | None, day: int, variant: str) -> Terms:
    # Where a client speaks to many hosts, the host says who is the provider: see `price_hosts`.
    address = rng.choice(("us.api.openai.com", "api.openai.com", None)) if provider == "openai" else None
    at_s = day * DAY_S + rng.randrange(DAY_S)
    return Terms(provider, model, at_s, None, variant, address, rng.choice((None, "us", "global")))


def _usage(rng: random.Random, model: Model, over: int | None) -> Usage:
    priced = [bucket for bucket in model.rows[0].rates if bucket in BUCKETS]
    buckets = (
        sorted(BUCKETS)
        if rng.random() < 0.1
        else rng.sample(sorted(BUCKETS), 3)
        if rng.random() < 0.2
        else priced
    )
    tokens = {bucket: rng.randint(1, 5000) for bucket in buckets}
    if over is not None:
        rest = sum(
            [count for bucket, count in tokens.items() if bucket in INPUT_BUCKETS and bucket != "input"]
        )
        tokens["input"] = over + rng.choice((0, 1)) - rest
    units = rng.sample(sorted(UNITS), rng.choice((0, 0, 1, 2)))
    return Usage(
        {b: count for b, count in tokens.items() if count > 0}, {unit: rng.randint(1, 9) for unit in units}
    )


def _partial(model: Model) -> list[Row]:
    return [part for row in model.rows for parts in row.variants.values() for part in parts]


def _days(model: Model) -> list[int]:
    return sorted({row.start for row in (*model.rows, *_partial(model)) if row.start is not None})


def _named(model: Model) -> set[str]:
    return {name for row in model.rows for name in row.variants if name in _VARIANTS}


def _thresholds(model: Model) -> list[int]:
    return sorted({tier.over for row in (*model.rows, *_partial(model)) for tier in row.tiers})
