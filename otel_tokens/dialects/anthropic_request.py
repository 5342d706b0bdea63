"""What requests in Anthropic's shape ask for, and the texts in them.

A request holds a sentinel for every parameter that was not given, and lists may be iterators that can be
read only once: only plain numbers, strings and lists are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .fields import get, items, string, text, view
from .openai_request import number, schema, stops, strings, whole
from .order import STANDARD, Order, plain


_TOOLS_TOKENS: Final = 1000
"""What the prompt for tools and schemas takes: 200 to 900 tokens, by model and choice of tool."""
_BUILT_IN_TOKENS: Final = 4000
"""What the definition of a tool of Anthropic's own takes, which the request only names."""
_CLIENT_TOOLS: Final = ("bash_", "text_editor_", "computer_", "memory_")
"""Tools of Anthropic's that the application runs."""
_HIDING: Final = frozenset({"mcp_servers", "container"})
_SCHEMAS: Final = frozenset({"tools", "output_config", "output_format"})
_TELLING: Final = _HIDING | _SCHEMAS | {"speed", "context_management", "inference_geo", "thread"}
"""What an order depends on beside the maximum; most requests have none of it."""
_SEARCHES: Final = 10
"""Searches for one answer, where nothing limits them: the API pauses a turn after ten rounds."""


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


def order(request: Any) -> Order:
    """The order of a message, or of a legacy completion."""
    given = view(request)
    limit = whole(given, "max_tokens") or whole(given, "max_tokens_to_sample")
    if _TELLING.isdisjoint(given):
        return plain(limit)
    overhead, hidden, units, advisors = _tools(given)
    hidden += any(given.get(name) is not None for name in _HIDING)
    return Order(
        limit,
        1,
        "fast" if given.get("speed") == "fast" else STANDARD,
        0,
        hidden,
        overhead,
        2 if _compacts(given) else 1,
        string(given, "inference_geo"),
        units,
        advisors=advisors,
        earlier=text(given, "thread", "previous_message_id"),
    )


def _tools(given: dict[str, Any]) -> tuple[int, int, dict[str, int] | None, tuple[str, ...]]:
    """What tools add: tokens, tools that the provider runs, their fees, the models of advisors."""
    hidden, searches, models = 0, 0, []
    overhead = _TOOLS_TOKENS if any(given.get(name) for name in _SCHEMAS) else 0
    for tool in items(given, "tools"):
        kind = text(tool, "type")
        if kind is None or kind == "custom":
            continue
        overhead += _BUILT_IN_TOKENS
        if kind.startswith(_CLIENT_TOOLS):
            continue
        hidden += 1
        if kind.startswith("web_search"):
            searches += whole(view(tool), "max_uses") or _SEARCHES
        if kind.startswith("advisor") and (model := text(tool, "model")) is not None:
            models.append(model)
    return overhead, hidden, {"web_search": searches} if searches else None, tuple(models)


def _compacts(given: dict[str, Any]) -> bool:
    """Whether the conversation may be summed up on the way, which is billed beside the answer."""
    edits = items(given.get("context_management"), "edits")
    return any((text(edit, "type") or "").startswith("compact") for edit in edits)


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
