"""Calls whose streams were dropped are ended by a thread, or at the end."""

from __future__ import annotations

import gc
import os
import threading
import time

import pytest

from otel_tokens import shield
from otel_tokens.leftovers import Leftovers


_PATIENCE_S = 5.0


class Dropped:
    """A call that was left behind."""

    def __init__(self, quiet_s: float = 1.0) -> None:
        self.ended = False
        self.times = 0
        self.by: str | None = None
        self.quiet = quiet_s

    def abandon(self) -> None:
        """End it."""
        self.ended = True
        self.times += 1
        self.by = threading.current_thread().name

    def quiet_s(self) -> float:
        """For how long nothing has come of its stream."""
        return self.quiet

    def wait(self) -> None:
        """Wait until it has ended."""
        until = time.monotonic() + _PATIENCE_S
        while not self.ended and time.monotonic() < until:
            time.sleep(0.001)


def test_a_thread_ends_them() -> None:
    """Where streams are opened, one thread ends what was dropped, until it is stopped."""
    leftovers, call = Leftovers(), Dropped()
    leftovers.watch()
    leftovers.watch()
    leftovers.put(call)
    call.wait()
    leftovers.stop()
    leftovers.stop()
    assert (call.times, call.by) == (1, "otel_tokens")
    assert "otel_tokens" not in [thread.name for thread in threading.enumerate()]


def test_the_end_ends_them() -> None:
    """What is still there at the end is ended then, also calls whose answer is only said to be whole."""
    leftovers, dropped, whole = Leftovers(), Dropped(), Dropped()
    leftovers.put(dropped)
    leftovers.soon(whole)
    leftovers.stop()
    assert (dropped.times, whole.times) == (1, 1)


def test_a_call_whose_answer_is_whole_waits_until_nothing_comes() -> None:
    """What may still be read is not ended; what nothing comes of any more is."""
    leftovers, whole = Leftovers(), Dropped(quiet_s=0)
    leftovers.watch()
    leftovers.soon(whole)
    time.sleep(0.1)
    assert not whole.ended
    whole.quiet = 1.0
    whole.wait()
    leftovers.stop()
    assert whole.times == 1


def test_a_call_that_ended_by_itself_is_not_waited_for() -> None:
    """The thread goes on as soon as the reader has ended the call."""
    leftovers, whole, dropped = Leftovers(), Dropped(quiet_s=0), Dropped()
    leftovers.soon(whole)
    whole.ended = True
    leftovers.watch()
    leftovers.put(dropped)
    dropped.wait()
    leftovers.stop()
    assert dropped.times == 1


def test_put_is_safe_in_a_finaliser() -> None:
    """A finaliser that runs in the middle of anything may leave a call behind."""
    leftovers, call = Leftovers(), Dropped()

    class Token:
        def __del__(self) -> None:
            leftovers.put(call)

    token = Token()
    del token
    gc.collect()
    leftovers.stop()
    assert call.times == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_child_leaves_its_parents_calls_alone() -> None:
    """In a forked process the parent's calls are the parent's to end, and a new thread watches."""
    leftovers, call, own = Leftovers(), Dropped(), Dropped()
    leftovers.watch()
    leftovers._queue.put(None)  # the thread has ended, so that the call stays where it is
    assert leftovers._thread is not None
    leftovers._thread.join()
    leftovers.put(call)
    leftovers.renew()
    leftovers.watch()
    leftovers.put(own)
    own.wait()
    leftovers.stop()
    assert (call.times, own.times) == (0, 1)


def test_one_that_cannot_be_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that fails to end is counted, and the thread goes on to the next one; so does a second stop."""
    monkeypatch.setattr("otel_tokens.shield.strict", False)
    left = Leftovers()
    broken, fine = Dropped(), Dropped()
    monkeypatch.setattr(broken, "abandon", lambda: 1 / 0)
    left.watch()
    left.put(broken)
    left.put(fine)
    fine.wait()
    assert fine.by == "otel_tokens"
    left._queue.put(None)
    left.stop()
    left._queue.put(None)
    left.stop()
    assert shield.failures.pop("ending a stream that was left") == 1
