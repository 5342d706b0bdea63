"""Shows the stream that an application reads to its call, without taking the stream's place.

The iterator inside a stream object is exchanged, so type, methods and `isinstance` stay. Whoever stops
reading closes the body of the HTTP response in the end, by whatever path, so that is where leaving is seen.
A close that comes while the iterator runs is the client library tidying up after the last event, and counts
for nothing. What is dropped without a close is seen by a token that is freed with the iterator: it runs in a
finaliser, so it only leaves a note.
"""

from __future__ import annotations

import sys
import weakref

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import wrapt

from .calls import Call


class Held:
    """Freed with the iterator that holds it: the stream was dropped."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    def __del__(self) -> None:
        self._call.later()


def follow(events: Iterator[Any], call: Call, _held: Held) -> Iterator[Any]:
    """Yield `events`, showing each to `call`."""
    fold, tick, first, hides = call.fold_event, call.tick_ns, True, call.hides_usage
    try:
        for event in events:
            call.last_tick = tick()  # not `call.see`: at this place each call of a function counts
            if first:
                first = call.begin()
            try:
                progress = fold(event)
            except Exception:  # noqa: BLE001  # never raised into the reader
                progress = call.failed_event()
            if progress:
                call.came(progress)
            if hides and _only_usage(event):
                continue
            yield event
    except GeneratorExit:  # closed or collected: the body, or what is held, tells the call
        raise
    except BaseException as error:
        call.end(error=error)
        raise
    call.end()


async def afollow(events: AsyncIterator[Any], call: Call, _held: Held) -> AsyncIterator[Any]:
    """Yield `events`, showing each to `call`."""
    fold, tick, first, hides = call.fold_event, call.tick_ns, True, call.hides_usage
    try:
        async for event in events:
            call.last_tick = tick()  # not `call.see`: at this place each call of a function counts
            if first:
                first = call.begin()
            try:
                progress = fold(event)
            except Exception:  # noqa: BLE001  # never raised into the reader
                progress = call.failed_event()
            if progress:
                call.came(progress)
            if hides and _only_usage(event):
                continue
            yield event
    except GeneratorExit:
        raise
    except BaseException as error:
        call.end(error=error)
        raise
    call.end()


def hide_usage(stream: Any) -> None:
    """Keep from the application what came only because it was asked for, in a stream that is not followed."""
    events = stream._iterator  # noqa: SLF001
    stream._iterator = _ahide(events) if hasattr(events, "__anext__") else _hide(events)  # noqa: SLF001


def _hide(events: Iterator[Any]) -> Iterator[Any]:
    for event in events:
        if not _only_usage(event):
            yield event


async def _ahide(events: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for event in events:
        if not _only_usage(event):
            yield event


def _only_usage(event: Any) -> bool:
    """Whether a chunk came only because usage was asked for; takes the mark of it off any other one.

    With the option every chunk says `usage: null`, which would show in a dump of the fields that were set.
    """
    try:
        if event.usage is None:
            event.__pydantic_fields_set__.discard("usage")
            return False
        return not event.choices
    except AttributeError:
        return False


class Watch:
    """Tells a call when the body of its response is closed."""

    __slots__ = ("_call", "_running", "_tap")

    def __init__(self, call: Call, tap: Any, running: str) -> None:
        self._call = call
        self._tap = weakref.ref(tap)
        self._running = running

    def closed(self) -> None:
        """Note a close: by the reader, by the library after the last event, or by a finaliser."""
        if self._call.ended:
            return
        tap = self._tap()
        if tap is None:
            self._call.later()
        elif getattr(tap, self._running):
            return
        elif _inside_locks():
            self._call.later()
        else:
            self._call.end(left=True)


_LOCKED: Final = (
    "opentelemetry.",
    "otel_tokens.telemetry",
    "otel_tokens.budgets",
    "otel_tokens.reports",
    "otel_tokens.counted",
    "otel_tokens.shield",
)
_CARRY: Final = "otel_tokens.budgets.carry"
"""It is below all that the threads of a block do, and holds no lock."""


def _inside_locks() -> bool:
    """Whether this runs on top of code that may hold a lock which a call needs to end, as a finaliser may."""
    frame = sys._getframe(1)  # noqa: SLF001  # the only way to see what was interrupted
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.startswith(_LOCKED) and name != _CARRY:
            return True
        frame = frame.f_back  # type: ignore[assignment]  # ends with None
    return False


class Body(wrapt.ObjectProxy):  # type: ignore[type-arg]  # of whatever a transport gives
    """The body of a response, which tells when it is closed; all else is the body's own."""

    stream_observer: Any = None
    """Anthropic's own telemetry looks for it at each event, and to find nothing by a proxy takes long."""

    def __init__(self, body: Any, watch: Watch) -> None:
        super().__init__(body)
        self._self_watch = watch

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.__wrapped__)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.__wrapped__.__aiter__()  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close the body."""
        try:
            self.__wrapped__.close()
        finally:
            self._self_watch.closed()

    async def aclose(self) -> None:
        """Close the body."""
        try:
            await self.__wrapped__.aclose()
        finally:
            self._self_watch.closed()


class ObservedBody(Body):
    """The body of a response that Anthropic's own telemetry observes too."""

    @property
    def stream_observer(self) -> Any:
        """What observes the body."""
        return self.__wrapped__.stream_observer


def watch_body(response: Any, call: Call, tap: Any, running: str) -> None:
    """Have `call` told when the body of `response` is closed."""
    response.stream = watched(response.stream, Watch(call, tap, running))


def watched(body: Any, watch: Watch) -> Body:
    """The body of a response, which tells `watch` when it is closed."""
    return (ObservedBody if hasattr(body, "stream_observer") else Body)(body, watch)


def tap_events(stream: Any, call: Call, response: Any) -> None:
    """Show the events of a stream object of a client library to `call`."""
    call.fold()
    call.watch()
    events = stream._iterator  # noqa: SLF001
    held = Held(call)
    if hasattr(events, "__anext__"):
        tap: Any = afollow(events, call, held)
        running = "ag_running"
    else:
        tap, running = follow(events, call, held), "gi_running"
    watch_body(response, call, tap, running)
    stream._iterator = tap  # noqa: SLF001
