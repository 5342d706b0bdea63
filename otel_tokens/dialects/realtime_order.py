"""What a session over a websocket orders, so far as it decides what its responses may cost at most.

Counting: a request is all that the client has sent so far, or one of its messages. Each response is billed
for all that was said before it: what is in the request, and earlier answers, at their maximum. A message
alone does not say what was before it, so a whole window is held, at the rate of speech. A session that
decides by itself when to answer has no bound; it is held for one response. Where the time is billed, an hour
is held, which is as long as a session lasts. Transcripts by another model are not covered.

Source: `types/realtime/*_create_event.py` of openai 3.54; `LiveClientMessage` of google-genai 3.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .fields import dig, get, text, view
from .order import Order


_ASKING: Final = frozenset({"response.create", "input_audio_buffer.commit"})
"""Types of messages that make a response."""
_TURNS: Final = ("clientContent", "client_content", "toolResponse", "tool_response")
"""Keys of Google's messages that do."""
_LIMITS: Final = ("max_output_tokens", "max_response_output_tokens")
_HOUR: Final = {"audio_second": 3600}
_GOOGLE: Final = (
    ("setup", "generationConfig", "maxOutputTokens"),
    ("setup", "generation_config", "max_output_tokens"),
)


def order_session(request: Any) -> Order:
    """The order of the responses that the messages of a client ask for."""
    session: int | None = None
    limits: list[int | None] = []
    for message in request if isinstance(request, (list, tuple)) else (request,):
        session = next(_limits(message, "session"), session)
        if text(message, "type") in _ASKING or any(get(message, name) is not None for name in _TURNS):
            limits.append(next(_limits(message, "response"), session))
    turns = max(1, len(limits))
    known = [limit for limit in limits or [session] if limit is not None]
    limit = max(known) if len(known) == turns else None
    is_whole = isinstance(request, (list, tuple)) and (turns == 1 or limit is not None)
    return Order(
        limit,
        hidden=0 if is_whole else 1,
        passes=turns,
        audio_tokens=(turns - 1) * (limit or 0),
        units=_HOUR,
        speaks=True,
    )


def _limits(message: Any, name: str) -> Iterator[int]:
    stated = [view(get(message, name)).get(limit) for limit in _LIMITS]
    stated += [dig(message, *path) for path in _GOOGLE]
    yield from (limit for limit in stated if type(limit) is int and limit > 0)
