"""Google's live sessions: the websocket `BidiGenerateContent`.

Counting: every turn states its own usage, in which what was said before comes back as input: the turns of a
session are added up, one by one. Thoughts are beside the response, though the total leaves them out.
Streaming: usage mostly comes with the end of the turn, and may come more than once: within a turn the last
one wins, unless a count falls, which begins another pass. What comes after the end and before anything else
is still of that turn.

Source: `LiveServerMessage`, `LiveServerContent`, `UsageMetadata` of `types.py` of google-genai 3.6; usage of
sessions of several turns, measured in pull request 7269 of pydantic-ai.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..readings import Reading, Usage, add
from .dialect import GOES_ON, Body, Dialect, Progress
from .fields import Counts, event_fields, items, view
from .google_content import pieces
from .google_fees import queries_of, searches, usage_with, uses_maps
from .google_names import at, each, error_type, pick, string_at
from .google_order import order
from .google_request import asked, prompt, texts
from .google_usage import Snapshots, tier_of, tokens
from .realtime_order import order_session


_CONTENT: Final = ("modelTurn", "inputTranscription", "outputTranscription", "interrupted")


class _Turn:
    """What one turn has stated so far."""

    __slots__ = ("_passes", "is_over", "maps", "queries")

    def __init__(self) -> None:
        self._passes: list[Snapshots] = []
        self.queries: list[Any] = []
        self.maps = False
        self.is_over = False

    def see(self, usage: Any) -> None:
        """Add what one message states of the turn's usage."""
        if not self._passes or _falls(self._passes[-1].usage or {}, usage):
            self._passes.append(Snapshots())
        self._passes[-1].see(usage)

    def ground(self, grounding: Any) -> None:
        """Note the searches of the turn; they may be repeated."""
        self.queries += queries_of(grounding)
        self.maps = self.maps or uses_maps(grounding)

    def body(self) -> dict[str, Any]:
        """The turn, as a whole session has it."""
        usages = [snapshots.usage for snapshots in self._passes]
        return {"usages": usages, "queries": self.queries, "maps": self.maps, "over": self.is_over}


def _falls(before: dict[str, Any], usage: Any) -> bool:
    """Whether a count is lower than it was, which a count so far never is."""
    for name, value in view(usage).items():
        old = before.get(name)
        if type(value) is int and type(old) is int and value < old:
            return True
    return False


class SessionMessages:
    """Folds the messages of a session, those of the server and, where they are seen too, of the client."""

    __slots__ = ("_error", "_head", "_texts", "_turn", "_turns")

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._turns: list[_Turn] = []
        self._turn: _Turn | None = None
        self._texts: list[str] = []
        self._error: Any = None

    def see(self, event: Any) -> Progress:
        """Add one message; a session may always have one more."""
        fields = event_fields(event)
        self._see_head(fields)
        content = view(pick(fields, "serverContent"))
        usage = pick(fields, "usageMetadata")
        is_over = pick(content, "turnComplete") is True
        if self._begins(fields, content, is_over=is_over):
            self._turn = None
        if content or usage is not None or pick(fields, "toolCall") is not None:
            turn = self._open()
            turn.ground(pick(content, "groundingMetadata"))
            if usage is not None:
                turn.see(usage)
            turn.is_over = turn.is_over or is_over
        self._see_texts(content)
        return GOES_ON

    def _see_head(self, fields: dict[str, Any]) -> None:
        if (model := string_at(fields, "setup", "model")) is not None:
            self._head["model"] = model
        if (session := string_at(fields, "setupComplete", "sessionId")) is not None:
            self._head["id"] = session
        if (error := fields.get("error")) is not None:
            self._error = error

    def _begins(self, fields: dict[str, Any], content: dict[str, Any], *, is_over: bool) -> bool:
        """Whether a message is of the turn after the one that has ended."""
        if self._turn is None or not self._turn.is_over:
            return False
        says = any(pick(content, name) is not None for name in _CONTENT)
        return is_over or says or pick(fields, "toolCall") is not None

    def _open(self) -> _Turn:
        if self._turn is None:
            self._turn = _Turn()
            self._turns.append(self._turn)
        return self._turn

    def _see_texts(self, content: dict[str, Any]) -> None:
        self._texts += pieces(pick(content, "modelTurn"))
        if (said := string_at(content, "outputTranscription", "text")) is not None:
            self._texts.append(said)

    def body(self) -> Body:
        """The session so far."""
        body = {**self._head, "turns": [turn.body() for turn in self._turns], "texts": self._texts}
        return body if self._error is None else {**body, "error": self._error}


def read(body: Body) -> Reading:
    """Read a session, or the messages of one."""
    if isinstance(body, (list, tuple)) or at(body, "usageMetadata") is not None:
        messages = SessionMessages()
        for message in body if isinstance(body, (list, tuple)) else (body,):
            messages.see(message)
        body = messages.body()
    counts = Counts()
    model = string_at(body, "model")
    turns = list(items(body, "turns"))
    found = [usage for turn in turns for usage in _usages(counts, turn, model)]
    last = next((usage for turn in reversed(turns) for usage in items(turn, "usages")), None)
    tier, variant = tier_of(counts, last)
    return Reading(
        model=model,
        id=string_at(body, "id"),
        usage=_sum(found),
        variant=variant,
        service_tier=tier,
        choices=len(turns),
        finished=bool(turns) and all(at(turn, "over") is True for turn in turns),
        error_type=error_type(at(body, "error")),
        warnings=tuple(counts.warnings),
    )


def _sum(usages: list[Usage]) -> Usage | None:
    total: Usage | None = None
    for usage in usages:
        total = usage if total is None else add(total, usage)
    return total


def _usages(counts: Counts, turn: Any, model: str | None) -> Iterator[Usage]:
    """The usage of each pass of a turn; what the turn searched for counts once."""
    queries = searches(items(turn, "queries"), model)
    maps = at(turn, "maps") is True
    for usage in items(turn, "usages"):
        if (found := tokens(counts, usage)) is not None:
            yield usage_with(counts, found, queries, maps=maps, fetched=False)
            queries, maps = 0, False


def answer(body: Body) -> Iterator[str]:
    """What was said, as text and as transcript."""
    yield from (piece for piece in items(body, "texts") if isinstance(piece, str))


def prompt_live(request: Any) -> Iterator[str]:
    """The texts of the setup and of the turns that the client sent."""
    for message in each({"sent": request}, "sent") if isinstance(request, (list, tuple)) else (request,):
        yield from prompt(at(message, "setup"))
        yield from texts(at(message, "clientContent", "turns"))


def asked_live(request: Any) -> dict[str, Any]:
    """The attributes of the setup."""
    return asked(_setup(request))


def order_live(request: Any) -> Any:
    """The order of the setup, for as many turns as the messages ask for."""
    session = order_session(request)
    return order(_setup(request))._replace(
        hidden=session.hidden,
        passes=session.passes,
        audio_tokens=session.audio_tokens,
        speaks=True,
        is_plain=False,
    )


def _setup(request: Any) -> Any:
    for message in request if isinstance(request, (list, tuple)) else (request,):
        if (setup := at(message, "setup")) is not None:
            return setup
    return request


DIALECT = Dialect(
    name="google.live",
    operation="generate_content",
    read=read,
    events=SessionMessages,
    order=order_live,
    asked=asked_live,
    prompt=prompt_live,
    answer=answer,
)
