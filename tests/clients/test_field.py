"""Every row of the two tables of what is measured in the field, under the name of its row."""

from __future__ import annotations

from typing import Any

import pytest

from . import field_rows as rows
from .cases import era
from .processes import run


OPENAI = {
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.cache_read.input_tokens": 800,
    "gen_ai.usage.output_tokens": 100,
    "gen_ai.usage.reasoning.output_tokens": 60,
    "otel_tokens.cost.usd": 0.00135,
    "otel_tokens.cost.status": "priced",
    "otel_tokens.usage.source": "provider",
    "otel_tokens.outcome": "ok",
}
ANTHROPIC = {
    "gen_ai.usage.input_tokens": 1100,
    "gen_ai.usage.cache_read.input_tokens": 800,
    "gen_ai.usage.cache_write.input_tokens": 100,
    "otel_tokens.usage.cache_write_5m": 40,
    "otel_tokens.usage.cache_write_1h": 60,
    "gen_ai.usage.output_tokens": 100,
    "otel_tokens.cost.usd": 0.00285,
    "otel_tokens.cost.status": "priced",
    "otel_tokens.usage.source": "provider",
    "otel_tokens.outcome": "ok",
}


def _says(telemetry: Any, expected: dict[str, Any], calls: int = 1) -> None:
    telemetry.settle()
    for span in telemetry.spans:
        assert {name: span.attributes.get(name) for name in expected} == expected
    assert len(telemetry.spans) == calls
    assert telemetry.total("otel_tokens.requests") == calls
    put, got = expected["gen_ai.usage.input_tokens"], expected["gen_ai.usage.output_tokens"]
    assert telemetry.total("otel_tokens.tokens") == calls * (put + got)
    assert telemetry.total("otel_tokens.cost.usd") == pytest.approx(calls * expected["otel_tokens.cost.usd"])
    assert telemetry.total("gen_ai.client.token.usage", **{"gen_ai.token.type": "input"}) == calls * put
    assert telemetry.total("gen_ai.client.token.usage", **{"gen_ai.token.type": "output"}) == calls * got


def _says_partly(telemetry: Any, outcome: str) -> None:
    found = telemetry.attributes
    assert found["otel_tokens.outcome"] == outcome
    assert found["otel_tokens.usage.source"] == "partial"
    assert found["otel_tokens.cost.source"] == "estimated"
    assert 500 < found["gen_ai.usage.input_tokens"] < 2000
    assert 0 < found["gen_ai.usage.output_tokens"] <= 9
    assert 0 < found["otel_tokens.cost.usd"] < 0.003
    assert telemetry.total("otel_tokens.cost.usd", otel_tokens__cost__source="estimated") == pytest.approx(
        found["otel_tokens.cost.usd"]
    )


def test_create(telemetry: Any) -> None:
    """OpenAI: create."""
    rows.create()
    _says(telemetry, OPENAI)


def test_stream_no_include_usage(telemetry: Any) -> None:
    """OpenAI: stream, no `include_usage`."""
    rows.stream_no_include_usage()
    _says(telemetry, OPENAI)


def test_stream_with_it(telemetry: Any) -> None:
    """OpenAI: stream with it."""
    rows.stream_with_it()
    _says(telemetry, OPENAI)


def test_stream_closed_early(telemetry: Any) -> None:
    """OpenAI: stream closed early."""
    rows.stream_closed_early()
    _says_partly(telemetry, "abandoned")


def test_stream_dropped_unclosed(telemetry: Any) -> None:
    """OpenAI: stream dropped unclosed."""
    rows.stream_dropped_unclosed()
    _says_partly(telemetry, "abandoned")


def test_async_task_cancelled_mid_stream(telemetry: Any) -> None:
    """OpenAI: async task cancelled mid-stream."""
    rows.async_task_cancelled_mid_stream()
    _says_partly(telemetry, "cancelled")


def test_raw_response(telemetry: Any) -> None:
    """OpenAI: raw response."""
    rows.raw_response()
    _says(telemetry, OPENAI)


def test_raw_stream(telemetry: Any) -> None:
    """OpenAI: raw stream."""
    rows.raw_stream()
    _says(telemetry, OPENAI)


def test_streaming_response(telemetry: Any) -> None:
    """OpenAI: streaming-response."""
    rows.streaming_response()
    _says(telemetry, OPENAI)


@pytest.mark.skipif(era("openai") < (1, 100), reason="this openai has no helper for responses")
def test_responses_api_stream_helper(telemetry: Any) -> None:
    """OpenAI: Responses API, stream, helper."""
    rows.responses_api_stream_helper()
    _says(telemetry, OPENAI, calls=3)


def test_parse(telemetry: Any) -> None:
    """OpenAI: parse."""
    rows.parse()
    _says(telemetry, OPENAI)


def test_image_4000_output_tokens(telemetry: Any) -> None:
    """OpenAI: image, 4000 output tokens."""
    rows.image_4000_output_tokens()
    found = telemetry.attributes
    assert found["gen_ai.usage.output_tokens"] == 4000
    assert found["otel_tokens.cost.usd"] == pytest.approx((50 * 5 + 4000 * 40) / 1e6)


def test_unknown_model(telemetry: Any) -> None:
    """OpenAI: unknown model."""
    rows.unknown_model()
    found = telemetry.attributes
    assert found["gen_ai.usage.input_tokens"] == 1000
    assert found["otel_tokens.cost.status"] == "unknown_model"
    assert "otel_tokens.cost.usd" not in found
    assert "gen_ai.usage.cost" not in found
    assert telemetry.points("otel_tokens.cost.usd") == []


def test_two_failures_and_a_success(telemetry: Any) -> None:
    """OpenAI: 2 failures + success = 3 requests."""
    rows.two_failures_and_a_success()
    _says(telemetry, {**OPENAI, "otel_tokens.attempts": 3})


def test_anthropic_create(telemetry: Any) -> None:
    """Anthropic: create."""
    rows.anthropic_create()
    _says(telemetry, ANTHROPIC)


def test_anthropic_stream_helper(telemetry: Any) -> None:
    """Anthropic: stream, helper."""
    rows.anthropic_stream_helper()
    _says(telemetry, ANTHROPIC, calls=2)


def test_anthropic_stream_closed_early(telemetry: Any) -> None:
    """Anthropic: stream closed early: the input is exact, cache split included, the output a lower bound."""
    rows.anthropic_stream_closed_early()
    found = telemetry.attributes
    exact = {name: value for name, value in ANTHROPIC.items() if "input" in name or "cache" in name}
    assert {name: found[name] for name in exact} == exact
    assert found["otel_tokens.usage.source"] == "partial"
    assert found["otel_tokens.outcome"] == "abandoned"
    assert 0 < found["gen_ai.usage.output_tokens"] <= 3
    assert found["otel_tokens.cost.usd"] == pytest.approx(
        0.00135 + found["gen_ai.usage.output_tokens"] * 15e-6
    )


def test_anthropic_raw_response(telemetry: Any) -> None:
    """Anthropic: raw response."""
    rows.anthropic_raw_response()
    _says(telemetry, ANTHROPIC)


@pytest.mark.skipif(era("openai") < (1, 100), reason="this openai lacks some of the rows")
def test_spans_per_call_and_the_column() -> None:
    """Anthropic: spans per call is 1 under a global provider; and our column prints, without a gap."""
    printed = run("-m", "tests.clients.field_rows")
    lines = [line.split(" | ") for line in printed.splitlines() if line.startswith("| ")]
    said = [(row.removeprefix("| "), ours.removesuffix(" |")) for row, ours in lines if row != "| Case"]

    assert ("spans per call (SDK emits one natively)", "1") in said
    assert len(said) == len(rows.OPENAI) + len(rows.ANTHROPIC)
    assert sum(ours.startswith("tok, $0.00135") for _, ours in said) == 9
    assert sum(ours.startswith("tok, $0.00285") for _, ours in said) == 3
