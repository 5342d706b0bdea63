"""OpenAI embeddings: `POST …/embeddings`.

Counting: `prompt_tokens` equals `total_tokens`; there is no output.

Source: `types/create_embedding_response.py` of openai 3.54.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..readings import INPUT, Reading, Usage
from .dialect import Body, Dialect
from .fields import Counts, get, nonzero, text, view
from .openai_chat import cost, error_type
from .openai_order import order_embeddings
from .openai_request import asked_embeddings, strings


def read(body: Body) -> Reading:
    """Read a `CreateEmbeddingResponse`."""
    counts = Counts()
    stated = view(get(body, "usage"))
    count = counts.first(stated, "prompt_tokens", "input_tokens", "total_tokens")
    usage = None if count is None else Usage(nonzero([(INPUT, count)]))
    return Reading(
        model=text(body, "model"),
        id=text(body, "id"),
        usage=usage,
        cost_usd=cost(stated),
        error_type=error_type(body),
        finished=usage is not None,
        warnings=tuple(counts.warnings),
    )


def prompt(request: Any) -> Iterator[str]:
    """The texts to embed; texts that are given as token ids have no text here."""
    yield from strings(get(request, "input"))


DIALECT = Dialect(
    name="openai.embeddings",
    operation="embeddings",
    read=read,
    order=order_embeddings,
    asked=asked_embeddings,
    prompt=prompt,
)
