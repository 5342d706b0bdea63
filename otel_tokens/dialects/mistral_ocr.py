"""Mistral's reading of documents: `POST …/ocr`.

Counting: `usage_info.pages_processed` is billed, page by page, and no tokens are. Pages that are annotated
too have a dearer price, and no unit here: they leave the warning `annotation_unpriced`.

Source: `models/ocrusageinfo.py`, `models/ocrresponse.py` of mistralai 3.7.0;
`base_llm/ocr/transformation.py` of LiteLLM 1.109.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..readings import Reading, Usage
from .dialect import Body, Dialect
from .fields import Counts, items, string, text, view
from .openai_chat import error_type
from .order import Order


ANNOTATION_UNPRICED: Final = "annotation_unpriced"
_PAGES: Final = 1000
"""Of the largest document that is taken."""


def read(body: Body) -> Reading:
    """Read an `OCRResponse`."""
    fields = view(body)
    counts = Counts()
    stated = view(fields.get("usage_info"))
    pages = counts(stated, "pages_processed")
    if counts(stated, "pages_processed_annotation"):
        counts.warn(ANNOTATION_UNPRICED)
    return Reading(
        model=string(fields, "model"),
        usage=None if pages is None else Usage({}, {"page": pages} if pages else {}),
        finished=pages is not None,
        error_type=error_type(fields),
        warnings=tuple(counts.warnings),
    )


def order(request: Any) -> Order:
    """The order of a document: the pages that are asked for, or as many as any document has."""
    asked = [page for page in items(request, "pages") if type(page) is int]
    return Order(output_tokens=0, units={"page": len(asked) or _PAGES})


def answer(body: Body) -> Iterator[str]:
    """The texts of the pages."""
    for page in items(body, "pages"):
        if (piece := text(page, "markdown")) is not None:
            yield piece


DIALECT = Dialect(
    name="mistral.ocr",
    operation="generate_content",
    output_type="text",
    read=read,
    order=order,
    answer=answer,
)
