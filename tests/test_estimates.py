"""What a call is estimated to have used, of which the provider has stated nothing."""

from __future__ import annotations

import time

from decimal import Decimal
from typing import Any

import pytest

from otel_tokens.dialects.openai_audio import SPEECH, TRANSCRIPTION
from otel_tokens.dialects.openai_chat import DIALECT as CHAT
from otel_tokens.dialects.openai_embeddings import DIALECT as EMBEDDINGS
from otel_tokens.dialects.openai_images import DIALECT as IMAGES
from otel_tokens.estimates import prompt_of
from otel_tokens.readings import Reading, Usage
from otel_tokens.settlement import usage_of
from otel_tokens.tokenizers import Estimator


GUESS = Estimator(None)
REQUEST = {"model": "gpt-4o", "messages": [{"role": "user", "content": "x" * 40}]}
ANSWER = {"choices": [{"message": {"content": "y" * 80}}]}


def usage(
    reading: Reading, body: Any, *, dialect: Any = CHAT, request: Any = REQUEST
) -> tuple[Usage | None, str | None]:
    """What a call has used."""
    return usage_of(dialect, reading, body, request, GUESS, outcome="ok", cut=False)


def test_an_answer_without_counts_is_estimated() -> None:
    """An answer that states nothing is estimated by its texts, and the prompt too."""
    put = GUESS.prompt(["x" * 40], "gpt-4o", messages=1)
    got = GUESS.answer(["y" * 80], "gpt-4o")
    assert usage(Reading(), ANSWER) == (Usage({"input": put, "output": got}), "estimated")


def test_the_model_may_be_known_from_elsewhere() -> None:
    """Who answered decides how tokens are counted, else who was asked, by the request or beside it."""
    request = {"messages": [{"role": "user", "content": "Hello"}]}

    def got(reading: Reading, request: Any, model: str | None) -> int:
        found, _ = usage_of(CHAT, reading, ANSWER, request, GUESS, outcome="ok", cut=False, model=model)
        return 0 if found is None else found.output_tokens

    claude, gpt = GUESS.answer(["y" * 80], "claude-opus-5"), GUESS.answer(["y" * 80], "gpt-4o")
    assert claude > gpt
    assert got(Reading(model="claude-opus-5"), {**request, "model": "gpt-4o"}, "gpt-4o") == claude
    assert got(Reading(), request, "claude-opus-5") == claude
    assert got(Reading(), {**request, "model": "claude-opus-5"}, None) == claude


def test_tools_schemas_and_images_count() -> None:
    """What is in a request beside its texts is counted too."""
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    schema = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}
    tools = [{"type": "function", "function": {"name": "look"}}]
    counts = [
        prompt_of(CHAT, {**REQUEST, **more}, GUESS).input_tokens
        for more in (
            {},
            {"response_format": schema},
            {"tools": tools},
            {"messages": [{"role": "user", "content": [image]}]},
        )
    ]
    assert counts[0] < counts[1] < counts[2] < counts[3]
    assert prompt_of(CHAT, REQUEST, GUESS, "claude-opus-5") != prompt_of(CHAT, REQUEST, GUESS)
    calls = {
        "choices": [{"message": {"tool_calls": [{"type": "function", "function": {"arguments": "{}"}}]}}]
    }
    found, _ = usage(Reading(), calls)
    assert found == Usage({"input": counts[0], "output": GUESS.answer(["{}"], "gpt-4o", calls=1)})


@pytest.mark.parametrize("request_", [None, [], {"model": None}, {"model": 7}])
def test_a_request_may_be_anything(request_: Any) -> None:
    """An estimate needs no model."""
    got = GUESS.answer(["y" * 80])
    assert usage(Reading(), ANSWER, request=request_) == (Usage({"output": got}), "estimated")


def test_characters_are_counted_when_nothing_is_stated() -> None:
    """Speech that states nothing is billed by the characters of its request."""
    request = {"model": "tts-1", "input": "Hello"}
    found, source = usage(Reading(), None, dialect=SPEECH, request=request)
    assert (found, source) == (Usage({}, {"character": 5}), "estimated")


def test_speech_that_is_billed_by_tokens() -> None:
    """Newer speech is not billed by its characters: its text and its audio are estimated."""
    request = {"model": "gpt-4o-mini-tts", "input": "Hello, world, how are you?"}
    found, source = usage(Reading(), None, dialect=SPEECH, request=request)
    put = GUESS.estimate([request["input"]], "gpt-4o-mini-tts")
    spoken = GUESS.spoken(len(request["input"]))
    assert (found, source) == (Usage({"input": put, "output_audio": spoken}), "estimated")


WAVE = b"RIFF\0\0\0\0WAVEfmt " + b"\0" * 12 + (32_000).to_bytes(4, "little") + b"\0" * (12 + 64_000)
"""Two seconds."""


def test_a_transcription_that_states_nothing() -> None:
    """Whisper is billed by the seconds of its file, where they can be known; others by tokens."""
    request = {"model": "whisper-1", "file": ("a.wav", WAVE, "audio/wav")}
    answer = {"text": "Hello there"}
    found, source = usage(Reading(), answer, dialect=TRANSCRIPTION, request=request)
    assert (found, source) == (Usage({}, {"audio_second": Decimal("2.00")}), "estimated")
    hidden = {"model": "whisper-1", "file": object()}
    assert usage(Reading(), answer, dialect=TRANSCRIPTION, request=hidden) == (None, None)
    request["model"] = "gpt-4o-transcribe"
    got = GUESS.answer(["Hello there"], "gpt-4o-transcribe")
    found, _ = usage(Reading(), answer, dialect=TRANSCRIPTION, request=request)
    assert found == Usage({"input_audio": 20, "output": got})


def test_embeddings_that_state_nothing() -> None:
    """The texts to embed are all that is billed, and no template stands around them."""
    request = {"model": "text-embedding-3-small", "input": "Hello, world"}
    found, source = usage(Reading(), {"data": []}, dialect=EMBEDDINGS, request=request)
    put = GUESS.estimate(["Hello, world"], "text-embedding-3-small")
    assert (found, source) == (Usage({"input": put}), "estimated")
    assert usage(Reading(), None, dialect=EMBEDDINGS, request=request) == (None, None)


def test_images_that_were_counted_are_an_estimate() -> None:
    """Images are counted on the answer where the provider states nothing."""
    reading = IMAGES.read({"data": [{}]})
    assert usage(reading, {}, dialect=IMAGES) == (Usage({}, {"image": 1}), "estimated")


def test_5_megabytes_are_settled_soon() -> None:
    """Whoever ends a call, which may be an event loop, waits a few milliseconds; 50 on a slow machine."""
    long = "The quick brown fox jumps over the lazy dog. " * (5_000_000 // 45)
    request = {"model": "claude-opus-5", "messages": [{"role": "user", "content": long}]}
    least = float("inf")
    for _ in range(3):
        start = time.thread_time()
        usage(Reading(), {"choices": [{"message": {"content": long}}]}, request=request)
        least = min(least, time.thread_time() - start)
    assert least < 0.05
