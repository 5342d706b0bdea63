"""The bound of what is more than text, in every provider's shape: files, units, sessions, several prompts."""

from __future__ import annotations

import base64
import json

from decimal import Decimal
from typing import Any

import pytest

from otel_tokens.bounds import WINDOW_TOKENS, Bound, bound_of, closer
from otel_tokens.dialects.catalog import find
from otel_tokens.pricing import Terms, book_of, load_book
from otel_tokens.providers import Site
from otel_tokens.readings import INPUT_AUDIO, INPUT_IMAGE, Usage
from otel_tokens.tokenizers import Estimator


AT_S = 1_795_500_000.0  # 2026-11-24
BOOK = load_book()
FILE = bytes(range(256)) * 4
BLOB = base64.b64encode(FILE).decode()
GEMINI = "gemini-2.5-flash"
GOOGLE = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent"
CONVERSE = "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.amazon.nova-pro-v1:0/converse"


def bound(url: str, request: Any, provider: str, model: str | None, **more: Any) -> Bound:
    """The bound of a request to `url`."""
    found = find("POST", url)
    assert found is not None
    return bound_of(BOOK, found.dialect, request, Site(provider, "", 443), model, at_s=AT_S, **more)


def google(*parts: Any, **more: Any) -> Bound:
    """The bound of a request for content with these parts."""
    request = {"contents": [{"parts": [{"text": "?"}, *parts]}], "generationConfig": {"maxOutputTokens": 1}}
    return bound(GOOGLE, {**request, **more}, "gcp.gemini", GEMINI)


def rate(bucket: str, count: int) -> Decimal:
    """What so many tokens of one kind cost at Gemini."""
    usd = BOOK.price(Usage({bucket: count}), Terms("gcp.gemini", GEMINI, AT_S)).usd
    assert usd is not None
    return usd


def test_an_image_of_google() -> None:
    """It takes its tiles, whoever holds the file."""
    image = {"inlineData": {"mimeType": "image/png", "data": BLOB}}
    assert google(image).tokens - google({"other": {}}).tokens == pytest.approx(8_256, abs=100)


def test_audio_has_its_own_rate() -> None:
    """What may be audio is held at the rate of audio, in the request or elsewhere."""
    inside = google(
        {"inlineData": {"mimeType": "audio/wav", "data": base64.b64encode(b"x" * 150_000).decode()}}
    )
    assert inside.usd is not None
    assert inside.usd > rate(INPUT_AUDIO, 10_000) > 2 * rate(INPUT_IMAGE, 10_000)
    elsewhere = google({"fileData": {"fileUri": "gs://a"}})
    assert elsewhere.usd is not None
    assert elsewhere.usd > rate(INPUT_AUDIO, 1_000_000)


def test_text_in_a_file_is_text() -> None:
    """A text in base64 has no more tokens than bytes; a PDF may have more."""
    plain, packed = [
        google({"inlineData": {"mimeType": kind, "data": BLOB}}).tokens
        for kind in ("text/plain", "application/pdf")
    ]
    without = google({"inlineData": {"mimeType": "text/plain", "data": ""}}).tokens
    assert plain < without
    assert plain < 3_000
    assert packed > 30_000


def test_a_written_file_has_a_closer_bound_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bytes count beside the tokens of the text around."""
    found = find("POST", GOOGLE)
    assert found is not None
    estimator = Estimator(None)
    monkeypatch.setattr(estimator, "at_most", lambda *_: 7)
    request = {"contents": [{"parts": [{"inlineData": {"mimeType": "text/plain", "data": BLOB}}]}]}
    near = closer(BOOK, found.dialect, request, Site("gcp.gemini", "", 443), GEMINI, estimator, at_s=AT_S)
    assert near is not None
    assert near.tokens - near.output_tokens == pytest.approx(7 + 1024 + 700, abs=3)


def test_what_is_kept_fills_the_window() -> None:
    """A cached content is a part of the prompt."""
    assert google(cachedContent="cachedContents/1").tokens > 1_000_000


DEAR_IMAGES = book_of(
    {
        "schema": 1,
        "price": [
            {
                "provider": "p",
                "model": "gpt-4o",
                "rates": {"input": "1", "input_audio": "2", "input_image": "3", "output": "1"},
            }
        ],
    }
)
AUDIO = {"type": "input_audio", "input_audio": {"data": BLOB * 100, "format": "wav"}}
IMAGE = {"type": "image_url", "image_url": "https://example.com/a"}


@pytest.mark.parametrize(
    ("pieces", "usd"),
    [
        ([IMAGE] * 10, Decimal(3) * 14_450 / 10**6),
        ([AUDIO], Decimal(2) * (102_400 // 15) / 10**6),
        ([{"type": "file_url", "file_url": "https://example.com/a"}], Decimal(3) * 128_000 / 10**6),
        ([IMAGE] * 100, Decimal(3) * 128_000 / 10**6),
        ([AUDIO] * 30, Decimal(3) * 128_000 / 10**6),
    ],
)
def test_whatever_is_dearest_may_fill_the_window(pieces: Any, usd: Decimal) -> None:
    """Media cost their own rate; what may be of any kind, or is too much for the window, the dearest."""
    found = find("POST", "https://p/v1/chat/completions")
    assert found is not None
    request = {"messages": [{"role": "user", "content": pieces}], "max_tokens": 1}
    most = bound_of(DEAR_IMAGES, found.dialect, request, Site("p", "", 443), "gpt-4o", at_s=AT_S)
    assert most.usd is not None
    assert usd <= most.usd < usd * Decimal("1.2")


@pytest.mark.parametrize(
    ("document", "least"),
    [
        ({"format": "pdf", "name": "a", "source": {"bytes": FILE}}, 20_000),
        ({"format": "txt", "name": "a", "source": {"bytes": FILE}}, 1_024),
        ({"format": "pdf", "name": "a", "source": {"s3Location": {"uri": "s3://a"}}}, 300_000),
    ],
)
def test_documents_of_converse(document: Any, least: int) -> None:
    """By their bytes, and a window for what is elsewhere."""
    request = {"messages": [{"role": "user", "content": [{"document": document}]}]}
    found = bound(CONVERSE, request, "aws.bedrock", "us.amazon.nova-pro-v1:0", assume_output_tokens=1)
    assert least < found.tokens < least * 1.2 + 2_000 + 10 * 1024
    assert found.usd is not None


def test_a_body_of_amazons_libraries_is_read() -> None:
    """A request whose body is JSON in bytes weighs what is in it."""
    url = CONVERSE.replace("nova-pro-v1:0/converse", "nova-pro-v1:0/invoke")
    body = {"messages": [{"role": "user", "content": [{"text": "x" * 500}]}]}
    inside, outside = [
        bound(url, request, "aws.bedrock", "us.amazon.nova-pro-v1:0", assume_output_tokens=1)
        for request in ({"modelId": "m", "body": json.dumps(body).encode()}, body)
    ]
    assert 0 <= inside.tokens - outside.tokens < 50


@pytest.mark.parametrize(
    ("url", "provider", "model", "request_", "usd"),
    [
        (
            "https://api.cohere.com/v2/rerank",
            "cohere",
            "rerank-v3.5",
            {"query": "a", "documents": ["b"] * 250},
            "0.006",
        ),
        (
            "https://api.mistral.ai/v1/ocr",
            "mistral_ai",
            "mistral-ocr-latest",
            {"document": {"type": "document_url", "document_url": "https://a"}, "pages": [0, 1]},
            "0.002",
        ),
        ("https://api.openai.com/v1/audio/speech", "openai", "tts-1", {"input": "x" * 1000}, "0.015"),
    ],
)
def test_units_are_held(url: str, provider: str, model: str, request_: Any, usd: str) -> None:
    """What is billed by the unit has a hold that is no less."""
    found = bound(url, request_, provider, model)
    assert found.usd is not None
    assert found.usd >= Decimal(usd)


def test_models_that_search_by_themselves_have_its_fees() -> None:
    """Nothing in the request says that they search."""
    url, request = "https://api.openai.com/v1/chat/completions", {"messages": [], "max_tokens": 1}
    searching, other = [
        bound(url, request, "openai", model).usd for model in ("gpt-4o-search-preview", "gpt-4o")
    ]
    assert searching is not None
    assert other is not None
    assert searching > other + Decimal("0.1")


@pytest.mark.parametrize("media", [[], [{"type": "image_url", "image_url": "https://a"}]])
def test_texts_to_embed_have_a_window_each(media: list[Any]) -> None:
    """Many texts together may be longer than a window; so may several prompts."""
    url, texts = "https://api.openai.com/v1/embeddings", ["x" * 1000] * 500
    assert bound(url, {"input": texts + media}, "openai", "gpt-4o").tokens > 500_000
    prompts = {"prompt": texts, "max_tokens": 1}
    assert bound("https://api.openai.com/v1/completions", prompts, "openai", "gpt-4o").tokens > 500_000


def test_a_window_that_nobody_knows() -> None:
    """A file that is elsewhere is held for a constant."""
    request = {"contents": [{"parts": [{"fileData": {"fileUri": "gs://a"}}]}]}
    assert bound(GOOGLE, request, "gcp.gemini", "nobody-knows-it").tokens > WINDOW_TOKENS


def test_no_name_is_no_other_model() -> None:
    """An empty name among the models that may answer does not make the price unknown."""
    url, request = "https://openrouter.ai/api/v1/chat/completions", {"models": ["", "openai/gpt-4o"]}
    assert bound(url, request, "openrouter", "openai/gpt-4o").usd is not None
