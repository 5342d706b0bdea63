"""Embeddings of Voyage and Jina that are more than a list of texts: of images, of chunks, of classes.

Counting: `total_tokens` is all, and all of it is input. With images, `text_tokens` is the text's part; the
rest is what `image_pixels` and `video_pixels` come to, by their shares. Jina's classifier states the same.

Source: `object/multimodal_embeddings.py`, `object/contextualized_embeddings.py` of voyageai 0.5.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..readings import INPUT, INPUT_IMAGE, INPUT_VIDEO, Reading, Usage
from .dialect import Body, Dialect
from .fields import Counts, get, items, nonzero, string, view
from .native_request import order_nothing
from .openai_chat import error_type
from .openai_request import asked_embeddings, strings


def read(body: Body) -> Reading:
    """Read embeddings."""
    fields = view(body)
    counts = Counts()
    usage = _usage(counts, view(fields.get("usage")))
    return Reading(
        model=string(fields, "model"),
        id=string(fields, "id"),
        usage=usage,
        finished=usage is not None,
        error_type=error_type(fields),
        warnings=tuple(counts.warnings),
    )


def _usage(counts: Counts, stated: dict[str, Any]) -> Usage | None:
    total, words = counts(stated, "total_tokens"), counts(stated, "text_tokens")
    if total is None:
        return None if words is None else Usage(nonzero([(INPUT, words)]))
    still, moving = counts(stated, "image_pixels") or 0, counts(stated, "video_pixels") or 0
    if not still and not moving:
        return Usage(nonzero([(INPUT, total)]))
    seen = total - counts.within(stated, "text_tokens", total)
    video = seen * moving // (still + moving)
    return Usage(nonzero([(INPUT, total - seen), (INPUT_IMAGE, seen - video), (INPUT_VIDEO, video)]))


def prompt(request: Any) -> Iterator[str]:
    """The texts to embed: of chunks, of inputs that mix text and images, or plain ones."""
    yield from strings(get(request, "input"))
    for one in items(request, "inputs"):
        yield from strings(one)
        yield from strings(get(one, "content"))


DIALECT = Dialect(
    name="voyage.embeddings",
    operation="embeddings",
    read=read,
    order=order_nothing,
    asked=asked_embeddings,
    prompt=prompt,
)
