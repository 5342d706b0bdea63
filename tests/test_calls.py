"""The life of a call, where no client library leads to it easily."""

from __future__ import annotations

import json

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from opentelemetry import trace

from otel_tokens import shield
from otel_tokens.calls import Calls
from otel_tokens.clients.openai import PACKAGE
from otel_tokens.dialects import openai_batches, openai_chat, openai_embeddings
from otel_tokens.instrumentor import OtelTokensInstrumentor, _after_fork
from otel_tokens.providers import Site
from otel_tokens.raw_streams import Bytes, json_body, tap_bytes
from otel_tokens.streams import hide_usage


SITE = Site("openai", "api.openai.com", 443)
REQUEST = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}
ANSWER = {
    "id": "chatcmpl-1",
    "model": "gpt-4o-mini",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi."}}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12},
}
CHUNK = {"id": "c", "model": "gpt-4o-mini", "choices": [{"index": 0, "delta": {"content": "Hi."}}]}


@pytest.fixture
def calls(telemetry: Any) -> Calls:  # noqa: ARG001  # it is what starts them
    """What opens calls while metering is on."""
    running = OtelTokensInstrumentor.running
    assert running is not None
    return running.calls


def _open(calls: Calls, dialect: Any = openai_chat.DIALECT, **more: Any) -> Any:
    given: dict[str, Any] = {"streamed": False, **more}
    return calls.open(dialect, given.pop("site", SITE), given.pop("request", REQUEST), "gpt-4o-mini", **given)


@pytest.fixture
def lenient(calls: Calls) -> Iterator[None]:  # noqa: ARG001  # after it, which makes it strict
    """The shield as in production; what failed is forgotten afterwards."""
    shield.strict = False
    yield
    shield.strict = True
    shield.failures.clear()


def test_events_that_were_not_asked_for(calls: Calls, telemetry: Any) -> None:
    """A call that finds events in an answer folds them, although it asked for none."""
    call = _open(calls)
    call.fold()
    call.fold()
    call.see(CHUNK)
    call.end()

    (span,) = telemetry.spans
    assert span.attributes["otel_tokens.usage.source"] == "estimated"


def test_events_that_mean_nothing(calls: Calls, telemetry: Any) -> None:
    """Events of an answer whose dialect knows none are passed over."""
    call = _open(calls, openai_embeddings.DIALECT, streamed=True)
    call.fold()
    call.see(CHUNK)
    call.end({"model": "text-embedding-3-small", "usage": {"prompt_tokens": 3, "total_tokens": 3}})

    (span,) = telemetry.spans
    assert span.attributes["gen_ai.usage.input_tokens"] == 3


def test_counts_that_are_none(calls: Calls, telemetry: Any) -> None:
    """A usage without a count that can be one is no usage, and says what is odd."""
    _open(calls).end({**ANSWER, "choices": [], "usage": {"prompt_tokens": -1}})

    (span,) = telemetry.spans
    assert span.attributes["otel_tokens.cost.status"] == "no_usage"
    assert span.attributes["otel_tokens.warnings"] == ("usage_inconsistent",)


def test_a_tier_of_another_provider(calls: Calls, telemetry: Any) -> None:
    """What only OpenAI's attributes can say is not said of another provider."""
    site = Site("groq", "api.groq.com", 443)
    _open(calls, site=site, request={**REQUEST, "service_tier": "flex"}).end(ANSWER)

    (span,) = telemetry.spans
    assert not [name for name in span.attributes if name.startswith("openai.")]


@pytest.mark.usefixtures("lenient")
def test_a_recorder_that_fails(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call whose recording fails, even at the second try, hurts nobody."""
    poll = _open(calls, openai_batches.BATCH_OUTPUT)
    monkeypatch.setattr(type(calls.recorder), "start", None)
    row = {"response": {"body": ANSWER}}
    poll.end(json.dumps(row))

    assert poll.ended
    assert shield.failures == {"recording a call": 1}


@pytest.mark.usefixtures("lenient")
def test_steps_that_fail(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that is not as expected, a response that is none, a request that cannot be prepared."""
    PACKAGE._on_import(object())
    call = _open(calls)
    call.response = object()
    PACKAGE.fail(call, ValueError("no"))
    monkeypatch.setattr(PACKAGE, "prepare", None)
    assert PACKAGE._prepared(None, call, "options") == "options"

    assert call.ended
    assert set(shield.failures) == {"patching openai", "reading a response", "preparing a request"}


def test_a_span_that_is_not_there_is_not_adopted(calls: Calls, telemetry: Any) -> None:
    """A call that another span is to stand for, and that is not made, leaves the parent alone."""
    call = _open(calls, adopts=True)
    tokens = call.enter()
    call.attempt()
    call.leave(tokens)
    call.end(ANSWER)

    assert telemetry.spans == []
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_bytes_after_the_end(calls: Calls, telemetry: Any) -> None:
    """What comes after the `[DONE]` of a stream is not looked at."""
    call = _open(calls, streamed=True)
    seen = Bytes(call, None, whole=json_body)
    chunk = b'data: {"id": "c", "choices": [{"index": 0, "delta": {"content": "Hi"}}]}\n\n'
    seen.see(chunk + b"data: [DONE]\n\n" + chunk)
    seen.see(chunk)
    seen.done()

    (span,) = telemetry.spans
    assert span.attributes["otel_tokens.outcome"] == "ok"


def test_bytes_that_are_too_many(calls: Calls, telemetry: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that is too long is not kept, and one that is no text is not looked at."""
    monkeypatch.setattr("otel_tokens.raw_streams._WHOLE_LIMIT", 8)
    for seen in (Bytes(_open(calls), None, whole=json_body), Bytes(_open(calls), None, whole=None)):
        seen.see(b'{"usage":')
        seen.done()

    assert [span.attributes["otel_tokens.cost.status"] for span in telemetry.spans] == ["no_usage"] * 2


@pytest.mark.usefixtures("lenient")
def test_bytes_that_cannot_be_read(calls: Calls) -> None:
    """A reader of bytes that fails ends the call all the same."""

    class Broken:
        def feed(self, piece: bytes) -> Iterator[Any]:
            raise RuntimeError(piece)

        def rest(self) -> Iterator[Any]:
            raise RuntimeError

    call = _open(calls, streamed=True)
    seen = Bytes(call, Broken(), whole=None)
    seen.see(b"x")
    seen.done()

    assert call.ended
    assert shield.failures == {"reading the bytes of a stream": 2}


def test_events_without_usage_are_not_hidden() -> None:
    """What has no field for usage cannot have come because usage was asked for."""

    class Stream:
        _iterator = iter([{"usage": 1}, "text"])

    stream = Stream()
    hide_usage(stream)
    assert list(stream._iterator) == [{"usage": 1}, "text"]


def test_a_fork_without_metering() -> None:
    """A process that does not meter may fork."""
    _after_fork()
    assert OtelTokensInstrumentor.running is None


def test_bytes_whose_last_event_is_not_closed(calls: Calls, telemetry: Any) -> None:
    """The last event of a stream counts, although no empty line follows it."""
    call = _open(calls, streamed=True)
    seen = Bytes(call, None, whole=json_body)
    seen.see(b"data: " + json.dumps({**ANSWER, "choices": []}).encode())
    seen.done()

    (span,) = telemetry.spans
    assert span.attributes["gen_ai.usage.input_tokens"] == 10


@pytest.mark.parametrize("faces", [("__iter__", "__aiter__"), ("__aiter__",)], ids=["both", "async"])
def test_a_body_may_have_two_faces(calls: Calls, faces: tuple[str, ...]) -> None:
    """A body that can be read both ways is watched both ways."""
    body = type("Body", (), dict.fromkeys(faces, lambda _self: iter(())))()

    class Response:
        stream: Any = body

        def iter_bytes(self) -> Iterator[bytes]:
            yield b"{}"

        async def aiter_bytes(self) -> AsyncIterator[bytes]:
            yield b"{}"

    response = Response()
    call = _open(calls)
    tap_bytes(response, call, Bytes(call, None, whole=json_body))

    assert sorted(name for name in vars(response) if name.endswith("bytes")) == [
        name for name in ("aiter_bytes", "iter_bytes") if f"__{name[:-6]}__" in faces
    ]
    call.end()
