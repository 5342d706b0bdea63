"""Google's embeddings, predictions, batches, and the calls that are free."""

from __future__ import annotations

import json

from typing import Any

import pytest

from otel_tokens.dialects import google_batches, google_embeddings, google_free
from otel_tokens.dialects.order import NOTHING, Order
from otel_tokens.readings import Part, Reading, Usage

from .examples_google import ANSWERS, CONTENT, REQUESTS


EMBEDDED: dict[str, tuple[Any, Usage | None]] = {
    "nothing": ({"embeddings": [{"values": [0.1]}]}, None),
    "no object": ([], None),
    "usage": (
        {
            "usageMetadata": {
                "promptTokenCount": 261,
                "promptTokenDetails": [{"modality": "IMAGE", "tokenCount": 258}],
            }
        },
        Usage({"input": 3, "input_image": 258}),
    ),
    "usage with a total that says more": (
        {"usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 7}},
        Usage({"input": 5}),
    ),
    "statistics of each text": (
        {
            "predictions": [
                {"embeddings": {"statistics": {"token_count": 3}}},
                {"embeddings": {"statistics": {"token_count": 4}}},
            ],
            "metadata": {"billableCharacterCount": 30},
        },
        Usage({"input": 7}),
    ),
    "statistics in a model": (
        {"embeddings": [{"statistics": {"token_count": 3.0}}], "metadata": {"billable_character_count": 3}},
        Usage({"input": 3}),
    ),
    "one text": ({"embedding": {"values": [0.1]}, "tokenCount": 4}, Usage({"input": 4})),
    "an empty text": ({"embeddings": [{"statistics": {"tokenCount": 0}}]}, Usage({})),
    "characters alone": (
        {"predictions": [{"embeddings": {"values": [0.1]}}], "metadata": {"billableCharacterCount": 30}},
        Usage({}, {"character": 30}),
    ),
}


@pytest.mark.parametrize(("body", "wanted"), EMBEDDED.values(), ids=EMBEDDED)
def test_embeddings(body: Any, wanted: Usage | None) -> None:
    """Embeddings are input alone, wherever it is stated."""
    reading = google_embeddings.read(body)
    assert reading.usage == wanted
    assert not reading.inferred
    assert reading.finished is (wanted is not None)


def test_images_are_counted_on_the_answer() -> None:
    """Images that were drawn or embedded are billed each; those that were filtered are not there."""
    reading = google_embeddings.read(ANSWERS["google.images"])
    assert reading.usage == Usage({}, {"image": 2})
    assert reading.inferred

    embedded = {"predictions": [{"imageEmbedding": [0.1]}, {"textEmbedding": [0.1]}]}
    assert google_embeddings.read(embedded).usage == Usage({}, {"image": 1})
    drawn = {"generatedImages": [{"image": {}}, {"raiFilteredReason": "r"}]}
    assert google_embeddings.read(drawn).usage == Usage({}, {"image": 1})
    assert google_embeddings.read({"predictions": [{"mimeType": "video/mp4", "gcsUri": "u"}]}).usage is None
    assert google_embeddings.read({"error": {"code": 400}}).error_type == "400"


def test_a_video_states_nothing() -> None:
    """A long-running call has a name, and nothing of what it costs."""
    reading = google_embeddings.read_operation(ANSWERS["google.videos"])
    assert reading == Reading(id="operations/v", error_type="3")
    assert google_embeddings.VIDEOS.billed


def test_requests_for_embeddings() -> None:
    """A request for embeddings has dimensions and texts, and no output that is billed."""
    request = REQUESTS["google"]
    assert google_embeddings.asked(request) == {"dimension.count": 768}
    assert google_embeddings.asked({"parameters": {"outputDimensionality": 256}}) == {"dimension.count": 256}
    assert google_embeddings.asked({"outputDimensionality": "x"}) == {}
    assert list(google_embeddings.prompt({"content": {"parts": [{"text": "a"}]}})) == ["a"]
    assert list(google_embeddings.prompt({"requests": [{"content": {"parts": [{"text": "a"}]}}]})) == ["a"]
    assert list(google_embeddings.prompt({"instances": [{"content": "a"}, {"prompt": "b"}]})) == ["a", "b"]
    assert google_embeddings.DIALECT.order(request) == NOTHING


def test_requests_for_images() -> None:
    """A request for images states how many; four where it does not."""
    request = {"instances": [{"prompt": "a"}], "parameters": {"sampleCount": 2}}
    assert google_embeddings.asked_images(request) == {"choice.count": 2}
    assert google_embeddings.asked_images({"parameters": {"sampleCount": 1}}) == {}
    assert google_embeddings.IMAGES.order(request) == Order(0, units={"image": 2}, draws=True)
    assert google_embeddings.IMAGES.order({}).units == {"image": 4}
    assert google_embeddings.IMAGES.order({"config": {"number_of_images": 3}}).units == {"image": 3}


def test_calls_that_are_free() -> None:
    """Counting tokens and keeping a content state tokens that are not billed."""
    assert google_free.read(ANSWERS["google.count_tokens"]) == Reading()
    reading = google_free.read(ANSWERS["google.cached_contents"])
    assert reading == Reading(model="models/gemini-2.5-flash", id="cachedContents/a", error_type="400")
    assert not google_free.COUNT_TOKENS.billed
    assert not google_free.CACHED_CONTENTS.billed


def row(model: str | None, put: int, got: int) -> dict[str, Any]:
    """One answer of a batch."""
    usage = {"promptTokenCount": put, "candidatesTokenCount": got, "totalTokenCount": put + got}
    return {"response": {"modelVersion": model, "usageMetadata": usage}}


ROWS = [row("a", 1, 2), {"error": {"code": 3}}, row("b", 10, 20), row(None, 3, 4), row("a", 100, 200), None]
SUMMED = Reading(
    model="a",
    usage=Usage({"input": 101, "output": 202}),
    parts=(Part("b", Usage({"input": 10, "output": 20})), Part("m", Usage({"input": 3, "output": 4}))),
    variant="batch",
    finished=True,
)


def test_a_batch_with_its_answers() -> None:
    """The answers of a batch count by model, and once though they are in it twice."""
    inlined = {"inlinedResponses": {"inlinedResponses": ROWS}}
    batch = {
        "name": "batches/b",
        "metadata": {"model": "m", "state": "BATCH_STATE_SUCCEEDED", "output": inlined},
        "response": inlined,
        "done": True,
    }
    assert google_batches.read(batch) == SUMMED._replace(batch_id="b")
    del batch["metadata"]["output"]  # type: ignore[attr-defined]
    assert google_batches.read(batch) == SUMMED._replace(batch_id="b")
    assert google_batches.BATCH.once
    assert not google_batches.BATCH.billed


def test_a_batch_as_the_client_library_has_it() -> None:
    """The library has the answers of a batch in its destination."""
    batch = {"name": "b", "model": "m", "state": "JOB_STATE_SUCCEEDED", "dest": {"inlined_responses": ROWS}}
    assert google_batches.read(batch) == SUMMED._replace(batch_id="b")


@pytest.mark.parametrize(
    ("batch", "wanted"),
    [
        ({"name": "batches/b", "metadata": {"state": "BATCH_STATE_RUNNING"}}, (False, None)),
        ({"name": "batches/b", "done": True, "error": {"code": 3}}, (True, "b")),
        ({"name": "batches/b", "metadata": {"state": "BATCH_STATE_CANCELLED"}}, (True, "b")),
        ({"name": "batches/b", "done": True, "response": {"responsesFile": "files/f"}}, (True, "f")),
        ({"name": "b", "state": "JOB_STATE_SUCCEEDED", "dest": {"file_name": "files/f"}}, (True, "f")),
        ({}, (False, None)),
        (None, (False, None)),
    ],
)
def test_a_batch_without_answers(batch: Any, wanted: tuple[bool, str | None]) -> None:
    """A batch that runs, failed, or has its answers in a file, states no usage."""
    reading = google_batches.read(batch)
    assert (reading.finished, reading.batch_id) == wanted
    assert (reading.usage, reading.variant) == (None, "batch")


def test_a_file_of_results() -> None:
    """The lines of a file are answers, each with its usage."""
    content = "\n".join([*[json.dumps(line) for line in ROWS], "oops", ""])
    reading = google_batches.read_output(content)
    others = tuple([part._replace(model=None if part.model == "m" else part.model) for part in SUMMED.parts])
    assert reading == SUMMED._replace(parts=others)
    assert google_batches.read_output("") == Reading(variant="batch")
    assert google_batches.read_output(ROWS[0]).usage == Usage({"input": 1, "output": 2})


def test_a_batch_of_embeddings() -> None:
    """Embeddings of a batch state their tokens in a way of their own."""
    rows = [
        {"response": {"embedding": {"values": [0.1]}, "tokenCount": 4}},
        {"response": {"tokenCount": "x"}},
    ]
    nested = {"inlinedResponses": rows}
    for batch in (
        {"dest": {"inlinedEmbedContentResponses": rows}, "model": "e"},
        {"metadata": {"model": "e", "output": {"inlinedEmbedContentResponses": nested}}},
    ):
        reading = google_batches.read(batch)
        assert (reading.model, reading.usage) == ("e", Usage({"input": 4}))
        assert reading.warnings == ("usage_inconsistent",)


def test_what_a_batch_searched_for() -> None:
    """Searches of a batch are billed beside its tokens."""
    reading = google_batches.together([{**CONTENT, "error": None}] * 2)
    assert reading.usage is not None
    assert reading.usage.units == {"web_search": 6}
