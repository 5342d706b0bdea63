"""The one thing that is changed: the usage of a stream is asked for, and what comes of it hidden."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .cases import CHAT, COMPLETIONS, Api, Scene, Seen, asks, looks, streamed
from .faces import FACES, SYNC, Face


async def _read(scene: Scene, **request: Any) -> Seen:
    return looks(await scene.rest(await scene.stream(**request)))


def _played(api: Api, face: Face, request: dict[str, Any], **client: Any) -> tuple[Scene, Seen]:
    async def play() -> tuple[Scene, Seen]:
        scene = Scene(api, face, *streamed(api), **client)
        return scene, await _read(scene, **request)

    return face.run(play())


@pytest.mark.parametrize("api", [CHAT, COMPLETIONS], ids=str)
@pytest.mark.parametrize("face", FACES, ids=str)
def test_asked_and_hidden(metered: Callable[[], Any], api: Api, face: Face) -> None:
    """Pitfall 9: usage is asked for, and the application sees the chunks that it would see, to the byte."""
    _, without = _played(api, face, {})
    telemetry = metered()
    scene, seen = _played(api, face, {})

    assert seen == without
    assert scene.transport.requests[0].json["stream_options"] == {"include_usage": True}
    assert telemetry.attributes["otel_tokens.usage.source"] == "provider"
    assert telemetry.attributes["gen_ai.usage.output_tokens"] == api.output_tokens


SAID = {
    "false": {"stream_options": {"include_usage": False}},
    "true": {"stream_options": {"include_usage": True}},
    "null": {"stream_options": None},
    "extra body": {"extra_body": {"stream_options": {"include_usage": False}}},
    "extra body true": {"extra_body": {"stream_options": {"include_usage": True}}},
}


@pytest.mark.parametrize("face", FACES, ids=str)
@pytest.mark.parametrize("request_", SAID.values(), ids=SAID)
def test_what_was_said_stays(metered: Callable[[], Any], face: Face, request_: dict[str, Any]) -> None:
    """A request that says itself whether it wants usage is sent as it is, and nothing is hidden."""
    first, without = _played(CHAT, face, request_)
    telemetry = metered()
    scene, seen = _played(CHAT, face, request_)

    assert seen == without
    assert scene.transport.requests[0].json == first.transport.requests[0].json
    wanted = asks(scene.transport.requests[0])
    assert telemetry.attributes["otel_tokens.usage.source"] == ("provider" if wanted else "estimated")


def test_other_stream_options_stay(telemetry: Any) -> None:
    """An option of the stream that says nothing of usage is kept beside the question."""
    scene, _ = _played(CHAT, SYNC, {"stream_options": {"include_obfuscation": False}})

    sent = scene.transport.requests[0].json["stream_options"]
    assert sent == {"include_obfuscation": False, "include_usage": True}
    assert telemetry.attributes["gen_ai.usage.output_tokens"] == 7


UNASKED = [
    pytest.param({"base_url": "https://api.deepseek.com"}, {}, id="another host"),
    pytest.param({"base_url": "http://localhost:11434/v1"}, {}, id="a local server"),
    pytest.param({"base_url": "https://llm.corp.example/v1"}, {}, id="an unknown host"),
]


@pytest.mark.parametrize(("client", "request_"), UNASKED)
def test_others_are_not_asked(telemetry: Any, client: dict[str, Any], request_: dict[str, Any]) -> None:
    """A host that may not know the option is not asked; the usage is estimated, and marked."""
    scene, _ = _played(CHAT, SYNC, request_, **client)

    assert "stream_options" not in scene.transport.requests[0].json
    assert telemetry.attributes["otel_tokens.usage.source"] == "estimated"
    assert telemetry.attributes["gen_ai.usage.input_tokens"] > 0
    assert 0 < telemetry.attributes["gen_ai.usage.output_tokens"] <= 7


@pytest.mark.parametrize("face", FACES, ids=str)
def test_raw_responses_are_not_asked(telemetry: Any, face: Face) -> None:
    """Where the application sees the raw response, nothing can be hidden, so nothing is asked."""

    async def play() -> Scene:
        scene = Scene(CHAT, face, *streamed(CHAT))
        response = await scene.raw(stream=True)
        await scene.rest(await face.of(response.parse()))
        async with scene.streaming(stream=True) as other:
            await scene.rest(other.iter_lines())
        return scene

    scene = face.run(play())
    telemetry.settle()
    assert [asks(sent) for sent in scene.transport.requests] == [False, False]
    assert [span.attributes["otel_tokens.usage.source"] for span in telemetry.spans] == ["estimated"] * 2


@pytest.mark.settings(OTEL_TOKENS_STREAM_USAGE="off")
def test_off(telemetry: Any) -> None:
    """With `off` nobody is asked."""
    scene, _ = _played(CHAT, SYNC, {})

    assert "stream_options" not in scene.transport.requests[0].json
    assert telemetry.attributes["otel_tokens.usage.source"] == "estimated"


@pytest.mark.settings(OTEL_TOKENS_STREAM_USAGE="always")
def test_always(telemetry: Any) -> None:
    """With `always` every host is asked."""
    scene, seen = _played(CHAT, SYNC, {}, base_url="https://llm.corp.example/v1")

    assert asks(scene.transport.requests[0])
    assert len(seen) == 5
    assert telemetry.attributes["gen_ai.usage.output_tokens"] == 7


def test_the_request_of_the_application_is_not_changed(telemetry: Any) -> None:
    """The question goes into a copy: what the application passed stays as it was."""
    request = {**CHAT.request, "stream_options": {"include_obfuscation": False}}
    scene = Scene(CHAT, SYNC, *streamed(CHAT))
    list(scene.client.chat.completions.create(stream=True, **request))

    assert request == {**CHAT.request, "stream_options": {"include_obfuscation": False}}
    assert len(telemetry.spans) == 1


def test_usage_on_a_chunk_with_choices_is_not_hidden(telemetry: Any) -> None:
    """A compatible server that states usage on its last words loses no word."""
    from . import bodies  # noqa: PLC0415
    from .transport import stream_reply  # noqa: PLC0415

    scene = Scene(CHAT, SYNC, stream_reply(bodies.chat_stream_growing_usage()))
    chunks = SYNC.run(_read(scene))

    assert len(chunks) == 5
    assert telemetry.attributes["gen_ai.usage.output_tokens"] == 5
