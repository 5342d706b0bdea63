"""Cohere's calls that write no text: embeddings, classification, parsing, tokens, jobs and batches.

Counting: `cohere_usage.py`, under `meta`. Classifications are a unit that nobody sells any more, so they
have no price and no bucket. Turning text into tokens is free. An embed job and a batch state their totals
when they are asked for, as text in a batch; they count once, however often they are fetched.

Source: `types/embed_by_type_response.py`, `types/classify_response.py`, `types/parse_response.py`,
`types/embed_job.py`, `batches/types/batch.py` of cohere 7.3.1.
"""

from __future__ import annotations

from typing import Any, Final

from ..readings import Reading
from .cohere_request import asked_embed, order_embed, prompt_embed
from .cohere_usage import usage_of
from .dialect import Body, Dialect
from .fields import Counts, get, string, view
from .native_usage import counted
from .order import Order


_DIGITS: Final = 15
"""Of the largest number that is read from text."""
_ENDS: Final = ("COMPLETED", "FAILED", "CANCELED")
"""How the status of a batch ends whose counts do not grow any more."""
_PAGES: Final = 1000
"""More than any document is likely to have; no maximum is documented."""
_OPEN: Final = ("processing", "cancelling")


def read(body: Body) -> Reading:
    """Read an answer whose usage stands in `meta`."""
    fields = view(body)
    counts = Counts()
    usage = usage_of(counts, fields.get("meta"))
    reason = string(fields, "finish_reason")
    return Reading(
        model=string(fields, "model"),
        id=string(fields, "id"),
        usage=usage,
        finish_reasons=(reason,) if reason else (),
        finished=usage is not None,
        warnings=tuple(counts.warnings),
    )


def read_free(body: Body) -> Reading:
    """Tokens of a text that was not run cost nothing."""
    return Reading(id=string(view(body), "id"))


def read_job(body: Body) -> Reading:
    """Read an `EmbedJob`."""
    fields = view(body)
    found = read({"meta": fields.get("meta"), "model": fields.get("model")})
    if fields.get("status") in _OPEN:
        found = found._replace(usage=None, finished=False)
    return found._replace(id=string(fields, "job_id"), batch_id=string(fields, "job_id"))


def read_batch(body: Body) -> Reading:
    """Read a `Batch`, with or without the object that it comes in."""
    fields = view(get(body, "batch") or body)
    counts = Counts()
    numbers = {name: _number(fields.get(name)) for name in ("input_tokens", "output_tokens")}
    usage = counted(counts, counts(numbers, "input_tokens"), counts(numbers, "output_tokens"))
    if not (string(fields, "status") or "").endswith(_ENDS):
        return Reading(model=string(fields, "model"), id=string(fields, "id"), variant="batch")
    return Reading(
        model=string(fields, "model"),
        id=string(fields, "id"),
        batch_id=string(fields, "id"),
        usage=usage,
        variant="batch",
        finished=usage is not None,
        warnings=tuple(counts.warnings),
    )


def order_pages(_request: Any) -> Order:
    """The order of a document, whose pages cannot be seen in the request."""
    return Order(output_tokens=0, units={"page": _PAGES})


def _number(value: Any) -> Any:
    """The number that a text of digits writes."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) <= _DIGITS else None
    return value


EMBED = Dialect(
    name="cohere.embed",
    operation="embeddings",
    read=read,
    order=order_embed,
    asked=asked_embed,
    prompt=prompt_embed,
)

CLASSIFY = Dialect(
    name="cohere.classify", operation="classify", read=read, order=order_embed, prompt=prompt_embed
)

PARSE = Dialect(name="cohere.parse", operation="generate_content", read=read, order=order_pages)

TOKENIZE = Dialect(name="cohere.tokenize", operation="count_tokens", read=read_free, billed=False)

EMBED_JOB = Dialect(name="cohere.embed_job", operation="embeddings", read=read_job, quiet=True, once=True)

BATCH = Dialect(name="cohere.batch", operation="batch", read=read_batch, quiet=True, once=True)
