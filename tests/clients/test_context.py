"""What a call does to the context it is made in, and what the context says to it."""

from __future__ import annotations

import asyncio

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from opentelemetry import context, trace
from opentelemetry.instrumentation.utils import suppress_instrumentation

from otel_tokens.calls import current

from . import bodies
from .cases import CHAT, MESSAGES, Api, Scene, streamed, whole
from .faces import ASYNC, FACES, SYNC, Face
from .transport import json_reply, stream_reply


SUPPRESSING = {
    "OpenTelemetry's": suppress_instrumentation,
    "the plain one": lambda: _Set("suppress_instrumentation", value=True),
    "the Traceloop family's": lambda: _Set("suppress_language_model_instrumentation", value=True),
}


class _Set:
    """A block in which a key of the context is set."""

    def __init__(self, key: str, *, value: Any) -> None:
        self.key, self.value = key, value

    def __enter__(self) -> None:
        self.token = context.attach(context.set_value(self.key, self.value))

    def __exit__(self, *_exc: object) -> None:
        context.detach(self.token)


@pytest.mark.parametrize("key", SUPPRESSING)
@pytest.mark.parametrize("api", [CHAT, MESSAGES], ids=str)
@pytest.mark.parametrize("face", FACES, ids=str)
def test_suppression(telemetry: Any, face: Face, api: Api, key: str) -> None:
    """A key of the context asks to emit nothing: no span and no point."""

    async def play() -> None:
        with SUPPRESSING[key]():
            await Scene(api, face, *whole(api)).create()
            scene = Scene(api, face, *streamed(api))
            await face.rest(await scene.stream())

    face.run(play())
    assert telemetry.kept.started == 0
    assert telemetry.points("otel_tokens.requests") == []
    assert telemetry.points("gen_ai.client.operation.duration") == []


def _owner() -> SimpleNamespace:
    names = ("usage_input_tokens", "usage_output_tokens", "usage_cache_read_input_tokens", "response_model")
    return SimpleNamespace(**dict.fromkeys(names))


@pytest.mark.parametrize("shape", [whole, streamed], ids=["whole", "stream"])
@pytest.mark.parametrize("face", FACES, ids=str)
def test_owner(telemetry: Any, face: Face, shape: Any) -> None:
    """An outer instrumentation owns the span: its object is filled, no span is ours, and money counts."""
    owner = _owner()

    async def play() -> None:
        with _Set("opentelemetry.genai.client.inference.context", value=owner):
            scene = Scene(CHAT, face, *shape(CHAT))
            if shape is whole:
                await scene.create()
            else:
                await face.rest(await scene.stream())

    face.run(play())
    assert telemetry.kept.started == 0
    assert owner == SimpleNamespace(
        usage_input_tokens=12,
        usage_output_tokens=7,
        usage_cache_read_input_tokens=None,
        response_model=bodies.CHAT_MODEL,
    )
    assert telemetry.total("otel_tokens.requests") == 1
    assert telemetry.total("otel_tokens.tokens") == 19
    assert telemetry.points("gen_ai.client.operation.duration") == []


def test_owner_keeps_what_it_knows(telemetry: Any) -> None:
    """What an outer instrumentation has filled in itself is not overwritten."""
    owner = SimpleNamespace(usage_input_tokens=1, usage_output_tokens=None)
    with _Set("opentelemetry.genai.client.inference.context", value=owner):
        SYNC.run(Scene(CHAT, SYNC, *whole(CHAT)).create())

    assert owner == SimpleNamespace(usage_input_tokens=1, usage_output_tokens=7)
    assert telemetry.spans == []


@pytest.mark.parametrize("shape", [whole, streamed], ids=["whole", "stream"])
@pytest.mark.parametrize("api", [CHAT, MESSAGES], ids=str)
@pytest.mark.parametrize("face", FACES, ids=str)
def test_current_span(telemetry: Any, face: Face, api: Api, shape: Any) -> None:
    """Pitfalls 11 and 12: our span is current inside the request alone, never while a stream is read."""
    inside: list[Any] = []

    def script(_sent: Any) -> Any:
        inside.append((trace.get_current_span().get_span_context().span_id, current.get() is not None))
        return json_reply(api.whole()) if shape is whole else stream_reply(api.stream(_sent))

    async def play() -> None:
        scene = Scene(api, face, script)
        with telemetry.tracer.start_as_current_span("job") as job:
            if shape is whole:
                await scene.create()
            else:
                stream = await scene.stream()
                for _ in range(api.some):
                    await scene.take(stream, 1)
                    assert trace.get_current_span() is job
                    assert current.get() is None
                await scene.close(stream)
            assert trace.get_current_span() is job
            assert current.get() is None

    face.run(play())
    span = telemetry.span
    assert inside == [(span.context.span_id, True)]
    assert span.parent is not None


@pytest.mark.parametrize("api", [CHAT, MESSAGES], ids=str)
def test_stream_read_elsewhere(telemetry: Any, api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """Pitfall 12: a stream may be made in one task, read in another and dropped in a third."""

    async def play() -> None:
        scene = Scene(api, ASYNC, *streamed(api))
        stream = await asyncio.create_task(scene.stream())
        await asyncio.create_task(scene.take(stream, api.some))
        await asyncio.create_task(scene.close(stream))

    ASYNC.run(play())
    assert telemetry.attributes["otel_tokens.outcome"] == "abandoned"
    assert "different Context" not in caplog.text


def test_streams_side_by_side(telemetry: Any) -> None:
    """Streams that are read in turns keep apart."""

    async def play() -> None:
        scenes = [Scene(api, ASYNC, *streamed(api)) for api in (CHAT, MESSAGES, CHAT)]
        streams = [await scene.stream() for scene in scenes]
        for _ in range(4):
            for scene, stream in zip(scenes, streams, strict=True):
                await scene.take(stream, 1)
        for scene, stream in zip(scenes, streams, strict=True):
            await scene.rest(stream)

    ASYNC.run(play())
    telemetry.settle()
    counted = sorted(span.attributes["gen_ai.usage.output_tokens"] for span in telemetry.spans)
    assert counted == [7, 7, 9]


def test_calls_within_calls(telemetry: Any) -> None:
    """Pitfall 11: a call that is made while another is being made is a call of its own."""
    inner = Scene(MESSAGES, SYNC, *whole(MESSAGES))

    def script(_sent: Any) -> Any:
        SYNC.run(inner.create())
        return json_reply(CHAT.whole())

    SYNC.run(Scene(CHAT, SYNC, script).create())
    names = [span.attributes["gen_ai.provider.name"] for span in telemetry.spans]
    assert names == ["anthropic", "openai"]
    assert [span.attributes.get("otel_tokens.attempts", 1) for span in telemetry.spans] == [1, 1]
    assert telemetry.spans[0].parent.span_id == telemetry.spans[1].context.span_id


def test_cost_of_the_root(telemetry: Any) -> None:
    """The local root span says, while it is open, what the calls under it have cost so far."""
    with telemetry.tracer.start_as_current_span("job") as job:
        for api in (CHAT, MESSAGES):
            SYNC.run(Scene(api, SYNC, *whole(api)).create())
            said = dict(job.attributes)

    assert said["otel_tokens.trace.requests"] == 2
    assert said["otel_tokens.trace.tokens"] == 19 + 34
    spans = sum(span.attributes["otel_tokens.cost.usd"] for span in telemetry.spans)
    assert said["otel_tokens.trace.cost.usd"] == pytest.approx(spans)


def test_labels(metered: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels that are set when a stream is made hold for it, wherever it is read."""
    import otel_tokens  # noqa: PLC0415

    monkeypatch.setenv("OTEL_TOKENS_LABELS", "team")
    telemetry = metered()
    with otel_tokens.attribute(team="search"):
        stream = SYNC.run(Scene(CHAT, SYNC, *streamed(CHAT)).stream())
    list(stream)

    assert telemetry.attributes["team"] == "search"
    assert telemetry.total("otel_tokens.tokens", team="search") == 19
