"""Who spends: the labels that the application puts on its calls, such as a team, a feature, a user.

They live in a context variable, so they follow tasks and not other threads.
"""

from __future__ import annotations

import functools
import inspect

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast


Value = str | int | float | bool
Given = Mapping[str, Value | None]
F = TypeVar("F", bound=Callable[..., Any])

_NONE: Final[Mapping[str, Value]] = MappingProxyType({})
_labels: ContextVar[Mapping[str, Value]] = ContextVar("otel_tokens_labels", default=_NONE)


def current() -> Mapping[str, Value]:
    """The labels that `attribute` has set in this context."""
    return _labels.get()


class attribute:  # noqa: N801  # reads as a verb: `with attribute(team="search"):`
    """Put labels on the calls that follow: `attribute(team="search", **{"user.id": "u1"})`.

    As it stands, for the rest of the context (a task, a thread, a request). With `with`, for the block. As a
    decorator, for each call of the function, which may be async or a generator. Inner labels win over outer
    ones; None takes a label away.

    Raises:
        TypeError: a value is no string, number or bool.
    """

    def __init__(self, labels: Mapping[str, Value | None] | None = None, /, **more: Value | None) -> None:
        self._given: dict[str, Value | None] = {**(labels or {}), **more}
        for name, value in self._given.items():
            if value is not None and not isinstance(value, (str, int, float, bool)):
                msg = f"label {name}={value!r}: expected a string, a number, a bool or None"
                raise TypeError(msg)
        self._set = self._put()

    def _put(self) -> tuple[Mapping[str, Value], Mapping[str, Value]]:
        before = _labels.get()
        merged = {**before, **self._given}
        now = MappingProxyType({name: value for name, value in merged.items() if value is not None})
        _labels.set(now)
        return before, now

    def __enter__(self) -> None:
        if _labels.get() is not self._set[1]:  # left before, or made elsewhere
            self._set = self._put()

    def __exit__(self, *_exc: object) -> None:
        _labels.set(self._set[0])

    def __call__(self, function: F) -> F:
        """Label every call of `function`."""
        if _labels.get() is self._set[1]:
            _labels.set(self._set[0])
        return cast("F", _wrapped(function, self._given))


def _wrapped(function: Callable[..., Any], given: Given) -> Callable[..., Any]:
    if inspect.isasyncgenfunction(function):
        return _async_generator(function, given)
    if inspect.isgeneratorfunction(function):
        return _generator(function, given)
    if inspect.iscoroutinefunction(function):
        return _coroutine(function, given)
    return _plain(function, given)


def _plain(function: Callable[..., Any], given: Given) -> Callable[..., Any]:
    @functools.wraps(function)
    def plain(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        with attribute(given):
            return function(*args, **kwargs)

    return plain


def _coroutine(function: Callable[..., Any], given: Given) -> Callable[..., Any]:
    @functools.wraps(function)
    async def coro(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        with attribute(given):
            return await function(*args, **kwargs)

    return coro


# A generator is labelled at each step: between two of them the caller is at work, which has its own labels.


def _generator(function: Callable[..., Any], given: Given) -> Callable[..., Any]:
    @functools.wraps(function)
    def gen(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        source = function(*args, **kwargs)
        step, sent = source.send, None
        try:
            while True:
                with attribute(given):
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
            with attribute(given):
                source.close()

    return gen


def _async_generator(function: Callable[..., Any], given: Given) -> Callable[..., Any]:
    @functools.wraps(function)
    async def agen(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        source = function(*args, **kwargs)
        step, sent = source.asend, None
        try:
            while True:
                with attribute(given):
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
            with attribute(given):
                await source.aclose()

    return agen
