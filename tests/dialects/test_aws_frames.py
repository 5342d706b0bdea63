"""Frames of AWS event streams: checksums, headers, exceptions, and what chunks hold."""

from __future__ import annotations

import base64
import json
import struct
import time
import zlib

from typing import Any

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from otel_tokens.dialects.aws_frames import AwsFrames, headers_of, is_frame
from otel_tokens.dialects.wire import ServerSentEvents, sniffed


LAW = settings(max_examples=60, deadline=None)


def header(name: str, value: str) -> bytes:
    """A header that is a string."""
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack("!H", len(value)) + value.encode()


def frame(payload: bytes, **headers: str) -> bytes:
    """One frame; `event_type` stands for the header `:event-type`."""
    head = b"".join(header(":" + name.replace("_", "-"), value) for name, value in headers.items())
    prelude = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    front = prelude + struct.pack("!I", zlib.crc32(prelude)) + head + payload
    return front + struct.pack("!I", zlib.crc32(front))


def event(kind: str, members: Any) -> bytes:
    """An event with members, as Converse sends it."""
    payload = json.dumps(members).encode()
    return frame(payload, message_type="event", event_type=kind, content_type="application/json")


def chunk(said: bytes, **more: Any) -> bytes:
    """A chunk, as InvokeModel and agents send it."""
    return event("chunk", {"bytes": base64.b64encode(said).decode(), **more})


def all_of(*frames: bytes) -> list[Any]:
    """The events of frames that arrive at once."""
    return list(AwsFrames().feed(b"".join(frames)))


def test_events_have_their_names() -> None:
    """An event is its type with its members, without the padding that hides its length."""
    assert all_of(event("messageStop", {"stopReason": "end_turn", "p": "abc"})) == [
        {"messageStop": {"stopReason": "end_turn"}}
    ]


def test_a_payload_that_is_no_object_has_no_members() -> None:
    """An event whose payload is empty, a list or broken is still an event."""
    for payload in (b"", b"[1]", b"{"):
        assert all_of(frame(payload, event_type="contentBlockStop")) == [{"contentBlockStop": {}}]


def test_chunks_are_unwrapped() -> None:
    """A chunk of a model is the model's event; a text of an agent stays in its chunk, as bytes."""
    assert all_of(chunk(b'{"outputText": "a"}', p="ab")) == [{"outputText": "a"}]
    assert all_of(chunk(b"Hi there", attribution={})) == [
        {"chunk": {"bytes": b"Hi there", "attribution": {}}}
    ]
    assert all_of(event("chunk", {"bytes": 5})) == [{"chunk": {"bytes": 5}}]
    assert all_of(event("chunk", {"bytes": "not base64!"})) == [{"chunk": {"bytes": "not base64!"}}]


def test_bytes_of_a_container_are_passed_on() -> None:
    """SageMaker sends the bytes of the container, which are no JSON of its own."""
    piece = frame(b"data:{", event_type="PayloadPart", content_type="application/octet-stream")
    assert all_of(piece) == [{"PayloadPart": {"Bytes": b"data:{"}}]


def test_exceptions_have_their_names() -> None:
    """An exception is an event with its name; an error has its code and message in headers."""
    thrown = frame(b'{"message": "m"}', message_type="exception", exception_type="throttlingException")
    assert all_of(thrown) == [{"throttlingException": {"message": "m"}}]
    failed = frame(b"", message_type="error", error_code="InternalError", error_message="m")
    assert all_of(failed) == [{"InternalError": {"message": "m"}}]
    assert all_of(frame(b"", message_type="error")) == [{"Error": {"message": "Error"}}]


def test_headers_of_every_type() -> None:
    """All ten types of values are read; so the next header is found."""
    data = b"".join(
        [
            b"\x01a\x00",
            b"\x01b\x01",
            b"\x01c\x02" + struct.pack("!b", -2),
            b"\x01d\x03" + struct.pack("!h", -300),
            b"\x01e\x04" + struct.pack("!i", 70_000),
            b"\x01f\x05" + struct.pack("!q", 1 << 40),
            b"\x01g\x06\x00\x02\xff\xfe",
            b"\x01h\x07\x00\x02\xc3\xa9",
            b"\x01i\x08" + struct.pack("!q", 1_700_000_000_000),
            b"\x01j\x09" + bytes(range(16)),
        ]
    )
    assert headers_of(data) == {
        "a": True,
        "b": False,
        "c": -2,
        "d": -300,
        "e": 70_000,
        "f": 1 << 40,
        "g": b"\xff\xfe",
        "h": "\u00e9",
        "i": 1_700_000_000_000,
        "j": bytes(range(16)),
    }


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x05ab", id="a name that is cut"),
        pytest.param(b"\x01a", id="no type"),
        pytest.param(b"\x01a\x0a", id="an unknown type"),
        pytest.param(b"\x01a\x07\x00\x05ab", id="a string that is cut"),
        pytest.param(b"\x01a\x07\x00", id="a length that is cut"),
        pytest.param(b"\x01a\x04\x00", id="a number that is cut"),
        pytest.param(b"\x01\xff\x00", id="a name that is no text"),
        pytest.param(b"\x01a\x07\x00\x01\xff", id="a string that is no text"),
    ],
)
def test_headers_that_are_none(data: bytes) -> None:
    """A frame whose headers cannot be read says nothing, and the next one is read all the same."""
    assert headers_of(data) is None
    prelude = struct.pack("!II", 16 + len(data), len(data))
    front = prelude + struct.pack("!I", zlib.crc32(prelude)) + data
    broken = front + struct.pack("!I", zlib.crc32(front))
    assert all_of(broken, event("a", {})) == [{"a": {}}]


@LAW
@given(data=st.binary(max_size=60))
def test_any_headers_are_read(data: bytes) -> None:
    """No bytes make the reading of headers raise."""
    found = headers_of(data)
    assert found is None or all(isinstance(name, str) for name in found)


@LAW
@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_ends_the_reading(at: int, bit: int) -> None:
    """Whatever bit of a frame is wrong, neither it nor anything after it comes out."""
    good = event("a", {"b": 1})
    bad = bytearray(event("c", {"d": 1}))
    bad[at % len(bad)] ^= 1 << bit
    assert all_of(good, bytes(bad), good) == [{"a": {"b": 1}}]


def test_headers_longer_than_any() -> None:
    """Headers of more than 128 KiB are no headers, though the checksum be right."""
    prelude = struct.pack("!II", 200 * 1024, 150 * 1024)
    assert all_of(prelude + struct.pack("!I", zlib.crc32(prelude)) + bytes(200 * 1024)) == []


def test_nothing_is_kept_of_what_is_broken() -> None:
    """After a broken frame whatever comes is let go at once."""
    found = AwsFrames()
    assert list(found.feed(bytes(16))) == []
    assert list(found.feed(event("a", {}))) == []
    assert not found._buffer


def test_frames_tell_themselves() -> None:
    """A frame is known by its checksum, whatever type its sender claims."""
    assert is_frame(event("a", {}))
    assert not is_frame(b"")
    assert not is_frame(b'{"a": 1, "b": 2}')
    assert isinstance(sniffed(event("a", {})), AwsFrames)
    assert isinstance(sniffed(b"data: {}"), ServerSentEvents)


def _took(content: bytes, size: int) -> float:
    found, start, events = AwsFrames(), time.perf_counter(), 0
    for at in range(0, len(content), size):
        events += len(list(found.feed(content[at : at + size])))
    assert events
    return time.perf_counter() - start


def test_time_is_linear() -> None:
    """Ten times the bytes take about ten times as long, in one large frame or in many small ones."""
    for make in (lambda n: event("a", {"b": "x" * n * 1000}), lambda n: event("a", {"b": "x" * 100}) * n * 5):
        small = min(_took(make(100), 64) for _ in range(3))
        large = min(_took(make(1000), 64) for _ in range(3))
        assert large < small * 40
