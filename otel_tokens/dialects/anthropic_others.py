"""Anthropic's other calls: legacy completions, counting tokens, results of a batch.

Counting: legacy completions state no tokens at all. A count of tokens is free, and of a prompt that was not
run. Each line of a batch's results is a message, billed at batch rates; lines that failed, expired or were
cancelled are not billed. The results of a batch count once, however often they are fetched.
Streaming: a legacy completion sends its text in pieces; the results of a batch are JSON lines.

Source: `types/completion.py`, `types/messages/message_batch_individual_response.py` of anthropic 2.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..readings import Part, Reading, Usage, add
from . import anthropic_messages
from .anthropic_request import asked, order, prompt
from .dialect import GOES_ON, Body, Dialect, Progress
from .fields import dig, get, text
from .openai_batches import rows


def read_completion(body: Body) -> Reading:
    """Read a legacy `Completion`."""
    reason = text(body, "stop_reason")
    error = get(body, "error")
    return Reading(
        model=text(body, "model"),
        id=text(body, "id"),
        finish_reasons=(reason,) if reason else (),
        choices=1,
        finished=reason is not None,
        error_type=(text(error, "type") or "_OTHER") if error else None,
    )


class CompletionEvents:
    """Folds the pieces of a legacy completion."""

    __slots__ = ("_last", "_text")

    def __init__(self) -> None:
        self._last: Any = None
        self._text: list[str] = []

    def see(self, event: Any) -> Progress:
        """Add one piece."""
        if get(event, "type") in ("completion", None):
            self._last = event
            if (piece := text(event, "completion")) is not None:
                self._text.append(piece)
        return GOES_ON

    def body(self) -> Body:
        """The completion so far."""
        head = {name: get(self._last, name) for name in ("id", "model", "stop_reason")}
        return {**head, "completion": "".join(self._text)}


def completion_answer(body: Body) -> Iterator[str]:
    """The text of a completion."""
    if (piece := text(body, "completion")) is not None:
        yield piece


def read_count(body: Body) -> Reading:
    """A count of tokens says nothing that is billed."""
    return Reading(id=text(body, "id"))


class ResultEvents:
    """Folds the lines of a batch's results to one reading per model."""

    __slots__ = ("_messages",)

    def __init__(self) -> None:
        self._messages: list[Any] = []

    def see(self, event: Any) -> Progress:
        """Add one line; a batch may always have one more."""
        message = dig(event, "result", "message")
        if message is not None:
            fields = ("model", "usage")
            self._messages.append({name: get(message, name) for name in fields})
        return GOES_ON

    def body(self) -> Body:
        """The lines that were billed."""
        return self._messages


def read_results(body: Body) -> Reading:
    """Read the results of a batch: all lines together, by the model that answered."""
    messages = body if isinstance(body, list) else _messages(body)
    by_model: dict[str | None, Usage] = {}
    warnings: list[str] = []
    geo: str | None = None
    for message in messages:
        reading = anthropic_messages.read(message)
        warnings += reading.warnings
        geo = geo or reading.inference_geo
        parts = reading.parts
        if reading.usage is not None:
            parts = (Part(model=reading.model, usage=reading.usage), *parts)
        for part in parts:
            before = by_model.get(part.model)
            by_model[part.model] = part.usage if before is None else add(before, part.usage)
    if not by_model:
        return Reading(variant="batch")
    (model, usage), *others = by_model.items()
    return Reading(
        model=model,
        usage=usage,
        parts=tuple([Part(model=other, usage=more) for other, more in others]),
        variant="batch",
        inference_geo=geo,
        finished=True,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _messages(content: Body) -> list[Any]:
    events = ResultEvents()
    for row in rows(content) if isinstance(content, str) else ():
        events.see(row)
    return events.body()  # type: ignore[no-any-return]  # the list that it keeps


COMPLETION = Dialect(
    name="anthropic.complete",
    operation="text_completion",
    read=read_completion,
    events=CompletionEvents,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=completion_answer,
)

COUNT_TOKENS = Dialect(name="anthropic.count_tokens", operation="count_tokens", read=read_count, billed=False)

BATCH_RESULTS = Dialect(
    name="anthropic.batch_results",
    operation="batch",
    read=read_results,
    events=ResultEvents,
    quiet=True,
    once=True,
)
