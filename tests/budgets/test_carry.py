"""The budgets of a block go along into threads and pools, and leave them as they were."""

from __future__ import annotations

import threading

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import pytest

from otel_tokens.budgets import carry


VALUE: ContextVar[tuple[str, ...]] = ContextVar("value", default=())


@pytest.fixture(autouse=True)
def _carried() -> Iterator[None]:
    """`VALUE` is carried during the test."""
    start, submit = threading.Thread.start, ThreadPoolExecutor.submit
    before = list(carry._carried)
    carry._carried.clear()
    carry.into_threads(VALUE)
    token = VALUE.set(())
    yield
    VALUE.reset(token)
    carry._carried[:] = before
    threading.Thread.start = start  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = submit  # type: ignore[method-assign]


def seen_by(thread: threading.Thread) -> None:
    """Run a thread to its end."""
    thread.start()
    thread.join()


def test_into_a_thread() -> None:
    """A thread has the value that was there when it was started."""
    seen: list[Any] = []
    thread = threading.Thread(target=lambda: seen.append(VALUE.get()))
    VALUE.set(("a",))
    seen_by(thread)
    assert seen == [("a",)]


def test_a_thread_of_nothing_is_left_alone() -> None:
    """Where there is no value a thread is started as ever."""
    thread = threading.Thread(target=lambda: None)
    seen_by(thread)
    assert "run" not in vars(thread)


def test_a_thread_is_as_it_was() -> None:
    """While it runs its method is its own again, with its arguments."""
    seen: list[Any] = []

    class Own(threading.Thread):
        """Has a `run` of its own."""

        def run(self) -> None:
            """Note what there is."""
            seen.append((VALUE.get(), "run" in vars(self)))

    VALUE.set(("a",))
    seen_by(Own())
    assert seen == [(("a",), False)]


def test_a_start_that_fails_may_be_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no thread could be started at first, the second attempt runs it as it should."""
    seen: list[Any] = []
    thread = threading.Thread(target=lambda: seen.append(VALUE.get()))
    VALUE.set(("a",))

    def none_left(*_args: Any) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading, "_start_new_thread", none_left, raising=False)
        patch.setattr(threading, "_start_joinable_thread", none_left, raising=False)
        with pytest.raises(RuntimeError, match="can't start"):
            thread.start()
    seen_by(thread)

    assert seen == [("a",)]


def test_into_a_pool_and_out_again() -> None:
    """Work in a pool has the value of who gave it there, whoever has started the thread."""
    with ThreadPoolExecutor(1) as pool:
        VALUE.set(("a",))
        assert pool.submit(VALUE.get).result() == ("a",)
        VALUE.set(())
        assert pool.submit(VALUE.get).result() == ()
        VALUE.set(("b",))
        assert list(pool.map(lambda more: (*VALUE.get(), more), "xy")) == [("b", "x"), ("b", "y")]


def test_an_error_in_a_pool() -> None:
    """What fails in a pool fails as ever, and the next work has its own value."""
    with ThreadPoolExecutor(1) as pool:
        VALUE.set(("a",))
        with pytest.raises(ZeroDivisionError):
            pool.submit(lambda: 1 // 0).result()
        VALUE.set(())
        assert pool.submit(VALUE.get).result() == ()


def test_a_variable_is_carried_once() -> None:
    """To ask for it again exchanges nothing again."""
    before = threading.Thread.start
    carry.into_threads(VALUE)
    assert threading.Thread.start is before
