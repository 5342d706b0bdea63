"""Carries a context variable into threads that are started, and into work that is given to a pool.

`threading` and `concurrent.futures` start with an empty context, so a cap that lives in one would be lost
exactly where a program spends fastest. The two methods are exchanged when the first block has a budget.
"""

from __future__ import annotations

import functools
import threading

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, Final


_carried: Final[list[ContextVar[Any]]] = []


def into_threads(variable: ContextVar[Any]) -> None:
    """Have `variable` keep its value in threads and in the work of pools from now on."""
    if variable in _carried:
        return
    _carried.append(variable)
    threading.Thread.start = _start(threading.Thread.start)  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = _submit(ThreadPoolExecutor.submit)  # type: ignore[method-assign]


def _start(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def start(self: threading.Thread, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        values = [(variable, value) for variable in _carried if (value := variable.get())]
        if values:
            run = self.run

            def carrying() -> None:
                self.__dict__.pop("run", None)  # so that the thread is as it was
                for variable, value in values:
                    variable.set(value)
                run()

            self.run = carrying  # type: ignore[method-assign]
        original(self, *args, **kwargs)

    return start


def _submit(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def submit(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        values = [(variable, variable.get()) for variable in _carried]
        return original(self, _carrying(fn, values), *args, **kwargs)

    return submit


def _carrying(work: Callable[..., Any], values: list[tuple[ContextVar[Any], Any]]) -> Callable[..., Any]:
    """`work` with `values`, none of which may be: a thread of a pool keeps those of who has started it."""

    def carrying(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        tokens = [(variable, variable.set(value)) for variable, value in values]
        try:
            return work(*args, **kwargs)
        finally:
            for variable, token in tokens:
                variable.reset(token)

    return carrying
