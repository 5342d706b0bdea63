"""Work of a gate: done here, or by threads while an event loop goes on, and undone where nobody waits."""

from __future__ import annotations

import asyncio
import threading
import time

from collections.abc import Callable, Generator
from typing import Any

import pytest

from otel_tokens.budgets.waiting import Waiting


class Work:
    """Something that takes until it is let go, and can be undone."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.undone: list[Any] = []
        self.fails = False
        self.thread = ""

    def __call__(self) -> str:
        """Do it."""
        self.thread = threading.current_thread().name
        self.begun.set()
        assert self.go_on.wait(10)
        if self.fails:
            raise ValueError("it cannot be done")
        return "done"

    def undo(self, result: Any) -> None:
        """Note what is to be undone."""
        self.undone.append(result)


def steps(*works: Callable[[], Any]) -> Generator[Callable[[], Any], Any, list[Any]]:
    """Have every work done, and return what all have given."""
    found: list[Any] = []
    for work in works:
        result = yield work
        found.append(result)
    return found


class Ends:
    """Steps that note how they end."""

    def __init__(self) -> None:
        self.ended = False

    def steps(self, work: Callable[[], Any]) -> Generator[Callable[[], Any], Any, Any]:
        """One work."""
        try:
            return (yield work)
        finally:
            self.ended = True


def test_here() -> None:
    """Work is done at once and in order, and no work at all gives the result too."""
    assert Waiting.here(steps(lambda: 1, lambda: 2)) == [1, 2]
    assert Waiting.here(steps()) == []


def test_here_the_steps_end_with_the_work_that_fails() -> None:
    """An error reaches the caller, and the steps have ended by then."""
    ends, work = Ends(), Work()
    work.fails = True
    work.go_on.set()
    with pytest.raises(ValueError, match="cannot be done") as caught:
        Waiting.here(ends.steps(work))
    assert ends.ended
    del caught  # till here its traceback has kept the steps


def test_elsewhere_the_loop_goes_on() -> None:
    """A thread of ours does the work, and other tasks run meanwhile."""
    waiting, work = Waiting(), Work()

    async def other() -> None:
        while not work.begun.is_set():  # noqa: ASYNC110  # a thread sets it
            await asyncio.sleep(0)
        work.go_on.set()

    async def main() -> list[Any]:
        found, _ = await asyncio.gather(waiting.elsewhere(steps(work, lambda: 2)), other())
        return found

    assert asyncio.run(main()) == ["done", 2]
    assert work.thread.startswith("otel_tokens hold")
    waiting.stop()


def test_elsewhere_without_work() -> None:
    """Where there is nothing to wait for no thread is started, and stopping has nothing to stop."""
    waiting = Waiting()
    assert asyncio.run(waiting.elsewhere(steps())) == []
    assert waiting._pool is None
    waiting.stop()


def cancelled(waiting: Waiting, work: Any, begun: threading.Event, after: Callable[[], None]) -> bool:
    """Cancel whoever waits for `work`, then do `after`; whether the steps have ended."""
    ends = Ends()

    async def main() -> None:
        task = asyncio.ensure_future(waiting.elsewhere(ends.steps(work)))
        while not begun.is_set():  # noqa: ASYNC110  # a thread sets it
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    after()
    waiting.stop()
    assert waiting._pool is not None
    waiting._pool.shutdown(wait=True)
    return ends.ended


@pytest.mark.parametrize("fails", [False, True])
def test_what_nobody_waits_for_is_undone(caplog: pytest.LogCaptureFixture, *, fails: bool) -> None:
    """Work that ends after its task was cancelled is undone, and one that fails needs no undoing.

    The loop may be closed by then, and nobody is told of that.
    """
    work = Work()
    work.fails = fails
    assert cancelled(Waiting(), work, work.begun, work.go_on.set)
    assert work.undone == ([] if fails else ["done"])
    assert caplog.messages == []


def test_work_that_cannot_be_undone_is_left() -> None:
    """Work without consequences just ends."""
    work = Work()
    assert cancelled(Waiting(), lambda: work(), work.begun, work.go_on.set)  # noqa: PLW0108  # has no `undo`
    assert work.undone == []


def test_work_that_has_not_begun_never_does(caplog: pytest.LogCaptureFixture) -> None:
    """What waits for a thread when its task is cancelled is neither done nor undone."""
    waiting, busy, work = Waiting(), [Work() for _ in range(4)], Work()

    async def main() -> None:
        others = [asyncio.ensure_future(waiting.elsewhere(steps(one))) for one in busy]
        task = asyncio.ensure_future(waiting.elsewhere(steps(work)))
        while not all(one.begun.is_set() for one in busy):  # noqa: ASYNC110  # a thread sets it
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)
        for one in busy:
            one.go_on.set()
        await asyncio.gather(*others)

    asyncio.run(main())
    waiting.stop()
    assert waiting._pool is not None
    waiting._pool.shutdown(wait=True)
    assert (work.begun.is_set(), work.undone) == (False, [])
    assert caplog.messages == []


def test_work_that_was_just_done_is_undone() -> None:
    """A task that is cancelled between the end of its work and its own next step has it undone."""
    waiting, work = Waiting(), Work()

    async def main() -> None:
        task = asyncio.ensure_future(waiting.elsewhere(steps(work)))
        while not work.begun.is_set():  # noqa: ASYNC110  # a thread sets it
            await asyncio.sleep(0)
        work.go_on.set()
        time.sleep(0.05)  # noqa: ASYNC251  # the loop stands still, and cannot see that the work is done
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    waiting.stop()
    assert work.undone == ["done"]


def test_without_a_loop_of_asyncio(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another event loop, such as trio's, waits by its own threads."""
    import anyio.to_thread  # noqa: PLC0415

    asked: list[Callable[[], Any]] = []

    async def run_sync(work: Callable[[], Any]) -> Any:
        asked.append(work)
        return work()

    monkeypatch.setattr(anyio.to_thread, "run_sync", run_sync)
    coroutine = Waiting().elsewhere(steps(lambda: 1, lambda: 2))
    with pytest.raises(StopIteration) as end:
        coroutine.send(None)

    assert end.value.value == [1, 2]
    assert len(asked) == 2


def test_trio() -> None:
    """On trio the loop goes on while a thread works, and what is held is kept when a task is cancelled."""
    trio = pytest.importorskip("trio")
    waiting, work, found = Waiting(), Work(), []

    async def other() -> None:
        while not work.begun.is_set():  # a thread sets it
            await trio.sleep(0.001)
        work.go_on.set()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(other)
            found.extend(await waiting.elsewhere(steps(work)))

    trio.run(main)
    assert found == ["done"]
    assert work.thread != threading.current_thread().name
