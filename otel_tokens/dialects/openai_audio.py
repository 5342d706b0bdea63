"""OpenAI transcription, translation and speech: `POST …/audio/…`.

Counting: a transcription states either tokens, with the audio among the input, or the seconds that are
billed; older answers and translations state neither, a verbose one at least the duration. Speech states
nothing: the characters of the request are what `tts-1` bills; as events, it states tokens at the end.
Streaming: `transcript.text.done` and `speech.audio.done` carry the usage.

Source: `types/audio/transcription.py`, `transcription_text_done_event.py`, `speech_create_params.py` of
openai 3.54.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..readings import Reading, Usage
from . import openai_usage
from .dialect import FINAL, GOES_ON, Body, Dialect, Progress
from .fields import event_fields, get, money, text
from .openai_chat import error_type
from .openai_cost import cost
from .openai_order import order_speech, order_transcription
from .openai_request import strings


def read(body: Body) -> Reading:
    """Read a `Transcription`, a `Translation` or the last event of a stream."""
    stated = get(body, "usage")
    usage, warnings = openai_usage.tokens(stated)
    inferred = False
    if usage is None and (units := openai_usage.seconds(stated)):
        usage = Usage({}, units)
    elif usage is None and (duration := money(body, "duration")):
        usage, inferred = Usage({}, {"audio_second": duration}), True
    return Reading(
        model=text(body, "model"),
        usage=usage,
        inferred=inferred,
        cost_usd=cost(stated),
        error_type=error_type(body),
        finished=usage is not None,
        warnings=warnings,
    )


class LastEvent:
    """Folds a stream whose last event, of one of `kinds`, is the answer."""

    __slots__ = ("_event", "_kinds", "_text")

    def __init__(self, kinds: tuple[str, ...]) -> None:
        self._kinds = kinds
        self._event: Any = None
        self._text: list[str] = []

    def see(self, event: Any) -> Progress:
        """Add one event; one of the awaited kind is the last."""
        fields = event_fields(event)
        if fields.get("type") in self._kinds:
            self._event = event
            return FINAL
        if type(piece := fields.get("delta")) is str and fields.get("type") == "transcript.text.delta":
            self._text.append(piece)
        return GOES_ON

    def body(self) -> Body:
        """The last event, or the text so far."""
        return {"text": "".join(self._text)} if self._event is None else self._event


def answer(body: Body) -> Iterator[str]:
    """The transcript."""
    yield from strings(get(body, "text"))


def characters(request: Any) -> Usage | None:
    """What speech is billed by when it states nothing."""
    spoken = text(request, "input")
    return None if spoken is None else Usage({}, {"character": len(spoken)})


TRANSCRIPTION = Dialect(
    name="openai.transcription",
    operation="generate_content",
    output_type="text",
    read=read,
    order=order_transcription,
    events=lambda: LastEvent(("transcript.text.done",)),
    answer=answer,
)

SPEECH = Dialect(
    name="openai.speech",
    operation="generate_content",
    output_type="speech",
    read=read,
    order=order_speech,
    events=lambda: LastEvent(("speech.audio.done",)),
    units=characters,
)
