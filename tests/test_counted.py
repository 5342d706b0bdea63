"""An answer that is fetched again counts once, for as long as it is remembered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from otel_tokens.counted import Counted, Lengths


def test_an_id_is_new_once() -> None:
    """An id is new the first time."""
    counted = Counted(limit=10)
    assert [counted.add(key) for key in ("a", "b", "a", "a", "b")] == [True, True, False, False, False]


def test_only_the_newest_are_remembered() -> None:
    """Past the limit the oldest id is forgotten."""
    counted = Counted(limit=2)
    assert [counted.add(key) for key in ("a", "b", "c", "b", "c", "a")] == [
        True,
        True,
        True,
        False,
        False,
        True,
    ]


def test_many_threads_find_an_id_new_once() -> None:
    """Under a race exactly one thread finds an id new."""
    counted = Counted(limit=10)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: counted.add("a"), range(200))) == 1


def test_a_child_remembers() -> None:
    """A forked process has a lock of its own, and remembers what its parent has counted."""
    counted = Counted(limit=10)
    counted.add("a")
    counted._lock.acquire()
    counted.renew()
    assert not counted.add("a")


def test_the_lengths_of_answers_are_bounded() -> None:
    """The newest answers are remembered with their tokens, also after a fork."""
    lengths = Lengths(2)
    for number in range(3):
        lengths.note(f"answer {number}", number)

    lengths.renew()
    lengths.note("answer 2", 22)

    assert [lengths.of(f"answer {number}") for number in range(3)] == [None, 1, 22]
