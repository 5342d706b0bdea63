"""Bedrock Converse: buckets, tiers, the model, streams whole, cut and failed."""

from __future__ import annotations

from typing import Any

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from otel_tokens.dialects import bedrock_converse
from otel_tokens.dialects.bedrock_converse import COMMITTED, DIALECT, OPENAI
from otel_tokens.dialects.bedrock_models import bare, family
from otel_tokens.dialects.dialect import FINAL, GOES_ON, Dialect
from otel_tokens.readings import Reading

from .examples_bedrock import CONTENT, CONVERSE, CONVERSE_EVENTS, USAGE


LAW = settings(max_examples=60, deadline=None)
counts = st.integers(0, 10**6)


def reading_of(usage: Any, dialect: Dialect = DIALECT, **more: Any) -> Reading:
    """What is read of an answer with this usage."""
    return dialect.read({"output": {}, "stopReason": "end_turn", "usage": usage, **more})


def tokens_of(usage: Any, dialect: Dialect = DIALECT) -> dict[str, int]:
    """The buckets of a usage object."""
    read = reading_of(usage, dialect).usage
    assert read is not None
    return dict(read.tokens)


def folded(*events: Any) -> Any:
    """The body that events add up to."""
    folding = bedrock_converse.ConverseEvents()
    for event in events:
        folding.see(event)
    return folding.body()


def test_an_answer() -> None:
    """Counts, reason, tier and the model that a router has asked are read."""
    reading = DIALECT.read(CONVERSE)
    assert reading.usage is not None
    assert dict(reading.usage.tokens) == {
        "input": 10,
        "cache_read": 50,
        "cache_write_5m": 10,
        "cache_write_1h": 30,
        "output": 5,
    }
    assert reading.model == "amazon.nova-a"
    assert (reading.finish_reasons, reading.finished) == (("end_turn",), True)
    assert (reading.variant, reading.service_tier) == ("priority", "priority")
    assert reading.warnings == ()


def test_writes_without_a_split_live_for_minutes() -> None:
    """What the details of writes do not cover lives for 5 minutes."""
    assert tokens_of({"inputTokens": 1, "cacheWriteInputTokens": 7}) == {"input": 1, "cache_write_5m": 7}
    late = [{"ttl": "1h", "inputTokens": 3}]
    assert tokens_of({"inputTokens": 0, "cacheWriteInputTokens": 7, "cacheDetails": late}) == {
        "cache_write_5m": 4,
        "cache_write_1h": 3,
    }
    assert tokens_of({"inputTokens": 0, "cacheDetails": late}) == {"cache_write_1h": 3}


def test_a_split_larger_than_its_total() -> None:
    """Where the details say more than the total, the total holds, with a warning."""
    reading = reading_of(
        {"inputTokens": 0, "cacheWriteInputTokens": 2, "cacheDetails": [{"ttl": "1h", "inputTokens": 5}]}
    )
    assert reading.usage is not None
    assert dict(reading.usage.tokens) == {"cache_write_1h": 2}
    assert reading.warnings == ("usage_inconsistent",)


def test_nova_spells_the_cache_its_own_way() -> None:
    """The counts that end with `Count` are the same ones."""
    usage = {"inputTokens": 1, "cacheReadInputTokenCount": 2, "cacheWriteInputTokenCount": 3}
    assert tokens_of(usage) == {"input": 1, "cache_read": 2, "cache_write_5m": 3}
    twice = {"inputTokens": 1, "cacheReadInputTokens": 2, "cacheReadInputTokenCount": 2}
    assert tokens_of(twice) == {"input": 1, "cache_read": 2}


def test_a_total_that_does_not_add_up() -> None:
    """The counts hold, and there is a warning."""
    reading = reading_of({"inputTokens": 10, "outputTokens": 5, "totalTokens": 16})
    assert reading.warnings == ("usage_inconsistent",)
    assert reading.usage is not None
    assert dict(reading.usage.tokens) == {"input": 10, "output": 5}


DOUBLE = {"inputTokens": 4995, "outputTokens": 19, "cacheWriteInputTokens": 4993, "totalTokens": 10007}


def test_input_that_holds_the_cache_twice() -> None:
    """Of a model of OpenAI's the cache is taken out of the input, with a warning; of others never."""
    reading = reading_of(DOUBLE, OPENAI)
    assert reading.usage is not None
    assert dict(reading.usage.tokens) == {"input": 2, "cache_write_5m": 4993, "output": 19}
    assert reading.warnings == ("usage_inconsistent",)
    assert tokens_of(DOUBLE) == {"input": 4995, "cache_write_5m": 4993, "output": 19}
    assert reading_of(DOUBLE).warnings == ()


def test_a_body_that_names_its_model_tells_too() -> None:
    """A model of OpenAI's that only the body names is known by it."""
    reading = reading_of(DOUBLE, model="us.openai.gpt-5")
    assert reading.usage is not None
    assert reading.usage.tokens["input"] == 2


def test_input_beside_the_cache_of_openai() -> None:
    """A right answer of a model of OpenAI's is left alone."""
    right = {"inputTokens": 2, "outputTokens": 19, "cacheReadInputTokens": 4993, "totalTokens": 5014}
    assert tokens_of(right, OPENAI) == {"input": 2, "cache_read": 4993, "output": 19}
    plain = {"inputTokens": 2, "outputTokens": 19, "totalTokens": 21}
    assert reading_of(plain, OPENAI).warnings == ()


@pytest.mark.parametrize(
    ("tier", "latency", "variant"),
    [
        ("default", None, "standard"),
        ("flex", None, "flex"),
        ("priority", "optimized", "priority"),
        ("reserved", None, "committed"),
        ("default", "optimized", "fast"),
        (None, "optimized", "fast"),
        (None, "standard", None),
        ("new", None, None),
    ],
)
def test_tiers(tier: str | None, latency: str | None, variant: str | None) -> None:
    """The tier that has served decides what is billed; inference optimized for latency has its own rates."""
    reading = reading_of({}, serviceTier={"type": tier}, performanceConfig={"latency": latency})
    assert (reading.variant, reading.service_tier) == (variant, tier)


def test_a_tier_that_is_a_word() -> None:
    """A tier may stand there without an object around it."""
    assert reading_of({}, serviceTier="flex").variant == "flex"


def test_capacity_that_is_paid_by_the_hour() -> None:
    """Tokens on it cost nothing more."""
    assert reading_of(USAGE, COMMITTED).variant == "committed"


@pytest.mark.parametrize("usage", [None, {}, {"serverToolUsage": {}}, "x", {"totalTokens": 5}])
def test_no_usage(usage: Any) -> None:
    """An answer that states no tokens has none, which is not the same as zero."""
    assert reading_of(usage).usage is None


def test_zero_is_stated() -> None:
    """A guardrail that stops a prompt leaves counts of zero."""
    read = reading_of({"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}).usage
    assert read is not None
    assert read.tokens == {}


@LAW
@given(fresh=counts, cached=counts, short=counts, long=counts, output=counts)
def test_buckets_add_up(fresh: int, cached: int, short: int, long: int, output: int) -> None:
    """Counts that agree leave no warning, and nothing is lost of them."""
    usage = {
        "inputTokens": fresh,
        "outputTokens": output,
        "totalTokens": fresh + cached + short + long + output,
        "cacheReadInputTokens": cached,
        "cacheWriteInputTokens": short + long,
        "cacheDetails": [{"ttl": "5m", "inputTokens": short}, {"ttl": "1h", "inputTokens": long}],
    }
    reading = reading_of(usage)
    assert reading.usage is not None
    assert reading.warnings == ()
    assert sum(reading.usage.tokens.values()) == usage["totalTokens"]
    assert reading == DIALECT.read(
        folded({"messageStop": {"stopReason": "end_turn"}}, {"metadata": {"usage": usage}})
    )


def test_a_stream() -> None:
    """Events fold to the answer that the call would have returned whole."""
    body = folded(*CONVERSE_EVENTS)
    assert body["output"]["message"]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "Hm"}}},
        {"text": "Hi"},
        {"toolUse": {"toolUseId": "t", "name": "f", "input": "{}"}},
    ]
    reading = DIALECT.read(body)
    assert reading.usage == DIALECT.read(CONVERSE).usage
    assert (reading.finish_reasons, reading.variant, reading.model) == (
        ("tool_use",),
        "flex",
        "amazon.nova-a",
    )
    assert list(DIALECT.answer(body)) == ["Hm", "Hi", "{}"]


def test_only_the_reason_and_the_usage_end_a_stream() -> None:
    """Whichever of the two comes last is the last event about tokens."""
    stop, metadata = {"messageStop": {"stopReason": "end_turn"}}, {"metadata": {"usage": USAGE}}
    for events in ((stop, metadata), (metadata, stop)):
        folding = bedrock_converse.ConverseEvents()
        assert [folding.see(event) for event in events] == [GOES_ON, FINAL]
    assert bedrock_converse.ConverseEvents().see({"metadata": {"metrics": {}}}) == GOES_ON


def test_a_stream_that_is_cut() -> None:
    """Before its metadata a stream states nothing; its text is there for an estimate."""
    body = folded(*CONVERSE_EVENTS[:4])
    reading = DIALECT.read(body)
    assert (reading.usage, reading.finished) == (None, False)
    assert list(DIALECT.answer(body)) == ["Hm", "Hi"]


def test_a_stream_that_fails() -> None:
    """The name of an exception is the error; its message is not kept, as it may quote the prompt."""
    body = folded(CONVERSE_EVENTS[3], {"modelStreamErrorException": {"message": "secret"}})
    assert DIALECT.read(body).error_type == "modelStreamErrorException"
    assert "secret" not in str(body)
    assert DIALECT.read({"error": "x"}).error_type == "_OTHER"


@pytest.mark.parametrize("event", [None, 5, "x", [], {}, {1: 2}, {"other": {}}, {"contentBlockDelta": 5}])
def test_events_of_no_kind(event: Any) -> None:
    """What is no event changes nothing about the usage."""
    body = folded(event, {"metadata": {"usage": USAGE}})
    assert DIALECT.read(body).usage == DIALECT.read(CONVERSE).usage


def test_texts_of_an_answer() -> None:
    """Text, reasoning and what citations support are texts; inputs that are objects are not."""
    content = [*CONTENT, {"citationsContent": {"content": [{}]}}]
    assert list(DIALECT.answer({"output": {"message": {"content": content}}})) == ["Hm", "Hi", "cited"]


@pytest.mark.parametrize(
    ("model", "its_family"),
    [
        ("us.anthropic.claude-a", "anthropic.claude-a"),
        ("global.amazon.nova-a", "amazon.nova-a"),
        ("us-gov.amazon.nova-a", "amazon.nova-a"),
        ("amazon.nova-a", "amazon.nova-a"),
        ("arn:aws:bedrock:eu-west-1:1:inference-profile/eu.meta.llama", "meta.llama"),
        ("arn:aws:bedrock:eu-west-1::foundation-model/openai.gpt-oss", "openai.gpt-oss"),
        ("arn:aws:bedrock:us-east-1:1:application-inference-profile/ab1", "ab1"),
        ("us.model", "us.model"),
    ],
)
def test_families(model: str, its_family: str) -> None:
    """Regions and ARNs are no part of what a model is; an id that hides it stays as it is."""
    assert family(model) == its_family
    assert bare("a/b") == "a/b"
