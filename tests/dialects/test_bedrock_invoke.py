"""Bedrock InvokeModel: every vendor's shape, Bedrock's own counts beside it, streams of all of them."""

from __future__ import annotations

from typing import Any

import pytest

from otel_tokens.dialects import bedrock_invoke
from otel_tokens.dialects.bedrock_invoke import COMMITTED, DIALECT, EMBEDDINGS, IMAGES, RERANK
from otel_tokens.dialects.bedrock_meter import headed
from otel_tokens.readings import Reading

from .examples_bedrock import CONVERSE, METRICS, USAGE


METER = "amazon-bedrock-invocationMetrics"
HEADERS = {"x-amzn-bedrock-input-token-count": "10", "x-amzn-bedrock-output-token-count": "5"}

ANTHROPIC: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "model": "claude-a",
    "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 10, "output_tokens": 5},
}
CHAT: dict[str, Any] = {
    "id": "c",
    "model": "qwen",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
}


def tokens_of(reading: Reading) -> dict[str, int] | None:
    """The buckets of a reading."""
    return None if reading.usage is None else dict(reading.usage.tokens)


BOTH = {"input": 10, "output": 5}


@pytest.mark.parametrize(
    ("body", "tokens", "reasons", "texts"),
    [
        pytest.param(ANTHROPIC, BOTH, ["end_turn"], ["Hi"], id="Anthropic"),
        pytest.param({"usage": ANTHROPIC["usage"]}, BOTH, [], [], id="Anthropic's usage alone"),
        pytest.param(CHAT, BOTH, ["stop"], ["Hi"], id="OpenAI's chat"),
        pytest.param({"usage": CHAT["usage"]}, BOTH, [], [], id="OpenAI's usage alone"),
        pytest.param(
            {
                "generation": "Hi",
                "prompt_token_count": 10,
                "generation_token_count": 5,
                "stop_reason": "stop",
            },
            BOTH,
            ["stop"],
            ["Hi"],
            id="Llama",
        ),
        pytest.param(
            {
                "inputTextTokenCount": 10.0,
                "results": [
                    {"tokenCount": 2, "outputText": "H", "completionReason": "FINISH"},
                    {"tokenCount": 3.0, "outputText": "i", "completionReason": "LENGTH"},
                ],
            },
            BOTH,
            ["FINISH", "LENGTH"],
            ["H", "i"],
            id="Titan",
        ),
        pytest.param(
            {"embedding": [0.5], "inputTextTokenCount": 10}, {"input": 10}, [], [], id="Titan vectors"
        ),
        pytest.param(
            {"outputs": [{"text": "Hi", "stop_reason": "length"}]}, None, ["length"], ["Hi"], id="Mistral"
        ),
        pytest.param(
            {"choices": [{"message": {"content": "Hi"}, "stop_reason": "stop"}]},
            None,
            ["stop"],
            ["Hi"],
            id="Mistral's chat",
        ),
        pytest.param(
            {"choices": [{"text": "Hi", "stop_reason": "length"}]}, None, ["length"], ["Hi"], id="DeepSeek"
        ),
        pytest.param(
            {"completion": "Hi", "stop_reason": "stop_sequence"},
            None,
            ["stop_sequence"],
            ["Hi"],
            id="Claude 2",
        ),
        pytest.param(
            {"generations": [{"text": "Hi", "finish_reason": "COMPLETE"}]},
            None,
            ["COMPLETE"],
            ["Hi"],
            id="Cohere Command",
        ),
        pytest.param(
            {"text": "Hi", "finish_reason": "COMPLETE", "meta": {"billed_units": {"input_tokens": 10.0}}},
            {"input": 10},
            ["COMPLETE"],
            ["Hi"],
            id="Cohere Command R",
        ),
        pytest.param(
            {"usage": {"billed_units": {"input_tokens": 10, "output_tokens": 5}}}, BOTH, [], [], id="Cohere 2"
        ),
        pytest.param(
            {"completions": [{"data": {"text": "Hi"}, "finishReason": {"reason": "endoftext"}}]},
            None,
            ["endoftext"],
            ["Hi"],
            id="Jurassic",
        ),
        pytest.param({"message": "Hi", "finishReason": "stop"}, None, ["stop"], ["Hi"], id="TwelveLabs"),
        pytest.param(
            [{"generated_text": "Hi", "details": {"generated_tokens": 5, "prefill": [{}, {}]}}],
            {"input": 2, "output": 5},
            [],
            ["Hi"],
            id="text-generation-inference",
        ),
        pytest.param(
            [{"generated_text": "Hi", "details": {"input_length": 10, "finish_reason": "length"}}],
            {"input": 10},
            ["length"],
            ["Hi"],
            id="text-generation-inference, without what was made",
        ),
        pytest.param([{"generation": {"content": "Hi"}}], None, [], ["Hi"], id="a list of Llama's"),
        pytest.param({"surprise": 1}, None, [], [], id="nobody knows"),
    ],
)
def test_shapes(body: Any, tokens: dict[str, int] | None, reasons: list[str], texts: list[str]) -> None:
    """Counts, reasons and texts are found in every vendor's shape."""
    reading = DIALECT.read(body)
    assert tokens_of(reading) == tokens
    assert list(reading.finish_reasons) == reasons
    assert list(DIALECT.answer(body)) == texts
    assert reading.warnings == ()


def test_what_is_spoken() -> None:
    """The protocol has its name."""
    named = {bedrock_invoke.shape_of(body).name for body in (ANTHROPIC, CHAT, CONVERSE, {})}
    assert named == {"anthropic.messages", "openai.chat", "bedrock.converse", "plain"}


def test_bedrocks_own_shape() -> None:
    """Nova answers as Converse does."""
    assert DIALECT.read(CONVERSE).usage is not None
    assert DIALECT.read({"usage": USAGE}).usage == DIALECT.read(CONVERSE).usage
    assert list(DIALECT.answer({"output": {"message": {"content": [{"text": "Hi"}]}}})) == ["Hi"]


def test_images_are_counted() -> None:
    """Images are what is billed; what only describes images that were sent is none."""
    reading = IMAGES.read({"images": ["aGk=", "aGk=", "", None, {"width": 1}], "error": None})
    assert reading.usage is not None
    assert dict(reading.usage.units) == {"image": 2}
    assert reading.inferred
    older = IMAGES.read({"result": "success", "artifacts": [{"base64": "aGk=", "finishReason": "SUCCESS"}]})
    assert older.usage is not None
    assert dict(older.usage.units) == {"image": 1}
    assert IMAGES.read({"images": None, "error": "blocked"}).error_type == "_OTHER"
    assert EMBEDDINGS.read({"embeddings": [[0.5]], "images": [{"width": 1}]}).usage is None


def test_a_ranking_is_billed_by_the_request() -> None:
    """A hundred documents are one unit of search."""
    for documents, units in ((0, 1), (1, 1), (100, 1), (101, 2), (250, 3)):
        billed = RERANK.units({"query": "q", "documents": ["d"] * documents})
        assert billed is not None
        assert billed.units == {"search_unit": units}
    reading = RERANK.read({"results": [], "meta": {"billed_units": {"search_units": 2}}})
    assert reading.usage is not None
    assert dict(reading.usage.units) == {"search_unit": 2}


def test_headers_are_asked_for() -> None:
    """Every answer of InvokeModel has headers that count."""
    for dialect in (DIALECT, COMMITTED, EMBEDDINGS, IMAGES, RERANK):
        assert dialect.headed is headed


def test_headers_take_the_place_of_counts() -> None:
    """Counts that the body does not state are in headers."""
    bare = DIALECT.read({"completion": "Hi", "stop_reason": "stop"})
    assert tokens_of(headed(bare, HEADERS)) == BOTH
    cached = {
        **HEADERS,
        "x-amzn-bedrock-cache-read-input-token-count": "3",
        "x-amzn-bedrock-cache-write-input-token-count": "2",
    }
    assert tokens_of(headed(bare, cached)) == {**BOTH, "cache_read": 3, "cache_write_5m": 2}
    assert tokens_of(headed(bare, {})) is None
    half = DIALECT.read({"generation_token_count": 5})
    assert tokens_of(headed(half, HEADERS)) == BOTH


def test_headers_that_agree_change_nothing() -> None:
    """The body's counts hold, and headers that say the same leave no warning."""
    for body in (ANTHROPIC, CHAT, {"inputTextTokenCount": 10}):
        reading = headed(DIALECT.read(body), HEADERS)
        assert tokens_of(reading) == BOTH
        assert reading.warnings == ()


def test_headers_of_a_cached_prompt() -> None:
    """Headers may count the cache within the input or beside it."""
    body = {"usage": {"input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": 5}}
    for count in ("10", "100"):
        headers = {**HEADERS, "x-amzn-bedrock-input-token-count": count}
        assert headed(DIALECT.read(body), headers).warnings == ()


def test_counts_that_contradict_each_other() -> None:
    """The body's own count is what is billed; that Bedrock counts otherwise is a warning."""
    reading = DIALECT.read({**ANTHROPIC, METER: {**METRICS, "outputTokenCount": 3}})
    assert tokens_of(reading) == BOTH
    assert reading.warnings == ("usage_inconsistent",)
    reading = headed(DIALECT.read(ANTHROPIC), {"x-amzn-bedrock-input-token-count": "11"})
    assert tokens_of(reading) == BOTH
    assert reading.warnings == ("usage_inconsistent",)


@pytest.mark.parametrize("value", ["", "-1", "1.5", "x", "9" * 20, "\u0661"])
def test_headers_that_are_no_counts(value: str) -> None:
    """A header that is no count says nothing."""
    headers = {"x-amzn-bedrock-input-token-count": value}
    assert headed(Reading(), headers).usage is None


def test_metrics_that_are_no_counts() -> None:
    """Broken metrics leave a warning; metrics of zero state zero where nobody else does."""
    assert DIALECT.read({METER: {"inputTokenCount": -1}}).warnings == ("usage_inconsistent",)
    assert DIALECT.read({METER: []}).usage is None
    assert tokens_of(DIALECT.read({METER: {"inputTokenCount": 0}})) == {}
    assert tokens_of(DIALECT.read({**ANTHROPIC, METER: {"inputTokenCount": 0}})) == BOTH


def test_the_tier_is_in_headers() -> None:
    """The tier and the latency that have served are said in headers, and hold over the vendor's own word."""
    reading = DIALECT.read({**ANTHROPIC, "usage": {**ANTHROPIC["usage"], "service_tier": "standard"}})
    tiered = headed(reading, {"x-amzn-bedrock-service-tier": "priority"})
    assert (tiered.variant, tiered.service_tier) == ("priority", "priority")
    quick = headed(reading, {"x-amzn-bedrock-performanceconfig-latency": "optimized"})
    assert (quick.variant, quick.service_tier) == ("fast", "standard")
    assert headed(reading, {}) == reading


def test_capacity_that_is_paid_by_the_hour() -> None:
    """Whatever a header says, tokens on it cost nothing more."""
    headers = {"x-amzn-bedrock-service-tier": "default"}
    assert headed(COMMITTED.read(ANTHROPIC), headers).variant == "committed"
