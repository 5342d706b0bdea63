"""One good answer, stream and request of each dialect of DashScope."""

from __future__ import annotations

from typing import Any

from .examples_native import CALL, MESSAGES, TOOLS


DASHSCOPE: dict[str, Any] = {
    "request_id": "d-1",
    "output": {
        "choices": [
            {
                "finish_reason": "stop",
                "message": {
                    "role": "assistant",
                    "content": "Hi there",
                    "reasoning_content": "Hm",
                    "tool_calls": [CALL],
                },
            }
        ]
    },
    "usage": {
        "input_tokens": 100,
        "output_tokens": 30,
        "total_tokens": 130,
        "image_tokens": 20,
        "input_tokens_details": {"text_tokens": 75, "audio_tokens": 5},
        "prompt_tokens_details": {"cached_tokens": 40, "cache_creation_input_tokens": 10},
        "output_tokens_details": {"reasoning_tokens": 12},
    },
}
ANSWERS: dict[str, Any] = {
    "dashscope.generation": DASHSCOPE,
    "dashscope.embeddings": {"request_id": "d-2", "output": {"embeddings": []}, "usage": {"total_tokens": 5}},
    "dashscope.rerank": {"request_id": "d-3", "output": {"results": []}, "usage": {"total_tokens": 6}},
    "dashscope.media": {"request_id": "d-4", "output": {"task_id": "t-1", "task_status": "PENDING"}},
    "dashscope.task": {
        "request_id": "d-5",
        "output": {"task_id": "t-1", "task_status": "SUCCEEDED"},
        "usage": {"image_count": 2, "characters": 7, "duration": 1.5},
    },
}


def dashscope_event(content: str, thought: str, reason: str, **usage: Any) -> dict[str, Any]:
    """One event of a generation of DashScope's."""
    calls = [CALL] if content else []
    message = {"role": "assistant", "content": content, "reasoning_content": thought, "tool_calls": calls}
    choice = {"finish_reason": reason, "message": message}
    return {"request_id": "d-1", "output": {"choices": [choice]}, "usage": usage}


DASHSCOPE_STREAM: list[dict[str, Any]] = [
    dashscope_event("", "H", "null", input_tokens=100, output_tokens=1),
    dashscope_event("Hi", "Hm", "null", input_tokens=100, output_tokens=20),
    dashscope_event("Hi there", "Hm", "stop", **DASHSCOPE["usage"]),
]
STREAMS: dict[str, Any] = {
    "dashscope.generation": DASHSCOPE_STREAM,
}
REQUESTS: dict[str, Any] = {
    "dashscope": {
        "model": "qwen-max",
        "input": {"messages": MESSAGES, "prompt": "Hello", "texts": ["One"]},
        "parameters": {"max_tokens": 20, "n": 2, "tools": TOOLS, "dimension": 256},
    },
}
