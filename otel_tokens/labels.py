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
        self._before = _labels.get()
        _labels.set(self._merged())

    def _merged(self) -> Mapping[str, Value]:
        merged = {**_labels.get(), **self._given}
        return MappingProxyType({name: value for name, value in merged.items() if value is not None})

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_exc: object) -> None:
        _labels.set(self._before)

    def __call__(self, function: F) -> F:
        """Label every call of `function`."""
        _labels.set(self._before)
        return cast("F", _wrapped(function, self._given))


def _wrapped(function: Callable[..., Any], given: dict[str, Value | None]) -> Callable[..., Any]:
    if inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def agen(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            source = function(*args, **kwargs)
            try:
                while True:
                    with attribute(given):
                        try:
                            item = await anext(source)
                        except StopAsyncIteration:
                            return
                    yield item
            finally:
                await source.aclose()

        return agen
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def gen(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            source = function(*args, **kwargs)
            sent: Any = None
            try:
                while True:
                    with attribute(given):
                        try:
                            item = source.send(sent)
                        except StopIteration as stop:
                            return stop.value
                    sent = yield item
            finally:
                source.close()

        return gen
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def coro(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            with attribute(given):
                return await function(*args, **kwargs)

        return coro

    @functools.wraps(function)
    def plain(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        with attribute(given):
            return function(*args, **kwargs)

    return plain
