"""Shows the stream that an application reads to its call, without taking the stream's place.

The iterator inside a stream object is exchanged, so type, methods and `isinstance` stay. Whoever stops
reading closes the body of the HTTP response in the end, by whatever path, so that is where leaving is seen.
A close that comes while the iterator runs is the client library tidying up after the last event, and counts
for nothing. What is dropped without a close is seen by a token that is freed with the iterator: it runs in a
finaliser, so it only leaves a note.
"""

from __future__ import annotations

import os
import sys
import weakref

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final

import wrapt

from .calls import Call
from .dialects.wire import DONE, Splitter, parsed, sniffed
from .shield import failed


class Held:
    """Freed with the iterator that holds it: the stream was dropped.

    In a forked process it is a copy: the stream is the parent's, and the parent counts it.
    """

    __slots__ = ("_call", "_pid")

    def __init__(self, call: Call) -> None:
        self._call = call
        self._pid = os.getpid()

    def __del__(self) -> None:
        if self._pid == os.getpid():
            self._call.later()


def follow(events: Iterator[Any], call: Call, _held: Held) -> Iterator[Any]:
    """Yield `events`, showing each to `call`."""
    see, hides = call.see, call.hides_usage
    try:
        for event in events:
            see(event)
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
    see, hides = call.see, call.hides_usage
    try:
        async for event in events:
            see(event)
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

    __slots__ = ("_call", "_pid", "_running", "_tap")

    def __init__(self, call: Call, tap: Any, running: str) -> None:
        self._call = call
        self._tap = weakref.ref(tap)
        self._running = running
        self._pid = os.getpid()

    def closed(self) -> None:
        """Note a close: by the reader, by the library after the last event, or by a finaliser."""
        if self._call.ended or self._pid != os.getpid():
            return
        tap = self._tap()
        if tap is None:
            self._call.later()
        elif getattr(tap, self._running):
            return
        elif _inside_telemetry():
            self._call.later()
        else:
            self._call.end(left=True)


_TELEMETRY: Final = ("opentelemetry.", "otel_tokens.telemetry")


def _inside_telemetry() -> bool:
    """Whether this runs on top of OpenTelemetry, as a finaliser may: one of its locks may be held."""
    frame = sys._getframe(1)  # noqa: SLF001  # the only way to see what was interrupted
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith(_TELEMETRY):
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
    response.stream = _body(response.stream)(response.stream, Watch(call, tap, running))


def _body(stream: Any) -> type[Body]:
    return ObservedBody if hasattr(stream, "stream_observer") else Body


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
    if response is not None:
        watch_body(response, call, tap, running)
    stream._iterator = tap  # noqa: SLF001


class Bytes:
    """Shows the bytes of a response to a call: its events, or one JSON body at the end."""

    def __init__(self, call: Call, events: Splitter | None, *, whole: Callable[[bytes], Any] | None) -> None:
        self._call = call
        self._events = events
        self._whole = whole
        self._pieces: list[bytes] = []
        self._size = 0

    def see(self, piece: bytes) -> None:
        """Note some bytes."""
        call = self._call
        if call.ended:
            return
        call.touch()
        try:
            if self._events is None and not self._size and (found := sniffed(piece)) is not None:
                self._events = found
                call.fold()
            if self._events is not None:
                for event in self._events.feed(piece):
                    self._show(event)
            elif self._whole is not None:
                self._size += len(piece)
                if self._size <= _WHOLE_LIMIT:
                    self._pieces.append(piece)
        except Exception:  # noqa: BLE001  # never raised into the reader
            failed("reading the bytes of a stream")

    def _show(self, event: Any) -> None:
        if event is DONE:
            self._call.end()
        else:
            self._call.see(event)

    def done(self) -> None:
        """End the call: the bytes have been read to the end."""
        body = None
        try:
            if self._events is not None:
                for event in self._events.rest():
                    self._show(event)
            elif self._whole is not None and self._size <= _WHOLE_LIMIT:
                body = self._whole(b"".join(self._pieces))
        except Exception:  # noqa: BLE001
            failed("reading the bytes of a stream")
        self._call.end(body)


_WHOLE_LIMIT: Final = 64 * 1024 * 1024
"""A body that is longer is not kept to be parsed."""


def json_body(content: bytes) -> Any:
    """The JSON value of a whole body."""
    return parsed(content.strip())


def text_body(content: bytes) -> Any:
    """A whole body as text."""
    return content.decode("utf-8", "replace")


def tap_bytes(response: Any, call: Call, seen: Bytes) -> None:
    """Show the bytes that are read from `response` to `call`, whichever method reads them.

    Every reader of httpx and httpx2 but `iter_raw` goes through `iter_bytes` or `aiter_bytes`.
    """
    call.watch()
    held = Held(call)
    state = _Reading(response)
    if hasattr(response.stream, "__aiter__") and not hasattr(response.stream, "__iter__"):
        response.aiter_bytes = _aiter_bytes(response.aiter_bytes, seen, state, held)
    else:
        response.iter_bytes = _iter_bytes(response.iter_bytes, seen, state, held)
        if hasattr(response.stream, "__aiter__"):
            response.aiter_bytes = _aiter_bytes(response.aiter_bytes, seen, state, held)
    response.stream = _body(response.stream)(response.stream, Watch(call, state, "running"))


class _Reading:
    """Whether the bytes of a response are being read just now; restores its methods afterwards."""

    __slots__ = ("__weakref__", "_response", "running")

    def __init__(self, response: Any) -> None:
        self.running = False
        self._response = weakref.ref(response)

    def over(self) -> None:
        """Take our methods off the response, so that it can be pickled once it is read."""
        response = self._response()
        if response is not None:
            response.__dict__.pop("iter_bytes", None)
            response.__dict__.pop("aiter_bytes", None)


def _iter_bytes(
    read: Callable[..., Iterator[bytes]], seen: Bytes, state: _Reading, held: Held
) -> Callable[..., Iterator[bytes]]:
    def iter_bytes(*args: Any, **kwargs: Any) -> Iterator[bytes]:
        pieces = read(*args, **kwargs)
        while True:
            state.running = True
            try:
                piece = next(pieces)
            except StopIteration:
                break
            except BaseException as error:
                seen._call.end(error=error)  # noqa: SLF001
                raise
            finally:
                state.running = False
            seen.see(piece)
            yield piece
        state.over()
        seen.done()

    iter_bytes.held = held  # type: ignore[attr-defined]  # freed with the function
    return iter_bytes


def _aiter_bytes(
    read: Callable[..., AsyncIterator[bytes]], seen: Bytes, state: _Reading, held: Held
) -> Callable[..., AsyncIterator[bytes]]:
    async def aiter_bytes(*args: Any, **kwargs: Any) -> AsyncIterator[bytes]:
        pieces = read(*args, **kwargs)
        while True:
            state.running = True
            try:
                piece = await anext(pieces)
            except StopAsyncIteration:
                break
            except BaseException as error:
                seen._call.end(error=error)  # noqa: SLF001
                raise
            finally:
                state.running = False
            seen.see(piece)
            yield piece
        state.over()
        seen.done()

    aiter_bytes.held = held  # type: ignore[attr-defined]  # freed with the function
    return aiter_bytes
