"""Anthropic's `POST /v1/messages`, whole and streamed, and `/v1/messages/count_tokens`.

Counting: a block with `cache_control` ends a prefix of the prompt (tools, system, messages, in
this order).
The longest prefix seen before is read from the cache, the rest up to the last such block is
written to it, and only what follows is `input_tokens`. Prompts of any length are cached, and
nothing expires.
Streaming: `message_start` states the input and a placeholder for the output; `message_delta`
repeats the totals, without the split of the cache writes, and has the real output.

Source: `types/usage.py` and `types/message_delta_usage.py` of anthropic 2.12, and recorded
traffic.
"""

from __future__ import annotations

import json

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from .exchange import Json, Refusal, Reply, Request, Stream, compact, sse, whole
from .memory import Memory
from .model import Answer, Task, Tool, answer, chosen, count, fragments, pieces, snapshot


ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    503: "overloaded_error",
}
OVERLOADED = 529
"""Anthropic's own status for what others call 503."""

SIGNATURE = "c2ltdWxhdGVk"
"""Stands where Anthropic signs the thinking."""


@dataclass(frozen=True, slots=True)
class Part:
    """One block of the prompt."""

    text: str
    ttl: str | None = None
    """How long the prompt is cached up to here, if it is."""


def create(request: Request, memory: Memory) -> Reply | Stream:
    """Answer a message."""
    request.need("max_tokens")
    said = answer(_task(request))
    usage = _usage(_prompt(request), said, request, memory)
    message: Json = {
        "id": memory.new_id("msg_"),
        "type": "message",
        "role": "assistant",
        "model": snapshot(request.model),
        "content": _content(said, memory),
        "stop_reason": _stop_reason(said),
        "stop_sequence": None,
        "usage": usage,
    }
    if request.body.get("stream"):
        return _stream(message)
    return whole(message)


def count_tokens(request: Request, _memory: Memory) -> Reply:
    """Answer how long a prompt is. Nothing is billed for that."""
    return whole({"input_tokens": count(*(part.text for part in _prompt(request)))})


def refused(refusal: Refusal, memory: Memory) -> Reply:
    """`refusal` in Anthropic's words."""
    error = {"type": ERRORS[refusal.status], "message": refusal.message}
    body: Json = {"type": "error", "error": error, "request_id": memory.new_id("req_")}
    status = OVERLOADED if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE else refusal.status
    return whole(body, status=status, headers=refusal.headers)


def _blocks(content: object) -> list[Json]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _part(block: Json) -> Part:
    control = block.get("cache_control")
    text = block["text"] if isinstance(block.get("text"), str) else compact(_plain(block))
    return Part(text, (control.get("ttl") or "5m") if control else None)


def _plain(block: Json) -> Json:
    return {name: value for name, value in block.items() if name != "cache_control"}


def _messages(request: Request) -> list[Json]:
    messages = request.need("messages")
    return [m for m in messages if isinstance(m, dict)] if isinstance(messages, list) else []


def _prompt(request: Request) -> list[Part]:
    blocks = [*(request.body.get("tools") or ()), *_blocks(request.body.get("system"))]
    for message in _messages(request):
        blocks += _blocks(message.get("content"))
    return [_part(block) for block in blocks]


def _task(request: Request) -> Task:
    body, messages = request.body, _messages(request)
    last = _blocks(messages[-1].get("content")) if messages else []
    tools = [Tool(t["name"], t["input_schema"]) for t in body.get("tools") or () if "input_schema" in t]
    has_result = any(block.get("type") == "tool_result" for block in last)
    thinking = body.get("thinking") or {}
    return Task(
        question=" ".join(_part(block).text for block in last),
        tools=chosen(tools, body.get("tool_choice"), has_result=has_result),
        limit=body.get("max_tokens"),
        reasoning_tokens=_thinking_tokens(thinking),
    )


def _thinking_tokens(thinking: Json) -> int:
    if thinking.get("type") not in {"enabled", "adaptive"}:
        return 0
    return int(thinking.get("budget_tokens") or 1024) // 16


def _usage(prompt: Sequence[Part], said: Answer, request: Request, memory: Memory) -> Json:
    texts = tuple(part.text for part in prompt)
    ends = [n for n, part in enumerate(prompt, start=1) if part.ttl]
    last = max(ends, default=0)
    known = min(memory.cached_parts(request.model, texts, ends), last)
    written = {"5m": 0, "1h": 0}
    for n in range(known, last):
        ttl = next(part.ttl for part in prompt[n:] if part.ttl)
        written[ttl] += count(texts[n])
    return {
        "input_tokens": count(*texts[last:]),
        "cache_creation_input_tokens": sum(written.values()),
        "cache_read_input_tokens": count(*texts[:known]),
        "cache_creation": {
            "ephemeral_5m_input_tokens": written["5m"],
            "ephemeral_1h_input_tokens": written["1h"],
        },
        "output_tokens": said.tokens,
        "output_tokens_details": {"thinking_tokens": said.reasoning_tokens},
        "service_tier": "standard",
    }


def _content(said: Answer, memory: Memory) -> list[Json]:
    content: list[Json] = []
    if said.reasoning_tokens:
        thinking = "mm, " * said.reasoning_tokens
        content.append({"type": "thinking", "thinking": thinking, "signature": SIGNATURE})
    if said.tool:
        call: Json = {"type": "tool_use", "id": memory.new_id("toolu_"), "name": said.tool}
        return [*content, {**call, "input": json.loads(said.arguments)}]
    return [*content, {"type": "text", "text": said.text}]


def _stop_reason(said: Answer) -> str:
    if said.tool:
        return "tool_use"
    return "max_tokens" if said.is_clipped else "end_turn"


def _stream(message: Json) -> Stream:
    final = {k: v for k, v in message["usage"].items() if k not in {"cache_creation", "service_tier"}}
    early = {k: v for k, v in message["usage"].items() if k != "output_tokens_details"}
    opened = {**message, "content": [], "stop_reason": None, "usage": {**early, "output_tokens": 1}}
    delta = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    steps: list[Json] = [
        {"type": "message_start", "message": opened},
        {"type": "ping"},
        *_block_steps(message["content"]),
        {"type": "message_delta", "delta": delta, "usage": final},
        {"type": "message_stop"},
    ]
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    return Stream(events=[sse(step, event=step["type"]) for step in steps], error=sse(error, event="error"))


def _block_steps(content: Sequence[Json]) -> Iterator[Json]:
    for index, block in enumerate(content):
        opened, *deltas = _opened_and_deltas(block)
        yield {"type": "content_block_start", "index": index, "content_block": opened}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}


def _opened_and_deltas(block: Json) -> Iterator[Json]:
    match block["type"]:
        case "thinking":
            yield {**block, "thinking": "", "signature": ""}
            for piece in pieces(block["thinking"]):
                yield {"type": "thinking_delta", "thinking": piece}
            yield {"type": "signature_delta", "signature": block["signature"]}
        case "tool_use":
            yield {**block, "input": {}}
            for piece in fragments(compact(block["input"])):
                yield {"type": "input_json_delta", "partial_json": piece}
        case _:
            yield {**block, "text": ""}
            for piece in pieces(block["text"]):
                yield {"type": "text_delta", "text": piece}
