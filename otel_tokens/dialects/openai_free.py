"""OpenAI's calls that are not billed: moderation, counting input tokens, and reports of what was used.

Counting: they state no usage of their own, and there is none to pay. The tokens that a count answers are of
a prompt that was not run; those and the costs that a report lists are of calls that were counted when made.

Source: `types/moderation_create_response.py`, `types/responses/input_token_count_response.py`,
`types/admin/organization/` of openai 3.54.
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

REPORT = Dialect(name="openai.report", operation="report", read=read, billed=False, quiet=True)
