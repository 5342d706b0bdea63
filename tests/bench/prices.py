"""Milliseconds to load the price book, microseconds to price a call.

The smallest of several rounds counts, as CPU time of the thread: others may use the machine. Exits with 1
where a goal is missed.

    python tests/bench/prices.py [--rounds N]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time

from collections.abc import Callable
from pathlib import Path

from otel_tokens.pricing import Terms, load_book
from otel_tokens.pricing.catalog import shipped
from otel_tokens.pricing.compile import PRICES
from otel_tokens.readings import Usage


LOAD_MS = 5.0
PRICE_US = 2.0
AT_S = 1_795_500_000.0
CALLS = 500
USAGE = Usage({"input": 1000, "cache_read": 500, "output": 100})
MODELS = (
    ("openai", "gpt-5.4", "standard"),
    ("openai", "gpt-5.4", "flex"),
    ("anthropic", "claude-opus-5", "batch"),
    ("aws.bedrock", "us.anthropic.claude-opus-5", "standard"),
    ("gcp.vertex_ai", "gemini-2.5-pro", "priority"),
    ("azure.ai.openai", "gpt-5.4", "standard"),
    ("openrouter", "openai/gpt-5", "standard"),
)


def least_s(measure: Callable[[], float], rounds: int) -> float:
    """The smallest of several measurements."""
    return min([measure() for _ in range(rounds)])


def took_s(work: Callable[[], object]) -> float:
    """Seconds of this thread."""
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


def first_price_s(provider: str, model: str, variant: str) -> float:
    """Loading the book, finding a model and pricing its first call."""
    terms = Terms(provider, model, AT_S, model, variant)
    return took_s(lambda: load_book().price(USAGE, terms))


def price_s(provider: str, model: str, variant: str) -> float:
    """A call like one before."""
    book, terms = load_book(), Terms(provider, model, AT_S, model, variant)
    book.price(USAGE, terms)

    def work() -> None:
        for _ in range(CALLS):
            book.price(USAGE, terms)

    return took_s(work) / CALLS


def main() -> int:
    """Print what was measured; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=80)
    rounds = parser.parse_args().rounds
    missed = False

    def say(name: str, value: float, unit: str, goal: float | None = None) -> None:
        nonlocal missed
        late = goal is not None and value > goal
        missed = missed or late
        aim = "" if goal is None else f"   goal {goal:g} {unit}{'  MISSED' if late else ''}"
        sys.stdout.write(f"{name:62} {value:8.2f} {unit}{aim}\n")

    say("load the shipped book", least_s(lambda: took_s(shipped), rounds) * 1e3, "ms", LOAD_MS)
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "book.json"
        other.write_text(PRICES.read_text("utf-8"), "utf-8")
        spent = least_s(lambda: took_s(lambda: load_book(book=other)), rounds)
        say("load a compiled book of one's own", spent * 1e3, "ms", LOAD_MS)
    for row in MODELS:
        spent = least_s(lambda row=row: first_price_s(*row), rounds)  # type: ignore[misc]
        say(f"load and price the first call: {' '.join(row)}", spent * 1e3, "ms", LOAD_MS)
    for row in MODELS:
        spent = least_s(lambda row=row: price_s(*row), rounds)  # type: ignore[misc]
        say(f"price a call: {' '.join(row)}", spent * 1e6, "us", PRICE_US)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
