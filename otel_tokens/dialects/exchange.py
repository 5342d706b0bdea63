"""One HTTP exchange, read whole: bytes of an answer in, what it says of itself out.

For callers that have the bytes and no client library: what is saved, relayed or sent by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..readings import Reading
from .dialect import Body, Dialect
from .fields import get, items, parsed, text
from .google_array import JsonArray
from .wire import DONE, MARK, Splitter, sniffed, splitter


_ERROR = 400


def read(
    dialect: Dialect, answer: bytes, headers: Mapping[str, str] | None = None, status: int = 200
) -> Reading:
    """What an answer says; never raises. An answer with a status of an error says nothing but its error."""
    given = {name.lower(): value for name, value in (headers or {}).items()}
    if status >= _ERROR:
        return Reading(error_type=_error(answer, given) or str(status))
    body = body_of(dialect, answer, given.get("content-type", ""))
    reading = dialect.read(body)
    return reading if dialect.headed is None else dialect.headed(reading, given)


def body_of(dialect: Dialect, answer: bytes, content_type: str = "") -> Body:
    """The body of an answer: a stream folded to what the call would have returned whole."""
    answer = answer.removeprefix(MARK)
    split = None if dialect.events is None else splitter(content_type) or sniffed(answer)
    if split is None and dialect.events is not None and answer.lstrip()[:1] == b"[":
        split = JsonArray()  # as Google streams where nobody asks for events
    if split is not None and (events := _all(split, answer)):
        return folded(dialect, events)
    body = parsed(answer.strip())  # also of a server that calls it a stream
    if body is not None:
        return body
    if split is None and dialect.events is not None and (events := _all(JsonArray(), answer)):
        return folded(dialect, events)  # one object after the other, of a server that calls it JSON
    return answer.decode("utf-8", "replace") if split is None else folded(dialect, ())


def _all(split: Splitter, answer: bytes) -> list[Any]:
    return [*split.feed(answer), *split.rest()]


def folded(dialect: Dialect, events: Iterable[Any]) -> Body:
    """The body that events add up to."""
    if dialect.events is None:
        return None
    folding = dialect.events()
    for event in events:
        if event is not DONE:
            folding.see(event)
    return folding.body()


def _error(answer: bytes, headers: Mapping[str, str]) -> str | None:
    """The type of an error, as far as Amazon's header or a body states one under a name that is usual."""
    if named := headers.get("x-amzn-errortype", "").partition(":")[0]:
        return named
    body = parsed(answer.strip())
    body = body[0] if isinstance(body, list) and body else body
    error = get(body, "error") or next(items(body, "errors"), None) or body
    return next((found for name in ("code", "type", "status") if (found := text(error, name))), None)
