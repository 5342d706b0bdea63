"""Replicate: `POST …/predictions`, and fetching a prediction.

Counting: language models state `metrics.input_token_count` and `metrics.output_token_count` once they have
run; what other models are billed by, the time of a machine, is no unit here. A prediction that was made is
fetched until it has run: it counts once.
Streaming: `streams/{id}` sends plain text, whose last event says no more than that it is done.

Source: `prediction.py`, `stream.py` of replicate 1.0.7; `Prediction.Metrics` of replicate-go 0.18.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from ..readings import Reading
from .dialect import Body, Dialect
from .fields import Counts, get, string, text, view
from .native_request import SAMPLING, asked_of, order_of, texts_of
from .native_usage import counted
from .openai_request import strings
from .order import Order


_ENDS: Final = ("succeeded", "failed", "canceled", "aborted")
_LIMITS: Final = ("max_tokens", "max_new_tokens", "max_completion_tokens", "max_length")


def read(body: Body) -> Reading:
    """Read a `Prediction`."""
    fields = view(body)
    counts = Counts()
    metrics = view(fields.get("metrics"))
    usage = counted(counts, counts(metrics, "input_token_count"), counts(metrics, "output_token_count"))
    status = string(fields, "status")
    return Reading(
        model=string(fields, "model"),
        id=string(fields, "id"),
        usage=usage,
        choices=1,
        finished=status in _ENDS,
        error_type="_OTHER" if fields.get("error") else None,
        warnings=tuple(counts.warnings),
    )


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a prediction's input, which each model names as it likes."""
    names = {**SAMPLING, **dict.fromkeys(_LIMITS, "max_tokens")}
    return asked_of(get(request, "input"), names)


def order(request: Any) -> Order:
    """The order of a prediction."""
    return order_of(get(request, "input"), *_LIMITS)


def prompt(request: Any) -> Iterator[str]:
    """The texts of a prediction's input."""
    yield from texts_of(get(request, "input"), "prompt", "system_prompt", "text")


def answer(body: Body) -> Iterator[str]:
    """The output, where it is text: whole, or in pieces."""
    yield from strings(get(body, "output"))
    if (piece := text(body, "output", "text")) is not None:
        yield piece


PREDICT = Dialect(
    name="replicate.prediction",
    operation="generate_content",
    read=read,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
    remembered=True,
)

FETCH = replace(PREDICT, name="replicate.prediction_fetched", quiet=True, once=True)
