"""Bedrock's agents, flows and knowledge bases: `POST …/agents/…/text`, `/flows/…`, `/retrieveAndGenerate`.

Counting: an agent asks models on its way, and each `modelInvocationOutput` of its trace has the usage of one;
they are added up by model, as `modelInvocationInput` names it. Traces come only when the request asked for
them (`enableTrace`); flows and knowledge bases state no usage at all.
Streaming: `trace` events between `chunk` events with the text. A trace that comes again under its id counts
once.

Source: `InvokeAgent`, `InvokeInlineAgent`, `InvokeFlow`, `RetrieveAndGenerate` of bedrock-agent-runtime in
botocore 1.44.
"""

from __future__ import annotations

import json

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from ..readings import Part, Reading, Usage, add
from . import bedrock_usage
from .bedrock_converse import error_type, exception_of
from .dialect import GOES_ON, Body, Dialect, Progress
from .fields import Counts, dig, event_fields, get, items, text, view
from .openai_request import strings
from .order import Order


_KNOWN: Final = frozenset({"trace", "chunk", "files", "returnControl", "output", "citation", "guardrail"})
_EVENTS: Final = frozenset({"flowOutputEvent", "flowTraceEvent", "flowCompletionEvent"})
_ANY: Final = Order(hidden=1)
"""An order of whatever an agent makes of it."""


def read(body: Body) -> Reading:
    """Read what an agent said: the usage of its models, the one that was asked first as the answer's."""
    counts = Counts()
    by_model: dict[str | None, Usage] = {}
    for step in items(body, "invocations"):
        usage = bedrock_usage.tokens(counts, get(step, "usage"))
        if usage is not None:
            model = text(step, "model")
            by_model[model] = add(by_model[model], usage) if model in by_model else usage
    used = list(by_model.items())
    return Reading(
        model=used[0][0] if used else None,
        id=text(body, "sessionId"),
        usage=used[0][1] if used else None,
        parts=tuple([Part(other, more) for other, more in used[1:]]),
        choices=1,
        error_type=error_type(body),
        finished=get(body, "error") is None,
        warnings=tuple(counts.warnings),
    )


class AgentEvents:
    """Folds what an agent does and says."""

    __slots__ = ("_error", "_models", "_text", "_usages")

    def __init__(self) -> None:
        self._models: dict[str, str] = {}
        self._usages: dict[str, Any] = {}
        self._text: list[str] = []
        self._error: dict[str, Any] | None = None

    def see(self, event: Any) -> Progress:
        """Add one event; an agent may always go on."""
        fields = event_fields(event)
        if (error := exception_of(fields)) is not None:
            self._error = error
        elif (trace := get(fields.get("trace"), "trace")) is not None:
            for step in view(trace).values():
                self._step(step)
        elif (piece := _said(fields)) is not None:
            self._text.append(piece)
        return GOES_ON

    def _step(self, step: Any) -> None:
        if (asked := get(step, "modelInvocationInput")) is not None:
            id_, model = text(asked, "traceId"), text(asked, "foundationModel")
            if id_ is not None and model is not None:
                self._models[id_] = model
        if (answered := get(step, "modelInvocationOutput")) is not None:
            usage = dig(answered, "metadata", "usage")
            if usage is not None:
                id_ = text(answered, "traceId") or f"#{len(self._usages)}"
                self._usages[id_] = usage

    def body(self) -> Body:
        """All that was said, and every model that was asked."""
        invocations = [
            {"model": self._models.get(id_), "usage": usage} for id_, usage in self._usages.items()
        ]
        body: dict[str, Any] = {"invocations": invocations, "output": {"text": "".join(self._text)}}
        if self._error is not None:
            body["error"] = self._error
        return body


def _said(fields: dict[str, Any]) -> str | None:
    """The text of an event; what an agent says may look like JSON."""
    if (data := get(fields.get("chunk"), "bytes")) is not None:
        return bytes(data).decode("utf-8", "replace") if isinstance(data, (bytes, bytearray)) else None
    for node in (fields.get("output"), fields.get("flowOutputEvent")):
        if (piece := text(node, "text") or text(node, "content", "document")) is not None:
            return piece
    if fields and _KNOWN.isdisjoint(fields) and _EVENTS.isdisjoint(fields):
        return json.dumps(fields, ensure_ascii=False, default=str)
    return None


def answer(body: Body) -> Iterator[str]:
    """The text that was said."""
    if (piece := text(body, "output", "text")) is not None:
        yield piece


def prompt(request: Any) -> Iterator[str]:
    """The text that an agent is given; what it makes of it is more."""
    yield from strings(text(request, "inputText"))
    yield from strings(text(request, "input", "text"))
    yield from strings(text(request, "instruction"))
    for entry in items(request, "inputs"):
        yield from strings(text(entry, "content", "document"))


AGENT: Final = Dialect(
    name="bedrock.invoke_agent",
    operation="invoke_agent",
    read=read,
    events=AgentEvents,
    order=lambda _request: _ANY,
    prompt=prompt,
    answer=answer,
)

FLOW: Final = replace(AGENT, name="bedrock.invoke_flow", operation="invoke_workflow")

RETRIEVE_AND_GENERATE: Final = replace(AGENT, name="bedrock.retrieve_and_generate", operation="chat")
