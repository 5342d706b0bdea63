"""Cohere's older calls that write text: `POST …/v1/chat`, `…/v1/generate`, `…/v1/summarize`.

Counting: `cohere_usage.py`, under `meta`. A generation may have several choices.
Streaming: JSON lines, or events; `stream-end` carries the whole answer, whose usage is the only one. A
stream that fails ends with `stream-error`.

Source: `types/non_streamed_chat_response.py`, `types/generation.py`, `types/summarize_response.py`,
`types/streamed_chat_response.py`, `types/generate_streamed_response.py` of cohere 7.3.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..readings import Reading
from .cohere_request import asked, order, prompt
from .cohere_usage import usage_of
from .dialect import FINAL, GOES_ON, Body, Dialect, Progress
from .fields import Counts, event_fields, get, items, string, text, view
from .openai_request import schema


def read(body: Body) -> Reading:
    """Read a `NonStreamedChatResponse`, a `Generation` or a `SummarizeResponse`."""
    fields = view(body)
    counts = Counts()
    usage = usage_of(counts, fields.get("meta"))
    own = text(fields, "finish_reason")
    generations = list(items(fields, "generations"))
    reasons = [reason for one in generations if (reason := text(one, "finish_reason")) is not None]
    finish_reasons = tuple(reasons) or ((own,) if own else ())
    choices = len(generations) or 1
    return Reading(
        model=string(fields, "model"),
        id=string(fields, "response_id") or string(fields, "id"),
        usage=usage,
        finish_reasons=finish_reasons,
        choices=choices,
        finished=usage is not None or len(finish_reasons) == choices,
        error_type="_OTHER" if fields.get("error") else None,
        warnings=tuple(counts.warnings),
    )


class TextEvents:
    """Folds the events of a chat or of a generation."""

    __slots__ = ("_body", "_error", "_id", "_reason", "_text")

    def __init__(self) -> None:
        self._body: dict[str, Any] = {}
        self._id: Any = None
        self._reason: Any = None
        self._error: Any = None
        self._text: list[str] = []

    def see(self, event: Any) -> Progress:
        """Add one event; the end of the stream brings the whole answer."""
        fields = event_fields(event)
        kind = fields.get("event_type")
        if kind == "text-generation":
            if (piece := text(fields, "text")) is not None:
                self._text.append(piece)
        elif kind == "stream-start":
            self._id = fields.get("generation_id")
        elif kind == "stream-error":
            self._error = fields.get("err") or "error"
        elif kind == "stream-end":
            self._body = dict(view(fields.get("response")))
            self._reason = fields.get("finish_reason")
            return FINAL
        return GOES_ON

    def body(self) -> Body:
        """The whole answer, or the text so far."""
        body = self._body or {"id": self._id, "text": "".join(self._text)}
        if self._error is not None:
            body = {**body, "error": self._error}
        if self._reason is not None and body.get("finish_reason") is None:
            body = {**body, "finish_reason": self._reason}
        return body


def answer(body: Body) -> Iterator[str]:
    """The text, the texts of the generations, or the summary."""
    for name in ("text", "summary"):
        if (piece := text(body, name)) is not None:
            yield piece
    for one in items(body, "generations"):
        if (piece := text(one, "text")) is not None:
            yield piece
    for call in items(body, "tool_calls"):
        yield from schema(get(call, "name"))
        yield from schema(view(get(call, "parameters")))


CHAT = Dialect(
    name="cohere.chat_v1",
    operation="chat",
    read=read,
    events=TextEvents,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
)

GENERATE = Dialect(
    name="cohere.generate",
    operation="text_completion",
    read=read,
    events=TextEvents,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
)

SUMMARIZE = Dialect(
    name="cohere.summarize",
    operation="text_completion",
    read=read,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
)
