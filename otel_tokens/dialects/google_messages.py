"""Prompts and answers of Google's protocols as the conventions write them down.

Images, audio and files are left out: only their kind is said.

Source: `model/gen-ai/*.json` of the GenAI conventions, October 2026; `Content`, `Part` of google-genai 3.6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .fields import get, items, view
from .google_content import finish_reason, folded
from .google_names import at, each, pick, plain, string_at, word
from .google_request import setting


Message = dict[str, Any]
Content = dict[str, list[Any]]

_OTHERS: Final = (
    "inlineData",
    "fileData",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
)


def content(request: Any, body: Any) -> Content:
    """The messages of a call for content."""
    if isinstance(body, (list, tuple)):
        body = folded(body)
    return {
        "system": list(_parts(setting(request, "systemInstruction"))),
        "input": list(_messages(at(request, "contents"))),
        "output": [
            {
                "role": "assistant",
                "parts": list(_parts(at(candidate, "content"))),
                "finish_reason": (finish_reason(candidate) or "error").lower(),
            }
            for candidate in each(body, "candidates")
        ],
        "tools": list(_tools(setting(request, "tools"))),
    }


def _messages(contents: Any) -> Iterator[Message]:
    if isinstance(contents, (list, tuple)):
        for entry in contents:
            yield from _messages(entry) if isinstance(entry, str) else _message(entry)
    elif contents is not None:
        yield from _message(contents)


def _message(entry: Any) -> Iterator[Message]:
    role = string_at(entry, "role") or "user"
    parts = list(_parts(entry))
    if any(part["type"] == "tool_call_response" for part in parts):
        role = "tool"
    yield {"role": "assistant" if role == "model" else role, "parts": parts}


def _parts(node: Any) -> Iterator[Message]:
    if isinstance(node, str):
        yield {"type": "text", "content": node}
        return
    parts = at(node, "parts")
    if isinstance(parts, str):
        parts = ({"text": parts},)
    elif parts is None and not isinstance(node, (list, tuple)):
        parts = (node,)
    elif not isinstance(parts, (list, tuple)):
        parts = node if isinstance(node, (list, tuple)) else (parts,)
    for part in parts:
        yield from _part({"text": part} if isinstance(part, str) else part)


def _part(part: Any) -> Iterator[Message]:
    fields = view(part)
    if (piece := string_at(part, "text")) is not None:
        yield {"type": "reasoning" if fields.get("thought") is True else "text", "content": piece}
    elif (call := pick(fields, "functionCall")) is not None:
        yield _call("tool_call", call, "arguments", "args")
    elif (response := pick(fields, "functionResponse")) is not None:
        yield _call("tool_call_response", response, "response", "response")
    else:
        kind = next((name for name in _OTHERS if pick(fields, name) is not None), None)
        if kind is not None:
            yield {"type": "generic", "generic_type": kind}


def _call(kind: str, call: Any, name: str, wire: str) -> Message:
    found = {"type": kind, "id": string_at(call, "id"), name: plain(get(call, wire))}
    return found if kind == "tool_call_response" else {**found, "name": string_at(call, "name")}


def _tools(tools: Any) -> Iterator[Message]:
    for tool in items({"tools": tools}, "tools"):
        for function in each(tool, "functionDeclarations"):
            yield {
                "type": "function",
                "name": string_at(function, "name"),
                "description": string_at(function, "description"),
                "parameters": plain(at(function, "parameters") or at(function, "parametersJsonSchema")),
            }


def interaction(request: Any, body: Any) -> Content:
    """The messages of an interaction."""
    given = get(request, "input")
    status = word(get(body, "status")) or "error"
    steps = [*items(body, "steps"), *items(body, "outputs")]
    output = [_step(step) for step in steps if string_at(step, "type") != "user_input"]
    return {
        "system": list(_parts(get(request, "system_instruction"))),
        "input": _turns([given] if isinstance(given, str) else given),
        "output": [{**message, "finish_reason": status} for message in output],
        "tools": [_tool(tool) for tool in items(request, "tools")],
    }


def _turns(given: Any) -> list[Message]:
    steps = [{"text": entry} if isinstance(entry, str) else entry for entry in items({"in": given}, "in")]
    return [{**_step(step), "role": string_at(step, "role") or "user"} for step in steps]


def _step(step: Any) -> Message:
    kind = string_at(step, "type") or "text"
    parts: list[Message]
    if kind == "function_call":
        call = {"type": "tool_call", "id": string_at(step, "id"), "name": string_at(step, "name")}
        parts = [{**call, "arguments": plain(get(step, "arguments"))}]
    elif kind == "function_result":
        response = {"type": "tool_call_response", "id": string_at(step, "call_id")}
        parts = [{**response, "response": plain(get(step, "result"))}]
    else:
        parts = list(_said(step, kind))
    return {"role": "assistant", "parts": parts}


def _said(step: Any, kind: str) -> Iterator[Message]:
    is_thought = kind == "thought"
    said = get(step, "content") or get(step, "summary") or get(step, "text")
    for piece in ({"text": said},) if isinstance(said, str) else items({"said": said}, "said"):
        if (text := string_at(piece, "text")) is not None:
            yield {"type": "reasoning" if is_thought else "text", "content": text}
    if said is None and not is_thought:
        yield {"type": "generic", "generic_type": kind}


def _tool(tool: Any) -> Message:
    return {
        "type": string_at(tool, "type") or "function",
        "name": string_at(tool, "name"),
        "description": string_at(tool, "description"),
        "parameters": plain(get(tool, "parameters")),
    }


READERS: Final[Mapping[str, Any]] = {
    "google.generate_content": content,
    "google.interactions": interaction,
}
"""By the name of the dialect: what reads the request and the body of a call."""
