"""What requests to Cohere ask for and order, and the texts in them.

Counting: a search unit holds up to 100 documents, and a document of more than 500 tokens together with the
query counts as several. No token is shorter than a byte, so the bytes bound the units from above.

Source: `v2/raw_client.py`, `raw_base_client.py` of cohere 7.3.1; Cohere's pricing page, October 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, Final

from .fields import get, items, text, view
from .native_request import SAMPLING, TOOLS_TOKENS, Names, asked_format, asked_of, messages_prompt, texts_of
from .openai_request import schema, strings, whole
from .order import Order, plain


_NAMES: Final[Names] = MappingProxyType({**SAMPLING, "p": "top_p", "k": "top_k"})
_SEARCHES: Final = 10
"""Queries that one chat of the first version makes of a connector; no maximum is documented."""
_DOCUMENTS: Final = 100
_CHUNK_TOKENS: Final = 500
_SMALLEST_CHUNK: Final = 100
"""What is left of a chunk for a document beside a long query."""
_DOCUMENT_TOKENS: Final = 4096
"""Where a document is cut, unless the request says otherwise."""


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a chat or a generation."""
    found = asked_of(request, _NAMES)
    choices = whole(view(request), "num_generations")
    if choices is not None and choices != 1:
        found["choice.count"] = choices
    return {**found, **asked_format(request, "response_format")}


def asked_embed(request: Any) -> dict[str, Any]:
    """The attributes of a request for embeddings."""
    found: dict[str, Any] = {}
    if (dimensions := whole(view(request), "output_dimension")) is not None:
        found["dimension.count"] = dimensions
    kinds = [kind for kind in items(request, "embedding_types") if isinstance(kind, str)]
    return {**found, "encoding_formats": kinds} if kinds else found


def order(request: Any) -> Order:
    """The order of a chat or a generation: connectors search beside it, and bring text into the prompt."""
    given = view(request)
    limit, choices = whole(given, "max_tokens"), whole(given, "num_generations") or 1
    connectors = len(list(items(given, "connectors")))
    tools = given.get("tools")
    if choices == 1 and not connectors and not tools:
        return plain(limit)
    return Order(
        limit,
        choices,
        hidden=connectors,
        overhead_tokens=TOOLS_TOKENS if tools else 0,
        units={"search_unit": connectors * _SEARCHES} if connectors else None,
    )


def order_embed(request: Any) -> Order:
    """The order of embeddings: no output, and what images there are."""
    given = view(request)
    pictures = len(list(items(given, "images")))
    inputs = sum(
        text(part, "type") == "image_url" for one in items(given, "inputs") for part in items(one, "content")
    )
    count = pictures + inputs
    return Order(output_tokens=0, units={"image": count} if count else None, is_plain=not count)


def order_rerank(request: Any) -> Order:
    """The order of a ranking: no output, and as many search units as its documents may make."""
    given = view(request)
    query = sum(len(piece.encode("utf-8", "replace")) for piece in strings(given.get("query")))
    chunk = max(_CHUNK_TOKENS - query, _SMALLEST_CHUNK)
    longest = whole(given, "max_tokens_per_doc") or _DOCUMENT_TOKENS
    chunks = 0
    for document in items(given, "documents"):
        size = sum(len(piece.encode("utf-8", "replace")) for piece in _document(document))
        chunks += max(1, -(-min(size, longest) // chunk))
    return Order(output_tokens=0, units={"search_unit": max(1, -(-chunks // _DOCUMENTS))})


def _document(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    else:
        yield from schema(view(document))


def prompt(request: Any) -> Iterator[str]:
    """The texts of a chat or a generation: of both versions."""
    yield from texts_of(request, "preamble", "message", "prompt", "text", "additional_command")
    for turn in items(request, "chat_history"):
        yield from strings(get(turn, "message"))
    for document in items(request, "documents"):
        yield from _document(document)
    yield from messages_prompt(request)


def prompt_embed(request: Any) -> Iterator[str]:
    """The texts to embed or to classify."""
    for name in ("texts", "inputs", "examples"):
        yield from strings(get(request, name))
    for one in items(request, "inputs"):
        yield from strings(get(one, "content"))


def prompt_rerank(request: Any) -> Iterator[str]:
    """The query and the documents."""
    yield from texts_of(request, "query")
    for document in items(request, "documents"):
        yield from _document(document)
