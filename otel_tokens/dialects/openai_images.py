"""OpenAI images: `POST …/images/generations`, `/edits`, `/variations`.

Counting: newer models state tokens, split into text and image; all output without a split is image. Older
ones state nothing and are billed by the image: the images of the answer are counted as units. xAI states
only its charge. A vector drawing that was made beside the image (`svg_usage`) has a model of its own. The
tool of the Responses API counts what was cached under names of its own.
Streaming: `image_generation.completed` or `image_edit.completed` carries the usage.

Source: `types/images_response.py`, `image_gen_completed_event.py` of openai 3.54.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..readings import OUTPUT, OUTPUT_IMAGE, OUTPUT_REASONING, Part, Reading, Usage
from . import openai_usage
from .dialect import Body, Dialect
from .fields import get, items, text, view
from .openai_audio import LastEvent
from .openai_chat import error_type
from .openai_cost import cost
from .openai_order import order_images
from .openai_request import number, strings


def read(body: Body) -> Reading:
    """Read an `ImagesResponse` or the completed event of a stream."""
    stated = get(body, "usage")
    usage, warnings = openai_usage.tokens(stated)
    inferred = False
    parts, odd = _drawing(body)
    images = sum(1 for _ in items(body, "data"))
    if usage is not None:
        usage = as_images(usage, stated)
    elif images:
        usage, inferred = Usage({}, {"image": images}), stated is None
    return Reading(
        model=text(body, "model"),
        id=text(body, "id"),
        usage=usage,
        inferred=inferred,
        parts=parts,
        cost_usd=cost(stated),
        error_type=error_type(body),
        finished=usage is not None,
        warnings=tuple(dict.fromkeys((*warnings, *odd))),
    )


def as_images(usage: Usage, stated: object) -> Usage:
    """Usage whose output is all image, unless the wire splits it."""
    if get(stated, "output_tokens_details") is not None or not usage.tokens.get(OUTPUT):
        return usage
    tokens = dict(usage.tokens)
    tokens[OUTPUT_IMAGE] = tokens.pop(OUTPUT) + tokens.pop(OUTPUT_REASONING, 0)
    return Usage(tokens, usage.units)


def drawn(stated: object) -> tuple[Usage | None, openai_usage.Warnings]:
    """What the image tool of a response has used."""
    fields = dict(view(stated))
    cached = view(fields.pop("cached_tokens_details", None))
    details = dict(view(fields.get("input_tokens_details")))
    details["cached_tokens_details"] = {
        "text_tokens": cached.get("cached_text_tokens"),
        "image_tokens": cached.get("cached_image_tokens"),
    }
    usage, warnings = openai_usage.tokens({**fields, "input_tokens_details": details})
    return None if usage is None else as_images(usage, stated), warnings


def _drawing(body: Body) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    stated = get(body, "svg_usage")
    usage, warnings = openai_usage.tokens(stated)
    return () if usage is None else (Part(model=text(stated, "model"), usage=usage),), warnings


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a request for images."""
    count = number(request, "n")
    return {} if count in (None, 1) else {"choice.count": count}


def prompt(request: Any) -> Iterator[str]:
    """The description of the image."""
    yield from strings(get(request, "prompt"))


DIALECT = Dialect(
    name="openai.images",
    operation="generate_content",
    output_type="image",
    read=read,
    events=lambda: LastEvent(("image_generation.completed", "image_edit.completed")),
    order=order_images,
    asked=asked,
    prompt=prompt,
)
