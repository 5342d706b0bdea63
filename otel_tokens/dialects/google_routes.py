"""Where the protocols of Google are spoken: by the Gemini API, by Vertex AI, and by who stands before them.

Vertex AI also serves models of other vendors under their own protocols. Paths that Google shares with others
are tied to its versions, which nobody else has, or to its hosts.
"""

from __future__ import annotations

from typing import Final

from . import (
    anthropic_messages,
    anthropic_others,
    google_batches,
    google_content,
    google_decisions,
    google_embeddings,
    google_free,
    google_interactions,
    google_live,
    mistral_ocr,
    openai_chat,
)
from .routes import Route


_DO: Final = "(?::|%3[Aa])"
_MODEL: Final = f"(?:models|tunedModels|endpoints)/(?P<model>[^:]+?){_DO}"
_BETA: Final = r"v1(?:alpha|beta|main)\d*/"
_GOOGLE: Final = r"googleapis\.com$"
_VENDOR: Final = "publishers/{}/models/"

_RAW: Final = f"{_DO}(?:r|streamR)awPredict"

ROUTES: Final[tuple[Route, ...]] = (
    Route("post", f"{_MODEL}(?:g|streamG)enerateContent", google_content.DIALECT),
    Route("post", f"{_MODEL}(?:count|compute)Tokens", google_free.COUNT_TOKENS),
    Route("post", f"{_MODEL}(?:embedContent|batchEmbedContents)", google_embeddings.DIALECT),
    Route("post", f"{_MODEL}(?:batchGenerateContent|asyncBatchEmbedContent)", google_batches.BATCH),
    Route("post", f"models/(?P<model>(?:ima|virtual-try)[^/:]*){_DO}predict", google_embeddings.IMAGES),
    Route("post", f"publishers/[^/]+/models/(?P<model>[^:]+?){_DO}predict", google_embeddings.DIALECT),
    Route("post", f"models/(?P<model>[^:]+?){_DO}predict", google_embeddings.DIALECT, _GOOGLE),
    Route("post", f"{_MODEL}predictLongRunning", google_embeddings.VIDEOS),
    Route("post", f"{_VENDOR.format('anthropic')}count-tokens{_RAW}", anthropic_others.COUNT_TOKENS),
    Route("post", f"{_VENDOR.format('anthropic')}(?P<model>[^:]+?){_RAW}", anthropic_messages.DIALECT),
    Route("post", f"{_VENDOR.format('mistralai')}(?P<model>mistral-ocr[^:]*){_RAW}", mistral_ocr.DIALECT),
    Route("post", f"{_VENDOR.format('(?!google/)[^/]+')}(?P<model>[^:]+?){_RAW}", openai_chat.DIALECT),
    Route("post", "cachedContents", google_free.CACHED_CONTENTS),
    Route("get", "cachedContents/[^/]+", google_free.CACHED_CONTENTS),
    Route("patch", "cachedContents/[^/]+", google_free.CACHED_CONTENTS),
    Route("get", f"{_BETA}batches/(?P<id>[^/:]+)", google_batches.BATCH),
    Route("get", "batches/(?P<id>[^/:]+)", google_batches.BATCH, _GOOGLE),
    Route("get", f"files/(?P<id>[^/:]+){_DO}download", google_batches.BATCH_OUTPUT),
    *[
        Route(method, f"{version}{path}", dialect, host)
        for version, host in ((_BETA, ""), ("", _GOOGLE))
        for method, path, dialect in (
            ("post", "interactions", google_interactions.DIALECT),
            ("get", "interactions/(?P<id>[^/:]+)", google_interactions.FETCH),
            ("post", "interactions/(?P<id>[^/:]+)(?:/|:|%3[Aa])cancel", google_interactions.FETCH),
            ("ws", "interactions/live", google_interactions.DIALECT),
            ("post", "decisions", google_decisions.DIALECT),
        )
    ],
    Route("ws", r"[\w.]*\.?(?:Generative|LlmBidi)Service[./]BidiGenerateContent\w*", google_live.DIALECT),
)
