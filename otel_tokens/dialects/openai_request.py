"""What requests in OpenAI's shape ask for, and the texts in them.

A request may still hold the sentinels of its client library for parameters that were not given, and
iterators that can be read only once: only plain numbers, strings and lists are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .fields import dig, get, items, string, text, view


_SAMPLING = ("temperature", "top_p", "frequency_penalty", "presence_penalty", "seed")
_OUTPUT_TYPES = {"text": "text", "json_object": "json", "json_schema": "json"}


def number(request: Any, name: str) -> int | float | None:
    """The number under `name`, which is no bool."""
    value = view(request).get(name)
    return value if type(value) is int or type(value) is float else None


def whole(given: dict[str, Any], name: str) -> int | None:
    """The positive whole number under `name` of fields that are a dict already."""
    value = given.get(name)
    return value if type(value) is int and value > 0 else None


def stops(value: Any) -> list[str] | None:
    """Stop sequences as a list, whether one or several were given."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, (list, tuple)) and all(isinstance(s, str) for s in value):
        return list(value)
    return None


def sampling(request: Any) -> dict[str, Any]:
    """What most requests may ask for, under the same names everywhere."""
    given = view(request)
    found: dict[str, Any] = {}
    for name in _SAMPLING:
        if name in given and (value := number(given, name)) is not None:
            found[name] = value
    return found


def asked_chat(request: Any) -> dict[str, Any]:
    """The attributes of a chat or completion request."""
    given = view(request)
    found = sampling(given)
    limit = number(given, "max_completion_tokens") or number(given, "max_tokens")
    if limit is not None:
        found["max_tokens"] = limit
    choices = number(given, "n")
    if choices is not None and choices != 1:
        found["choice.count"] = choices
    if given.get("stop") is not None and (stop := stops(given["stop"])) is not None:
        found["stop_sequences"] = stop
    if (level := string(given, "reasoning_effort")) is not None:
        found["reasoning.level"] = level
    if (kind := output_type(given.get("response_format"))) is not None:
        found["output.type"] = kind
    if (tier := string(given, "service_tier")) is not None and tier != "auto":
        found["service_tier"] = tier
    return found


def output_type(wanted: Any) -> str | None:
    """The `gen_ai.output.type` of a response format."""
    return None if wanted is None else _OUTPUT_TYPES.get(text(wanted, "type") or "")


def asked_responses(request: Any) -> dict[str, Any]:
    """The attributes of a Responses request."""
    found = sampling(request)
    if (limit := number(request, "max_output_tokens")) is not None:
        found["max_tokens"] = limit
    if (level := text(request, "reasoning", "effort")) is not None:
        found["reasoning.level"] = level
    if (kind := output_type(dig(request, "text", "format"))) is not None:
        found["output.type"] = kind
    if (tier := text(request, "service_tier")) is not None and tier != "auto":
        found["service_tier"] = tier
    if (previous := text(request, "previous_response_id")) is not None:
        found["previous_response.id"] = previous
    conversation = get(request, "conversation")
    if isinstance(conversation, str) or (conversation := text(conversation, "id")) is not None:
        found["conversation.id"] = conversation
    return found


def asked_embeddings(request: Any) -> dict[str, Any]:
    """The attributes of a request for embeddings."""
    found: dict[str, Any] = {}
    if (dimensions := number(request, "dimensions")) is not None:
        found["dimension.count"] = dimensions
    if (encoding := text(request, "encoding_format")) is not None:
        found["encoding_formats"] = [encoding]
    return found


def prompt_chat(request: Any) -> Iterator[str]:
    """The texts of the messages and tools of a chat, or the prompts of a completion."""
    yield from strings(get(request, "prompt"))
    for message in items(request, "messages"):
        yield from strings(get(message, "content"))
        for call in items(message, "tool_calls"):
            yield from strings(dig(call, "function", "arguments"))
    for tool in items(request, "tools"):
        yield from schema(tool)


def prompt_responses(request: Any) -> Iterator[str]:
    """The texts of the input, instructions and tools of a Responses request."""
    yield from strings(get(request, "instructions"))
    given = get(request, "input")
    yield from strings(given)
    if isinstance(given, (list, tuple)):
        for item in given:
            yield from strings(get(item, "content"))
            yield from strings(get(item, "arguments"))
            yield from strings(get(item, "output"))
    for tool in items(request, "tools"):
        yield from schema(tool)


def strings(value: Any) -> Iterator[str]:
    """A string, or the texts of a list of strings or content parts; images and files are no text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            if isinstance(part, str):
                yield part
            elif (piece := text(part, "text")) is not None:
                yield piece


def schema(node: Any, depth: int = 8) -> Iterator[str]:
    """Every key and string of a tool's definition, to a bounded depth."""
    if isinstance(node, str):
        yield node
    elif depth and isinstance(node, dict):
        for key, value in node.items():
            yield str(key)
            yield from schema(value, depth - 1)
    elif depth and isinstance(node, (list, tuple)):
        for value in node:
            yield from schema(value, depth - 1)
