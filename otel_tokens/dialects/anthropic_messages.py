"""Anthropic Messages: `POST …/messages`, on Anthropic, Bedrock, Vertex and Foundry.

Counting: `input_tokens` leaves out cache reads and writes: they are buckets of their own. Writes are split
by how long they live; what the split does not cover lives for 5 minutes. Thinking is inside the output.
`iterations` break a call into steps: a `compaction` is not in the totals and comes on top; an
`advisor_message` is not in them either and is billed at its own model; `message` and `fallback_message`
are. Searches of the web are billed each; a fetch has no fee. `service_tier` `priority` is bought capacity:
its tokens cost nothing more (`committed`); `speed` `fast` has rates of its own.
Streaming: `message_start` has the input counts and a placeholder for the output; each `message_delta` has
the counts so far, without the split of writes. So the last one wins, field by field, and none is added; an
input that falls to nothing has vanished, keeps its value and leaves a warning.

Source: `types/usage.py`, `types/message_delta_usage.py`, `types/beta/beta_usage.py` of anthropic 2.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..readings import (
    CACHE_READ,
    CACHE_WRITE_1H,
    CACHE_WRITE_5M,
    INPUT,
    OUTPUT,
    OUTPUT_REASONING,
    Number,
    Part,
    Reading,
    Usage,
    add,
)
from .anthropic_request import asked, order, prompt
from .dialect import ENOUGH, GOES_ON, Body, Dialect, Progress
from .fields import Counts, dig, event_fields, get, index_of, items, nonzero, string, text, view
from .openai_request import schema
from .openai_running import SHRANK


_INPUTS: Final = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


def read(body: Body) -> Reading:
    """Read a `Message`."""
    fields = view(body)
    stated = view(fields.get("usage"))
    counts = Counts()
    usage = _usage(counts, stated)
    reason = string(fields, "stop_reason")
    tier = string(stated, "service_tier")
    parts: tuple[Part, ...] = ()
    if usage is not None and stated.get("iterations"):
        usage, parts = _with_iterations(counts, stated, usage)
    if SHRANK in fields:
        counts.warn()
    return Reading(
        model=string(fields, "model"),
        id=string(fields, "id"),
        usage=usage,
        parts=parts,
        finish_reasons=(reason,) if reason else (),
        choices=1,
        variant=_variant(stated, tier),
        service_tier=tier,
        inference_geo=string(stated, "inference_geo"),
        error_type=_error(fields) if fields.get("error") else None,
        finished=reason is not None,
        warnings=tuple(counts.warnings),
    )


def _usage(counts: Counts, stated: dict[str, Any]) -> Usage | None:
    fresh, output = counts(stated, "input_tokens"), counts(stated, "output_tokens")
    if fresh is None and output is None:
        return None
    output = output or 0
    thinking = counts.within(view(stated.get("output_tokens_details")), "thinking_tokens", output)
    tokens = nonzero(
        [
            (INPUT, fresh or 0),
            (CACHE_READ, counts(stated, "cache_read_input_tokens") or 0),
            *_writes(counts, stated),
            (OUTPUT, output - thinking),
            (OUTPUT_REASONING, thinking),
        ]
    )
    return Usage(tokens, _tools(counts, stated.get("server_tool_use")))


def _writes(counts: Counts, stated: dict[str, Any]) -> list[tuple[str, int]]:
    total = counts(stated, "cache_creation_input_tokens")
    split = view(stated.get("cache_creation"))
    if not total and not split:
        return []
    short = counts(split, "ephemeral_5m_input_tokens") or 0
    long = counts(split, "ephemeral_1h_input_tokens") or 0
    if total is None:
        total = short + long
    elif short + long > total:
        counts.warn()
        long = min(long, total)
    return [(CACHE_WRITE_5M, total - long), (CACHE_WRITE_1H, long)]


def _tools(counts: Counts, used: Any) -> dict[str, Number]:
    if used is None:
        return {}
    stated = view(used)
    units = {
        "web_search": counts(stated, "web_search_requests"),
        "web_fetch": counts(stated, "web_fetch_requests"),
    }
    return {unit: count for unit, count in units.items() if count}


def _with_iterations(counts: Counts, stated: Any, usage: Usage) -> tuple[Usage, tuple[Part, ...]]:
    parts: list[Part] = []
    for step in items(stated, "iterations"):
        kind = get(step, "type")
        if kind not in ("compaction", "advisor_message"):
            continue
        if (own := _usage(counts, view(step))) is None:
            continue
        if kind == "compaction":
            usage = add(usage, own)
        else:
            parts.append(Part(model=text(step, "model"), usage=own))
    return usage, tuple(parts)


def _variant(stated: dict[str, Any], tier: str | None) -> str | None:
    if tier == "batch":
        return "batch"
    if stated.get("speed") == "fast":
        return "fast"
    if tier == "priority":
        return "committed"
    return "standard" if tier else None


def _error(body: Body) -> str:
    return text(body, "error", "type") or "_OTHER"


class MessageEvents:
    """Folds the events of a message."""

    __slots__ = ("_blocks", "_error", "_message", "_reason", "_shrank", "_usage")

    def __init__(self) -> None:
        self._message: Any = None
        self._usage: dict[str, Any] = {}
        self._blocks: dict[int, _Block] = {}
        self._reason: Any = None
        self._error: Any = None
        self._shrank = False

    def see(self, event: Any) -> Progress:
        """Add one event; after the delta with the reason to stop the message is whole."""
        fields = event_fields(event)
        kind = fields.get("type")
        if kind == "content_block_delta":
            said = event_fields(fields.get("delta"))
            block = self._block(index_of(fields))
            if type(piece := said.get("text")) is str:
                block.text.append(piece)
            else:
                block.add(said)
            return GOES_ON
        if kind == "content_block_start":
            self._block(index_of(fields)).start = fields.get("content_block")
        elif kind == "message_delta":
            return self._see_delta(fields)
        elif kind == "message_start":
            self._message = fields.get("message")
            self._overlay(get(self._message, "usage"))
        elif kind == "error":
            self._error = fields.get("error") or {"type": "error"}
        return GOES_ON

    def _see_delta(self, fields: dict[str, Any]) -> Progress:
        self._overlay(fields.get("usage"))
        reason = dig(fields.get("delta"), "stop_reason")
        if reason is not None:
            self._reason = reason
        return ENOUGH if reason is not None and fields.get("usage") is not None else GOES_ON

    def _overlay(self, usage: Any) -> None:
        """The newer counters over the older ones; what is missing keeps its last value.

        So does an input that is nothing at all at the end: gateways that translate know it only at the start.
        """
        newer = {name: value for name, value in view(usage).items() if value is not None}
        if any(map(self._usage.get, _INPUTS)) and not any(map(newer.get, _INPUTS)):
            self._shrank |= not newer.keys().isdisjoint(_INPUTS)
            newer = {name: value for name, value in newer.items() if name not in _INPUTS}
        self._usage |= newer

    def _block(self, index: int) -> _Block:
        block = self._blocks.get(index)
        if block is None:
            block = self._blocks[index] = _Block()
        return block

    def body(self) -> Body:
        """The message that the events so far add up to."""
        body = {
            "id": get(self._message, "id"),
            "type": "message",
            "role": "assistant",
            "model": get(self._message, "model"),
            "content": [block.content() for _, block in sorted(self._blocks.items())],
            "stop_reason": self._reason,
            "usage": self._usage or None,
        }
        if self._error is not None:
            body["error"] = self._error
        if self._shrank:
            body[SHRANK] = True
        return body


class _Block:
    """What one content block has said so far."""

    __slots__ = ("json", "start", "text", "thinking")

    def __init__(self) -> None:
        self.start: Any = None
        self.text: list[str] = []
        self.thinking: list[str] = []
        self.json: list[str] = []

    def add(self, delta: dict[str, Any]) -> None:
        """Add one delta that is no text."""
        if type(piece := delta.get("thinking")) is str:
            self.thinking.append(piece)
        elif type(piece := delta.get("partial_json")) is str:
            self.json.append(piece)

    def content(self) -> dict[str, Any]:
        """The block as a whole answer has it; the input of a tool stays text."""
        kind = text(self.start, "type") or "text"
        block: dict[str, Any] = {"type": kind}
        if kind in ("tool_use", "server_tool_use"):
            block |= {"id": get(self.start, "id"), "name": get(self.start, "name")}
            block["input"] = "".join(self.json)
        elif kind == "thinking":
            block["thinking"] = "".join(self.thinking)
        elif kind == "text":
            block["text"] = (text(self.start, "text") or "") + "".join(self.text)
        return block


def answer(body: Body) -> Iterator[str]:
    """The texts of the content: text, thinking and inputs of tools."""
    for block in items(body, "content"):
        for name in ("text", "thinking", "input", "name"):
            if (piece := text(block, name)) is not None:
                yield piece
        yield from schema(get(block, "input"))


DIALECT = Dialect(
    name="anthropic.messages",
    operation="chat",
    read=read,
    events=MessageEvents,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
    tier=lambda _request: None,  # the words of a request only allow a tier
)
