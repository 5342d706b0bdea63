"""Events are found in bytes, however the bytes are cut, and what is no event is passed over."""

from __future__ import annotations

import base64
import binascii
import json

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest

from hypothesis import example, given, settings
from hypothesis import strategies as st

from otel_tokens.dialects.aws_frames import AwsFrames
from otel_tokens.dialects.wire import (
    DONE,
    JsonLines,
    ServerSentEvents,
    Splitter,
    parsed,
    sniffed,
    splitter,
)

from .strategies import json_values


def all_of(found: Splitter, content: bytes, cuts: Iterable[int] = ()) -> list[Any]:
    """Every event of `content`, which arrives in the pieces that `cuts` make of it."""
    edges = [0, *sorted({min(cut, len(content)) for cut in cuts}), len(content)]
    events: list[Any] = []
    for start, end in pairwise(edges):
        events += found.feed(content[start:end])
    return events + list(found.rest())


def frame(payload: bytes, headers: bytes = b"") -> bytes:
    """One frame of an AWS event stream."""
    head = (16 + len(headers) + len(payload)).to_bytes(4, "big") + len(headers).to_bytes(4, "big")
    head += binascii.crc32(head).to_bytes(4, "big")
    body = head + headers + payload
    return body + binascii.crc32(body).to_bytes(4, "big")


def header(name: bytes, value: bytes) -> bytes:
    """One header of a frame: a string."""
    return bytes([len(name)]) + name + b"\x07" + len(value).to_bytes(2, "big") + value


def wrapped(event: object) -> bytes:
    """One frame with an event as Bedrock wraps it."""
    inner = base64.b64encode(json.dumps(event).encode()).decode()
    return frame(json.dumps({"bytes": inner, "p": "ab"}).encode(), header(b":event-type", b"chunk"))


objects = st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=8), min_size=1, max_size=3)
cuts = st.lists(st.integers(0, 400), max_size=8)
LAW = settings(max_examples=100, deadline=None)


@LAW
@given(
    events=st.lists(objects, max_size=4), cuts=cuts, end=st.sampled_from(["\n", "\r\n"]), done=st.booleans()
)
def test_sse_is_found_however_it_is_cut(
    events: list[Any],
    cuts: list[int],
    end: str,
    done: bool,  # noqa: FBT001
) -> None:
    """Every `data:` event comes out once and in order, with either line end, cut at any byte."""
    body = "".join(f"data: {json.dumps(event, ensure_ascii=False)}{end}{end}" for event in events)
    body += f"data: [DONE]{end}{end}" if done else ""

    assert all_of(ServerSentEvents(), body.encode(), cuts) == [*events, *([DONE] if done else [])]


@LAW
@given(events=st.lists(objects, max_size=4), cuts=cuts)
def test_json_lines_are_found_however_they_are_cut(events: list[Any], cuts: list[int]) -> None:
    """Every line comes out once and in order, with or without an end of the last one."""
    body = "\n".join(json.dumps(event, ensure_ascii=False) for event in events)

    assert all_of(JsonLines(), body.encode(), cuts) == events
    assert all_of(JsonLines(), body.encode() + b"\r\n", cuts) == events


@LAW
@given(events=st.lists(objects, max_size=4), cuts=cuts)
def test_aws_frames_are_found_however_they_are_cut(events: list[Any], cuts: list[int]) -> None:
    """Every frame comes out once and in order, unwrapped from its base64."""
    assert all_of(AwsFrames(), b"".join(map(wrapped, events)), cuts) == events


@LAW
@given(content=st.binary(max_size=200), cuts=cuts)
@example(b"data: {\n\n", [])
@example(b"data: [\xff]\n\n", [])
@example(b"\x00\x00\x00\x10" + bytes(12), [])
def test_any_bytes_are_read(content: bytes, cuts: list[int]) -> None:
    """No bytes make a splitter raise, and what comes out is an object, a list or the end."""
    for found in (ServerSentEvents(), JsonLines(), AwsFrames()):
        events = all_of(found, content, cuts)
        assert all(event is DONE or isinstance(event, dict | list) for event in events)


@LAW
@given(payload=json_values)
def test_any_payload_of_a_frame_is_read(payload: Any) -> None:
    """A frame with something else than a wrapped event is passed over or given as it is."""
    for content in (payload, {"bytes": payload}):
        list(AwsFrames().feed(frame(json.dumps(content).encode())))


@pytest.mark.parametrize(
    ("body", "events"),
    [
        pytest.param('event: message_start\ndata: {"a": 1}\n\n', [{"a": 1}], id="a name"),
        pytest.param('data:{"a": 1}\n\n', [{"a": 1}], id="no blank after the colon"),
        pytest.param(': ping\nid: 3\nretry: 5\n\ndata: {"a": 1}\n\n', [{"a": 1}], id="comments and ids"),
        pytest.param('data: {"a":\ndata: 1}\n\n', [{"a": 1}], id="data on two lines"),
        pytest.param('data: {"a": 1}', [{"a": 1}], id="no end"),
        pytest.param('data: {"a": 1}\n', [{"a": 1}], id="no blank line at the end"),
        pytest.param("data: [DONE]\n\n", [DONE], id="done"),
        pytest.param("data: oops\n\ndata:\n\n", [], id="no JSON"),
        pytest.param('data: {"a"\n\ndata: {"b": 2}\n\n', [{"b": 2}], id="broken JSON"),
        pytest.param('data: "text"\n\ndata: 5\n\n', [], id="neither object nor list"),
        pytest.param(
            'event: thread.run.completed\ndata: {"id": "run_1"}\n\ndata: {"id": "x"}\n\n',
            [{"event": "thread.run.completed", "data": {"id": "run_1"}}, {"id": "x"}],
            id="a run has its name outside",
        ),
        pytest.param('\ndata: {"a": 1}\n\n\n\n', [{"a": 1}], id="blank lines around"),
    ],
)
def test_server_sent_events(body: str, events: list[Any]) -> None:
    """Lines of `data:` that an empty line ends are an event; everything else is passed over."""
    assert all_of(ServerSentEvents(), body.encode()) == events


def test_aws_frames_of_every_kind() -> None:
    """An exception has its name around it; a payload that is no object, or wraps none, is passed over."""
    content = (
        wrapped({"type": "message_start"})
        + frame(b'{"message": "throttled"}', header(b":exception-type", b"throttlingException"))
        + frame(b"")
        + frame(b"[1]")
        + frame(b'{"bytes": "not base64!"}')
        + frame(b'{"bytes": "\xc3\xa9"}')
        + frame(b'{"bytes": 5}')
        + wrapped({"type": "message_stop"})
    )

    assert all_of(AwsFrames(), content) == [
        {"type": "message_start"},
        {"throttlingException": {"message": "throttled"}},
        {"bytes": 5},
        {"type": "message_stop"},
    ]


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(bytes(16), id="shorter than itself"),
        pytest.param((30 * 1024 * 1024).to_bytes(4, "big") + bytes(12), id="longer than any frame"),
        pytest.param((16).to_bytes(4, "big") + (9).to_bytes(4, "big") + bytes(8), id="headers too long"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", id="something else"),
    ],
)
def test_what_is_no_frame_ends_the_reading(head: bytes) -> None:
    """Bytes that cannot be a frame end what can be trusted, and nothing is kept of them."""
    assert all_of(AwsFrames(), head + wrapped({"a": 1})) == []


def test_a_frame_that_is_cut_off_has_no_event() -> None:
    """The end of the bytes completes no frame."""
    assert all_of(AwsFrames(), wrapped({"a": 1})[:-1]) == []


def test_depth_beyond_reason_is_no_json() -> None:
    """JSON that is nested deeper than it can be read is passed over."""
    assert parsed(b"[" * 200_000) is None


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("text/event-stream", ServerSentEvents),
        ("Text/Event-Stream; charset=utf-8", ServerSentEvents),
        ("application/vnd.amazon.eventstream", AwsFrames),
        ("application/x-jsonl", JsonLines),
        ("application/jsonl", JsonLines),
        ("application/x-ndjson; charset=utf-8", JsonLines),
        ("application/json", None),
        ("audio/mpeg", None),
        ("", None),
    ],
)
def test_the_content_type_chooses(content_type: str, kind: type | None) -> None:
    """The content type says what the events are in; audio and whole bodies have none."""
    found = splitter(content_type)
    assert (None if found is None else type(found)) is kind


@pytest.mark.parametrize(
    ("start", "events"),
    [(b"data: {", True), (b" \n\r\nevent: x", True), (b'{"data": 1}', False), (b"", False), (b"ID3", False)],
)
def test_events_that_claim_to_be_something_else(start: bytes, events: bool) -> None:  # noqa: FBT001
    """What begins like an event stream is one, whatever type its sender claims."""
    assert (sniffed(start) is not None) == events
