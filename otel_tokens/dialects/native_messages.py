"""Prompts and answers in formats of their own, as the conventions write them down.

Source: `model/gen-ai/*.json` of the GenAI conventions, October 2026; the clients that the dialects name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from . import (
    aleph_alpha,
    cloudflare,
    cohere_chat,
    cohere_text,
    dashscope,
    ernie,
    mistral_conversations,
    nlp_cloud,
    ollama,
    oracle,
    reka,
    replicate,
    text_generation,
    watsonx,
)
from .dialect import Dialect
from .fields import get, items, string, text, view


Message = dict[str, Any]
Written = dict[str, list[Any]]
Reader = Callable[[Any, Any], Written]


def _parts(content: Any) -> Iterator[Message]:
    """The parts of a content: a text, or a list of parts."""
    if isinstance(content, str):
        content = [content]
    for part in content if isinstance(content, (list, tuple)) else ():
        piece = part if isinstance(part, str) else text(part, "text")
        if piece:
            yield {"type": "text", "content": piece}
        elif (thought := text(part, "thinking")) is not None:
            yield {"type": "reasoning", "content": thought}
        elif (kind := text(part, "type")) is not None and kind != "text":
            yield {"type": "generic", "generic_type": kind}


def _message(message: Any, role: str = "user") -> Message:
    """A message in the shape that nearly everybody has."""
    fields = view(message)
    role = (string(fields, "role") or role).lower()
    parts = list(_parts(fields.get("content")))
    if role == "tool":
        said = "".join(part.get("content") or "" for part in parts)
        parts = [{"type": "tool_call_response", "id": string(fields, "tool_call_id"), "response": said}]
    for name in ("thinking", "reasoning_content", "tool_plan"):
        if (thought := string(fields, name)) is not None:
            parts.insert(0, {"type": "reasoning", "content": thought})
    for call in items(fields, "tool_calls"):
        function = get(call, "function")
        called = {"type": "tool_call", "id": text(call, "id"), "name": text(function, "name")}
        parts.append({**called, "arguments": get(function, "arguments")})
    return {"role": role, "parts": parts}


def _tools(given: Any) -> list[Message]:
    found = []
    for tool in items(given, "tools"):
        function = get(tool, "function") or tool
        found.append(
            {
                "type": text(tool, "type") or "function",
                "name": text(function, "name"),
                "description": text(function, "description"),
                "parameters": get(function, "parameters"),
            }
        )
    return found


def _answered(message: Any, reason: str | None) -> list[Message]:
    """The answer as a list of one message; of none where there is nothing in it."""
    said = {**_message(message, "assistant"), "finish_reason": reason or "error"}
    return [said] if said["parts"] else []


def _chat(request: Any, body: Any) -> Written:
    """A chat whose answer has one `message`: Cohere's and Ollama's."""
    return {
        "input": [_message(message) for message in items(request, "messages")],
        "output": _answered(get(body, "message"), text(body, "finish_reason") or text(body, "done_reason")),
        "tools": _tools(request),
    }


def _dashscope(request: Any, body: Any) -> Written:
    given, output = get(request, "input"), get(body, "output")
    plain = [{"role": "user", "parts": list(_parts(get(given, "prompt")))}] if text(given, "prompt") else []
    answers = [
        said
        for choice in items(output, "choices")
        for said in _answered(get(choice, "message"), text(choice, "finish_reason"))
    ]
    return {
        "input": plain or [_message(message) for message in items(given, "messages")],
        "output": answers or _answered({"content": get(output, "text")}, text(output, "finish_reason")),
        "tools": _tools(get(request, "parameters")),
    }


def _reka(request: Any, body: Any) -> Written:
    answers = [
        said
        for one in items(body, "responses")
        for said in _answered(get(one, "message"), text(one, "finish_reason"))
    ]
    return {
        "input": [_message(message) for message in items(request, "messages")],
        "output": answers,
        "tools": _tools(request),
    }


def _plain(dialect: Dialect) -> Reader:
    """Of a dialect whose requests and answers are little more than texts."""

    def read(request: Any, body: Any) -> Written:
        asked = [{"type": "text", "content": piece} for piece in dialect.prompt(request) if piece]
        said = [{"type": "text", "content": piece} for piece in dialect.answer(body) if piece]
        reasons = dialect.read(body).finish_reasons
        reason = reasons[0] if reasons else "error"
        return {
            "input": [{"role": "user", "parts": asked}] if asked else [],
            "output": [{"role": "assistant", "parts": said, "finish_reason": reason}] if said else [],
        }

    return read


_TEXTS: Final = (
    cohere_text.CHAT,
    cohere_text.GENERATE,
    cohere_text.SUMMARIZE,
    ollama.GENERATE,
    text_generation.GENERATE,
    watsonx.GENERATION,
    mistral_conversations.DIALECT,
    aleph_alpha.COMPLETE,
    replicate.PREDICT,
    cloudflare.RUN,
    ernie.CHAT,
    oracle.CHAT,
    nlp_cloud.GENERATION,
)

READERS: Final[Mapping[str, Reader]] = {
    cohere_chat.DIALECT.name: _chat,
    ollama.CHAT.name: _chat,
    dashscope.GENERATION.name: _dashscope,
    reka.CHAT.name: _reka,
    **{dialect.name: _plain(dialect) for dialect in _TEXTS},
}
"""By the name of the dialect."""
