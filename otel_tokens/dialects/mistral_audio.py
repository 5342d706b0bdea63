"""Mistral's transcription: `POST …/audio/transcriptions` at Mistral.

Counting: the audio is billed by `prompt_audio_seconds`; `total_tokens` counts tokens of the audio too,
which are no input of their own, so only `prompt_tokens` and `completion_tokens` are.
Streaming: `transcription.done` carries the text and the usage.

Source: `models/transcriptionresponse.py`, `models/transcriptionstreamdone.py`, `models/usageinfo.py` of
mistralai 3.7.0.
"""

from __future__ import annotations

from ..readings import Number, Reading, Usage
from .dialect import FINAL, GOES_ON, Body, Dialect, Progress
from .fields import Counts, money, string, text, view
from .mistral_events import fields_of
from .native_usage import counted
from .openai_audio import answer
from .openai_chat import error_type
from .openai_order import order_transcription


def read(body: Body) -> Reading:
    """Read a `TranscriptionResponse`."""
    fields = view(body)
    counts = Counts()
    usage = _usage(counts, view(fields.get("usage")))
    return Reading(
        model=string(fields, "model"),
        usage=usage,
        finished=usage is not None,
        error_type=error_type(fields),
        warnings=tuple(counts.warnings),
    )


def _usage(counts: Counts, stated: dict[str, object]) -> Usage | None:
    billed = money(stated, "prompt_audio_seconds")
    put, got = counts(stated, "prompt_tokens"), counts(stated, "completion_tokens")
    if billed is None and put is None and got is None:
        return None
    tokens = counted(counts, put or 0, got)
    units: dict[str, Number] = {"audio_second": billed} if billed else {}
    return Usage({} if tokens is None else tokens.tokens, units)


class TranscriptionEvents:
    """Folds the events of a transcription."""

    __slots__ = ("_done", "_text")

    def __init__(self) -> None:
        self._done: object = None
        self._text: list[str] = []

    def see(self, event: object) -> Progress:
        """Add one event; the one that is done is the last."""
        fields = fields_of(event)
        kind = fields.get("type")
        if kind == "transcription.done":
            self._done = fields
            return FINAL
        if kind == "transcription.text.delta" and (piece := text(fields, "text")) is not None:
            self._text.append(piece)
        return GOES_ON

    def body(self) -> Body:
        """The whole answer, or the text so far."""
        return {"text": "".join(self._text)} if self._done is None else self._done


TRANSCRIPTION = Dialect(
    name="mistral.transcription",
    operation="generate_content",
    output_type="text",
    read=read,
    events=TranscriptionEvents,
    order=order_transcription,
    answer=answer,
)
