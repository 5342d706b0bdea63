"""Does work that may take its time: here, or in a thread while an event loop goes on."""

from __future__ import annotations

import asyncio

from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar


T = TypeVar("T")

Steps = Generator[Callable[[], Any], Any, T]
"""Hands out work, gets what it gives, and returns a result."""

_THREADS: Final = 4


class Waiting:
    """Where the work of this process is done."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    @staticmethod
    def here(steps: Steps[T]) -> T:
        """Do all the work now."""
        try:
            work = next(steps)
            while True:
                work = steps.send(work())
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            steps.close()

    async def elsewhere(self, steps: Steps[T]) -> T:
        """Have the work done by threads of our own; those of the loop may all be at work."""
        try:
            work = next(steps)
            while True:
                work = steps.send(await self._done(work))
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            steps.close()

    async def _done(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # trio
            import anyio.to_thread  # noqa: PLC0415  # there where a client library runs on trio

            return await anyio.to_thread.run_sync(work)
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_THREADS, "otel_tokens hold")
        future = self._pool.submit(work)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            undo = getattr(work, "undo", None)
            if undo is not None:
                future.add_done_callback(lambda done: _undo(done, undo))
            raise

    def stop(self) -> None:
        """End the threads, once they are done."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)


def _undo(done: Future[Any], undo: Callable[[Any], None]) -> None:
    if not done.cancelled() and done.exception() is None:
        undo(done.result())
