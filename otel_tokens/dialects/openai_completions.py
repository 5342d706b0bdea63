"""OpenAI's legacy completions: `POST …/completions`.

Counting and streaming: as `openai_chat.py`; a choice has `text` where a chat has a message.

Source: `types/completion.py` of openai 3.54.
"""

from __future__ import annotations

from .dialect import Dialect
from .openai_chat import answer, read
from .openai_chunks import Chunks
from .openai_order import order_chat
from .openai_request import asked_chat, prompt_chat


DIALECT = Dialect(
    name="openai.completions",
    operation="text_completion",
    read=read,
    events=Chunks,
    order=order_chat,
    asked=asked_chat,
    prompt=prompt_chat,
    answer=answer,
    usage_on_request=True,
)
