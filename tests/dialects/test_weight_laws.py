"""Laws of weighing: any value has a weight, more content weighs no less, nothing takes long."""

from __future__ import annotations

import base64
import json
import time

from collections.abc import Iterator
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.dialects.weight import texts, weigh


FILE = bytes(range(256)) * 4
BLOB = base64.b64encode(FILE).decode()
HTTPS = "https://example.com/a"
PDF = "application/pdf"
# fmt: off
NAMES = (
    "type", "data", "source", "bytes", "mimeType", "format", "image", "images", "document",
    "audio", "inlineData", "fileData", "fileUri", "content", "text", "input", "name", "json",
    "cachePoint", "body", "modelId", "parts", "cachedContent", "thought_signature", "ttl",
)
# fmt: on
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | st.floats() | st.text() | st.binary() | st.sampled_from([BLOB, HTTPS, FILE]),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner | st.sampled_from(["image", "document", "input_audio", "file", "video", "text/plain", PDF]),
        )
    ),
    max_leaves=30,
)


@given(value=VALUES)
def test_any_value_is_weighed(value: Any) -> None:
    """Whatever stands where, the counts are no less than nothing, and the same each time."""
    weight = weigh(value)
    assert min(weight[:6]) >= 0
    assert weight == weigh(value)
    assert all(type(text) is str for text in texts(value))


@given(value=VALUES, more=VALUES)
def test_more_content_weighs_no_less(value: Any, more: Any) -> None:
    """A message that is added to a conversation lowers no count."""
    few, many = weigh({"messages": [value]}), weigh({"messages": [value, more]})
    assert all(a <= b for a, b in zip(few[:6], many[:6], strict=True))


def nested(around: str, depth: int) -> Any:
    """A megabyte of pieces of content in pieces of content."""
    value: Any = ["x" * 64] * 10_000
    for _ in range(depth):
        value = {"type": around, "image": [value], "source": {"format": "pdf", "bytes": BLOB}}
    return value


def odd() -> Iterator[Any]:
    """A megabyte or so of input that is made to take long."""
    yield nested("image", 40)
    yield nested("document", 40)
    yield {"images": [BLOB[:100]] * 10_000}
    yield {"messages": [{"type": "document", "source": {"type": "text", "data": "a" * 64}}] * 8_000}
    yield {"modelId": "m", "body": "[" * 1_000_000}
    yield {"modelId": "m", "body": json.dumps({"a": "\\" * 500_000})}
    yield {"type": "image", "data": "A" * 1_000_000}
    yield {"type": "file", "data": ("A" * 63 + "!") * 16_000}
    yield [{"cachePoint": {"type": "default"}, "image": {}}] * 30_000


@pytest.mark.parametrize("request_", list(odd()))
def test_odd_input_takes_no_time(request_: Any) -> None:
    """A megabyte of it is weighed in some tenths of a second, whatever it is, on a busy machine too."""
    start = time.process_time()
    weigh(request_)
    assert time.process_time() - start < 2
