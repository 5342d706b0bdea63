"""Cohere's chat: `POST …/v2/chat`.

Counting: `cohere_usage.py`.
Streaming: `message-end` carries the reason to stop and the whole usage; there is none before it. A stream
that fails ends with it too, with an error and an empty usage. `message-start` has the id. No answer names
its model.

Source: `v2/types/v2chat_response.py`, `v2/types/v2chat_stream_response.py` of cohere 7.3.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..readings import Reading
from .cohere_request import asked, order, prompt
from .cohere_usage import usage_of
from .dialect import FINAL, GOES_ON, Body, Dialect, Progress
from .fields import Counts, dig, event_fields, get, index_of, items, string, text, view
from .openai_chat import calls


def read(body: Body) -> Reading:
    """Read a `V2ChatResponse`."""
    fields = view(body)
    counts = Counts()
    usage = usage_of(counts, fields.get("usage"))
    reason = string(fields, "finish_reason")
    error = string(fields, "error_type") or ("_OTHER" if fields.get("error") else None)
    return Reading(
        model=string(fields, "model"),
        id=string(fields, "id"),
        usage=usage,
        finish_reasons=(reason,) if reason else (),
        choices=1,
        finished=reason is not None,
        error_type=error,
        warnings=tuple(counts.warnings),
    )


class ChatEvents:
    """Folds the events of a chat."""

    __slots__ = ("_calls", "_end", "_id", "_plan", "_text", "_thinking")

    def __init__(self) -> None:
        self._id: Any = None
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._plan: list[str] = []
        self._calls: dict[int, dict[str, Any]] = {}
        self._end: dict[str, Any] = {}

    def see(self, event: Any) -> Progress:
        """Add one event; `message-end` is the last."""
        fields = event_fields(event)
        kind = fields.get("type")
        if kind == "content-delta":
            self._see_content(dig(fields.get("delta"), "message", "content"))
        elif kind == "tool-plan-delta":
            self._add(self._plan, text(fields.get("delta"), "message", "tool_plan"))
        elif kind in ("tool-call-start", "tool-call-delta"):
            self._see_call(index_of(fields), dig(fields.get("delta"), "message", "tool_calls"))
        elif kind == "message-start":
            self._id = fields.get("id")
        elif kind == "message-end":
            self._end = view(fields.get("delta"))
            return FINAL
        return GOES_ON

    @staticmethod
    def _add(pieces: list[str], piece: str | None) -> None:
        if piece is not None:
            pieces.append(piece)

    def _see_content(self, content: Any) -> None:
        self._add(self._text, text(content, "text"))
        self._add(self._thinking, text(content, "thinking"))

    def _see_call(self, index: int, call: Any) -> None:
        state = self._calls.setdefault(index, {"id": None, "name": None, "arguments": []})
        state["id"] = state["id"] or get(call, "id")
        state["name"] = state["name"] or dig(call, "function", "name")
        self._add(state["arguments"], text(call, "function", "arguments"))

    def body(self) -> Body:
        """The answer that the events so far add up to."""
        body: dict[str, Any] = {"id": self._id, "message": self._message()}
        for name in ("finish_reason", "usage", "error", "error_type"):
            if self._end.get(name) is not None:
                body[name] = self._end[name]
        return body

    def _message(self) -> dict[str, Any]:
        content: list[dict[str, Any]] = []
        if self._thinking:
            content.append({"type": "thinking", "thinking": "".join(self._thinking)})
        if self._text:
            content.append({"type": "text", "text": "".join(self._text)})
        message: dict[str, Any] = {"role": "assistant", "content": content}
        if self._plan:
            message["tool_plan"] = "".join(self._plan)
        if self._calls:
            message["tool_calls"] = [
                {
                    "id": state["id"],
                    "type": "function",
                    "function": {"name": state["name"], "arguments": "".join(state["arguments"])},
                }
                for _, state in sorted(self._calls.items())
            ]
        return message


def answer(body: Body) -> Iterator[str]:
    """The texts of the message: its plan, its content, and the calls of tools."""
    message = get(body, "message")
    if (plan := text(message, "tool_plan")) is not None:
        yield plan
    for part in items(message, "content"):
        for name in ("thinking", "text"):
            if (piece := text(part, name)) is not None:
                yield piece
    yield from calls(message)


DIALECT = Dialect(
    name="cohere.chat",
    operation="chat",
    read=read,
    events=ChatEvents,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
)
