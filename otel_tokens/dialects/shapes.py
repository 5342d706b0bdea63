"""Tells a dialect by what an answer looks like, where its address is not known.

Counting: only fields that one protocol alone has decide; an answer that might be two things is none. The
first and the last events of a stream are looked at like a body.

Source: the wire formats in the heads of the dialects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from .catalog import DIALECTS
from .dialect import Dialect
from .fields import get, view


_EDGE: Final = 20
"""Events at either end of a stream that are looked at."""

_BY_NAME: Final[Mapping[str, Dialect]] = {dialect.name: dialect for dialect in reversed(DIALECTS)}


def guess(answer: Any) -> Dialect | None:
    """What a body, or the list of the events of a stream, is the answer of; None where nothing says so."""
    bodies = answer if isinstance(answer, list) else [answer]
    for body in [*bodies[:_EDGE], *bodies[_EDGE:][-_EDGE:]]:
        fields = view(body)
        for name, test in _SHAPES:
            if test(fields):
                return _BY_NAME[name]
    return None


def _has(*names: str) -> Callable[[dict[str, Any]], bool]:
    return lambda fields: any(fields.get(name) is not None for name in names)


def _in(name: str, *names: str) -> Callable[[dict[str, Any]], bool]:
    inner = _has(*names)
    return lambda fields: inner(view(fields.get(name)))


def _is(name: str, *values: str) -> Callable[[dict[str, Any]], bool]:
    return lambda fields: fields.get(name) in values


def _message(fields: dict[str, Any]) -> bool:
    return fields.get("type") == "message" and _in("usage", "output_tokens", "input_tokens")(fields)


def _any(name: str, *names: str) -> Callable[[dict[str, Any]], bool]:
    def test(fields: dict[str, Any]) -> bool:
        entries = fields.get(name)
        return isinstance(entries, list) and any(
            get(entry, key) is not None for entry in entries for key in names
        )

    return test


def _both(
    a: Callable[[dict[str, Any]], bool], b: Callable[[dict[str, Any]], bool]
) -> Callable[[dict[str, Any]], bool]:
    return lambda fields: a(fields) and b(fields)


_V1: Final = _in("meta", "billed_units")

_SHAPES: Final[Sequence[tuple[str, Callable[[dict[str, Any]], bool]]]] = (
    ("openai.realtime", _is("type", "session.created", "response.done")),
    ("google.live", _has("setupComplete", "serverContent")),
    ("google.interactions", _in("usage", "total_input_tokens")),
    ("google.embed", _both(_has("usageMetadata"), _has("embedding", "embeddings"))),
    ("google.generate_content", _has("usageMetadata", "promptFeedback")),
    ("openai.responses", _is("object", "response", "response.compaction")),
    ("openai.responses", _is("type", "response.created", "response.completed", "response.in_progress")),
    ("anthropic.messages", _is("type", "message_start", "message_delta")),
    ("anthropic.messages", _message),
    ("openai.chat", _is("object", "chat.completion", "chat.completion.chunk")),
    ("openai.chat", _any("choices", "message")),
    ("openai.chat", _any("choices", "delta")),
    ("openai.completions", _is("object", "text_completion")),
    ("openai.completions", _any("choices", "text")),
    ("bedrock.converse", _in("usage", "inputTokens", "outputTokens")),
    ("bedrock.converse", _in("metadata", "usage")),
    ("cohere.chat", _in("usage", "billed_units")),
    ("cohere.chat", _is("type", "message-end", "message-start")),
    ("cohere.chat_v1", _both(_V1, _has("text"))),
    ("cohere.generate", _both(_V1, _has("generations"))),
    ("cohere.embed", _both(_V1, _has("embeddings"))),
    ("rerank", _both(_V1, _has("results"))),
    ("ollama.chat", _has("eval_count", "prompt_eval_count")),
    ("watsonx.generation", _any("results", "generated_token_count")),
    ("text_generation.generate", _in("details", "generated_tokens")),
    ("openai.embeddings", _is("object", "list")),
)
"""Dialect and what shows it, tried in this order."""
