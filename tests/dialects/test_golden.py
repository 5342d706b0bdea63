"""The worked cases of `golden/pricing.json`, from the wire on: dialect, then book, then dollars."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from otel_tokens.dialects import Dialect, exchange
from otel_tokens.dialects.catalog import find
from otel_tokens.dialects.google_fees import searches
from otel_tokens.pricing import Cost, book_of
from otel_tokens.readings import NOTHING, Reading, Usage, add
from otel_tokens.settlement import variant_of

from ..pricing import golden
from ..pricing.golden import CASES, FILE, Case, document_of, options_of, terms_of
from ..pricing.test_golden_pricing import sum_of


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
    return {"model": case["model"], "usage": case["usage_wire"]}


def _anthropic(case: Case) -> Body:
    options, usage = options_of(case), dict(case["usage_wire"])
    usage |= {name: options[name] for name in ("service_tier", "speed", "inference_geo") if name in options}
    return {"model": case["model"], "usage": usage}


def _bedrock(case: Case) -> Body:
    return {"usage": case["usage_wire"]}


def _wrapped(name: str) -> Callable[[Case], Body]:
    """The usage object under `name`, unless the case has that around it."""

    def body(case: Case) -> Body:
        usage = case["usage_wire"]
        return {"model": case["model"], **(usage if name in usage else {name: usage})}

    return body


def _watsonx(case: Case) -> Body:
    usage = case["usage_wire"]
    return {"model_id": case["model"], **(usage if "results" in usage else {"results": [usage]})}


BODIES: Mapping[str, Callable[[Case], Body]] = {
    "anthropic.messages": _anthropic,
    "google.generate_content": lambda case: {"usageMetadata": case["usage_wire"]},
    "bedrock.converse": _bedrock,
    "cohere.rerank": _wrapped("meta"),
    "mistral.ocr": _wrapped("usage_info"),
    "ollama.chat": lambda case: {"model": case["model"], "done": True, **case["usage_wire"]},
    "watsonx.generate": _watsonx,
}
"""How the wire looks around the usage object, where it is not OpenAI's."""

EVENTS: Mapping[str, tuple[str, Callable[[Any], Body]]] = {
    "openai.chat": ("prompt_tokens", lambda usage: {"choices": [], "usage": usage}),
    "openai.responses": (
        "input_tokens",
        lambda usage: {"type": "response.completed", "response": {"usage": usage}},
    ),
    "openai.realtime": (
        "input_tokens",
        lambda usage: {"type": "response.done", "response": {"status": "completed", "usage": usage}},
    ),
    "openai.live": ("seconds", lambda usage: {"type": "session.usage.updated", "usage": usage}),
    "openrouter.chat": ("prompt_tokens", lambda usage: {"choices": [], "usage": usage}),
    "perplexity.chat": ("prompt_tokens", lambda usage: {"choices": [], "usage": usage}),
    "google.generate_content": ("promptTokenCount", lambda usage: {"usageMetadata": usage}),
    "bedrock.converse": ("inputTokens", lambda usage: {"metadata": {"usage": usage}}),
    "cohere.chat": ("billed_units", lambda usage: {"type": "message-end", "delta": {"usage": usage}}),
    "watsonx.generate": ("generated_token_count", lambda usage: {"results": [usage]}),
}
"""A counter of the usage object, and the event around it, where a stream has the object alone."""


def events_of(case: Case) -> list[Any]:
    """The events of a stream, and of what only comes as one."""
    name, event = EVENTS.get(case["wire_format"], ("", lambda usage: usage))
    events = case["usage_wire"].get("stream", [case["usage_wire"]])
    return [event(one) if name in one else one for one in events]


def body_of(case: Case, dialect: Dialect) -> Body:
    """The answer of a case, with everything in the place where the wire has it."""
    wire = case["usage_wire"]
    if (wire and "stream" in wire) or case["wire_format"] in ("openai.realtime", "openai.live"):
        body = exchange.folded(dialect, events_of(case))
    else:
        body = BODIES.get(case["wire_format"], _openai)(case)
    return {**body, **_beside(case, body)}


def _beside(case: Case, body: Body) -> Body:
    """What a case says outside of its usage object, where the wire has it."""
    options, tier = options_of(case), options_of(case).get("service_tier")
    if case["wire_format"] == "bedrock.converse":
        return {"serviceTier": {"type": tier}} if tier else {}
    if case["wire_format"] == "google.generate_content":
        tiered = {"usageMetadata": {**body["usageMetadata"], "serviceTier": tier}} if tier else {}
        return {"modelVersion": _model(case), **_grounded(options, body), **tiered}
    if case["wire_format"] == "openai.responses":
        tools = options.get("tool_calls", {})
        return {
            "output": [
                dict(TOOLS[tool]) for tool, count in tools.items() for _ in range(count) if tool in TOOLS
            ],
            **({"service_tier": tier} if tier else {}),
        }
    return {"service_tier": tier} if tier and case["wire_format"] == "openai.chat" else {}


def _grounded(options: Mapping[str, Any], body: Body) -> Body:
    queries = options.get("grounding_web_search_queries")
    candidate = next(iter(body.get("candidates") or ()), {})
    return (
        {}
        if queries is None
        else {"candidates": [{**candidate, "groundingMetadata": {"webSearchQueries": queries}}]}
    )


def _model(case: Case) -> str:
    """The model of Google's that answered; another where its name does not bill searches as the case does."""
    unit, model = options_of(case).get("grounding_unit"), str(case["model"])
    per_prompt = searches(["a", "b"], model) == 1
    if unit is None or per_prompt == (unit == "prompt"):
        return model
    return "gemini-2" if unit == "prompt" else "gemini-3"


def request_of(case: Case) -> dict[str, Any]:
    """The request of a case, as far as it decides what is billed."""
    options = options_of(case)
    request: dict[str, Any] = {"model": case["model"]}
    if "requested_service_tier" in options:
        request["service_tier"] = options["requested_service_tier"]
    if "input_characters" in options:
        request["input"] = "x" * options["input_characters"]
    return request


def read(case: Case) -> tuple[Reading, Usage]:
    """What the dialect of a case reads, folded from events where it is a stream; and what is billed."""
    dialect = dialect_of(case)
    reading = dialect.read(body_of(case, dialect))
    usage = reading.usage or dialect.units(request_of(case)) or NOTHING
    tools = {} if case["wire_format"] == "openai.responses" else options_of(case).get("tool_calls", {})
    counted = {tool: count for tool, count in tools.items() if tool in TOOLS and tool not in usage.units}
    return reading, add(usage, Usage({}, counted)) if counted else usage


def billed_as(case: Case, reading: Reading) -> str:
    """The variant: a batch is one whatever its lines say."""
    if options_of(case).get("processing") == "batch":
        return "batch"
    return variant_of(reading, dialect_of(case), request_of(case))


def costs_of(case: Case, reading: Reading, billed: Usage) -> list[Cost]:
    """What the model that answered and each of the others cost, by the case's own rates."""
    book, variant = book_of(document_of(case)), billed_as(case, reading)
    parts = [(case["model"], billed), *[(part.model or "", part.usage) for part in reading.parts]]
    return [
        book.price(usage, terms_of(case, model)._replace(variant=variant, **_geo(reading)))
        for model, usage in parts
    ]


each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])


@pytest.mark.skipif(not CASES, reason=f"no golden cases at {FILE}")
@each_case
def test_a_golden_case_is_read(case: Case) -> None:
    """The usage of a case falls into exactly the buckets and units that were worked out by hand."""
    reading, usage = read(case)
    charged = {bucket: count for bucket, count in usage.tokens.items() if bucket not in reading.free}
    parts: dict[str | None, Usage] = {}
    for part in reading.parts:
        parts[part.model] = add(parts.get(part.model, NOTHING), part.usage)
    costs = () if golden.is_reported(case) else costs_of(case, reading, usage)
    warnings = (*reading.warnings, *[warning for cost in costs for warning in cost.warnings])

    assert case["expected_buckets"] in (dict(usage.tokens), charged)
    assert golden.exact(usage.units) == golden.exact(case.get("expected_units", {}))
    assert {model: dict(part.tokens) for model, part in parts.items()} == case.get(
        "expected_buckets_by_model", {}
    )
    assert golden.warned(warnings, case), warnings


@pytest.mark.skipif(not CASES, reason=f"no golden cases at {FILE}")
@each_case
def test_a_golden_case_is_priced(case: Case) -> None:
    """What is read of a case costs what was worked out by hand: as stated, else by the case's own rates."""
    reading, billed = read(case)
    if golden.is_reported(case) and reading.cost_usd is not None:
        assert reading.cost_usd == Decimal(case["expected_usd"])
        return
    costs = costs_of(case, reading, billed)
    charged = [usd for cost in costs for bucket, usd in cost.by_bucket.items() if bucket not in reading.free]

    assert None not in [cost.usd for cost in costs]
    assert golden.same(sum_of(charged), case), (sum_of(charged), case["expected_usd"])


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
    assert billed_as(case, reading) == variant
