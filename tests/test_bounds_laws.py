"""Laws of bounds, for the requests of every dialect: any has one, it covers the text, more lowers none."""

from __future__ import annotations

import copy

from collections.abc import Iterator
from typing import Any

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from otel_tokens.bounds import Bound, bound_of
from otel_tokens.dialects.dialect import Dialect
from otel_tokens.pricing import load_book
from otel_tokens.providers import Site

from .dialects import strategies as make
from .dialects.every import EVERY, request_of


AT_S = 1_795_500_000.0  # 2026-11-24
BOOK = load_book()
SITE = Site("openai", "api.openai.com", 443)
MODELS = ("gpt-4o", "gpt-4o-audio-preview", "nobody-knows-it")
BILLED = [dialect for dialect in EVERY if dialect.billed]
LISTS = (
    "messages",
    "contents",
    "input",
    "inputs",
    "prompt",
    "texts",
    "documents",
    "chat_history",
    "parts",
    "content",
)

words = st.text(alphabet="abc é日🙂", max_size=40)
blobs = st.sampled_from(["iVBORw0KGgoAAAANSUhEUgAA" * 10, "https://example.com/a"])
pieces = st.one_of(
    words,
    st.builds(lambda text: {"role": "user", "content": text}, words),
    st.builds(lambda text: {"type": "text", "text": text}, words),
    st.builds(lambda url: {"type": "image_url", "image_url": {"url": url}}, blobs),
    st.builds(lambda url: {"type": "file", "file": {"file_data": url}}, blobs),
    st.builds(lambda url: {"type": "document", "source": {"type": "base64", "data": url}}, blobs),
    st.builds(lambda data: {"inlineData": {"mimeType": "audio/wav", "data": data}}, blobs),
    st.builds(lambda uri: {"fileData": {"fileUri": uri}}, blobs),
    st.builds(lambda data: {"image": {"format": "png", "source": {"bytes": data}}}, st.binary(max_size=9)),
    st.builds(lambda data: {"document": {"format": "pdf", "source": {"bytes": data}}}, st.binary(max_size=9)),
    st.just({"cachePoint": {"type": "default"}}),
    st.builds(lambda text: {"text": text, "cache_control": {"type": "ephemeral", "ttl": "1h"}}, words),
)


def bound(dialect: Dialect, request: Any, model: str = MODELS[0]) -> Bound:
    """The bound of a request."""
    return bound_of(BOOK, dialect, request, SITE, model, at_s=AT_S)


def lists(request: Any) -> Iterator[list[Any]]:
    """The lists of content in a request."""
    if isinstance(request, dict):
        for name, value in request.items():
            if isinstance(value, list) and value and name in LISTS:
                yield value
            yield from lists(value)
    elif isinstance(request, list):
        for value in request:
            yield from lists(value)


@pytest.mark.parametrize("dialect", BILLED, ids=lambda dialect: dialect.name)
@settings(max_examples=12)
@given(data=st.data())
def test_any_request_has_a_bound(dialect: Dialect, data: st.DataObject) -> None:
    """Whatever a request is made of, its bound is a number, and the price None or not negative."""
    request = data.draw(make.json_values | make.mutations(request_of(dialect)))
    found = bound(dialect, request, data.draw(st.sampled_from(MODELS)))
    assert found.tokens >= found.output_tokens >= 0
    assert found.usd is None or found.usd >= 0


@pytest.mark.parametrize("dialect", BILLED, ids=lambda dialect: dialect.name)
def test_the_text_of_a_request_is_covered(dialect: Dialect) -> None:
    """Every word of the prompt is a token at the least, and a bound has no fewer."""
    request = request_of(dialect)
    count = sum(len(text.split()) for text in dialect.prompt(request))
    assert bound(dialect, request).tokens >= count


@pytest.mark.parametrize("dialect", BILLED, ids=lambda dialect: dialect.name)
@settings(max_examples=12)
@given(data=st.data())
def test_more_content_lowers_no_bound(dialect: Dialect, data: st.DataObject) -> None:
    """A piece of content that is added anywhere makes neither tokens nor price fewer."""
    few = request_of(dialect)
    many = copy.deepcopy(few)
    places = list(lists(many)) or [many.setdefault("messages", [])]
    data.draw(st.sampled_from(places)).append(data.draw(pieces))
    model = data.draw(st.sampled_from(MODELS))
    a, b = bound(dialect, few, model), bound(dialect, many, model)
    assert a.tokens <= b.tokens
    assert a.usd is None or (b.usd is not None and a.usd <= b.usd)
