"""Shows the bytes of a response to its call, where the application reads the response itself.

Every reader of httpx and httpx2 but `iter_raw` goes through `iter_bytes` or `aiter_bytes`, so these two are
exchanged on the one response, until it has been read.
"""

from __future__ import annotations

import weakref

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final

from .calls import Call
from .dialects.fields import parsed
from .dialects.wire import DONE, Splitter, sniffed
from .shield import failed
from .streams import Held, Watch, watched


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

    def fail(self, error: BaseException) -> None:
        """End the call with what its reader gets instead of more bytes."""
        self._call.end(error=error)

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
    if hasattr(response.stream, "__iter__"):
        response.iter_bytes = _iter_bytes(response.iter_bytes, seen, state, held)
    if hasattr(response.stream, "__aiter__"):
        response.aiter_bytes = _aiter_bytes(response.aiter_bytes, seen, state, held)
    response.stream = watched(response.stream, Watch(call, state, "running"))


class _Reading:
    """Whether the bytes of a response are being read just now; restores its methods afterwards."""

    __slots__ = ("__weakref__", "_response", "running")

    def __init__(self, response: Any) -> None:
        self.running = False
        self._response = weakref.ref(response)

    def over(self) -> None:
        """Take our methods off the response, so that it can be pickled once it is read."""
        response = self._response()
        if response is not None:  # pragma: no branch  # who reads it holds it
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
                seen.fail(error)
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
                seen.fail(error)
                raise
            finally:
                state.running = False
            seen.see(piece)
            yield piece
        state.over()
        seen.done()

    aiter_bytes.held = held  # type: ignore[attr-defined]  # freed with the function
    return aiter_bytes
