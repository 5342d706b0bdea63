"""Replays recordings through the real client libraries, each inside a span that names it.

`test_recordings.py` runs it as `opentelemetry-instrument python driver.py FOLDER SHIFT OUT`: SHIFT
is a JSON file that lists the replays as (API, recording, mode, piece), OUT gets one row about each.
It knows nothing of `otel_tokens`, and runs without it too.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import sys
import warnings

from collections.abc import AsyncIterable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

import anthropic
import openai

from opentelemetry import trace


sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "clients"))

import transport as fake

from replay import Item, Plan, Recording, load


METHODS = {
    "chat": "chat.completions.create",
    "completions": "completions.create",
    "responses": "responses.create",
    "responses.count": "responses.input_tokens.count",
    "responses.compact": "responses.compact",
    "responses.get": "responses.retrieve",
    "embeddings": "embeddings.create",
    "images": "images.generate",
    "transcription": "audio.transcriptions.create",
    "translation": "audio.translations.create",
    "speech": "audio.speech.create",
    "moderations": "moderations.create",
    "run": "beta.threads.runs.retrieve",
    "batch": "batches.create",
    "batch.get": "batches.retrieve",
    "file": "files.content",
    "messages": "messages.create",
    "messages.count": "messages.count_tokens",
    "messages.batch": "messages.batches.results",
    "complete": "completions.create",
}
"""The method that makes each operation. What is missing here goes through `client.post`."""

TURN = [{"role": "user", "content": "Hi"}]
INVENTED: dict[str, dict[str, Any]] = {
    "chat": {"messages": TURN},
    "completions": {"prompt": "Hi"},
    "responses": {"input": "Hi"},
    "responses.compact": {},
    "embeddings": {"input": "Hi"},
    "images": {"prompt": "A cat"},
    "transcription": {"file": ("a.wav", b"RIFF")},
    "translation": {"file": ("a.wav", b"RIFF")},
    "messages": {"messages": TURN, "max_tokens": 1024},
}
"""What is asked where the request was not recorded."""

_NAMED = {
    "responses.get": ("response_id",),
    "run": ("thread_id", "run_id"),
    "batch.get": ("batch_id",),
    "file": ("file_id",),
    "messages.batch": ("message_batch_id",),
}
"""Operations that ask for something by what the path names, and what the method calls that."""

_TIMEOUT_S = 30.0


class NoMethodError(Exception):
    """No method of the client makes this request."""


class Player:
    """The clients, each over a transport of its own, and how they are called."""

    def __init__(self) -> None:
        self._clients: dict[tuple[str, str, str, bool], tuple[Any, fake.Transport]] = {}

    def client(self, plan: Plan, *, asynchronous: bool) -> tuple[Any, fake.Transport]:
        """The client of this plan, made once, and what it speaks through."""
        key = (plan.client, plan.base_url, repr(plan.ids + plan.query), asynchronous)
        if key not in self._clients:
            transport = fake.Transport()
            self._clients[key] = (_make(plan, transport, asynchronous=asynchronous), transport)
        return self._clients[key]


def _make(plan: Plan, transport: fake.Transport, *, asynchronous: bool) -> Any:
    prefix = "async_" if asynchronous else ""
    make = getattr(fake, f"{prefix}{plan.client}_client")
    kwargs: dict[str, Any] = {"max_retries": 0}
    query = dict(plan.query)
    match plan.client:
        case "azure":
            kwargs["azure_endpoint"] = plan.base_url
            kwargs["api_version"] = query.get("api-version", "2024-10-21")
        case "openai":
            kwargs["base_url"] = plan.base_url
            # A query is part of a base URL, as with `api-version`, unless it belongs to the method.
            if plan.operation not in {"responses.get", "get"}:
                kwargs["default_query"] = query
        case "vertex":
            kwargs |= {"base_url": plan.base_url, "region": plan.ids[0], "project_id": plan.ids[1]}
        case _:
            kwargs["base_url"] = plan.base_url
    return make(transport, **kwargs)


def script(item: Item) -> list[fake.Reply]:
    """What the provider answers."""
    recording = item.recording
    payload = recording.payload
    if recording.stream:
        chunks = fake.pieces(payload, item.piece) if item.piece else (payload,)
    else:
        chunks = (payload,) if payload else ()
    answer = fake.Reply(recording.status, recording.headers, chunks)
    if item.plan.operation == "messages.batch":
        return [fake.json_reply(_batch(item.plan.ids[0], recording.url)), answer]
    return [answer]


def _batch(batch_id: str, results_url: str) -> dict[str, Any]:
    # The method asks for the batch first, to learn where the results are.
    return {
        "id": batch_id,
        "type": "message_batch",
        "processing_status": "ended",
        "results_url": results_url,
        "created_at": "2026-01-01T00:00:00Z",
        "expires_at": "2026-01-02T00:00:00Z",
        "ended_at": "2026-01-01T00:10:00Z",
        "archived_at": None,
        "cancel_initiated_at": None,
        "request_counts": {
            "processing": 0,
            "succeeded": 1,
            "errored": 0,
            "canceled": 0,
            "expired": 0,
        },
    }


def arguments(item: Item) -> dict[str, Any]:
    """What the application passes."""
    plan, recording = item.plan, item.recording
    if plan.operation in _NAMED:
        start = dict(plan.query).get("starting_after")
        cursor = {"stream": True, "starting_after": int(start or 0)} if recording.stream else {}
        return dict(zip(_NAMED[plan.operation], plan.ids, strict=True)) | cursor
    body = dict(recording.body) if isinstance(recording.body, dict) else None
    if body is None:
        body = dict(INVENTED.get(plan.operation, {}))
        if isinstance(recording.body, str):
            body |= _form_fields(recording.body)
    body.pop("stream", None)
    if plan.operation != "batch":
        body["model"] = plan.model
    if plan.client in {"bedrock", "vertex"}:
        body.pop("anthropic_version", None)
    if recording.stream:
        body["stream"] = True
    return body


def _form_fields(form: str) -> dict[str, str]:
    model = re.search(r'name="model"\s*\r?\n\r?\n([^\r\n]+)', form)
    return {"model": model[1]} if model else {}


def resource_and_method(client: Any, item: Item) -> tuple[Any, str]:
    """Where the method of an operation is, and its name."""
    path = METHODS.get(item.plan.operation)
    if path is None:
        raise NoMethodError(f"no method for {item.plan.operation}")
    if item.plan.operation.startswith("messages") and ("beta", "true") in item.plan.query:
        path = f"beta.{path}"
    where, _, name = path.rpartition(".")
    try:
        resource = attrgetter(where)(client)
        getattr(resource, name)
    except AttributeError as error:
        raise NoMethodError(f"no {path} in this version") from error
    return resource, name


def fitted(method: Callable[..., Any], given: dict[str, Any]) -> dict[str, Any]:
    """`given`, with what the method has no parameter for in `extra_body`."""
    known = inspect.signature(method).parameters
    missing = [
        name
        for name, parameter in known.items()
        if parameter.default is inspect.Parameter.empty
        and parameter.kind is inspect.Parameter.KEYWORD_ONLY
        and name not in given
    ]
    if missing:
        raise NoMethodError(f"the body has no {', '.join(missing)}")
    extra = {name: value for name, value in given.items() if name not in known}
    kwargs = {name: value for name, value in given.items() if name in known}
    return {**kwargs, **({"extra_body": extra} if extra else {}), "timeout": _TIMEOUT_S}


def _event_type(item: Item) -> Any:
    """What the events of a stream are cast to; anything will do where no method exists."""
    if item.plan.operation == "chat":
        from openai.types.chat import ChatCompletionChunk  # noqa: PLC0415 (only for a fallback)

        return ChatCompletionChunk
    return object


def posted(client: Any, item: Item, *, asynchronous: bool) -> Any:
    """The request as an application makes it that has no method for it."""
    plan, recording = item.plan, item.recording
    if recording.method == "GET":
        return client.get(plan.path, cast_to=object, options={"params": dict(plan.query)})
    given = arguments(item)
    library = anthropic if plan.client in {"anthropic", "bedrock", "vertex"} else openai
    kwargs: dict[str, Any] = {"cast_to": object, "body": given, "options": {"timeout": _TIMEOUT_S}}
    if recording.stream:
        base = library.AsyncStream if asynchronous else library.Stream
        kwargs |= {"stream": True, "stream_cls": base[_event_type(item)]}
    return client.post(plan.path, **kwargs)


@dataclass(frozen=True)
class Made:
    """A method to call and what with, or `post` when there is none."""

    resource: Any = None
    name: str = ""
    kwargs: dict[str, Any] = field(default_factory=dict)
    note: str = ""


def prepared(client: Any, item: Item) -> Made:
    """The method that makes the request of `item`, or why it has to be posted."""
    try:
        resource, name = resource_and_method(client, item)
        kwargs = fitted(getattr(resource, name), arguments(item))
    except NoMethodError as why:
        return Made(note=f"post: {why}")
    return Made(resource, name, kwargs, METHODS[item.plan.operation])


def play(client: Any, item: Item, made: Made) -> None:
    """Make the request with a sync client and read the answer to its end."""
    if made.resource is None:
        _consume(posted(client, item, asynchronous=False))
    elif item.mode == "streaming_raw":
        with getattr(made.resource.with_streaming_response, made.name)(**made.kwargs) as raw:
            _consume_raw(raw, item)
    elif item.mode == "raw":
        raw = getattr(made.resource.with_raw_response, made.name)(**made.kwargs)
        if item.recording.stream or item.recording.coin % 2:
            _consume(raw.parse())
        else:
            raw.http_response.read()
    else:
        _consume(getattr(made.resource, made.name)(**made.kwargs))


def _consume(result: Any) -> None:
    if hasattr(result, "iter_bytes") and hasattr(result, "read"):
        result.read()
    elif isinstance(result, Iterable) and not hasattr(result, "model_dump"):
        for _ in result:
            pass


def _consume_raw(raw: Any, item: Item) -> None:
    match item.recording.coin % 3:
        case 0:
            for _ in raw.iter_bytes():
                pass
        case 1:
            for _ in raw.iter_lines():
                pass
        case _:
            _consume(raw.parse())


async def aplay(client: Any, item: Item, made: Made) -> None:
    """Make the request with an async client and read the answer to its end."""
    if made.resource is None:
        await _aconsume(await posted(client, item, asynchronous=True))
    elif item.mode == "streaming_raw":
        async with getattr(made.resource.with_streaming_response, made.name)(**made.kwargs) as raw:
            await _aconsume_raw(raw, item)
    elif item.mode == "raw":
        raw = await getattr(made.resource.with_raw_response, made.name)(**made.kwargs)
        if item.recording.stream or item.recording.coin % 2:
            await _aconsume(await _settled(raw.parse()))
        else:
            await raw.http_response.aread()
    else:
        await _aconsume(await getattr(made.resource, made.name)(**made.kwargs))


async def _settled(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


async def _aconsume(result: Any) -> None:
    if hasattr(result, "aiter_bytes") and hasattr(result, "aread"):
        await result.aread()
    elif isinstance(result, AsyncIterable) and not hasattr(result, "model_dump"):
        async for _ in result:
            pass


async def _aconsume_raw(raw: Any, item: Item) -> None:
    match item.recording.coin % 3:
        case 0:
            async for _ in raw.iter_bytes():
                pass
        case 1:
            async for _ in raw.iter_lines():
                pass
        case _:
            await _aconsume(await _settled(raw.parse()))


def asynchronous(item: Item) -> bool:
    """Whether `item` is for an async client; the raw modes take turns."""
    if item.mode in {"raw", "streaming_raw"}:
        return item.recording.coin % 5 < 2
    return item.mode == "async"


def run(items: list[Item]) -> list[dict[str, Any]]:
    """Replay all; one row about each."""
    tracer = trace.get_tracer("replay")
    player = Player()
    rows = []
    loop = asyncio.new_event_loop()
    for item in items:
        for_async = asynchronous(item)
        client, transport = player.client(item.plan, asynchronous=for_async)
        made = prepared(client, item)
        replies = script(item)
        transport.then(*(replies if made.name else replies[-1:]))
        row: dict[str, Any] = {"key": item.key, "error": None, "call": made.note}
        with tracer.start_as_current_span("replay", attributes={"replay.id": item.key}) as span:
            row["trace"] = f"{span.get_span_context().trace_id:032x}"
            # What the application gets here is an answer of the library, good or bad.
            try:
                if for_async:
                    loop.run_until_complete(aplay(client, item, made))
                else:
                    play(client, item, made)
            except Exception as error:  # noqa: BLE001 (error recordings end in many ways)
                row["error"] = f"{type(error).__module__}.{type(error).__name__}: {error}"[:300]
        row["sent"] = [f"{sent.method} {sent.url}" for sent in transport.requests]
        transport.requests.clear()
        transport.served.clear()
        rows.append(row)
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    return rows


def chosen(folder: Path, wanted: list[list[Any]]) -> list[Item]:
    """The replays that a shift lists as (API, recording, mode, piece)."""
    known: dict[str, dict[str, tuple[Recording, Plan]]] = {}
    made = []
    for api, recording_id, mode, piece in wanted:
        if api not in known:
            known[api] = {recording.id: (recording, plan) for recording, plan in load(folder, api)}
        recording, plan = known[api][recording_id]
        made.append(Item(recording, plan, mode, piece))
    return made


def main(folder: str, shift: str, out: str) -> None:
    """Replay a shift and write down what became of it."""
    warnings.simplefilter("ignore")
    rows = run(chosen(Path(folder), json.loads(Path(shift).read_text("utf-8"))))
    Path(out).write_text(json.dumps(rows), "utf-8")
    for signal in (trace.get_tracer_provider(), _meter_provider()):
        with suppress(AttributeError):
            signal.force_flush()


def _meter_provider() -> Any:
    from opentelemetry import metrics  # noqa: PLC0415 (only needed at the end)

    return metrics.get_meter_provider()


if __name__ == "__main__":
    main(*sys.argv[1:])
