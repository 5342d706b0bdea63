"""NLP Cloud: `POST …/generation`, `…/chatbot` at NLP Cloud.

Counting: `nb_input_tokens` and `nb_generated_tokens` are all there is. A stream is plain text, and states
nothing.

Source: `nlp_cloud/chat/transformation.py` of LiteLLM 1.109.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..readings import Reading
from .dialect import Body, Dialect
from .fields import Counts, items, view
from .native_request import SAMPLING, asked_of, order_of, texts_of
from .native_usage import counted
from .order import Order


def read(body: Body) -> Reading:
    """Read a generation."""
    fields = view(body)
    counts = Counts()
    usage = counted(counts, counts(fields, "nb_input_tokens"), counts(fields, "nb_generated_tokens"))
    return Reading(usage=usage, choices=1, finished=usage is not None, warnings=tuple(counts.warnings))


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a generation."""
    return asked_of(request, {**SAMPLING, "max_length": "max_tokens"})


def order(request: Any) -> Order:
    """The order of a generation."""
    return order_of(request, "max_length")


def prompt(request: Any) -> Iterator[str]:
    """The texts of a generation."""
    yield from texts_of(request, "text", "input", "context")
    for turn in items(request, "history"):
        yield from texts_of(turn, "input", "response")


def answer(body: Body) -> Iterator[str]:
    """The generated text."""
    yield from texts_of(body, "generated_text", "response")


GENERATION = Dialect(
    name="nlp_cloud.generation",
    operation="text_completion",
    read=read,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
)
