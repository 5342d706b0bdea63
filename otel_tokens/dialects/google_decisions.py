"""Google's decisions: `POST …/decisions`, several questions about one input.

Counting: as an interaction; the input is evaluated once for all questions.

Source: `decisions/createdecisionrequest.py`, `createdecisionresponse.py` of google-genai 3.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..readings import Reading
from . import google_content, google_interactions
from .dialect import Body, Dialect
from .fields import get
from .google_names import at, plain, string_at
from .openai_request import schema


def read(body: Body) -> Reading:
    """Read the answers to the questions, or why there are none."""
    reading = google_interactions.read(body)
    blocked = string_at(body, "promptFeedback", "blockReason")
    return reading._replace(
        finish_reasons=(blocked,) if blocked else (),
        choices=1,
        finished=reading.usage is not None or blocked is not None or at(body, "answers") is not None,
    )


def prompt(request: Any) -> Iterator[str]:
    """The texts of the input and of the questions."""
    yield from google_interactions.prompt(request)
    yield from schema(plain(get(request, "questions")))


def answer(body: Body) -> Iterator[str]:
    """The answers."""
    yield from schema(plain(get(body, "answers")))


DIALECT = Dialect(
    name="google.decisions",
    operation="generate_content",
    read=read,
    headed=google_content.headed,
    order=google_interactions.order,
    prompt=prompt,
    answer=answer,
)
