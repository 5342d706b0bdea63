"""One good answer, stream and request of each dialect of vendors with formats of their own."""

from __future__ import annotations

from typing import Any

from .examples import ANSWERS as OPENAI
from .examples import STREAMS as OPENAI_STREAMS


CALL: dict[str, Any] = {"id": "t", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
CONVERSATION: dict[str, Any] = {
    "conversation_id": "conv_1",
    "outputs": [
        {"type": "tool.execution", "name": "web_search"},
        {"type": "message.output", "content": [{"type": "text", "text": "Hi"}], "model": "mistral-medium"},
        {"type": "function.call", "name": "f", "arguments": "{}"},
    ],
    "usage": {
        "prompt_tokens": 188,
        "completion_tokens": 55,
        "total_tokens": 7355,
        "connector_tokens": 7112,
        "connectors": {"web_search": 1, "web_search_premium": 2, "image_generation": 1},
    },
}
TRANSCRIPTION: dict[str, Any] = {
    "model": "voxtral-mini",
    "text": "Hi",
    "usage": {
        "prompt_audio_seconds": 42,
        "prompt_tokens": 4,
        "completion_tokens": 162,
        "total_tokens": 531,
    },
}
ALEPH_ALPHA: dict[str, Any] = {
    "model_version": "luminous@1",
    "completions": [{"completion": "Hi", "finish_reason": "maximum_tokens"}],
    "num_tokens_prompt_total": 9,
    "num_tokens_generated": 10,
}
PREDICTION: dict[str, Any] = {
    "id": "p-1",
    "model": "meta/llama",
    "status": "succeeded",
    "output": ["Hi", " there"],
    "error": None,
    "metrics": {"input_token_count": 6, "output_token_count": 2, "predict_time": 0.5},
}
CLOUDFLARE: dict[str, Any] = {
    "result": {
        "response": "Hi there",
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
    },
    "success": True,
    "errors": [],
}
ERNIE: dict[str, Any] = {
    "id": "as-1",
    "result": "Hi there",
    "is_end": True,
    "finish_reason": "normal",
    "function_call": {"name": "f", "arguments": "{}"},
    "error_code": None,
    "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
}
REKA: dict[str, Any] = {
    "id": "k-1",
    "model": "reka-core",
    "responses": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "Hi there"}}],
    "usage": {"input_tokens": 9, "output_tokens": 3},
}
ORACLE: dict[str, Any] = {
    "modelId": "meta.llama",
    "chatResponse": {
        "id": "o-1",
        "code": None,
        "choices": [
            {
                "finishReason": "stop",
                "message": {"role": "ASSISTANT", "content": [{"type": "TEXT", "text": "Hi"}]},
            }
        ],
        "usage": {
            "promptTokens": 9,
            "completionTokens": 5,
            "totalTokens": 14,
            "promptTokensDetails": {"cachedTokens": 4},
            "completionTokensDetails": {"reasoningTokens": 2},
        },
    },
}
ANSWERS: dict[str, Any] = {
    "mistral.ocr": {
        "model": "mistral-ocr",
        "pages": [{"index": 0, "markdown": "# Hi"}],
        "usage_info": {"pages_processed": 3, "pages_processed_annotation": 0, "doc_size_bytes": 9},
    },
    "mistral.transcription": TRANSCRIPTION,
    "mistral.conversations": CONVERSATION,
    "mistral.classify": {"id": "m-1", "model": "moderation", "results": [], "usage": {"prompt_tokens": 4}},
    "aleph_alpha.complete": ALEPH_ALPHA,
    "aleph_alpha.embed": {"model_version": "luminous@1", "embedding": [], "num_tokens_prompt_total": 9},
    "replicate.prediction": PREDICTION,
    "replicate.prediction_fetched": PREDICTION,
    "cloudflare.run": CLOUDFLARE,
    "snowflake.complete": OPENAI["openai.chat"],
    "databricks.invocations": OPENAI["openai.chat"],
    "ernie.chat": ERNIE,
    "ernie.embeddings": {"id": "as-2", "data": [], "usage": {"prompt_tokens": 9, "total_tokens": 9}},
    "reka.chat": REKA,
    "oracle.chat": ORACLE,
    "oracle.embed": {"modelId": "cohere.embed", "id": "e", "usage": {"inputTokens": 3, "totalTokens": 3}},
    "nlp_cloud.generation": {
        "generated_text": "Hi there",
        "response": "Hi there",
        "nb_input_tokens": 9,
        "nb_generated_tokens": 3,
    },
}
CONVERSATION_STREAM: list[dict[str, Any]] = [
    {"type": "conversation.response.started", "conversation_id": "conv_1"},
    {"type": "message.output.delta", "content": "H", "model": "mistral-medium"},
    {"type": "message.output.delta", "content": {"type": "text", "text": "i"}, "model": "mistral-medium"},
    {"type": "function.call.delta", "name": "f", "arguments": "{}"},
    {"type": "conversation.response.done", "usage": CONVERSATION["usage"]},
]
ALEPH_ALPHA_STREAM: list[dict[str, Any]] = [
    {"type": "stream_chunk", "index": 0, "completion": "H"},
    {"type": "stream_chunk", "index": 0, "completion": "i"},
    {"type": "stream_summary", "index": 0, "model_version": "luminous@1", "finish_reason": "maximum_tokens"},
    {"type": "completion_summary", "num_tokens_prompt_total": 9, "num_tokens_generated": 10},
]
STREAMS: dict[str, Any] = {
    "mistral.transcription": [
        {"type": "transcription.text.delta", "text": "Hi"},
        {**TRANSCRIPTION, "type": "transcription.done"},
    ],
    "mistral.conversations": CONVERSATION_STREAM,
    "aleph_alpha.complete": ALEPH_ALPHA_STREAM,
    "cloudflare.run": [
        {"response": "Hi", "p": "abc"},
        {"response": " there", "p": "ab"},
        {"response": "", "usage": CLOUDFLARE["result"]["usage"]},
    ],
    "snowflake.complete": OPENAI_STREAMS["openai.chat"],
    "databricks.invocations": OPENAI_STREAMS["openai.chat"],
    "ernie.chat": [
        {"id": "as-1", "sentence_id": 0, "is_end": False, "result": "Hi", "usage": {"prompt_tokens": 9}},
        {**ERNIE, "result": " there"},
    ],
    "reka.chat": [
        {
            "id": "k-1",
            "model": "reka-core",
            "responses": [{"chunk": {"role": "assistant", "content": "Hi"}}],
            "usage": {"input_tokens": 9, "output_tokens": 1},
        },
        {
            "id": "k-1",
            "model": "reka-core",
            "responses": [
                {"finish_reason": "stop", "chunk": {"role": "assistant", "content": [{"text": "Hi there"}]}}
            ],
            "usage": {"input_tokens": 9, "output_tokens": 3},
        },
    ],
    "oracle.chat": [
        {
            "id": "o-1",
            "index": 0,
            "message": {"role": "ASSISTANT", "content": [{"type": "TEXT", "text": "Hi"}]},
        },
        {"finishReason": "stop", "usage": ORACLE["chatResponse"]["usage"], "text": "Hi"},
    ],
}
MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "Hello"}, {"type": "image_url", "image_url": {}}]},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "t", "content": "Sunny"},
]
TOOLS: list[dict[str, Any]] = [
    {"type": "function", "function": {"name": "f", "description": "Look", "parameters": {"type": "object"}}}
]
REQUESTS: dict[str, Any] = {
    "mistral": {
        "model": "mistral-medium",
        "inputs": [
            {"role": "user", "content": "Hello"},
            {"type": "function.call", "arguments": "{}"},
            {"type": "function.result", "result": "Sunny"},
        ],
        "input": "Hello",
        "instructions": "Be brief.",
        "tools": [{"type": "web_search"}, {"type": "image_generation"}, *TOOLS],
        "completion_args": {
            "max_tokens": 20,
            "random_seed": 7,
            "stop": "a",
            "response_format": {"type": "json_object"},
        },
        "pages": [0, 1],
    },
    "aleph_alpha": {
        "model": "luminous",
        "prompt": [{"type": "text", "data": "Hello"}, {"type": "image", "data": "aGk="}],
        "prompts": ["One"],
        "maximum_tokens": 20,
        "n": 2,
        "best_of": 3,
        "stop_sequences": ["a"],
    },
    "replicate": {
        "input": {
            "prompt": "Hello",
            "system_prompt": "S",
            "max_new_tokens": 20,
            "temperature": 0.5,
            "top_k": 5,
        }
    },
    "cloudflare": {
        "messages": MESSAGES,
        "prompt": "Hello",
        "text": ["One"],
        "max_tokens": 20,
        "tools": TOOLS,
    },
    "ernie": {
        "messages": MESSAGES,
        "system": "S",
        "input": ["One"],
        "max_output_tokens": 20,
        "functions": TOOLS,
        "stop": ["a"],
    },
    "reka": {"model": "reka-core", "messages": MESSAGES, "tools": TOOLS, "max_tokens": 20},
    "oracle": {
        "inputs": ["One"],
        "chatRequest": {
            "apiFormat": "GENERIC",
            "message": "M",
            "preambleOverride": "P",
            "chatHistory": [{"role": "USER", "message": "Earlier"}],
            "messages": [{"role": "USER", "content": [{"type": "TEXT", "text": "Hello"}]}],
            "maxTokens": 20,
            "numGenerations": 2,
            "topP": 0.9,
            "tools": TOOLS,
        },
    },
    "nlp_cloud": {
        "text": "Hello",
        "input": "I",
        "context": "C",
        "history": [{"input": "A", "response": "B"}],
        "max_length": 20,
    },
}
