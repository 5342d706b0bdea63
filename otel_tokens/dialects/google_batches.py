"""Google's batches: requests that are answered later, in the batch itself or in a file of results.

Counting: each answer of a batch states its own usage, which is billed at batch rates; rows with an error are
not billed. A batch with inlined answers has them twice, in its metadata and in its response: they count once,
and once however often the batch is fetched. A batch whose answers are in a file states none itself: the file
does, a row a line.

Source: `BatchJob`, `InlinedResponse`, `InlinedEmbedContentResponse` of `types.py` of google-genai 3.6; the
page on the batch API of the Gemini API, November 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from ..readings import Part, Reading, Usage, add
from . import google_content, google_embeddings
from .dialect import Body, Dialect
from .google_names import at, each, error_type, string_at, tail
from .openai_batches import rows


_PLACES: Final = (("metadata", "output"), ("response",), ("dest",), ("output",))
_ROWS: Final = ("inlinedResponses", "inlinedEmbedContentResponses")
_ENDS: Final = ("SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED")


def read(body: Body) -> Reading:
    """Read a batch: its answers, once they are inlined."""
    model = string_at(body, "metadata", "model") or string_at(body, "model")
    reading = together(_inlined(body), model)
    state = string_at(body, "metadata", "state") or string_at(body, "state") or ""
    ended = at(body, "done") is True or state.upper().endswith(_ENDS) or reading.usage is not None
    return reading._replace(
        model=reading.model or model,
        batch_id=_batch_id(body) if ended else None,
        finished=ended,
        error_type=error_type(at(body, "error")),
    )


def _batch_id(body: Body) -> str | None:
    """The file with the answers, or the batch itself, as their paths name them."""
    for place in _PLACES:
        for name in ("responsesFile", "fileName"):
            if (file := string_at(body, *place, name)) is not None:
                return tail(file)
    return tail(string_at(body, "name"))


def _inlined(body: Body) -> Iterator[Any]:
    for place in _PLACES:
        for name in _ROWS:
            found = at(body, *place, name)
            entries = list(each({"rows": found}, "rows")) or list(each(found, _ROWS[0]))
            if entries:
                yield from (at(entry, "response") for entry in entries)
                return


def read_output(content: Body) -> Reading:
    """Read the file of results of a batch."""
    lines = rows(content) if isinstance(content, str) else [content]
    return together(at(line, "response") for line in lines)


def together(answers: Iterable[Any], model: str | None = None) -> Reading:
    """All answers of a batch, by the model that gave them."""
    by_model: dict[str | None, Usage] = {}
    warnings: list[str] = []
    for answer in answers:
        reading = _read_one(answer)
        warnings += reading.warnings
        if reading.usage is not None:
            name = reading.model or model
            before = by_model.get(name)
            by_model[name] = reading.usage if before is None else add(before, reading.usage)
    if not by_model:
        return Reading(variant="batch", warnings=tuple(dict.fromkeys(warnings)))
    (first, usage), *others = by_model.items()
    return Reading(
        model=first,
        usage=usage,
        parts=tuple([Part(model=other, usage=more) for other, more in others]),
        variant="batch",
        finished=True,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _read_one(answer: Any) -> Reading:
    if at(answer, "embedding") is not None or at(answer, "tokenCount") is not None:
        return google_embeddings.read(answer)
    return google_content.read(answer)


BATCH = Dialect(name="google.batch", operation="batch", read=read, billed=False, once=True)

BATCH_OUTPUT = Dialect(name="google.batch_output", operation="batch", read=read_output, quiet=True, once=True)
