"""One good answer, stream and request of each dialect of Cohere."""

from __future__ import annotations

from typing import Any

from .examples_native import CALL, MESSAGES, TOOLS


BILLED: dict[str, Any] = {
    "billed_units": {"input_tokens": 5.0, "output_tokens": 40.0},
    "tokens": {"input_tokens": 71.0, "output_tokens": 44.0, "reasoning_tokens": 12.0, "image_tokens": 3.0},
    "cached_tokens": 64.0,
}
META: dict[str, Any] = {"api_version": {"version": "2"}, **BILLED}
COHERE_CHAT: dict[str, Any] = {
    "id": "c-1",
    "message": {
        "role": "assistant",
        "tool_plan": "Look.",
        "content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Hi there"}],
        "tool_calls": [CALL],
    },
    "finish_reason": "COMPLETE",
    "usage": BILLED,
}
COHERE_TEXT: dict[str, Any] = {
    "response_id": "r-1",
    "text": "Hi there",
    "finish_reason": "COMPLETE",
    "tool_calls": [{"name": "f", "parameters": {"a": "b"}}],
    "meta": META,
}
COHERE_GENERATION: dict[str, Any] = {
    "id": "g-1",
    "generations": [
        {"id": "1", "text": "Hi", "finish_reason": "COMPLETE"},
        {"id": "2", "text": "Ho", "finish_reason": "MAX_TOKENS"},
    ],
    "meta": META,
}
EMBED_META: dict[str, Any] = {
    "billed_units": {"input_tokens": 9, "text_tokens": 5, "image_tokens": 4, "images": 2, "pages": 1}
}
ANSWERS: dict[str, Any] = {
    "cohere.chat": COHERE_CHAT,
    "cohere.chat_v1": COHERE_TEXT,
    "cohere.generate": COHERE_GENERATION,
    "cohere.summarize": {"id": "s-1", "summary": "Hi", "meta": META},
    "cohere.embed": {"id": "e-1", "embeddings": {"float": [[0.5]]}, "meta": EMBED_META},
    "cohere.classify": {"id": "f-1", "classifications": [], "meta": META},
    "cohere.parse": {"id": "a-1", "finish_reason": "COMPLETE", "pages": [], "meta": EMBED_META},
    "cohere.tokenize": {"id": "t-1", "tokens": [1, 2], "meta": META},
    "cohere.embed_job": {"job_id": "j-1", "model": "embed", "status": "complete", "meta": META},
    "cohere.batch": {
        "batch": {
            "id": "b-1",
            "model": "command",
            "status": "BATCH_STATUS_COMPLETED",
            "input_tokens": "700",
            "output_tokens": "30",
        }
    },
}


def cohere_event(kind: str, **message: Any) -> dict[str, Any]:
    """One event of a chat of Cohere's."""
    return {"type": kind, "index": 0, "delta": {"message": message}}


COHERE_STREAM: list[dict[str, Any]] = [
    {"type": "message-start", "id": "c-1", "delta": {"message": {"role": "assistant"}}},
    cohere_event("tool-plan-delta", tool_plan="Look"),
    cohere_event("tool-plan-delta", tool_plan="."),
    cohere_event("tool-call-start", tool_calls={**CALL, "function": {"name": "f", "arguments": ""}}),
    cohere_event("tool-call-delta", tool_calls={"function": {"arguments": '{"a": '}}),
    cohere_event("tool-call-delta", tool_calls={"function": {"arguments": "1}"}}),
    {"type": "tool-call-end", "index": 0},
    cohere_event("content-delta", content={"thinking": "Hm"}),
    cohere_event("content-delta", content={"text": "Hi"}),
    cohere_event("content-delta", content={"text": " there"}),
    {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": BILLED}},
]
TEXT_STREAM: list[dict[str, Any]] = [
    {"event_type": "stream-start", "generation_id": "g"},
    {"event_type": "text-generation", "text": "Hi"},
    {"event_type": "text-generation", "text": " there"},
    {"event_type": "stream-end", "finish_reason": "COMPLETE", "response": COHERE_TEXT},
]
STREAMS: dict[str, Any] = {
    "cohere.chat": COHERE_STREAM,
    "cohere.chat_v1": TEXT_STREAM,
    "cohere.generate": [
        {"event_type": "text-generation", "text": "Hi"},
        {"event_type": "stream-end", "finish_reason": "COMPLETE", "response": COHERE_GENERATION},
    ],
}
REQUESTS: dict[str, Any] = {
    "cohere": {
        "model": "command-a",
        "messages": MESSAGES,
        "tools": TOOLS,
        "documents": ["One", {"title": "Two", "text": "Three"}],
        "preamble": "P",
        "message": "M",
        "prompt": "Q",
        "chat_history": [{"role": "USER", "message": "Earlier"}],
        "connectors": [{"id": "web-search"}],
        "num_generations": 2,
        "max_tokens": 20,
        "temperature": 0.5,
        "p": 0.9,
        "k": 5,
        "stop_sequences": ["a"],
        "response_format": {"type": "json_object"},
        "texts": ["One", "Two"],
        "images": ["data:"],
        "inputs": [{"content": [{"type": "text", "text": "Three"}, {"type": "image_url"}]}],
        "examples": [{"text": "Four", "label": "x"}],
        "embedding_types": ["float", "int8"],
        "output_dimension": 256,
    },
}
