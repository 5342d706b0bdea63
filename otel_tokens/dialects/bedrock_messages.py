"""Prompts and answers of Bedrock as the conventions write them down, as `messages.py` does for others.

Images, documents and audio are left out: only their kind is said.

Source: `model/gen-ai/*.json` of the GenAI conventions, October 2026; `ContentBlock` of bedrock-runtime in
botocore 1.44.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from . import bedrock_invoke
from .fields import dig, get, items, string, text, view


INPUT: Final = "input"
OUTPUT: Final = "output"
SYSTEM: Final = "system"
TOOLS: Final = "tools"

_KINDS: Final = ("image", "document", "video", "audio", "searchResult", "guardContent")
_DEPTH: Final = 8

Content = dict[str, list[Any]]


def converse(request: Any, body: Any) -> Content:
    """The messages of a converse call."""
    message = dig(body, "output", "message")
    parts = list(_parts(get(message, "content")))
    return {
        SYSTEM: list(_parts(get(request, "system"))),
        INPUT: [
            {"role": text(turn, "role") or "user", "parts": list(_parts(get(turn, "content")))}
            for turn in items(request, "messages")
        ],
        OUTPUT: [
            {
                "role": text(message, "role") or "assistant",
                "parts": parts,
                "finish_reason": text(body, "stopReason") or "error",
            }
        ]
        if parts
        else [],
        TOOLS: [_tool(get(tool, "toolSpec")) for tool in items(request, "toolConfig", "tools")],
    }


def plain(request: Any, body: Any) -> Content:
    """The texts of a call that knows no messages, or whose shape is a vendor's own."""
    reading = bedrock_invoke.read(body)
    reasons = reading.finish_reasons
    said = [{"type": "text", "content": piece} for piece in bedrock_invoke.answer(body)]
    asked = [{"type": "text", "content": piece} for piece in bedrock_invoke.DIALECT.prompt(request)]
    answer = {"role": "assistant", "parts": said, "finish_reason": reasons[0] if reasons else "error"}
    return {INPUT: [{"role": "user", "parts": asked}] if asked else [], OUTPUT: [answer] if said else []}


def said(request: Any, body: Any) -> Content:
    """The texts of an agent's call."""
    given = text(request, "inputText") or text(request, "input", "text")
    piece = text(body, "output", "text")
    return {
        INPUT: [{"role": "user", "parts": [{"type": "text", "content": given}]}] if given else [],
        OUTPUT: [
            {"role": "assistant", "parts": [{"type": "text", "content": piece}], "finish_reason": "stop"}
        ]
        if piece
        else [],
    }


def _parts(content: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(content, (list, tuple)):
        return
    for block in content:
        fields = view(block)
        if (piece := string(fields, "text")) is not None:
            yield {"type": "text", "content": piece}
        elif (thought := text(fields.get("reasoningContent"), "reasoningText", "text")) is not None:
            yield {"type": "reasoning", "content": thought}
        elif (call := fields.get("toolUse")) is not None:
            id_, name = text(call, "toolUseId"), text(call, "name")
            yield {"type": "tool_call", "id": id_, "name": name, "arguments": _json(get(call, "input"))}
        elif (result := fields.get("toolResult")) is not None:
            parts = list(_parts(get(result, "content")))
            yield {"type": "tool_call_response", "id": text(result, "toolUseId"), "response": parts}
        else:
            yield from _other(fields)


def _other(fields: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for cited in items(fields.get("citationsContent"), "content"):
        if (piece := text(cited, "text")) is not None:
            yield {"type": "text", "content": piece}
    for kind in _KINDS:
        if fields.get(kind) is not None:
            yield {"type": "generic", "generic_type": kind}
    if fields.get("json") is not None:
        yield {"type": "generic", "generic_type": "json", "content": _json(fields["json"])}


def _tool(spec: Any) -> dict[str, Any]:
    return {
        "type": "function",
        "name": text(spec, "name"),
        "description": text(spec, "description"),
        "parameters": _json(dig(spec, "inputSchema", "json")),
    }


def _json(value: Any, depth: int = _DEPTH) -> Any:
    """A value as JSON can hold it, to a bounded depth; botocore gives decimals and bytes as well."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if not depth:
        return None
    if isinstance(value, dict):
        return {str(name): _json(entry, depth - 1) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(entry, depth - 1) for entry in value]
    return str(value) if not isinstance(value, (bytes, bytearray)) else None


def invoke(request: Any, body: Any) -> Content:
    """The messages of an InvokeModel call in Bedrock's own shape, or its texts."""
    own = dig(body, "output", "message") is not None
    return converse(request, body) if own else plain(request, body)
