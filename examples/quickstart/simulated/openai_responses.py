"""OpenAI's `POST /v1/responses`, also streamed and in the background, and its later `GET`.

Counting: as in chat, with `input_tokens` and `output_tokens`. A request that continues an earlier
response pays for the whole conversation again.
Streaming: typed events from `response.created` on; only the last, `response.completed` or
`response.incomplete`, carries the usage.
Background: the first answer is `queued` and has no usage; what is fetched later is complete.

Source: `types/responses` of openai 3.54 and recorded traffic.
"""

from __future__ import annotations

import time

from collections.abc import Iterator, Sequence

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
from .openai_chat import cached_tokens, service_tier, texts


def respond(request: Request, memory: Memory) -> Reply | Stream:
    """Answer a request for a response."""
    conversation = _earlier(request, memory) + _conversation(request)
    prompt = _head(request) + conversation
    said = answer(_task(request))
    usage = _usage(count(*prompt), cached_tokens(memory, request.model, prompt), said)
    done = _done(request, said, memory, None if request.behaviour == "no-usage" else usage)
    memory.keep_response(done, (*conversation, said.text or said.arguments))
    if request.body.get("stream"):
        return _stream(done)
    return whole(_not_yet(done, "queued") if request.body.get("background") else done)


def fetch(request: Request, memory: Memory) -> Reply:
    """Answer with a response that was made earlier."""
    response_id = request.path.rpartition("/")[2]
    if (kept := memory.kept_response(response_id)) is None:
        raise Refusal(404, f"Response with id '{response_id}' not found.")
    return whole(kept[0])


def _earlier(request: Request, memory: Memory) -> Parts:
    if not (response_id := request.body.get("previous_response_id")):
        return ()
    if (kept := memory.kept_response(str(response_id))) is None:
        raise Refusal(400, f"Previous response with id '{response_id}' not found.")
    return kept[1]


def _items(request: Request) -> list[Json]:
    given = request.need("input")
    if isinstance(given, list):
        return [item for item in given if isinstance(item, dict)]
    return [{"role": "user", "content": given}]


def _said(item: Json) -> tuple[str, ...]:
    """The parts of one item of the input: a message, a call, or the result of a call."""
    if "content" in item:
        return tuple(texts(item["content"]))
    said = item.get("output") or item.get("arguments")
    return (said if isinstance(said, str) else compact(item),)


def _head(request: Request) -> Parts:
    """What stands before the conversation, and must be sent again with each request."""
    tools = [compact(tool) for tool in request.body.get("tools") or ()]
    return (*tools, *texts(request.body.get("instructions") or ""))


def _conversation(request: Request) -> Parts:
    return tuple(part for item in _items(request) for part in _said(item))


def _task(request: Request) -> Task:
    body, items = request.body, _items(request)
    tools = [
        Tool(tool["name"], tool.get("parameters") or {})
        for tool in body.get("tools") or ()
        if tool.get("type") == "function"
    ]
    last = items[-1] if items else {}
    has_result = last.get("type") == "function_call_output"
    effort = (body.get("reasoning") or {}).get("effort")
    return Task(
        question=" ".join(_said(last)),
        tools=chosen(tools, body.get("tool_choice"), has_result=has_result),
        schema=_schema((body.get("text") or {}).get("format")),
        limit=body.get("max_output_tokens"),
        reasoning_tokens=reasoning_tokens(request.model, effort),
    )


def _schema(text_format: object) -> Json | None:
    match text_format:
        case {"type": "json_schema", "schema": dict() as schema}:
            return schema
        case {"type": "json_object"}:
            return {"properties": {"answer": {"type": "string"}}}
    return None


def _usage(input_tokens: int, cached: int, said: Answer) -> Json:
    return {
        "input_tokens": input_tokens,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": said.tokens,
        "output_tokens_details": {"reasoning_tokens": said.reasoning_tokens},
        "total_tokens": input_tokens + said.tokens,
    }


def _output(said: Answer, memory: Memory) -> list[Json]:
    items: list[Json] = []
    if said.reasoning_tokens:
        items.append({"id": memory.new_id("rs_"), "type": "reasoning", "summary": []})
    if said.tool:
        call: Json = {"id": memory.new_id("fc_"), "type": "function_call", "status": "completed"}
        call |= {"call_id": memory.new_id("call_"), "name": said.tool, "arguments": said.arguments}
        return [*items, call]
    text = {"type": "output_text", "text": said.text, "annotations": [], "logprobs": []}
    message: Json = {"id": memory.new_id("msg_"), "type": "message", "role": "assistant"}
    status = "incomplete" if said.is_clipped else "completed"
    return [*items, {**message, "status": status, "content": [text]}]


def _done(request: Request, said: Answer, memory: Memory, usage: Json | None) -> Json:
    body = request.body
    return {
        "id": memory.new_id("resp_"),
        "object": "response",
        "created_at": int(time.time()),
        "status": "incomplete" if said.is_clipped else "completed",
        "background": bool(body.get("background")),
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if said.is_clipped else None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "model": snapshot(request.model),
        "output": _output(said, memory),
        "parallel_tool_calls": True,
        "previous_response_id": body.get("previous_response_id"),
        "reasoning": {"effort": (body.get("reasoning") or {}).get("effort"), "summary": None},
        "service_tier": service_tier(request),
        "store": True,
        "temperature": body.get("temperature", 1.0),
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": body.get("tools") or [],
        "top_p": body.get("top_p", 1.0),
        "truncation": "disabled",
        "usage": usage,
        "metadata": body.get("metadata") or {},
    }


def _not_yet(done: Json, status: str) -> Json:
    return {**done, "status": status, "output": [], "usage": None, "incomplete_details": None}


def _stream(done: Json) -> Stream:
    started = _not_yet(done, "in_progress")
    steps: list[Json] = [
        {"type": "response.created", "response": started},
        {"type": "response.in_progress", "response": started},
        *_item_steps(done["output"]),
        {"type": f"response.{done['status']}", "response": done},
    ]
    events = [_event(step, number) for number, step in enumerate(steps)]
    return Stream(events=events, error=_failure(started, number=len(events) // 2))


def _event(step: Json, number: int) -> bytes:
    return sse({**step, "sequence_number": number}, event=step["type"])


def _failure(started: Json, *, number: int) -> bytes:
    """What ends a stream that breaks off: an error, and the response as far as it came."""
    error = {"code": "server_error", "message": "The server had an error.", "param": None}
    failed = {**started, "status": "failed", "error": error}
    return _event({"type": "error", "error": {"type": "server_error", **error}}, number) + _event(
        {"type": "response.failed", "response": failed}, number + 1
    )


def _item_steps(output: Sequence[Json]) -> Iterator[Json]:
    for index, item in enumerate(output):
        at = {"output_index": index}
        opened = {**item, "status": "in_progress"}
        match item["type"]:
            case "message":
                yield {
                    "type": "response.output_item.added",
                    **at,
                    "item": {**opened, "content": []},
                }
                yield from _text_steps(item, {**at, "item_id": item["id"], "content_index": 0})
            case "function_call":
                yield {
                    "type": "response.output_item.added",
                    **at,
                    "item": {**opened, "arguments": ""},
                }
                yield from _argument_steps(item, {**at, "item_id": item["id"]})
            case _:
                yield {"type": "response.output_item.added", **at, "item": item}
        yield {"type": "response.output_item.done", **at, "item": item}


def _text_steps(item: Json, at: Json) -> Iterator[Json]:
    part = item["content"][0]
    yield {"type": "response.content_part.added", **at, "part": {**part, "text": ""}}
    for piece in pieces(part["text"]):
        yield {"type": "response.output_text.delta", **at, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **at, "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", **at, "part": part}


def _argument_steps(item: Json, at: Json) -> Iterator[Json]:
    for piece in fragments(item["arguments"]):
        yield {"type": "response.function_call_arguments.delta", **at, "delta": piece}
    named = {"name": item["name"], "arguments": item["arguments"]}
    yield {"type": "response.function_call_arguments.done", **at, **named}
