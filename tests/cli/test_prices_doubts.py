"""What `prices update` finds doubtful about newer prices."""

from __future__ import annotations

import json

from decimal import Decimal
from typing import Any

from otel_tokens.cli.prices_books import checked
from otel_tokens.cli.prices_changes import difference
from otel_tokens.cli.prices_doubts import doubts
from otel_tokens.pricing.rows import day_of

from .price_books import model, plain


TODAY = day_of("2026-11-24")


def doubt(new: dict[str, Any], most: str = "50") -> list[str]:
    """What is doubtful about a changed small book."""
    one, other = [checked("it", json.dumps(book)) for book in (plain(), new)]
    return doubts(difference(one, other), one, other, Decimal(most), TODAY)


def test_what_is_doubtful() -> None:
    """Jumps, what becomes free or no longer is, and rates that vanish, where they hold today or later."""
    book = plain()
    small, big = model(book, "openai", "small"), model(book, "openai", "Big")
    small["rows"][0]["rates"]["output"] = "0.6"
    assert doubt(book) == []
    small["rows"][0]["rates"]["output"] = "0.61"
    assert doubt(book) == ["openai small: output 0.4 to 0.61 (+52.5 %)"]
    assert doubt(book, "53") == []
    small["rows"][0]["rates"]["output"] = "0"
    assert doubt(book) == ["openai small: output 0.4 to 0 (-100.0 %)"]

    book = plain()
    model(book, "openai", "Big")["rows"][0]["rates"]["input"] = "300"
    assert doubt(book) == []  # until 2026-10-01, which is over
    model(book, "openai", "Big")["rows"][2]["rates"]["input"] = "4"
    assert doubt(book) == ["openai Big: input 2 to 4 (+100.0 %) from 2027-01-01"]

    book = plain()
    model(book, "groq", "gift")["rows"] = [{"rates": {"input": "1"}}]
    model(book, "groq", "listener")["rows"][0] |= {"fees": {"audio_hour": "1"}, "minimums": {}}
    assert doubt(book) == [
        "groq listener: fee audio_hour 0.111 to 1 (+800.9 %)",
        "groq gift: free yes, no more",
    ]

    book = plain()
    big = model(book, "openai", "Big")
    del big["variants"]
    del big["rows"][1]["tiers"]
    del big["rows"][1]["rates"]["cache_read"]
    assert doubt(book) == ["openai Big: cache_read 0.25, no more from 2026-10-01"]


def test_a_price_that_was_nothing() -> None:
    """What cost nothing and now costs something is doubtful, as no percent tells it."""
    book = plain()
    model(book, "openai", "small")["rows"][0]["rates"]["output"] = "0"
    one, other = [checked("it", json.dumps(part)) for part in (book, plain())]

    assert doubts(difference(one, other), one, other, Decimal(10**6), TODAY) == [
        "openai small: output 0 to 0.4"
    ]


def test_what_is_gone() -> None:
    """A provider that is gone, many models that are, and a version that is older."""
    book = plain()
    del book["providers"]["openrouter"]
    book["version"] = "genai-prices 0.9.12"

    assert doubt(book) == [
        "genai-prices 0.9.12 is older than genai-prices 1.0.0",
        "the provider openrouter is gone, with 1 models",
        "1 of 6 models are gone",
    ]
    book["version"] = "someone's own"
    del book["multipliers"]
    assert len(doubt(book | {"multipliers": []})) == 2
