"""Where Anthropic's protocols are spoken: at Anthropic, Vertex, Foundry and Bedrock's InvokeModel."""

from __future__ import annotations

from typing import Final

from . import anthropic_messages, anthropic_others, openai_chat
from .routes import Route


ROUTES: Final = (
    Route("post", "messages", anthropic_messages.DIALECT),
    Route("post", "messages/count_tokens", anthropic_others.COUNT_TOKENS),
    Route("get", "messages/batches/(?P<id>[^/]+)/results", anthropic_others.BATCH_RESULTS),
    Route("post", "complete", anthropic_others.COMPLETION),
    Route("post", "chat/completions", openai_chat.DIALECT),
)
