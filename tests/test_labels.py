"""Labels follow the context: a block, a function of any kind, or the rest of a task."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from otel_tokens import attribute, labels


@pytest.fixture(autouse=True)
def _own_context() -> Iterator[None]:
    before = labels._labels.set(labels._NONE)
    yield
    labels._labels.reset(before)


def now() -> dict[str, Any]:
    """The labels of this moment."""
    return dict(labels.current())


def test_a_block_has_labels() -> None:
    """In a block the labels are set; inner ones win; after it those before it are back."""
    with attribute(team="search", tier=1):
        assert now() == {"team": "search", "tier": 1}
        with attribute({"user.id": "u1"}, team="ads"):
            assert now() == {"team": "ads", "tier": 1, "user.id": "u1"}
        assert now() == {"team": "search", "tier": 1}
    assert now() == {}


def test_a_block_that_fails_takes_its_labels_along() -> None:
    """An exception passes through, and the labels are gone."""
    error = ValueError("mine")
    with pytest.raises(ValueError, match="mine") as caught, attribute(team="search"):
        raise error
    assert caught.value is error
    assert now() == {}


def test_none_takes_a_label_away() -> None:
    """None takes away what an outer block has set."""
    with attribute(team="search", tier=1), attribute(team=None):
        assert now() == {"tier": 1}


def test_without_a_block_labels_last_as_long_as_the_context() -> None:
    """As it stands it labels the rest of the context, and no other context."""

    def work() -> dict[str, Any]:
        attribute(team="search")
        return now()

    assert contextvars.copy_context().run(work) == {"team": "search"}
    assert now() == {}


def test_a_block_can_be_entered_again() -> None:
    """One object labels every block that it opens."""
    label = attribute(team="search")
    for _ in range(2):
        with label:
            assert now() == {"team": "search"}
        assert now() == {}


def test_a_block_made_elsewhere_labels_here() -> None:
    """An object that was made in another context labels the block in this one."""
    label = contextvars.copy_context().run(lambda: attribute(team="search"))
    with attribute(tier=1):
        with label:
            assert now() == {"tier": 1, "team": "search"}
        assert now() == {"tier": 1}


def test_one_decorator_for_many_functions() -> None:
    """A decorator that is kept labels each function, and leaves the labels of the moment alone."""
    label = contextvars.copy_context().run(lambda: attribute(team="search"))
    with attribute(tier=1):
        assert label(now)() == {"tier": 1, "team": "search"}
        assert label(now)() == {"tier": 1, "team": "search"}
        assert now() == {"tier": 1}


def test_labels_do_not_reach_other_threads() -> None:
    """A thread starts without labels."""
    seen: list[dict[str, Any]] = []
    with attribute(team="search"):
        thread = threading.Thread(target=lambda: seen.append(now()))
        thread.start()
        thread.join()
    assert seen == [{}]


def test_labels_follow_a_task() -> None:
    """A task inherits the labels, and keeps its own to itself."""

    async def work(team: str) -> dict[str, Any]:
        attribute(team=team)
        await asyncio.sleep(0)
        return now()

    async def main() -> list[dict[str, Any]]:
        with attribute(tier=1):
            found = await asyncio.gather(work("a"), work("b"))
            return [*found, now()]

    assert asyncio.run(main()) == [{"tier": 1, "team": "a"}, {"tier": 1, "team": "b"}, {"tier": 1}]


def test_a_function_has_labels() -> None:
    """Every call of a decorated function is labelled; the function keeps its name and its result."""

    @attribute(team="search")
    def work(value: int, *, more: int = 0) -> tuple[int, dict[str, Any]]:
        """Work."""
        return value + more, now()

    assert now() == {}
    assert work(1, more=2) == (3, {"team": "search"})
    assert (work.__name__, work.__doc__, now()) == ("work", "Work.", {})


def test_a_coroutine_has_labels() -> None:
    """A decorated coroutine is one still, and labelled until it has ended."""

    @attribute(team="search")
    async def work() -> dict[str, Any]:
        await asyncio.sleep(0)
        return now()

    async def main() -> tuple[dict[str, Any], dict[str, Any]]:
        return await work(), now()

    assert inspect.iscoroutinefunction(work)
    assert asyncio.run(main()) == ({"team": "search"}, {})


def test_a_generator_has_labels() -> None:
    """A decorated generator is labelled while it runs, and its reader is not."""
    seen: list[Any] = []

    @attribute(team="search")
    def work() -> Iterator[Any]:
        try:
            seen.append((yield now()))
            yield now()
        finally:
            seen.append(now())
        return "done"  # the result of `yield from`

    def outer() -> Iterator[Any]:
        seen.append((yield from work()))

    assert inspect.isgeneratorfunction(work)
    run: Any = outer()
    assert next(run) == {"team": "search"}
    assert now() == {}
    assert run.send("sent") == {"team": "search"}
    assert list(run) == []
    assert seen == ["sent", {"team": "search"}, "done"]


def test_a_generator_that_is_left_is_closed_with_its_labels() -> None:
    """A decorated generator that is left early runs its `finally`, labelled."""
    seen: list[Any] = []

    @attribute(team="search")
    def work() -> Iterator[int]:
        try:
            yield 1
        finally:
            seen.append(now())

    run: Any = work()
    next(run)
    run.close()
    assert seen == [{"team": "search"}]


def test_a_generator_handles_what_is_thrown_into_it() -> None:
    """What its reader throws arrives in a decorated generator, as `contextmanager` needs."""
    seen: list[Any] = []

    @contextmanager
    @attribute(team="search")
    def session() -> Iterator[str]:
        try:
            yield "session"
        except ValueError as error:
            seen.append((error, now()))

    error = ValueError("mine")
    with session() as name:
        assert (name, now()) == ("session", {})
        raise error
    assert seen == [(error, {"team": "search"})]

    with pytest.raises(KeyError), session():
        raise KeyError


def test_an_async_generator_has_labels() -> None:
    """A decorated async generator is labelled while it runs, and its reader is not."""
    seen: list[Any] = []

    @attribute(team="search")
    async def work() -> AsyncIterator[Any]:
        try:
            await asyncio.sleep(0)
            seen.append((yield now()))
            yield now()
        finally:
            seen.append(now())

    async def main() -> None:
        run: Any = work()
        assert await anext(run) == {"team": "search"}
        assert now() == {}
        assert await run.asend("sent") == {"team": "search"}
        with pytest.raises(StopAsyncIteration):
            await anext(run)
        left: Any = work()
        await anext(left)
        await left.aclose()

    assert inspect.isasyncgenfunction(work)
    asyncio.run(main())
    assert seen == ["sent", {"team": "search"}, {"team": "search"}]


def test_an_async_generator_handles_what_is_thrown_into_it() -> None:
    """What its reader throws arrives in a decorated async generator, as `asynccontextmanager` needs."""
    seen: list[Any] = []

    @asynccontextmanager
    @attribute(team="search")
    async def session() -> AsyncIterator[str]:
        try:
            yield "session"
        except ValueError as error:
            seen.append((error, now()))

    error = ValueError("mine")

    async def main() -> None:
        async with session() as name:
            assert (name, now()) == ("session", {})
            raise error

    asyncio.run(main())
    assert seen == [(error, {"team": "search"})]


@pytest.mark.parametrize("value", [["a"], {"a": 1}, b"a", object()])
def test_a_value_must_be_plain(value: Any) -> None:
    """A label is a string, a number or a bool; anything else is refused by name, and nothing is set."""
    with pytest.raises(TypeError, match=r"label team=.*: expected a string, a number, a bool or None"):
        attribute(team=value)
    assert now() == {}
