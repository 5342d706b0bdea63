"""Where OpenAI's protocols are spoken, by OpenAI and by everybody who took them over."""

from __future__ import annotations

from typing import Final

from . import (
    openai_audio,
    openai_batches,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_free,
    openai_images,
    openai_responses,
)
from .routes import Route


ROUTES: Final = (
    Route("post", "chat/completions", openai_chat.DIALECT),
    Route("post", "completions", openai_completions.DIALECT),
    Route("post", "responses", openai_responses.DIALECT),
    Route("post", "responses/compact", openai_responses.COMPACT),
    Route("post", "responses/input_tokens", openai_free.COUNT_TOKENS),
    Route("get", "responses/[^/]+", openai_responses.FETCH),
    Route("post", "responses/[^/]+/cancel", openai_responses.FETCH),
    Route("post", "embeddings", openai_embeddings.DIALECT),
    Route("post", "images/(?:generations|edits|variations)", openai_images.DIALECT),
    Route("post", "audio/(?:transcriptions|translations)", openai_audio.TRANSCRIPTION),
    Route("post", "audio/speech", openai_audio.SPEECH),
    Route("post", "moderations", openai_free.MODERATION),
    Route("post", "batches", openai_batches.BATCH),
    Route("get", "batches/[^/]+", openai_batches.BATCH),
    Route("post", "batches/[^/]+/cancel", openai_batches.BATCH),
    Route("get", "files/(?P<id>[^/]+)/content", openai_batches.BATCH_OUTPUT),
    Route("post", "threads/(?:[^/]+/)?runs", openai_batches.RUN),
    Route("get", "threads/[^/]+/runs/[^/]+", openai_batches.RUN),
    Route("post", "threads/[^/]+/runs/[^/]+/submit_tool_outputs", openai_batches.RUN),
)
