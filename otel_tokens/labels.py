"""Who spends: the labels that the application puts on its calls, such as a team, a feature, a user.

They live in a context variable, so they follow tasks and not other threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast

from .wrapping import wrapped


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
        now = _merged(before, self._given)
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
        return cast("F", wrapped(function, lambda: _Labelled(self._given)))


class _Labelled:
    """The labels of one call of a decorated function, put on at each of its steps."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._before: Mapping[str, Value] = _NONE

    def __enter__(self) -> None:
        self._before = _labels.get()
        _labels.set(_merged(self._before, self._given))

    def __exit__(self, *_exc: object) -> None:
        _labels.set(self._before)


def _merged(before: Mapping[str, Value], given: Given) -> Mapping[str, Value]:
    merged = {**before, **given}
    return MappingProxyType({name: value for name, value in merged.items() if value is not None})
