"""The `openai` client: every case, on every API of it, and what only this client has."""

from __future__ import annotations

import json

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import openai
import pytest

from pydantic import BaseModel

from . import bodies
from .cases import (
    ABANDONED,
    CHAT,
    OK,
    OPENAI,
    RESPONSES,
    STREAMED,
    Api,
    Case,
    Expected,
    Scene,
    Seen,
    era,
    look,
    looks,
    parameters,
    passes,
    seeing,
    streamed,
    unmetered,
)
from .faces import FACES, SYNC, Face
from .transport import Reply, Transport, bytes_reply, http_client, json_reply, openai_client, stream_reply


@pytest.mark.parametrize(("api", "face", "case"), parameters(OPENAI))
def test_case(metered: Callable[[], Any], api: Api, face: Face, case: Case) -> None:
    """The application sees what it would see unmetered, and the call is one span and the right metrics.

    Among the cases are pitfalls 3, 4, 7, 18, 20 and 22.
    """
    passes(metered, api, face, case)


# Helpers.


Item = TypeVar("Item")


class Fits(BaseModel):
    """What the answer is."""

    word: str


class DoesNotFit(BaseModel):
    """What the answer is not."""

    number: int


def _structured(_api: Api) -> list[Reply]:
    return [json_reply(bodies.chat('{"word": "Hello"}'))]


def _structured_response(_api: Api) -> list[Reply]:
    item = bodies.response()["output"][0]
    item["content"][0]["text"] = '{"word": "Hello"}'
    return [json_reply(bodies.response(output=[item]))]


def _completions(scene: Scene, method: str) -> Any:
    """Where a helper of chats is: it has moved out of `beta`."""
    stable = scene.client.chat.completions
    return stable if hasattr(stable, method) else scene.client.beta.chat.completions


async def _chat_helper(scene: Scene, *, left: bool) -> Seen:
    """Pitfall 1."""
    manager = _completions(scene, "stream").stream(**scene.api.request)
    async with scene.within(manager) as stream:
        if left:
            return looks(await scene.take(stream, 3))
        return [*looks(await scene.rest(stream)), look(await scene.of(stream.get_final_completion()))]


async def _response_helper(scene: Scene, *, left: bool) -> Seen:
    """Pitfall 1."""
    async with scene.within(scene.client.responses.stream(**scene.api.request)) as stream:
        if left:
            return looks(await scene.take(stream, scene.api.some))
        return [*looks(await scene.rest(stream)), look(await scene.of(stream.get_final_response()))]


async def _parsed(scene: Scene, shape: type[BaseModel]) -> Seen:
    """Pitfall 18."""
    seen: Seen = []
    parse = _completions(scene, "parse").parse
    async with seeing(seen):
        seen.append(look(await scene.of(parse(**scene.api.request, response_format=shape))))
    return [str(one) for one in seen] if shape is Fits else seen


async def _parsed_response(scene: Scene, shape: type[BaseModel]) -> Seen:
    """Pitfall 18."""
    seen: Seen = []
    async with seeing(seen):
        answer = await scene.of(scene.client.responses.parse(**scene.api.request, text_format=shape))
        seen += [type(answer).__name__, str(answer.output_parsed)]
    return seen


BILLED_ERROR = Expected("error", "provider")
PARSED_ABOVE = OK if era("openai") < (1, 41) else BILLED_ERROR
"""The oldest client parses above the request: there the call itself has gone well."""

CHAT_HELPERS = (
    Case("helper", streamed, partial(_chat_helper, left=False), STREAMED),
    Case("helper-left", streamed, partial(_chat_helper, left=True), ABANDONED),
    Case("parse", _structured, partial(_parsed, shape=Fits), OK),
    Case("parse-that-does-not-fit", _structured, partial(_parsed, shape=DoesNotFit), PARSED_ABOVE),
)
RESPONSE_HELPERS = (
    Case("helper", streamed, partial(_response_helper, left=False), STREAMED),
    Case("helper-left", streamed, partial(_response_helper, left=True), ABANDONED),
    Case("parse", _structured_response, partial(_parsed_response, shape=Fits), OK),
    Case(
        "parse-that-does-not-fit",
        _structured_response,
        partial(_parsed_response, shape=DoesNotFit),
        BILLED_ERROR,
    ),
)

HAS_RESPONSE_HELPERS = RESPONSES in OPENAI and era("openai") >= (1, 100)


@pytest.mark.parametrize(
    ("api", "face", "case"),
    [
        *parameters([CHAT], CHAT_HELPERS),
        *(parameters([RESPONSES], RESPONSE_HELPERS) if HAS_RESPONSE_HELPERS else []),
    ],
)
def test_helper(metered: Callable[[], Any], api: Api, face: Face, case: Case) -> None:
    """Pitfalls 1 and 18: helpers bypass `Stream.close`, and a billed answer may end in an exception."""
    passes(metered, api, face, case)


def test_module_level_client(telemetry: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client that the module makes for itself is metered as any other."""
    client = http_client("openai", Transport(json_reply(bodies.chat())))
    for name, value in (("api_key", "sk-fake"), ("http_client", client), ("api_type", "openai")):
        monkeypatch.setattr(openai, name, value)

    assert openai.chat.completions.create(**CHAT.request).choices[0].message.content == "Hello there."

    openai._reset_client()  # type: ignore[attr-defined]
    assert telemetry.attributes["gen_ai.usage.input_tokens"] == 12


# What is not chat.

OTHERS = [
    (
        "embeddings",
        lambda c: c.embeddings.create(
            model="text-embedding-3-small", input=["a", "b"], encoding_format="float"
        ),
        json_reply(bodies.embeddings()),
        {"gen_ai.operation.name": "embeddings", "gen_ai.usage.input_tokens": 8},
    ),
    (
        "images",
        lambda c: c.images.generate(model="gpt-image-1", prompt="A meter"),
        json_reply(bodies.images()),
        {"gen_ai.usage.input_tokens": 50, "gen_ai.usage.image.output_tokens": 1056},
    ),
    (
        "transcription-by-tokens",
        lambda c: c.audio.transcriptions.create(model="gpt-4o-transcribe", file=("a.mp3", b"ID3")),
        json_reply(bodies.transcription_tokens()),
        {"gen_ai.usage.audio.input_tokens": 36, "gen_ai.usage.output_tokens": 9},
    ),
    (
        "transcription-by-time",
        lambda c: c.audio.transcriptions.create(model="whisper-1", file=("a.mp3", b"ID3")),
        json_reply(bodies.transcription_duration()),
        {"otel_tokens.usage.audio_second": 12, "otel_tokens.cost.status": "priced"},
    ),
    (
        "speech",
        lambda c: c.audio.speech.create(model="tts-1", voice="alloy", input="Hello there."),
        bytes_reply(bodies.SPEECH, "audio/mpeg"),
        {"otel_tokens.usage.character": 12, "otel_tokens.cost.status": "priced"},
    ),
    (
        "moderations",
        lambda c: c.moderations.create(model="omni-moderation-latest", input="Hello"),
        json_reply({"id": "modr_1", "model": "omni-moderation-latest", "results": []}),
        {"otel_tokens.outcome": "ok"},
    ),
]


@pytest.mark.parametrize("face", FACES, ids=str)
@pytest.mark.parametrize(("name", "call", "reply", "says"), OTHERS, ids=[row[0] for row in OTHERS])
def test_other_calls(
    metered: Callable[[], Any],
    face: Face,
    name: str,
    call: Callable[[Any], Any],
    reply: Reply,
    says: dict[str, Any],
) -> None:
    """What is not chat is metered too, in tokens or in its own unit, and comes back as it would unmetered."""

    async def play() -> Seen:
        scene = Scene(CHAT, face, reply)
        result = await face.of(call(scene.client))
        return [look(result)] if hasattr(result, "model_dump") else [type(result), result.content]

    without = face.run(play())
    telemetry = metered()
    assert face.run(play()) == without
    found = telemetry.attributes
    assert {key: found.get(key) for key in says} == says, name
    assert telemetry.total("otel_tokens.requests") == 1


@pytest.mark.skipif(RESPONSES not in OPENAI, reason="this openai has no responses")
def test_background_response_counts_once(telemetry: Any) -> None:
    """A background response has usage only when it is fetched, and counts once however often it is."""
    transport = Transport(
        json_reply(bodies.response_queued()),
        json_reply(bodies.response_queued()),
        json_reply(bodies.response_background()),
    )
    client = openai_client(transport)
    client.responses.create(model="gpt-4o-mini", input="Hi", background=True)
    for _ in range(3):
        client.responses.retrieve("resp_background")

    assert telemetry.total("otel_tokens.tokens") == 41
    assert telemetry.total("otel_tokens.cost.usd") == pytest.approx((30 * 0.15 + 11 * 0.6) / 1e6)


@pytest.mark.skipif(RESPONSES not in OPENAI, reason="this openai has no responses")
def test_retrieving_what_was_counted_counts_nothing(telemetry: Any) -> None:
    """A response that stated its usage when it was created states it again when it is fetched."""
    client = openai_client(Transport(json_reply(bodies.response())))
    client.responses.create(model="gpt-4o-mini", input="Hi")
    client.responses.retrieve("resp_plain")
    client.responses.retrieve("resp_plain")

    assert telemetry.total("otel_tokens.tokens") == 41
    assert telemetry.total("otel_tokens.cost.usd") == pytest.approx((30 * 0.15 + 11 * 0.6) / 1e6)


def test_batch_output_counts_once_at_half_price(telemetry: Any) -> None:
    """The rows of a batch are billed at half price, and however often its file is fetched, once."""
    transport = Transport(bytes_reply(bodies.batch_chat_rows(), "application/octet-stream"))
    client = openai_client(transport)
    for _ in range(2):
        rows = client.files.content("file-out").text.splitlines()
        assert [json.loads(row)["custom_id"] for row in rows] == ["0", "1"]

    assert telemetry.total("otel_tokens.tokens") == 12 + 7 + 1200 + 300
    assert telemetry.total("otel_tokens.requests") == 1


def test_custom_stream_class(metered: Callable[[], Any]) -> None:
    """Pitfall 22: a stream class of the application's own is tapped as the library's is."""

    class Own(openai.Stream[Item]):
        """The application's."""

    def play() -> Seen:
        client = openai_client(Transport(stream_reply(bodies.chat_stream())))
        body = {**CHAT.request, "stream": True, "stream_options": {"include_usage": True}}
        chunk: Any = openai.types.chat.ChatCompletionChunk
        stream = client.post(
            "/chat/completions", cast_to=chunk, body=body, stream=True, stream_cls=Own[chunk]
        )
        return [isinstance(stream, Own), *looks(list(stream))]

    without = play()
    telemetry = metered()
    assert play() == without
    assert telemetry.attributes["gen_ai.usage.output_tokens"] == 7


def test_two_event_loops(telemetry: Any) -> None:
    """Pitfall 19: an async client under two event loops is two calls."""
    from .faces import ASYNC  # noqa: PLC0415

    scene = Scene(CHAT, ASYNC, json_reply(bodies.chat()))
    ASYNC.run(scene.create())
    ASYNC.run(scene.create())

    assert [span.attributes["otel_tokens.outcome"] for span in telemetry.spans] == ["ok", "ok"]


def test_suppressed(telemetry: Any) -> None:
    """The context can ask to emit nothing."""
    scene = Scene(CHAT, SYNC, json_reply(bodies.chat()))
    with unmetered():
        SYNC.run(scene.create())

    assert telemetry.spans == []
    assert telemetry.points("otel_tokens.requests") == []


def test_unknown_model_has_no_cost(telemetry: Any) -> None:
    """Unknown is not zero: no cost, a status, and a count of it."""
    scene = Scene(CHAT, SYNC, json_reply(bodies.chat(model="gpt-unheard-of")))
    SYNC.run(scene.create(model="gpt-unheard-of"))

    assert "otel_tokens.cost.usd" not in telemetry.attributes
    assert telemetry.attributes["otel_tokens.cost.status"] == "unknown_model"
    assert telemetry.total("otel_tokens.unpriced.requests", otel_tokens__cost__status="unknown_model") == 1


MALFORMED = {
    "no usage": bodies.chat(usage=None),
    "a usage that is a word": bodies.chat(usage="many"),
    "negative": bodies.chat(usage=bodies.chat_usage(-3, 7)),
    "an empty object": {},
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_malformed_answers(metered: Callable[[], Any], body: Any) -> None:
    """Whatever the provider answers, the application sees it, and one call is counted."""

    def play() -> Seen:
        answer = SYNC.run(Scene(CHAT, SYNC, json_reply(body)).create())
        return [type(answer), answer.id, str(answer.usage)]

    without = play()
    telemetry = metered()
    assert play() == without
    assert telemetry.total("otel_tokens.requests") == 1
