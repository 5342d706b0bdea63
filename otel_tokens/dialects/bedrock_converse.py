"""Bedrock Converse: `POST …/model/{model}/converse` and `…/converse-stream`.

Counting: `bedrock_usage.py`. The answer does not name its model, which stands in the path; only a prompt
router says whom it has asked. `serviceTier` says which tier has served. Guardrails are billed by units of
text that `trace` states; they are no tokens, and are left out.
Streaming: events with one member each. Usage is in `metadata`, the last one; a stream that was cut has none.
An exception is an event with its name.

Source: `Converse`, `ConverseStream` of bedrock-runtime in botocore 1.44.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from ..readings import Reading
from . import bedrock_models, bedrock_request, bedrock_usage
from .dialect import FINAL, GOES_ON, Body, Dialect, Progress
from .fields import Counts, dig, event_fields, get, items, string, text, view


_ERRORS: Final = ("Exception", "Error", "Failure")
"""How the names of events end that end a stream."""


def read(body: Body) -> Reading:
    """Read a `ConverseResponse`."""
    return _read(body, inclusive=False)


def read_openai(body: Body) -> Reading:
    """Read a `ConverseResponse` of a model of OpenAI's."""
    return _read(body, inclusive=True)


def _read(body: Body, *, inclusive: bool) -> Reading:
    fields = view(body)
    model = string(fields, "model") or text(fields.get("trace"), "promptRouter", "invokedModelId")
    if model is not None:
        model = bedrock_models.bare(model)
        inclusive = inclusive or bedrock_models.family(model).startswith("openai.")
    counts = Counts()
    usage = bedrock_usage.tokens(counts, fields.get("usage"), inclusive=inclusive)
    reason = string(fields, "stopReason")
    tier = string(fields, "serviceTier") or text(fields.get("serviceTier"), "type")
    return Reading(
        model=model,
        usage=usage,
        finish_reasons=(reason,) if reason else (),
        choices=1,
        variant=bedrock_usage.variant(tier, text(fields.get("performanceConfig"), "latency")),
        service_tier=tier,
        error_type=error_type(fields),
        finished=reason is not None,
        warnings=tuple(counts.warnings),
    )


def error_type(body: Body) -> str | None:
    """The name of an exception that came as an event."""
    error = get(body, "error")
    return (text(error, "type") or "_OTHER") if error else None


def exception_of(event: dict[str, Any]) -> dict[str, Any] | None:
    """The exception that an event is; None for any other. Its message may quote the prompt."""
    for name in event:
        if type(name) is str and name.endswith(_ERRORS):
            return {"type": name}
    return None


class ConverseEvents:
    """Folds the events of a converse stream."""

    __slots__ = ("_blocks", "_error", "_metadata", "_stop")

    def __init__(self) -> None:
        self._blocks: dict[int, _Block] = {}
        self._stop: dict[str, Any] = {}
        self._metadata: dict[str, Any] = {}
        self._error: dict[str, Any] | None = None

    def see(self, event: Any) -> Progress:
        """Add one event; with the reason to stop and the usage nothing about tokens can follow."""
        fields = event_fields(event)
        if (delta := fields.get("contentBlockDelta")) is not None:
            self._block(delta).add(event_fields(event_fields(delta).get("delta")))
            return GOES_ON
        if (start := fields.get("contentBlockStart")) is not None:
            self._block(start).start = dig(start, "start", "toolUse")
        elif (stop := fields.get("messageStop")) is not None:
            self._overlay(self._stop, stop)
            return self._progress()
        elif (metadata := fields.get("metadata")) is not None:
            self._overlay(self._metadata, metadata)
            return self._progress()
        elif (error := exception_of(fields)) is not None:
            self._error = error
        return GOES_ON

    def _progress(self) -> Progress:
        whole = self._stop.get("stopReason") is not None and self._metadata.get("usage") is not None
        return FINAL if whole else GOES_ON

    @staticmethod
    def _overlay(known: dict[str, Any], newer: Any) -> None:
        known.update({name: value for name, value in view(newer).items() if value is not None})

    def _block(self, event: Any) -> _Block:
        index = get(event, "contentBlockIndex")
        index = index if type(index) is int else 0
        block = self._blocks.get(index)
        if block is None:
            block = self._blocks[index] = _Block()
        return block

    def body(self) -> Body:
        """The answer that the events so far add up to."""
        content = [block.content() for _, block in sorted(self._blocks.items())]
        body = {
            **self._metadata,
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": self._stop.get("stopReason"),
        }
        if self._error is not None:
            body["error"] = self._error
        return body


class _Block:
    """What one content block has said so far."""

    __slots__ = ("input", "reasoning", "start", "text")

    def __init__(self) -> None:
        self.start: Any = None
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.input: list[str] = []

    def add(self, delta: dict[str, Any]) -> None:
        """Add one delta."""
        if type(piece := delta.get("text")) is str:
            self.text.append(piece)
        elif (piece := text(delta, "toolUse", "input")) is not None:
            self.input.append(piece)
        elif (piece := text(delta, "reasoningContent", "text")) is not None:
            self.reasoning.append(piece)

    def content(self) -> dict[str, Any]:
        """The block as a whole answer has it; the input of a tool stays text."""
        if self.start is not None or self.input:
            head = {name: get(self.start, name) for name in ("toolUseId", "name")}
            return {"toolUse": {**head, "input": "".join(self.input)}}
        if self.reasoning:
            return {"reasoningContent": {"reasoningText": {"text": "".join(self.reasoning)}}}
        return {"text": "".join(self.text)}


def answer(body: Body) -> Iterator[str]:
    """The texts of the content: text, reasoning, inputs of tools, what citations support."""
    for block in items(body, "output", "message", "content"):
        for piece in (
            text(block, "text"),
            text(block, "reasoningContent", "reasoningText", "text"),
            text(block, "toolUse", "input"),
        ):
            if piece is not None:
                yield piece
        for cited in items(block, "citationsContent", "content"):
            if (piece := text(cited, "text")) is not None:
                yield piece


DIALECT: Final = Dialect(
    name="bedrock.converse",
    operation="chat",
    read=read,
    events=ConverseEvents,
    order=bedrock_request.order_converse,
    tier=bedrock_request.tier,
    asked=bedrock_request.asked_converse,
    prompt=bedrock_request.prompt_converse,
    answer=answer,
)

OPENAI: Final = replace(DIALECT, read=read_openai, order=bedrock_request.order_openai)
"""For models of OpenAI's, which cache unasked, and whose input may hold the cache twice."""


def _read_committed(body: Body) -> Reading:
    return read(body)._replace(variant="committed")


COMMITTED: Final = replace(DIALECT, read=_read_committed)
"""For models on capacity that is paid by the hour: its tokens cost nothing more."""
