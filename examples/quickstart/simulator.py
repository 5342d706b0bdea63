"""A simulator of OpenAI and Anthropic on loopback: their wire formats, and their bad days.

    python examples/quickstart/simulator.py --port 8080     # prints the base URLs; Ctrl-C ends it

    with Simulator() as sim:
        client = openai.OpenAI(base_url=sim.openai_url, api_key="any")

OpenAI is served under `/openai/v1`: chat completions, responses, embeddings, images,
transcription and speech.
Anthropic is served under `/anthropic`: messages and their token count. Answers, whole and
streamed, are what the real clients parse; token counts follow the rule in `simulated/model.py`
and can be checked by hand.

A request gets another behaviour by the beginning of its model's name (`slow-gpt-4o-mini` is a
slow `gpt-4o-mini`; `overloaded` alone will do) or by the header `x-simulate: slow`:

| behaviour       | what happens                                                                  |
|-----------------|-------------------------------------------------------------------------------|
| `busy-once`     | 429 with `retry-after-ms` at the first attempt, then success                  |
| `busy`          | 429, always                                                                   |
| `overloaded`    | OpenAI: 503, Anthropic: 529; always                                           |
| `bad-request`   | 400                                                                           |
| `bad-key`       | 401, as for a request without any key                                         |
| `unknown-model` | 404                                                                           |
| `slow`          | a pause before the answer, and before each event of a stream                  |
| `cut`           | the connection closes in the middle of the answer                             |
| `stream-error`  | a stream breaks off with the error event of its API; whole answers: 500       |
| `no-usage`      | OpenAI: the answer says nothing about tokens, as some compatible servers do   |
"""

from __future__ import annotations

import argparse
import hashlib
import json
import threading
import time

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, final

from loopback import Exchange, Loopback
from simulated import (
    anthropic_messages,
    openai_chat,
    openai_media,
    openai_responses,
)
from simulated.exchange import Json, Refusal, Reply, Request, Stream
from simulated.memory import Memory


Api = Callable[[Request, Memory], Reply | Stream]

ROUTES: dict[tuple[str, str], Api] = {
    ("POST", "/openai/v1/chat/completions"): openai_chat.complete,
    ("POST", "/openai/v1/responses"): openai_responses.respond,
    ("GET", "/openai/v1/responses/*"): openai_responses.fetch,
    ("POST", "/openai/v1/embeddings"): openai_media.embed,
    ("POST", "/openai/v1/images/generations"): openai_media.draw,
    ("POST", "/openai/v1/audio/transcriptions"): openai_media.transcribe,
    ("POST", "/openai/v1/audio/speech"): openai_media.speak,
    ("POST", "/anthropic/v1/messages"): anthropic_messages.create,
    ("POST", "/anthropic/v1/messages/count_tokens"): anthropic_messages.count_tokens,
}

REFUSALS = {
    "busy": (429, "Rate limit reached. Please try again in 20ms."),
    "busy-once": (429, "Rate limit reached. Please try again in 20ms."),
    "overloaded": (503, "The engine is currently overloaded, please try again later."),
    "bad-request": (400, "The simulator was asked to refuse this request."),
    "bad-key": (401, "Incorrect API key provided."),
    "unknown-model": (404, "The model does not exist or you do not have access to it."),
}

BEHAVIOURS = (*REFUSALS, "slow", "cut", "stream-error", "no-usage")

PAUSE_S = 0.05
"""What a slow provider waits, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Served:
    """A request as it arrived, and how it was answered: for tests that ask what was really sent."""

    path: str
    model: str | None
    status: int
    behaviour: str
    body: Json


@final
class Simulator:
    """Both providers on one free port, for as long as the `with` block lasts.

    Args:
        port: 0 takes a free one.
        busy_once: models whose first attempts meet a 429, without a word of it in the request.
        latency_s: waited before each answer.
        pace_s: waited before each event of a stream.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        busy_once: Collection[str] = (),
        latency_s: float = 0.0,
        pace_s: float = 0.0,
    ) -> None:
        self.served: list[Served] = []
        self._busy_once = busy_once
        self._latency_s = latency_s
        self._pace_s = pace_s
        self._memory = Memory()
        self._server = Loopback(partial(_Connection, self), port=port)

    def __enter__(self) -> Simulator:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        """Where the simulator listens."""
        return self._server.url

    @property
    def openai_url(self) -> str:
        """What `OPENAI_BASE_URL` is to be."""
        return f"{self.url}/openai/v1"

    @property
    def anthropic_url(self) -> str:
        """What `ANTHROPIC_BASE_URL` is to be."""
        return f"{self.url}/anthropic"

    def answer(self, method: str, request: Request) -> Reply | Stream:
        """Answer `request`, or refuse it in the words of its API."""
        try:
            answer = self._answer(method, request)
            status = answer.status if isinstance(answer, Reply) else 200
        except Refusal as refusal:
            answer = _refused(refusal, request, self._memory)
            status = answer.status
        model = request.body.get("model")
        self.served.append(Served(request.path, model, status, request.behaviour, request.body))
        return answer

    def headers(self, request: Request) -> dict[str, str]:
        """What a provider adds to every answer: the id that its support asks for."""
        name = "request-id" if _is_anthropic(request) else "x-request-id"
        return {name: self._memory.new_id("req_")}

    def pauses(self, behaviour: str) -> tuple[float, float]:
        """Seconds before an answer, and before each event of it."""
        slow = PAUSE_S if behaviour == "slow" else 0.0
        return self._latency_s or slow, self._pace_s or slow

    def _answer(self, method: str, request: Request) -> Reply | Stream:
        if (api := _route(method, request.path)) is None:
            raise Refusal(404, f"Unknown request URL: {method} {request.path}.")
        if not request.headers.keys() & {"authorization", "x-api-key"}:
            raise Refusal(*REFUSALS["bad-key"])
        if (refusal := REFUSALS.get(request.behaviour)) and not self._is_over_it(request):
            raise Refusal(*refusal)
        if request.body.get("model") in self._busy_once and self._is_first_attempt(request):
            raise Refusal(*REFUSALS["busy-once"])
        answer = api(request, self._memory)
        if request.behaviour == "stream-error" and isinstance(answer, Reply):
            raise Refusal(500, "The server had an error while processing your request.")
        return answer

    def _is_over_it(self, request: Request) -> bool:
        return request.behaviour == "busy-once" and not self._is_first_attempt(request)

    def _is_first_attempt(self, request: Request) -> bool:
        """The official clients say so; of others, the same request a second time is a retry."""
        if (retries := request.headers.get("x-stainless-retry-count")) is not None:
            return retries == "0"
        return self._memory.is_first_sight(hashlib.sha256(request.content).hexdigest())


class _Connection(Exchange):
    """One connection of a client."""

    def __init__(self, simulator: Simulator, *args: Any) -> None:  # noqa: ANN401  as inherited
        self._simulator = simulator
        super().__init__(*args)

    def do_GET(self) -> None:  # noqa: N802  as inherited
        """Answer a GET."""
        self._serve()

    def do_POST(self) -> None:  # noqa: N802  as inherited
        """Answer a POST."""
        self._serve()

    def _serve(self) -> None:
        request = _read(self.path, dict(self.headers.items()), self.read_content())
        answer = self._simulator.answer(self.command, request)
        latency_s, pace_s = self._simulator.pauses(request.behaviour)
        time.sleep(latency_s)
        headers = {"content-type": answer.content_type, **self._simulator.headers(request)}
        if isinstance(answer, Stream):
            self._send_stream(answer, headers, request.behaviour, pace_s)
        elif request.behaviour == "cut":
            self._send_half(answer, headers)
        else:
            self.send_whole(answer.status, {**headers, **answer.headers}, answer.content)

    def _send_half(self, reply: Reply, headers: dict[str, str]) -> None:
        self.send_head(reply.status, {**headers, "content-length": str(len(reply.content))})
        self.wfile.write(reply.content[: len(reply.content) // 2])
        self.close_connection = True

    def _send_stream(self, stream: Stream, headers: dict[str, str], behaviour: str, pace_s: float) -> None:
        self.send_head(200, {**headers, "transfer-encoding": "chunked"})
        for event in _until_it_breaks(stream, behaviour):
            time.sleep(pace_s)
            self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
        if behaviour == "cut":
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")


def _read(target: str, headers: dict[str, str], content: bytes) -> Request:
    """The request, with the behaviour taken out of the model's name."""
    headers = {name.lower(): value for name, value in headers.items()}
    body = _body(headers.get("content-type", ""), content)
    model, behaviour = body.get("model"), headers.get("x-simulate", "")
    if isinstance(model, str):
        named, body["model"] = _split(model)
        behaviour = behaviour or named
    path = target.partition("?")[0]
    return Request(path=path, headers=headers, content=content, body=body, behaviour=behaviour)


def _split(model: str) -> tuple[str, str]:
    """The behaviour that a model's name begins with, and the rest of the name."""
    # The longest first: `busy-once-x` begins with `busy-`, too.
    for behaviour in sorted(BEHAVIOURS, key=len, reverse=True):
        if model == behaviour:
            return behaviour, model
        if model.startswith(f"{behaviour}-"):
            return behaviour, model[len(behaviour) + 1 :]
    return "", model


def _body(content_type: str, content: bytes) -> Json:
    if content_type.startswith("multipart/"):
        return openai_media.form(content_type, content)
    try:
        body = json.loads(content or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _route(method: str, path: str) -> Api | None:
    return ROUTES.get((method, path)) or ROUTES.get((method, f"{path.rpartition('/')[0]}/*"))


def _is_anthropic(request: Request) -> bool:
    return request.path.startswith("/anthropic/")


def _refused(refusal: Refusal, request: Request, memory: Memory) -> Reply:
    if _is_anthropic(request):
        return anthropic_messages.refused(refusal, memory)
    return openai_chat.refused(refusal)


def _until_it_breaks(stream: Stream, behaviour: str) -> Iterator[bytes]:
    if behaviour not in {"cut", "stream-error"}:
        yield from stream.events
        return
    yield from stream.events[: len(stream.events) // 2]
    if behaviour == "stream-error":
        yield stream.error


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="A simulator of OpenAI and Anthropic on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (default: any)")
    options = parser.parse_args(arguments)
    with Simulator(port=options.port) as simulator:
        print(f"export OPENAI_BASE_URL={simulator.openai_url} OPENAI_API_KEY=any")
        print(f"export ANTHROPIC_BASE_URL={simulator.anthropic_url} ANTHROPIC_API_KEY=any", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
