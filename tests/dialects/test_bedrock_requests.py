"""What requests to Bedrock and SageMaker ask for and order, their texts, and their messages."""

from __future__ import annotations

import json

from typing import Any

import pytest

from otel_tokens.dialects import bedrock_messages, bedrock_request
from otel_tokens.dialects.bedrock_converse import DIALECT as CONVERSE
from otel_tokens.dialects.bedrock_converse import OPENAI
from otel_tokens.dialects.bedrock_invoke import DIALECT as INVOKE
from otel_tokens.dialects.bedrock_invoke import EMBEDDINGS, IMAGES, RERANK
from otel_tokens.dialects.order import Order, plain

from .examples_bedrock import CONVERSE as ANSWER
from .examples_bedrock import REQUEST


def ordered(**request: Any) -> Order:
    """The order of a converse request."""
    return CONVERSE.order(request)


def test_what_is_asked() -> None:
    """Parameters are found wherever they stand, under whatever name; the largest maximum counts."""
    assert CONVERSE.asked(REQUEST) == {
        "max_tokens": 20,
        "temperature": 0.5,
        "top_p": 1,
        "top_k": 5,
        "stop_sequences": ["b"],
        "reasoning.level": "low",
        "output.type": "json",
    }
    assert INVOKE.asked(None) == {}


@pytest.mark.parametrize(
    "request_",
    [
        {"max_tokens": 7},
        {"max_tokens_to_sample": 7},
        {"max_gen_len": 7},
        {"maxTokens": 7},
        {"inferenceConfig": {"max_new_tokens": 7}},
        {"parameters": {"max_new_tokens": 7, "top_p": 0.5}},
        {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 7},
    ],
    ids=json.dumps,
)
def test_the_maximum(request_: Any) -> None:
    """Every vendor's name for the maximum is known."""
    assert INVOKE.asked(request_)["max_tokens"] == 7
    assert INVOKE.order(request_).output_tokens == 7
    assert INVOKE.order(request_).choices == 1


def test_titan_makes_one_token_more() -> None:
    """Titan counts the end of a text beyond the maximum."""
    request = {"textGenerationConfig": {"maxTokenCount": 50}}
    assert INVOKE.asked(request) == {"max_tokens": 50}
    assert INVOKE.order(request).output_tokens == 51
    assert INVOKE.order({"textGenerationConfig": {}}).output_tokens is None


def test_no_maximum() -> None:
    """What states no maximum has none; a wrong one is none."""
    for request in (
        {},
        None,
        {"max_tokens": -1},
        {"inferenceConfig": 5},
        {"parameters": {"max_tokens": True}},
    ):
        assert INVOKE.order(request).output_tokens is None
    assert ordered() == plain(None)


def test_several_choices() -> None:
    """Several answers are billed each."""
    for name in ("num_generations", "numResults", "n"):
        assert INVOKE.order({name: 3}).choices == 3
    assert not INVOKE.order({"num_generations": 3}).is_plain


def test_what_is_to_be_cached() -> None:
    """A mark anywhere caches for minutes, unless it says longer."""
    mark = {"cachePoint": {"type": "default"}}
    long = {"cachePoint": {"type": "default", "ttl": "1h"}}
    assert ordered(system=[{"text": "s"}, mark]).cached == 1
    assert ordered(messages=[{"content": [{"text": "s"}, mark, long]}]).cached == 2
    assert ordered(toolConfig={"tools": [mark]}).cached == 1
    assert ordered(messages=[{"content": [{"text": "s"}]}]).cached == 0


def test_models_that_cache_unasked() -> None:
    """Models of OpenAI's write to their cache without a mark."""
    long = {"cachePoint": {"type": "default", "ttl": "1h"}}
    assert OPENAI.order({"inferenceConfig": {"maxTokens": 5}}) == plain(5, 1)
    assert OPENAI.order({"toolConfig": {"tools": []}}).cached == 1
    assert OPENAI.order({"system": [long]}).cached == 2


def test_what_is_not_in_the_request() -> None:
    """Files in S3, tools that Bedrock runs and prompts that it keeps are hidden."""
    stored = {"document": {"source": {"s3Location": {"uri": "s3://b/k"}}}}
    assert ordered(messages=[{"content": [stored]}]).hidden == 2
    assert ordered(toolConfig={"tools": [{"systemTool": {"name": "nova_grounding"}}]}).hidden == 1
    assert ordered(promptVariables={"a": {"text": "b"}}).hidden == 1
    assert ordered(modelId="arn:aws:bedrock:us-east-1:1:prompt/P:1").hidden == 1
    assert ordered(modelId="amazon.nova").is_plain


def test_too_deep_to_look() -> None:
    """What is nested deeper than any prompt is not looked at."""
    deep: Any = {"s3Location": {"uri": "u"}}
    for _ in range(20):
        deep = [deep]
    assert ordered(messages=deep).hidden == 0


def test_tools_add_to_the_prompt() -> None:
    """Their definitions bring a prompt with them."""
    assert ordered(toolConfig={"tools": []}).overhead_tokens == 1000
    assert INVOKE.order({"toolConfig": {"tools": []}}).overhead_tokens == 1000


def test_tiers() -> None:
    """Only what is dearer than the standard matters to a bound; each API spells it its own way."""
    assert ordered(serviceTier={"type": "priority"}).variant == "priority"
    assert ordered(serviceTier={"type": "flex"}).variant == "standard"
    assert ordered(performanceConfig={"latency": "optimized"}).variant == "fast"
    assert INVOKE.order({"serviceTier": "priority"}).variant == "priority"
    assert INVOKE.order({"service_tier": "fast"}).variant == "priority"
    assert INVOKE.order({"performanceConfigLatency": "optimized"}).variant == "fast"


def test_orders_without_tokens() -> None:
    """Vectors are no output; images and rankings are billed each."""
    assert EMBEDDINGS.order({}).output_tokens == 0
    assert IMAGES.order({"imageGenerationConfig": {"numberOfImages": 3}}).units == {"image": 3}
    assert IMAGES.order({"samples": 2}).units == {"image": 2}
    assert IMAGES.order({}).units == {"image": 1}
    assert RERANK.order({"sources": [{}] * 101}).units == {"search_unit": 2}


def test_dimensions() -> None:
    """The length of vectors is asked under many names."""
    assert EMBEDDINGS.asked({"dimensions": 256}) == {"dimension.count": 256}
    assert EMBEDDINGS.asked({"output_dimension": 256}) == {"dimension.count": 256}
    assert EMBEDDINGS.asked({"singleEmbeddingParams": {"embeddingDimension": 9}}) == {"dimension.count": 9}
    assert EMBEDDINGS.asked({}) == {}


def test_texts() -> None:
    """Every text of a request is found once: prompts, results of tools, definitions."""
    found = list(CONVERSE.prompt(REQUEST))
    for piece in ("Be brief", "Hi", "guarded", "r", "d", "b", "f", "object"):
        assert piece in found
    told = list(INVOKE.prompt(REQUEST))
    for piece in ("Be brief", "Hi", "p", "i", "m", "a", "c", "v", "f"):
        assert piece in told


def test_messages_of_a_conversation() -> None:
    """Prompts and answers are written down as the conventions say; of files only the kind."""
    content = bedrock_messages.converse(REQUEST, ANSWER)
    assert content["system"] == [{"type": "text", "content": "Be brief"}]
    assert content["input"][0]["parts"] == [
        {"type": "text", "content": "Hi"},
        {"type": "generic", "generic_type": "guardContent"},
    ]
    assert content["input"][2]["parts"][0] == {
        "type": "tool_call_response",
        "id": "t",
        "response": [
            {"type": "text", "content": "r"},
            {"type": "generic", "generic_type": "json", "content": {"c": "d"}},
        ],
    }
    assert content["output"] == [
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "Hm"},
                {"type": "text", "content": "Hi"},
                {"type": "tool_call", "id": "t", "name": "f", "arguments": {"a": 1}},
                {
                    "type": "tool_call_response",
                    "id": "t",
                    "response": [
                        {"type": "text", "content": "r"},
                        {"type": "generic", "generic_type": "json", "content": {"b": [2]}},
                    ],
                },
                {"type": "text", "content": "cited"},
                {"type": "generic", "generic_type": "image"},
            ],
            "finish_reason": "end_turn",
        }
    ]
    assert content["tools"] == [
        {"type": "function", "name": "f", "description": None, "parameters": {"type": "object"}}
    ]


def test_messages_of_a_text() -> None:
    """A call that knows no messages has one of each."""
    content = bedrock_messages.invoke({"prompt": "p"}, {"outputs": [{"text": "Hi", "stop_reason": "stop"}]})
    assert content == {
        "input": [{"role": "user", "parts": [{"type": "text", "content": "p"}]}],
        "output": [
            {"role": "assistant", "parts": [{"type": "text", "content": "Hi"}], "finish_reason": "stop"}
        ],
    }
    assert bedrock_messages.invoke({}, {}) == {"input": [], "output": []}
    assert bedrock_messages.invoke({}, {"text": "Hi"})["output"][0]["finish_reason"] == "error"
    assert bedrock_messages.invoke(REQUEST, ANSWER) == bedrock_messages.converse(REQUEST, ANSWER)


def test_messages_of_an_agent() -> None:
    """What an agent was told and what it said."""
    content = bedrock_messages.said({"inputText": "i"}, {"output": {"text": "Hi"}})
    assert content["input"] == [{"role": "user", "parts": [{"type": "text", "content": "i"}]}]
    assert content["output"][0]["parts"] == [{"type": "text", "content": "Hi"}]
    assert bedrock_messages.said(None, None) == {"input": [], "output": []}


def test_messages_are_plain_json() -> None:
    """Bytes, decimals and what is too deep do not get into what is written down."""
    deep: Any = 1
    for _ in range(20):
        deep = {"a": deep}
    call = {
        "toolUse": {"name": "f", "input": {"blob": b"x", "other": {1, 2}, "deep": deep, "n": [1.5, None]}}
    }
    empty = {"citationsContent": {"content": [{"text": ""}, {}]}}
    content = bedrock_messages.converse({"messages": [{"content": [call, empty]}, {"content": 5}]}, None)
    assert content["output"] == []
    arguments = content["input"][0]["parts"][0]["arguments"]
    assert arguments["blob"] is None
    assert arguments["n"] == [1.5, None]
    json.dumps(content)


def test_search_units_of_nothing() -> None:
    """A ranking of what is no list is one unit."""
    assert bedrock_request.search_units({"documents": "d"}) == 1
    assert bedrock_request.search_units(None) == 1
