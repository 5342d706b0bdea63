"""Every setting: what is accepted, what is refused, and whether that warns or stops."""

from __future__ import annotations

import logging
import tempfile

from pathlib import Path
from typing import Any

import pytest

from otel_tokens.budgets.budget import Plan
from otel_tokens.config import Config, clients, endpoints, from_environment
from otel_tokens.errors import ConfigError
from otel_tokens.providers import Endpoint


CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"


def test_without_settings() -> None:
    """Everything has a default: all clients, no labels, no content, no own prices."""
    assert from_environment({}) == Config(
        clients=("openai", "anthropic"),
        stream_usage="inject",
        prices=None,
        labels=(),
        span_labels=(),
        cost_alias="gen_ai.usage.cost",
        semconv="released",
        series_limit=2000,
        endpoints=(),
        native="replace",
        native_asked=False,
        content_on_spans=False,
        content_in_events=False,
        sdk_disabled=False,
        vocabularies=Path(tempfile.gettempdir()) / "data-gym-cache",
    )


@pytest.mark.parametrize(
    ("name", "word", "field", "value"),
    [
        ("OTEL_TOKENS_CLIENTS", "openai", "clients", ("openai",)),
        ("OTEL_TOKENS_CLIENTS", " -OpenAI ", "clients", ("anthropic",)),
        ("OTEL_TOKENS_CLIENTS", "all", "clients", ("openai", "anthropic")),
        ("OTEL_TOKENS_CLIENTS", "", "clients", ("openai", "anthropic")),
        ("OTEL_TOKENS_STREAM_USAGE", "ALWAYS", "stream_usage", "always"),
        ("OTEL_TOKENS_STREAM_USAGE", "off", "stream_usage", "off"),
        ("OTEL_TOKENS_PRICES", " /etc/prices.toml ", "prices", Path("/etc/prices.toml")),
        ("OTEL_TOKENS_PRICES", " ", "prices", None),
        ("OTEL_TOKENS_BOOK", " /etc/book.json ", "book", Path("/etc/book.json")),
        ("OTEL_TOKENS_BOOK", " ", "book", None),
        ("OTEL_TOKENS_LABELS", "team, feature ,,team", "labels", ("team", "feature")),
        ("OTEL_TOKENS_SPAN_LABELS", "user.id", "span_labels", ("user.id",)),
        ("OTEL_TOKENS_COST_ALIAS", "operation.cost", "cost_alias", "operation.cost"),
        ("OTEL_TOKENS_COST_ALIAS", "gen_ai.usage.cost.amount", "cost_alias", "gen_ai.usage.cost.amount"),
        ("OTEL_TOKENS_COST_ALIAS", "llm.cost.total", "cost_alias", "llm.cost.total"),
        ("OTEL_TOKENS_COST_ALIAS", "none", "cost_alias", None),
        ("OTEL_TOKENS_SEMCONV", "latest", "semconv", "latest"),
        ("OTEL_TOKENS_SEMCONV", "Both", "semconv", "both"),
        ("OTEL_TOKENS_SERIES_LIMIT", "500", "series_limit", 500),
        ("OTEL_TOKENS_NATIVE", "metrics-only", "native", "metrics-only"),
        ("OTEL_TOKENS_NATIVE", "both", "native", "both"),
        ("ANTHROPIC_OPEN_TELEMETRY", "true", "native_asked", True),
        ("ANTHROPIC_OPEN_TELEMETRY", "False", "native_asked", False),
        (CONTENT, "SPAN_ONLY", "content_on_spans", True),
        (CONTENT, "EVENT_ONLY", "content_in_events", True),
        (CONTENT, "event_only", "content_on_spans", False),
        (CONTENT, "SPAN_AND_EVENT", "content_on_spans", True),
        (CONTENT, "SPAN_AND_EVENT", "content_in_events", True),
        (CONTENT, "NO_CONTENT", "content_on_spans", False),
        ("OTEL_SDK_DISABLED", " True ", "sdk_disabled", True),
        ("OTEL_SDK_DISABLED", "1", "sdk_disabled", False),
        ("TIKTOKEN_CACHE_DIR", "/cache", "vocabularies", Path("/cache")),
        ("DATA_GYM_CACHE_DIR", "/gym", "vocabularies", Path("/gym")),
    ],
)
def test_a_good_setting(
    name: str, word: str, field: str, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A setting is taken without a word, in any case and with blanks around."""
    assert getattr(from_environment({name: word}), field) == value
    assert caplog.records == []


@pytest.mark.parametrize(
    ("name", "word", "field", "value", "accepted"),
    [
        ("OTEL_TOKENS_CLIENTS", "openai,gemini", "clients", ("openai", "anthropic"), "openai, anthropic"),
        ("OTEL_TOKENS_STREAM_USAGE", "yes", "stream_usage", "inject", "inject, always, off"),
        ("OTEL_TOKENS_COST_ALIAS", "cost", "cost_alias", "gen_ai.usage.cost", "llm.cost.total, none"),
        ("OTEL_TOKENS_SEMCONV", "1.42", "semconv", "released", "released, latest, both"),
        ("OTEL_TOKENS_SERIES_LIMIT", "0", "series_limit", 2000, "a whole number above 0"),
        ("OTEL_TOKENS_SERIES_LIMIT", "-5", "series_limit", 2000, "a whole number above 0"),
        ("OTEL_TOKENS_SERIES_LIMIT", "many", "series_limit", 2000, "a whole number above 0"),
        ("OTEL_TOKENS_NATIVE", "off", "native", "replace", "replace, metrics-only, both"),
        (CONTENT, "true", "content_on_spans", False, "NO_CONTENT, SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT"),
    ],
)
def test_a_wrong_setting_of_telemetry_warns(
    name: str, word: str, field: str, value: Any, accepted: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A wrong setting that costs no money warns with place, value and what is accepted, and falls back."""
    with caplog.at_level(logging.WARNING, "otel_tokens"):
        assert getattr(from_environment({name: word}), field) == value

    (record,) = caplog.records
    message = record.getMessage()
    assert message.startswith(f"{name}={word!r}: ")
    assert accepted in message


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        ("openai", ("openai",)),
        ("anthropic,openai", ("anthropic", "openai")),
        ("-anthropic", ("openai",)),
        ("all,-anthropic", ("openai",)),
        ("openai,-openai", ()),
        (",", ("openai", "anthropic")),
    ],
)
def test_clients_that_are_chosen(words: str, chosen: tuple[str, ...]) -> None:
    """Names choose, names with a dash leave out."""
    assert clients(words) == chosen


def test_endpoints_that_are_named() -> None:
    """An endpoint is a URL and who stands there; a URL may have an equals sign of its own."""
    words = " https://LLM.corp/v1/ = openai,http://10.0.0.5:8000=vllm,, https://a.b/?x=y=z "
    assert endpoints(words) == (
        Endpoint("https", "llm.corp", 443, "/v1", "openai"),
        Endpoint("http", "10.0.0.5", 8000, "", "vllm"),
        Endpoint("https", "a.b", 443, "", "z"),
    )


@pytest.mark.parametrize(
    "word",
    [
        "llm.corp=openai",
        "https://llm.corp",
        "https://llm.corp=",
        "https://=openai",
        "ftp://llm.corp=openai",
        "https://llm.corp:99999=openai",
        "https://llm.corp:port=openai",
        "http://[::1=vllm",
        "https://llm.corp= ",
    ],
)
def test_a_wrong_endpoint_stops(word: str) -> None:
    """A wrong endpoint would leave calls without a cost, so it is refused with place, value and example."""
    with pytest.raises(ConfigError) as caught:
        from_environment({"OTEL_TOKENS_ENDPOINTS": word})

    message = str(caught.value)
    assert message.startswith(f"OTEL_TOKENS_ENDPOINTS: {word.strip()!r}: expected URL=provider")
    assert "https://llm.corp/v1=openai" in message


# Budgets.


def test_without_a_budget_file(tmp_path: Path) -> None:
    """There is no budget, and detectors of runaways only warn."""
    config = from_environment({}, tmp_path)
    assert (config.plan, config.runaway) == (Plan(), None)
    assert (config.plan.budgets, config.plan.runaway.action) == ((), "warn")


@pytest.mark.parametrize("named", [True, False])
def test_a_budget_file(tmp_path: Path, *, named: bool) -> None:
    """The file that is named is read, else the one in the folder."""
    file = tmp_path / ("caps.toml" if named else "otel-tokens.toml")
    file.write_text('[[budget]]\nname = "team"\nlimit_usd = "5"\n', "utf-8")
    plan = from_environment({"OTEL_TOKENS_CONFIG": str(file)} if named else {}, tmp_path).plan
    assert [budget.name for budget in plan.budgets] == ["team"]
    assert plan.path == str(file)


@pytest.mark.parametrize("text", [None, "[[budget]]\n", "no toml"])
def test_a_wrong_budget_file(tmp_path: Path, text: str | None) -> None:
    """A file that is missing or wrong stops the program: a cap that is absent costs money."""
    file = tmp_path / "caps.toml"
    if text is not None:
        file.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"caps\.toml"):
        from_environment({"OTEL_TOKENS_CONFIG": str(file)}, tmp_path)


@pytest.mark.parametrize(
    ("word", "action", "warns"),
    [("block", "block", 0), (" OFF ", "off", 0), ("warn", "warn", 0), ("", None, 0), ("stop", "warn", 1)],
)
def test_runaways(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, word: str, action: str | None, warns: int
) -> None:
    """The variable wins over the file; a word that is not known warns, and so do the detectors."""
    with caplog.at_level(logging.WARNING):
        config = from_environment({"OTEL_TOKENS_RUNAWAY": word}, tmp_path)
    assert config.runaway == action
    assert len(caplog.messages) == warns
