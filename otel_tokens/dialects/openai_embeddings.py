"""OpenAI embeddings: `POST …/embeddings`.

Counting: `prompt_tokens` equals `total_tokens`; there is no output. Vendors that embed images split it, as
a chat does. Embeddings of nothing at all are none: zeros beside them state nothing.

Source: `types/create_embedding_response.py` of openai 3.54; answers of Volcengine's multimodal embeddings.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..readings import Reading
from . import openai_usage
from .dialect import Body, Dialect
from .fields import INCONSISTENT, get, items, text
from .openai_chat import error_type
from .openai_cost import cost
from .openai_order import order_embeddings
from .openai_request import asked_embeddings, strings


def read(body: Body) -> Reading:
    """Read a `CreateEmbeddingResponse`."""
    stated = get(body, "usage")
    usage, warnings = openai_usage.tokens(stated)
    charged = cost(stated)
    if usage is not None and not usage.tokens and next(items(body, "data"), None) is not None:
        usage, warnings, charged = None, (INCONSISTENT,), charged or None
    return Reading(
        model=text(body, "model"),
        id=text(body, "id"),
        usage=usage,
        cost_usd=charged,
        error_type=error_type(body),
        finished=usage is not None,
        warnings=warnings,
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
