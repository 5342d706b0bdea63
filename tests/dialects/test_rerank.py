"""Rankings of everybody, and embeddings that are more than a list of texts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from otel_tokens.dialects import rerank, voyage
from otel_tokens.readings import Usage

from .examples_servers import ANSWERS, REQUESTS


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        ({"meta": {"billed_units": {"search_units": 2}}}, Usage({}, {"search_unit": 2})),
        ({"usage": {"total_tokens": 43}}, Usage({"input": 43})),
        ({"usage": {"prompt_tokens": 9, "completion_tokens": 0, "total_tokens": 9}}, Usage({"input": 9})),
        ({"input_token_count": 17}, Usage({"input": 17})),
        ({"meta": {"billed_units": {}}, "usage": {"total_tokens": 43}}, Usage({"input": 43})),
        ({"results": []}, None),
    ],
)
def test_a_ranking_is_read(body: Any, usage: Usage | None) -> None:
    """Search units or tokens, as the vendor states them; what states neither is not guessed."""
    reading = rerank.read(body)
    assert (reading.usage, reading.finished, reading.warnings) == (usage, usage is not None, ())


def test_what_a_ranking_says_beside() -> None:
    """Who made it, what it cost, and what went wrong."""
    reading = rerank.read({**ANSWERS["rerank"], "meta": None})

    assert (reading.id, reading.model, reading.cost_usd) == ("r-1", "rerank", Decimal("3.4E-7"))
    assert rerank.read({"model_id": "m", "error": {"code": "e"}})[:1] == ("m",)
    assert rerank.read({"error": {"code": "e"}}).error_type == "e"
    assert rerank.read({"usage": {"total_tokens": -1}}).warnings == ("usage_inconsistent",)


@pytest.mark.parametrize(
    ("stated", "usage", "warnings"),
    [
        ({"total_tokens": 12}, Usage({"input": 12}), ()),
        ({"total_tokens": 0}, Usage(), ()),
        ({"text_tokens": 4}, Usage({"input": 4}), ()),
        ({}, None, ()),
        (
            {"text_tokens": 10, "image_pixels": 300, "video_pixels": 100, "total_tokens": 50},
            Usage({"input": 10, "input_image": 30, "input_video": 10}),
            (),
        ),
        (
            {"text_tokens": 10, "image_pixels": 300, "total_tokens": 50},
            Usage({"input": 10, "input_image": 40}),
            (),
        ),
        (
            {"text_tokens": 60, "video_pixels": 300, "total_tokens": 50},
            Usage({"input": 50}),
            ("usage_inconsistent",),
        ),
    ],
)
def test_embeddings_are_read(stated: Any, usage: Usage | None, warnings: tuple[str, ...]) -> None:
    """All is input; what is not text is image and video, by their pixels."""
    reading = voyage.read({"model": "v", "usage": stated})
    assert (reading.usage, reading.warnings, reading.model) == (usage, warnings, "v")


def test_the_texts_of_requests() -> None:
    """The query and the documents, and the inputs of any shape."""
    assert list(rerank.DIALECT.prompt(REQUESTS["rerank"])) == ["Q", "One", "text", "Two"]
    assert list(voyage.prompt(REQUESTS["voyage"])) == ["One", "Two", "Three"]
