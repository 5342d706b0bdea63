"""One good answer, stream and request of each of Google's dialects, with every field that is looked at."""

from __future__ import annotations

import json

from typing import Any


USAGE: dict[str, Any] = {
    "promptTokenCount": 100,
    "promptTokensDetails": [
        {"modality": "TEXT", "tokenCount": 50},
        {"modality": "AUDIO", "tokenCount": 20},
        {"modality": "IMAGE", "tokenCount": 15},
        {"modality": "VIDEO", "tokenCount": 10},
        {"modality": "DOCUMENT", "tokenCount": 5},
    ],
    "cachedContentTokenCount": 40,
    "cacheTokensDetails": [
        {"modality": "TEXT", "tokenCount": 30},
        {"modality": "AUDIO", "tokenCount": 10},
    ],
    "candidatesTokenCount": 30,
    "candidatesTokensDetails": [
        {"modality": "TEXT", "tokenCount": 20},
        {"modality": "IMAGE", "tokenCount": 10},
    ],
    "toolUsePromptTokenCount": 7,
    "toolUsePromptTokensDetails": [{"modality": "TEXT", "tokenCount": 7}],
    "thoughtsTokenCount": 12,
    "totalTokenCount": 149,
    "trafficType": "ON_DEMAND",
    "serviceTier": "standard",
}
CANDIDATE: dict[str, Any] = {
    "index": 0,
    "finishReason": "STOP",
    "content": {
        "role": "model",
        "parts": [
            {"text": "Hm", "thought": True, "thoughtSignature": "c2ln"},
            {"text": "Hi"},
            {"functionCall": {"id": "t", "name": "f", "args": {"a": [1, "b"]}}},
            {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
            {"inlineData": {"mimeType": "image/png", "data": "aGk="}},
        ],
    },
    "groundingMetadata": {
        "webSearchQueries": ["a", "", "b", "a"],
        "imageSearchQueries": ["c"],
        "groundingChunks": [{"web": {"uri": "https://example.com"}}, {"maps": {"uri": "m"}}],
    },
    "urlContextMetadata": {"urlMetadata": [{"retrievedUrl": "https://example.com"}]},
}
CONTENT: dict[str, Any] = {
    "candidates": [CANDIDATE],
    "promptFeedback": {"blockReason": "SAFETY"},
    "usageMetadata": USAGE,
    "modelVersion": "gemini-3-flash-preview",
    "responseId": "r1",
    "error": {"code": 503, "status": "UNAVAILABLE", "message": "m"},
}
INTERACTION_USAGE: dict[str, Any] = {
    "total_tokens": 140,
    "total_input_tokens": 100,
    "input_tokens_by_modality": [{"modality": "text", "tokens": 90}, {"modality": "image", "tokens": 10}],
    "total_cached_tokens": 20,
    "cached_tokens_by_modality": [{"modality": "text", "tokens": 20}],
    "total_output_tokens": 15,
    "output_tokens_by_modality": [{"modality": "text", "tokens": 15}],
    "total_tool_use_tokens": 5,
    "tool_use_tokens_by_modality": [{"modality": "text", "tokens": 5}],
    "total_thought_tokens": 20,
    "grounding_tool_count": [{"type": "google_search", "count": 2}, {"type": "google_maps", "count": 1}],
}
STEPS: list[Any] = [
    {"type": "thought", "summary": [{"type": "text", "text": "Hm"}]},
    {"type": "google_search_call", "id": "s", "arguments": {"queries": ["a", "b"]}},
    {"type": "url_context_call", "id": "u", "arguments": {"urls": ["https://example.com"]}},
    {"type": "function_call", "id": "f", "name": "f", "arguments": {"a": 1}},
    {"type": "model_output", "content": [{"type": "text", "text": "Hi"}]},
]
INTERACTION: dict[str, Any] = {
    "id": "v1_a",
    "object": "interaction",
    "status": "completed",
    "model": "gemini-3-flash-preview",
    "agent": None,
    "service_tier": "standard",
    "usage": INTERACTION_USAGE,
    "steps": STEPS,
    "outputs": [],
    "error": None,
}
ROW: dict[str, Any] = {"response": {**CONTENT, "error": None}, "metadata": {"key": "1"}}
LIVE_USAGE: dict[str, Any] = {
    "promptTokenCount": 24,
    "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 20}],
    "responseTokenCount": 5,
    "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 5}],
    "totalTokenCount": 29,
    "trafficType": "ON_DEMAND",
}

ANSWERS: dict[str, Any] = {
    "google.generate_content": CONTENT,
    "google.count_tokens": {"totalTokens": 9, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 9}]},
    "google.cached_contents": {
        "name": "cachedContents/a",
        "model": "models/gemini-2.5-flash",
        "usageMetadata": {"totalTokenCount": 1090},
        "error": {"code": 400},
    },
    "google.embed": {
        "model": "e",
        "embedding": {"values": [0.1], "statistics": {"tokenCount": 3}},
        "embeddings": [{"values": [0.1], "statistics": {"token_count": 2.0}}, {"tokenCount": 4}],
        "predictions": [
            {"embeddings": {"statistics": {"token_count": 3, "truncated": False}, "values": [0.1]}},
            {"imageEmbedding": [0.1], "textEmbedding": [0.2]},
            {"mimeType": "image/png", "bytesBase64Encoded": "aGk="},
        ],
        "generatedImages": [{"image": {"mimeType": "image/png"}}],
        "metadata": {"billableCharacterCount": 11},
        "usageMetadata": {
            "promptTokenCount": 261,
            "promptTokenDetails": [{"modality": "IMAGE", "tokenCount": 258}],
        },
        "error": None,
    },
    "google.images": {
        "predictions": [
            {"mimeType": "image/png", "bytesBase64Encoded": "aGk="},
            {"mimeType": "image/png", "gcsUri": "gs://b/o"},
            {"raiFilteredReason": "r"},
        ]
    },
    "google.videos": {"name": "operations/v", "error": {"code": 3}},
    "google.batch": {
        "name": "batches/b",
        "done": True,
        "state": "JOB_STATE_SUCCEEDED",
        "model": "m",
        "metadata": {
            "model": "models/gemini-2.5-flash",
            "state": "BATCH_STATE_SUCCEEDED",
            "output": {"inlinedResponses": {"inlinedResponses": [ROW, {"error": {"code": 3}}]}},
        },
        "response": {"inlinedResponses": {"inlinedResponses": [ROW]}, "responsesFile": "files/f"},
        "dest": {"fileName": "files/f", "inlinedResponses": [ROW]},
        "error": None,
    },
    "google.batch_output": json.dumps(ROW),
    "google.interactions": INTERACTION,
    "google.decisions": {
        "answers": {"q": {"score": 0.5}},
        "prompt_feedback": {"block_reason": "safety"},
        "usage": INTERACTION_USAGE,
    },
    "google.live": {
        "id": "s",
        "model": "models/gemini-live",
        "turns": [{"usages": [LIVE_USAGE], "queries": ["a"], "maps": True, "over": True}],
        "texts": ["Hi"],
        "error": None,
    },
}

STREAMS: dict[str, Any] = {
    "google.generate_content": [
        {
            "candidates": [
                {"index": 0, "content": {"parts": [{"text": "H"}, {"text": "m", "thought": True}]}}
            ],
            "usageMetadata": {"promptTokenCount": 100, "totalTokenCount": 100},
            "modelVersion": "gemini-3-flash-preview",
            "responseId": "r1",
        },
        CONTENT,
        {"usageMetadata": {"promptTokenCount": 100, "totalTokenCount": 149}},
    ],
    "google.interactions": [
        {"event_type": "interaction.created", "interaction": {"id": "v1_a", "status": "in_progress"}},
        {"event_type": "interaction.status_update", "interaction_id": "v1_a", "status": "in_progress"},
        {"event_type": "step.start", "index": 0, "step": {"type": "thought"}},
        {"event_type": "step.delta", "index": 0, "delta": {"type": "thought_signature", "signature": "s"}},
        {"event_type": "step.start", "index": 1, "step": {"type": "google_search_call"}},
        {
            "event_type": "step.delta",
            "index": 1,
            "delta": {"type": "google_search_call", "arguments": {"queries": ["a", "b"]}},
        },
        {"event_type": "step.start", "index": 2, "step": {"type": "function_call", "name": "f"}},
        {
            "event_type": "step.delta",
            "index": 2,
            "delta": {"type": "arguments_delta", "arguments": '{"a": 1}'},
        },
        {"event_type": "content.delta", "index": 3, "delta": {"type": "text", "text": "Hi"}},
        {"event_type": "error", "error": {"code": "c"}},
        {"event_type": "interaction.completed", "usage": INTERACTION_USAGE},
        {"event_type": "interaction.completed", "interaction": {**INTERACTION, "steps": None}},
    ],
    "google.live": [
        {"setup": {"model": "models/gemini-live"}},
        {"setupComplete": {"sessionId": "s"}},
        {"serverContent": {"modelTurn": {"parts": [{"text": "H"}]}}},
        {"serverContent": {"outputTranscription": {"text": "i"}, "groundingMetadata": {}}},
        {"toolCall": {"functionCalls": [{"name": "f"}]}},
        {"usageMetadata": LIVE_USAGE},
        {
            "serverContent": {"turnComplete": True, "groundingMetadata": CANDIDATE["groundingMetadata"]},
            "usageMetadata": LIVE_USAGE,
        },
        {"serverContent": {"interrupted": True}, "error": {"code": 3}},
    ],
}

CONFIG: dict[str, Any] = {
    "maxOutputTokens": 20,
    "temperature": 0.5,
    "topP": 1,
    "topK": 5,
    "frequencyPenalty": 0.1,
    "presencePenalty": 0.2,
    "seed": 7,
    "candidateCount": 2,
    "stopSequences": ["a"],
    "thinkingConfig": {"thinkingLevel": "LOW"},
    "responseMimeType": "application/json",
    "responseModalities": ["TEXT", "IMAGE", "AUDIO"],
}

REQUESTS: dict[str, Any] = {
    "google": {
        "questions": {"q": {"instructions": "Score it"}},
        "input": "Hi",
        "model": "gemini-3-pro-image",
        "systemInstruction": {"parts": {"text": "Be brief"}},
        "contents": [
            "plain",
            {"role": "user", "parts": [{"text": "Hi"}, {"fileData": {"fileUri": "https://example.com/f"}}]},
            {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"a": "b"}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"r": "x"}}}]},
        ],
        "generationConfig": CONFIG,
        "config": {"max_output_tokens": 30},
        "tools": [
            {"googleSearch": {}, "urlContext": {}},
            {"functionDeclarations": [{"name": "f", "description": "d", "parameters": {"a": [1]}}]},
        ],
        "cachedContent": "cachedContents/a",
        "serviceTier": "priority",
        "generateContentRequest": None,
        "requests": [{"content": {"parts": [{"text": "e"}]}, "outputDimensionality": 768}],
        "content": {"parts": [{"text": "e"}]},
        "instances": [{"content": "e", "prompt": "p", "text": "t"}],
        "parameters": {"sampleCount": 2, "outputDimensionality": 256},
        "setup": {"model": "models/gemini-live", "generationConfig": CONFIG},
        "clientContent": {"turns": [{"parts": [{"text": "Hi"}]}]},
    },
    "google.interactions": {
        "model": "gemini-3-flash-preview",
        "agent": "deep-research",
        "system_instruction": "Be brief",
        "input": [
            "plain",
            {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "image", "uri": "u"}]},
            {"type": "function_result", "call_id": "f", "result": {"r": "x"}},
        ],
        "generation_config": {
            "temperature": 0.5,
            "top_p": 1,
            "seed": 7,
            "max_output_tokens": 20,
            "stop_sequences": ["a"],
            "thinking_level": "low",
        },
        "tools": [{"type": "google_search"}, {"type": "function", "name": "f", "parameters": {"a": [1]}}],
        "service_tier": "priority",
        "previous_interaction_id": "v1_0",
    },
}
