"""What hypothesis makes up: JSON of every shape, whole bodies, and the streams that they would come as."""

from __future__ import annotations

import copy

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st


Json = Any
Body = dict[str, Any]
Path = tuple[Any, ...]

WORDS = (
    "",
    "stop",
    "length",
    "completed",
    "in_progress",
    "flex",
    "priority",
    "batch",
    "fast",
    "message",
    "text",
    "tool",
    "tool_use",
    "thinking",
    "compaction",
    "advisor_message",
    "message_delta",
    "content_block_delta",
    "content_block_start",
    "response.completed",
    "response.output_text.delta",
    "thread.run.completed",
    "function_call",
    "web_search_call",
    "\N{PILE OF POO}\udc80",
)
FIELDS = (
    "id",
    "model",
    "usage",
    "choices",
    "index",
    "delta",
    "message",
    "content",
    "type",
    "error",
    "response",
    "output",
    "status",
    "text",
    "data",
    "event",
    "result",
    "cost",
    "prompt_tokens",
    "completion_tokens",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "prompt_tokens_details",
    "cached_tokens",
    "iterations",
    "cache_creation",
)

numbers = st.one_of(
    st.integers(-3, 10**6),
    st.integers(),
    st.floats(),
    st.sampled_from([2**53, 2**63 - 1, 2**63, 10**400, -1, 1.5, 7.0, 1e300]),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, st.sampled_from(WORDS), st.text(max_size=5))
json_values: st.SearchStrategy[Json] = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(FIELDS), st.text(max_size=3)), inner, max_size=5),
    ),
    max_leaves=12,
)


def paths(node: Json, at: Path = ()) -> Iterator[Path]:
    """The place of every value in `node`, itself included."""
    yield at
    if isinstance(node, dict):
        for name, value in node.items():
            yield from paths(value, (*at, name))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from paths(value, (*at, index))


def put(node: Json, path: Path, value: Json) -> Json:
    """A copy of `node` with `value` at `path`."""
    if not path:
        return value
    node = copy.copy(node)
    node[path[0]] = put(node[path[0]], path[1:], value)
    return node


def mutations(good: Json) -> st.SearchStrategy[Json]:
    """`good` with other JSON in one, two or three of its places."""

    @st.composite
    def mutated(draw: st.DrawFn) -> Json:
        node = good
        for _ in range(draw(st.integers(1, 3))):
            node = put(node, draw(st.sampled_from(list(paths(node)))), draw(json_values))
        return node

    return mutated()


# Whole answers, whose counts agree, and the events that they would have come as.

counts = st.integers(0, 10**6)
texts = st.text(max_size=12)
names = st.text(min_size=1, max_size=8)


@st.composite
def openai_usages(draw: st.DrawFn, put_name: str = "prompt", got_name: str = "completion") -> Body:
    """A usage object of OpenAI's whose parts are inside its totals."""
    cached, written, audio, plain = (draw(counts) for _ in range(4))
    reasoning, spoken, visible = (draw(counts) for _ in range(3))
    put_tokens = cached + written + audio + plain
    got_tokens = reasoning + spoken + visible
    usage: Body = {
        f"{put_name}_tokens": put_tokens,
        f"{got_name}_tokens": got_tokens,
        "total_tokens": put_tokens + got_tokens,
    }
    if draw(st.booleans()):
        usage[f"{put_name}_tokens_details"] = {
            "cached_tokens": cached,
            "cache_write_tokens": written,
            "audio_tokens": audio,
        }
    if draw(st.booleans()):
        usage[f"{got_name}_tokens_details"] = {"reasoning_tokens": reasoning, "audio_tokens": spoken}
    return usage


tool_calls = st.lists(
    st.fixed_dictionaries(
        {
            "id": names,
            "type": st.just("function"),
            "function": st.fixed_dictionaries({"name": names, "arguments": texts}),
        }
    ),
    max_size=2,
)


@st.composite
def chats(draw: st.DrawFn) -> Body:
    """A chat completion."""
    choices = []
    for index in range(draw(st.integers(1, 3))):
        message: Body = {"role": "assistant", "content": draw(names)}
        if calls := draw(tool_calls):
            message["tool_calls"] = calls
        if draw(st.booleans()):
            message["reasoning_content"] = draw(names)
        if draw(st.booleans()):
            message["refusal"] = draw(names)
        reason = draw(st.sampled_from(["stop", "length", "tool_calls"]))
        choices.append({"index": index, "finish_reason": reason, "message": message})
    return {
        "id": draw(names),
        "model": draw(names),
        "service_tier": draw(st.sampled_from(["default", "flex", "priority"])),
        "system_fingerprint": draw(names),
        "choices": choices,
        "usage": draw(openai_usages()),
    }


@st.composite
def completions(draw: st.DrawFn) -> Body:
    """A legacy completion."""
    choices = [
        {"index": index, "finish_reason": "stop", "text": draw(names)}
        for index in range(draw(st.integers(1, 3)))
    ]
    return {"id": draw(names), "model": draw(names), "choices": choices, "usage": draw(openai_usages())}


def cut(text: str, at: int) -> list[str]:
    """`text` in two pieces, of which either may be empty."""
    at = min(at, len(text))
    return [text[:at], text[at:]]


def _deltas(message: Body, at: int) -> Iterator[Body]:
    yield {"role": "assistant", "content": ""}
    for name in ("reasoning_content", "content", "refusal"):
        for piece in cut(message.get(name) or "", at):
            yield {name: piece}
    for index, call in enumerate(message.get("tool_calls", ())):
        name, arguments = call["function"]["name"], cut(call["function"]["arguments"], at)
        first = {"name": name, "arguments": arguments[0]}
        yield {"tool_calls": [{"index": index, "id": call["id"], "type": "function", "function": first}]}
        yield {"tool_calls": [{"index": index, "function": {"arguments": arguments[1]}}]}


def chat_events(body: Body, at: int, style: str) -> Iterator[Body]:
    """The chunks of a chat: usage alone at the end, on the last chunk with a choice, or on every one."""
    head = {name: body[name] for name in ("id", "model", "service_tier", "system_fingerprint")}
    running = {"usage": None}
    if style == "every":
        running = {"usage": {"prompt_tokens": body["usage"]["prompt_tokens"], "completion_tokens": 1}}
    for choice in body["choices"]:
        for delta in _deltas(choice["message"], at):
            part = {"index": choice["index"], "delta": delta, "finish_reason": None}
            yield {**head, "choices": [part], **running}
    ends = [
        {"index": choice["index"], "delta": {}, "finish_reason": choice["finish_reason"]}
        for choice in body["choices"]
    ]
    if style == "alone":
        yield {**head, "choices": ends, "usage": None}
        yield {**head, "choices": [], "usage": body["usage"]}
    else:
        yield {**head, "choices": ends, "usage": body["usage"]}


def completion_events(body: Body, at: int) -> Iterator[Body]:
    """The chunks of a legacy completion."""
    head = {"id": body["id"], "model": body["model"], "usage": None}
    for choice in body["choices"]:
        for piece in cut(choice["text"], at):
            yield {**head, "choices": [{"index": choice["index"], "text": piece, "finish_reason": None}]}
        yield {**head, "choices": [{"index": choice["index"], "text": "", "finish_reason": "stop"}]}
    yield {**head, "choices": [], "usage": body["usage"]}


@st.composite
def responses(draw: st.DrawFn) -> Body:
    """A response of the Responses API."""
    status = draw(st.sampled_from(["completed", "incomplete", "failed"]))
    parts = [{"type": "output_text", "text": draw(names)}]
    output: list[Body] = [{"type": "message", "role": "assistant", "content": parts}]
    searches = draw(st.integers(0, 2))
    output += [{"type": "web_search_call", "action": {"type": "search"}} for _ in range(searches)]
    output += [{"type": "file_search_call"} for _ in range(draw(st.integers(0, 2)))]
    return {
        "id": draw(names),
        "model": draw(names),
        "status": status,
        "service_tier": draw(st.sampled_from(["default", "flex"])),
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "error": {"code": "server_error", "message": "m"} if status == "failed" else None,
        "output": output,
        "usage": draw(openai_usages("input", "output")),
    }


def response_events(body: Body, at: int) -> Iterator[Body]:
    """The events of a response."""
    opened = {**body, "status": "in_progress", "output": [], "usage": None, "error": None}
    yield {"type": "response.created", "response": opened}
    yield {"type": "response.in_progress", "response": opened}
    for item in body["output"]:
        yield {"type": "response.output_item.added", "item": item}
        for part in item.get("content", ()):
            for piece in cut(part["text"], at):
                yield {"type": "response.output_text.delta", "delta": piece}
    yield {"type": f"response.{body['status']}", "response": body}


@st.composite
def anthropic_usages(draw: st.DrawFn) -> Body:
    """A usage object of Anthropic's."""
    short, long, thinking, visible = (draw(counts) for _ in range(4))
    usage: Body = {
        "input_tokens": draw(counts),
        "cache_creation_input_tokens": short + long,
        "cache_read_input_tokens": draw(counts),
        "output_tokens": thinking + visible,
        "service_tier": draw(st.sampled_from(["standard", "priority", "batch"])),
    }
    if draw(st.booleans()):
        usage["cache_creation"] = {
            "ephemeral_5m_input_tokens": short,
            "ephemeral_1h_input_tokens": long,
        }
    if draw(st.booleans()):
        usage["output_tokens_details"] = {"thinking_tokens": thinking}
    if draw(st.booleans()):
        usage["server_tool_use"] = {
            "web_search_requests": draw(st.integers(0, 3)),
            "web_fetch_requests": draw(st.integers(0, 3)),
        }
    if draw(st.booleans()):
        usage["inference_geo"] = draw(st.sampled_from(["us", "eu"]))
    if draw(st.booleans()):
        usage["speed"] = draw(st.sampled_from(["standard", "fast"]))
    return usage


@st.composite
def anthropic_messages(draw: st.DrawFn) -> Body:
    """A message of Anthropic's."""
    content: list[Body] = [{"type": "text", "text": draw(names)}]
    if draw(st.booleans()):
        content.insert(0, {"type": "thinking", "thinking": draw(names)})
    if draw(st.booleans()):
        content.append({"type": "tool_use", "id": draw(names), "name": draw(names), "input": draw(names)})
    return {
        "id": draw(names),
        "type": "message",
        "role": "assistant",
        "model": draw(names),
        "content": content,
        "stop_reason": draw(st.sampled_from(["end_turn", "max_tokens", "tool_use"])),
        "usage": draw(anthropic_usages()),
    }


_LATE = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
_PIECES = {
    "text": ("text_delta", "text"),
    "thinking": ("thinking_delta", "thinking"),
    "tool_use": ("input_json_delta", "partial_json"),
}


def anthropic_events(body: Body, at: int, *, repeats: bool) -> Iterator[Body]:
    """The events of a message; with `repeats` the last delta states the input counts once more."""
    usage = body["usage"]
    early = {**usage, "output_tokens": 1}
    early.pop("output_tokens_details", None)
    early.pop("server_tool_use", None)
    started = {**body, "content": [], "stop_reason": None, "usage": early}
    yield {"type": "message_start", "message": started}
    yield {"type": "ping"}
    for index, block in enumerate(body["content"]):
        kind, field = _PIECES[block["type"]]
        empty = {**block, ("input" if field == "partial_json" else field): ""}
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        for piece in cut(block.get(field, block.get("input", "")), at):
            yield {"type": "content_block_delta", "index": index, "delta": {"type": kind, field: piece}}
        yield {"type": "content_block_stop", "index": index}
    names_ = _LATE if repeats else ("output_tokens",)
    late = {name: usage[name] for name in names_}
    late |= {n: usage[n] for n in ("output_tokens_details", "server_tool_use") if n in usage}
    delta = {"stop_reason": body["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": {"stop_reason": None}, "usage": {"output_tokens": 1}}
    yield {"type": "message_delta", "delta": delta, "usage": late}
    yield {"type": "message_stop"}
