"""Videos: `POST …/videos`, of OpenAI, xAI and OpenRouter, and the polls of what becomes of them.

Counting: a video is made in the background. OpenAI states its seconds and its size, but no usage, and
seconds of video are no unit that anybody's price list here has: what it costs stays unknown. xAI and
OpenRouter state the charge once it is done; it may be fetched many times, and counts once by the id in the
path. A poll before that says nothing.

Source: `types/video.py` of openai 3.54; `videogenerationresponse.py` of openrouter 1.3; answers of xAI of
2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..readings import Reading
from . import openai_usage
from .dialect import Body, Dialect
from .fields import get, text
from .openai_chat import error_type
from .openai_cost import cost
from .openai_request import strings


_ENDS = frozenset({"done", "completed", "failed", "expired", "cancelled"})


def read(body: Body) -> Reading:
    """Read a job: its charge, once it is stated."""
    stated = get(body, "usage")
    usage, warnings = openai_usage.tokens(stated)
    return Reading(
        model=text(body, "model"),
        id=text(body, "id") or text(body, "request_id"),
        usage=usage,
        cost_usd=cost(stated),
        error_type=error_type(body),
        finished=text(body, "status") in _ENDS,
        warnings=warnings,
    )


def prompt(request: Any) -> Iterator[str]:
    """The description of the video."""
    yield from strings(get(request, "prompt"))


DIALECT = Dialect(name="openai.videos", operation="generate_content", read=read, prompt=prompt)

JOB = Dialect(name="openai.videos", operation="generate_content", read=read, prompt=prompt, billed=False)
"""Starts a video whose charge its polls state."""

POLL = Dialect(
    name="openai.videos", operation="fetch_response", read=read, billed=False, quiet=True, once=True
)
