"""Detectors of programs that run away: in a loop, in one trace without end, or much faster than ever.

They are made so that no ordinary program meets their defaults, and a stuck one is stopped while it is cheap:

*Repeats.* A stuck agent sends the same request again and again, each as soon as it has the answer to the one
before. Four things look alike, and are none. Many answers are asked for at once: so a call does not count
that starts while an identical one is out. Many users say the same: so only calls of one trace make a loop
(calls without a trace are taken for one). The same footer of many documents is embedded: so a loop is at
least half of all calls of its trace. A health check asks the same every ten seconds: so it is the pauses
that are bounded, together to 300 s for 100 calls, and not the time: a check every ten seconds pauses for
some 900 s, a stuck agent for a second or so at a time, however long its answers take. An evaluation that
takes up to 100 samples of one prompt, one by one, passes.

*Calls per trace.* A nightly job may be one trace and embed thousands of documents one by one; 10,000 calls
are more than any agent needs.

*Cost per trace.* An agent whose history grows never repeats itself, but each step costs more than the last
one: $100 is reached after a few hundred.

*Velocity.* 20 times what this process spent per minute in its past hour, and no less than $10 a minute,
which is $14,400 a day. A process is not judged before it has ten minutes of past.

A breaker stays open for `open_s` once it has tripped, then counting begins at zero. It refuses calls of its
own scope: the request in that trace, the trace, the process. Time is monotonic seconds.
"""

from __future__ import annotations

import threading

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from .budget import RunawaySettings
from .pace import Pace


T = TypeVar("T")

_LIMIT: Final = 4096
"""Requests, and traces, that are watched at a time. The least recently seen goes first."""
_LONG_AGO: Final = float("-inf")
_SHARE: Final = 2
"""A loop is at least one in so many calls of its trace."""

REPEATS: Final = "repeats"
CALLS: Final = "calls_per_trace"
COST: Final = "cost_per_trace"
VELOCITY: Final = "velocity"

_Trips = tuple["Trip", ...]


@dataclass(frozen=True, slots=True)
class Trip:
    """A detector has tripped: its breaker is open."""

    detector: str
    """`repeats`, `calls_per_trace`, `cost_per_trace`, `velocity`."""
    scope: str
    """The request and the trace, in hexadecimal digits; empty for the process."""
    count: int
    """What was counted when it tripped, with the call that tripped it."""
    limit: int
    """What would have been let pass."""
    unit: str
    """Of both: `requests`, or `usd`, which is in pico-dollars."""
    until_s: float
    """When the breaker closes again, in monotonic seconds."""
    first: bool
    """Whether it has tripped just now; else a call was refused because it is open."""


class Watch:
    """Watches the calls of this process, and says when a detector trips. Threads may share it.

    With the action `warn` a trip is told once each time a breaker opens. With `block` each call is told of it
    that is in the scope of an open breaker, and is not to be sent. Such a call does not count.
    """

    def __init__(self, settings: RunawaySettings) -> None:
        self.repeated = 0
        """How many calls have repeated, one after the other, a request within `repeats_s`."""
        self._settings = settings
        self._blocks = settings.action == "block"
        self.renew()

    def renew(self) -> None:
        """In a forked process: begin at zero, as what was counted, and is out, is the parent's."""
        self.repeated = 0
        self._lock = threading.Lock()
        self._requests: OrderedDict[int, _Request] = OrderedDict()
        self._traces: OrderedDict[int, _Trace] = OrderedDict()
        self._untraced = _Trace()
        self._pace = Pace()
        self._fast: Trip | None = None
        self._opened = False
        """Whether any detector has ever tripped."""

    def before(self, now_s: float, *, fingerprint: int | None, trace: int) -> tuple[_Trips, bool]:
        """A call is about to be sent: the trips of which it is to be told, and whether it repeats another.

        `fingerprint` stands for the request; None for one that cannot be told from others. `trace` is the id
        of its trace; 0 where it has none.
        """
        with self._lock:
            around = _seen(self._traces, trace, _Trace) if trace else self._untraced
            request = None if fingerprint is None else _seen(self._requests, fingerprint, _Request)
            trips = self._refused(now_s, request, trace, around) if self._blocks and self._opened else None
            if not trips:
                trips = self._too_many(now_s, trace, around)
                if request is not None and not request.out and not (trips and self._blocks):
                    trips += self._loop(now_s, request, fingerprint, trace, around)
            if trips and self._blocks:
                return trips, False
            around.calls += 1
            repeats = False
            if request is not None:
                if request.out:
                    request.before += 1  # it is no other one
                else:
                    repeats = now_s - request.seen_s <= self._settings.repeats_s
                self.repeated += repeats
                request.out += 1
                request.seen_s = now_s
            return trips, repeats

    def after(self, now_s: float, *, fingerprint: int | None, trace: int, pico_usd: int) -> _Trips:
        """A call that was let pass has ended, and has cost so much: the detectors that trip on that."""
        with self._lock:
            if fingerprint is not None and (request := self._requests.get(fingerprint)) is not None:
                if request.out:
                    request.out -= 1
                request.seen_s = now_s
            if pico_usd <= 0:
                return ()
            return self._too_dear(now_s, trace, pico_usd) + self._too_fast(now_s, pico_usd)

    # Breakers.

    def _trip(self, now_s: float, detector: str, scope: str, count: int, limit: int) -> Trip:
        self._opened = True
        unit = "requests" if detector in (REPEATS, CALLS) else "usd"
        return Trip(detector, scope, count, limit, unit, now_s + self._settings.open_s, first=True)

    def _refused(self, now_s: float, request: _Request | None, trace: int, around: _Trace) -> _Trips:
        """The open breakers that a call runs into."""
        found = [self._fast, around.many, around.dear]
        if request is not None and request.trace == trace:
            found.append(request.looped)
        return tuple(
            [replace(trip, first=False) for trip in found if trip is not None and now_s < trip.until_s]
        )

    # Detectors.

    def _too_many(self, now_s: float, trace: int, around: _Trace) -> _Trips:
        """Whether one more call is one too many for its trace."""
        if around.many is not None:
            if now_s < around.many.until_s:
                return ()
            around.many, around.calls = None, 0
        limit = self._settings.calls_per_trace
        if not trace or not 0 < limit <= around.calls:
            return ()
        around.many = self._trip(now_s, CALLS, f"{trace:032x}", around.calls + 1, limit)
        return (around.many,)

    def _loop(
        self, now_s: float, request: _Request, fingerprint: int | None, trace: int, around: _Trace
    ) -> _Trips:
        """Count a call that does not overlap with an identical one, and see whether that is one too many."""
        if request.looped is not None and now_s < request.looped.until_s:
            return ()
        pause_s = request.pause_s + max(0.0, now_s - request.seen_s)  # threads may come out of order
        if request.looped is not None or request.trace != trace or pause_s > self._settings.repeats_s:
            request.looped, request.trace, request.run, pause_s = None, trace, 0, 0.0
            request.before = around.calls
        request.run += 1
        request.pause_s = pause_s
        limit = self._settings.repeats
        if not 0 < limit < request.run or around.calls + 1 - request.before > _SHARE * request.run:
            return ()
        scope = f"{(fingerprint or 0) & 0xFFFF_FFFF_FFFF_FFFF:016x}" + (f" {trace:032x}" if trace else "")
        request.looped = self._trip(now_s, REPEATS, scope, request.run, limit)
        return (request.looped,)

    def _too_dear(self, now_s: float, trace: int, pico_usd: int) -> _Trips:
        """Whether a trace has cost too much."""
        limit = self._settings.cost_per_trace
        if not trace or not limit:
            return ()
        around = self._traces.get(trace) or _seen(self._traces, trace, _Trace)
        if around.dear is not None:
            if now_s < around.dear.until_s:
                return ()
            around.dear, around.pico_usd = None, 0
        around.pico_usd += pico_usd
        if around.pico_usd <= limit:
            return ()
        around.dear = self._trip(now_s, COST, f"{trace:032x}", around.pico_usd, limit)
        return (around.dear,)

    def _too_fast(self, now_s: float, pico_usd: int) -> _Trips:
        """Whether this process spends too fast."""
        settings, pace = self._settings, self._pace
        if self._fast is not None and now_s >= self._fast.until_s:
            self._fast = None
            pace.start_minute(now_s)
        pace.add(now_s, pico_usd)
        floor = settings.velocity_floor
        if pace.minute <= floor or not settings.velocity or self._fast is not None:
            return ()
        usual = pace.usual()
        if usual is None or pace.minute <= (limit := max(floor, int(settings.velocity * usual))):
            return ()
        self._fast = self._trip(now_s, VELOCITY, "", pace.minute, limit)
        return (self._fast,)


class _Request:
    """What is known of identical requests."""

    __slots__ = ("before", "looped", "out", "pause_s", "run", "seen_s", "trace")

    def __init__(self) -> None:
        self.out = 0
        """How many are being answered."""
        self.seen_s = _LONG_AGO
        """When one was last sent or answered."""
        self.trace = 0
        """Of the run: those in one trace, one after the other."""
        self.run = 0
        self.pause_s = 0.0
        """The time in the run when none was being answered."""
        self.before = 0
        """The calls of the trace before the run, and those that overlapped with it."""
        self.looped: Trip | None = None


class _Trace:
    """What is known of a trace."""

    __slots__ = ("calls", "dear", "many", "pico_usd")

    def __init__(self) -> None:
        self.calls = 0
        self.pico_usd = 0
        self.many: Trip | None = None
        self.dear: Trip | None = None


def _seen(known: OrderedDict[int, T], key: int, new: Callable[[], T]) -> T:
    """What is known of `key`, which is now the most recently seen; forgets the least recently seen."""
    found = known.get(key)
    if found is None:
        if len(known) >= _LIMIT:
            known.popitem(last=False)
        found = known[key] = new()
    else:
        known.move_to_end(key)
    return found
