"""Reka's own chat: `POST …/v1/chat` at Reka.

Counting: `usage.input_tokens` and `usage.output_tokens` are all there is.
Streaming: each event has the counts so far, and the message whole so far or a piece of it.

Source: `types/chat_response.py`, `types/chunk_chat_response.py`, `types/usage.py` of reka-api 3.2.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..readings import Reading
from .dialect import GOES_ON, Body, Dialect, Progress
from .fields import Counts, event_fields, get, items, string, text, view
from .growing import Growing
from .native_request import SAMPLING, asked_of, messages_prompt, order_of
from .native_usage import counted, overlay
from .openai_request import strings
from .order import Order


_HEAD = frozenset({"id", "model", "usage"})


def read(body: Body) -> Reading:
    """Read a `ChatResponse`."""
    fields = view(body)
    counts = Counts()
    stated = view(fields.get("usage"))
    usage = counted(counts, counts(stated, "input_tokens"), counts(stated, "output_tokens"))
    answers = list(items(fields, "responses"))
    reasons = [reason for one in answers if (reason := text(one, "finish_reason")) is not None]
    return Reading(
        model=string(fields, "model"),
        id=string(fields, "id"),
        usage=usage,
        finish_reasons=tuple(reasons),
        choices=len(answers),
        finished=0 < len(answers) == len(reasons),
        warnings=tuple(counts.warnings),
    )


class ChunkEvents:
    """Folds the events of a chat."""

    __slots__ = ("_head", "_reason", "_text")

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._reason: Any = None
        self._text = Growing()

    def see(self, event: Any) -> Progress:
        """Add one event; no event says that it is the last."""
        fields = event_fields(event)
        overlay(self._head, fields, _HEAD)
        for one in items(fields, "responses"):
            self._reason = text(one, "finish_reason") or self._reason
            self._text.add("".join(strings(get(get(one, "chunk"), "content"))))
        return GOES_ON

    def body(self) -> Body:
        """The chat that the events so far add up to."""
        message = {"role": "assistant", "content": self._text.text()}
        return {**self._head, "responses": [{"finish_reason": self._reason, "message": message}]}


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a chat."""
    return asked_of(request, SAMPLING)


def order(request: Any) -> Order:
    """The order of a chat."""
    return order_of(request, "max_tokens", tools=get(request, "tools"))


def answer(body: Body) -> Iterator[str]:
    """The texts of the messages."""
    for one in items(body, "responses"):
        yield from strings(get(get(one, "message"), "content"))


CHAT = Dialect(
    name="reka.chat",
    operation="chat",
    read=read,
    events=ChunkEvents,
    order=order,
    asked=asked,
    prompt=messages_prompt,
    answer=answer,
)
