"""What every API of every client passes, sync and async: one table of cases.

A case is a small piece of an application over a scripted transport. It returns what the application sees;
that must be the same with and without metering. What the one span and the metrics then say is `Expected`.
"""

from __future__ import annotations

import asyncio
import time

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from typing import Any

import pytest

from . import bodies
from .faces import FACES, Face
from .transport import (
    Reply,
    Script,
    Sent,
    Transport,
    anthropic_client,
    async_anthropic_client,
    async_openai_client,
    cut,
    hanging,
    json_reply,
    openai_client,
    refused,
    stream_reply,
)


PROMPT = "Tell me a story about a meter that counted every token, and never once lost its place."


def era(package: str) -> tuple[int, int]:
    """Major and minor version of an installed client."""
    major, minor, *_ = version(package).split(".")
    return int(major), int(minor)


@dataclass(frozen=True)
class Api:
    """One API of one client: how it is called, what it answers, and what is to be read from that."""

    name: str
    package: str
    path: str
    """From the client to the resource: `chat.completions`."""
    request: Mapping[str, Any]
    whole: Callable[[], bodies.Body]
    stream: Callable[[Sent], bytes]
    """Made from the request: usage may have to be asked for."""
    error: Callable[[int], bodies.Body]
    error_stream: Callable[[], bytes]
    input_tokens: int
    output_tokens: int
    some: int
    """So many events in, some words of the answer have come, and no usage of them."""
    model: str
    """As the answer states it."""
    provider: str
    operation: str = "chat"
    stated_input: int | None = None
    """The input of a stream that was cut; None where only the end of a stream states it."""
    last: int | None = None
    """So many events in, everything has been said, and the stream is not at its end."""
    asks: Mapping[str, Any] = field(default_factory=dict)
    """What asks for the usage of a stream."""

    def __str__(self) -> str:
        return self.name

    @property
    def some_on_the_wire(self) -> int:
        """So many pieces of the wire they are: one is a ping, which Anthropic's client keeps to itself."""
        return self.some + (self.package == "anthropic")

    @property
    def some_lines(self) -> int:
        """So many lines they are: the events of some protocols have a line with their name."""
        return self.some_on_the_wire * (2 if "stream_options" in self.asks else 3)

    def client(self, face: Face, transport: Transport, **kwargs: Any) -> Any:
        """A client over `transport`."""
        make = {
            ("openai", False): openai_client,
            ("openai", True): async_openai_client,
            ("anthropic", False): anthropic_client,
            ("anthropic", True): async_anthropic_client,
        }
        return make[self.package, face.asynchronous](transport, **kwargs)


def asks(sent: Sent) -> bool:
    """Whether a request asks for the usage of its stream."""
    return bool((sent.json.get("stream_options") or {}).get("include_usage"))


def _chat_stream(sent: Sent) -> bytes:
    return bodies.chat_stream() if asks(sent) else bodies.chat_stream_without_usage()


def _completion_stream(sent: Sent) -> bytes:
    whole = bodies.completion_stream()
    if asks(sent):
        return whole
    unasked = whole.replace(b', "usage": null', b"").split(b"\n\n")[:-3]
    return b"\n\n".join([*unasked, bodies.DONE])


def _completion_error_stream() -> bytes:
    error = bodies.chat_error_stream().split(b"\n\n")[-2]
    said = bodies.completion_stream().replace(b', "usage": null', b"").split(b"\n\n")[:2]
    return b"\n\n".join([*said, error, b""])


_MESSAGES = {"messages": [{"role": "user", "content": PROMPT}]}

CHAT = Api(
    name="chat",
    package="openai",
    path="chat.completions",
    request={"model": "gpt-4o-mini", **_MESSAGES},
    whole=bodies.chat,
    stream=_chat_stream,
    error=bodies.openai_error,
    error_stream=bodies.chat_error_stream,
    input_tokens=12,
    output_tokens=7,
    some=3,
    model=bodies.CHAT_MODEL,
    provider="openai",
    asks={"stream_options": {"include_usage": True}},
)
COMPLETIONS = Api(
    name="completions",
    package="openai",
    path="completions",
    request={"model": "gpt-3.5-turbo-instruct", "prompt": PROMPT},
    whole=bodies.completion,
    stream=_completion_stream,
    error=bodies.openai_error,
    error_stream=_completion_error_stream,
    input_tokens=5,
    output_tokens=16,
    some=2,
    model="gpt-3.5-turbo-instruct:20230824-v2",
    provider="openai",
    operation="text_completion",
    asks={"stream_options": {"include_usage": True}},
)
RESPONSES = Api(
    name="responses",
    package="openai",
    path="responses",
    request={"model": "gpt-4o-mini", "input": PROMPT},
    whole=bodies.response,
    stream=lambda _sent: bodies.response_stream(),
    error=bodies.openai_error,
    error_stream=bodies.response_error_stream,
    input_tokens=30,
    output_tokens=11,
    some=6,
    model=bodies.CHAT_MODEL,
    provider="openai",
)
MESSAGES = Api(
    name="messages",
    package="anthropic",
    path="messages",
    request={"model": "claude-sonnet-4-6", "max_tokens": 64, **_MESSAGES},
    whole=bodies.message,
    stream=lambda _sent: bodies.message_stream(),
    error=bodies.anthropic_error,
    error_stream=bodies.message_error_stream,
    input_tokens=25,
    output_tokens=9,
    some=4,
    model=bodies.CLAUDE,
    provider="anthropic",
    stated_input=25,
    last=7,
)
BETA_MESSAGES = Api(**{**MESSAGES.__dict__, "name": "beta-messages", "path": "beta.messages"})

OPENAI = (CHAT, COMPLETIONS, RESPONSES) if era("openai") >= (1, 70) else (CHAT, COMPLETIONS)
ANTHROPIC = (MESSAGES, BETA_MESSAGES)


class Scene:
    """One client on a stage: an API, a face of it, and what the transport will answer."""

    def __init__(self, api: Api, face: Face, *script: Script, **client: Any) -> None:
        self.api = api
        self.face = face
        self.transport = Transport(*script)
        self.client = api.client(face, self.transport, **client)
        self.of, self.take, self.rest = face.of, face.take, face.rest
        self.within, self.close = face.within, face.close

    @property
    def resource(self) -> Any:
        """Where `create` is."""
        found = self.client
        for name in self.api.path.split("."):
            found = getattr(found, name)
        return found

    async def create(self, **more: Any) -> Any:
        """Make the call."""
        return await self.of(self.resource.create(**{**self.api.request, **more}))

    async def stream(self, **more: Any) -> Any:
        """Make the call, streamed."""
        return await self.create(stream=True, **more)

    async def raw(self, **more: Any) -> Any:
        """Make the call for its raw response."""
        return await self.of(self.resource.with_raw_response.create(**{**self.api.request, **more}))

    @asynccontextmanager
    async def streaming(self, **more: Any) -> AsyncIterator[Any]:
        """Make the call for its unread response."""
        request = {**self.api.request, **more}
        async with self.within(self.resource.with_streaming_response.create(**request)) as response:
            yield response


Seen = list[Any]


def look(value: Any) -> Any:
    """What an application can see of a result: its type, and every field that is set."""
    if hasattr(value, "model_dump"):
        return (
            type(value),
            value.model_dump(exclude_unset=True, warnings=False),
            value.to_json(warnings=False),
        )
    return type(value), value


def looks(values: Sequence[Any]) -> Seen:
    """The same of each."""
    return [look(value) for value in values]


@asynccontextmanager
async def seeing(seen: Seen) -> AsyncIterator[Seen]:
    """Add the exception that ends the block to what is seen."""
    try:
        yield seen
    except BaseException as error:
        if isinstance(error, (GeneratorExit, pytest.fail.Exception)):
            raise
        seen.append((type(error), str(error), getattr(error, "status_code", None)))


@dataclass(frozen=True)
class Expected:
    """What the one span says."""

    outcome: str = "ok"
    usage: str | None = "provider"
    """The source of the usage; None where none is known."""
    error: str | None = None
    """The `error.type`, where it is not the exception that the application sees."""
    attempts: int = 1
    streamed: bool = False
    unread: bool = False


OK = Expected()
STREAMED = Expected(streamed=True)
ABANDONED = Expected("abandoned", "partial", streamed=True)
UNREAD = Expected("abandoned", "partial", streamed=True, unread=True)
CANCELLED = Expected("cancelled", "partial", streamed=True)


@dataclass(frozen=True)
class Case:
    """A piece of an application."""

    name: str
    script: Callable[[Api], Sequence[Script]]
    play: Callable[[Scene], Awaitable[Seen]]
    expected: Expected
    faces: tuple[Face, ...] = FACES
    client: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    async def on(self, api: Api, face: Face) -> Seen:
        """Play it; what the application sees."""
        scene = Scene(api, face, *self.script(api), **self.client)
        try:
            return list(await self.play(scene))
        finally:
            await face.of(scene.client.close())


# Scripts.


def whole(api: Api) -> Sequence[Script]:
    """A whole answer."""
    return [json_reply(api.whole())]


def streamed(api: Api) -> Sequence[Script]:
    """A streamed answer."""
    return [lambda sent: stream_reply(api.stream(sent))]


def in_pieces(api: Api) -> Sequence[Script]:
    """A streamed answer whose bytes are cut anywhere."""
    return [lambda sent: stream_reply(api.stream(sent), piece=7)]


def _changed(change: Callable[..., Reply], *args: Any) -> Callable[[Api], Sequence[Script]]:
    return lambda api: [lambda sent: change(stream_reply(api.stream(sent)), api.some_on_the_wire, *args)]


def failing(api: Api) -> Sequence[Script]:
    """A streamed answer that ends in an error of the provider."""
    return [stream_reply(api.error_stream())]


def statuses(*numbers: int) -> Callable[[Api], Sequence[Script]]:
    """Answers with these statuses, in order."""
    return lambda api: [json_reply(api.whole() if n == 200 else api.error(n), n) for n in numbers]


def no_answer(error: BaseException | str) -> Callable[[Api], Sequence[Script]]:
    """None at all."""
    return lambda _api: [refused(error)]


def hangs(_api: Api) -> Sequence[Script]:
    """None, and no end of waiting."""
    return [hanging(Reply())]


# Plays.


async def _create(scene: Scene) -> Seen:
    seen: Seen = []
    async with seeing(seen):
        seen.append(look(await scene.create()))
    return seen


async def _read(scene: Scene) -> Seen:
    seen: Seen = []
    async with seeing(seen):
        stream = await scene.stream()
        seen.append(type(stream))
        if scene.face.asynchronous:
            async for event in stream:
                seen.append(look(event))  # what came before an error is seen too
        else:
            for event in stream:
                seen.append(look(event))
    return seen


async def _read_within(scene: Scene) -> Seen:
    async with scene.within(await scene.stream()) as stream:
        return looks(await scene.rest(stream))


async def _left(scene: Scene) -> Seen:
    async with scene.within(await scene.stream()) as stream:
        return looks(await scene.take(stream, scene.api.some))


async def _left_unread(scene: Scene) -> Seen:
    async with scene.within(await scene.stream()) as stream:
        return [type(stream)]


async def _closed(scene: Scene) -> Seen:
    stream = await scene.stream()
    seen = looks(await scene.take(stream, scene.api.some))
    await scene.close(stream)
    await scene.close(stream)
    return seen


async def _broken_off(scene: Scene) -> Seen:
    seen: Seen = []
    stream = await scene.stream()
    if scene.face.asynchronous:
        async for event in stream:
            seen.append(look(event))
            if len(seen) == scene.api.some:
                break
    else:
        for event in stream:
            seen.append(look(event))
            if len(seen) == scene.api.some:
                break
    await scene.close(stream)
    return seen


async def _dropped(scene: Scene) -> Seen:
    return looks(await scene.take(await scene.stream(), scene.api.some))


async def _dropped_unread(scene: Scene) -> Seen:
    return [type(await scene.stream())]


async def _stopped_at_the_last(scene: Scene) -> Seen:
    return looks(await scene.take(await scene.stream(), scene.api.last or 0))


class BoomError(Exception):
    """The application's own."""


async def _consumer_raises(scene: Scene) -> Seen:
    seen: Seen = []
    async with seeing(seen), scene.within(await scene.stream()) as stream:
        await scene.take(stream, scene.api.some)
        raise BoomError
    return seen


async def _consumer_raises_in_the_loop(scene: Scene) -> Seen:
    async def consume() -> None:
        stream = await scene.stream()
        if scene.face.asynchronous:
            async for event in stream:
                first.append(event)
                if len(first) == scene.api.some:
                    raise BoomError
        else:
            for event in stream:
                first.append(event)
                if len(first) == scene.api.some:
                    raise BoomError

    first: Seen = []
    seen: Seen = []
    async with seeing(seen):
        await consume()
    return looks(first) + seen


_PATIENCE_S = 30.0


async def _cancelled(task: asyncio.Task[Any], begun: Callable[[], bool]) -> Seen:
    until = time.monotonic() + _PATIENCE_S
    while not begun() and not task.done() and time.monotonic() < until:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await asyncio.sleep(0.001)
    task.cancel()
    seen: Seen = []
    async with seeing(seen):
        await task
    return seen


async def _cancelled_before(scene: Scene) -> Seen:
    """Pitfall 20."""
    task = asyncio.create_task(scene.create())
    return await _cancelled(task, lambda: bool(scene.transport.requests))


async def _cancelled_during(scene: Scene) -> Seen:
    """Pitfall 20."""
    seen: Seen = []

    async def consume() -> None:
        async for event in await scene.stream():
            seen.append(look(event))

    task = asyncio.create_task(consume())
    return seen + await _cancelled(task, lambda: len(seen) == scene.api.some)


async def _timed_out_by_the_application(scene: Scene) -> Seen:
    seen: Seen = []
    async with seeing(seen):
        await asyncio.wait_for(scene.create(), 0.02)
    return seen


async def _raw(scene: Scene) -> Seen:
    response = await scene.raw()
    seen = [
        type(response),
        response.status_code,
        response.headers["content-type"],
        type(response.http_response),
    ]
    return [*seen, look(await scene.of(response.parse()))]


async def _raw_text(scene: Scene) -> Seen:
    response = await scene.raw()
    text = response.text if isinstance(response.text, str) else await scene.of(response.text())
    return [type(response), text]


async def _raw_unparsed(scene: Scene) -> Seen:
    return [type(await scene.raw())]


async def _raw_error(scene: Scene) -> Seen:
    seen: Seen = []
    async with seeing(seen):
        await scene.raw()
    return seen


async def _raw_stream(scene: Scene) -> Seen:
    response = await scene.raw(stream=True, **scene.api.asks)
    stream = await scene.of(response.parse())
    return [type(response), type(stream), *looks(await scene.rest(stream))]


async def _raw_stream_left(scene: Scene) -> Seen:
    response = await scene.raw(stream=True, **scene.api.asks)
    async with scene.within(await scene.of(response.parse())) as stream:
        return looks(await scene.take(stream, scene.api.some))


async def _raw_stream_dropped(scene: Scene) -> Seen:
    response = await scene.raw(stream=True, **scene.api.asks)
    stream = await scene.of(response.parse())
    return looks(await scene.take(stream, scene.api.some))


async def _streaming(scene: Scene, how: str) -> Seen:
    async with scene.streaming() as response:
        seen: Seen = [type(response), response.status_code]
        if how.startswith("iter_"):
            return seen + await scene.rest(getattr(response, how)())
        return [*seen, look(await scene.of(getattr(response, how)()))]


async def _streaming_unread(scene: Scene) -> Seen:
    async with scene.streaming() as response:
        return [response.status_code]


async def _streaming_stream(scene: Scene, how: str) -> Seen:
    async with scene.streaming(stream=True, **scene.api.asks) as response:
        if how == "parse":
            return looks(await scene.rest(await scene.of(response.parse())))
        if how == "read":
            return [await scene.of(response.read())]
        return list(await scene.rest(getattr(response, how)()))


async def _streaming_stream_left(scene: Scene, how: str) -> Seen:
    async with scene.streaming(stream=True, **scene.api.asks) as response:
        if how == "parse":
            stream = await scene.of(response.parse())
            return looks(await scene.take(stream, scene.api.some))
        lines = getattr(response, how)()
        seen = await scene.take(lines, scene.api.some_lines if how == "iter_lines" else scene.api.some)
        with suppress(RuntimeError):
            await scene.of(lines.aclose() if scene.face.asynchronous else lines.close())
        return list(seen)


async def _post(scene: Scene, cast: str) -> Seen:
    """Pitfall 22."""
    kinds = {"model": await _kind(scene), "response": type_of_response(scene), "dict": object}
    path = "/" + scene.api.path.removeprefix("beta.").replace(".", "/")
    prefix = "/v1" if scene.api.package == "anthropic" else ""
    options = {"body": dict(scene.api.request)}
    result = await scene.of(scene.client.post(prefix + path, cast_to=kinds[cast], **options))
    if cast == "response":
        return [type(result), result.status_code, result.json()]
    return [look(result)]


async def _kind(scene: Scene) -> Any:
    """The class of a whole answer."""
    other = Scene(scene.api, scene.face, json_reply(scene.api.whole()))
    import otel_tokens.calls  # noqa: PLC0415  # the extra call is not part of the case

    token = otel_tokens.calls.current.set(None)
    try:
        with unmetered():
            return type(await other.create())
    finally:
        otel_tokens.calls.current.reset(token)


def type_of_response(scene: Scene) -> Any:
    """`httpx.Response` of the HTTP package that the client is built on."""
    from .transport import http_package  # noqa: PLC0415  # only here

    return http_package(scene.api.package).Response


def unmetered() -> Any:
    """A block in which nothing is emitted."""
    from opentelemetry.instrumentation.utils import suppress_instrumentation  # noqa: PLC0415

    return suppress_instrumentation()


def _failed(*, attempts: int = 3) -> Expected:
    return Expected("error", None, attempts=attempts)


CUT = Expected("error", "partial", "server_error", streamed=True)


SYNC_ONLY = FACES[:1]
ASYNC_ONLY = FACES[1:]

_READERS = ("iter_lines", "iter_bytes", "iter_text")

CASES = (
    Case("whole", whole, _create, OK),
    Case("stream", streamed, _read, STREAMED),
    Case("stream-in-pieces", in_pieces, _read, STREAMED),
    Case("stream-in-a-block", streamed, _read_within, STREAMED),
    Case("left", streamed, _left, ABANDONED),
    Case("left-unread", streamed, _left_unread, UNREAD),
    Case("closed", streamed, _closed, ABANDONED),
    Case("broken-off", streamed, _broken_off, ABANDONED),
    Case("dropped", streamed, _dropped, ABANDONED),
    Case("dropped-unread", streamed, _dropped_unread, UNREAD),
    Case("consumer-raises", streamed, _consumer_raises, ABANDONED),
    Case("consumer-raises-in-the-loop", streamed, _consumer_raises_in_the_loop, ABANDONED),
    Case("status-400", statuses(400), _create, _failed(attempts=1)),
    Case("status-401", statuses(401), _create, _failed(attempts=1)),
    Case("status-429", statuses(429), _create, _failed()),
    Case("status-500", statuses(500), _create, _failed()),
    Case("status-529", statuses(529), _create, _failed()),
    Case(
        "stream-status-429",
        statuses(429),
        _read,
        Expected("error", None, attempts=3, streamed=True),
    ),
    Case("two-failures-and-a-success", statuses(429, 500, 200), _create, Expected(attempts=3)),
    Case("no-connection", no_answer("ConnectError"), _create, _failed()),
    Case("time-out", no_answer("ReadTimeout"), _create, _failed()),
    Case(
        "time-out-without-retries",
        no_answer("ReadTimeout"),
        _create,
        _failed(attempts=1),
        client={"max_retries": 0},
    ),
    Case(
        "interrupted",
        no_answer(KeyboardInterrupt("by hand")),
        _create,
        Expected("cancelled", None),
    ),
    Case("cut", _changed(cut), _read, CUT),
    Case("time-out-in-mid-stream", _changed(cut, "ReadTimeout"), _read, CUT),
    Case("interrupted-in-mid-stream", _changed(cut, KeyboardInterrupt("by hand")), _read, CANCELLED),
    Case("error-event", failing, _read, CUT),
    Case("cancelled-before", hangs, _cancelled_before, Expected("cancelled", None), ASYNC_ONLY),
    Case("cancelled-during", _changed(hanging), _cancelled_during, CANCELLED, ASYNC_ONLY),
    Case(
        "timed-out-by-the-application",
        hangs,
        _timed_out_by_the_application,
        Expected("cancelled", None),
        ASYNC_ONLY,
    ),
    Case("raw", whole, _raw, OK),
    Case("raw-text", whole, _raw_text, OK),
    Case("raw-unparsed", whole, _raw_unparsed, OK),
    Case("raw-error", statuses(400), _raw_error, _failed(attempts=1)),
    Case("raw-stream", streamed, _raw_stream, STREAMED),
    Case("raw-stream-left", streamed, _raw_stream_left, ABANDONED),
    Case("raw-stream-dropped", streamed, _raw_stream_dropped, ABANDONED),
    *[
        Case(f"streaming-response-{how}", whole, partial(_streaming, how=how), OK)
        for how in ("read", "json", "parse", *_READERS)
    ],
    Case("streaming-response-unread", whole, _streaming_unread, Expected("abandoned", None)),
    *[
        Case(f"streaming-response-stream-{how}", streamed, partial(_streaming_stream, how=how), STREAMED)
        for how in ("parse", "read", *_READERS)
    ],
    *[
        Case(
            f"streaming-response-stream-left-{how}",
            streamed,
            partial(_streaming_stream_left, how=how),
            ABANDONED,
        )
        for how in ("parse", *_READERS)
    ],
    *[Case(f"post-{cast}", whole, partial(_post, cast=cast), OK) for cast in ("model", "response", "dict")],
)

STOPPED_AT_THE_LAST = Case("stopped-at-the-last", streamed, _stopped_at_the_last, STREAMED)
"""Pitfall 7: only where an API has a last event that is not the end."""


def parameters(apis: Sequence[Api], cases: Sequence[Case] = CASES) -> list[Any]:
    """Every case on every face of every API."""
    found = []
    for api in apis:
        for case in (*cases, STOPPED_AT_THE_LAST) if cases is CASES and api.last else cases:
            for face in case.faces:
                found.append(pytest.param(api, face, case, id=f"{api}-{face}-{case}"))  # noqa: PERF401
    return found


# What is emitted.


def check(telemetry: Any, api: Api, expected: Expected, seen: Seen) -> None:
    """The one span says what is expected, and the metrics say the same."""
    raised = [one[0] for one in seen if isinstance(one, tuple) and issubclass(one[0], Exception)]
    error = raised[-1] if raised and expected.outcome == "error" else None
    span, found = telemetry.span, telemetry.attributes
    requested = api.request["model"]
    assert span.name == f"{api.operation} {requested}"
    assert span.kind.name == "CLIENT"
    assert found["gen_ai.operation.name"] == api.operation
    assert found["gen_ai.provider.name"] == api.provider
    assert found["gen_ai.request.model"] == requested
    assert found.get("gen_ai.request.stream", False) is expected.streamed
    assert found["otel_tokens.outcome"] == expected.outcome
    assert found.get("otel_tokens.attempts", 1) == expected.attempts
    assert found.get("error.type") == (_name(error) if error else expected.error)
    assert span.status.status_code.name == ("ERROR" if expected.outcome == "error" else "UNSET")
    assert found.get("otel_tokens.usage.source") == expected.usage
    _check_tokens(found, api, expected)
    _check_metrics(telemetry, found, expected)


def _name(error: type[BaseException]) -> str:
    package = error.__module__.partition(".")[0]
    return error.__qualname__ if package in ("builtins", "asyncio") else f"{package}.{error.__qualname__}"


def _check_tokens(found: Mapping[str, Any], api: Api, expected: Expected) -> None:
    put, got = found.get("gen_ai.usage.input_tokens"), found.get("gen_ai.usage.output_tokens")
    match expected.usage:
        case None:
            assert (put, got) == (None, None)
            assert found["otel_tokens.cost.status"] == "no_usage"
            assert "otel_tokens.cost.usd" not in found
        case "provider":
            assert (put, got) == (api.input_tokens, api.output_tokens)
            assert found["gen_ai.response.model"] == api.model
            assert found["otel_tokens.cost.source"] == "computed"
        case _:
            stated = None if expected.unread else api.stated_input
            assert put == stated if stated else put > 0
            assert int(not expected.unread) <= got <= api.output_tokens
            assert found["otel_tokens.cost.source"] == "estimated"


def _check_metrics(telemetry: Any, found: Mapping[str, Any], expected: Expected) -> None:
    (labels, count), *more = telemetry.points("otel_tokens.requests")
    assert (count, more) == (1, [])
    assert labels["otel_tokens.outcome"] == expected.outcome
    assert labels.get("error.type") == found.get("error.type")
    tokens = found.get("gen_ai.usage.input_tokens", 0) + found.get("gen_ai.usage.output_tokens", 0)
    assert telemetry.total("otel_tokens.tokens") == tokens
    assert telemetry.total("otel_tokens.cost.usd") == pytest.approx(found.get("otel_tokens.cost.usd", 0))
    priced = "otel_tokens.cost.usd" in found
    gap = not priced and expected.outcome != "error"
    assert telemetry.total("otel_tokens.unpriced.requests") == int(gap)
    assert len(telemetry.points("gen_ai.client.operation.duration")) == 1


def passes(start: Callable[[], Any], api: Api, face: Face, case: Case) -> Any:
    """Play a case without and with metering: the same is seen, and the right thing is emitted."""
    without = face.run(case.on(api, face))
    telemetry = start()
    seen = face.run(case.on(api, face))
    assert seen == without
    check(telemetry, api, case.expected, seen)
    return telemetry
