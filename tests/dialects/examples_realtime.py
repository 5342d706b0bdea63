"""One good session of each dialect of realtime and its events, with every field that is looked at."""

from __future__ import annotations

from typing import Any


USAGE: dict[str, Any] = {
    "total_tokens": 180,
    "input_tokens": 130,
    "output_tokens": 50,
    "input_token_details": {
        "text_tokens": 30,
        "audio_tokens": 100,
        "image_tokens": 0,
        "cached_tokens": 80,
        "cached_tokens_details": {"text_tokens": 20, "audio_tokens": 60, "image_tokens": 0},
    },
    "output_token_details": {"text_tokens": 10, "audio_tokens": 40},
}
SAID: dict[str, Any] = {
    "type": "message",
    "role": "assistant",
    "content": [{"type": "output_audio", "transcript": "Hi"}, {"type": "output_text", "text": "Ho"}],
}
CREATED: dict[str, Any] = {
    "type": "session.created",
    "session": {
        "type": "realtime",
        "model": "gpt-realtime",
        "audio": {"input": {"transcription": {"model": "gpt-realtime-whisper"}}},
    },
}
HEARD: dict[str, Any] = {
    "type": "conversation.item.input_audio_transcription.completed",
    "item_id": "item_1",
    "content_index": 0,
    "transcript": "Hey",
    "usage": {"type": "duration", "seconds": 3},
}
DONE: dict[str, Any] = {
    "type": "response.done",
    "response": {
        "id": "resp_1",
        "status": "completed",
        "status_details": None,
        "output": [SAID, {"type": "function_call", "name": "f", "arguments": "{}"}],
        "usage": USAGE,
    },
}
EVENTS: list[dict[str, Any]] = [
    CREATED,
    {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress", "usage": None}},
    HEARD,
    {"type": "response.output_audio_transcript.delta", "response_id": "resp_1", "delta": "Hi"},
    DONE,
    {"type": "rate_limits.updated", "rate_limits": []},
]
LIVE: list[dict[str, Any]] = [
    {"type": "session.started", "session": {"model": "gpt-live-1"}},
    {"type": "session.usage.updated", "usage": {"seconds": 10}},
    {"type": "session.output_transcript.delta", "delta": "Hi"},
    {
        "type": "response.event",
        "event": {
            "type": "response.completed",
            "response": {
                "id": "resp_1",
                "model": "gpt-a",
                "usage": {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7},
            },
        },
    },
    {
        "type": "decision.event",
        "event": {
            "type": "decision.completed",
            "decision": {"model": "gpt-b", "usage": {"input_tokens": 3, "output_tokens": 1}},
        },
    },
    {"type": "session.usage.updated", "usage": {"seconds": 25.5}},
    {"type": "session.closed", "session": {"model": "gpt-live-1"}, "usage": {"seconds": 30}},
]
SESSION: dict[str, Any] = {
    "model": "gpt-realtime",
    "transcription_model": "gpt-realtime-whisper",
    "responses": [DONE["response"]],
    "parts": [{"model": "gpt-realtime-whisper", "usage": HEARD["usage"]}],
    "usage": None,
    "text": "",
    "error": {"code": "c"},
}

ANSWERS: dict[str, Any] = {
    "openai.realtime": SESSION,
    "openai.live": {**SESSION, "usage": {"seconds": 30}, "responses": []},
}
STREAMS: dict[str, Any] = {"openai.realtime": EVENTS, "openai.live": LIVE}
REQUESTS: dict[str, Any] = {}
