"""OpenAI Realtime and Live, and who took them over: Azure OpenAI, xAI; one websocket is one session.

Counting: every `response.done` states the usage of one response; earlier turns come back as (cached) input,
so the sum of a session's responses is what it costs. A response counts once, by its id. xAI leaves
`response.usage` empty and states it beside. Transcriptions of what was said to the model are made by
another model, and are a part at that one, by tokens or by seconds, once for each item. A live session
states its seconds of audio as totals, so the last one counts; responses and decisions that it delegates
state their own tokens, and are parts at their models. A session that only transcribes has no other model
than that one.
Streaming: the body is what the events fold to; one `response.done` alone reads like a session of one
response. The Responses API speaks by a websocket too, of which each answer is one of the session.
Finish: the status of each response, and not its detail.

Source: `types/realtime/*_event.py` and `types/live/*_event.py` of openai 3.54; events of Azure and xAI of
2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..readings import Part, Reading, Usage, add
from . import openai_usage
from .dialect import FINAL, GOES_ON, Body, Dialect, Progress
from .fields import event_fields, get, items, text, view
from .openai_chat import error_type
from .realtime_order import order_session


_TRANSCRIBED: Final = "conversation.item.input_audio_transcription.completed"
_DONE: Final = "response.done"
_ANSWERED: Final = frozenset({"response.completed", "response.incomplete", "response.failed"})
_TRANSCRIPTION: Final = (
    ("audio", "input", "transcription", "model"),
    ("input_audio_transcription", "model"),
)
_PIECES: Final = frozenset(
    {
        "response.output_text.delta",
        "response.text.delta",
        "response.output_audio_transcript.delta",
        "response.audio_transcript.delta",
        "response.function_call_arguments.delta",
        "session.output_transcript.delta",
    }
)


class SessionEvents:
    """Folds the events of a session: what it is, and each of its responses and transcriptions once."""

    __slots__ = ("_answers", "_error", "_live", "_model", "_parts", "_text", "_transcriber")

    def __init__(self) -> None:
        self._model: str | None = None
        self._transcriber: str | None = None
        self._answers: dict[Any, Any] = {}
        self._parts: dict[Any, Any] = {}
        self._live: Any = None
        self._text: list[str] = []
        self._error: Any = None

    def see(self, event: Any) -> Progress:
        """Add one event; only a live session says that it is over."""
        fields = event_fields(event)
        kind = fields.get("type")
        if type(kind) is not str:
            return GOES_ON
        if kind in _PIECES:
            if type(piece := fields.get("delta")) is str:
                self._text.append(piece)
        elif kind == _DONE or kind in _ANSWERED:
            self._see_response(fields)
        elif kind == _TRANSCRIBED:
            self._see_transcription(fields)
        elif kind[:8] == "session.":
            return self._see_session(kind, fields)
        elif kind in ("response.event", "decision.event"):
            self._see_nested(view(fields.get("event")))
        elif kind == "error":
            self._error = fields.get("error")
        return GOES_ON

    def _see_session(self, kind: str, fields: dict[str, Any]) -> Progress:
        session = fields.get("session")
        self._model = text(session, "model") or self._model
        for path in _TRANSCRIPTION:
            self._transcriber = text(session, *path) or self._transcriber
        if (usage := fields.get("usage")) is not None:
            self._live = usage
        return FINAL if kind == "session.closed" else GOES_ON

    def _see_response(self, fields: dict[str, Any]) -> None:
        response = fields.get("response")
        self._model = text(response, "model") or self._model
        usage = get(response, "usage") or fields.get("usage")
        state = {
            "id": get(response, "id"),
            "status": get(response, "status"),
            "usage": usage,
            "output": get(response, "output"),
        }
        self._answers[_key(state["id"], self._answers)] = state
        self._text.clear()

    def _see_transcription(self, fields: dict[str, Any]) -> None:
        item, index = text(fields, "item_id"), fields.get("content_index")
        key = (item, index if type(index) is int else 0) if item else None
        self._parts[_key(key, self._parts)] = {"model": self._transcriber, "usage": fields.get("usage")}

    def _see_nested(self, event: dict[str, Any]) -> None:
        """Note what a delegated response or decision has cost."""
        kind = text(event, "type")
        made = event.get("decision" if kind == "decision.completed" else "response")
        if kind in _ANSWERED or kind == "decision.completed":
            self._parts[_key(text(made, "id"), self._parts)] = {
                "model": text(made, "model"),
                "usage": get(made, "usage"),
            }

    def body(self) -> Body:
        """The session so far."""
        body: dict[str, Any] = {
            "model": self._model,
            "transcription_model": self._transcriber,
            "responses": list(self._answers.values()),
            "parts": list(self._parts.values()),
            "usage": self._live,
            "text": "".join(self._text),
        }
        if self._error is not None:
            body["error"] = self._error
        return body


def _key(name: Any, seen: dict[Any, Any]) -> Any:
    """What counts once: the name itself, or a number of its own for what has none."""
    return name if isinstance(name, (str, tuple)) and name else len(seen)


def read(body: Body) -> Reading:
    """Read a folded session, or one event of it."""
    fields = view(body)
    if type(fields.get("type")) is str and "responses" not in fields:
        alone = SessionEvents()
        alone.see(body)
        fields = alone.body()
    responses = list(items(fields, "responses"))
    usage, warnings = _sum(responses)
    live = openai_usage.seconds(fields.get("usage"))
    if live:
        usage = add(usage or Usage(), Usage({}, live))
    parts, odd = _parts(fields)
    model = text(fields, "model")
    if usage is None and parts and model is None:  # a session that only transcribes
        (first, usage), *rest = parts
        model, parts = first, tuple(rest)
    reasons = [text(response, "status") for response in responses]
    return Reading(
        model=model,
        id=text(responses[0], "id") if len(responses) == 1 else None,
        usage=usage,
        parts=parts,
        finish_reasons=tuple([reason for reason in reasons if reason]),
        error_type=error_type(fields) if fields.get("error") else None,
        finished=bool(responses) and all(reasons),
        warnings=tuple(dict.fromkeys((*warnings, *odd))),
    )


def _stated(usage: object) -> tuple[Usage | None, openai_usage.Warnings]:
    """The tokens of a usage object, else its seconds."""
    found, warnings = openai_usage.tokens(usage)
    if found is None and (units := openai_usage.seconds(usage)):
        found = Usage({}, units)
    return found, warnings


def _sum(responses: list[Any]) -> tuple[Usage | None, openai_usage.Warnings]:
    total: Usage | None = None
    odd: openai_usage.Warnings = ()
    for response in responses:
        usage, warnings = _stated(get(response, "usage"))
        odd += warnings
        if usage is not None:
            total = usage if total is None else add(total, usage)
    return total, odd


def _parts(fields: dict[str, Any]) -> tuple[tuple[Part, ...], openai_usage.Warnings]:
    """What other models were billed for, in one part for each."""
    by_model: dict[str | None, Usage] = {}
    odd: openai_usage.Warnings = ()
    for part in items(fields, "parts"):
        usage, warnings = _stated(get(part, "usage"))
        odd += warnings
        if usage is not None and (usage.tokens or usage.units):
            model = text(part, "model")
            by_model[model] = add(by_model[model], usage) if model in by_model else usage
    return tuple([Part(model, usage) for model, usage in by_model.items()]), odd


def answer(body: Body) -> Iterator[str]:
    """What the model said and wrote, transcripts of its speech included."""
    for response in items(body, "responses"):
        for item in items(response, "output"):
            for part in items(item, "content"):
                if (piece := text(part, "text") or text(part, "transcript")) is not None:
                    yield piece
            if (piece := text(item, "arguments")) is not None:
                yield piece
    if (piece := text(body, "text")) is not None:
        yield piece


DIALECT = Dialect(
    name="openai.realtime",
    operation="chat",
    read=read,
    events=SessionEvents,
    order=order_session,
    answer=answer,
)

LIVE = Dialect(
    name="openai.live",
    operation="chat",
    read=read,
    events=SessionEvents,
    order=order_session,
    answer=answer,
)
