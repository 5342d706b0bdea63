"""One good answer, stream and request of each dialect of Bedrock and SageMaker."""

from __future__ import annotations

import json

from typing import Any


METRICS: dict[str, Any] = {
    "inputTokenCount": 10,
    "outputTokenCount": 5,
    "cacheReadInputTokenCount": 0,
    "cacheWriteInputTokenCount": 0,
}
USAGE: dict[str, Any] = {
    "inputTokens": 10,
    "outputTokens": 5,
    "totalTokens": 105,
    "cacheReadInputTokens": 50,
    "cacheWriteInputTokens": 40,
    "cacheDetails": [{"ttl": "1h", "inputTokens": 30}, {"ttl": "5m", "inputTokens": 10}],
}
CONTENT: list[Any] = [
    {"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "s"}}},
    {"text": "Hi"},
    {"toolUse": {"toolUseId": "t", "name": "f", "input": {"a": 1}}},
    {"toolResult": {"toolUseId": "t", "content": [{"text": "r"}, {"json": {"b": [2]}}]}},
    {"citationsContent": {"content": [{"text": "cited"}], "citations": []}},
    {"image": {"format": "png", "source": {"bytes": "aGk="}}},
]
CONVERSE: dict[str, Any] = {
    "output": {"message": {"role": "assistant", "content": CONTENT}},
    "stopReason": "end_turn",
    "usage": USAGE,
    "metrics": {"latencyMs": 5},
    "serviceTier": {"type": "priority"},
    "performanceConfig": {"latency": "optimized"},
    "trace": {
        "promptRouter": {"invokedModelId": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-a"}
    },
}
CONVERSE_EVENTS: list[Any] = [
    {"messageStart": {"role": "assistant"}},
    {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "Hm"}}}},
    {"contentBlockStop": {"contentBlockIndex": 0}},
    {"contentBlockDelta": {"contentBlockIndex": 1, "delta": {"text": "Hi"}}},
    {
        "contentBlockStart": {
            "contentBlockIndex": 2,
            "start": {"toolUse": {"toolUseId": "t", "name": "f"}},
        }
    },
    {"contentBlockDelta": {"contentBlockIndex": 2, "delta": {"toolUse": {"input": "{}"}}}},
    {"messageStop": {"stopReason": "tool_use"}},
    {"metadata": {"usage": USAGE, "serviceTier": {"type": "flex"}, "trace": CONVERSE["trace"]}},
]
PLAIN: dict[str, Any] = {
    "id": "a",
    "model": "m",
    "inputTextTokenCount": 9,
    "results": [{"tokenCount": 4, "outputText": "Hi", "completionReason": "FINISH"}],
    "completions": [{"data": {"text": "Hi"}, "finishReason": {"reason": "endoftext"}}],
    "generation": "Hi",
    "prompt_token_count": 9,
    "details": {"generated_tokens": 3, "input_length": 9, "prefill": [{}], "finish_reason": "length"},
    "token": {"text": "Hi"},
    "meta": {"billed_units": {"input_tokens": 1, "output_tokens": 2, "search_units": 1}},
    "images": ["aGk="],
    "artifacts": [{"base64": "aGk="}],
    "amazon-bedrock-invocationMetrics": METRICS,
}
LLAMA_EVENTS: list[Any] = [
    {"generation": "H", "prompt_token_count": 10, "generation_token_count": 1, "stop_reason": None},
    {
        "generation": "i",
        "prompt_token_count": None,
        "generation_token_count": 5,
        "stop_reason": "stop",
        "amazon-bedrock-invocationMetrics": METRICS,
    },
]
AGENT: dict[str, Any] = {
    "sessionId": "s",
    "invocations": [
        {"model": "amazon.nova-a", "usage": {"inputTokens": 7, "outputTokens": 3}},
        {"model": "amazon.nova-b", "usage": {"inputTokens": 2, "outputTokens": 1}},
    ],
    "output": {"text": "Hi"},
}
AGENT_EVENTS: list[Any] = [
    {
        "trace": {
            "trace": {
                "orchestrationTrace": {
                    "modelInvocationInput": {"traceId": "x-0", "foundationModel": "amazon.nova-a"}
                }
            }
        }
    },
    {
        "trace": {
            "trace": {
                "orchestrationTrace": {
                    "modelInvocationOutput": {
                        "traceId": "x-0",
                        "metadata": {"usage": {"inputTokens": 7, "outputTokens": 3}},
                    }
                }
            }
        }
    },
    {"chunk": {"bytes": b"Hi"}},
    {"output": {"text": "there"}},
    {"flowOutputEvent": {"content": {"document": "flow"}}},
    {"throttlingException": {"message": "m"}},
]
SPEECH: dict[str, Any] = {
    "sessionId": "s",
    "totalInputTokens": 30,
    "totalOutputTokens": 20,
    "totalTokens": 50,
    "details": {
        "total": {
            "input": {"speechTokens": 25, "textTokens": 5},
            "output": {"speechTokens": 16, "textTokens": 4},
        }
    },
}
RESULT: dict[str, Any] = {
    "recordId": "r1",
    "modelInput": {},
    "modelOutput": {"model": "claude-a", "type": "message", "usage": {"input_tokens": 3, "output_tokens": 2}},
}

ANSWERS: dict[str, Any] = {
    "bedrock.converse": CONVERSE,
    "bedrock.invoke_model": PLAIN,
    "bedrock.embeddings": {"embedding": [0.1], "inputTextTokenCount": 5},
    "bedrock.images": {"images": ["aGk="], "error": None},
    "bedrock.rerank": {"results": [{"index": 0, "relevance_score": 0.5}]},
    "bedrock.sonic": {"usageEvent": SPEECH, "stopReason": "END_TURN", "text": "Hi"},
    "bedrock.count_tokens": {"inputTokens": 5},
    "bedrock.apply_guardrail": {"action": "NONE", "usage": {"topicPolicyUnits": 1}},
    "bedrock.async_invoke": {"invocationArn": "arn:aws:bedrock:us-east-1:1:async-invoke/a"},
    "bedrock.batch_output": json.dumps(RESULT),
    "bedrock.invoke_agent": AGENT,
    "bedrock.invoke_flow": AGENT,
    "bedrock.retrieve_and_generate": {"sessionId": "s", "output": {"text": "Hi"}, "citations": []},
    "sagemaker.invoke_endpoint": [{"generated_text": "Hi", "details": PLAIN["details"]}],
}

STREAMS: dict[str, Any] = {
    "bedrock.converse": [*CONVERSE_EVENTS, {"modelStreamErrorException": {"message": "m"}}],
    "bedrock.invoke_model": [*LLAMA_EVENTS, {"throttlingException": {"message": "m"}}],
    "bedrock.sonic": [
        {"event": {"usageEvent": {**SPEECH, "totalInputTokens": 26, "totalTokens": 46}}},
        {"event": {"textOutput": {"content": "Hi"}}},
        {"event": {"usageEvent": SPEECH}},
        {"event": {"completionEnd": {"stopReason": "END_TURN"}}},
        {"validationException": {"message": "m"}},
    ],
    "bedrock.invoke_agent": AGENT_EVENTS,
    "bedrock.invoke_flow": AGENT_EVENTS,
    "bedrock.retrieve_and_generate": AGENT_EVENTS,
    "sagemaker.invoke_endpoint": [
        {"PayloadPart": {"Bytes": b'data:{"token": {"text": "H"}, "details": null}\n'}},
        {
            "PayloadPart": {
                "Bytes": b'\ndata:{"token": {"text": "i"}, "details": {"generated_tokens": 2}}\n\n'
            }
        },
        {"ModelStreamError": {"ErrorCode": "StreamBroken"}},
    ],
}

REQUEST: dict[str, Any] = {
    "modelId": "amazon.nova-a",
    "system": [{"text": "Be brief"}, {"cachePoint": {"type": "default", "ttl": "1h"}}],
    "messages": [
        {"role": "user", "content": [{"text": "Hi"}, {"guardContent": {"text": {"text": "guarded"}}}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "f", "input": {"a": "b"}}}]},
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "t", "content": [{"text": "r"}, {"json": {"c": "d"}}]}},
                {"document": {"name": "d", "source": {"s3Location": {"uri": "s3://b/k"}}}},
            ],
        },
    ],
    "inferenceConfig": {"maxTokens": 10, "temperature": 0.5, "topP": 1, "stopSequences": ["a"]},
    "additionalModelRequestFields": {"top_k": 5, "max_tokens": 20},
    "toolConfig": {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object"}}}}]},
    "outputConfig": {"textFormat": {"type": "json_schema"}},
    "serviceTier": {"type": "priority"},
    "performanceConfig": {"latency": "optimized"},
    "promptVariables": {"a": {"text": "b"}},
    "anthropic_version": "bedrock-2023-05-31",
    "prompt": "p",
    "inputText": "i",
    "inputs": [{"content": {"document": "d"}}],
    "input": {"text": "i"},
    "texts": ["a", "b"],
    "documents": ["c"],
    "message": "m",
    "chat_history": [{"role": "USER", "message": "m"}],
    "num_generations": 2,
    "reasoning_effort": "low",
    "stop": "b",
    "dimensions": 256,
    "singleEmbeddingParams": {"embeddingDimension": 256, "text": {"value": "v"}},
    "imageGenerationConfig": {"numberOfImages": 2},
    "modelInput": {"max_tokens": 3},
    "instruction": "Do",
}

REQUESTS: dict[str, Any] = dict.fromkeys(ANSWERS, REQUEST)
