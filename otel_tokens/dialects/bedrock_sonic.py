"""Nova Sonic, which hears and speaks: `…/model/{model}/invoke-with-bidirectional-stream`.

Counting: `usageEvent` has the tokens of speech and of text, in and out, of the whole session so far. What the
details leave out of the totals is text.
Streaming: every event is inside `event`; the last usage holds, and none is added up.

Source: the user guide of Nova on output events of speech, October 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..readings import INPUT, INPUT_AUDIO, OUTPUT, OUTPUT_AUDIO, Reading, Usage
from .bedrock_converse import error_type, exception_of
from .dialect import GOES_ON, Body, Dialect, Progress
from .fields import Counts, dig, event_fields, get, nonzero, parsed, text, view
from .order import Order


_SESSION: Final = Order(hidden=1, speaks=True)
"""The order of a session, whose speech comes later."""


def read(body: Body) -> Reading:
    """Read the last usage of a session."""
    counts = Counts()
    reason = text(body, "stopReason")
    return Reading(
        id=text(body, "usageEvent", "sessionId"),
        usage=_usage(counts, view(get(body, "usageEvent"))),
        finish_reasons=(reason,) if reason else (),
        choices=1,
        error_type=error_type(body),
        finished=reason is not None,
        warnings=tuple(counts.warnings),
    )


def _usage(counts: Counts, stated: dict[str, Any]) -> Usage | None:
    put, got = counts(stated, "totalInputTokens"), counts(stated, "totalOutputTokens")
    if put is None and got is None:
        return None
    put, got = put or 0, got or 0
    total = counts(stated, "totalTokens")
    if total is not None and total != put + got:
        counts.warn()
    details = dig(stated.get("details"), "total")
    heard = counts.within(view(get(details, "input")), "speechTokens", put)
    spoken = counts.within(view(get(details, "output")), "speechTokens", got)
    return Usage(
        nonzero(
            [
                (INPUT, put - heard),
                (INPUT_AUDIO, heard),
                (OUTPUT, got - spoken),
                (OUTPUT_AUDIO, spoken),
            ]
        )
    )


class SonicEvents:
    """Folds a session."""

    __slots__ = ("_error", "_reason", "_text", "_usage")

    def __init__(self) -> None:
        self._usage: Any = None
        self._reason: Any = None
        self._text: list[str] = []
        self._error: dict[str, Any] | None = None

    def see(self, event: Any) -> Progress:
        """Add one event; a session goes on for as long as somebody speaks."""
        fields = event_fields(event)
        if (data := get(fields.get("chunk"), "bytes")) is not None:
            fields = view(parsed(bytes(data))) if isinstance(data, (bytes, bytearray)) else {}
        inner = view(fields.get("event"))
        if (usage := inner.get("usageEvent")) is not None:
            self._usage = usage
        elif (end := inner.get("completionEnd")) is not None:
            self._reason = text(end, "stopReason") or self._reason
        elif (piece := text(inner.get("textOutput"), "content")) is not None:
            self._text.append(piece)
        elif (error := exception_of(fields)) is not None:
            self._error = error
        return GOES_ON

    def body(self) -> Body:
        """The session so far."""
        body = {"usageEvent": self._usage, "stopReason": self._reason, "text": "".join(self._text)}
        if self._error is not None:
            body["error"] = self._error
        return body


def answer(body: Body) -> Iterator[str]:
    """What was said, as far as it came as text."""
    if (piece := text(body, "text")) is not None:
        yield piece


DIALECT: Final = Dialect(
    name="bedrock.sonic",
    operation="chat",
    output_type="speech",
    read=read,
    events=SonicEvents,
    order=lambda _request: _SESSION,
    answer=answer,
)
