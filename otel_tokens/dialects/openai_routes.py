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
    openai_videos,
)
from .routes import Route


_STATES_CHARGE: Final = r"(?:^|\.)(?:x\.ai|openrouter\.ai)$"
"""Hosts whose polls of a video state what it costs."""
_XAI: Final = r"(?:^|\.)x\.ai$"
_PERPLEXITY: Final = r"(?:^|\.)perplexity\.ai$"

ROUTES: Final = (
    Route("post", "chat/completions", openai_chat.DIALECT),
    Route("get", "chat/deferred-completion/(?P<id>[^/]+)", openai_chat.DEFERRED, _XAI),
    Route("post", "prompts/[^/]+/completions", openai_chat.DIALECT),
    Route("post", "text/chatcompletion(?:_v2|_pro)?", openai_chat.DIALECT),
    Route("post", "sonar", openai_chat.DIALECT, _PERPLEXITY),
    Route("post", "agent", openai_responses.DIALECT, _PERPLEXITY),
    Route("post", "completions", openai_completions.DIALECT),
    Route("post", "decisions", openai_responses.DECISION),
    Route("post", "responses", openai_responses.DIALECT),
    Route("post", "responses/compact", openai_responses.COMPACT),
    Route("post", "responses/input_tokens", openai_free.COUNT_TOKENS),
    Route("get", "responses/[^/]+", openai_responses.FETCH),
    Route("post", "responses/[^/]+/cancel", openai_responses.FETCH),
    Route("post", "embeddings(?:/multimodal)?", openai_embeddings.DIALECT),
    Route("post", "images/(?:generations|edits|variations)", openai_images.DIALECT),
    Route("post", "videos/generations", openai_videos.JOB),
    Route("post", "videos(?:/edits|/extensions)?", openai_videos.JOB, _STATES_CHARGE),
    Route("post", "videos(?:/edits|/extensions|/[^/]+/remix)?", openai_videos.DIALECT),
    Route("get", "videos/(?P<id>[^/]+)", openai_videos.POLL),
    Route("post", "audio/(?:transcriptions|translations)", openai_audio.TRANSCRIPTION),
    Route("post", "audio/speech", openai_audio.SPEECH),
    Route("get", "organization/(?:costs|usage/[^/]+)", openai_free.REPORT),
    Route("post", "moderations", openai_free.MODERATION),
    Route("post", "batches", openai_batches.BATCH),
    Route("get", "batches/[^/]+", openai_batches.BATCH),
    Route("post", "batches/[^/]+/cancel", openai_batches.BATCH),
    Route("get", "files/(?P<id>[^/]+)/content", openai_batches.BATCH_OUTPUT),
    Route("post", "threads/(?:[^/]+/)?runs", openai_batches.RUN),
    Route("get", "threads/[^/]+/runs/[^/]+", openai_batches.RUN),
    Route("post", "threads/[^/]+/runs/[^/]+/submit_tool_outputs", openai_batches.RUN),
)
