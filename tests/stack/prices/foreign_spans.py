"""Spans as other instrumentations send them, with small numbers, and what they have to become.

Written by hand after the attribute names in docs/foreign.md; no text of any prompt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .collector import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One span and what is expected of it."""

    span: Span
    tokens: Mapping[str, int] = field(default_factory=dict)
    usd: float | None = None
    provider: str = "openai"
    model: str | None = None
    """The model that answered."""
    operation: str = "chat"
    status: str = "priced"
    source: str | None = "computed"
    warnings: tuple[str, ...] = ()


def _new(**more: Any) -> dict[str, Any]:
    """The conventions of 2026."""
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-08-06",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 100,
        **{key.replace("__", "."): value for key, value in more.items()},
    }


_PLAIN = {"input": 1000, "output": 100}  # of gpt-4o: 1000 * 2.50 + 100 * 10.00
_PLAIN_USD = 0.0035
_CACHED = {"input": 200, "cache_read": 800, "output": 40, "output_reasoning": 60}
_CACHED_USD = (200 * 2.5 + 800 * 1.25 + 100 * 10) / 1e6
_CLAUDE = {"input": 200, "cache_read": 800, "cache_write": 100, "output": 100}
_CLAUDE_USD = (200 * 3 + 800 * 0.3 + 100 * 3.75 + 100 * 15) / 1e6

COUNTED: Mapping[str, Case] = {
    "conventions of 2026": Case(
        span=Span(
            attributes=_new(
                **{
                    "gen_ai.usage.cache_read.input_tokens": 800,
                    "gen_ai.usage.reasoning.output_tokens": 60,
                    "server.address": "api.openai.com",
                }
            ),
            scope="opentelemetry.instrumentation.genai.openai",
        ),
        tokens=_CACHED,
        usd=_CACHED_USD,
        model="gpt-4o-2024-08-06",
    ),
    "beside our library, which meters another client": Case(
        span=Span(attributes=_new(**{"otel_tokens.clients": ["anthropic"]})),
        tokens=_PLAIN,
        usd=_PLAIN_USD,
        model="gpt-4o-2024-08-06",
    ),
    "conventions of 2024": Case(
        span=Span(
            attributes={
                "gen_ai.system": "openai",
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": "gpt-4o",
                "gen_ai.usage.prompt_tokens": 1000,
                "gen_ai.usage.completion_tokens": 100,
            },
            scope="opentelemetry.instrumentation.openai_v2",
        ),
        tokens=_PLAIN,
        usd=_PLAIN_USD,
    ),
    "JavaScript, old name of Azure": Case(
        span=Span(
            attributes={
                "gen_ai.system": "az.ai.openai",
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": "gpt-4o",
                "gen_ai.response.model": "gpt-4o-2024-08-06",
                "gen_ai.usage.input_tokens": 1000,
                "gen_ai.usage.output_tokens": 100,
            },
            scope="@opentelemetry/instrumentation-openai",
        ),
        tokens=_PLAIN,
        usd=_PLAIN_USD,
        provider="azure.ai.openai",
        model="gpt-4o-2024-08-06",
    ),
    "OpenLLMetry, OpenAI": Case(
        span=Span(
            attributes={
                "llm.request.type": "chat",
                "gen_ai.system": "OpenAI",
                "gen_ai.request.model": "gpt-4o",
                "gen_ai.response.model": "gpt-4o-2024-08-06",
                "gen_ai.usage.prompt_tokens": 1000,
                "gen_ai.usage.completion_tokens": 100,
                "llm.usage.total_tokens": 1100,
                "gen_ai.usage.cache_read_input_tokens": 800,
                "gen_ai.usage.reasoning_tokens": 60,
                "gen_ai.openai.api_base": "https://api.openai.com/v1/",
            },
            scope="opentelemetry.instrumentation.openai.v1",
        ),
        tokens=_CACHED,
        usd=_CACHED_USD,
        model="gpt-4o-2024-08-06",
    ),
    "OpenLLMetry, Anthropic": Case(
        span=Span(
            attributes={
                "llm.request.type": "chat",
                "gen_ai.system": "Anthropic",
                "gen_ai.request.model": "claude-sonnet-4-5",
                "gen_ai.response.model": "claude-sonnet-4-5-20250929",
                "gen_ai.usage.input_tokens": 1100,
                "gen_ai.usage.output_tokens": 100,
                "gen_ai.usage.cache_read_input_tokens": 800,
                "gen_ai.usage.cache_creation_input_tokens": 100,
            },
            scope="opentelemetry.instrumentation.anthropic",
        ),
        tokens=_CLAUDE,
        usd=_CLAUDE_USD,
        provider="anthropic",
        model="claude-sonnet-4-5-20250929",
    ),
    "Anthropic's own spans": Case(
        span=Span(
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "anthropic",
                "gen_ai.request.model": "claude-sonnet-4-5",
                "gen_ai.response.model": "claude-sonnet-4-5-20250929",
                "gen_ai.usage.input_tokens": 1100,
                "gen_ai.usage.output_tokens": 100,
                "gen_ai.usage.cache_read.input_tokens": 800,
                "gen_ai.usage.cache_write.input_tokens": 100,
                "anthropic.usage.cache_creation.ephemeral_5m_input_tokens": 40,
                "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 60,
                "anthropic.response.service_tier": "standard",
            },
            scope="com.anthropic.sdk.python",
        ),
        tokens={"input": 200, "cache_read": 800, "cache_write": 40, "cache_write_1h": 60, "output": 100},
        usd=(200 * 3 + 800 * 0.3 + 40 * 3.75 + 60 * 6 + 100 * 15) / 1e6,
        provider="anthropic",
        model="claude-sonnet-4-5-20250929",
    ),
    "OpenInference, OpenAI": Case(
        span=Span(
            attributes={
                "openinference.span.kind": "LLM",
                "llm.provider": "openai",
                "llm.system": "openai",
                "llm.model_name": "gpt-4o-2024-08-06",
                "llm.token_count.prompt": 1000,
                "llm.token_count.completion": 100,
                "llm.token_count.total": 1100,
                "llm.token_count.prompt_details.cache_read": 800,
                "llm.token_count.completion_details.reasoning": 60,
            },
            name="ChatCompletion",
            scope="openinference.instrumentation.openai",
        ),
        tokens=_CACHED,
        usd=_CACHED_USD,
        model="gpt-4o-2024-08-06",
    ),
    "OpenInference with its own cost": Case(
        span=Span(
            attributes={
                "openinference.span.kind": "LLM",
                "llm.provider": "openai",
                "llm.model_name": "gpt-4o",
                "llm.token_count.prompt": 1000,
                "llm.token_count.completion": 100,
                "llm.cost.total": 99.0,
            },
            scope="openinference.instrumentation.litellm",
        ),
        tokens=_PLAIN,
        usd=_PLAIN_USD,
        model="gpt-4o",
    ),
    "OpenInference, embeddings": Case(
        span=Span(
            attributes={
                "openinference.span.kind": "EMBEDDING",
                "llm.system": "openai",
                "embedding.model_name": "text-embedding-3-small",
                "llm.token_count.prompt": 1000,
            },
            name="CreateEmbeddings",
            scope="openinference.instrumentation.openai",
        ),
        tokens={"input": 1000},
        usd=0.00002,
        operation="embeddings",
    ),
    "OpenLIT": Case(
        span=Span(
            attributes=_new(**{"gen_ai.usage.cost": 0.5, "telemetry.sdk.name": "openlit"}),
            scope="openlit.otel.tracing",
        ),
        tokens=_PLAIN,
        usd=_PLAIN_USD,
        model="gpt-4o-2024-08-06",
    ),
    "Vercel AI SDK, inner span": Case(
        span=Span(
            attributes={
                "operation.name": "ai.generateText.doGenerate",
                "ai.operationId": "ai.generateText.doGenerate",
                "ai.model.id": "gpt-4o",
                "ai.model.provider": "openai.chat",
                "ai.response.model": "gpt-4o-2024-08-06",
                "ai.usage.promptTokens": 1000,
                "ai.usage.completionTokens": 100,
                "gen_ai.system": "openai.chat",
                "gen_ai.request.model": "gpt-4o",
                "gen_ai.usage.input_tokens": 1000,
                "gen_ai.usage.output_tokens": 100,
            },
            name="ai.generateText.doGenerate",
            scope="ai",
        ),
        tokens=_PLAIN,
        usd=_PLAIN_USD,
        model="gpt-4o-2024-08-06",
    ),
    "Vercel AI SDK 5, Anthropic": Case(
        span=Span(
            attributes={
                "ai.operationId": "ai.streamText.doStream",
                "ai.model.id": "claude-sonnet-4-5",
                "ai.model.provider": "anthropic.messages",
                "ai.usage.inputTokens": 1000,
                "ai.usage.cachedInputTokens": 800,
                "ai.usage.outputTokens": 100,
            },
            name="ai.streamText.doStream",
            scope="ai",
        ),
        tokens={"input": 1000, "cache_read": 800, "output": 100},
        usd=(1000 * 3 + 800 * 0.3 + 100 * 15) / 1e6,
        provider="anthropic",
    ),
    "Vercel AI SDK, OpenRouter states the cost": Case(
        span=Span(
            attributes={
                "ai.operationId": "ai.generateText.doGenerate",
                "ai.model.id": "openai/gpt-4o",
                "ai.model.provider": "openrouter.chat",
                "ai.usage.inputTokens": 1000,
                "ai.usage.outputTokens": 100,
                "ai.response.providerMetadata": '{"openrouter":{"usage":{"cost":0.0042}}}',
            },
            scope="ai",
        ),
        tokens=_PLAIN,
        usd=0.0042,
        provider="openrouter",
        source="provider",
    ),
    "LangSmith": Case(
        span=Span(
            attributes={
                "langsmith.span.kind": "llm",
                "gen_ai.operation.name": "chat",
                "gen_ai.system": "openai",
                "gen_ai.request.model": "gpt-4o",
                "gen_ai.usage.input_tokens": 1000,
                "gen_ai.usage.output_tokens": 100,
                "gen_ai.usage.total_tokens": 1100,
                "gen_ai.response.service_tier": "default",
            },
            name="ChatOpenAI",
            scope="langsmith",
        ),
        tokens=_PLAIN,
        usd=_PLAIN_USD,
    ),
    "Pydantic AI": Case(
        span=Span(
            attributes=_new(
                **{
                    "operation.cost": 0.5,
                    "gen_ai.usage.details.cached_tokens": 800,
                    "gen_ai.usage.details.reasoning_tokens": 60,
                }
            ),
            scope="pydantic-ai",
        ),
        tokens=_CACHED,
        usd=_CACHED_USD,
        model="gpt-4o-2024-08-06",
    ),
    "Spring AI, numbers as text": Case(
        span=Span(
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.system": "openai",
                "gen_ai.request.model": "gpt-4o",
                "gen_ai.response.model": "gpt-4o-2024-08-06",
                "gen_ai.usage.input_tokens": "1000",
                "gen_ai.usage.output_tokens": "100",
                "gen_ai.usage.total_tokens": "1100",
            },
            scope="org.springframework.boot",
        ),
        tokens=_PLAIN,
        usd=_PLAIN_USD,
        model="gpt-4o-2024-08-06",
    ),
    "LangChain4j and Micrometer, Gemini": Case(
        span=Span(
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.system": "google_genai",
                "gen_ai.request.model": "gemini-2.5-flash",
                "gen_ai.usage.input_tokens": 1000.0,
                "gen_ai.usage.output_tokens": 100.0,
            },
        ),
        tokens=_PLAIN,
        usd=(1000 * 0.3 + 100 * 2.5) / 1e6,
        provider="gcp.gemini",
    ),
    "Semantic Kernel": Case(
        span=Span(
            attributes={
                "gen_ai.operation.name": "chat.completions",
                "gen_ai.system": "openai",
                "gen_ai.request.model": "gpt-4o",
                "gen_ai.usage.input_tokens": 1000,
                "gen_ai.usage.output_tokens": 100,
            },
        ),
        tokens=_PLAIN,
        usd=_PLAIN_USD,
    ),
    "AWS Bedrock": Case(
        span=Span(
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.system": "aws.bedrock",
                "gen_ai.request.model": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                "gen_ai.usage.input_tokens": 1000,
                "gen_ai.usage.output_tokens": 100,
            },
            scope="opentelemetry.instrumentation.botocore.bedrock-runtime",
        ),
        tokens=_PLAIN,
        usd=(1000 * 3.3 + 100 * 16.5) / 1e6,
        provider="aws.bedrock",
    ),
    "Strands: cache tokens beside the input": Case(
        span=Span(
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.system": "strands-agents",
                "gen_ai.request.model": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                "gen_ai.usage.prompt_tokens": 1000,
                "gen_ai.usage.input_tokens": 1000,
                "gen_ai.usage.output_tokens": 100,
                "gen_ai.usage.total_tokens": 2000,
                "gen_ai.usage.cache_read_input_tokens": 800,
                "gen_ai.usage.cache_write_input_tokens": 100,
            },
            scope="strands.telemetry.tracer",
        ),
        tokens={"input": 1000, "cache_read": 800, "cache_write": 100, "output": 100},
        usd=(1000 * 3.3 + 800 * 0.33 + 100 * 4.125 + 100 * 16.5) / 1e6,
        provider="aws.bedrock",
    ),
    "Google ADK": Case(
        span=Span(
            attributes={
                "gen_ai.system": "gcp.vertex.agent",
                "gen_ai.request.model": "gemini-2.5-flash",
                "gen_ai.usage.input_tokens": 1000,
                "gen_ai.usage.output_tokens": 100,
            },
            name="call_llm",
            scope="gcp.vertex.agent",
        ),
        tokens=_PLAIN,
        usd=(1000 * 0.3 + 100 * 2.5) / 1e6,
        provider="gcp.gemini",
    ),
    "LiteLLM's name of a provider in the model": Case(
        span=Span(
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.system": "litellm",
                "gen_ai.request.model": "openai/gpt-4o",
                "gen_ai.usage.input_tokens": 1000,
                "gen_ai.usage.output_tokens": 100,
            },
        ),
        tokens=_PLAIN,
        usd=_PLAIN_USD,
    ),
    "no provider at all": Case(
        span=Span(attributes={key: value for key, value in _new().items() if "provider" not in key}),
        tokens=_PLAIN,
        usd=_PLAIN_USD,
        model="gpt-4o-2024-08-06",
        warnings=("provider_guessed",),
    ),
    "audio and images": Case(
        span=Span(
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "gpt-4o-audio-preview",
                "gen_ai.usage.input_tokens": 1000,
                "gen_ai.usage.audio.input_tokens": 300,
                "gen_ai.usage.output_tokens": 100,
                "gen_ai.usage.audio.output_tokens": 70,
            },
        ),
        tokens={"input": 700, "input_audio": 300, "output": 30, "output_audio": 70},
        usd=(700 * 2.5 + 300 * 40 + 30 * 10 + 70 * 80) / 1e6,
    ),
    "batch tier": Case(
        span=Span(attributes=_new(**{"openai.response.service_tier": "batch"})),
        tokens=_PLAIN,
        usd=_PLAIN_USD / 2,
        model="gpt-4o-2024-08-06",
    ),
    "priority, by its old name": Case(
        span=Span(attributes=_new(**{"gen_ai.openai.response.service_tier": "priority"})),
        tokens=_PLAIN,
        usd=(1000 * 4.25 + 100 * 17) / 1e6,
        model="gpt-4o-2024-08-06",
    ),
    "a failed call": Case(
        span=Span(
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "gpt-4o",
                "error.type": "RateLimitError",
            },
            status=2,
        ),
        status="no_usage",
        source=None,
    ),
    "a stream without usage": Case(
        span=Span(attributes=_new(**{"gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0})),
        status="no_usage",
        source=None,
        model="gpt-4o-2024-08-06",
    ),
    "only a total": Case(
        span=Span(
            attributes={
                "llm.request.type": "chat",
                "gen_ai.system": "openai",
                "gen_ai.request.model": "gpt-4o",
                "llm.usage.total_tokens": 1100,
            },
        ),
        status="no_usage",
        source=None,
        warnings=("usage_total_only",),
    ),
    "no usage, and a cost of another library": Case(
        span=Span(
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.system": "openai",
                "gen_ai.request.model": "gpt-4o",
                "gen_ai.usage.cost": 0.125,
            },
        ),
        usd=0.125,
        source="foreign",
    ),
    "an unknown model": Case(
        span=Span(attributes=_new(**{"gen_ai.request.model": "gpt-unheard-of", "gen_ai.response.model": ""})),
        tokens=_PLAIN,
        status="unknown_model",
        source=None,
    ),
    "an unknown model, and a cost of another library": Case(
        span=Span(
            attributes=_new(
                **{
                    "gen_ai.request.model": "gpt-unheard-of",
                    "gen_ai.response.model": "gpt-unheard-of",
                    "gen_ai.usage.cost": 0.125,
                }
            )
        ),
        tokens=_PLAIN,
        usd=0.125,
        source="foreign",
        model="gpt-unheard-of",
    ),
    "an unknown provider": Case(
        span=Span(attributes=_new(**{"gen_ai.provider.name": "someone"})),
        tokens=_PLAIN,
        provider="someone",
        status="unknown_provider",
        source=None,
        model="gpt-4o-2024-08-06",
    ),
    "the client of OpenAI at another host": Case(
        span=Span(attributes=_new(**{"server.address": "llm.corp", "server.port": 443})),
        tokens=_PLAIN,
        provider="llm.corp",
        status="unknown_provider",
        source=None,
        model="gpt-4o-2024-08-06",
    ),
    "the client of OpenAI at Groq": Case(
        span=Span(
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.system": "openai",
                "gen_ai.request.model": "llama-3.3-70b-versatile",
                "gen_ai.usage.input_tokens": 1000,
                "gen_ai.usage.output_tokens": 100,
                "server.address": "api.groq.com",
            }
        ),
        tokens=_PLAIN,
        usd=(1000 * 0.59 + 100 * 0.79) / 1e6,
        provider="groq",
    ),
    "a server of one's own": Case(
        span=Span(
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.system": "ollama",
                "gen_ai.request.model": "llama3.2",
                "gen_ai.usage.input_tokens": 1000,
                "gen_ai.usage.output_tokens": 100,
            }
        ),
        tokens=_PLAIN,
        usd=0.0,
        provider="ollama",
        status="free",
    ),
    "Gemini's thoughts beside the answer": Case(
        span=Span(
            attributes={
                "gen_ai.operation.name": "generate_content",
                "gen_ai.system": "gcp.gemini",
                "gen_ai.request.model": "gemini-2.5-flash",
                "gen_ai.usage.input_tokens": 1000,
                "gen_ai.usage.output_tokens": 100,
                "gen_ai.usage.reasoning_tokens": 400,
            }
        ),
        tokens={"input": 1000, "output": 100, "output_reasoning": 400},
        usd=(1000 * 0.3 + 500 * 2.5) / 1e6,
        provider="gcp.gemini",
        operation="generate_content",
    ),
    "more cached than there is": Case(
        span=Span(attributes=_new(**{"gen_ai.usage.cache_read.input_tokens": 5000})),
        tokens=_PLAIN,
        usd=_PLAIN_USD,
        model="gpt-4o-2024-08-06",
        source="estimated",
        warnings=("usage_inconsistent",),
    ),
    "more reasoning than output": Case(
        span=Span(attributes=_new(**{"gen_ai.usage.reasoning.output_tokens": 101})),
        tokens=_PLAIN,
        usd=_PLAIN_USD,
        model="gpt-4o-2024-08-06",
        source="estimated",
        warnings=("usage_inconsistent",),
    ),
    "a negative count": Case(
        span=Span(attributes=_new(**{"gen_ai.usage.input_tokens": -5})),
        model="gpt-4o-2024-08-06",
        status="no_usage",
        source=None,
        warnings=("usage_unreadable:input",),
        tokens={"output": 100},
    ),
    "an absurd count": Case(
        span=Span(attributes=_new(**{"gen_ai.usage.output_tokens": 10**15})),
        model="gpt-4o-2024-08-06",
        status="no_usage",
        source=None,
        warnings=("usage_unreadable:output",),
        tokens={"input": 1000},
    ),
    "a count in words": Case(
        span=Span(attributes=_new(**{"gen_ai.usage.cache_read.input_tokens": "many"})),
        tokens=_PLAIN,
        usd=_PLAIN_USD,
        model="gpt-4o-2024-08-06",
        source="estimated",
        warnings=("usage_unreadable:read",),
    ),
    "a list and a map where texts are due": Case(
        span=Span(
            attributes=_new(
                **{
                    "gen_ai.usage.cache_read.input_tokens": [1, 2],
                    "gen_ai.usage.reasoning.output_tokens": {"a": 1},
                    "gen_ai.usage.cost": "dear",
                    "server.address": True,
                    "openai.response.service_tier": 5,
                }
            )
        ),
        tokens=_PLAIN,
        usd=_PLAIN_USD,
        model="gpt-4o-2024-08-06",
        source="estimated",
        warnings=("usage_unreadable:read", "usage_unreadable:reasoning"),
    ),
}

PASSED_BY: Mapping[str, Span] = {
    "our own span": Span(
        attributes=_new(
            **{
                "otel_tokens.outcome": "ok",
                "otel_tokens.cost.usd": 0.0035,
                "otel_tokens.cost.status": "priced",
            }
        ),
        scope="otel_tokens",
    ),
    "covered by our library": Span(attributes=_new(**{"otel_tokens.covered": True})),
    "a framework over a client that our library meters": Span(
        attributes=_new(**{"otel_tokens.clients": ["anthropic", "openai"]})
    ),
    "an agent": Span(attributes=_new(**{"gen_ai.operation.name": "invoke_agent"})),
    "a tool": Span(attributes=_new(**{"gen_ai.operation.name": "execute_tool"})),
    "a workflow": Span(attributes=_new(**{"gen_ai.operation.name": "invoke_workflow"})),
    "OpenInference, a chain": Span(
        attributes={
            "openinference.span.kind": "CHAIN",
            "llm.model_name": "gpt-4o",
            "llm.token_count.prompt": 1000,
            "llm.token_count.completion": 100,
        }
    ),
    "OpenLLMetry, a workflow": Span(attributes=_new(**{"traceloop.span.kind": "workflow"})),
    "LangSmith, a chain": Span(attributes=_new(**{"langsmith.span.kind": "chain"})),
    "Vercel AI SDK, outer span": Span(
        attributes={
            "ai.operationId": "ai.generateText",
            "ai.model.id": "gpt-4o",
            "ai.model.provider": "openai.chat",
            "ai.usage.promptTokens": 1000,
            "ai.usage.completionTokens": 100,
        },
        name="ai.generateText",
        scope="ai",
    ),
    "Spring AI, chat client": Span(
        attributes={
            "gen_ai.operation.name": "framework",
            "gen_ai.system": "spring_ai",
            "spring.ai.kind": "chat_client",
        }
    ),
    "Pydantic AI, an agent's run of old": Span(
        attributes={
            "agent_name": "clerk",
            "model_name": "gpt-4o",
            "gen_ai.usage.input_tokens": 1000,
            "gen_ai.usage.output_tokens": 100,
            "gen_ai.system": "openai",
        }
    ),
    "an HTTP request": Span(attributes={"http.request.method": "GET"}),
    "forged marks": Span(
        attributes={
            "otel_tokens.count": True,
            "http.request.method": "GET",
            "otel_tokens.tmp.usd.input": 5.0,
        }
    ),
}
