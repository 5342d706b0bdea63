"""Detectors of runaways: ordinary programs never meet them, stuck ones are stopped at the exact count."""

from __future__ import annotations

import random
import threading
import time
import timeit

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.budgets import runaway
from otel_tokens.budgets.budget import PICO, RunawaySettings
from otel_tokens.budgets.pace import Pace
from otel_tokens.budgets.runaway import Trip, Watch


TRACE = 0xABC
OFF: dict[str, Any] = {"repeats": 0, "calls_per_trace": 0, "cost_per_trace": 0, "velocity": Decimal(0)}
Detect = Callable[..., Watch]


def only(**settings: Any) -> RunawaySettings:
    """Settings with which only the detectors that are named are on, and block."""
    return RunawaySettings(**{"action": "block", **OFF, **settings})


class Program:
    """A program that makes calls, and keeps what it is told."""

    def __init__(self, settings: RunawaySettings | None = None) -> None:
        self.settings = settings or RunawaySettings(action="block")
        self.watch = Watch(self.settings)
        self.now_s = 1000.0
        self.sent = 0
        self.trips: list[Trip] = []

    def begin(self, fingerprint: int | None = 1, trace: int = 0) -> bool:
        """Send a call, if it may be."""
        trips, _ = self.watch.before(self.now_s, fingerprint=fingerprint, trace=trace)
        self.trips += trips
        if trips and self.settings.action == "block":
            return False
        self.sent += 1
        return True

    def end(self, fingerprint: int | None = 1, trace: int = 0, usd: float = 0.0) -> None:
        """A call has ended."""
        self.trips += self.watch.after(
            self.now_s, fingerprint=fingerprint, trace=trace, pico_usd=int(usd * PICO)
        )

    def call(
        self, fingerprint: int | None = 1, trace: int = 0, *, usd: float = 0.0, takes_s: float = 1.0
    ) -> bool:
        """Make a whole call; say whether it was sent."""
        if not self.begin(fingerprint, trace):
            return False
        self.now_s += takes_s
        self.end(fingerprint, trace, usd)
        return True

    @property
    def detectors(self) -> list[str]:
        """Which detectors have tripped, and how often calls were refused by them."""
        return [trip.detector for trip in self.trips]


# --- ordinary programs -----------------------------------------------------------------------------


def health_check(program: Program) -> None:
    """One identical ping each ten seconds, for a day."""
    for _ in range(8640):
        program.call(usd=0.0001, takes_s=0.5)
        program.now_s += 9.5


def busy_health_check(program: Program) -> None:
    """One identical ping each five seconds, in one long trace."""
    for _ in range(9000):
        program.call(trace=TRACE, usd=0.0001, takes_s=0.8)
        program.now_s += 4.2


def popular_question(program: Program) -> None:
    """Thousands of users say the same, one after the other, each in a request of its own."""
    for trace in range(1, 5000):
        program.call(trace=trace, usd=0.001)


def sampling_at_once(program: Program) -> None:
    """Five hundred answers to one prompt, always sixteen of them at a time."""
    out = 0
    for _ in range(500):
        program.begin(trace=TRACE)
        out += 1
        program.now_s += 0.1
        if out == 16:
            program.end(trace=TRACE, usd=0.01)
            out -= 1
    while out:
        program.end(trace=TRACE, usd=0.01)
        out -= 1


def evaluation(program: Program) -> None:
    """A hundred samples of each prompt, one by one, in one trace."""
    for prompt in range(90):
        for _ in range(100):
            program.call(prompt, TRACE, usd=0.01, takes_s=2.0)


def embedding_with_footers(program: Program) -> None:
    """A nightly job embeds what is in documents, each of which has the same footer."""
    for document in range(1, 3000):
        program.call(document, TRACE, usd=0.00001, takes_s=0.1)
        program.call(-document, TRACE, usd=0.00001, takes_s=0.1)
        program.call(0, TRACE, usd=0.00001, takes_s=0.1)


def agents(program: Program) -> None:
    """Agents of sixty steps, whose history grows."""
    for run in range(1, 100):
        for step in range(60):
            program.call(run * 1000 + step, run, usd=0.01 + step * 0.005, takes_s=6.0)


def retries(program: Program) -> None:
    """A program that asks again up to five times when an answer cannot be read."""
    for task in range(500):
        for _ in range(6):
            program.call(task, TRACE, usd=0.002)


def a_day_that_gets_busy(program: Program) -> None:
    """A service with a hundred times more users at noon than in the night."""
    for hour in range(24):
        users = 100 if 10 <= hour < 14 else 1
        for _ in range(200):
            program.call(random.getrandbits(60), random.getrandbits(100), usd=0.02 * users, takes_s=18.0)


@pytest.mark.parametrize(
    "load",
    [
        health_check,
        busy_health_check,
        popular_question,
        sampling_at_once,
        evaluation,
        embedding_with_footers,
        agents,
        retries,
        a_day_that_gets_busy,
    ],
)
def test_ordinary_programs_never_trip(load: Callable[[Program], None]) -> None:
    """With the defaults nothing trips on what ordinary programs do."""
    program = Program()
    load(program)
    assert program.trips == []


# --- programs that run away ------------------------------------------------------------------------


@pytest.mark.parametrize("trace", [0, TRACE])
@pytest.mark.parametrize(("takes_s", "pause_s"), [(0.2, 0.0), (1.0, 2.5), (45.0, 0.1)])
def test_a_stuck_agent_is_stopped(trace: int, takes_s: float, pause_s: float) -> None:
    """The call after 100 identical ones is not sent, however long answers take, and with tools between."""
    program = Program()

    while program.call(trace=trace, takes_s=takes_s):
        program.now_s += pause_s

    (trip,) = program.trips
    assert program.sent == 100
    assert (trip.detector, trip.count, trip.limit, trip.unit, trip.first) == (
        "repeats", 101, 100, "requests", True
    )  # fmt: skip


def test_an_agent_that_goes_back_and_forth_is_stopped() -> None:
    """Two requests in turn are a loop, as each is half of all calls."""
    program = Program()
    for step in range(1000):
        if not program.call(step % 2, TRACE):
            break
    assert program.sent in (200, 201)


def test_a_trace_without_end_is_stopped() -> None:
    """The call after `calls_per_trace` is not sent; those of other traces, and of none, are."""
    program = Program(only(calls_per_trace=10))
    for number in range(15):
        program.call(number, TRACE)
        assert program.call(number, 0)
    assert program.call(1, TRACE + 1)

    first, *later = program.trips
    assert first == Trip("calls_per_trace", f"{TRACE:032x}", 11, 10, "requests", first.until_s, first=True)
    assert [(trip.first, trip.until_s) for trip in later] == [(False, first.until_s)] * 4


def test_a_trace_that_costs_too_much_is_stopped() -> None:
    """What goes past `cost_per_trace` trips when it has ended, and the next call of the trace is not sent."""
    program = Program(only(cost_per_trace=PICO))
    assert program.call(1, TRACE, usd=0.75)
    assert program.call(2, TRACE, usd=0.25)
    assert program.trips == [], "at the limit, not past it"
    assert program.call(3, TRACE, usd=0.5)
    assert not program.call(4, TRACE)
    assert program.call(4, 0, usd=100)
    assert program.call(4, TRACE + 1)

    trip, refusal = program.trips
    until_s = trip.until_s
    assert trip == Trip("cost_per_trace", f"{TRACE:032x}", 3 * PICO // 2, PICO, "usd", until_s, first=True)
    assert refusal == Trip("cost_per_trace", trip.scope, trip.count, trip.limit, "usd", until_s, first=False)


def steady(program: Program, minutes: int, usd_per_minute: float) -> None:
    """Spend evenly, with a call each ten seconds."""
    for number in range(6 * minutes):
        program.call(number, usd=usd_per_minute / 6, takes_s=10.0)


def test_a_process_that_spends_much_faster_is_stopped() -> None:
    """Past 20 times its own pace of the past hour, and the floor, a process sends nothing more."""
    program = Program(only(velocity=Decimal(20), velocity_floor=10 * PICO))
    steady(program, 120, 1.0)

    spent = 0
    while program.call(-spent, spent, usd=1, takes_s=1.0):
        spent += 1

    trip, refusal = program.trips
    assert 15 <= spent <= 21, "a minute at the old pace may be in it"
    assert (trip.detector, trip.scope, trip.unit, trip.first) == ("velocity", "", "usd", True)
    assert trip.limit < trip.count <= trip.limit + PICO
    assert 19 * PICO <= trip.limit <= 26 * PICO, "20 times the pace, to which the new one adds"
    assert refusal == Trip(**{**{name: getattr(trip, name) for name in Trip.__slots__}, "first": False})


def test_spending_below_the_floor_is_never_too_fast() -> None:
    """A process that has spent nearly nothing may spend up to the floor."""
    program = Program(only(velocity=Decimal(20), velocity_floor=10 * PICO))
    steady(program, 60, 0.0001)

    steady(program, 2, 9.9)
    assert program.trips == []
    assert program.call(usd=11)
    assert program.detectors == ["velocity"]


def test_a_young_process_is_not_judged_by_its_pace() -> None:
    """In its first ten minutes a process may spend as fast as it likes."""
    program = Program(only(velocity=Decimal(2), velocity_floor=0))
    steady(program, 9, 1.0)
    assert program.call(usd=100, takes_s=70.0)
    assert program.trips == []
    steady(program, 60, 1.0)
    assert program.call(usd=100)
    assert program.detectors == ["velocity"]


# --- what a loop is --------------------------------------------------------------------------------


def test_calls_at_once_are_no_repetition() -> None:
    """A call that starts while an identical one is out does not count; the next one alone does."""
    program = Program(only(repeats=3))
    for _ in range(10):
        program.begin()
    for _ in range(10):
        program.end()
    assert program.call()
    assert program.call()
    assert not program.call()
    assert program.trips[0].count == 4


def test_pauses_make_a_new_run() -> None:
    """When the pauses of a run pass `repeats_s` together, counting begins anew; the time of calls is none."""
    program = Program(only(repeats=3, repeats_s=10.0))
    for _ in range(20):
        assert program.call(takes_s=100.0)
        program.now_s += 6
    for _ in range(3):
        assert program.call(takes_s=100.0)
    assert not program.call()


def test_another_trace_makes_a_new_run() -> None:
    """Identical requests of different traces are no loop, and the loop of one trace blocks no other."""
    program = Program(only(repeats=3))
    for trace in range(1, 20):
        assert program.call(trace=trace)
    while program.call(trace=TRACE):
        pass
    assert program.call(trace=TRACE + 1)
    assert program.call(2, TRACE)
    assert not program.call(trace=TRACE)
    assert program.trips[0].scope == f"{1:016x} {TRACE:032x}"


def test_a_loop_is_half_of_all_calls() -> None:
    """A request that is less than half of what its trace sends is none; it is one once it becomes that."""
    program = Program(only(repeats=5))
    for number in range(30):
        assert program.call(100 + number, TRACE)
        assert program.call(200 + number, TRACE)
        assert program.call(1, TRACE)
    loop = 0
    while program.call(1, TRACE):
        loop += 1
    assert 25 <= loop <= 31


def test_requests_that_cannot_be_told_apart_are_no_loop() -> None:
    """Calls without a fingerprint count for their trace alone."""
    program = Program(only(repeats=3, calls_per_trace=20))
    while program.call(None, TRACE):
        pass
    assert program.sent == 20
    assert program.detectors == ["calls_per_trace"]


@pytest.mark.parametrize("fingerprint", [0, -1, 2**63, -(2**63), 2**200])
def test_any_number_is_a_fingerprint(fingerprint: int) -> None:
    """A fingerprint is any whole number, and the scope of its trip has sixteen digits."""
    program = Program(only(repeats=3))
    while program.call(fingerprint):
        pass
    assert len(program.trips[0].scope) == 16


def test_threads_may_come_out_of_order() -> None:
    """A clock that was read before another thread's, and is used after it, breaks no run."""
    program = Program(only(repeats=3))
    for _ in range(3):
        assert program.call(takes_s=1.0)
        program.now_s -= 0.001
    assert not program.call()


# --- breakers --------------------------------------------------------------------------------------


def test_a_breaker_closes_again() -> None:
    """While it is open every call is refused, and told so; then counting begins at zero."""
    program = Program(only(repeats=3, open_s=60.0))
    for _ in range(3):
        program.call()
    opened_s = program.now_s
    assert not program.call()
    program.now_s = opened_s + 59.9
    assert not program.call()
    program.now_s = opened_s + 60
    assert [program.call() for _ in range(5)] == [True, True, True, False, False]

    assert [trip.first for trip in program.trips] == [True, False, True, False]
    assert [trip.count for trip in program.trips] == [4, 4, 4, 4], "what was refused did not count"
    assert program.trips[0].until_s == opened_s + 60


def test_the_breaker_of_calls_closes_again() -> None:
    """The calls of a trace are counted from zero when its breaker closes."""
    program = Program(only(calls_per_trace=4, open_s=60.0))
    for _ in range(3):
        for number in range(4):
            assert program.call(number, TRACE)
        assert not program.call(9, TRACE)
        assert not program.call(9, TRACE)
        program.now_s += 60
    assert [trip.first for trip in program.trips] == [True, False] * 3


def test_the_breaker_of_cost_closes_again() -> None:
    """The cost of a trace is counted from zero when its breaker closes, without what ended meanwhile."""
    program = Program(only(cost_per_trace=PICO, open_s=60.0))
    for _ in range(3):
        program.begin(5, TRACE)
        for number in range(3):
            assert program.call(number, TRACE, usd=0.5)
        program.end(5, TRACE, usd=50)
        assert not program.call(9, TRACE)
        program.now_s += 60
    assert [(trip.first, trip.count) for trip in program.trips] == [
        (True, 3 * PICO // 2),
        (False, 3 * PICO // 2),
    ] * 3


def test_the_breaker_of_the_process_closes_again() -> None:
    """What was spent until the breaker closes is past: only what comes after counts for the next minute."""
    program = Program(only(velocity=Decimal(2), velocity_floor=PICO, open_s=5.0))
    steady(program, 60, 0.3)
    assert program.begin(1)
    assert program.call(2, usd=2.0)
    assert not program.call(3)
    program.end(1, usd=5.0)
    program.now_s += 5
    assert program.call(3, usd=0.9)
    assert program.call(4, usd=0.05)
    assert program.call(5, usd=0.5)
    assert [(trip.detector, trip.first, trip.count) for trip in program.trips] == [
        ("velocity", True, program.trips[0].count),
        ("velocity", False, program.trips[0].count),
        ("velocity", True, 145 * PICO // 100),
    ]


def test_a_warning_is_given_once_each_time() -> None:
    """With `warn` every call is sent, and a trip is told once, until the breaker has closed again."""
    program = Program(only(action="warn", repeats=3, calls_per_trace=5, cost_per_trace=PICO, open_s=60.0))
    for _ in range(20):
        assert program.call(trace=TRACE, usd=0.25)
    assert program.detectors == ["repeats", "cost_per_trace", "calls_per_trace"]
    assert all(trip.first for trip in program.trips)

    program.now_s += 60
    for _ in range(20):
        assert program.call(trace=TRACE, usd=0.25)
    assert program.detectors[3:] == ["repeats", "cost_per_trace", "calls_per_trace"]


def test_a_call_may_run_into_several_breakers() -> None:
    """A refused call is told of every open breaker that it falls under."""
    program = Program(only(repeats=3, cost_per_trace=PICO))
    for _ in range(3):
        program.call(trace=TRACE)
    program.begin(2, TRACE)
    assert not program.call(trace=TRACE)
    program.end(2, TRACE, usd=5)
    program.trips.clear()
    assert not program.call(trace=TRACE)
    assert program.detectors == ["cost_per_trace", "repeats"]


def test_detectors_can_be_switched_off() -> None:
    """A detector whose number is 0 never trips."""
    program = Program(only())
    for _ in range(2000):
        assert program.call(trace=TRACE, usd=1000)
    assert program.trips == []


# --- repeated requests -----------------------------------------------------------------------------


def test_repeated_requests_are_counted() -> None:
    """Every call counts whose request was seen within `repeats_s`, in any trace, and not at once."""
    program = Program(only(repeats_s=10.0))
    program.call(1, 1)
    program.call(1, 2)
    program.call(2, 2)
    assert program.watch.repeated == 1
    program.now_s += 9
    program.begin(1, 3)
    program.begin(1, 3)
    assert program.watch.repeated == 2
    program.end(1, 3)
    program.end(1, 3)
    program.now_s += 11
    program.call(1, 3)
    program.call(None, 3)
    program.call(None, 3)
    assert program.watch.repeated == 2


def test_refused_calls_are_not_repeated() -> None:
    """A call that is not sent repeats nothing."""
    program = Program(only(repeats=3))
    for _ in range(10):
        program.call()
    assert program.watch.repeated == 2


# --- bounds ----------------------------------------------------------------------------------------


def test_what_is_watched_is_bounded() -> None:
    """Past 4,096 requests and traces the least recently seen is forgotten, and the others are not."""
    program = Program(only(repeats=3, calls_per_trace=3, repeats_s=86_400.0))
    for number in range(1, 3 * runaway._LIMIT):
        assert program.call(number, number)
        if number % 1000 == 0:
            assert program.call(7, TRACE + number), "seen again and again, and the least often"
    assert len(program.watch._requests) == len(program.watch._traces) == runaway._LIMIT
    assert 7 in program.watch._requests
    assert 1 not in program.watch._requests


def test_the_end_of_a_call_that_is_forgotten() -> None:
    """A call may end whose request and trace are not known any more."""
    program = Program(only(repeats=3, cost_per_trace=PICO))
    program.begin(-1, TRACE)
    for number in range(1, 2 + runaway._LIMIT):
        program.call(number, number)
    program.end(-1, TRACE, usd=2)
    assert program.detectors == ["cost_per_trace"]
    program.end(5000, TRACE)
    program.end(4000, 4000)
    assert program.call(4000, 4000)


def test_threads_share_a_watch() -> None:
    """Under a race exactly as many calls of a trace are sent as may be, and the trip is told once."""
    watch, sent, trips = Watch(only(calls_per_trace=500)), deque[int](), deque[Trip]()

    def run(thread: int) -> None:
        for number in range(300):
            found, _ = watch.before(1.0, fingerprint=thread * 1000 + number, trace=TRACE)
            trips.extend(found)
            if not found:
                sent.append(number)
                watch.after(1.0, fingerprint=thread * 1000 + number, trace=TRACE, pico_usd=1)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 500
    assert len(trips) == 700
    assert [trip.first for trip in trips].count(True) == 1


def test_a_forked_process_begins_at_zero() -> None:
    """A child knows nothing of its parent's calls, and waits for no lock of the parent's threads."""
    program = Program(only(repeats=3))
    for _ in range(4):
        program.call()
    program.watch._lock.acquire()

    program.watch.renew()

    assert program.watch.repeated == 0
    assert [program.call() for _ in range(4)] == [True, True, True, False]


# --- the pace --------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 10**6)), max_size=60))
def test_the_pace_is_what_adding_up_gives(steps: list[tuple[int, int]]) -> None:
    """This minute and the hour before it are the sums of what was spent in their buckets."""
    pace, spent, now_s = Pace(), [], 0
    for wait_s, amount in steps:
        now_s += wait_s
        pace.add(now_s, amount)
        spent.append((now_s // 5, amount))

        now = now_s // 5
        hour = sum([amount for bucket, amount in spent if now - 732 < bucket <= now - 12])
        past = now - spent[0][0] - 11
        assert pace.minute == sum([amount for bucket, amount in spent if bucket > now - 12])
        assert pace.usual() == (None if past < 120 else hour * 12 // min(past, 720))


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 10**6)), min_size=1, max_size=40))
def test_a_minute_that_starts_is_empty(steps: list[tuple[int, int]]) -> None:
    """What was spent before a minute starts is past, is counted once, and fades after an hour."""
    pace, now_s = Pace(), 10_000
    pace.add(0, 0)
    for wait_s, amount in steps:
        now_s += wait_s
        pace.add(now_s, amount)
    pace.start_minute(now_s)
    assert pace.minute == 0
    assert pace.usual() == sum([amount for _, amount in steps]) * 12 // 720 or now_s > 13_600

    pace.add(now_s, 7)
    assert pace.minute == 7
    pace.add(now_s + 60, 0)
    assert pace.minute == 0
    pace.add(now_s + 3600, 0)
    assert pace.usual() == 7 * 12 // 720
    pace.add(now_s + 3660, 0)
    assert pace.usual() == 0


def test_a_clock_that_goes_back_changes_nothing_of_the_past() -> None:
    """What a thread spends that comes a little late counts for now."""
    pace = Pace()
    pace.add(100.0, 5)
    pace.add(94.0, 5)
    assert pace.minute == 10


def test_watching_a_call_is_quick() -> None:
    """Watching a call takes some 3 µs of its thread; far more while lines are counted, and others work."""
    watch = Watch(RunawaySettings(action="block"))
    numbers = iter(range(10**6))

    def call() -> None:
        number = next(numbers)
        now_s = number * 0.001
        watch.before(now_s, fingerprint=number, trace=number // 10 + 1)
        watch.after(now_s, fingerprint=number, trace=number // 10 + 1, pico_usd=1000)

    took_s = timeit.repeat(call, timer=time.thread_time, number=1000, repeat=5)
    assert min(took_s) / 1000 < 100e-6
