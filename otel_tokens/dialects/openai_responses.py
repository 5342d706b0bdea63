"""OpenAI Responses: `POST …/responses`, `…/responses/compact`, `…/decisions`, `GET …/responses/{id}`.

Counting: `openai_usage.py`. Fees of tools are not in the usage: `tool_usage` counts the searches that are
billed and the tokens of images, which are a part at the image model; where it is missing, as in most
answers, each `web_search_call` whose action is a search, and each `file_search_call` of the output, is
billed. What a vendor states in its usage (xAI, OpenRouter, Perplexity) goes before what can be counted on
the output. A background response has no usage until it is fetched, maybe many times: its id counts once.
Streaming: the last event, `response.completed`, `.incomplete` or `.failed`, carries the whole response;
`response.created` has id and model.
Finish: the status stands for the reason, followed by the detail of an incomplete answer.

Source: `types/responses/response.py`, `response_stream_event.py`, `types/decision.py` of openai 3.54; the
tool fees' page of OpenAI, checked 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..readings import OUTPUT, OUTPUT_REASONING, Number, Part, Reading, Usage
from . import openai_usage
from .dialect import FINAL, GOES_ON, Body, Dialect, Progress
from .fields import Counts, dig, event_fields, get, items, text, view
from .openai_chat import VARIANTS, error_type
from .openai_cost import cost
from .openai_images import drawn
from .openai_order import order_compact, order_responses
from .openai_request import asked_responses, prompt_responses


_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed", "response.cancelled"})
_OPEN = frozenset({"queued", "in_progress"})


def read(body: Body) -> Reading:
    """Read a `Response` or a compacted one."""
    fields = view(body)
    stated = fields.get("usage")
    usage, warnings = openai_usage.tokens(stated)
    charged = None if stated is None else cost(stated)
    parts: tuple[Part, ...] = ()
    if usage is not None:
        if OUTPUT not in usage.tokens and OUTPUT_REASONING not in usage.tokens:
            usage, warnings = openai_usage.delivered(usage, warnings, answer(body))
            charged = charged if usage else charged or None
        counts = Counts()
        if usage is not None and (units := _tool_units(counts, fields)):
            usage = Usage(usage.tokens, {**units, **usage.units})
        warnings = tuple(dict.fromkeys((*warnings, *counts.warnings))) if counts.warnings else warnings
        if fields.get("tool_usage") is not None:
            parts, odd = _images(fields)
            warnings = tuple(dict.fromkeys((*warnings, *odd)))
    status = text(body, "status")
    detail = text(body, "incomplete_details", "reason")
    tier = text(body, "service_tier")
    return Reading(
        model=text(body, "model"),
        id=text(body, "id"),
        usage=usage,
        parts=parts,
        finish_reasons=tuple([reason for reason in (status, detail) if reason]),
        variant=VARIANTS.get(tier) if tier else None,
        service_tier=tier,
        cost_usd=charged,
        error_type=error_type(body),
        finished=status is not None and status not in _OPEN,
        warnings=warnings,
    )


def _tool_units(counts: Counts, fields: dict[str, Any]) -> dict[str, Number]:
    """What is billed for searches: as counted by the provider, else on the output."""
    units: dict[str, Number] = {}
    for item in items(fields, "output"):
        kind = get(item, "type")
        if kind == "web_search_call" and text(item, "action", "type") in (None, "search"):
            units["web_search"] = units.get("web_search", 0) + 1
        elif kind == "file_search_call":
            units["file_search"] = units.get("file_search", 0) + 1
    tools = fields.get("tool_usage")
    if tools is not None:
        searches = counts(view(get(tools, "web_search")), "num_requests")
        units["web_search"] = units.get("web_search", 0) if searches is None else searches
    return {unit: number for unit, number in units.items() if number} if units else units


def _images(fields: dict[str, Any]) -> tuple[tuple[Part, ...], openai_usage.Warnings]:
    """The images that a tool has drawn, at the model that the tool names."""
    stated = dig(fields, "tool_usage", "image_gen")
    usage, warnings = drawn(stated)
    if usage is None or not usage.tokens:
        return (), warnings
    tools = [tool for tool in items(fields, "tools") if get(tool, "type") == "image_generation"]
    return (Part(text(tools[0], "model") if tools else None, usage),), warnings


class ResponseEvents:
    """Folds the events of a response; the last one has it whole."""

    __slots__ = ("_error", "_response", "_text")

    def __init__(self) -> None:
        self._response: Any = None
        self._text: list[str] = []
        self._error: Any = None

    def see(self, event: Any) -> Progress:
        """Add one event; the one with the final status is the last."""
        fields = event_fields(event)
        kind = fields.get("type")
        if type(kind) is not str:
            return GOES_ON
        if kind[-6:] == ".delta":
            piece = fields.get("delta")
            if type(piece) is str and kind != "response.audio.delta":
                self._text.append(piece)
            return GOES_ON
        if (response := fields.get("response")) is not None:
            self._response = response
            return FINAL if kind in _ENDS else GOES_ON
        if kind == "error":
            self._error = {"code": fields.get("code"), "type": fields.get("type")}
        return GOES_ON

    def body(self) -> Body:
        """The response so far: the final one, or the first one with the text that came after it."""
        done = self._response is not None and get(self._response, "usage") is not None
        if done and self._error is None:
            return self._response
        head = {
            name: get(self._response, name)
            for name in ("id", "model", "status", "service_tier", "usage", "error", "incomplete_details")
        }
        if self._error is not None:
            head["error"] = self._error
        content = [{"type": "output_text", "text": "".join(self._text)}]
        return {**head, "output": [{"type": "message", "content": content}]}


def answer(body: Body) -> Iterator[str]:
    """The texts of the output: messages, reasoning summaries and calls of tools."""
    for item in items(body, "output"):
        for part in items(item, "content"):
            for name in ("text", "refusal"):
                if (piece := text(part, name)) is not None:
                    yield piece
        for part in items(item, "summary"):
            if (piece := text(part, "text")) is not None:
                yield piece
        if (piece := text(item, "arguments")) is not None:
            yield piece


DIALECT = Dialect(
    name="openai.responses",
    operation="chat",
    api_type="responses",
    read=read,
    events=ResponseEvents,
    order=order_responses,
    asked=asked_responses,
    prompt=prompt_responses,
    answer=answer,
    remembered=True,
)

FETCH = Dialect(
    name="openai.responses",
    operation="fetch_response",
    api_type="responses",
    read=read,
    events=ResponseEvents,
    answer=answer,
    once=True,
)

DECISION = Dialect(
    name="openai.responses",
    operation="decision",
    read=read,
    order=order_responses,
    prompt=prompt_responses,
)

COMPACT = Dialect(
    name="openai.responses",
    operation="compaction",
    api_type="responses",
    read=read,
    order=order_compact,
    asked=asked_responses,
    prompt=prompt_responses,
    answer=answer,
)
