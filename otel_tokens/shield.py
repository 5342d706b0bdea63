"""Keeps our bugs out of the application: logged once for each step, counted, never raised."""

from __future__ import annotations

import logging
import sys
import threading

from collections.abc import Iterator
from contextlib import contextmanager

from .errors import OtelTokensError


log = logging.getLogger("otel_tokens")

strict = False
"""Raise instead of logging. The tests turn it on, so that a bug fails a test."""

failures: dict[str, int] = {}
"""How often each step has failed in this process."""

_lock = threading.Lock()


def renew() -> None:
    """In a forked process: the failures are the parent's, and a thread that is gone may hold the lock."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    failures.clear()


@contextmanager
def shielded(step: str) -> Iterator[None]:
    """Guard one step of ours: opening, reading, pricing. Never the wrapped call, never a `yield` to others.

    Errors of this package pass: they are answers, not bugs. So does everything that is not an `Exception`,
    such as a cancellation.
    """
    try:
        yield
    except OtelTokensError:
        raise
    except Exception:  # noqa: BLE001  # this is the one place that may
        failed(step)


def failed(step: str) -> None:
    """Log and count the exception that is being handled; raise it when `strict`.

    For hot paths, which write `try` themselves because a context manager costs a microsecond.
    """
    with _lock:
        failures[step] = first = failures.get(step, 0) + 1
    if strict:
        raise  # noqa: PLE0704  # called from an `except` block
    if first == 1:
        log.warning(
            "%s failed; the call of the application is not affected, and this is logged once",
            step,
            exc_info=sys.exc_info(),
        )
