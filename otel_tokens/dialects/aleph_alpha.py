"""Aleph Alpha: `POST …/complete`, `…/embed`, `…/semantic_embed` and its kin.

Counting: `num_tokens_prompt_total` is all input, of all prompts and images, `num_tokens_generated` all
output.
Streaming: `completion_summary` comes last and has the counts; `stream_summary` has the reason to stop.

Source: `completion.py`, `embedding.py` of aleph-alpha-client 11.5.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..readings import Reading
from .dialect import FINAL, GOES_ON, Body, Dialect, Progress
from .fields import Counts, event_fields, get, index_of, items, string, text, view
from .native_request import SAMPLING, asked_of, order_nothing, order_of
from .native_usage import counted
from .openai_request import strings, whole
from .order import Order


_COUNTS: Final = ("num_tokens_prompt_total", "num_tokens_generated")


def read(body: Body) -> Reading:
    """Read a `CompletionResponse` or an embedding."""
    fields = view(body)
    counts = Counts()
    put, got = [counts(fields, name) for name in _COUNTS]
    completions = list(items(fields, "completions"))
    reasons = [reason for one in completions if (reason := text(one, "finish_reason")) is not None]
    usage = counted(counts, put, got)
    return Reading(
        model=string(fields, "model_version"),
        usage=usage,
        finish_reasons=tuple(reasons),
        choices=len(completions),
        finished=usage is not None and len(reasons) == len(completions),
        warnings=tuple(counts.warnings),
    )


class CompletionEvents:
    """Folds the pieces of a completion."""

    __slots__ = ("_head", "_reasons", "_text")

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._text: dict[int, list[str]] = {}
        self._reasons: dict[int, Any] = {}

    def see(self, event: Any) -> Progress:
        """Add one event; the summary of the completion is the last."""
        fields = event_fields(event)
        index = index_of(fields)
        kind = fields.get("type")
        if kind == "completion_summary":
            self._head |= {name: fields.get(name) for name in _COUNTS}
            return FINAL
        if (piece := string(fields, "completion")) is not None:
            self._text.setdefault(index, []).append(piece)
        if kind == "stream_summary":
            self._reasons[index] = fields.get("finish_reason")
            self._head["model_version"] = fields.get("model_version")
        return GOES_ON

    def body(self) -> Body:
        """The completion that the events so far add up to."""
        completions = [
            {"completion": "".join(self._text.get(index, ())), "finish_reason": self._reasons.get(index)}
            for index in sorted({*self._text, *self._reasons})
        ]
        return {**self._head, "completions": completions}


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a completion."""
    return asked_of(request, {**SAMPLING, "maximum_tokens": "max_tokens", "n": "choice.count"})


def order(request: Any) -> Order:
    """The order of a completion."""
    given = view(request)
    choices = max(whole(given, "n") or 1, whole(given, "best_of") or 1)
    return order_of(given, "maximum_tokens", choices=choices)


def prompt(request: Any) -> Iterator[str]:
    """The texts of the prompt, or of the prompts of a batch."""
    for name in ("prompt", "prompts"):
        given = get(request, name)
        yield from strings(given)
        for part in items(given):
            if (piece := text(part, "data")) is not None and text(part, "type") == "text":
                yield piece


def answer(body: Body) -> Iterator[str]:
    """The texts of the completions."""
    for one in items(body, "completions"):
        if (piece := text(one, "completion")) is not None:
            yield piece


COMPLETE = Dialect(
    name="aleph_alpha.complete",
    operation="text_completion",
    read=read,
    events=CompletionEvents,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
)

EMBED = Dialect(
    name="aleph_alpha.embed",
    operation="embeddings",
    read=read,
    order=order_nothing,
    prompt=prompt,
)
