"""OpenAI's calls that answer about text and are not billed: moderation, and counting input tokens.

Counting: they state no usage, and there is none to pay. The tokens that a count answers are of a prompt
that was not run.

Source: `types/moderation_create_response.py`, `types/responses/input_token_count_response.py` of openai 3.54.
"""

from __future__ import annotations

from ..readings import Reading
from .dialect import Body, Dialect
from .fields import text
from .openai_chat import error_type


def read(body: Body) -> Reading:
    """Read who answered."""
    return Reading(model=text(body, "model"), id=text(body, "id"), error_type=error_type(body))


MODERATION = Dialect(name="openai.moderations", operation="moderation", read=read, billed=False)

COUNT_TOKENS = Dialect(name="openai.count_tokens", operation="count_tokens", read=read, billed=False)
