"""What servers and client libraries do that no document says: it is read all the same, and in linear time."""

from __future__ import annotations

import json
import time

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from otel_tokens.dialects import anthropic_messages, exchange, openai_chat, openai_responses
from otel_tokens.dialects.aws_frames import AwsFrames
from otel_tokens.dialects.fields import event_fields, get, view
from otel_tokens.dialects.google_array import JsonArray
from otel_tokens.dialects.wire import JsonLines, ServerSentEvents, Splitter
from otel_tokens.readings import Reading, Usage

from .test_wire import wrapped


CHAT = openai_chat.DIALECT
STATED = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
COUNTS = Usage({"input": 5, "output": 2})
BODY = {"model": "m", "choices": [], "usage": STATED}
CHUNKS = [
    {"model": "m", "choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]},
    {"model": "m", "choices": [{"index": 0, "delta": {"content": "b"}, "finish_reason": "stop"}]},
    {"model": "m", "choices": [], "usage": STATED},
]
MARK = b"\xef\xbb\xbf"


def sse(events: list[Any], end: str = "\n") -> bytes:
    """Server-sent events."""
    return "".join(f"data: {json.dumps(event)}{end}{end}" for event in events).encode()


def read(answer: bytes, kind: str = "") -> Reading:
    """What a chat says."""
    return exchange.read(CHAT, answer, {"Content-Type": kind})


# Bytes.


@pytest.mark.parametrize("kind", ["text/event-stream", "application/json", ""])
@pytest.mark.parametrize(
    "answer",
    [
        sse(CHUNKS),
        sse(CHUNKS, "\r\n"),
        sse(CHUNKS, "\r"),
        MARK + sse(CHUNKS),
        b": PROCESSING\n\n" + sse(CHUNKS),
        b"id: 1\nretry: 5\n" + sse(CHUNKS),
        b"\n\n" + sse(CHUNKS),
    ],
)
def test_events_however_they_begin_and_end(answer: bytes, kind: str) -> None:
    """A mark, a comment, an id first and any line end are a stream, whatever the type says."""
    reading = read(answer, kind)
    assert (reading.usage, reading.finish_reasons) == (COUNTS, ("stop",))


def test_a_line_end_may_be_cut() -> None:
    """A carriage return and the line feed after it may come in two pieces."""
    events = ServerSentEvents()
    found = [event for byte in sse(CHUNKS, "\r\n") for event in events.feed(bytes([byte]))]
    assert found + list(events.rest()) == CHUNKS
    assert list(ServerSentEvents().feed(MARK + sse(CHUNKS))) == CHUNKS


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream", "application/x-ndjson", ""])
@pytest.mark.parametrize("mark", [b"", MARK])
def test_a_body_that_is_called_a_stream(kind: str, mark: bytes) -> None:
    """A server may call a stream what is one body, in one line or in several."""
    assert read(mark + json.dumps(BODY).encode(), kind).usage == COUNTS
    if kind != "application/x-ndjson":
        assert read(mark + json.dumps(BODY, indent=1).encode(), kind).usage == COUNTS


def test_objects_that_are_called_json() -> None:
    """A server may call JSON what is one object after the other."""
    answer = "\n".join(map(json.dumps, CHUNKS)).encode()
    assert read(answer, "application/json").usage == COUNTS
    assert read(b"{", "application/json").usage is None


def test_a_stream_of_nothing_has_no_usage() -> None:
    """An empty stream folds to an answer that says nothing."""
    assert read(b"", "text/event-stream") == read(b"data: x\n\n", "text/event-stream")
    assert read(b"", "text/event-stream").usage is None


@pytest.mark.parametrize(
    ("split", "head", "tail"),
    [
        (ServerSentEvents(), b'data: {"a":"', b'"}\n\n'),
        (JsonLines(), b'{"a":"', b'"}\n'),
        (JsonArray(), b'[{"a":"', b'"}]'),
        (AwsFrames(), b"\x00\x80\x00\x00", b""),
    ],
)
def test_a_long_event_is_found_in_linear_time(split: Splitter, head: bytes, tail: bytes) -> None:
    """An event of megabytes that comes in thousands of pieces is joined once."""
    piece = b"x" * 1024
    start = time.process_time()
    found = list(split.feed(head))
    for _ in range(8_000):
        found += split.feed(piece)
    found += [*split.feed(tail), *split.rest()]
    assert time.process_time() - start < 5  # joined again and again it takes half a minute
    assert [len(event["a"]) for event in found] == ([8_000 * 1024] if tail else [])


def test_frames_are_told_by_their_start() -> None:
    """Frames of Amazon's are found whatever the type says: their checksum tells them."""
    frames = b"".join(map(wrapped, CHUNKS))
    assert read(frames, "application/json").usage == COUNTS


# Models of client libraries.


class Wrapped(Mapping[str, Any]):
    """A model as Azure's libraries make them: a mapping around what came."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    def __getitem__(self, name: str) -> Any:
        return self._data[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)


@dataclass
class Declared(dict[str, Any]):
    """A model as huggingface-hub makes them: a dict whose items leave out what it does not know."""

    usage: Any = None


class Slots(dict[str, Any]):
    """A dict with fields that have no place of their own."""

    __slots__ = ()
    __dataclass_fields__ = ("usage",)


def test_a_mapping_is_read_by_its_items() -> None:
    """What a mapping keeps its items in is no field of it."""
    assert view(Wrapped({"a": 1})) == event_fields(Wrapped({"a": 1})) == {"a": 1}
    assert CHAT.read(Wrapped(BODY)) == CHAT.read(BODY)


def test_a_declared_dict_is_read_by_its_fields() -> None:
    """Fields that are declared go before items; a dict without such fields has its items alone."""
    assert get(Declared(usage=STATED), "usage") == STATED
    assert view(Slots(usage=STATED)) == {"usage": STATED}
    assert event_fields(OrderedDict(a=1)) == {"a": 1}


@pytest.mark.parametrize("model", [Wrapped, OrderedDict])
def test_chunks_of_any_library_fold(model: Any) -> None:
    """Chunks that are mappings fold to what plain ones fold to."""
    events = [model(chunk) for chunk in CHUNKS]
    assert CHAT.read(exchange.folded(CHAT, events)) == CHAT.read(exchange.folded(CHAT, CHUNKS))


# Counters that vanish or are none.

START = {"input_tokens": 9, "cache_read_input_tokens": 100, "output_tokens": 1}


@pytest.mark.parametrize(
    ("end", "tokens", "warnings"),
    [
        (
            {"input_tokens": 0, "output_tokens": 4},
            {"input": 9, "cache_read": 100, "output": 4},
            ("usage_inconsistent",),
        ),
        ({"output_tokens": 4}, {"input": 9, "cache_read": 100, "output": 4}, ()),
        ({"input_tokens": 12, "output_tokens": 4}, {"input": 12, "cache_read": 100, "output": 4}, ()),
        (
            {"input_tokens": 0, "cache_read_input_tokens": 109, "output_tokens": 4},
            {"cache_read": 109, "output": 4},
            (),
        ),
    ],
)
def test_an_input_does_not_vanish(end: Any, tokens: Any, warnings: Any) -> None:
    """Gateways that translate state the input at the start and zeros at the end: the start is kept."""
    events = [
        {"type": "message_start", "message": {"id": "i", "model": "m", "usage": START}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": end},
    ]
    reading = exchange.read(anthropic_messages.DIALECT, sse(events), {"content-type": "text/event-stream"})
    assert reading.usage == Usage(tokens)
    assert reading.warnings == warnings


@pytest.mark.parametrize("odd", [-1, 10**30, "x", True, 1.5])
def test_searches_that_cannot_be_counted_are_counted_on_the_output(odd: Any) -> None:
    """A count of searches that is none leaves a warning, and the calls of the tool are billed."""
    body = {
        "usage": {"input_tokens": 1, "output_tokens": 1},
        "output": [{"type": "web_search_call", "action": {"type": "search"}}],
        "tool_usage": {"web_search": {"num_requests": odd}},
    }
    reading = openai_responses.read(body)
    assert reading.usage is not None
    assert (reading.usage.units, reading.warnings) == ({"web_search": 1}, ("usage_inconsistent",))
