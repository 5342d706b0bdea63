"""Mistral's calls in formats of their own: documents, conversations, transcription."""

from __future__ import annotations

from typing import Any

import pytest

from otel_tokens.dialects import mistral_audio, mistral_conversations, mistral_ocr
from otel_tokens.dialects.dialect import FINAL, GOES_ON
from otel_tokens.readings import Usage

from .examples_native import ANSWERS, REQUESTS, STREAMS


@pytest.mark.parametrize(
    ("stated", "usage", "warnings"),
    [
        ({"pages_processed": 3, "doc_size_bytes": 9}, Usage({}, {"page": 3}), ()),
        ({"pages_processed": 0}, Usage(), ()),
        ({}, None, ()),
        (
            {"pages_processed": 3, "pages_processed_annotation": 2},
            Usage({}, {"page": 3}),
            ("annotation_unpriced",),
        ),
    ],
)
def test_pages_are_billed(stated: Any, usage: Usage | None, warnings: tuple[str, ...]) -> None:
    """A document is billed by the page; pages that are annotated too are marked."""
    reading = mistral_ocr.read({"model": "m", "usage_info": stated})
    assert (reading.usage, reading.warnings, reading.model) == (usage, warnings, "m")


def test_the_pages_of_a_document() -> None:
    """The pages that are asked for bound the bill, and their texts are texts."""
    assert mistral_ocr.order(REQUESTS["mistral"]).units == {"page": 2}
    assert mistral_ocr.order({"pages": "0-3"}).units == {"page": 1000}
    assert list(mistral_ocr.answer(ANSWERS["mistral.ocr"])) == ["# Hi"]
    assert list(mistral_ocr.answer({"pages": [{}]})) == []


@pytest.mark.parametrize(
    ("stated", "usage", "warnings"),
    [
        (
            {"prompt_tokens": 188, "completion_tokens": 55, "connector_tokens": 7112, "total_tokens": 7355},
            {"input": 188, "input_tool": 7112, "output": 55},
            (),
        ),
        (
            {"prompt_tokens": 7300, "completion_tokens": 55, "connector_tokens": 7112, "total_tokens": 7355},
            {"input": 188, "input_tool": 7112, "output": 55},
            (),
        ),
        (
            {"prompt_tokens": 10, "completion_tokens": 5, "connector_tokens": 20},
            {"input": 10, "input_tool": 20, "output": 5},
            (),
        ),
        ({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}, {"input": 10, "output": 5}, ()),
        (
            {"prompt_tokens": 10, "completion_tokens": 5, "connector_tokens": 20, "total_tokens": 15},
            {"input": 10, "input_tool": 20, "output": 5},
            ("usage_inconsistent",),
        ),
        ({"completion_tokens": 5}, {"output": 5}, ()),
        ({"connector_tokens": 5}, None, ()),
    ],
)
def test_connectors_bring_input(stated: Any, usage: dict[str, int] | None, warnings: tuple[str, ...]) -> None:
    """What connectors brought is beside the prompt, unless the total says that it is inside."""
    reading = mistral_conversations.read({"usage": stated})
    assert reading.usage == (None if usage is None else Usage(usage))
    assert reading.warnings == warnings


def test_connectors_have_fees() -> None:
    """Searches of both kinds and images are counted."""
    reading = mistral_conversations.read(ANSWERS["mistral.conversations"])

    assert reading.usage is not None
    assert reading.usage.units == {"web_search": 3, "image": 1}
    assert (reading.model, reading.id) == ("mistral-medium", "conv_1")
    assert list(mistral_conversations.answer(ANSWERS["mistral.conversations"])) == ["Hi", "{}"]


def test_the_events_of_a_conversation() -> None:
    """The response that is done brings the usage; other parts than text bring none."""
    folding = mistral_conversations.ConversationEvents()
    progress = [folding.see(event) for event in STREAMS["mistral.conversations"]]
    folding.see({"type": "message.output.delta", "content": {"type": "image_url"}})
    folding.see({"type": "function.call.delta"})

    assert progress == [GOES_ON] * (len(progress) - 1) + [FINAL]
    assert list(mistral_conversations.answer(folding.body())) == ["Hi{}"]


def test_events_of_the_client_library() -> None:
    """The library has an object around each event, and sentinels where the wire has nothing."""
    unset = object()
    usage = {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6, "connector_tokens": unset}
    talk, audio = mistral_conversations.ConversationEvents(), mistral_audio.TranscriptionEvents()
    talk.see({"event": "e", "data": {"type": "conversation.response.done", "usage": usage}})
    audio.see({"event": "e", "data": STREAMS["mistral.transcription"][1]})
    reading = mistral_conversations.read(talk.body())

    assert (reading.usage, reading.warnings) == (Usage({"input": 4, "output": 2}), ())
    assert audio.body() == STREAMS["mistral.transcription"][1]


@pytest.mark.parametrize(("code", "kind"), [(503, "503"), (None, "_OTHER")])
def test_a_conversation_that_failed(code: Any, kind: str) -> None:
    """An event with an error is known by its code."""
    folding = mistral_conversations.ConversationEvents()
    folding.see({"type": "conversation.response.error", "message": "no", "code": code})
    assert mistral_conversations.read(folding.body()).error_type == kind


def test_a_request_for_a_conversation() -> None:
    """The sampling, the order with its connectors, and the texts are found."""
    request = REQUESTS["mistral"]
    order = mistral_conversations.order(request)

    assert mistral_conversations.asked(request) == {
        "max_tokens": 20,
        "seed": 7,
        "stop_sequences": ["a"],
        "output.type": "json",
    }
    assert (order.output_tokens, order.hidden, order.units) == (20, 3, {"web_search": 10, "image": 10})
    assert mistral_conversations.order({}).units is None
    assert list(mistral_conversations.prompt(request))[:4] == ["Be brief.", "Hello", "{}", "Sunny"]
    assert list(mistral_conversations.prompt({"inputs": "Hello"})) == ["Hello"]


@pytest.mark.parametrize(
    ("stated", "usage", "warnings"),
    [
        (
            {
                "prompt_audio_seconds": 42,
                "prompt_tokens": 4,
                "completion_tokens": 162,
                "total_tokens": 531,
            },
            Usage({"input": 4, "output": 162}, {"audio_second": 42}),
            (),
        ),
        ({"prompt_audio_seconds": 0, "prompt_tokens": 4}, Usage({"input": 4}), ()),
        ({"prompt_audio_seconds": 42}, Usage({}, {"audio_second": 42}), ()),
        ({"total_tokens": 5}, None, ()),
    ],
)
def test_audio_is_billed_by_the_second(stated: Any, usage: Usage | None, warnings: tuple[str, ...]) -> None:
    """Tokens of the audio are no input of their own: its seconds are billed."""
    reading = mistral_audio.read({"model": "voxtral", "usage": stated})
    assert (reading.usage, reading.warnings) == (usage, warnings)


def test_the_events_of_a_transcription() -> None:
    """The event that is done is the answer; until then there is the text so far."""
    folding = mistral_audio.TranscriptionEvents()
    first, last = STREAMS["mistral.transcription"]

    assert folding.see(first) == GOES_ON
    assert folding.see({"type": "transcription.language"}) == GOES_ON
    assert folding.see({"type": "transcription.text.delta"}) == GOES_ON
    assert folding.body() == {"text": "Hi"}
    assert folding.see(last) == FINAL
    assert folding.body() == last
