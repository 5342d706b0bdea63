"""What models on Bedrock and SageMaker answer that speak no protocol of their own: a text, and some counts.

Counting: each vendor names its counts: Llama `prompt_token_count` and `generation_token_count`, Titan
`inputTextTokenCount` and a `tokenCount` for each result, Cohere `billed_units`, text-generation-inference
`details`. Many state none: Bedrock does it for them, in headers. Images are counted where they are the
answer.
Streaming: pieces of text; a count that came last holds, field by field.

Source: the user guide of Bedrock on inference parameters of models; `docs/openapi.json` of
text-generation-inference 3; October 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..readings import INPUT, OUTPUT, Reading, Usage
from .bedrock_converse import error_type
from .dialect import GOES_ON, Body, Progress
from .fields import Counts, dig, get, items, nonzero, string, text, view


_LISTS: Final = ("results", "outputs", "generations", "completions", "choices")
"""Where choices stand."""
_TEXTS: Final = ("completion", "generation", "outputText", "text", "generated_text", "message")
_SPOKEN: Final = frozenset({*_TEXTS, "token", "data"})
"""What is gathered as text, and not kept beside it."""
_REASONS: Final = ("stop_reason", "stopReason", "finish_reason", "finishReason", "completionReason")
_INPUT: Final = ("prompt_token_count", "inputTextTokenCount", "inputTokenCount")
_OUTPUT: Final = ("generation_token_count", "totalOutputTextTokenCount", "outputTokenCount")
_IDS: Final = ("id", "response_id", "generation_id")


def read(body: Body) -> Reading:
    """Read an answer, whoever gave it."""
    fields = _fields(body)
    counts = Counts()
    usage = _usage(counts, fields)
    drawn = images(fields)
    if usage is None and drawn:
        usage = Usage({}, {"image": drawn})
    reasons = [_reason(entry) for entry in (_choices(fields) or [fields])]
    found = tuple([reason for reason in reasons if reason is not None])
    return Reading(
        model=string(fields, "model"),
        id=next((id_ for name in _IDS if (id_ := string(fields, name)) is not None), None),
        usage=usage,
        inferred=bool(drawn) and usage is not None and not usage.tokens,
        finish_reasons=found,
        choices=len(reasons),
        error_type=error_type(fields),
        finished=len(found) == len(reasons),
        warnings=tuple(counts.warnings),
    )


def images(fields: dict[str, Any]) -> int:
    """How many images the answer is; what only describes images that were sent is none."""
    drawn = [image for image in items(fields, "images") if isinstance(image, str) and image]
    return len(drawn) + sum(text(artifact, "base64") is not None for artifact in items(fields, "artifacts"))


def _fields(body: Body) -> dict[str, Any]:
    """A list is of choices."""
    return {"generations": body} if isinstance(body, list) else view(body)


def _choices(fields: dict[str, Any]) -> list[Any]:
    for name in _LISTS:
        if name in fields and (found := list(items(fields, name))):
            return found
    return []


def _reason(entry: Any) -> str | None:
    fields = view(entry)
    for name in _REASONS:
        if (reason := string(fields, name) or text(fields.get(name), "reason")) is not None:
            return reason
    return text(fields.get("details"), "finish_reason")


def _usage(counts: Counts, fields: dict[str, Any]) -> Usage | None:
    billed = _billed(fields)
    put, got = counts.first(fields, *_INPUT), counts.first(fields, *_OUTPUT)
    entries = [view(entry) for entry in _choices(fields)] or [fields]
    if put is None:
        put = counts(billed, "input_tokens")
    if put is None:
        put = _read_details(counts, view(entries[0].get("details")))
    if got is None:
        got = counts(billed, "output_tokens")
    if got is None:
        made = [count for entry in entries if (count := _made(counts, entry)) is not None]
        got = sum(made) if made else None
    searched = counts(billed, "search_units")
    if put is None and got is None and not searched:
        return None
    units = {"search_unit": searched} if searched else {}
    return Usage(nonzero([(INPUT, put or 0), (OUTPUT, got or 0)]), units)


def _read_details(counts: Counts, details: dict[str, Any]) -> int | None:
    """The prompt's tokens, which are listed when the request asked for it."""
    return counts(details, "input_length") or len(list(items(details, "prefill"))) or None


def _made(counts: Counts, entry: dict[str, Any]) -> int | None:
    """The tokens of one choice."""
    made = counts(entry, "tokenCount")
    return counts(view(entry.get("details")), "generated_tokens") if made is None else made


def _billed(fields: dict[str, Any]) -> dict[str, Any]:
    """What Cohere says that it bills."""
    for node in (fields.get("usage"), fields.get("meta"), dig(fields.get("response"), "meta")):
        if (billed := get(node, "billed_units")) is not None:
            return view(billed)
    return {}


class PlainEvents:
    """Folds pieces of text, and the counts beside them."""

    __slots__ = ("_known", "_text")

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}
        self._text: list[str] = []

    def see(self, event: Any) -> Progress:
        """Add one piece; more may always follow."""
        fields = view(event)
        self._text += answer(fields)
        if "generated_text" in fields and "token" not in fields:  # one of several whole answers
            self._known.setdefault("generations", []).append(_without_text(fields))
            return GOES_ON
        for name, value in fields.items():
            if name in _LISTS:
                self._known[name] = [_without_text(entry) for entry in items(fields, name)]
            elif value is not None and name not in _SPOKEN:
                self._known[name] = value
        return GOES_ON

    def body(self) -> Body:
        """The answer so far."""
        return {**self._known, "text": "".join(self._text)}


def _without_text(entry: Any) -> dict[str, Any]:
    return {name: value for name, value in view(entry).items() if name not in _SPOKEN}


def answer(body: Body) -> Iterator[str]:
    """The texts of an answer, whoever gave it."""
    fields = _fields(body)
    if (piece := text(fields.get("token"), "text")) is not None:
        yield piece  # the last piece of a stream says the whole text again
        return
    yield from _said(fields)
    for entry in _choices(fields):
        yield from _said(view(entry))


def _said(entry: dict[str, Any]) -> Iterator[str]:
    for name in _TEXTS:
        if (value := entry.get(name)) is not None:
            piece = value if isinstance(value, str) else text(value, "content")
            if piece:
                yield piece
    if (piece := text(entry.get("data"), "text")) is not None:
        yield piece
