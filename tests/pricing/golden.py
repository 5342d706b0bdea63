"""The format of `golden/pricing.json`: what a case says of rates, terms and warnings, for any case of it."""

from __future__ import annotations

import json
import os

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from otel_tokens.pricing import Terms
from otel_tokens.readings import Number


Case = Mapping[str, Any]

_DEFAULT = Path(__file__).parents[3] / "shared" / "golden" / "pricing.json"
FILE = Path(os.environ.get("OTEL_TOKENS_GOLDEN", _DEFAULT))
CASES: list[Case] = json.loads(FILE.read_text("utf-8")) if FILE.exists() else []
AT = "2026-11-23T12:00:00Z"  # when the cases were written; a Monday outside all peak hours

_CONDITIONS = {"server_address", "inference_geo", "deployment_type"}
_WHOLE_DAY = ["00:00-24:00"]
_EXACT_WARNING = "usage_inconsistent"

_COMMITTED = {"scale", "reserved", "provisioned_throughput", "provisioned", "committed"}
_ASKED = {"batch": "batch", "flex": "flex", "priority": "priority", "fast": "priority"}


def options_of(case: Case) -> Mapping[str, Any]:
    """What lies outside of the usage object."""
    return case.get("options") or {}


def usage_of(case: Case) -> dict[str, Any]:
    """The usage object of a case, of a stream with the last word of each field."""
    wire = case.get("usage_wire") or {}
    if "stream" not in wire:
        return dict(wire)
    merged: dict[str, Any] = {}
    for event in wire["stream"]:
        merged |= {key: value for key, value in _usage_in(event).items() if value is not None}
    return merged


def _usage_in(event: Mapping[str, Any]) -> dict[str, Any]:
    """The usage object in an event, at whatever depth the wire has it."""
    for name in ("usage", "usageMetadata"):
        if isinstance(event.get(name), dict):
            return dict(event[name])
    for name in ("message", "response", "delta", "metadata"):
        if isinstance(event.get(name), dict) and (found := _usage_in(event[name])):
            return found
    return {}


def variant_of(case: Case) -> str:
    """What the case was billed as: as the answer says, else as it was asked."""
    options, usage = options_of(case), usage_of(case)
    stated = (
        options.get("processing"),
        options.get("speed"),
        usage.get("speed"),
        usage.get("service_tier"),
        options.get("service_tier"),
        usage.get("serviceTier"),
        usage.get("trafficType"),
    )
    words = [_word(word) for word in stated if isinstance(word, str)]
    for word in words:
        if word in _COMMITTED or (word == "priority" and _is_anthropic(case)):
            return "committed"
        if word in _ASKED:
            return word if _is_anthropic(case) else _ASKED[word]
    asked = _word(str(options.get("requested_service_tier", "")))
    if words or _is_anthropic(case):
        return "standard"  # a request of Anthropic's only allows a tier
    return "committed" if asked in _COMMITTED else _ASKED.get(asked, "standard")


def _is_anthropic(case: Case) -> bool:
    return "anthropic" in (case["provider"], str(case.get("wire_format")).partition(".")[0])


def _word(stated: str) -> str:
    return stated.lower().removeprefix("on_demand_").removeprefix("service_tier_")


def at_s(case: Case) -> float:
    """When the call began; UTC, where the case does not say."""
    stated = options_of(case).get("timestamp") or AT
    at = datetime.fromisoformat(stated.replace("Z", "+00:00"))
    return (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp()


def terms_of(case: Case, model: str) -> Terms:
    """The terms of one part of a case."""
    options = options_of(case)
    return Terms(
        provider=case["provider"],
        model=model,
        requested_model=model,
        variant=variant_of(case),
        server_address=options.get("server_address"),
        inference_geo=usage_of(case).get("inference_geo") or options.get("inference_geo"),
        at_s=at_s(case),
    )


def document_of(case: Case) -> dict[str, Any]:
    """The case's own rates in the schema of the override file. Tiers and variants are of its main model."""
    main = {
        "rates": _rates(case),
        "tiers": _tiers(case),
        "variants": {name: _variant(variant) for name, variant in (case.get("variants") or {}).items()},
    }
    parts = {model: {"rates": _texts(rates)} for model, rates in (case.get("rates_by_model") or {}).items()}
    prices = [
        {
            "provider": case["provider"],
            "model": model,
            **stated,
            "fees": _texts(case.get("fees_usd") or {}),
        }
        for model, stated in {**parts, case["model"]: main}.items()
    ]
    return {
        "price": [price for price in prices if any(price.get(key) for key in ("rates", "fees", "variants"))],
        "multiplier": list(_multipliers(case)),
        "alias": list(_aliases(case)),
    }


def _rates(stated: Mapping[str, Any]) -> dict[str, str]:
    return _texts(stated.get("rates_usd_per_mtok") or {})


def _texts(stated: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in stated.items()}


def _tiers(stated: Mapping[str, Any]) -> list[dict[str, Any]]:
    plain = [dict(tier) for tier in stated.get("tiers") or ()]
    return [{"rates": _texts(tier.pop("rates_usd_per_mtok")), **tier} for tier in plain]


def _variant(stated: Mapping[str, Any]) -> dict[str, Any]:
    when = stated.get("when_utc")
    plain = {
        "rates": _rates(stated),
        "fees": _texts(stated.get("fees_usd") or {}),
        "when_utc": when and {"windows": _WHOLE_DAY, **when},
        "tiers": _tiers(stated),
    }
    return {key: value for key, value in plain.items() if value}


def _multipliers(case: Case) -> Iterator[dict[str, Any]]:
    for condition, factor in (case.get("multipliers") or {}).items():
        name, _, value = condition.partition(":")
        plain = {"provider": case["provider"], "factor": str(factor)}
        known = {"azure_deployment_type": "deployment_type"}.get(name, name)
        if known in _CONDITIONS:
            yield {**plain, "when": {known: value}}
        elif value in (options_of(case).get(name), usage_of(case).get(name)):
            yield plain  # a condition that only this case knows, and it holds


def _aliases(case: Case) -> Iterator[dict[str, Any]]:
    kind = options_of(case).get("azure_deployment_type")
    if kind:
        model = case["model"]
        names = {"provider": case["provider"], "deployment": model, "model": model}
        yield {**names, "deployment_type": kind}


def exact(units: Mapping[str, Any]) -> dict[str, Number]:
    """Counts of units as exact numbers."""
    return {unit: count if isinstance(count, int) else Decimal(str(count)) for unit, count in units.items()}


def uncharged(case: Case) -> frozenset[str]:
    """The buckets that count and cost nothing: what a search of Google's has fed back to the model."""
    options, usage = options_of(case), usage_of(case)
    searched = any(options.get("grounding_web_search_queries") or ())
    return frozenset({"input_tool"} if searched and usage.get("toolUsePromptTokenCount") else ())


def is_reported(case: Case) -> bool:
    """Whether the cost of a case is the one that its provider states."""
    return "provider_reported" in (case.get("expected_cost_source"), options_of(case).get("prefer"))


def same(usd: Decimal | None, case: Case) -> bool:
    """Whether a cost is that of a case: to the last digit, or to 20 places where a rate is by the hour."""
    expected = Decimal(case["expected_usd"])
    if usd is None or "audio_hour" not in (case.get("fees_usd") or {}):
        return usd == expected
    return abs(usd - expected) < Decimal("1e-20")


def warned(warnings: tuple[str, ...], case: Case) -> bool:
    """Whether the expected warnings are among `warnings`, and usage is only called odd where it is."""
    expected = case.get("expected_warnings") or []
    found = {warning.partition(":")[0] for warning in warnings} | set(warnings)
    return found >= set(expected) and (_EXACT_WARNING in found) == (_EXACT_WARNING in expected)
