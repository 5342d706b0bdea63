"""Ollama's own API: `POST …/api/chat`, `…/api/generate`, `…/api/embed`, `…/api/embeddings`.

Counting: `prompt_eval_count` is the whole prompt, `eval_count` the whole output, thinking included. The
prompt's count is absent where all of it was cached already: it is unknown then, not nothing, and leaves the
warning `input_unknown`. `…/api/embeddings`, the older call, states nothing.
Streaming: JSON lines, also when nobody asks for a stream; only the last one, with `done`, has counts.

Source: `_types.py` of ollama 0.6.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, Final

from ..readings import Reading
from .dialect import FINAL, GOES_ON, Body, Dialect, Progress
from .fields import Counts, event_fields, get, items, string, text, view
from .native_request import (
    SAMPLING,
    Names,
    asked_format,
    asked_of,
    error_of,
    messages_prompt,
    order_nothing,
    order_of,
    texts_of,
)
from .native_usage import counted, input_alone
from .openai_request import schema
from .order import Order


_NAMES: Final[Names] = MappingProxyType({**SAMPLING, "num_predict": "max_tokens"})


def read(body: Body) -> Reading:
    """Read a `ChatResponse` or a `GenerateResponse`."""
    fields = view(body)
    counts = Counts()
    usage = counted(counts, counts(fields, "prompt_eval_count"), counts(fields, "eval_count"))
    reason = string(fields, "done_reason")
    return Reading(
        model=string(fields, "model"),
        usage=usage,
        finish_reasons=(reason,) if reason else (),
        choices=1,
        finished=fields.get("done") is True,
        error_type=error_of(fields),
        warnings=tuple(counts.warnings),
    )


def read_embed(body: Body) -> Reading:
    """Read an `EmbedResponse`, or the older answer, which states nothing."""
    fields = view(body)
    counts = Counts()
    usage = input_alone(counts(fields, "prompt_eval_count"))
    return Reading(
        model=string(fields, "model"),
        usage=usage,
        finished=usage is not None,
        error_type=error_of(fields),
        warnings=tuple(counts.warnings),
    )


class LineEvents:
    """Folds the lines of a chat or a generation."""

    __slots__ = ("_calls", "_error", "_last", "_role", "_text", "_thinking")

    def __init__(self) -> None:
        self._last: dict[str, Any] = {}
        self._role: Any = None
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._calls: list[Any] = []
        self._error: Any = None

    def see(self, event: Any) -> Progress:
        """Add one line; the one that is done is the last."""
        fields = event_fields(event)
        if fields.get("error"):
            self._error = fields["error"]
        message = view(fields.get("message"))
        self._role = self._role or message.get("role")
        self._calls += items(message, "tool_calls")
        for pieces, piece in (
            (self._text, string(message, "content") or string(fields, "response")),
            (self._thinking, string(message, "thinking") or string(fields, "thinking")),
        ):
            if piece is not None:
                pieces.append(piece)
        self._last = fields or self._last
        return FINAL if fields.get("done") is True else GOES_ON

    def body(self) -> Body:
        """The answer that the lines so far add up to."""
        said, thought = "".join(self._text), "".join(self._thinking)
        body = {name: value for name, value in self._last.items() if name not in ("message", "context")}
        if self._error is not None:
            body["error"] = self._error
        if self._role is None:
            return {**body, "response": said, "thinking": thought}
        message = {"role": self._role, "content": said, "thinking": thought, "tool_calls": self._calls}
        return {**body, "message": message}


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a chat or a generation: most of them are in `options`."""
    found = asked_of(get(request, "options"), _NAMES)
    level = get(request, "think")
    if isinstance(level, str) and level:
        found["reasoning.level"] = level
    return {**found, **asked_format(request, "format")}


def order(request: Any) -> Order:
    """The order of a chat or a generation."""
    return order_of(get(request, "options"), "num_predict", tools=get(request, "tools"))


def prompt(request: Any) -> Iterator[str]:
    """The texts of a chat or a generation."""
    yield from texts_of(request, "system", "prompt", "suffix")
    yield from messages_prompt(request)


def prompt_embed(request: Any) -> Iterator[str]:
    """The texts to embed."""
    yield from texts_of(request, "input", "prompt")


def answer(body: Body) -> Iterator[str]:
    """The text, the thinking, and the calls of tools."""
    message = get(body, "message")
    for node, name in ((body, "response"), (body, "thinking"), (message, "content"), (message, "thinking")):
        if (piece := text(node, name)) is not None:
            yield piece
    for call in items(message, "tool_calls"):
        function = get(call, "function")
        yield from schema(get(function, "name"))
        yield from schema(get(function, "arguments"))


CHAT = Dialect(
    name="ollama.chat",
    operation="chat",
    read=read,
    events=LineEvents,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
)

GENERATE = Dialect(
    name="ollama.generate",
    operation="text_completion",
    read=read,
    events=LineEvents,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
)

EMBED = Dialect(
    name="ollama.embed",
    operation="embeddings",
    read=read_embed,
    order=order_nothing,
    prompt=prompt_embed,
)
