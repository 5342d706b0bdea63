"""What requests in formats of their own ask for, by tables of names, and the texts in them.

A request may hold sentinels and iterators of its client library: only plain numbers, strings and lists are
looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from .fields import get, items, string, text, view
from .openai_request import output_type, schema, stops, strings, whole
from .order import NOTHING, Order, plain


Names = Mapping[str, str]
"""A parameter on the wire to the last part of the attribute that states it."""

SAMPLING: Final[Names] = MappingProxyType(
    {
        "max_tokens": "max_tokens",
        "temperature": "temperature",
        "top_p": "top_p",
        "top_k": "top_k",
        "frequency_penalty": "frequency_penalty",
        "presence_penalty": "presence_penalty",
        "seed": "seed",
        "stop": "stop_sequences",
        "stop_sequences": "stop_sequences",
    }
)
"""The names that most formats use."""

TOOLS_TOKENS: Final = 1000
"""What the prompt for tools takes, beside what the request says of them."""


def asked_of(given: Any, names: Names) -> dict[str, Any]:
    """The attributes of the parameters in `given`; the first that has a value holds."""
    fields = view(given)
    found: dict[str, Any] = {}
    for name, ours in names.items():
        value = fields.get(name)
        if value is None or ours in found or (ours == "choice.count" and value == 1):
            continue
        if ours == "stop_sequences":
            if (stop := stops(value)) is not None:
                found[ours] = stop
        elif type(value) is int or type(value) is float:
            found[ours] = value
    return found


def asked_format(given: Any, name: str) -> dict[str, Any]:
    """The output type that `given` asks for under `name`: the word itself, a schema, or an object with it."""
    wanted = get(given, name)
    if wanted == "json" or (type(wanted) is dict and text(wanted, "type") == "object"):
        return {"output.type": "json"}
    kind = output_type(wanted)
    return {} if kind is None else {"output.type": kind}


def order_of(given: Any, *limits: str, choices: int = 1, tools: Any = None) -> Order:
    """The order of one answer whose maximum stands under one of `limits`."""
    fields = view(given)
    limit = next((found for name in limits if (found := whole(fields, name)) is not None), None)
    if choices == 1 and not tools:
        return plain(limit)
    return Order(limit, choices, overhead_tokens=TOOLS_TOKENS if tools else 0)


def order_nothing(_request: Any) -> Order:
    """No output is billed."""
    return NOTHING


def messages_prompt(request: Any) -> Iterator[str]:
    """The texts of messages and tools in the shape that nearly everybody has."""
    for message in items(request, "messages"):
        yield from strings(get(message, "content"))
        for call in items(message, "tool_calls"):
            yield from schema(get(get(call, "function"), "arguments"))
    for tool in items(request, "tools"):
        yield from schema(tool)


def texts_of(request: Any, *names: str) -> Iterator[str]:
    """The texts under `names`, each a string or a list of strings or of parts with a text."""
    fields = view(request)
    for name in names:
        yield from strings(fields.get(name))


def error_of(fields: Mapping[str, Any]) -> str | None:
    """The type of an error that a body carries: its code or type where it has one."""
    error = fields.get("error")
    if not error:
        return None
    own = view(error)
    return string(own, "code") or string(own, "type") or "_OTHER"
