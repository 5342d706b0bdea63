"""Google's interactions: `POST …/interactions`, and `GET …/interactions/{id}`.

Counting: as `google_usage.py`, under names of its own. How often a tool of Google's grounded the answer is in
`grounding_tool_count`, or else its searches are counted on the steps. An interaction in the background has no
usage until it is fetched, maybe many times: its id counts once.
Streaming: the last event, `interaction.completed`, carries the interaction with its usage, but without the
steps, which come before it in pieces. The usage so far may come with any step; a live interaction ends with
its usage alone. Older answers say `interaction.complete`, `content.delta`, `outputs`.
Finish: the status stands for the reason.

Source: `interactions/interaction.py`, `usage.py`, `interactionsseevent.py`, `step.py` of google-genai 3.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..readings import Reading, Usage
from .dialect import FINAL, GOES_ON, Body, Dialect, Progress
from .fields import Counts, dig, get, index_of, items, view
from .google_content import headed
from .google_fees import WEB_SEARCH, not_charged, searches, tool_counts, usage_with
from .google_names import error_type, plain, string_at, word
from .google_request import texts, tier
from .google_usage import INTERACTION, tier_of, tokens
from .openai_request import number, schema, stops, whole
from .order import STANDARD, Order


_OPEN: Final = frozenset({"in_progress", "queued", "pending"})
_SEARCH: Final = "google_search"
_MAPS: Final = "google_maps"
_STEPS: Final = ("steps", "outputs")
_SEARCHES: Final = 10
_AGENT_SEARCHES: Final = 100
_TOOLS_TOKENS: Final = 400


def read(body: Body) -> Reading:
    """Read an `Interaction`."""
    fields = view(body)
    counts = Counts()
    status = word(fields.get("status"))
    tier, variant = tier_of(counts, fields)
    model = word(fields.get("model"))
    return Reading(
        model=model or word(fields.get("agent")),
        id=string_at(fields, "id"),
        usage=_usage(counts, fields, model),
        finish_reasons=(status,) if status else (),
        choices=1,
        finished=status is not None and status not in _OPEN,
        variant=variant,
        service_tier=tier,
        error_type=error_type(fields.get("error")),
        free=not_charged(counts),
        warnings=tuple(counts.warnings),
    )


def _usage(counts: Counts, fields: dict[str, Any], model: str | None) -> Usage | None:
    stated = fields.get("usage")
    found = tokens(counts, stated, INTERACTION)
    if found is None:
        return None
    kinds = [kind for step in _steps(fields) if (kind := word(get(step, "type"))) is not None]
    tools = tool_counts(counts, stated)
    count = tools.get(_SEARCH)
    queries = range(count) if count is not None else _queries(fields)
    return usage_with(
        counts,
        found,
        searches(map(str, queries), model),
        maps=bool(tools.get(_MAPS)) or f"{_MAPS}_call" in kinds,
        fetched="url_context_call" in kinds,
    )


def _steps(fields: dict[str, Any]) -> Iterator[Any]:
    for name in _STEPS:
        yield from items(fields, name)


def _queries(fields: dict[str, Any]) -> Iterator[Any]:
    for step in _steps(fields):
        if word(get(step, "type")) == f"{_SEARCH}_call":
            yield from items(step, "arguments", "queries")


class InteractionEvents:
    """Folds the events of an interaction; the last one has all but the steps."""

    __slots__ = ("_error", "_head", "_steps")

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._steps: dict[int, _Step] = {}
        self._error: Any = None

    def see(self, event: Any) -> Progress:
        """Add one event; the one with a final status and the usage is the last."""
        fields = view(event)
        if (interaction := fields.get("interaction")) is not None:
            stated = view(interaction)
            self._head |= {name: value for name, value in stated.items() if value is not None}
            ended = word(self._head.get("status")) not in _OPEN
            return FINAL if ended and self._head.get("usage") is not None else GOES_ON
        self._see_rest(fields)
        usage = fields.get("usage") or dig(fields.get("metadata"), "total_usage")
        if usage is None:
            return GOES_ON
        self._head["usage"] = usage
        if not (string_at(fields, "event_type") or "").startswith("interaction.complete"):
            return GOES_ON
        self._head["status"] = "completed"
        return FINAL

    def _see_rest(self, fields: dict[str, Any]) -> None:
        """Note what is no end: who is asked, a piece of a step, an error."""
        for name, said in (("id", "interaction_id"), ("model", "model")):
            if (value := string_at(fields, said)) is not None:
                self._head[name] = value
        if (error := fields.get("error")) is not None:
            self._error = error
        for name in ("step", "content"):
            if (start := fields.get(name)) is not None:
                self._step(fields).start = view(start)
        if (delta := fields.get("delta")) is not None:
            self._step(fields).see(view(delta))

    def _step(self, fields: dict[str, Any]) -> _Step:
        return self._steps.setdefault(index_of(fields), _Step())

    def body(self) -> Body:
        """The interaction that the events so far add up to."""
        steps = [step.body() for _, step in sorted(self._steps.items())]
        body = {**self._head, "steps": steps or list(items(self._head, "steps"))}
        return body if self._error is None else {**body, "error": self._error}


class _Step:
    """What one step has said so far."""

    __slots__ = ("_arguments", "_json", "_texts", "start")

    def __init__(self) -> None:
        self.start: dict[str, Any] = {}
        self._texts: list[str] = []
        self._json: list[str] = []
        self._arguments: Any = None

    def see(self, delta: dict[str, Any]) -> None:
        """Add one piece."""
        said = string_at(delta, "text") or string_at(delta, "content", "text")
        if said is not None:
            self._texts.append(said)
        arguments = delta.get("arguments")
        if isinstance(arguments, str):
            self._json.append(arguments)
        elif arguments is not None:
            self._arguments = arguments
        if not self.start.get("type"):
            self.start = {"type": delta.get("type")}

    def body(self) -> dict[str, Any]:
        """The step as a whole interaction has it; the arguments of a function stay text."""
        body = dict(self.start)
        if self._texts:
            body["content"] = [{"type": "text", "text": "".join(self._texts)}]
        if self._json:
            body["arguments"] = "".join(self._json)
        elif self._arguments is not None:
            body["arguments"] = self._arguments
        return body


def answer(body: Body) -> Iterator[str]:
    """The texts of the steps: messages, summaries of thoughts, and arguments of functions."""
    for step in _steps(view(body)):
        for name in ("text", "content", "summary"):
            yield from texts(get(step, name))
        if word(get(step, "type")) == "function_call":
            yield from schema(plain(get(step, "name")))
            yield from schema(plain(get(step, "arguments")))


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a request for an interaction."""
    found: dict[str, Any] = {}
    config = view(get(request, "generation_config"))
    for name in ("temperature", "top_p", "seed"):
        if (value := number(config, name)) is not None:
            found[name] = value
    if (limit := number(config, "max_output_tokens")) is not None:
        found["max_tokens"] = limit
    if (stop := stops(config.get("stop_sequences"))) is not None:
        found["stop_sequences"] = stop
    if (level := string_at(config, "thinking_level")) is not None:
        found["reasoning.level"] = level.lower()
    if (earlier := string_at(request, "previous_interaction_id")) is not None:
        found["previous_response.id"] = earlier
    return found


def order(request: Any) -> Order:
    """The order of an interaction. An agent works on its own, at a length that nobody limits."""
    given = view(request)
    agent = word(given.get("agent"))
    kinds = [kind for tool in items(given, "tools") if (kind := word(get(tool, "type"))) is not None]
    hosted = [kind for kind in kinds if kind != "function"]
    count = _AGENT_SEARCHES if agent else _SEARCHES
    searching = agent is not None or _SEARCH in hosted
    return Order(
        whole(view(given.get("generation_config")), "max_output_tokens"),
        variant="priority" if word(given.get("service_tier")) == "priority" else STANDARD,
        hidden=len(hosted) + (agent is not None) + _files(given.get("input")),
        overhead_tokens=_TOOLS_TOKENS if kinds else 0,
        units={WEB_SEARCH: count} if searching else None,
        earlier=string_at(given, "previous_interaction_id"),
    )


def _files(given: Any) -> int:
    """How many files of the input are only named."""
    pieces = [piece for entry in items({"input": given}, "input") for piece in (entry, *_contents(entry))]
    return sum(1 for piece in pieces if dig(piece, "uri") is not None)


def _contents(entry: Any) -> Iterator[Any]:
    yield from items(entry, "content")


def prompt(request: Any) -> Iterator[str]:
    """The texts of the input, the instruction and the tools."""
    yield from texts(get(request, "system_instruction"))
    given = get(request, "input")
    yield from texts(given)
    for entry in items({"input": given}, "input"):
        yield from texts(get(entry, "content"))
        yield from schema(plain(get(entry, "result")))
    for tool in items(request, "tools"):
        yield from schema(plain(tool))


DIALECT = Dialect(
    name="google.interactions",
    operation="generate_content",
    read=read,
    events=InteractionEvents,
    headed=headed,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
    tier=tier,
    remembered=True,
)

FETCH = Dialect(
    name="google.interactions",
    operation="fetch_response",
    read=read,
    events=InteractionEvents,
    headed=headed,
    answer=answer,
    once=True,
)
