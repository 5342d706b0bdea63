"""Every name that is emitted, spelled once more, so that a rename is noticed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from otel_tokens.telemetry import names


CONVENTIONS = [
    "error.type",
    "gen_ai.client.inference.duration",
    "gen_ai.client.inference.operation.details",
    "gen_ai.client.inference.operation.input_tokens",
    "gen_ai.client.inference.operation.output_tokens",
    "gen_ai.client.inference.time_to_first_chunk",
    "gen_ai.client.inference.usage.",
    "gen_ai.client.operation.duration",
    "gen_ai.client.operation.time_to_first_chunk",
    "gen_ai.client.token.usage",
    "gen_ai.conversation.id",
    "gen_ai.embeddings.dimension.count",
    "gen_ai.input.messages",
    "gen_ai.operation.name",
    "gen_ai.output.messages",
    "gen_ai.output.type",
    "gen_ai.provider.name",
    "gen_ai.request.choice.count",
    "gen_ai.request.encoding_formats",
    "gen_ai.request.frequency_penalty",
    "gen_ai.request.max_tokens",
    "gen_ai.request.model",
    "gen_ai.request.presence_penalty",
    "gen_ai.request.previous_response.id",
    "gen_ai.request.reasoning.level",
    "gen_ai.request.seed",
    "gen_ai.request.stop_sequences",
    "gen_ai.request.stream",
    "gen_ai.request.temperature",
    "gen_ai.request.top_k",
    "gen_ai.request.top_p",
    "gen_ai.response.finish_reasons",
    "gen_ai.response.id",
    "gen_ai.response.model",
    "gen_ai.response.time_to_first_chunk",
    "gen_ai.system_instructions",
    "gen_ai.token.modality",
    "gen_ai.token.type",
    "gen_ai.tool.definitions",
    "gen_ai.usage.audio.cache_read.input_tokens",
    "gen_ai.usage.audio.input_tokens",
    "gen_ai.usage.audio.output_tokens",
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.image.cache_read.input_tokens",
    "gen_ai.usage.image.input_tokens",
    "gen_ai.usage.image.output_tokens",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.reasoning.output_tokens",
    "openai.api.type",
    "openai.request.service_tier",
    "openai.response.service_tier",
    "openai.response.system_fingerprint",
    "server.address",
    "server.port",
]

OURS = [
    "otel_tokens.attempts",
    "otel_tokens.blocked.reason",
    "otel_tokens.blocked.requests",
    "otel_tokens.bucket",
    "otel_tokens.budget",
    "otel_tokens.budget.blocked",
    "otel_tokens.budget.held.tokens",
    "otel_tokens.budget.held.usd",
    "otel_tokens.budget.limit.tokens",
    "otel_tokens.budget.limit.usd",
    "otel_tokens.budget.spent.tokens",
    "otel_tokens.budget.spent.usd",
    "otel_tokens.budget.threshold",
    "otel_tokens.budget.warned",
    "otel_tokens.budget.window.end",
    "otel_tokens.budget.window.start",
    "otel_tokens.clients",
    "otel_tokens.cost.computed.usd",
    "otel_tokens.cost.source",
    "otel_tokens.cost.status",
    "otel_tokens.cost.usd",
    "otel_tokens.counted_before",
    "otel_tokens.covered",
    "otel_tokens.heartbeat",
    "otel_tokens.internal.failures",
    "otel_tokens.ledger",
    "otel_tokens.ledger.failures",
    "otel_tokens.outcome",
    "otel_tokens.price.age",
    "otel_tokens.price.variant",
    "otel_tokens.price.version",
    "otel_tokens.process",
    "otel_tokens.repeated.requests",
    "otel_tokens.requests",
    "otel_tokens.runaway",
    "otel_tokens.scope",
    "otel_tokens.step",
    "otel_tokens.threshold",
    "otel_tokens.tokens",
    "otel_tokens.trace.cost.usd",
    "otel_tokens.trace.name",
    "otel_tokens.trace.requests",
    "otel_tokens.trace.tokens",
    "otel_tokens.unpriced.requests",
    "otel_tokens.usage.",
    "otel_tokens.usage.cache_read_video",
    "otel_tokens.usage.cache_write_12h",
    "otel_tokens.usage.cache_write_1h",
    "otel_tokens.usage.cache_write_5m",
    "otel_tokens.usage.input_tool",
    "otel_tokens.usage.input_video",
    "otel_tokens.usage.output_citation",
    "otel_tokens.usage.output_video",
    "otel_tokens.usage.source",
    "otel_tokens.warned",
    "otel_tokens.warned.requests",
    "otel_tokens.warnings",
    "otel_tokens.window",
]

ALIASES = ["gen_ai.usage.cost", "gen_ai.usage.cost.amount", "llm.cost.total", "operation.cost"]


def spelled(values: Iterable[Any]) -> set[str]:
    """Every dotted name among the values, in their mappings and tuples too."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, str) and "." in value:
            found.add(value)
        elif isinstance(value, dict):
            found |= spelled(value.values())
        elif isinstance(value, tuple):
            found |= spelled(value)
    return found


def test_every_name() -> None:
    """What dashboards, rules and users build on has exactly these names."""
    constants = [value for name, value in vars(names).items() if name.isupper()]
    assert sorted(spelled(constants)) == sorted([*CONVENTIONS, *OURS, *ALIASES])
