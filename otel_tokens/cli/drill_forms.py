"""What a fire drill consists of: the forms of a call of each client, and the numbers of each answer."""

from __future__ import annotations

import re

from collections.abc import Mapping
from decimal import Decimal
from typing import Final


CHAT: Final = "chat"
RESPONSES: Final = "responses"
MESSAGES: Final = "messages"

FORMS: Final[Mapping[str, tuple[str, ...]]] = {
    "openai": (
        CHAT,
        f"{CHAT}, async",
        f"{CHAT}, streamed",
        f"{CHAT}, streamed, async",
        f"{CHAT}, raw response",
        f"{CHAT}, 8 threads",
        f"{CHAT}, 8 tasks",
        RESPONSES,
        f"{RESPONSES}, streamed",
    ),
    "anthropic": (
        MESSAGES,
        f"{MESSAGES}, async",
        f"{MESSAGES}, streamed",
        f"{MESSAGES}, streamed, async",
        f"{MESSAGES}, stream helper",
        f"{MESSAGES}, raw response",
        f"{MESSAGES}, 8 threads",
        f"{MESSAGES}, 8 tasks",
    ),
}
"""Client to the forms of a call: what is called, and how."""

MODELS: Final[Mapping[str, str]] = {"openai": "gpt-4o", "anthropic": "claude-sonnet-5"}
"""Client to a model whose price is known."""

CAP_USD: Final = Decimal("0.01")
TIMES: Final = 100
"""How many times the cap a loop would spend if nobody stopped it."""
INPUT_TOKENS: Final = 20
OUTPUT_TOKENS: Final = 300
"""What each answer states, and what each request states as its maximum."""
WORKERS: Final = 8
LABEL: Final = "otel_tokens.drill"
"""The label by which each form has a count of its own."""


def slug(form: str) -> str:
    """A form as a part of a path."""
    return re.sub(r"[^a-z0-9]+", "-", form)
