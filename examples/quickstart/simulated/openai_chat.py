"""OpenAI's `POST /v1/chat/completions`, whole and streamed.

Counting: `prompt_tokens` contains `cached_tokens`; `completion_tokens` contains
`reasoning_tokens`, over all choices. The beginning of a prompt that was seen before is cached
from 1,024 tokens on, in steps of 128.
Streaming: with `stream_options.include_usage`, one more chunk without choices carries the usage,
and all others carry `usage: null`. Without it, no chunk says anything about tokens.

Source: `types/chat` of openai 3.54 and recorded traffic.
"""

from __future__ import annotations

import time

from collections.abc import Iterable, Iterator
from typing import Any

from .exchange import Json, Refusal, Reply, Request, Stream, compact, sse, whole
from .memory import Memory, Parts
from .model import (
    Answer,
    Task,
    Tool,
    answer,
    chosen,
    count,
    fragments,
    pieces,
    reasoning_tokens,
    snapshot,
)


CACHE_FROM_TOKENS = 1024
CACHE_STEP_TOKENS = 128

ERRORS = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
    500: ("server_error", None),
    503: ("service_unavailable_error", None),
}


def complete(request: Request, memory: Memory) -> Reply | Stream:
    """Answer a chat completion."""
    prompt = _prompt(request)
    said = answer(_task(request))
    choices = int(request.body.get("n") or 1)
    usage = _usage(count(*prompt), cached_tokens(memory, request.model, prompt), said, choices=choices)
    head = _head(request, memory)
    if request.body.get("stream"):
        return _stream(request, head, said, choices, usage)
    body = {**head, "object": "chat.completion", "choices": _choices(head, said, choices)}
    return whole(body if request.behaviour == "no-usage" else {**body, "usage": usage})


def cached_tokens(memory: Memory, model: str, prompt: Parts) -> int:
    """The tokens at the beginning of `prompt` that come from the cache."""
    seen = memory.cached_parts(model, prompt, range(1, len(prompt) + 1))
    tokens = count(*prompt[:seen])
    return tokens - tokens % CACHE_STEP_TOKENS if tokens >= CACHE_FROM_TOKENS else 0


def refused(refusal: Refusal) -> Reply:
    """`refusal` in OpenAI's words, for all of its APIs."""
    kind, code = ERRORS[refusal.status]
    error = {"message": refusal.message, "type": kind, "param": None, "code": code}
    return whole({"error": error}, status=refusal.status, headers=refusal.headers)


def texts(content: object) -> Iterator[str]:
    """The parts of a message's content; what is not text is counted as its JSON."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            text = part.get("text") if isinstance(part, dict) else part
            yield text if isinstance(text, str) else compact(part)


def service_tier(request: Request) -> str:
    """The tier that the answer was served in."""
    asked = request.body.get("service_tier")
    return asked if asked in {"flex", "priority", "scale"} else "default"


def _messages(request: Request) -> list[Json]:
    messages = request.need("messages")
    return [m for m in messages if isinstance(m, dict)] if isinstance(messages, list) else []


def _prompt(request: Request) -> Parts:
    parts = [compact(tool) for tool in request.body.get("tools") or ()]
    for message in _messages(request):
        parts += texts(message.get("content"))
        parts += [compact(call["function"]) for call in message.get("tool_calls") or ()]
    return tuple(parts)


def _task(request: Request) -> Task:
    body, messages = request.body, _messages(request)
    tools = [
        Tool(tool["function"]["name"], tool["function"].get("parameters") or {})
        for tool in body.get("tools") or ()
        if "function" in tool
    ]
    last = messages[-1] if messages else {}
    return Task(
        question=" ".join(texts(last.get("content"))),
        tools=chosen(tools, body.get("tool_choice"), has_result=last.get("role") == "tool"),
        schema=_schema(body.get("response_format")),
        limit=body.get("max_completion_tokens") or body.get("max_tokens"),
        reasoning_tokens=reasoning_tokens(request.model, body.get("reasoning_effort")),
    )


def _schema(response_format: object) -> Json | None:
    match response_format:
        case {"type": "json_schema", "json_schema": {"schema": dict() as schema}}:
            return schema
        case {"type": "json_object"}:
            return {"properties": {"answer": {"type": "string"}}}
    return None


def _usage(prompt_tokens: int, cached: int, said: Answer, *, choices: int) -> Json:
    completion_tokens = said.tokens * choices
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": said.reasoning_tokens * choices,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _head(request: Request, memory: Memory) -> Json:
    return {
        "id": memory.new_id("chatcmpl-"),
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": snapshot(request.model),
        "service_tier": service_tier(request),
        "system_fingerprint": "fp_simulated",
    }


def _finish_reason(said: Answer) -> str:
    if said.tool:
        return "tool_calls"
    return "length" if said.is_clipped else "stop"


def _call(head: Json, said: Answer) -> Json:
    call_id = head["id"].replace("chatcmpl-", "call_")
    function = {"name": said.tool, "arguments": said.arguments}
    return {"id": call_id, "type": "function", "function": function}


def _choices(head: Json, said: Answer, choices: int) -> list[Json]:
    return [_choice(index, head, said) for index in range(choices)]


def _choice(index: int, head: Json, said: Answer) -> Json:
    message: Json = {"role": "assistant", "content": said.text, "refusal": None, "annotations": []}
    if said.tool:
        message |= {"content": None, "tool_calls": [_call(head, said)]}
    finish_reason = _finish_reason(said)
    return {"index": index, "message": message, "logprobs": None, "finish_reason": finish_reason}


def _stream(request: Request, head: Json, said: Answer, choices: int, usage: Json) -> Stream:
    options = request.body.get("stream_options") or {}
    has_usage = bool(options.get("include_usage")) and request.behaviour != "no-usage"
    silent: Json = {"usage": None} if has_usage else {}
    events = [sse({**head, "choices": [c], **silent}) for c in _deltas(head, said, choices)]
    if has_usage:
        events.append(sse({**head, "choices": [], "usage": usage}))
    error = {
        "message": "The server had an error.",
        "type": "server_error",
        "param": None,
        "code": None,
    }
    return Stream(events=[*events, b"data: [DONE]\n\n"], error=sse({"error": error}))


def _deltas(head: Json, said: Answer, choices: int) -> Iterator[Json]:
    for index in range(choices):
        for delta in _delta_contents(head, said):
            yield {"index": index, "delta": delta, "logprobs": None, "finish_reason": None}
        yield {"index": index, "delta": {}, "logprobs": None, "finish_reason": _finish_reason(said)}


def _delta_contents(head: Json, said: Answer) -> Iterable[dict[str, Any]]:
    if not said.tool:
        yield {"role": "assistant", "content": "", "refusal": None}
        for piece in pieces(said.text):
            yield {"content": piece}
        return
    call = {"index": 0, **_call(head, said)}
    call["function"] = {"name": said.tool, "arguments": ""}
    yield {"role": "assistant", "content": None, "tool_calls": [call], "refusal": None}
    for piece in fragments(said.arguments):
        yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
