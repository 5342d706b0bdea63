"""A request is weighed in one walk: bytes of text, files beside them, what makes it differ from others."""

from __future__ import annotations

import json
import subprocess
import sys

from collections import UserDict
from types import MappingProxyType
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionMessage

from otel_tokens.dialects.weight import Weight, texts, weigh


BLOB = "iVBORw0KGgoAAAANSUhEUgAA" * 10
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def chat(*contents: Any) -> dict[str, Any]:
    """A request for a chat."""
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": content} for content in contents]}


@given(value=JSON)
def test_text_weighs_no_less_than_compact_json(value: Any) -> None:
    """Every byte of the compact JSON of a request counts, escapes left out."""
    request = {"messages": value}
    written = json.dumps(request, separators=(",", ":"), ensure_ascii=False)
    escapes = written.count("\\")
    letters = len(written.replace("\\", "").encode("utf-8", "surrogatepass"))
    if not escapes:
        assert weigh(request).bytes + 6 >= letters
    assert weigh(request).hidden == 0 or "type" in written


@given(value=JSON)
def test_a_text_is_never_longer_than_its_bytes(value: Any) -> None:
    """The texts that a tokenizer gets are all in the weight."""
    length = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts(value))
    assert length <= weigh(value).bytes + 12


@pytest.mark.parametrize("text", ["hello", "grüße", "日本語", "\udc80", "🙂"])
def test_text_is_counted_in_utf_8(text: str) -> None:
    """A character weighs its bytes, in a message or anywhere else."""
    size = len(text.encode("utf-8", "surrogatepass"))
    assert weigh(chat(text)).bytes - weigh(chat("")).bytes == size
    assert weigh({"input": [text]}).bytes - weigh({"input": [""]}).bytes == size
    assert weigh({text: 1}).bytes - weigh({"": 1}).bytes == size


def test_numbers_weigh_their_digits() -> None:
    """A long number weighs more than a short one, and a list of token ids is not walked."""
    assert weigh({"a": 10**200}).bytes > 200
    assert weigh({"a": 1.5, "b": None, "c": True}).bytes < 100
    assert weigh({"input": [1] * 1000}).bytes < 1000 * 4
    assert weigh({"input": [10**200, 1]}).bytes > 400
    assert weigh({"input": [1, "x" * 1000, 2]}).bytes > 1000
    assert weigh({"input": [1, 0.12345678901234567, 2]}).bytes > 20


IMAGES: list[Any] = [
    {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "high"}},
    {"type": "image_url", "image_url": {"url": "data:image/png;base64," + BLOB}},
    {"type": "input_image", "image_url": "data:image/png;base64," + BLOB},
    {"type": "input_image", "file_id": "file-1"},
    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": BLOB}},
]


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_is_no_text(image: Any) -> None:
    """An image is counted as one, and its file has no bytes of text."""
    weight = weigh(chat([{"type": "text", "text": "what is it?"}, image, image]))
    assert (weight.images, weight.audio_bytes, weight.document_bytes, weight.hidden) == (2, 0, 0, 0)
    assert weight.bytes < 500
    assert not weight.is_plain


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        ({"type": "input_audio", "input_audio": {"data": BLOB, "format": "wav"}}, ("audio_bytes", 180)),
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;base64," + BLOB}},
            ("document_bytes", 201),
        ),
        (
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": BLOB}},
            ("document_bytes", 180),
        ),
        ({"type": "input_file", "file_id": "file-1"}, ("hidden", 1)),
        ({"type": "input_file", "file_url": "https://example.com/a.pdf"}, ("hidden", 1)),
        ({"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}}, ("hidden", 1)),
        ({"type": "input_audio", "audio_url": "https://example.com/a.wav"}, ("hidden", 1)),
        ({"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}}, ("hidden", 1)),
        ({"type": "item_reference", "id": "msg_1"}, ("hidden", 1)),
    ],
)
def test_files_are_counted_apart(piece: Any, expected: tuple[str, int]) -> None:
    """Audio and documents count by the bytes of the file; what is only named is hidden."""
    weight = weigh(chat([piece]))
    name, number = expected
    assert getattr(weight, name) == number
    assert weight.bytes < 500


@pytest.mark.parametrize(
    "source",
    [
        {"type": "text", "media_type": "text/plain", "data": "word " * 100},
        {"type": "content", "content": [{"type": "text", "text": "word " * 100}]},
    ],
)
def test_a_document_of_text_is_text(source: Any) -> None:
    """A document that is written out in the request counts by its bytes."""
    weight = weigh(chat([{"type": "document", "source": source}]))
    assert weight.is_plain
    assert weight.bytes > 500


def test_a_type_that_is_no_piece_is_text() -> None:
    """Schemas and arguments may have a key `type` of any kind."""
    schema = {"type": {"type": "string"}, "url": {"type": ["string", "null"]}, "data": {"type": "string"}}
    assert weigh({"tools": [{"type": "function", "parameters": {"properties": schema}}]}).is_plain


def test_uploads_count_by_their_bytes() -> None:
    """Bytes in a request are a file."""
    weight = weigh({"file": ("a.wav", b"x" * 1000), "mask": bytearray(b"yy")})
    assert weight.document_bytes == 1002
    assert weight.bytes < 500


@pytest.mark.parametrize(
    ("control", "cached"),
    [
        ({"type": "ephemeral"}, 1),
        ({"type": "ephemeral", "ttl": "5m"}, 1),
        ({"type": "ephemeral", "ttl": "1h"}, 2),
        (None, 0),
    ],
)
def test_marks_of_caching_are_noted(control: Any, cached: int) -> None:
    """The longest time to live that any part asks for is noted, wherever it stands."""
    marked = {"type": "text", "text": "a", "cache_control": control}
    image = {**IMAGES[-1], "cache_control": control}
    assert weigh(chat([marked])).cached == weigh(chat([image])).cached == cached
    assert weigh({"cache_control": control, "system": [marked]}).cached == cached


def test_models_of_client_libraries_weigh_like_json() -> None:
    """An answer that is sent back weighs as much as its JSON, whatever it is made of."""
    message = {"role": "assistant", "content": "hello"}
    weights = [
        weigh({"messages": [made]}).bytes
        for made in (
            message,
            ChatCompletionMessage(role="assistant", content="hello"),
            MappingProxyType(message),
            UserDict(message),
        )
    ]
    assert weights == [weights[0]] * 4
    assert weigh({"messages": (message,)}).bytes == weights[0]


class Word(str):
    """Text of a class of its own."""

    __slots__ = ()


def test_text_of_another_class_is_text() -> None:
    """An enumeration of strings, for example, is a string."""
    assert weigh({"a": Word("hello")}) == weigh({"a": "hello"})


def test_what_cannot_be_read_twice_is_left_alone() -> None:
    """Iterators are not consumed, and sentinels weigh next to nothing."""
    numbers = iter([1, 2, 3])
    weight = weigh({"messages": numbers, "tools": object(), 3: "x"})
    assert list(numbers) == [1, 2, 3]
    assert weight.bytes < 100


def test_what_is_too_deep_is_hidden() -> None:
    """A request that contains itself, as an object, a list or a mapping, is not walked for ever."""
    around: dict[str, Any] = {}
    around["a"] = around
    ring: list[Any] = []
    ring.append(ring)
    turning: UserDict[str, Any] = UserDict()
    turning["a"] = turning
    assert [weigh(it).hidden for it in (around, ring, turning)] == [1, 1, 1]


def test_what_is_too_large_is_hidden() -> None:
    """A request that doubles at every step is not walked to its end."""
    lists: list[Any] = ["x"]
    objects: dict[str, Any] = {"a": "x"}
    for _ in range(40):
        lists = [lists, lists]
        objects = {"a": objects, "b": objects}
    assert weigh(lists).hidden
    assert weigh(objects).hidden


@given(a=JSON, b=JSON)
def test_fingerprints_tell_requests_apart(a: Any, b: Any) -> None:
    """Requests with the same JSON have the same fingerprint, and others another."""
    same = json.dumps(a) == json.dumps(b)
    loosely = a == b  # Python takes 1, 1.0 and True for the same
    if same:
        assert weigh(a).fingerprint == weigh(b).fingerprint
    elif not loosely:
        assert (weigh(a).fingerprint == weigh(b).fingerprint) == _alike(a, b)


def _alike(a: Any, b: Any) -> bool:
    """Whether two values differ in no more than numbers that Python's hash takes for the same."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_alike, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(map(_alike, a.values(), b.values()))
    return type(a) not in (list, dict) and type(b) not in (list, dict) and hash(a) == hash(b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (chat("a", "b"), chat("b", "a")),
        (chat("ab", ""), chat("a", "b")),
        (["a", ["b"]], [["a"], "b"]),
        ({"a": {"b": 1}}, {"a": [1]}),
        ({"role": "a", "content": "b"}, ["role", "content", "a", "b"]),
        (
            chat([IMAGES[1]]),
            chat([{"type": "image_url", "image_url": {"url": "data:image/png;base64," + BLOB[1:]}}]),
        ),
        ({"input": [1, 2]}, {"input": [2, 1]}),
    ],
)
def test_order_and_structure_are_in_a_fingerprint(a: Any, b: Any) -> None:
    """The same words in another order, another nesting or another file are another request."""
    assert weigh(a).fingerprint == weigh(json.loads(json.dumps(a))).fingerprint
    assert weigh(a).fingerprint != weigh(b).fingerprint


def test_fingerprints_mean_nothing_elsewhere() -> None:
    """Another process has another salt, so a fingerprint gives no text away."""
    code = "from otel_tokens.dialects.weight import weigh; print(weigh({'input': 'secret'}).fingerprint)"
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert runs[0] != runs[1]


def test_texts_are_what_a_tokenizer_gets() -> None:
    """Keys, strings and numbers, without the files."""
    got = list(texts({**chat("hello", [IMAGES[1]]), "max_tokens": 7, "stop": object()}))
    assert "hello" in got
    assert "role" in got
    assert "content" in got
    assert "7" in got
    assert not [text for text in got if BLOB in text]


def tool(**more: Any) -> dict[str, Any]:
    """The definition of a tool."""
    properties = {"place": {"type": "string", "description": "Köln, München"}, "n": {"type": "integer"}}
    return {"name": "weather", "input_schema": {"type": "object", "properties": properties}, **more}


def test_definitions_of_tools_are_weighed_at_once() -> None:
    """They weigh no less than their JSON, each time that they stand there, and are texts all the same."""
    request = {"tools": [tool(), tool()]}
    size = len(json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode())
    assert size <= weigh(request).bytes < 1.5 * size
    assert weigh({"tools": [tool()] * 2}).bytes == weigh(request).bytes
    assert weigh(request).fingerprint == weigh(json.loads(json.dumps(request))).fingerprint
    assert weigh(request).fingerprint != weigh({"tools": [tool(), tool(name="other")]}).fingerprint
    assert "Köln, München" in list(texts(request))


@pytest.mark.parametrize("odd", [object(), MappingProxyType({"a": 1}), iter(())])
def test_definitions_with_other_values_are_walked(odd: Any) -> None:
    """Marks of caching are found in them, and a sentinel or a model among them does no harm."""
    marked = tool(cache_control={"type": "ephemeral", "ttl": "1h"})
    assert weigh({"tools": [tool(), marked]}).cached == 2
    assert weigh({"tools": [tool(strict=odd)]}).bytes > weigh({"tools": [{}]}).bytes


def test_token_ids_are_texts_too() -> None:
    """What counts tokens sees each number of a list, as a bound must have one token for each."""
    assert [text for text in texts({"input": [11, 22, 33]}) if text in ("11", "22", "33")] == [
        "11",
        "22",
        "33",
    ]


def test_nothing_weighs_nothing_much() -> None:
    """A request may be None."""
    weight = weigh(None)
    assert isinstance(weight, Weight)
    assert weight.bytes <= 20
