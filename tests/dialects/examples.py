"""One good answer, stream and request of each dialect, with every field that is looked at."""

from __future__ import annotations

import json

from typing import Any

from . import strategies as make


OPENAI_USAGE: dict[str, Any] = {
    "prompt_tokens": 100,
    "completion_tokens": 30,
    "total_tokens": 130,
    "prompt_tokens_details": {
        "cached_tokens": 40,
        "cache_write_tokens": 10,
        "audio_tokens": 20,
        "image_tokens": 5,
        "cached_tokens_details": {"audio_tokens": 4, "image_tokens": 1},
        "cache_write_tokens_details": {"ttl_12h_tokens": 3},
    },
    "completion_tokens_details": {"reasoning_tokens": 12, "audio_tokens": 3, "image_tokens": 2},
    "cost": 0.25,
    "cost_details": {"upstream_inference_cost": 1},
    "is_byok": True,
}
RESPONSES_USAGE: dict[str, Any] = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 0},
    "output_tokens": 30,
    "output_tokens_details": {"reasoning_tokens": 12},
    "total_tokens": 130,
}
ANTHROPIC_USAGE: dict[str, Any] = {
    "input_tokens": 10,
    "cache_creation_input_tokens": 30,
    "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10},
    "cache_read_input_tokens": 40,
    "output_tokens": 50,
    "output_tokens_details": {"thinking_tokens": 6},
    "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1},
    "service_tier": "standard",
    "speed": "standard",
    "inference_geo": "us",
    "iterations": [
        {"type": "message", "input_tokens": 10, "output_tokens": 50},
        {"type": "compaction", "input_tokens": 7, "output_tokens": 3},
        {"type": "advisor_message", "model": "claude-b", "input_tokens": 5, "output_tokens": 4},
    ],
}
CHAT: dict[str, Any] = {
    "id": "chatcmpl-1",
    "model": "gpt-a",
    "service_tier": "default",
    "system_fingerprint": "fp",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {
                "role": "assistant",
                "content": "Hi",
                "reasoning_content": "Hm",
                "refusal": "No",
                "tool_calls": [{"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
        }
    ],
    "usage": OPENAI_USAGE,
}
COMPLETION: dict[str, Any] = {
    "id": "cmpl-1",
    "model": "gpt-a",
    "choices": [{"index": 0, "finish_reason": "stop", "text": "Hi"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}
RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "model": "gpt-a",
    "status": "incomplete",
    "incomplete_details": {"reason": "max_output_tokens"},
    "service_tier": "flex",
    "error": None,
    "output": [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}]},
        {"type": "web_search_call", "action": {"type": "search"}},
        {"type": "file_search_call"},
        {"type": "image_generation_call", "result": "aGk="},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]},
    ],
    "tools": [{"type": "web_search"}, {"type": "image_generation", "model": "gpt-image-a"}],
    "tool_usage": {
        "image_gen": {
            "input_tokens": 9,
            "input_tokens_details": {"text_tokens": 4, "image_tokens": 5},
            "cached_tokens": 3,
            "cached_tokens_details": {"cached_text_tokens": 1, "cached_image_tokens": 2},
            "output_tokens": 20,
            "total_tokens": 29,
        },
        "web_search": {"num_requests": 1},
    },
    "usage": RESPONSES_USAGE,
}
RUN: dict[str, Any] = {
    "id": "run_1",
    "model": "gpt-a",
    "status": "completed",
    "last_error": {"code": "c"},
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-a",
    "content": [
        {"type": "thinking", "thinking": "Hm"},
        {"type": "text", "text": "Hi"},
        {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
        {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "r"}]},
    ],
    "stop_reason": "end_turn",
    "usage": ANTHROPIC_USAGE,
}
BATCH_ROW: dict[str, Any] = {"response": {"status_code": 200, "body": CHAT}}
RESULT_ROW: dict[str, Any] = {"custom_id": "a", "result": {"type": "succeeded", "message": MESSAGE}}

ANSWERS: dict[str, Any] = {
    "openai.chat": CHAT,
    "openai.completions": COMPLETION,
    "openai.responses": RESPONSE,
    "openai.embeddings": {"model": "e", "usage": {"prompt_tokens": 8, "total_tokens": 8}, "data": [{}]},
    "openai.images": {
        "data": [{"url": "u"}],
        "usage": {
            "input_tokens": 9,
            "input_tokens_details": {"text_tokens": 4, "image_tokens": 5},
            "output_tokens": 20,
            "total_tokens": 29,
        },
        "svg_usage": {"model": "s", "input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
    },
    "openai.transcription": {"text": "Hi", "duration": 2.5, "usage": {"type": "duration", "seconds": 3}},
    "openai.speech": {"usage": {"input_tokens": 4, "output_tokens": 5, "total_tokens": 9}},
    "openai.batch": {
        "id": "batch_1",
        "status": "completed",
        "output_file_id": "file_1",
        "model": "gpt-a",
        "usage": RESPONSES_USAGE,
    },
    "openai.batch_output": json.dumps(BATCH_ROW),
    "openai.run": RUN,
    "openai.moderations": {"id": "m", "model": "mod", "results": []},
    "openai.videos": {
        "id": "video_1",
        "request_id": "r",
        "model": "sora-2",
        "status": "completed",
        "error": None,
        "seconds": "4",
        "usage": {"cost_in_usd_ticks": 500_000_000},
    },
    "openai.report": {"object": "page", "data": [{"results": [{"input_tokens": 5}]}]},
    "openai.count_tokens": {"object": "o", "input_tokens": 5},
    "anthropic.messages": MESSAGE,
    "anthropic.complete": {"id": "c", "model": "claude-a", "completion": "Hi", "stop_reason": "stop"},
    "anthropic.count_tokens": {"input_tokens": 5},
    "anthropic.batch_results": [{"model": "claude-a", "usage": ANTHROPIC_USAGE}],
}

STREAMS: dict[str, Any] = {
    "openai.chat": [*make.chat_events(CHAT, 1, "alone"), {"x_groq": {"usage": {}}, "error": {"code": "c"}}],
    "openai.completions": list(make.completion_events(COMPLETION, 1)),
    "openai.responses": [*make.response_events(RESPONSE, 1), {"type": "error", "code": "c"}],
    "openai.images": [
        {"type": "image_generation.partial_image"},
        {"type": "image_generation.completed", "usage": {"input_tokens": 1, "output_tokens": 2}},
    ],
    "openai.transcription": [
        {"type": "transcript.text.delta", "delta": "H"},
        {"type": "transcript.text.done", "text": "Hi", "usage": {"input_tokens": 1, "output_tokens": 2}},
    ],
    "openai.speech": [
        {"type": "speech.audio.delta", "audio": "aGk="},
        {"type": "speech.audio.done", "usage": {"input_tokens": 1, "output_tokens": 2}},
    ],
    "openai.run": [
        {"event": "thread.run.created", "data": {**RUN, "status": "queued", "usage": None}},
        {"event": "thread.run.step.completed", "data": {}},
        {"event": "thread.message.delta", "data": {}},
        {"event": "thread.run.completed", "data": RUN},
    ],
    "anthropic.messages": [
        *make.anthropic_events({**MESSAGE, "content": MESSAGE["content"][:2]}, 1, repeats=True),
        {"type": "error", "error": {"type": "overloaded_error"}},
    ],
    "anthropic.complete": [
        {"type": "completion", "id": "c", "model": "claude-a", "completion": "H", "stop_reason": None},
        {"type": "ping"},
        {"type": "completion", "id": "c", "model": "claude-a", "completion": "i", "stop_reason": "stop"},
    ],
    "anthropic.batch_results": [RESULT_ROW, {"result": {"type": "errored"}}],
}

REQUESTS: dict[str, Any] = {
    "openai": {
        "model": "gpt-a",
        "temperature": 0.5,
        "top_p": 1,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "seed": 7,
        "max_tokens": 10,
        "max_completion_tokens": 20,
        "max_output_tokens": 30,
        "n": 2,
        "stop": ["a", "b"],
        "reasoning_effort": "low",
        "reasoning": {"effort": "high"},
        "response_format": {"type": "json_object"},
        "text": {"format": {"type": "json_schema"}},
        "service_tier": "flex",
        "previous_response_id": "resp_0",
        "conversation": {"id": "conv"},
        "dimensions": 256,
        "encoding_format": "float",
        "prompt": ["p", "q"],
        "instructions": "Be brief",
        "messages": [
            {"role": "system", "content": "Be brief"},
            {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "image_url"}]},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "t", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "t", "content": [{"type": "text", "text": "r"}]},
        ],
        "input": [
            "plain",
            {"role": "user", "content": "Hi"},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "r"},
            {"type": "reasoning", "summary": [{"text": "Hm"}]},
        ],
        "tools": [
            {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"a": [1]}}}
        ],
    },
    "anthropic": {
        "model": "claude-a",
        "max_tokens": 10,
        "temperature": 0.5,
        "top_p": 1,
        "top_k": 5,
        "stop_sequences": ["a"],
        "output_config": {"effort": "high", "format": {"type": "json_schema"}},
        "system": [{"type": "text", "text": "Be brief"}],
        "prompt": "p",
        "messages": [
            {"role": "user", "content": "Hi"},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {"a": "b"}}],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "t",
                        "content": [{"type": "text", "text": "r"}],
                    },
                    {"type": "thinking"},
                ],
            },
        ],
        "tools": [{"name": "f", "description": "d", "input_schema": {"type": "object"}}],
    },
}
