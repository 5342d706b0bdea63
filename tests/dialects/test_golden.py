"""The worked cases of `golden/pricing.json`, from the wire on: dialect, then book, then dollars."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from otel_tokens.dialects import Dialect, exchange
from otel_tokens.dialects.catalog import find
from otel_tokens.pricing import book_of
from otel_tokens.readings import NOTHING, Reading, Usage
from otel_tokens.settlement import variant_of

from ..pricing.test_golden_pricing import _CASES, _FILE, document_of, terms_of


Case = Mapping[str, Any]
Body = dict[str, Any]

URLS: Mapping[str, str] = {
    "openai.chat": "https://api.openai.com/v1/chat/completions",
    "openai.responses": "https://api.openai.com/v1/responses",
    "openai.embeddings": "https://api.openai.com/v1/embeddings",
    "openai.images": "https://api.openai.com/v1/images/generations",
    "openai.transcription": "https://api.openai.com/v1/audio/transcriptions",
    "openai.speech": "https://api.openai.com/v1/audio/speech",
    "openai.realtime": "wss://api.openai.com/v1/realtime",
    "openai.live": "wss://api.openai.com/v1/live",
    "anthropic.messages": "https://api.anthropic.com/v1/messages",
    "google.generate_content": "https://generativelanguage.googleapis.com/v1beta/models/M:generateContent",
    "bedrock.converse": "https://bedrock-runtime.us-east-1.amazonaws.com/model/M/converse",
    "cohere.chat": "https://api.cohere.com/v2/chat",
    "cohere.rerank": "https://api.cohere.com/v2/rerank",
    "mistral.ocr": "https://api.mistral.ai/v1/ocr",
    "openrouter.chat": "https://openrouter.ai/api/v1/chat/completions",
    "perplexity.chat": "https://api.perplexity.ai/chat/completions",
    "ollama.chat": "http://localhost:11434/api/chat",
    "voyage.embeddings": "https://api.voyageai.com/v1/embeddings",
    "watsonx.generate": "https://us-south.ml.cloud.ibm.com/ml/v1/text/generation",
}
"""Wire format to where it is spoken."""

TOOLS = {
    "web_search": {"type": "web_search_call", "action": {"type": "search"}},
    "file_search": {"type": "file_search_call"},
}


def dialect_of(case: Case) -> Dialect:
    """What the wire format of a case is called by its address."""
    url = URLS[case["wire_format"]]
    model = quote(case["model"], safe="")
    url = url.replace("/M:", f"/{model}:").replace("/M/", f"/{model}/")
    found = find("ws" if url.startswith("ws") else "post", url)
    assert found is not None
    return found.dialect


def _openai(case: Case) -> Body:
    options = case["options"]
    tier = "batch" if options.get("processing") == "batch" else options.get("service_tier")
    tools = options.get("tool_calls", {})
    output = [dict(TOOLS[tool]) for tool, count in tools.items() if tool in TOOLS for _ in range(count)]
    body = {"model": case["model"], "usage": case["usage_wire"], "output": output}
    return {**body, "service_tier": tier} if tier else body


def _anthropic(case: Case) -> Body:
    options, usage = case["options"], dict(case["usage_wire"])
    usage |= {name: options[name] for name in ("service_tier", "speed", "inference_geo") if name in options}
    if options.get("processing") == "batch":
        usage["service_tier"] = "batch"
    return {"model": case["model"], "usage": usage}


def _google(case: Case) -> Body:
    options, usage = case["options"], dict(case["usage_wire"])
    if "service_tier" in options:
        usage["serviceTier"] = options["service_tier"]
    body: Body = {"modelVersion": case["model"], "usageMetadata": usage}
    queries = options.get("grounding_web_search_queries")
    if queries is not None:
        body["candidates"] = [{"groundingMetadata": {"webSearchQueries": queries}}]
    return body


def _bedrock(case: Case) -> Body:
    body: Body = {"usage": case["usage_wire"]}
    if "service_tier" in case["options"]:
        body["serviceTier"] = {"type": case["options"]["service_tier"]}
    return body


def _realtime(case: Case) -> Body:
    response = {"id": "resp_1", "status": "completed", "usage": case["usage_wire"]}
    return {"type": "response.done", "response": response}


def _plain(case: Case) -> Body:
    return {"model": case["model"], "usage": case["usage_wire"]}


BODIES: Mapping[str, Callable[[Case], Body]] = {
    "anthropic.messages": _anthropic,
    "google.generate_content": _google,
    "bedrock.converse": _bedrock,
    "openai.realtime": _realtime,
    "openai.live": lambda case: {"type": "session.usage.updated", "usage": case["usage_wire"]},
    "cohere.chat": _plain,
    "cohere.rerank": lambda case: {"meta": case["usage_wire"]},
    "mistral.ocr": lambda case: {"model": case["model"], "usage_info": case["usage_wire"]},
    "ollama.chat": lambda case: {"model": case["model"], "done": True, **case["usage_wire"]},
    "voyage.embeddings": _plain,
    "watsonx.generate": lambda case: {"model_id": case["model"], "results": [case["usage_wire"]]},
}
"""How the wire looks around the usage object, where it is not OpenAI's."""


def body_of(case: Case) -> Body:
    """The answer of a case, with everything in the place where the wire has it."""
    return BODIES.get(case["wire_format"], _openai)(case)


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
    dialect = dialect_of(case)
    stream = case["usage_wire"].get("stream")
    if stream is not None:
        reading = dialect.read(exchange.folded(dialect, stream))
    elif case["wire_format"] in ("openai.realtime", "openai.live"):
        reading = dialect.read(exchange.folded(dialect, [body_of(case)]))
    else:
        reading = dialect.read(body_of(case))
    return reading, reading.usage or dialect.units(request_of(case)) or NOTHING


def _units(case: Case) -> dict[str, Decimal]:
    return {unit: Decimal(str(count)) for unit, count in case.get("expected_units", {}).items()}


each_case = pytest.mark.parametrize("case", _CASES, ids=lambda case: case["id"])


@pytest.mark.skipif(not _CASES, reason=f"no golden cases at {_FILE}")
@each_case
def test_a_golden_case_is_read(case: Case) -> None:
    """The usage of a case falls into exactly the buckets and units that were worked out by hand."""
    reading, usage = read(case)
    parts = {part.model: dict(part.usage.tokens) for part in reading.parts}

    assert dict(usage.tokens) == case["expected_buckets"]
    assert {unit: Decimal(count) for unit, count in usage.units.items()} == _units(case)
    assert parts == case.get("expected_buckets_by_model", {})
    assert list(reading.warnings) == case.get("expected_warnings", [])


@pytest.mark.skipif(not _CASES, reason=f"no golden cases at {_FILE}")
@each_case
def test_a_golden_case_is_priced(case: Case) -> None:
    """What is read of a case costs what was worked out by hand: as stated, else by the case's own rates."""
    reading, billed = read(case)
    if case.get("expected_cost_source") == "provider_reported":
        assert reading.cost_usd == Decimal(case["expected_usd"])
        return
    book = book_of(document_of(case))

    def cost(model: str, usage: Usage, variant: str) -> Decimal | None:
        terms = terms_of(case, model)._replace(variant=variant, **_geo(reading))
        return book.price(usage, terms).usd

    variant = variant_of(reading, dialect_of(case), request_of(case))
    costs = [cost(case["model"], billed, variant)]
    costs += [cost(part.model or "", part.usage, variant) for part in reading.parts]

    assert sum(usd for usd in costs if usd is not None) == Decimal(case["expected_usd"])
    assert None not in costs


def _geo(reading: Reading) -> dict[str, Any]:
    return {} if reading.inference_geo is None else {"inference_geo": reading.inference_geo}


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
    assert variant_of(reading, dialect_of(case), request_of(case)) == variant
