"""Baidu's ERNIE in its own format: `POST …/wenxinworkshop/chat/{model}`, and beside it `completions`.

Counting: `usage` is in OpenAI's shape.
Streaming: each event has a piece under `result` and the counts so far; the last one has `is_end`.

Source: `extensions/openai/adapter.py` of qianfan 0.4.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, Final

from ..readings import Reading
from . import openai_usage
from .dialect import FINAL, GOES_ON, Body, Dialect, Progress
from .fields import event_fields, get, string, text, view
from .native_request import SAMPLING, Names, asked_of, messages_prompt, order_nothing, order_of, texts_of
from .order import Order


_NAMES: Final[Names] = MappingProxyType({**SAMPLING, "max_output_tokens": "max_tokens"})


def read(body: Body) -> Reading:
    """Read an answer."""
    fields = view(body)
    usage, warnings = openai_usage.tokens(fields.get("usage"))
    reason = string(fields, "finish_reason")
    return Reading(
        id=string(fields, "id"),
        usage=usage,
        finish_reasons=(reason,) if reason else (),
        choices=1,
        finished=usage is not None and fields.get("is_end") is not False,
        error_type=_error(fields),
        warnings=warnings,
    )


def _error(fields: dict[str, Any]) -> str | None:
    code = fields.get("error_code")
    return str(code) if isinstance(code, (int, str)) and code else None


class ResultEvents:
    """Folds the pieces of an answer."""

    __slots__ = ("_last", "_text", "_usage")

    def __init__(self) -> None:
        self._last: dict[str, Any] = {}
        self._text: list[str] = []
        self._usage: Any = None

    def see(self, event: Any) -> Progress:
        """Add one piece; the one that is the end is the last."""
        fields = event_fields(event)
        self._last = fields or self._last
        if (piece := string(fields, "result")) is not None:
            self._text.append(piece)
        if fields.get("usage") is not None:
            self._usage = fields["usage"]
        return FINAL if fields.get("is_end") is True else GOES_ON

    def body(self) -> Body:
        """The answer that the pieces so far add up to."""
        return {**self._last, "result": "".join(self._text), "usage": self._usage}


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a chat."""
    return asked_of(request, _NAMES)


def order(request: Any) -> Order:
    """The order of a chat."""
    return order_of(request, "max_output_tokens", tools=get(request, "functions"))


def prompt(request: Any) -> Iterator[str]:
    """The texts of a chat, of a prompt, or of what is to be embedded."""
    yield from texts_of(request, "system", "prompt", "input")
    yield from messages_prompt(request)


def answer(body: Body) -> Iterator[str]:
    """The text, and the call of a function."""
    if (piece := text(body, "result")) is not None:
        yield piece
    for name in ("name", "arguments"):
        if (piece := text(body, "function_call", name)) is not None:
            yield piece


CHAT = Dialect(
    name="ernie.chat",
    operation="chat",
    read=read,
    events=ResultEvents,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
)

EMBEDDINGS = Dialect(
    name="ernie.embeddings", operation="embeddings", read=read, order=order_nothing, prompt=prompt
)
