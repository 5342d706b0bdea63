"""A scripted transport at the HTTP seam: the real client library runs, nothing is sent.

One `Transport` serves `httpx` and `httpx2`, sync and async, because it looks only at the request it
is given. Give it replies in the order of the attempts, hand it to a client, then ask what was sent:

    transport = Transport(error(529), json_reply(bodies.ANTHROPIC_MESSAGE))
    anthropic_client(transport).messages.create(...)
    assert len(transport.requests) == 2
"""

from __future__ import annotations

import importlib.metadata
import json as jsonlib
import threading

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from time import sleep
from types import ModuleType
from typing import Any

import anyio

from typing_extensions import Self


JSON = "application/json"
SSE = "text/event-stream; charset=utf-8"
JSONL = "application/x-jsonl"
EVENT_STREAM = "application/vnd.amazon.eventstream"

_FIRST_WITH_HTTPX2 = {"openai": 3, "anthropic": 1}
_HANG_LIMIT_S = 30.0


def http_package(client_package: str) -> ModuleType:
    """The HTTP package that the installed version of `client_package` is built on."""
    major = int(importlib.metadata.version(client_package).partition(".")[0])
    return import_module("httpx2" if major >= _FIRST_WITH_HTTPX2[client_package] else "httpx")


@dataclass(frozen=True)
class Sent:
    """One request that reached the transport."""

    method: str
    url: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return jsonlib.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What one attempt gets. `replace(reply, ...)` makes a variation.

    An error is an exception, or the name of one of the HTTP package, such as `"ReadTimeout"`.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: Sequence[bytes] = ()
    error: BaseException | str | None = None
    error_after: int = -1
    """Raise `error` after that many chunks; below 0 before anything is answered."""
    hang_after: int | None = None
    """Stand still after that many chunks, until cancelled, closed or released; below 0 at once."""
    delay_s: float = 0.0
    """Wait before the head of the answer."""
    chunk_delay_s: float = 0.0
    """Wait before each chunk."""


def json_reply(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A whole JSON answer; errors ask for a retry after one millisecond."""
    content = body if isinstance(body, bytes) else jsonlib.dumps(body).encode()
    asked = {} if status < 400 else {"retry-after-ms": "1"}
    return Reply(status, {"content-type": JSON, **asked, **(headers or {})}, (content,))


def stream_reply(
    body: bytes,
    *,
    piece: int | None = None,
    content_type: str = SSE,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """A streamed answer: one chunk an event, or pieces of `piece` bytes that respect nothing."""
    chunks = pieces(body, piece) if piece else events(body)
    return Reply(200, {"content-type": content_type, **(headers or {})}, chunks)


def bytes_reply(body: bytes, content_type: str, *, status: int = 200) -> Reply:
    """An answer that is neither JSON nor a stream of events, such as audio."""
    return Reply(status, {"content-type": content_type}, (body,))


def refused(error: BaseException | str = "ConnectError") -> Reply:
    """No answer at all: `error` is raised instead of it."""
    return Reply(error=error)


def cut(reply: Reply, after: int, error: BaseException | str = "RemoteProtocolError") -> Reply:
    """The same reply, whose connection breaks after `after` chunks."""
    return replace(reply, error=error, error_after=after)


def hanging(reply: Reply, after: int = -1) -> Reply:
    """The same reply, which stands still after `after` chunks, or before its head."""
    return replace(reply, hang_after=after)


def events(body: bytes) -> tuple[bytes, ...]:
    """The events of an SSE body, each with its blank line; other bodies in one piece."""
    parts = body.split(b"\n\n")
    whole = [part + b"\n\n" for part in parts[:-1]]
    return tuple([*whole, parts[-1]] if parts[-1] else whole)


def pieces(body: bytes, size: int) -> tuple[bytes, ...]:
    """`body` cut every `size` bytes, in the middle of lines and of characters."""
    return tuple(body[at : at + size] for at in range(0, len(body), size))


@dataclass
class Served:
    """What became of the body of one answer."""

    reply: Reply
    chunks_read: int = 0
    closed: bool = False


Script = Reply | Callable[[Sent], Reply]


class Transport:
    """Answers from a script and notes what was sent. The last entry repeats for ever.

    An entry is a reply, or a function that makes one from the request.
    """

    def __init__(self, *script: Script) -> None:
        self.requests: list[Sent] = []
        self.served: list[Served] = []
        self._script = list(script)
        self._released = threading.Event()

    def then(self, *script: Script) -> None:
        """Forget the rest of the script and go on with this one."""
        self._script = list(script)

    def release(self) -> None:
        """Let every sync reply that hangs go on."""
        self._released.set()

    def handle_request(self, request: Any) -> Any:
        """Answer a sync client."""
        request.read()
        package, reply = _package(request), self._next(request)
        sleep(reply.delay_s)
        if reply.hang_after is not None and reply.hang_after < 0:
            self._stand_still(package)
        if reply.error is not None and reply.error_after < 0:
            raise _error(package, reply.error)
        return self._response(package, request, reply)

    async def handle_async_request(self, request: Any) -> Any:
        """Answer an async client."""
        await request.aread()
        package, reply = _package(request), self._next(request)
        await anyio.sleep(reply.delay_s)
        if reply.hang_after is not None and reply.hang_after < 0:
            await anyio.sleep_forever()
        if reply.error is not None and reply.error_after < 0:
            raise _error(package, reply.error)
        return self._response(package, request, reply)

    def close(self) -> None:
        """Nothing is open."""

    async def aclose(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.aclose()

    def _next(self, request: Any) -> Reply:
        headers = {name.lower(): value for name, value in request.headers.items()}
        sent = Sent(request.method, str(request.url), headers, request.content)
        self.requests.append(sent)
        if not self._script:
            raise NotScriptedError(f"{sent.method} {sent.url}: the script has no reply")
        entry = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        return entry if isinstance(entry, Reply) else entry(sent)

    def _response(self, package: ModuleType, request: Any, reply: Reply) -> Any:
        served = Served(reply)
        self.served.append(served)
        body = _body_class(package)(self, package, served)
        headers = list(reply.headers.items())
        return package.Response(reply.status, headers=headers, stream=body, request=request)

    def _stand_still(self, package: ModuleType) -> None:
        if not self._released.wait(_HANG_LIMIT_S):
            raise _error(package, "ReadTimeout")


class NotScriptedError(BaseException):
    """A request that no test foresaw. No `Exception`, so that no client library retries it."""


class _Body:
    """The unread body of one answer."""

    def __init__(self, transport: Transport, package: ModuleType, served: Served) -> None:
        self._transport = transport
        self._package = package
        self._served = served

    def __iter__(self) -> Iterator[bytes]:
        reply = self._served.reply
        for at in range(len(reply.chunks) + 1):
            if at == reply.hang_after:
                self._transport._stand_still(self._package)
            if reply.error is not None and at == reply.error_after:
                raise _error(self._package, reply.error)
            if at < len(reply.chunks):
                if reply.chunk_delay_s:
                    sleep(reply.chunk_delay_s)
                self._served.chunks_read += 1
                yield reply.chunks[at]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        reply = self._served.reply
        for at in range(len(reply.chunks) + 1):
            if at == reply.hang_after:
                await anyio.sleep_forever()
            if reply.error is not None and at == reply.error_after:
                raise _error(self._package, reply.error)
            if at < len(reply.chunks):
                if reply.chunk_delay_s:
                    await anyio.sleep(reply.chunk_delay_s)
                self._served.chunks_read += 1
                yield reply.chunks[at]

    def close(self) -> None:
        self._served.closed = True

    async def aclose(self) -> None:
        self._served.closed = True


@cache
def _body_class(package: ModuleType) -> Any:
    # The HTTP packages check a body by isinstance, each against its own classes.
    return type("Body", (_Body, package.SyncByteStream, package.AsyncByteStream), {})


def _package(request: Any) -> ModuleType:
    return import_module(type(request).__module__.partition(".")[0])


def _error(package: ModuleType, error: BaseException | str) -> BaseException:
    if isinstance(error, BaseException):
        return error
    raised: BaseException = getattr(package, error)(f"scripted {error}")
    return raised


def http_client(client_package: str, transport: Transport) -> Any:
    """A sync HTTP client of the right package over `transport`."""
    return http_package(client_package).Client(transport=transport)


def async_http_client(client_package: str, transport: Transport) -> Any:
    """An async HTTP client of the right package over `transport`."""
    return http_package(client_package).AsyncClient(transport=transport)


def openai_client(transport: Transport, **kwargs: Any) -> Any:
    """`OpenAI` over `transport`; `kwargs` such as `base_url`, `max_retries` override."""
    return _client("openai", "OpenAI", transport, {"api_key": "sk-fake"} | kwargs)


def async_openai_client(transport: Transport, **kwargs: Any) -> Any:
    """`AsyncOpenAI` over `transport`."""
    return _client("openai", "AsyncOpenAI", transport, {"api_key": "sk-fake"} | kwargs)


_AZURE = {
    "api_key": "fake",
    "azure_endpoint": "https://acme.openai.azure.com",
    "api_version": "2025-03-01-preview",
}


def azure_client(transport: Transport, **kwargs: Any) -> Any:
    """`AzureOpenAI` over `transport`: the model of a call is the deployment."""
    return _client("openai", "AzureOpenAI", transport, _AZURE | kwargs)


def async_azure_client(transport: Transport, **kwargs: Any) -> Any:
    """`AsyncAzureOpenAI` over `transport`."""
    return _client("openai", "AsyncAzureOpenAI", transport, _AZURE | kwargs)


def anthropic_client(transport: Transport, **kwargs: Any) -> Any:
    """`Anthropic` over `transport`."""
    return _client("anthropic", "Anthropic", transport, {"api_key": "sk-ant-fake"} | kwargs)


def async_anthropic_client(transport: Transport, **kwargs: Any) -> Any:
    """`AsyncAnthropic` over `transport`."""
    return _client("anthropic", "AsyncAnthropic", transport, {"api_key": "sk-ant-fake"} | kwargs)


_BEDROCK = {"aws_access_key": "fake", "aws_secret_key": "fake", "aws_region": "us-east-1"}
_VERTEX = {"region": "us-east5", "project_id": "acme", "access_token": "fake"}


def bedrock_client(transport: Transport, **kwargs: Any) -> Any:
    """`AnthropicBedrock` over `transport`; needs the extra `anthropic[bedrock]`."""
    return _client("anthropic", "AnthropicBedrock", transport, _BEDROCK | kwargs)


def async_bedrock_client(transport: Transport, **kwargs: Any) -> Any:
    """`AsyncAnthropicBedrock` over `transport`; needs the extra `anthropic[bedrock]`."""
    return _client("anthropic", "AsyncAnthropicBedrock", transport, _BEDROCK | kwargs)


def vertex_client(transport: Transport, **kwargs: Any) -> Any:
    """`AnthropicVertex` over `transport`; needs the extra `anthropic[vertex]`."""
    return _client("anthropic", "AnthropicVertex", transport, _VERTEX | kwargs)


def async_vertex_client(transport: Transport, **kwargs: Any) -> Any:
    """`AsyncAnthropicVertex` over `transport`; needs the extra `anthropic[vertex]`."""
    return _client("anthropic", "AsyncAnthropicVertex", transport, _VERTEX | kwargs)


def _client(package: str, name: str, transport: Transport, kwargs: dict[str, Any]) -> Any:
    make = async_http_client if name.startswith("Async") else http_client
    kwargs.setdefault("http_client", make(package, transport))
    client = getattr(import_module(package), name)(**kwargs)
    # A failed connection has no header that shortens the pause before the next attempt.
    client._calculate_retry_timeout = lambda *_args, **_kwargs: 0.001
    return client
