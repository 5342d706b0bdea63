"""Prompts and answers as the conventions write them down, for those who ask to have them recorded.

Nothing else in this package reads a text to keep it. Images, audio and files are left out: only their kind is
said.

Source: `model/gen-ai/*.json` of the GenAI conventions, October 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from .fields import get, items, text


Message = dict[str, Any]
Reader = Callable[[Any, Any], dict[str, list[Any]]]

INPUT: Final = "input"
OUTPUT: Final = "output"
SYSTEM: Final = "system"
TOOLS: Final = "tools"


def content_of(dialect: str, request: Any, body: Any) -> Mapping[str, list[Any]]:
    """The messages of a call by `input`, `output`, `system` and `tools`; only what there is."""
    read = _READERS.get(dialect) or _others().get(dialect)
    if read is None:
        return {}
    return {name: value for name, value in read(request, body).items() if value}


def _openai_chat(request: Any, body: Any) -> dict[str, list[Any]]:
    return {
        INPUT: [_chat_message(message) for message in items(request, "messages")],
        OUTPUT: [
            {
                **_chat_message(get(choice, "message")),
                "finish_reason": text(choice, "finish_reason") or "error",
            }
            for choice in items(body, "choices")
        ],
        TOOLS: list(_tools(request)),
    }


def _chat_message(message: Any) -> Message:
    role = text(message, "role") or "assistant"
    parts = list(_parts(get(message, "content")))
    if role == "tool":
        response = {"type": "tool_call_response", "id": text(message, "tool_call_id")}
        parts = [{**response, "response": "".join(p.get("content") or "" for p in parts)}]
    if (reasoning := text(message, "reasoning_content")) is not None:
        parts.insert(0, {"type": "reasoning", "content": reasoning})
    for call in items(message, "tool_calls"):
        function = get(call, "function")
        parts.append(
            {
                "type": "tool_call",
                "id": text(call, "id"),
                "name": text(function, "name"),
                "arguments": get(function, "arguments"),
            }
        )
    return {"role": role, "parts": parts}


def _parts(content: Any) -> Iterator[dict[str, Any]]:
    if isinstance(content, str):
        if content:
            yield {"type": "text", "content": content}
        return
    if not isinstance(content, (list, tuple)):
        return
    for part in content:
        kind = text(part, "type") or "text"
        piece = part if isinstance(part, str) else text(part, "text")
        if piece is not None:
            yield {"type": "text", "content": piece}
        elif kind == "thinking":
            yield {"type": "reasoning", "content": text(part, "thinking")}
        elif kind in ("tool_use", "server_tool_use"):
            yield {
                "type": "tool_call",
                "id": text(part, "id"),
                "name": text(part, "name"),
                "arguments": get(part, "input"),
            }
        elif kind == "tool_result":
            yield {
                "type": "tool_call_response",
                "id": text(part, "tool_use_id"),
                "response": list(_parts(get(part, "content"))),
            }
        else:
            yield {"type": "generic", "generic_type": kind}


def _tools(request: Any) -> Iterator[dict[str, Any]]:
    for tool in items(request, "tools"):
        function = get(tool, "function") or tool
        yield {
            "type": text(tool, "type") or "function",
            "name": text(function, "name"),
            "description": text(function, "description"),
            "parameters": get(function, "parameters") or get(function, "input_schema"),
        }


def _openai_completions(request: Any, body: Any) -> dict[str, list[Any]]:
    return {
        INPUT: [{"role": "user", "parts": list(_parts(get(request, "prompt")))}],
        OUTPUT: [
            {
                "role": "assistant",
                "parts": list(_parts(get(choice, "text") or get(get(choice, "message"), "content"))),
                "finish_reason": text(choice, "finish_reason") or "error",
            }
            for choice in items(body, "choices")
        ],
    }


def _openai_responses(request: Any, body: Any) -> dict[str, list[Any]]:
    given = get(request, "input")
    asked = [{"role": "user", "parts": list(_parts(given))}] if isinstance(given, str) else []
    status = text(body, "status") or "error"
    return {
        SYSTEM: list(_parts(get(request, "instructions"))),
        INPUT: asked or [_item(item) for item in items(request, "input")],
        OUTPUT: [{**_item(item), "finish_reason": status} for item in items(body, "output")],
        TOOLS: list(_tools(request)),
    }


def _item(item: Any) -> Message:
    kind = text(item, "type") or "message"
    if kind == "function_call":
        call = {"type": "tool_call", "id": text(item, "call_id"), "name": text(item, "name")}
        return {"role": "assistant", "parts": [{**call, "arguments": get(item, "arguments")}]}
    if kind == "function_call_output":
        response = {"type": "tool_call_response", "id": text(item, "call_id")}
        return {"role": "tool", "parts": [{**response, "response": get(item, "output")}]}
    if kind == "reasoning":
        summary = "".join(text(part, "text") or "" for part in items(item, "summary"))
        return {"role": "assistant", "parts": [{"type": "reasoning", "content": summary}]}
    if kind == "message":
        role = text(item, "role") or "assistant"
        return {"role": role, "parts": list(_parts(get(item, "content")))}
    return {"role": "assistant", "parts": [{"type": "generic", "generic_type": kind}]}


def _anthropic_messages(request: Any, body: Any) -> dict[str, list[Any]]:
    answer = list(_parts(get(body, "content")))
    reason = text(body, "stop_reason") or "error"
    return {
        SYSTEM: list(_parts(get(request, "system"))),
        INPUT: [
            {"role": text(message, "role") or "user", "parts": list(_parts(get(message, "content")))}
            for message in items(request, "messages")
        ],
        OUTPUT: [{"role": "assistant", "parts": answer, "finish_reason": reason}] if answer else [],
        TOOLS: list(_tools(request)),
    }


@cache
def _others() -> Mapping[str, Reader]:
    """The readers of formats that are not OpenAI's or Anthropic's: only now, as few calls have them."""
    from . import bedrock_invoke, bedrock_messages, google_messages, native_messages, openai_realtime_messages  # noqa: PLC0415  # noqa: PLC0415

    def invoked(request: Any, body: Any) -> dict[str, list[Any]]:
        read = _READERS.get(bedrock_invoke.shape_of(body).name, bedrock_messages.invoke)
        return read(request, body)

    agents = ("bedrock.invoke_agent", "bedrock.invoke_flow", "bedrock.retrieve_and_generate")
    return {
        **native_messages.READERS,
        **google_messages.READERS,
        **dict.fromkeys(("openai.realtime", "openai.live"), openai_realtime_messages.content),
        **dict.fromkeys(("watsonx.chat", "snowflake.complete", "databricks.invocations"), _openai_chat),
        **dict.fromkeys(agents, bedrock_messages.said),
        **dict.fromkeys(("bedrock.invoke_model", "sagemaker.invoke_endpoint"), invoked),
        "bedrock.converse": bedrock_messages.converse,
    }


_READERS: Final[Mapping[str, Reader]] = {
    "openai.chat": _openai_chat,
    "openai.completions": _openai_completions,
    "openai.responses": _openai_responses,
    "anthropic.messages": _anthropic_messages,
}
