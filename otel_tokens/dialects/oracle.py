"""Oracle's Generative AI: `POST …/actions/chat`, `…/actions/embedText`.

Counting: as in OpenAI's shape, with names in camel case: what was cached is inside the prompt, reasoning is
inside the completion. A completion of nothing but reasoning may have no count.
Streaming: events without the object around them; the last ones have the reason to stop and the usage.

Source: `oci_client.py` of cohere 7.3.1; `types/llms/oci.py`, `llms/oci/chat/` of LiteLLM 1.109.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, Final

from ..readings import Reading, Usage
from . import openai_usage
from .dialect import GOES_ON, Body, Dialect, Progress
from .fields import event_fields, get, items, string, text, view
from .native_request import Names, asked_of, order_nothing, order_of, texts_of
from .openai_request import strings, whole
from .order import Order


_NAMES: Final[Names] = MappingProxyType(
    {
        "maxTokens": "max_tokens",
        "temperature": "temperature",
        "topP": "top_p",
        "topK": "top_k",
        "frequencyPenalty": "frequency_penalty",
        "presencePenalty": "presence_penalty",
        "seed": "seed",
        "stop": "stop_sequences",
        "stopSequences": "stop_sequences",
        "numGenerations": "choice.count",
    }
)


def read(body: Body) -> Reading:
    """Read a chat, of Cohere's models or of others, or embeddings."""
    fields = view(body)
    own = view(fields.get("chatResponse") or fields)
    usage, warnings = _usage(view(own.get("usage")))
    reasons = _reasons(own)
    choices = list(items(own, "choices"))
    return Reading(
        model=string(fields, "modelId"),
        id=string(own, "id"),
        usage=usage,
        finish_reasons=tuple(reasons),
        choices=len(choices) or 1,
        finished=bool(reasons) and len(reasons) == (len(choices) or 1),
        error_type=string(own, "code"),
        warnings=warnings,
    )


def _reasons(own: dict[str, Any]) -> list[str]:
    reason = string(own, "finishReason")
    each = [text(choice, "finishReason") for choice in items(own, "choices")]
    return [reason] if reason else [one for one in each if one is not None]


def _usage(stated: dict[str, Any]) -> tuple[Usage | None, tuple[str, ...]]:
    prompt, completion = view(stated.get("promptTokensDetails")), view(stated.get("completionTokensDetails"))
    shaped = {
        "prompt_tokens": _first(stated, "promptTokens", "inputTokens"),
        "completion_tokens": _first(stated, "completionTokens", "outputTokens"),
        "total_tokens": stated.get("totalTokens"),
        "prompt_tokens_details": {"cached_tokens": prompt.get("cachedTokens")},
        "completion_tokens_details": {"reasoning_tokens": completion.get("reasoningTokens")},
    }
    return openai_usage.tokens(shaped if stated else None)


def _first(stated: dict[str, Any], *names: str) -> Any:
    return next((stated[name] for name in names if stated.get(name) is not None), None)


class ChatEvents:
    """Folds the events of a chat."""

    __slots__ = ("_head", "_reason", "_text", "_usage")

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._text: list[str] = []
        self._reason: Any = None
        self._usage: dict[str, Any] = {}

    def see(self, event: Any) -> Progress:
        """Add one event."""
        fields = event_fields(event)
        reason = string(fields, "finishReason")
        if reason is None:  # Cohere's models repeat the whole text beside the reason
            self._text += _texts(fields)
        self._reason = reason or self._reason
        for name, value in view(fields.get("usage")).items():
            if value is not None:
                self._usage[name] = value
        for name in ("id", "code"):
            if fields.get(name) is not None:
                self._head[name] = fields[name]
        return GOES_ON

    def body(self) -> Body:
        """The chat that the events so far add up to."""
        own = {**self._head, "text": "".join(self._text), "finishReason": self._reason, "usage": self._usage}
        return {"chatResponse": own}


def _texts(fields: dict[str, Any]) -> Iterator[str]:
    yield from strings(fields.get("text"))
    yield from strings(get(fields.get("message"), "content"))


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a chat."""
    return asked_of(get(request, "chatRequest"), _NAMES)


def order(request: Any) -> Order:
    """The order of a chat."""
    given = view(get(request, "chatRequest"))
    choices = whole(given, "numGenerations") or 1
    return order_of(given, "maxTokens", choices=choices, tools=given.get("tools"))


def prompt(request: Any) -> Iterator[str]:
    """The texts of a chat, or of what is to be embedded."""
    given = get(request, "chatRequest")
    yield from texts_of(given, "message", "preambleOverride")
    for turn in items(given, "chatHistory"):
        yield from strings(get(turn, "message"))
    for message in items(given, "messages"):
        yield from strings(get(message, "content"))
    yield from texts_of(request, "inputs")


def answer(body: Body) -> Iterator[str]:
    """The texts of the answer."""
    own = view(get(body, "chatResponse") or body)
    yield from _texts(own)
    for choice in items(own, "choices"):
        yield from strings(get(get(choice, "message"), "content"))


CHAT = Dialect(
    name="oracle.chat",
    operation="chat",
    read=read,
    events=ChatEvents,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
)

EMBED = Dialect(
    name="oracle.embed",
    operation="embeddings",
    read=read,
    order=order_nothing,
    prompt=prompt,
)
