"""What passes between server and simulated APIs: requests, replies, streams and refusals."""

from __future__ import annotations

import json

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request, with the behaviour that it asks of the simulator already taken out."""

    path: str
    """Without the query."""
    headers: Mapping[str, str]
    """Names in lower case."""
    content: bytes
    body: Json
    """Empty when the content is not a JSON object."""
    behaviour: str = ""
    """A key of `simulator.BEHAVIOURS`, or empty."""

    @property
    def model(self) -> str:
        """The model asked for."""
        return str(self.need("model"))

    def need(self, name: str) -> object:
        """The parameter `name`; without it, the request is refused as the providers do."""
        if name not in self.body:
            raise Refusal(400, f"Missing required parameter: '{name}'.")
        return self.body[name]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is sent whole."""

    content: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """An answer that is sent event by event."""

    events: Sequence[bytes]
    error: bytes = b""
    """The event by which this API reports that something broke in the middle."""
    content_type: str = "text/event-stream; charset=utf-8"


class Refusal(Exception):  # noqa: N818  an answer, like the others
    """The request is answered with an error status; each API words it in its own way."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    @property
    def headers(self) -> dict[str, str]:
        """When to try again: soon, so that nobody waits for a simulator."""
        is_passing = self.status in {429, 500, 503}
        return {"retry-after-ms": "20", "retry-after": "1"} if is_passing else {}


def whole(body: Json, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """`body` as a JSON reply."""
    return Reply(compact(body).encode(), status, headers=headers or {})


def sse(data: Json, *, event: str | None = None) -> bytes:
    """`data` as one server-sent event, named `event` where the API names its events."""
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {compact(data)}\n\n".encode()


def compact(value: object) -> str:
    """`value` as JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
