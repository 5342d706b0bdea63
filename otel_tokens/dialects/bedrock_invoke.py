"""Bedrock InvokeModel: `POST …/model/{model}/invoke` and `…/invoke-with-response-stream`.

Counting: body and events are those of the model's vendor, and the shape tells whose: Anthropic's messages,
Bedrock's own (Nova), OpenAI's chat (Jamba, Qwen, gpt-oss, Kimi and most new ones), or a text with counts
(Llama, Titan, Cohere, Mistral). So profiles and imported models, whose names hide the vendor, are read too.
Counts that Bedrock adds are in `bedrock_meter.py`.
Streaming: the vendor's events; the last one of them has Bedrock's metrics with it.

Source: the user guide of Bedrock on inference parameters of models, October 2026; botocore 1.44.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, NamedTuple

from ..readings import Reading, Usage
from . import anthropic_messages, bedrock_converse, bedrock_plain, bedrock_request, openai_chat, openai_chunks
from .bedrock_meter import METRICS, completed, headed
from .dialect import ENOUGH, FINAL, GOES_ON, Body, Dialect, Events, Progress
from .fields import dig, event_fields, get, items, parsed, view


_CONVERSE: Final = frozenset(
    {"messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"}
)
_ANTHROPIC: Final = ("message", "content_block", "ping", "error")
"""How the types of Anthropic's events begin."""


class Shape(NamedTuple):
    """What a body is: the protocol, what reads it, and what finds its texts."""

    name: str
    read: Callable[[Body], Reading]
    answer: Callable[[Body], Iterable[str]]


_MESSAGES: Final = Shape("anthropic.messages", anthropic_messages.read, anthropic_messages.answer)
_OWN: Final = Shape("bedrock.converse", bedrock_converse.read, bedrock_converse.answer)
_CHAT: Final = Shape("openai.chat", openai_chat.read, openai_chat.answer)
_PLAIN: Final = Shape("plain", bedrock_plain.read, bedrock_plain.answer)


def shape_of(body: Body) -> Shape:
    """What an answer is in the shape of."""
    fields = view(body)
    usage = view(fields.get("usage"))
    if "inputTokens" in usage or "outputTokens" in usage or dig(fields.get("output"), "message") is not None:
        return _OWN
    if _is_chat(fields):
        return _CHAT
    if fields.get("type") == "message" or "input_tokens" in usage:
        return _MESSAGES
    return _CHAT if "prompt_tokens" in usage else _PLAIN


def _is_chat(fields: dict[str, Any]) -> bool:
    """Whether choices are OpenAI's; Mistral and DeepSeek call the reason of theirs by another name."""
    choices = list(items(fields, "choices"))
    named = [view(choice) for choice in choices]
    return bool(named) and all("finish_reason" in choice or "delta" in choice for choice in named)


def read(body: Body) -> Reading:
    """Read an answer by its shape."""
    reading = shape_of(body).read(body)
    return completed(reading, view(body).get(METRICS))


def answer(body: Body) -> Iterator[str]:
    """The texts of an answer by its shape."""
    yield from shape_of(body).answer(body)


class InvokeEvents:
    """Folds the events of whatever vendor: the first one that says something tells whose they are."""

    __slots__ = ("_error", "_events", "_metrics")

    def __init__(self) -> None:
        self._events: Events | None = None
        self._metrics: Any = None
        self._error: dict[str, Any] | None = None

    def see(self, event: Any) -> Progress:
        """Add one event, in its chunk or out of it; nothing follows Bedrock's metrics."""
        fields = _unwrapped(event_fields(event))
        if not fields:
            return GOES_ON
        if (error := bedrock_converse.exception_of(fields)) is not None:
            self._error = error
            return GOES_ON
        if (metrics := fields.get(METRICS)) is not None:
            self._metrics = metrics
        if self._events is None:
            self._events = _events_of(fields)
        progress = self._events.see(fields)
        return FINAL if metrics is not None else min(progress, ENOUGH)

    def body(self) -> Body:
        """The answer that the events so far add up to."""
        body = {} if self._events is None else dict(view(self._events.body()))
        if self._metrics is not None:
            body[METRICS] = self._metrics
        if self._error is not None:
            body["error"] = self._error
        return body


def _unwrapped(fields: dict[str, Any]) -> dict[str, Any]:
    """The event in a chunk, as botocore gives it; any other event as it is."""
    if "chunk" not in fields:
        return fields
    data = get(fields["chunk"], "bytes")
    return view(parsed(bytes(data))) if isinstance(data, (bytes, bytearray)) else {}


def _events_of(fields: dict[str, Any]) -> Events:
    kind = fields.get("type")
    if type(kind) is str and kind.startswith(_ANTHROPIC):
        return anthropic_messages.MessageEvents()
    if not _CONVERSE.isdisjoint(fields):
        return bedrock_converse.ConverseEvents()
    is_chat = _is_chat(fields) or str(fields.get("object")).endswith("completion.chunk")
    return openai_chunks.Chunks() if is_chat else bedrock_plain.PlainEvents()


DIALECT: Final = Dialect(
    name="bedrock.invoke_model",
    operation="chat",
    read=read,
    events=InvokeEvents,
    order=bedrock_request.order_invoke,
    tier=bedrock_request.tier,
    asked=bedrock_request.asked,
    prompt=bedrock_request.prompt_invoke,
    answer=answer,
    headed=headed,
)

TEXT: Final = replace(DIALECT, operation="text_completion")
"""For models that complete a text and know no messages."""


def _read_committed(body: Body) -> Reading:
    return read(body)._replace(variant="committed")


COMMITTED: Final = replace(DIALECT, read=_read_committed)
"""For models on capacity that is paid by the hour: its tokens cost nothing more."""

EMBEDDINGS: Final = Dialect(
    name="bedrock.embeddings",
    operation="embeddings",
    read=read,
    order=bedrock_request.order_embeddings,
    asked=bedrock_request.asked_embeddings,
    prompt=bedrock_request.prompt_invoke,
    headed=headed,
)

IMAGES: Final = Dialect(
    name="bedrock.images",
    operation="generate_content",
    output_type="image",
    read=read,
    order=bedrock_request.order_images,
    prompt=bedrock_request.prompt_invoke,
    headed=headed,
)


def _ranked(request: Any) -> Usage:
    return Usage({}, {"search_unit": bedrock_request.search_units(request)})


RERANK: Final = Dialect(
    name="bedrock.rerank",
    operation="rerank",
    read=read,
    order=bedrock_request.order_rerank,
    units=_ranked,
    headed=headed,
)
"""Billed by the query, with a hundred documents each. The answer states nothing; the request decides."""
