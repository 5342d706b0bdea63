"""Compares what was measured with what the wire says, rule by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .receiver import CLIENT_KIND, Span
from .replay import Item, Recording


USAGE_SOURCE = "otel_tokens.usage.source"
COST_USD = "otel_tokens.cost.usd"
OUTCOME = "otel_tokens.outcome"
INPUT = "gen_ai.usage.input_tokens"
OUTPUT = "gen_ai.usage.output_tokens"
RESPONSE_MODEL = "gen_ai.response.model"
FINISH_REASONS = "gen_ai.response.finish_reasons"
PROVIDER = "gen_ai.provider.name"

DETAILS = {
    "cache_read": "gen_ai.usage.cache_read.input_tokens",
    "cache_write": "gen_ai.usage.cache_write.input_tokens",
    "cache_write_5m": "otel_tokens.usage.cache_write_5m",
    "cache_write_1h": "otel_tokens.usage.cache_write_1h",
    "reasoning": "gen_ai.usage.reasoning.output_tokens",
    "audio_in": "gen_ai.usage.audio.input_tokens",
    "audio_out": "gen_ai.usage.audio.output_tokens",
}
"""Key of `expected` to attribute; an absent attribute is 0."""

INFERENCE = frozenset(
    {"chat", "completions", "responses", "embeddings", "messages", "images", "transcription"}
)
"""Operations that have a span of their own even when they fail."""

PROVIDERS = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "resource.openai.azure.com": "azure.ai.openai",
    "resource.cognitiveservices.azure.com": "azure.ai.openai",
    "bedrock-runtime.us-east-1.amazonaws.com": "aws.bedrock",
    "us-east5-aiplatform.googleapis.com": "gcp.vertex_ai",
    "api.deepseek.com": "deepseek",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral_ai",
    "api.x.ai": "x_ai",
    "api.perplexity.ai": "perplexity",
    "api.moonshot.ai": "moonshot_ai",
}
"""What the conventions call whoever stands at these hosts."""

_BESIDE = "usage stands beside an error in one event, where openai raises: no caller ever gets that event"

DOUBTFUL: dict[str, str] = {
    "openrouter-chat-stream-311a5fe01b": _BESIDE,
}
"""Recordings that are not judged, each with the reason found in its wire."""


@dataclass(frozen=True)
class Total:
    """What the wire counts, or None where it contradicts itself or is silent."""

    input: int | None
    output: int | None
    more: int = 0
    """Tokens that the headline leaves out, of compactions and advisors."""


def total(recording: Recording) -> Total:
    """All tokens of a recording, sums of rows for a file of results."""
    expected = recording.expected
    if expected["input_rule"] == "sum_of_rows":
        return Total(expected["input_tokens"] or 0, expected["output_tokens"] or 0)
    wire_in, wire_out = expected["input_total"], expected["output_total"]
    if expected["input_rule"] == "no_cache_fields" and expected["output_rule"] is None:
        wire_out = wire_out or 0  # embeddings have no output
    return Total(wire_in, wire_out, _iterations(expected["iterations_total"]))


def _iterations(sums: object) -> int:
    if not isinstance(sums, Mapping):
        return 0
    return sum(v for k, v in sums.items() if k.endswith("tokens") and isinstance(v, int))


def calls(spans: Sequence[Span]) -> list[Span]:
    """The spans of calls among those of one replay."""
    return [span for span in spans if span.kind == CLIENT_KIND]


def ours(spans: Sequence[Span]) -> list[Span]:
    """The spans of this package; a client library may have some of its own."""
    return [span for span in spans if span.scope == "otel_tokens"]


def claims(spans: Sequence[Span]) -> list[Span]:
    """The calls that state what a provider counted."""
    return [span for span in calls(spans) if span.attributes.get(USAGE_SOURCE) == "provider"]


def problems(item: Item, spans: Sequence[Span], error: str | None) -> list[str]:
    """What is wrong with the spans of one replay, a line each; nothing if all is right."""
    recording = item.recording
    judge = _counted if recording.expected["has_usage"] else _uncounted
    found = judge(item, spans) + _ended(item, spans, error)
    return [f"{line}  [{error}]" if error else line for line in found]


def _counted(item: Item, spans: Sequence[Span]) -> list[str]:
    recording, wire = item.recording, total(item.recording)
    claimed = claims(spans)
    if not claimed and not wire.input and not wire.output:
        return []  # a batch that has not begun states zeros, and so does who does not count embeddings
    if recording.expected["input_rule"] == "sum_of_rows":
        return _rows(wire, claimed)
    if len(claimed) != 1:
        seen = [dict(call.attributes) for call in calls(spans)]
        return [f"{len(claimed)} spans state the provider's usage, not one; calls: {seen}"]
    if len(calls(spans)) != 1:
        return [f"{len(calls(spans))} client spans: {[span.name for span in calls(spans)]}"]
    return _compare(item, wire, claimed[0].attributes)


def _rows(wire: Total, claimed: Sequence[Span]) -> list[str]:
    stated = [sum(span.attributes.get(name, 0) for span in claimed) for name in (INPUT, OUTPUT)]
    wanted = [wire.input, wire.output]
    return [] if stated == wanted else [f"rows add up to {stated}, not {wanted}"]


def _compare(item: Item, wire: Total, got: Mapping[str, Any]) -> list[str]:
    expected = item.recording.expected
    wanted: dict[str, Any] = {}
    if wire.input is not None:
        wanted[INPUT] = wire.input
    if wire.output is not None:
        wanted[OUTPUT] = wire.output
    unsure = _unsure(expected)
    wanted |= {name: expected[key] or 0 for key, name in DETAILS.items() if key not in unsure}
    found = [
        f"{name} is {got.get(name)}, not {value}"
        for name, value in wanted.items()
        if (got.get(name) or 0) != value
    ]
    return found + _said(item, got)


def _unsure(expected: Mapping[str, Any]) -> set[str]:
    """The details that this wire leaves open or contradicts itself about."""
    unsure = set()
    if expected["input_total"] is None:
        unsure.add("cache_read")  # more was cached than was sent at all
    split = (expected["cache_write_5m"] or 0) + (expected["cache_write_1h"] or 0)
    if split != (expected["cache_write"] or 0):
        unsure.add("cache_write_5m")  # it is 5 minutes unless said otherwise, which may go unsaid
    spoken_and_thought = (expected["audio_out"] or 0) + (expected["reasoning"] or 0)
    if spoken_and_thought > (expected["output_total"] or 0):
        unsure.add("audio_out")  # a token of the output is one or the other
    return unsure


def _said(item: Item, got: Mapping[str, Any]) -> list[str]:
    expected = item.recording.expected
    found = []
    if (model := expected["response_model"]) and got.get(RESPONSE_MODEL) != model:
        found.append(f"{RESPONSE_MODEL} is {got.get(RESPONSE_MODEL)!r}, not {model!r}")
    reasons = expected["finish_reasons"]
    if all(reasons) and reasons and got.get(FINISH_REASONS) != reasons:
        found.append(f"{FINISH_REASONS} is {got.get(FINISH_REASONS)}, not {reasons}")
    return found + _provider(item, got)


def _provider(item: Item, got: Mapping[str, Any]) -> list[str]:
    host = item.recording.url.split("/")[2].lower()
    known = PROVIDERS.get(host)
    if known and got.get(PROVIDER) != known:
        return [f"{PROVIDER} is {got.get(PROVIDER)!r} at {host}, not {known!r}"]
    return []


def _ended(item: Item, spans: Sequence[Span], error: str | None) -> list[str]:
    """Every replay reads to the end: whatever brought neither an error nor one on the wire is ok."""
    if error or item.recording.expected["error"] or item.recording.status >= 400:
        return []
    outcomes = [span.attributes.get(OUTCOME) for span in ours(spans)]
    other = [outcome for outcome in outcomes if outcome != "ok"]
    return [f"read to its end without an error, but the outcome is {other}"] if other else []


def _uncounted(item: Item, spans: Sequence[Span]) -> list[str]:
    found = [f"claims usage that is not on the wire: {dict(span.attributes)}" for span in claims(spans)]
    failed = item.recording.status >= 400
    if failed and item.plan.operation in INFERENCE:
        outcomes = [span.attributes.get(OUTCOME) for span in calls(spans)]
        if outcomes != ["error"]:
            found.append(f"status {item.recording.status}, but the outcomes are {outcomes}")
    if len(calls(spans)) > 1:
        found.append(f"{len(calls(spans))} client spans for one request")
    return found
