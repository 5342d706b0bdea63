"""Every name that is emitted, spelled once.

Names under `gen_ai.` are those of the OpenTelemetry GenAI conventions, default branch as of 2026-10; those
under `openai.` are the conventions' too. Names under `otel_tokens.` are this package's promise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..readings import (
    CACHE_READ_VIDEO,
    CACHE_WRITE_1H,
    CACHE_WRITE_5M,
    CACHE_WRITE_12H,
    INPUT_TOOL,
    INPUT_VIDEO,
    OUTPUT_CITATION,
    OUTPUT_VIDEO,
)


SCOPE: Final = "otel_tokens"

# Spans: who, what, where.
OPERATION: Final = "gen_ai.operation.name"
PROVIDER: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
REQUEST_STREAM: Final = "gen_ai.request.stream"
RESPONSE_ID: Final = "gen_ai.response.id"
RESPONSE_MODEL: Final = "gen_ai.response.model"
FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
FIRST_CHUNK_S: Final = "gen_ai.response.time_to_first_chunk"
OUTPUT_TYPE: Final = "gen_ai.output.type"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
ERROR_TYPE: Final = "error.type"
OPENAI_API_TYPE: Final = "openai.api.type"
OPENAI_RESPONSE_TIER: Final = "openai.response.service_tier"
OPENAI_FINGERPRINT: Final = "openai.response.system_fingerprint"

EMBEDDINGS: Final = "embeddings"

ASKED: Final[Mapping[str, str]] = {
    "max_tokens": "gen_ai.request.max_tokens",
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "seed": "gen_ai.request.seed",
    "stop_sequences": "gen_ai.request.stop_sequences",
    "choice.count": "gen_ai.request.choice.count",
    "reasoning.level": "gen_ai.request.reasoning.level",
    "encoding_formats": "gen_ai.request.encoding_formats",
    "previous_response.id": "gen_ai.request.previous_response.id",
    "conversation.id": "gen_ai.conversation.id",
    "dimension.count": "gen_ai.embeddings.dimension.count",
    "output.type": OUTPUT_TYPE,
    "service_tier": "openai.request.service_tier",
}
"""What a dialect's `asked` found, to the attribute that states it."""

# Spans: tokens, inclusive totals and their parts.
USAGE_INPUT: Final = "gen_ai.usage.input_tokens"
USAGE_OUTPUT: Final = "gen_ai.usage.output_tokens"
USAGE_CACHE_READ: Final = "gen_ai.usage.cache_read.input_tokens"
USAGE_CACHE_WRITE: Final = "gen_ai.usage.cache_write.input_tokens"
USAGE_REASONING: Final = "gen_ai.usage.reasoning.output_tokens"
USAGE_AUDIO_INPUT: Final = "gen_ai.usage.audio.input_tokens"
USAGE_IMAGE_INPUT: Final = "gen_ai.usage.image.input_tokens"
USAGE_AUDIO_CACHE_READ: Final = "gen_ai.usage.audio.cache_read.input_tokens"
USAGE_IMAGE_CACHE_READ: Final = "gen_ai.usage.image.cache_read.input_tokens"
USAGE_AUDIO_OUTPUT: Final = "gen_ai.usage.audio.output_tokens"
USAGE_IMAGE_OUTPUT: Final = "gen_ai.usage.image.output_tokens"

OWN_USAGE: Final[Mapping[str, str]] = {
    bucket: f"otel_tokens.usage.{bucket}"
    for bucket in (
        INPUT_VIDEO,
        INPUT_TOOL,
        CACHE_READ_VIDEO,
        CACHE_WRITE_5M,
        CACHE_WRITE_1H,
        CACHE_WRITE_12H,
        OUTPUT_VIDEO,
        OUTPUT_CITATION,
    )
}
"""The buckets that no attribute of the conventions states."""

UNITS_PREFIX: Final = "otel_tokens.usage."
"""Before the name of a unit, such as `web_search`."""

# Spans: money.
COST_USD: Final = "otel_tokens.cost.usd"
COST_STATUS: Final = "otel_tokens.cost.status"
COST_SOURCE: Final = "otel_tokens.cost.source"
COST_WARNINGS: Final = "otel_tokens.warnings"
COST_COMPUTED_USD: Final = "otel_tokens.cost.computed.usd"
USAGE_SOURCE: Final = "otel_tokens.usage.source"
PRICE_VERSION: Final = "otel_tokens.price.version"
PRICE_VARIANT: Final = "otel_tokens.price.variant"
OUTCOME: Final = "otel_tokens.outcome"
ATTEMPTS: Final = "otel_tokens.attempts"
COVERED: Final = "otel_tokens.covered"
CLIENTS: Final = "otel_tokens.clients"
COUNTED_BEFORE: Final = "otel_tokens.counted_before"
BUDGET: Final = "otel_tokens.budget"
BLOCKED_REASON: Final = "otel_tokens.blocked.reason"
WARNED: Final = "otel_tokens.warned"
TRACE_COST_USD: Final = "otel_tokens.trace.cost.usd"
TRACE_REQUESTS: Final = "otel_tokens.trace.requests"
TRACE_TOKENS: Final = "otel_tokens.trace.tokens"
TRACE_NAME: Final = "otel_tokens.trace.name"

COST_ALIASES: Final = (
    "gen_ai.usage.cost",
    "gen_ai.usage.cost.amount",
    "operation.cost",
    "llm.cost.total",
    "none",
)

# Budgets: log records.
EVENT_BLOCKED: Final = "otel_tokens.budget.blocked"
EVENT_WARNED: Final = "otel_tokens.budget.warned"
EVENT_THRESHOLD: Final = "otel_tokens.budget.threshold"
EVENT_RUNAWAY: Final = "otel_tokens.runaway"
EVENT_LEDGER: Final = "otel_tokens.ledger"

# Content, only when asked for.
INPUT_MESSAGES: Final = "gen_ai.input.messages"
OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
SYSTEM_INSTRUCTIONS: Final = "gen_ai.system_instructions"
TOOL_DEFINITIONS: Final = "gen_ai.tool.definitions"
DETAILS_EVENT: Final = "gen_ai.client.inference.operation.details"

# Metrics.
METRIC_COST_USD: Final = "otel_tokens.cost.usd"
METRIC_TOKENS: Final = "otel_tokens.tokens"
METRIC_REQUESTS: Final = "otel_tokens.requests"
METRIC_UNPRICED: Final = "otel_tokens.unpriced.requests"
METRIC_BLOCKED: Final = "otel_tokens.blocked.requests"
METRIC_WARNED: Final = "otel_tokens.warned.requests"
METRIC_REPEATED: Final = "otel_tokens.repeated.requests"
METRIC_LEDGER_FAILURES: Final = "otel_tokens.ledger.failures"
METRIC_BUDGETS: Final[Mapping[tuple[str, str], str]] = {
    (what, unit): f"otel_tokens.budget.{what}.{unit}"
    for unit in ("usd", "tokens")
    for what in ("spent", "held", "limit")
}
METRIC_WINDOW_START: Final = "otel_tokens.budget.window.start"
METRIC_WINDOW_END: Final = "otel_tokens.budget.window.end"
THRESHOLD: Final = "otel_tokens.threshold"
WINDOW: Final = "otel_tokens.window"
SCOPE_LABEL: Final = "otel_tokens.scope"
METRIC_HEARTBEAT: Final = "otel_tokens.heartbeat"
METRIC_PRICE_AGE: Final = "otel_tokens.price.age"
METRIC_FAILURES: Final = "otel_tokens.internal.failures"
METRIC_TRACE_COST_USD: Final = "otel_tokens.trace.cost.usd"
BUCKET: Final = "otel_tokens.bucket"
STEP: Final = "otel_tokens.step"
PROCESS: Final = "otel_tokens.process"
TOKEN_TYPE: Final = "gen_ai.token.type"
TOKEN_MODALITY: Final = "gen_ai.token.modality"

RELEASED_DURATION: Final = "gen_ai.client.operation.duration"
RELEASED_TOKEN_USAGE: Final = "gen_ai.client.token.usage"
RELEASED_FIRST_CHUNK: Final = "gen_ai.client.operation.time_to_first_chunk"
LATEST_DURATION: Final = "gen_ai.client.inference.duration"
LATEST_FIRST_CHUNK: Final = "gen_ai.client.inference.time_to_first_chunk"
LATEST_INPUT: Final = "gen_ai.client.inference.operation.input_tokens"
LATEST_OUTPUT: Final = "gen_ai.client.inference.operation.output_tokens"
LATEST_USAGE_PREFIX: Final = "gen_ai.client.inference.usage."

DURATION_BOUNDS_S: Final = (
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
)  # fmt: skip
TOKEN_BOUNDS: Final = (
    1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
)  # fmt: skip
COST_BOUNDS_USD: Final = (
    0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100,
)  # fmt: skip

OTHER: Final = "other"
"""The value that labels collapse to when there are too many series."""
ANY_ERROR: Final = "_OTHER"
"""The value of `error.type` when there are too many; the conventions' word."""
