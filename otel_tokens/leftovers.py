"""Calls whose streams were dropped: a thread ends them, or the next call, or the shutdown.

A finaliser may run while a lock of OpenTelemetry is held, by this very thread. All it may do is to put the
call into this queue, whose `put` can be re-entered.
"""

from __future__ import annotations

import os
import queue
import threading

from typing import Protocol


class Abandoned(Protocol):
    """What can be left behind."""

    def abandon(self) -> None:
        """End it, now that it is safe to."""


class Leftovers:
    """The queue of one process."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Abandoned | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()

    def put(self, call: Abandoned) -> None:
        """Keep a call to be ended; safe in a finaliser."""
        self._queue.put(call)

    def end_all(self) -> None:
        """End what has been put so far."""
        while not self._queue.empty():
            try:
                call = self._queue.get_nowait()
            except queue.Empty:
                return
            if call is None:  # the word to stop is for the thread
                self._queue.put(None)
                return
            call.abandon()

    def watch(self) -> None:
        """Have a thread that ends what is put; called where a stream is opened, never in a finaliser."""
        if self._thread is not None and self._pid == os.getpid():
            return
        self._pid = os.getpid()
        self._thread = threading.Thread(target=self._run, name="otel_tokens", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while (call := self._queue.get()) is not None:
            call.abandon()

    def stop(self) -> None:
        """End what is left, and the thread."""
        thread, self._thread = self._thread, None
        if thread is not None and self._pid == os.getpid():
            self._queue.put(None)
            thread.join(timeout=5)
        self.end_all()

    def renew(self) -> None:
        """In a forked process: forget the parent's thread and calls, which are the parent's to end."""
        self._queue = queue.SimpleQueue()
        self._thread = None
