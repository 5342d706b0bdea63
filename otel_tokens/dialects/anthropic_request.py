"""What requests in Anthropic's shape ask for, and the texts in them.

A request holds a sentinel for every parameter that was not given, and lists may be iterators that can be
read only once: only plain numbers, strings and lists are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .fields import get, items, text
from .openai_request import number, schema, stops, strings


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a request for a message."""
    found: dict[str, Any] = {}
    for name in ("max_tokens", "temperature", "top_p", "top_k"):
        if (value := number(request, name)) is not None:
            found[name] = value
    if (stop := stops(get(request, "stop_sequences"))) is not None:
        found["stop_sequences"] = stop
    if (level := text(request, "output_config", "effort")) is not None:
        found["reasoning.level"] = level
    if text(request, "output_config", "format", "type") == "json_schema":
        found["output.type"] = "json"
    return found


def prompt(request: Any) -> Iterator[str]:
    """The texts of the system prompt, the messages and the tools."""
    yield from strings(get(request, "system"))
    yield from strings(get(request, "prompt"))
    for message in items(request, "messages"):
        content = get(message, "content")
        yield from strings(content)
        if isinstance(content, (list, tuple)):
            for block in content:
                yield from strings(get(block, "content"))
                yield from schema(get(block, "input"))
    for tool in items(request, "tools"):
        yield from schema(tool)
