"""Cloudflare's Workers AI in its own format: `POST …/ai/run/{model}`.

Counting: `result.usage` is in OpenAI's shape, and so is the whole `result` of some models. Bills are in
neurons, which no answer states. Embeddings and images state nothing.
Streaming: pieces under `response`, without the object around them; `usage` comes with the last ones, and
grows.

Source: `types/ai/ai_run_response.py`, `resources/ai/ai.py` of cloudflare 5.9.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..readings import Reading
from . import openai_chat
from .dialect import Body, Dialect, Progress
from .fields import event_fields, get, items, string, text, view
from .native_request import order_of, texts_of
from .openai_chunks import Chunks
from .openai_request import asked_chat, prompt_chat
from .order import Order


def read(body: Body) -> Reading:
    """Read an answer: the result in its envelope, or a stream that was folded."""
    fields = view(body)
    result = fields.get("result") or fields
    reading = openai_chat.read(result)
    codes = [get(error, "code") for error in items(fields, "errors")]
    error = next((str(code) for code in codes if isinstance(code, (int, str))), None)
    return reading._replace(
        error_type=reading.error_type or error,
        choices=reading.choices or 1,
        finished=reading.finished or reading.usage is not None,
    )


class ResponseEvents(Chunks):
    """Folds the events of an answer, in Cloudflare's shape or in OpenAI's."""

    __slots__ = ("_response",)

    def __init__(self) -> None:
        super().__init__()
        self._response: list[str] = []

    def see(self, event: Any) -> Progress:
        """Add one event."""
        if (piece := string(event_fields(event), "response")) is not None:
            self._response.append(piece)
        return super().see(event)

    def body(self) -> Body:
        """The result that the events so far add up to."""
        return {**super().body(), "response": "".join(self._response)}


def order(request: Any) -> Order:
    """The order of an answer."""
    return order_of(request, "max_tokens", tools=get(request, "tools"))


def prompt(request: Any) -> Iterator[str]:
    """The texts of a prompt, of messages, or of what is to be embedded."""
    yield from prompt_chat(request)
    yield from texts_of(request, "text")


def answer(body: Body) -> Iterator[str]:
    """The text of the result."""
    result = get(body, "result") or body
    if (piece := text(result, "response")) is not None:
        yield piece
    yield from openai_chat.answer(result)


RUN = Dialect(
    name="cloudflare.run",
    operation="chat",
    read=read,
    events=ResponseEvents,
    order=order,
    asked=asked_chat,
    prompt=prompt,
    answer=answer,
)
