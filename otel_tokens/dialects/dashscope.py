"""Alibaba's DashScope in its own format: `POST …/services/aigc/…`, `…/services/embeddings/…`, and others.

Counting: `input_tokens` includes what was cached, what was written to a cache, and images, audio and video;
`output_tokens` includes reasoning. Details stand beside the counts and in objects of their own. An
application states the tokens of each model that it asked. Images, seconds of audio and characters are
counted where they are what is billed. A task that was started is fetched until it has run: it counts once.
Streaming: each event has the counts so far; the text is the whole so far, or a piece where that was asked
for.

Source: `api_entities/dashscope_response.py`, `client/base_api.py` of dashscope 2.0.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, Final

from ..readings import Number, Part, Reading, Usage
from . import openai_usage
from .dialect import GOES_ON, Body, Dialect, Progress
from .fields import Counts, event_fields, get, index_of, items, money, string, text, view
from .growing import Growing
from .native_request import SAMPLING, Names, asked_of, messages_prompt, order_nothing, order_of, texts_of
from .native_usage import counted
from .openai_request import strings, whole
from .order import Order


_NAMES: Final[Names] = MappingProxyType({**SAMPLING, "n": "choice.count", "dimension": "dimension.count"})
_MODALITIES: Final = ("image_tokens", "audio_tokens", "video_tokens")
_IMAGES: Final = 4
_SECONDS: Final = ("seconds", "duration")


def read(body: Body) -> Reading:
    """Read an answer: of a model, of an application, or of a task that has run."""
    fields = view(body)
    output = view(fields.get("output"))
    stated = view(fields.get("usage"))
    parts = _parts(stated)
    usage, warnings = _usage(stated) if not parts else (parts[0].usage, ())
    reasons = [reason for reason in _reasons(output) if reason != "null"]
    return Reading(
        model=parts[0].model if parts else string(fields, "model"),
        id=string(fields, "request_id"),
        usage=usage,
        parts=tuple(parts[1:]),
        finish_reasons=tuple(reasons),
        choices=len(list(items(output, "choices"))) or 1,
        finished=bool(reasons) or (usage is not None and "choices" not in output and "text" not in output),
        error_type=string(fields, "code"),
        batch_id=string(output, "task_id"),
        warnings=warnings,
    )


def _parts(stated: dict[str, Any]) -> list[Part]:
    counts = Counts()
    found = []
    for one in items(stated, "models"):
        own = view(one)
        usage = counted(counts, counts(own, "input_tokens"), counts(own, "output_tokens"))
        if usage is not None:
            found.append(Part(string(own, "model_id"), usage))
    return found


def _usage(stated: dict[str, Any]) -> tuple[Usage | None, tuple[str, ...]]:
    details = {
        **view(stated.get("input_tokens_details")),
        **view(stated.get("prompt_tokens_details")),
    }
    for name in _MODALITIES:
        if details.get(name) is None and stated.get(name) is not None:
            details[name] = stated[name]
    if details.get("cache_creation_input_tokens") is not None:
        details["cache_write_tokens"] = details["cache_creation_input_tokens"]
    shaped = {
        "input_tokens": stated.get("input_tokens"),
        "output_tokens": stated.get("output_tokens"),
        "total_tokens": stated.get("total_tokens"),
        "input_tokens_details": details or None,
        "output_tokens_details": stated.get("output_tokens_details"),
    }
    usage, warnings = openai_usage.tokens(shaped if stated else None)
    units, odd = _units(stated)
    if usage is None:
        return (Usage({}, units) if units else None), (*warnings, *odd)
    return Usage(usage.tokens, units), (*warnings, *[word for word in odd if word not in warnings])


def _units(stated: dict[str, Any]) -> tuple[dict[str, Number], tuple[str, ...]]:
    counts = Counts()
    units: dict[str, Number] = {}
    for unit, name in (("image", "image_count"), ("character", "characters")):
        if count := counts(stated, name):
            units[unit] = count
    if "input_tokens" not in stated:
        seconds = next((found for name in _SECONDS if (found := money(stated, name))), None)
        if seconds:
            units["audio_second"] = seconds
    return units, tuple(counts.warnings)


def _reasons(output: dict[str, Any]) -> list[str]:
    own = string(output, "finish_reason")
    each = [text(choice, "finish_reason") for choice in items(output, "choices")]
    return [own] if own else [reason for reason in each if reason is not None]


class GenerationEvents:
    """Folds the events of a generation."""

    __slots__ = ("_calls", "_kept", "_last", "_text", "_thinking")

    def __init__(self) -> None:
        self._last: dict[str, Any] = {}
        self._kept: dict[str, Any] = {}
        self._text = Growing()
        self._thinking = Growing()
        self._calls: dict[int, tuple[Growing, Growing]] = {}

    def see(self, event: Any) -> Progress:
        """Add one event; no event says that it is the last."""
        fields = event_fields(event)
        self._last = fields or self._last
        for name, value in view(fields.get("usage")).items():
            if value is not None:
                self._kept[name] = value
        output = view(fields.get("output"))
        self._text.add("".join(_said(output)))
        self._thinking.add("".join(_thought(output)))
        for call in _called(output):
            called, arguments = self._calls.setdefault(index_of(view(call)), (Growing(), Growing()))
            called.add(text(call, "function", "name"))
            arguments.add(text(call, "function", "arguments"))
        return GOES_ON

    def body(self) -> Body:
        """The answer that the events so far add up to."""
        output = view(self._last.get("output"))
        kept = {name: value for name, value in output.items() if name != "choices"}
        said, thought = self._text.text(), self._thinking.text()
        if "choices" not in output:
            return {**self._last, "output": {**kept, "text": said, "thoughts": thought}, "usage": self._kept}
        reason = next(iter(_reasons(output)), None)
        calls = [
            {"function": {"name": called.text(), "arguments": arguments.text()}}
            for called, arguments in self._calls.values()
        ]
        message = {"content": said, "reasoning_content": thought, "tool_calls": calls}
        choice = {"finish_reason": reason, "message": {"role": "assistant", **message}}
        return {**self._last, "output": {**kept, "choices": [choice]}, "usage": self._kept}


def _said(output: dict[str, Any]) -> Iterator[str]:
    if (piece := string(output, "text")) is not None:
        yield piece
    for choice in items(output, "choices"):
        yield from strings(get(get(choice, "message"), "content"))


def _thought(output: dict[str, Any]) -> Iterator[str]:
    if (piece := string(output, "thoughts")) is not None:
        yield piece
    for choice in items(output, "choices"):
        yield from strings(get(get(choice, "message"), "reasoning_content"))


def _called(output: dict[str, Any]) -> Iterator[Any]:
    for choice in items(output, "choices"):
        yield from items(get(choice, "message"), "tool_calls")


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a request, which stand in `parameters`."""
    return asked_of(get(request, "parameters"), _NAMES)


def order(request: Any) -> Order:
    """The order of a generation."""
    given = view(get(request, "parameters"))
    return order_of(given, "max_tokens", choices=whole(given, "n") or 1, tools=given.get("tools"))


def order_media(request: Any) -> Order:
    """The order of images, of which four are made where nobody says how many."""
    images = whole(view(get(request, "parameters")), "n") or _IMAGES
    return Order(output_tokens=0, units={"image": images}, draws=True)


def prompt(request: Any) -> Iterator[str]:
    """The texts of the input."""
    given = get(request, "input")
    yield from texts_of(given, "prompt", "texts", "query", "documents")
    yield from messages_prompt(given)


def answer(body: Body) -> Iterator[str]:
    """The texts of the output, and the calls of tools."""
    output = view(get(body, "output"))
    yield from _thought(output)
    yield from _said(output)
    for call in _called(output):
        for name in ("name", "arguments"):
            yield from strings(get(get(call, "function"), name))


GENERATION = Dialect(
    name="dashscope.generation",
    operation="chat",
    read=read,
    events=GenerationEvents,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
)

EMBEDDINGS = Dialect(
    name="dashscope.embeddings",
    operation="embeddings",
    read=read,
    order=order_nothing,
    asked=asked,
    prompt=prompt,
)

RERANK = Dialect(name="dashscope.rerank", operation="rerank", read=read, order=order_nothing, prompt=prompt)

MEDIA = Dialect(
    name="dashscope.media", operation="generate_content", read=read, order=order_media, prompt=prompt
)

TASK = Dialect(name="dashscope.task", operation="generate_content", read=read, quiet=True, once=True)
