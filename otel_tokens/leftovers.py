"""Calls whose streams were dropped, or are whole and not read to the end: a thread of ours ends them.

A finaliser may run while a lock of OpenTelemetry is held, by this very thread. All that it may do with a call
whose stream was dropped is to put it into this queue, whose `put` can be re-entered. The thread
does the rest, and what is left when it stops is done then.
"""

from __future__ import annotations

import os
import queue
import threading
import time

from collections.abc import Callable
from typing import Final, Protocol

from .shield import failed


_QUIET_S: Final = 0.05
"""How long a stream that is whole must be quiet before it is ended without having been read to its end."""


class Abandoned(Protocol):
    """A call that can be left behind."""

    @property
    def ended(self) -> bool:
        """Whether it has ended."""

    def abandon(self) -> None:
        """End it, now that it is safe to."""

    def quiet_s(self) -> float:
        """For how long nothing has come of its stream, in seconds."""


class Soon:
    """Ends a call once its stream has been quiet for a while."""

    __slots__ = ("_call",)

    def __init__(self, call: Abandoned) -> None:
        self._call = call

    def __call__(self) -> None:
        """Wait until the call has ended or has been quiet for long enough, and end it."""
        while not self._call.ended and (rest := _QUIET_S - self._call.quiet_s()) > 0:
            time.sleep(rest)
        self._call.abandon()


def _do(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:  # noqa: BLE001  # the thread goes on
        failed("ending a stream that was left")


class Leftovers:
    """The queue of one process, and its thread."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()

    def put(self, call: Abandoned) -> None:
        """Keep a call to be ended; safe in a finaliser."""
        self._queue.put(call.abandon)

    def soon(self, call: Abandoned) -> None:
        """Keep a call whose answer is whole: it ends when its reader stops there."""
        self._queue.put(Soon(call))

    def watch(self) -> None:
        """Have a thread; called where a stream is watched, never in a finaliser."""
        if self._thread is not None and self._pid == os.getpid():
            return
        self._pid = os.getpid()
        self._thread = threading.Thread(target=self._run, name="otel_tokens", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            _do(work)

    def stop(self) -> None:
        """Do what is left, and end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None and self._pid == os.getpid():
            self._queue.put(None)
            thread.join(timeout=5)
        while not self._queue.empty():
            if (work := self._queue.get()) is not None:
                _do(work)

    def renew(self) -> None:
        """In a forked process: forget the parent's thread and calls, which are the parent's to end."""
        self._queue = queue.SimpleQueue()
        self._thread = None
