"""What the model of a realtime session said, as the conventions write messages down.

What was said to it comes before the session's answers and is not in them: only the output is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .dialect import Body
from .fields import get, items, text


def content(_request: Any, body: Body) -> dict[str, list[Any]]:
    """The messages of a session by `output`: one for each response that said something."""
    messages = [
        {"role": "assistant", "parts": parts, "finish_reason": text(response, "status") or "error"}
        for response in items(body, "responses")
        if (parts := [part for item in items(response, "output") for part in _parts(item)])
    ]
    return {"output": messages}


def _parts(item: Any) -> Iterator[dict[str, Any]]:
    if get(item, "type") == "function_call":
        yield {
            "type": "tool_call",
            "id": text(item, "call_id"),
            "name": text(item, "name"),
            "arguments": text(item, "arguments"),
        }
    for part in items(item, "content"):
        if (piece := text(part, "text") or text(part, "transcript")) is not None:
            yield {"type": "text", "content": piece}
