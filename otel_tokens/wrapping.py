"""Runs every call of a function within a context manager, whatever kind of function it is."""

from __future__ import annotations

import functools
import inspect

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any


Start = Callable[[], AbstractContextManager[Any]]
"""Makes the manager of one call. It is entered more than once where the function is a generator: at each
step, for between two of them the caller is at work."""


def wrapped(function: Callable[..., Any], start: Start) -> Callable[..., Any]:
    """`function`, each call of which runs within a manager of its own."""
    if inspect.isasyncgenfunction(function):
        return _async_generator(function, start)
    if inspect.isgeneratorfunction(function):
        return _generator(function, start)
    if inspect.iscoroutinefunction(function):
        return _coroutine(function, start)
    return _plain(function, start)


def _plain(function: Callable[..., Any], start: Start) -> Callable[..., Any]:
    @functools.wraps(function)
    def plain(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        with start():
            return function(*args, **kwargs)

    return plain


def _coroutine(function: Callable[..., Any], start: Start) -> Callable[..., Any]:
    @functools.wraps(function)
    async def coro(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        with start():
            return await function(*args, **kwargs)

    return coro


def _generator(function: Callable[..., Any], start: Start) -> Callable[..., Any]:
    @functools.wraps(function)
    def gen(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        source, within = function(*args, **kwargs), start()
        step, sent = source.send, None
        try:
            while True:
                with within:
                    try:
                        item = step(sent)
                    except StopIteration as stop:
                        return stop.value
                try:
                    step, sent = source.send, (yield item)
                except GeneratorExit:
                    raise
                except BaseException as error:  # noqa: BLE001  # the function's own to handle
                    step, sent = source.throw, error
        finally:
            with within:
                source.close()

    return gen


def _async_generator(function: Callable[..., Any], start: Start) -> Callable[..., Any]:
    @functools.wraps(function)
    async def agen(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        source, within = function(*args, **kwargs), start()
        step, sent = source.asend, None
        try:
            while True:
                with within:
                    try:
                        item = await step(sent)
                    except StopAsyncIteration:
                        return
                try:
                    step, sent = source.asend, (yield item)
                except GeneratorExit:
                    raise
                except BaseException as error:  # noqa: BLE001  # the function's own to handle
                    step, sent = source.athrow, error
        finally:
            with within:
                await source.aclose()

    return agen
