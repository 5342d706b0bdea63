"""Google's embeddings and predictions: `embedContent`, `batchEmbedContents`, and Vertex AI's `predict`.

Counting: newer models state `usageMetadata`; Vertex AI states the tokens of each text, and the characters,
which count where there are no tokens. The Gemini API states nothing for its older models. `predict` also
serves models that embed images and draw them: these are billed by the image, which is counted on the answer;
the seconds of a video that was embedded are not counted. A video is made by a long-running call, which states
nothing of what it costs.

Source: `EmbedContentResponse`, `SingleEmbedContentResponse` of `types.py` of google-genai 3.6; the reference
of text and multimodal embeddings and of Imagen of Vertex AI, November 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..readings import INPUT, INPUT_BUCKETS, Number, Reading, Usage
from .dialect import Body, Dialect
from .fields import Counts, nonzero, view
from .google_names import at, each, error_type, string_at
from .google_order import order_embeddings, order_images
from .google_request import setting, texts
from .google_usage import tokens


def read(body: Body) -> Reading:
    """Read an answer with embeddings, or predictions of any kind."""
    counts = Counts()
    found = _input(counts, tokens(counts, at(body, "usageMetadata")))
    if found is None:
        found = _counted(counts, body)
    units = _units(counts, body, is_counted=found is not None)
    stated = found is not None or "character" in units
    usage = Usage(found or {}, units) if stated or units else None
    return Reading(
        model=string_at(body, "model"),
        usage=usage,
        inferred=not stated and usage is not None,
        finished=usage is not None,
        error_type=error_type(at(body, "error")),
        warnings=tuple(counts.warnings),
    )


def _input(counts: Counts, found: dict[str, int] | None) -> dict[str, int] | None:
    """The input alone: embeddings have no output, whatever a total leaves for it."""
    if found is None:
        return None
    if not found.keys() <= INPUT_BUCKETS:
        counts.warn()
    return {name: count for name, count in found.items() if name in INPUT_BUCKETS}


def _counted(counts: Counts, body: Body) -> dict[str, int] | None:
    """The tokens of all texts together, where they are stated text by text."""
    numbers = [_of_one(counts, entry) for entry in _entries(body)]
    known = [number for number in numbers if number is not None]
    return nonzero([(INPUT, sum(known))]) if known else None


def _entries(body: Body) -> Iterator[Any]:
    for prediction in each(body, "predictions"):
        yield at(prediction, "embeddings")
    yield from each(body, "embeddings")
    yield at(body, "embedding")
    yield body


def _of_one(counts: Counts, entry: Any) -> int | None:
    fields = view(entry)
    found = counts.first(view(fields.get("statistics")), "token_count", "tokenCount")
    return counts.first(fields, "tokenCount", "token_count") if found is None else found


def _units(counts: Counts, body: Body, *, is_counted: bool) -> dict[str, Number]:
    """Images, and characters where no tokens are stated: an answer is billed by one or by the other."""
    metadata = {} if is_counted else view(at(body, "metadata"))
    characters = counts.first(metadata, "billableCharacterCount", "billable_character_count")
    images = sum([_images(prediction) for prediction in each(body, "predictions")])
    images += sum([at(image, "image") is not None for image in each(body, "generatedImages")])
    units = {"character": characters or 0, "image": images}
    return {unit: count for unit, count in units.items() if count}


def _images(prediction: Any) -> int:
    """1 for a prediction that draws or embeds an image, 0 for any other, or one that was filtered."""
    if at(prediction, "imageEmbedding") is not None:
        return 1
    is_image = (string_at(prediction, "mimeType") or "").startswith("image/")
    is_there = at(prediction, "bytesBase64Encoded") is not None or at(prediction, "gcsUri") is not None
    return int(is_image and is_there)


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a request for embeddings."""
    first = next(each(request, "requests"), request)
    dimensions = setting(first, "outputDimensionality") or at(request, "parameters", "outputDimensionality")
    return {"dimension.count": dimensions} if type(dimensions) is int else {}


def asked_images(request: Any) -> dict[str, Any]:
    """The attributes of a request for images."""
    count = at(request, "parameters", "sampleCount")
    return {"choice.count": count} if type(count) is int and count != 1 else {}


def prompt(request: Any) -> Iterator[str]:
    """The texts to embed, or what to draw."""
    for single in (request, *each(request, "requests")):
        for name in ("content", "contents", "prompt"):
            yield from texts(at(single, name))
    for instance in each(request, "instances"):
        for name in ("content", "text", "prompt"):
            if (piece := string_at(instance, name)) is not None:
                yield piece


def read_operation(body: Body) -> Reading:
    """Read a long-running operation: its name, and whether it failed."""
    return Reading(id=string_at(body, "name"), error_type=error_type(at(body, "error")))


DIALECT = Dialect(
    name="google.embed",
    operation="embeddings",
    read=read,
    order=order_embeddings,
    asked=asked,
    prompt=prompt,
)

IMAGES = Dialect(
    name="google.images",
    operation="generate_content",
    output_type="image",
    read=read,
    order=order_images,
    asked=asked_images,
    prompt=prompt,
)

VIDEOS = Dialect(
    name="google.videos",
    operation="generate_content",
    output_type="video",
    read=read_operation,
    asked=asked_images,
    prompt=prompt,
)
