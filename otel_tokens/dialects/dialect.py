"""What a dialect is: how to read a body, how to fold a stream, what a request asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ..readings import Reading, Usage
from .fields import text
from .order import Order


Progress = int
GOES_ON: Final[Progress] = 0
"""More is to come."""
ENOUGH: Final[Progress] = 1
"""The answer is whole, though the stream might bring another one."""
FINAL: Final[Progress] = 2
"""Nothing about tokens can follow."""

Body = Any
"""A JSON object or a model of a client library."""


class Events(Protocol):
    """Folds the events of one stream to the body that the call would have returned whole."""

    def see(self, event: Any) -> Progress:
        """Add one event, and say how far the answer has come."""

    def body(self) -> Body:
        """The body that the events so far add up to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One wire protocol. Every member is pure."""

    name: str
    """`openai.chat`, `anthropic.messages`: the protocol, not who speaks it."""
    operation: str
    """The `gen_ai.operation.name` of its calls."""
    read: Callable[[Body], Reading]
    events: Callable[[], Events] | None = None
    """Starts to fold a stream; None where the protocol has none."""
    order: Callable[[Any], Order] = lambda _request: Order()
    """What decides beside the weight of the request what the call may cost at most."""
    asked: Callable[[Any], Mapping[str, Any]] = lambda _request: {}
    """What the request asks for, by the last part of the attribute's name: `max_tokens`, `temperature`."""
    prompt: Callable[[Any], Iterable[str]] = lambda _request: ()
    """The texts of the request, for an estimate of its tokens."""
    answer: Callable[[Body], Iterable[str]] = lambda _body: ()
    """The texts of the answer, for an estimate of its tokens."""
    units: Callable[[Any], Usage | None] = lambda _request: None
    """What the request alone decides to be billed, such as characters; None where the answer decides."""
    headed: Callable[[Reading, Mapping[str, str]], Reading] | None = None
    """A reading with what the headers of the answer say beside it, looked up by names in lower case; None
    where they say nothing."""
    tier: Callable[[Any], str | None] = lambda request: text(request, "service_tier")
    """The wire's own word for the tier that is asked for: it decides where the answer does not say."""
    api_type: str | None = None
    """The `openai.api.type` of its calls."""
    output_type: str | None = None
    """The `gen_ai.output.type`, where the protocol has only one."""
    usage_on_request: bool = False
    """A stream states usage only when the request asks for it."""
    billed: bool = True
    """False where calls are free: a missing usage is then no gap."""
    quiet: bool = False
    """A poll: it leaves a span only when it states usage that was not counted yet."""
    remembered: bool = False
    """Its answers can be fetched later, so their ids are remembered as counted."""
    once: bool = False
    """Fetches what another call has made: usage counts once for each response id."""
