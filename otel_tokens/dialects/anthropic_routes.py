"""Where Anthropic's protocols are spoken: at Anthropic, Vertex, Foundry and Bedrock's InvokeModel."""

from __future__ import annotations

from typing import Final

from . import anthropic_messages, anthropic_others, openai_chat
from .routes import Route


_OWN: Final = "(?:v1|anthropic)/"
"""Messages are sent by everybody who has a chat; Anthropic's clients always say a version."""

ROUTES: Final = (
    Route("post", f"{_OWN}messages", anthropic_messages.DIALECT),
    Route("post", f"{_OWN}messages/count_tokens", anthropic_others.COUNT_TOKENS),
    Route("get", "messages/batches/(?P<id>[^/]+)/results", anthropic_others.BATCH_RESULTS),
    Route("post", "v1/complete", anthropic_others.COMPLETION),
    Route("post", "chat/completions", openai_chat.DIALECT),
)
