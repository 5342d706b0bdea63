"""One good answer, stream and request of each dialect of servers of models, and of embeddings."""

from __future__ import annotations

from typing import Any

from .examples import ANSWERS as OPENAI
from .examples import STREAMS as OPENAI_STREAMS
from .examples_native import MESSAGES, TOOLS


OLLAMA: dict[str, Any] = {
    "model": "llama3.2",
    "message": {
        "role": "assistant",
        "content": "Hi there",
        "thinking": "Hm",
        "tool_calls": [{"function": {"name": "f", "arguments": {"a": "b"}}}],
    },
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": 26,
    "eval_count": 298,
}
OLLAMA_GENERATION: dict[str, Any] = {
    "model": "llama3.2",
    "response": "Hi there",
    "thinking": "Hm",
    "done": True,
    "done_reason": "length",
    "prompt_eval_count": 26,
    "eval_count": 298,
}
TGI: dict[str, Any] = {
    "generated_text": "Hi there",
    "details": {
        "finish_reason": "eos_token",
        "generated_tokens": 7,
        "input_length": 4,
        "prefill": [{"id": 1, "text": "a"}, {"id": 2, "text": "b"}],
    },
}
SGLANG: dict[str, Any] = {
    "text": "Hi there",
    "meta_info": {
        "id": "s-1",
        "prompt_tokens": 10,
        "completion_tokens": 3,
        "cached_tokens": 4,
        "reasoning_tokens": 1,
        "finish_reason": {"type": "stop"},
    },
}
LLAMA_CPP: dict[str, Any] = {
    "content": "Hi there",
    "model": "gemma.gguf",
    "stop": True,
    "stop_type": "eos",
    "tokens_evaluated": 10,
    "tokens_predicted": 3,
    "tokens_cached": 12,
    "timings": {"cache_n": 6, "prompt_n": 4},
}
WATSONX: dict[str, Any] = {
    "model_id": "ibm/granite",
    "results": [
        {
            "generated_text": "Hi",
            "generated_token_count": 2,
            "input_token_count": 7,
            "stop_reason": "eos_token",
        }
    ],
}
ANSWERS: dict[str, Any] = {
    "ollama.chat": OLLAMA,
    "ollama.generate": OLLAMA_GENERATION,
    "ollama.embed": {"model": "nomic", "embeddings": [[0.5]], "prompt_eval_count": 8},
    "text_generation.generate": [TGI, SGLANG, LLAMA_CPP],
    "rerank": {
        "id": "r-1",
        "model": "rerank",
        "model_id": "m",
        "results": [{"index": 0, "relevance_score": 0.5}],
        "meta": {"billed_units": {"search_units": 1}},
        "usage": {"total_tokens": 17, "cost": 3.4e-7},
        "input_token_count": 17,
    },
    "voyage.embeddings": {
        "id": "v-1",
        "model": "voyage-multimodal-3",
        "data": [],
        "usage": {"text_tokens": 10, "image_pixels": 300, "video_pixels": 100, "total_tokens": 50},
    },
    "watsonx.generation": WATSONX,
    "watsonx.chat": {**OPENAI["openai.chat"], "model": None, "model_id": "ibm/granite"},
    "watsonx.embeddings": {"model_id": "ibm/slate", "results": [], "input_token_count": 10},
    "watsonx.tokenization": {"model_id": "ibm/granite", "result": {"token_count": 11}},
}
OLLAMA_STREAM: list[dict[str, Any]] = [
    {"model": "llama3.2", "message": {"role": "assistant", "thinking": "Hm", "content": ""}, "done": False},
    {"model": "llama3.2", "message": {"role": "assistant", "content": "Hi"}, "done": False},
    {
        "model": "llama3.2",
        "message": {
            "role": "assistant",
            "content": " there",
            "tool_calls": OLLAMA["message"]["tool_calls"],
        },
        "done": False,
    },
    {**OLLAMA, "message": {"role": "assistant", "content": ""}},
]
OLLAMA_TEXT_STREAM: list[dict[str, Any]] = [
    {"model": "llama3.2", "response": "", "thinking": "Hm", "done": False},
    {"model": "llama3.2", "response": "Hi", "done": False},
    {"model": "llama3.2", "response": " there", "done": False},
    {**OLLAMA_GENERATION, "response": "", "thinking": "", "context": [1, 2, 3]},
]
TGI_STREAM: list[dict[str, Any]] = [
    {"index": 1, "token": {"id": 1, "text": "Hi", "special": False}, "generated_text": None, "details": None},
    {"index": 2, "token": {"id": 2, "text": " there", "special": False}, **TGI},
]
WATSONX_STREAM: list[dict[str, Any]] = [
    {
        "model_id": "ibm/granite",
        "results": [
            {
                "generated_text": "",
                "generated_token_count": 0,
                "input_token_count": 7,
                "stop_reason": "not_finished",
            }
        ],
    },
    {
        "model_id": "ibm/granite",
        "results": [
            {
                "generated_text": "H",
                "generated_token_count": 1,
                "input_token_count": 0,
                "stop_reason": "not_finished",
            }
        ],
    },
    {
        "model_id": "ibm/granite",
        "results": [
            {
                "generated_text": "i",
                "generated_token_count": 2,
                "input_token_count": 0,
                "stop_reason": "eos_token",
            }
        ],
    },
]
STREAMS: dict[str, Any] = {
    "ollama.chat": OLLAMA_STREAM,
    "ollama.generate": OLLAMA_TEXT_STREAM,
    "text_generation.generate": TGI_STREAM,
    "watsonx.generation": WATSONX_STREAM,
    "watsonx.chat": [
        {**OPENAI_STREAMS["openai.chat"][0], "model_id": "ibm/granite"},
        *OPENAI_STREAMS["openai.chat"][1:],
    ],
}
REQUESTS: dict[str, Any] = {
    "ollama": {
        "model": "llama3.2",
        "messages": MESSAGES,
        "tools": TOOLS,
        "system": "S",
        "prompt": "P",
        "suffix": "X",
        "input": ["One"],
        "think": "high",
        "format": "json",
        "options": {"num_predict": 20, "temperature": 0.5, "stop": ["a"], "seed": 7},
    },
    "text_generation": {
        "inputs": "Hello",
        "parameters": {"max_new_tokens": 20, "temperature": 0.5, "n": 2, "stop": ["a"]},
        "sampling_params": {"max_new_tokens": 30},
    },
    "rerank": {"query": "Q", "documents": ["One", {"text": "Two"}], "max_tokens_per_doc": 100},
    "voyage": {"input": "One", "inputs": [["Two"], {"content": [{"type": "text", "text": "Three"}]}]},
    "watsonx": {
        "model_id": "ibm/granite",
        "input": "Hello",
        "inputs": ["One"],
        "messages": MESSAGES,
        "parameters": {"max_new_tokens": 20, "random_seed": 7, "temperature": 0.5},
    },
}
