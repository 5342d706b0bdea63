"""OpenAI's embeddings, images, audio, batches, runs and what is free."""

from __future__ import annotations

import json

from decimal import Decimal
from typing import Any

import pytest

from openai.types import Batch, CreateEmbeddingResponse, ImagesResponse
from openai.types.beta.threads import Run

from otel_tokens.dialects import (
    openai_audio,
    openai_batches,
    openai_embeddings,
    openai_free,
    openai_images,
    openai_responses,
    openai_videos,
)
from otel_tokens.dialects.dialect import FINAL, Dialect
from otel_tokens.readings import Part, Reading, Usage, add

from .examples import ANSWERS, CHAT, RESPONSE, RUN, STREAMS


ZEROS = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def fold(dialect: Dialect, events: list[Any]) -> Any:
    """What the events add up to."""
    assert dialect.events is not None
    folding = dialect.events()
    for event in events:
        folding.see(event)
    return folding.body()


# Embeddings.


@pytest.mark.parametrize(
    ("usage", "buckets", "warnings"),
    [
        ({"prompt_tokens": 8, "total_tokens": 8}, {"input": 8}, ()),
        ({"total_tokens": 8}, {"input": 8}, ()),
        ({"prompt_tokens": 0, "total_tokens": 0}, {}, ()),
        ({"prompt_tokens": -8}, None, ("usage_inconsistent",)),
        ({}, None, ()),
        (None, None, ()),
    ],
)
def test_embeddings_are_input(usage: Any, buckets: dict[str, int] | None, warnings: Any) -> None:
    """All tokens of embeddings are input."""
    reading = openai_embeddings.read({"model": "e", "usage": usage})

    assert reading.usage == (None if buckets is None else Usage(buckets))
    assert (reading.model, reading.warnings) == ("e", warnings)


def test_embeddings_of_the_openai_package() -> None:
    """The model of the client library is read like its JSON."""
    body = ANSWERS["openai.embeddings"]
    assert openai_embeddings.read(CreateEmbeddingResponse.construct(**body)) == openai_embeddings.read(body)


# Images.


def test_tokens_of_images() -> None:
    """Output without a split is all image, and a drawing beside it has a model of its own."""
    reading = openai_images.read(ANSWERS["openai.images"])

    assert reading.usage == Usage({"input": 4, "input_image": 5, "output_image": 20})
    assert reading.parts == (Part(model="s", usage=Usage({"input": 1, "output": 2})),)


def test_output_of_images_with_a_split() -> None:
    """Output that is split keeps its text."""
    usage = {
        "input_tokens": 1,
        "output_tokens": 9,
        "output_tokens_details": {"text_tokens": 2, "image_tokens": 7},
    }
    assert openai_images.read({"usage": usage}).usage == Usage({"input": 1, "output": 2, "output_image": 7})


def test_images_without_tokens_are_counted() -> None:
    """Models that state no tokens are billed by the image."""
    assert openai_images.read({"data": [{}, {}]}).usage == Usage({}, {"image": 2})
    assert openai_images.read({"data": []}).usage is None


def test_images_in_a_stream() -> None:
    """The event of a whole image carries its usage; partial ones say nothing."""
    body = fold(openai_images.DIALECT, STREAMS["openai.images"])
    assert openai_images.read(body).usage == Usage({"input": 1, "output_image": 2})


def test_images_of_the_openai_package() -> None:
    """The model of the client library is read like its JSON."""
    body = ANSWERS["openai.images"]
    assert openai_images.read(ImagesResponse.construct(**body)) == openai_images.read(body)


# Audio.


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        pytest.param(
            {
                "usage": {
                    "type": "tokens",
                    "input_tokens": 14,
                    "input_token_details": {"audio_tokens": 10, "text_tokens": 4},
                    "output_tokens": 5,
                    "total_tokens": 19,
                }
            },
            Usage({"input": 4, "input_audio": 10, "output": 5}),
            id="tokens",
        ),
        pytest.param(
            {"usage": {"type": "duration", "seconds": 90}, "duration": 88.5},
            Usage({}, {"audio_second": Decimal(90)}),
            id="billed seconds, not the length of the audio",
        ),
        pytest.param({"duration": "8.5"}, Usage({}, {"audio_second": Decimal("8.5")}), id="the length alone"),
        pytest.param({"duration": 0, "text": "Hi"}, None, id="no length"),
        pytest.param({"text": "Hi"}, None, id="text alone"),
        pytest.param("Hi", None, id="plain text"),
    ],
)
def test_transcriptions(body: Any, usage: Usage | None) -> None:
    """A transcription is billed by its tokens, else by the seconds that are stated."""
    assert openai_audio.read(body).usage == usage


def test_a_transcription_in_a_stream() -> None:
    """The last event has the usage; without it the text so far is known."""
    dialect = openai_audio.TRANSCRIPTION
    delta, done = STREAMS["openai.transcription"]
    assert dialect.read(fold(dialect, [delta, done])).usage == Usage({"input": 1, "output": 2})

    cut = fold(dialect, [delta, {"type": "other", "delta": "?"}, delta])
    assert (dialect.read(cut).usage, list(dialect.answer(cut))) == (None, ["HH"])


def test_speech_in_a_stream() -> None:
    """Speech as events states its tokens at the end, and the audio is no text."""
    dialect = openai_audio.SPEECH
    body = fold(dialect, STREAMS["openai.speech"])

    assert dialect.read(body).usage == Usage({"input": 1, "output": 2})


# Batches and runs.


def test_a_batch_that_has_ended() -> None:
    """The totals of a batch count under the id of its result file, at the rates of batches."""
    reading = openai_batches.read_batch(ANSWERS["openai.batch"])

    assert (reading.model, reading.variant, reading.batch_id) == ("gpt-a", "batch", "file_1")
    assert reading.usage == Usage({"input": 60, "cache_read": 40, "output": 18, "output_reasoning": 12})


@pytest.mark.parametrize(
    "status", ["validating", "in_progress", "finalizing", "cancelling", "failed", None, []]
)
def test_a_batch_that_has_not_ended(status: Any) -> None:
    """A poll before the end counts nothing, so that the totals count once."""
    reading = openai_batches.read_batch({**ANSWERS["openai.batch"], "status": status})

    assert (reading.usage, reading.batch_id) == (None, None)


def test_a_batch_without_a_file_counts_under_its_id() -> None:
    """A batch that was cancelled may have no result file."""
    body = {"id": "batch_1", "status": "cancelled", "usage": {"input_tokens": 1}}
    assert openai_batches.read_batch(body).batch_id == "batch_1"


def test_a_batch_of_the_openai_package() -> None:
    """The model of the client library is read like its JSON."""
    body = ANSWERS["openai.batch"]
    assert openai_batches.read_batch(Batch.construct(**body)) == openai_batches.read_batch(body)


def line(model: str, prompt: int, completion: int, **more: Any) -> str:
    """One line of a result file."""
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, **more}
    return json.dumps({"response": {"body": {"model": model, "usage": usage}}}, ensure_ascii=False)


def test_a_result_file_is_read() -> None:
    """All lines of a file count, by the model that answered; lines without usage or sense do not."""
    content = "\n".join(
        [
            line("a", 1, 2),
            line("b", 10, 20, total_tokens=7),
            line("a", 3, 4),
            json.dumps({"error": {"code": "e"}, "response": None}),
            "no json",
            "",
        ]
    )
    reading = openai_batches.read_output(content)

    assert (reading.model, reading.usage) == ("a", Usage({"input": 4, "output": 6}))
    assert reading.parts == (Part(model="b", usage=Usage({"input": 10, "output": 20})),)
    assert (reading.variant, reading.warnings) == ("batch", ("usage_inconsistent",))


def test_a_result_file_of_responses_has_their_searches() -> None:
    """A line that is a response is read as one: its searches and images are billed too."""
    body = {**RESPONSE, "object": "response"}
    content = json.dumps({"response": {"body": body}})
    reading = openai_batches.read_output(content + "\n" + content)
    usage = openai_responses.read(body).usage

    assert usage is not None
    assert reading.usage == add(usage, usage)
    assert [part.model for part in reading.parts] == ["gpt-image-a"]


def test_a_result_file_of_embeddings() -> None:
    """A line of embeddings is input alone."""
    body = {"model": "e", "data": [{}], "usage": {"prompt_tokens": 8, "total_tokens": 8}}
    reading = openai_batches.read_output(json.dumps({"response": {"body": body}}))
    assert (reading.model, reading.usage) == ("e", Usage({"input": 8}))


def test_a_result_file_that_contradicts_itself() -> None:
    """A line whose zeros stand beside a text counts nothing, and that is noted."""
    reading = openai_batches.read_output(json.dumps({"response": {"body": {**CHAT, "usage": ZEROS}}}))
    assert (reading.usage, reading.warnings) == (None, ("usage_inconsistent",))


@pytest.mark.parametrize("space", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"])
def test_a_line_may_hold_what_looks_like_a_line_end(space: str) -> None:
    """JSON has characters inside strings that end a line elsewhere; they end none here."""
    raw = json.dumps({"note": "#", "response": {"body": {"model": "a", "usage": {"prompt_tokens": 5}}}})
    content = raw.replace("#", space) if space in "\u2028\u2029\x85" else raw.replace("#", "-") + space
    assert openai_batches.read_output(content + "\n" + line("a", 1, 1)).usage is not None
    if space in "\u2028\u2029\x85":
        assert openai_batches.read_output(content).usage == Usage({"input": 5})


@pytest.mark.parametrize("content", ["", "{}", "[" * 100_000, None, 5, {"a": 1}, b"{}"])
def test_what_is_no_result_file(content: Any) -> None:
    """A file without usage counts nothing."""
    assert openai_batches.read_output(content) == Reading(variant="batch")


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "expired", "incomplete"])
def test_a_run_that_has_ended(status: str) -> None:
    """A run counts once it has ended, under its id."""
    reading = openai_batches.read_run({**RUN, "status": status})

    assert (reading.model, reading.id, reading.batch_id) == ("gpt-a", "run_1", "run_1")
    assert (reading.usage, reading.error_type) == (Usage({"input": 3, "output": 2}), "c")


@pytest.mark.parametrize("status", ["queued", "in_progress", "requires_action", "cancelling", None, []])
def test_a_run_that_has_not_ended(status: Any) -> None:
    """A poll of a run that goes on counts nothing."""
    assert openai_batches.read_run({**RUN, "status": status}).usage is None


def test_a_run_in_a_stream() -> None:
    """The last event of a run has it whole; its steps and messages have their own counts."""
    folding = openai_batches.RunEvents()
    progress = [folding.see(event) == FINAL for event in STREAMS["openai.run"]]

    assert progress == [False, False, False, True]
    assert openai_batches.read_run(folding.body()) == openai_batches.read_run(RUN)


def test_a_run_of_the_openai_package() -> None:
    """The model of the client library is read like its JSON."""
    assert openai_batches.read_run(Run.construct(**RUN)) == openai_batches.read_run(RUN)


# Videos.


@pytest.mark.parametrize(
    ("body", "usd"),
    [
        ({"id": "v", "status": "queued", "seconds": "4"}, None),
        ({"request_id": "v"}, None),
        ({"status": "pending", "progress": 18}, None),
        ({"id": "v", "status": "done", "usage": {"cost_in_usd_ticks": 500_000_000}}, "0.05"),
        ({"id": "v", "status": "completed", "usage": {"cost": 0.25, "is_byok": False}}, "0.25"),
    ],
)
def test_a_video_costs_what_the_poll_says(body: Any, usd: str | None) -> None:
    """Only a poll of what is done states a charge, and nothing else about a video is billed here."""
    reading = openai_videos.read(body)

    assert reading.cost_usd == (None if usd is None else Decimal(usd))
    assert reading.usage is None
    assert reading.finished == (usd is not None)


def test_a_video_is_known_and_may_fail() -> None:
    """A job says who makes it, under which id, and why it failed."""
    error = {"code": "moderation_blocked", "message": "m"}
    reading = openai_videos.POLL.read({"id": "v", "model": "sora-2", "status": "failed", "error": error})

    assert (reading.model, reading.id, reading.error_type) == ("sora-2", "v", "moderation_blocked")
    assert openai_videos.read({"request_id": "r"}).id == "r"
    assert list(openai_videos.DIALECT.prompt({"prompt": "a wave"})) == ["a wave"]


def test_a_poll_counts_once_and_leaves_no_trace_before() -> None:
    """A video may be polled as often as one likes."""
    assert (openai_videos.POLL.once, openai_videos.POLL.quiet) == (True, True)


# What is free.


def test_a_report_of_what_was_used_is_no_use() -> None:
    """Tokens and costs that an organisation is told of were counted when they were used."""
    assert openai_free.REPORT.read(ANSWERS["openai.report"]) == Reading()
    assert (openai_free.REPORT.billed, openai_free.REPORT.quiet) == (False, True)


@pytest.mark.parametrize("dialect", [openai_free.MODERATION, openai_free.COUNT_TOKENS])
def test_what_is_free_states_no_usage(dialect: Dialect) -> None:
    """The tokens that a count answers were not run, and moderation is free."""
    reading = dialect.read({"id": "i", "model": "m", "input_tokens": 5, "usage": {"prompt_tokens": 5}})

    assert reading == Reading(id="i", model="m")
    assert not dialect.billed


def test_what_is_free_may_fail() -> None:
    """An error that came as a body is known."""
    assert openai_free.MODERATION.read({"error": {"code": "c"}}).error_type == "c"


# Everything together.


def test_chats_and_their_file_cost_the_same() -> None:
    """A line of a result file has the same usage as the answer in it."""
    content = json.dumps({"response": {"body": CHAT}})
    whole = openai_batches.read_output(content).usage

    assert whole is not None
    assert sum(whole.tokens.values()) == 130
