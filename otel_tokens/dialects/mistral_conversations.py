"""Mistral's conversations with agents: `POST …/conversations`, `…/conversations/{id}`, `…/restart`.

Counting: `connector_tokens` are what built-in connectors brought into the prompt. They are beside
`prompt_tokens`, unless the total says that they are inside; either way they are the bucket `input_tool`.
`connectors` counts calls of each: searches of the web and images have a fee.
Streaming: `conversation.response.done` carries the usage; the text comes in `message.output.delta`.

Source: `models/conversationresponse.py`, `models/conversationusageinfo.py`, `models/conversationevents.py`,
`models/completionargs.py` of mistralai 3.7.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..readings import INPUT, INPUT_TOOL, OUTPUT, Number, Reading, Usage
from .dialect import FINAL, GOES_ON, Body, Dialect, Progress
from .fields import Counts, get, items, nonzero, string, text, view
from .mistral_events import fields_of
from .native_request import SAMPLING, TOOLS_TOKENS, asked_format, asked_of
from .openai_chat import error_type
from .openai_request import schema, strings, whole
from .order import Order


_FEES: Final = (
    ("web_search", "web_search"),
    ("web_search", "web_search_premium"),
    ("image", "image_generation"),
)
_CALLS: Final = 10
"""Calls of one connector for one answer, where nothing limits them; no maximum is documented."""
_PLAIN: Final = (int, float, str, dict, list)
_OWN: Final = frozenset({"function"})
"""Tools that the application runs."""


def read(body: Body) -> Reading:
    """Read a `ConversationResponse`."""
    fields = view(body)
    counts = Counts()
    usage = _usage(counts, view(fields.get("usage")))
    outputs = list(items(fields, "outputs"))
    models = [model for entry in outputs if (model := text(entry, "model")) is not None]
    return Reading(
        model=models[-1] if models else None,
        id=string(fields, "conversation_id"),
        usage=usage,
        choices=1,
        finished=usage is not None,
        error_type=error_type(fields),
        warnings=tuple(counts.warnings),
    )


def _usage(counts: Counts, stated: dict[str, Any]) -> Usage | None:
    # The client library puts a sentinel where the wire has nothing.
    stated = {name: value for name, value in stated.items() if isinstance(value, _PLAIN)}
    put, got = counts(stated, "prompt_tokens"), counts(stated, "completion_tokens")
    if put is None and got is None:
        return None
    put, got = put or 0, got or 0
    brought, total = counts(stated, "connector_tokens") or 0, counts(stated, "total_tokens")
    if brought and total == put + got and brought <= put:
        put -= brought
    elif total is not None and total != put + got + brought:
        counts.warn()
    return Usage(nonzero([(INPUT, put), (INPUT_TOOL, brought), (OUTPUT, got)]), _fees(counts, stated))


def _fees(counts: Counts, stated: dict[str, Any]) -> dict[str, Number]:
    called = view(stated.get("connectors"))
    units: dict[str, Number] = {}
    for unit, name in _FEES:
        if count := counts(called, name):
            units[unit] = units.get(unit, 0) + count
    return units


class ConversationEvents:
    """Folds the events of a conversation."""

    __slots__ = ("_error", "_id", "_model", "_text", "_usage")

    def __init__(self) -> None:
        self._id: Any = None
        self._model: Any = None
        self._usage: Any = None
        self._error: Any = None
        self._text: list[str] = []

    def see(self, event: Any) -> Progress:
        """Add one event; the response that is done is the last."""
        fields = fields_of(event)
        kind = fields.get("type")
        self._model = fields.get("model") or self._model
        if kind == "message.output.delta":
            content = fields.get("content")
            self._text += strings(content if isinstance(content, (str, list)) else [content])
        elif kind == "function.call.delta" and (piece := text(fields, "arguments")) is not None:
            self._text.append(piece)
        elif kind == "conversation.response.started":
            self._id = fields.get("conversation_id")
        elif kind == "conversation.response.error":
            self._error = {"code": str(fields.get("code") or "_OTHER")}
        elif kind == "conversation.response.done":
            self._usage = fields.get("usage")
            return FINAL
        return GOES_ON

    def body(self) -> Body:
        """The answer that the events so far add up to."""
        entry = {"type": "message.output", "content": "".join(self._text), "model": self._model}
        body = {"conversation_id": self._id, "outputs": [entry], "usage": self._usage}
        return body if self._error is None else {**body, "error": self._error}


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a conversation: its sampling stands in `completion_args`."""
    args = get(request, "completion_args")
    return {**asked_of(args, {**SAMPLING, "random_seed": "seed"}), **asked_format(args, "response_format")}


def order(request: Any) -> Order:
    """The order of a conversation: earlier turns and connectors bring input that is not in the request."""
    given = view(request)
    kinds = [text(tool, "type") or "" for tool in items(given, "tools")]
    connectors = [kind for kind in kinds if kind not in _OWN]
    units = {unit: _CALLS for unit, name in _FEES if name in connectors}
    return Order(
        whole(view(given.get("completion_args")), "max_tokens"),
        hidden=1 + len(connectors),
        overhead_tokens=TOOLS_TOKENS if kinds else 0,
        units=units or None,
    )


def prompt(request: Any) -> Iterator[str]:
    """The texts of the inputs, the instructions and the tools."""
    yield from strings(get(request, "instructions"))
    yield from strings(get(request, "inputs"))
    for entry in items(request, "inputs"):
        for name in ("content", "arguments", "result"):
            yield from strings(get(entry, name))
    for tool in items(request, "tools"):
        yield from schema(tool)


def answer(body: Body) -> Iterator[str]:
    """The texts of the entries, and the arguments of functions that are called."""
    for entry in items(body, "outputs"):
        yield from strings(get(entry, "content"))
        if text(entry, "type") == "function.call":
            yield from strings(get(entry, "arguments"))


DIALECT = Dialect(
    name="mistral.conversations",
    operation="chat",
    read=read,
    events=ConversationEvents,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
)
