"""The two faces of a client, sync and async, behind one way to write a case.

A case is a coroutine function. The async face runs it in an event loop; the sync face drives it by hand, so
that there is no loop: nothing in it ever waits.
"""

from __future__ import annotations

import asyncio
import gc
import inspect

from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar


T = TypeVar("T")


@dataclass(frozen=True)
class Face:
    """Sync or async."""

    asynchronous: bool

    def __str__(self) -> str:
        return "async" if self.asynchronous else "sync"

    def run(self, case: Coroutine[Any, Any, T]) -> T:
        """Play a case to its end."""
        if self.asynchronous:
            return asyncio.run(_finished(case))
        try:
            case.send(None)
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            case.close()
        raise AssertionError("a sync case waited for something")

    @staticmethod
    async def of(value: Any) -> Any:
        """What a method gives: at once, or when it is awaited."""
        return await value if inspect.isawaitable(value) else value

    @asynccontextmanager
    async def within(self, manager: Any) -> AsyncIterator[Any]:
        """Enter and leave a context manager of the client."""
        if hasattr(manager, "__aenter__"):
            async with manager as inner:
                yield inner
        else:
            with manager as inner:
                yield inner

    async def take(self, stream: Any, count: int) -> list[Any]:
        """The next `count` events, and the stream left as it is."""
        return [await anext(stream) if hasattr(stream, "__anext__") else next(stream) for _ in range(count)]

    async def rest(self, stream: Any) -> list[Any]:
        """All events to the end."""
        if hasattr(stream, "__aiter__"):
            return [event async for event in stream]
        return list(stream)

    async def close(self, stream: Any) -> None:
        """Close a stream."""
        await self.of(stream.close())


async def _finished(case: Coroutine[Any, Any, T]) -> T:
    """Play a case, and leave the loop a moment to close what the case has dropped."""
    value = await case
    gc.collect()
    for _ in range(10):
        await asyncio.sleep(0)
    return value


SYNC = Face(asynchronous=False)
ASYNC = Face(asynchronous=True)
FACES = (SYNC, ASYNC)
