"""Where Google's protocols are spoken, and what is told by the path."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from otel_tokens.dialects.google_routes import ROUTES
from otel_tokens.dialects.routes import Found, Routes


GEMINI = "https://generativelanguage.googleapis.com"
VERTEX = "https://us-central1-aiplatform.googleapis.com"
PROJECT = f"{VERTEX}/v1/projects/p/locations/l"
SOLD = f"{PROJECT}/publishers"
GATEWAY = "http://gateway:8787/google"
SERVICE = "/ws/google.ai.generativelanguage.v1beta.GenerativeService"
TABLE = Routes(ROUTES)

MODELS = [
    (f"{GEMINI}/v1beta/models/a:generateContent", "google.generate_content", "a"),
    (f"{GEMINI}/v1beta/models/a:streamGenerateContent?alt=sse", "google.generate_content", "a"),
    (f"{GEMINI}/v1beta/models/a%3AgenerateContent", "google.generate_content", "a"),
    (f"{GEMINI}/v1beta/tunedModels/t:generateContent", "google.generate_content", "t"),
    (f"{GATEWAY}/v1/models/vertex/a:generateContent", "google.generate_content", "vertex/a"),
    (f"{SOLD}/google/models/a@1:generateContent", "google.generate_content", "a@1"),
    (f"{PROJECT}/endpoints/7:generateContent", "google.generate_content", "7"),
    (f"{GEMINI}/v1beta/models/a:countTokens", "google.count_tokens", "a"),
    (f"{SOLD}/google/models/a:computeTokens", "google.count_tokens", "a"),
    (f"{GEMINI}/v1beta/models/e:embedContent", "google.embed", "e"),
    (f"{GEMINI}/v1beta/models/e:batchEmbedContents", "google.embed", "e"),
    (f"{SOLD}/google/models/text-embedding:predict", "google.embed", "text-embedding"),
    (f"{SOLD}/google/models/imagen-4.0:predict", "google.images", "imagen-4.0"),
    (f"{SOLD}/google/models/virtual-try-on:predict", "google.images", "virtual-try-on"),
    (f"{GEMINI}/v1beta/models/imagen-4.0:predict", "google.images", "imagen-4.0"),
    (f"{GEMINI}/v1beta/models/veo-3:predictLongRunning", "google.videos", "veo-3"),
    (f"{GEMINI}/v1beta/models/a:batchGenerateContent", "google.batch", "a"),
    (f"{GEMINI}/v1beta/models/e:asyncBatchEmbedContent", "google.batch", "e"),
    (f"{SOLD}/anthropic/models/claude-a@2:rawPredict", "anthropic.messages", "claude-a@2"),
    (f"{SOLD}/anthropic/models/claude-a:streamRawPredict", "anthropic.messages", "claude-a"),
    (f"{SOLD}/anthropic/models/count-tokens:rawPredict", "anthropic.count_tokens", None),
    (f"{SOLD}/mistralai/models/mistral-a:streamRawPredict", "openai.chat", "mistral-a"),
    (f"{SOLD}/mistralai/models/mistral-ocr-2505:rawPredict", "mistral.ocr", "mistral-ocr-2505"),
    (f"{SOLD}/meta/models/llama-a:rawPredict", "openai.chat", "llama-a"),
]

OTHERS = [
    ("get", f"{GEMINI}/v1beta/batches/b", "google.batch", "b"),
    ("get", f"{GEMINI}/v1/batches/b", "google.batch", "b"),
    ("get", f"{GATEWAY}/v1beta/batches/b", "google.batch", "b"),
    ("get", f"{GEMINI}/download/v1beta/files/f:download?alt=media", "google.batch_output", "f"),
    ("post", f"{GEMINI}/v1beta/cachedContents", "google.cached_contents", None),
    ("get", f"{GEMINI}/v1beta/cachedContents/c", "google.cached_contents", None),
    ("patch", f"{GEMINI}/v1beta/cachedContents/c", "google.cached_contents", None),
    ("post", f"{GATEWAY}/v1beta/interactions", "google.interactions", None),
    ("post", f"{GEMINI}/v1/interactions", "google.interactions", None),
    ("ws", f"{GEMINI}/v1beta/interactions/live", "google.interactions", None),
    ("post", f"{GEMINI}/v1beta/decisions", "google.decisions", None),
    ("get", f"{GEMINI}/v1beta/interactions/i?stream=true", "google.interactions", "i"),
    ("post", f"{GEMINI}/v1beta/interactions/i/cancel", "google.interactions", "i"),
    ("ws", f"{GEMINI}{SERVICE}.BidiGenerateContent", "google.live", None),
    ("ws", f"{GEMINI}{SERVICE}.BidiGenerateContentConstrained", "google.live", None),
    ("ws", f"{VERTEX}/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent", "google.live", None),
]


def find(method: str, url: str) -> Found | None:
    """What a request to `url` speaks."""
    parts = urlsplit(url)
    return TABLE.find(method, parts.path, parts.hostname or "")


@pytest.mark.parametrize(("url", "name", "model"), MODELS)
def test_a_path_tells_the_model(url: str, name: str, model: str | None) -> None:
    """The path tells the protocol and the model, whoever serves it."""
    found = find("post", url)
    assert found is not None
    assert (found.dialect.name, found.model, found.id) == (name, model, None)


@pytest.mark.parametrize(("method", "url", "name", "once"), OTHERS)
def test_a_path_tells_what_counts_once(method: str, url: str, name: str, once: str | None) -> None:
    """The path tells the protocol, and what is counted once however often it is fetched."""
    found = find(method, url)
    assert found is not None
    assert (found.dialect.name, found.model, found.id) == (name, None, once)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("get", "https://api.openai.com/v1/batches/b"),
        ("get", "https://api.openai.com/v1/files/f/content"),
        ("post", "https://example.com/v1/interactions"),
        ("post", "https://api.openai.com/v1/decisions"),
        ("post", f"{PROJECT}/endpoints/7:predict"),
        ("post", f"{GEMINI}/v1beta/openai/chat/completions"),
        ("get", f"{GEMINI}/v1beta/models/a"),
        ("post", f"{SOLD}/google/models/a:rawPredict"),
    ],
)
def test_a_path_of_others(method: str, url: str) -> None:
    """Paths that others have too are Google's only at its hosts or in its versions."""
    assert find(method, url) is None
