"""The worked cases of `golden/pricing.json`, from the wire on: dialect, then book, then dollars."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from otel_tokens.dialects import Dialect, openai_usage
from otel_tokens.dialects.anthropic_messages import DIALECT as MESSAGES
from otel_tokens.dialects.openai_audio import SPEECH, TRANSCRIPTION
from otel_tokens.dialects.openai_chat import DIALECT as CHAT
from otel_tokens.dialects.openai_embeddings import DIALECT as EMBEDDINGS
from otel_tokens.dialects.openai_images import DIALECT as IMAGES
from otel_tokens.dialects.openai_responses import DIALECT as RESPONSES
from otel_tokens.pricing import book_of
from otel_tokens.readings import NOTHING, Reading, Usage
from otel_tokens.settlement import variant_of

from ..pricing.test_golden_pricing import _CASES, _FILE, document_of, terms_of


Case = Mapping[str, Any]

DIALECTS: Mapping[str, Dialect] = {
    "openai.chat": CHAT,
    "openai.responses": RESPONSES,
    "openai.embeddings": EMBEDDINGS,
    "openai.images": IMAGES,
    "openai.transcription": TRANSCRIPTION,
    "openai.speech": SPEECH,
    "anthropic.messages": MESSAGES,
}
USAGE_ALONE = ("openai.realtime", "openai.live")
"""Formats without a dialect here, whose usage object is of the same family."""

TOOLS = {
    "web_search": {"type": "web_search_call", "action": {"type": "search"}},
    "file_search": {"type": "file_search_call"},
}

CASES = [case for case in _CASES if case["wire_format"] in (*DIALECTS, *USAGE_ALONE)]


def body_of(case: Case) -> dict[str, Any]:
    """The answer of a case, with everything in the place where the wire has it."""
    usage, options = case["usage_wire"], case["options"]
    body: dict[str, Any] = {"model": case["model"], "usage": usage}
    anthropic = case["wire_format"].startswith("anthropic.")
    if "service_tier" in options:
        if anthropic:
            body["usage"] = {**usage, "service_tier": options["service_tier"]}
        else:
            body["service_tier"] = options["service_tier"]
    if anthropic:
        more = {name: options[name] for name in ("speed", "inference_geo") if name in options}
        body["usage"] = {**body["usage"], **more}
        if options.get("processing") == "batch":
            body["usage"]["service_tier"] = "batch"
    elif options.get("processing") == "batch":
        body["service_tier"] = "batch"
    body["output"] = [
        dict(TOOLS[tool])
        for tool, count in options.get("tool_calls", {}).items()
        if tool in TOOLS
        for _ in range(count)
    ]
    return body


def request_of(case: Case) -> dict[str, Any]:
    """The request of a case, as far as it decides what is billed."""
    options = case["options"]
    request: dict[str, Any] = {"model": case["model"]}
    if "requested_service_tier" in options:
        request["service_tier"] = options["requested_service_tier"]
    if "input_characters" in options:
        request["input"] = "x" * options["input_characters"]
    return request


def read(case: Case) -> tuple[Reading, Usage]:
    """What the dialect of a case reads, folded from events where it is a stream; and what is billed."""
    if case["wire_format"] in USAGE_ALONE:
        usage, warnings = openai_usage.tokens(case["usage_wire"])
        if usage is None:
            usage = Usage({}, openai_usage.seconds(case["usage_wire"]))
        return Reading(usage=usage, warnings=warnings), usage
    dialect = DIALECTS[case["wire_format"]]
    stream = case["usage_wire"].get("stream")
    if stream is None:
        reading = dialect.read(body_of(case))
    else:
        assert dialect.events is not None
        events = dialect.events()
        for event in stream:
            events.see(event)
        reading = dialect.read(events.body())
    return reading, reading.usage or dialect.units(request_of(case)) or NOTHING


def _units(case: Case) -> dict[str, Decimal]:
    return {unit: Decimal(str(count)) for unit, count in case.get("expected_units", {}).items()}


@pytest.mark.skipif(not _CASES, reason=f"no golden cases at {_FILE}")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_golden_case_is_read(case: Case) -> None:
    """The usage of a case falls into exactly the buckets and units that were worked out by hand."""
    reading, usage = read(case)
    parts = {part.model: dict(part.usage.tokens) for part in reading.parts}

    assert dict(usage.tokens) == case["expected_buckets"]
    assert {unit: Decimal(count) for unit, count in usage.units.items()} == _units(case)
    assert parts == case.get("expected_buckets_by_model", {})
    assert list(reading.warnings) == case.get("expected_warnings", [])


@pytest.mark.skipif(not _CASES, reason=f"no golden cases at {_FILE}")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_golden_case_is_priced(case: Case) -> None:
    """What is read of a case costs, by the case's own rates, what was worked out by hand."""
    reading, billed = read(case)
    book = book_of(document_of(case))

    def cost(model: str, usage: Usage, variant: str) -> Decimal | None:
        terms = terms_of(case, model)._replace(variant=variant, **_geo(reading))
        return book.price(usage, terms).usd

    dialect = DIALECTS.get(case["wire_format"], CHAT)
    variant = variant_of(reading, dialect, request_of(case))
    costs = [cost(case["model"], billed, variant)]
    costs += [cost(part.model or "", part.usage, variant) for part in reading.parts]

    assert sum(usd for usd in costs if usd is not None) == Decimal(case["expected_usd"])
    assert None not in costs


def _geo(reading: Reading) -> dict[str, Any]:
    return {} if reading.inference_geo is None else {"inference_geo": reading.inference_geo}


STATED = [case for case in _CASES if case["wire_format"] == "openrouter.chat"]


@pytest.mark.skipif(not STATED, reason=f"no golden cases at {_FILE}")
@pytest.mark.parametrize("case", STATED, ids=lambda case: case["id"])
def test_a_golden_case_that_states_its_cost(case: Case) -> None:
    """The cost that the provider states, with what its upstream charges on top, is read to the last digit."""
    reading = CHAT.read({"model": case["model"], "usage": case["usage_wire"]})

    assert reading.usage is not None
    assert dict(reading.usage.tokens) == case["expected_buckets"]
    assert reading.cost_usd == Decimal(case["expected_usd"])


OWN: Mapping[str, tuple[Case, Mapping[str, int], Mapping[str, int], str]] = {
    "flex, files and searches of the web": (
        {
            "wire_format": "openai.responses",
            "provider": "openai",
            "model": "m",
            "usage_wire": {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110},
            "options": {"service_tier": "flex", "tool_calls": {"web_search": 2, "file_search": 1}},
        },
        {"input": 100, "output": 10},
        {"web_search": 2, "file_search": 1},
        "flex",
    ),
    "a batch of Anthropic": (
        {
            "wire_format": "anthropic.messages",
            "provider": "anthropic",
            "model": "m",
            "usage_wire": {"input_tokens": 100, "output_tokens": 10},
            "options": {"processing": "batch"},
        },
        {"input": 100, "output": 10},
        {},
        "batch",
    ),
    "speech by the character": (
        {
            "wire_format": "openai.speech",
            "provider": "openai",
            "model": "tts-1",
            "usage_wire": {},
            "options": {"input_characters": 9},
        },
        {},
        {"character": 9},
        "standard",
    ),
}


@pytest.mark.parametrize("name", OWN)
def test_a_case_of_our_own_is_read(name: str) -> None:
    """What lies outside the usage object is found where the wire has it, without the golden file too."""
    case, buckets, units, variant = OWN[name]
    reading, usage = read(case)

    assert (dict(usage.tokens), dict(usage.units)) == (buckets, units)
    assert variant_of(reading, DIALECTS[case["wire_format"]], request_of(case)) == variant
