"""The `openai` package, and everything that speaks its protocols through it.

Streams of chats and completions state usage only when asked to, so known hosts are asked, and the chunk that
comes of it is hidden from the application; not where it sees the raw response, has said itself what it wants,
or uses an API of Azure that does not know the option.
"""

from __future__ import annotations

from typing import Any, Final

from ..calls import Call
from ..dialects import (
    openai_audio,
    openai_batches,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_free,
    openai_images,
    openai_responses,
)
from ..dialects.fields import get
from ._stainless import Package, asks_for_usage
from .routes import Routes


SUPPORTS = "openai >= 1.40"

ROUTES: Final = Routes(
    [
        ("post", "chat/completions", openai_chat.DIALECT),
        ("post", "completions", openai_completions.DIALECT),
        ("post", "responses", openai_responses.DIALECT),
        ("post", "responses/compact", openai_responses.COMPACT),
        ("post", "responses/input_tokens", openai_free.COUNT_TOKENS),
        ("get", "responses/[^/]+", openai_responses.FETCH),
        ("post", "responses/[^/]+/cancel", openai_responses.FETCH),
        ("post", "embeddings", openai_embeddings.DIALECT),
        ("post", "images/(?:generations|edits|variations)", openai_images.DIALECT),
        ("post", "audio/(?:transcriptions|translations)", openai_audio.TRANSCRIPTION),
        ("post", "audio/speech", openai_audio.SPEECH),
        ("post", "moderations", openai_free.MODERATION),
        ("post", "batches", openai_batches.BATCH),
        ("get", "batches/[^/]+", openai_batches.BATCH),
        ("post", "batches/[^/]+/cancel", openai_batches.BATCH),
        ("get", "files/(?P<id>[^/]+)/content", openai_batches.BATCH_OUTPUT),
        ("post", "threads/(?:[^/]+/)?runs", openai_batches.RUN),
        ("get", "threads/[^/]+/runs/[^/]+", openai_batches.RUN),
        ("post", "threads/[^/]+/runs/[^/]+/submit_tool_outputs", openai_batches.RUN),
    ]
)

_KNOW_THE_OPTION: Final = frozenset({"openai", "azure.ai.openai"})
_AZURE_SINCE: Final = "2024-09-01"
"""The first version of Azure's API that takes `stream_options`."""


def _prepare(client: Any, call: Call, options: Any) -> Any:
    """The options to send: with a question for usage, where that is safe."""
    if not call.asks_usage(_KNOW_THE_OPTION):
        return options
    version = getattr(client, "_api_version", None)
    if isinstance(version, str) and version[:4].isdigit() and version < _AZURE_SINCE:
        return options
    if get(options.extra_json, "data_sources") is not None:
        return options
    return asks_for_usage(call, options)


PACKAGE: Final = Package("openai", ROUTES, prepare=_prepare)
