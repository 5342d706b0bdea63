"""The limits of models: found by any of their names, compiled from LiteLLM, read late."""

from __future__ import annotations

import json
import subprocess
import sys

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest

from otel_tokens.pricing import compile_limits as compiling
from otel_tokens.pricing import load_book
from otel_tokens.pricing.limits import UNKNOWN, Limit, Limits, bare, shipped_limits


DATA = json.loads(compiling.LIMITS.read_text("utf-8"))
BOOK = load_book()


def installed() -> str | None:
    """The LiteLLM and the genai-prices that are installed."""
    try:
        versions = [distribution(name).version for name in ("litellm", "genai-prices")]
        return f"LiteLLM {versions[0]}, genai-prices {versions[1]}"
    except PackageNotFoundError:
        return None


@pytest.mark.skipif(installed() != DATA["version"], reason=f"the limits are of {DATA['version']}")
def test_checked_in_limits_are_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    """Compiling again gives the file that is checked in, byte for byte."""
    assert compiling.main(["--check"]) == 0
    assert capsys.readouterr().out == "limits.json is up to date\n"


def test_head_of_the_limits() -> None:
    """The limits name their source and carry its licence, and the file is small."""
    assert DATA["version"].startswith("LiteLLM ")
    assert "Copyright (c) 2023 Berri AI" in DATA["notice"]
    assert "Copyright (c) Pydantic Services Inc. 2025 to present" in DATA["notice"]
    assert compiling.LIMITS.stat().st_size < 150_000


@pytest.mark.parametrize(
    ("provider", "model", "limit"),
    [
        ("openai", "gpt-4o", Limit(16_384, 128_000)),
        ("openai", "gpt-4o-2024-08-06", Limit(16_384, 128_000)),
        ("openai", "gpt-4o-2024-05-13", Limit(4_096, 128_000)),
        ("openai", "openai/GPT-4o", Limit(16_384, 128_000)),
        ("openai", "ft:gpt-3.5-turbo-0125:acme::1", Limit(4_096, 16_385)),
        ("azure.ai.openai", "gpt-4o-2024-08-06", Limit(16_384, 128_000)),
        ("anthropic", "claude-sonnet-4-5-20250929", Limit(64_000, 200_000)),
        ("gcp.vertex_ai", "claude-sonnet-4-5@20250929", Limit(64_000, 200_000)),
        ("aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", Limit(64_000, 200_000)),
        ("openai", "gpt-5", Limit(128_000, 272_000)),
        ("azure.ai.openai", "gpt-5.2_2025-12-11", Limit(128_000, 409_600)),
        ("gcp.vertex_ai", "gemini-2.0-flash", Limit(None, 1_000_000)),
        ("x_ai", "grok-4-1-fast-reasoning", Limit(128_000, 2_000_000)),
        ("mistral_ai", "codestral-2508", Limit(128_000, 256_000)),
        ("ollama", "gpt-oss:20b", Limit(131_072, 131_072)),
        ("openai", "nobody-knows-it", UNKNOWN),
        ("example.com", "gpt-4o-mini:free", Limit(16_384, 131_072)),
        ("openai", None, UNKNOWN),
    ],
)
def test_a_model_is_found_by_any_of_its_names(provider: str, model: str | None, limit: Limit) -> None:
    """Prefixes, dates, regions and versions do not matter, where they do not make another model."""
    assert BOOK.limits(provider, model) == limit
    assert BOOK.limits(provider, model) is BOOK.limits(provider, model)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"),
        ("eu.anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet"),
        ("meta-llama/llama-3.3-70b-instruct:free", "llama-3-3-70b-instruct"),
        ("ft:gpt-4o-mini-2024-07-18:acme::1", "gpt-4o-mini"),
        ("accounts/fireworks/models/Qwen3", "qwen3"),
    ],
)
def test_bare_names(name: str, plain: str) -> None:
    """One spelling stands for all that name the same model."""
    assert bare(name) == plain


TABLE: dict[str, Any] = {
    "sample_spec": {"litellm_provider": "one of", "mode": "one of: chat"},
    "gpt-9": {"litellm_provider": "openai", "mode": "chat", "max_input_tokens": 10, "max_output_tokens": 4},
    "gpt-9-2026-01-01": {
        "litellm_provider": "openai",
        "mode": "chat",
        "max_input_tokens": "10",
        "max_output_tokens": 4,
    },
    "gpt-9-2026-02-02": {"litellm_provider": "openai", "mode": "chat", "max_tokens": 6},
    "azure/gpt-9": {
        "litellm_provider": "azure",
        "mode": "responses",
        "max_input_tokens": 20,
        "max_output_tokens": 40,
    },
    "vertex_ai/claude-9": {
        "litellm_provider": "vertex_ai-anthropic_models",
        "mode": "chat",
        "max_output_tokens": 3,
    },
    "anthropic.claude-9-v1:0": {"litellm_provider": "bedrock", "mode": "chat", "max_output_tokens": 3},
    "elsewhere/gpt-9": {"litellm_provider": "elsewhere", "mode": "chat", "max_output_tokens": 50},
    "gpt-9-image": {"litellm_provider": "openai", "mode": "image_generation", "max_output_tokens": 5},
    "gpt-9-odd": {"litellm_provider": "openai", "mode": "chat", "max_output_tokens": "many"},
    "gpt-9-none": {"litellm_provider": "openai", "mode": "chat", "max_output_tokens": 0},
}


def test_compiling() -> None:
    """Only models of text are taken, a date only where it matters, and for all the largest figure."""
    data = json.loads(compiling.compiled(TABLE, "LiteLLM 0", "MIT\n"))
    assert data["models"] == {"claude-9": [3, None], "gpt-9": [50, 40]}
    assert data["providers"] == {
        "aws.bedrock": {},
        "azure.ai.openai": {"gpt-9": [40, 40]},
        "gcp.gemini": {},
        "openai": {"gpt-9": [4, 10], "gpt-9-2026-02-02": [6, None]},
    }
    limits = Limits(data)
    assert limits.of("openai", "gpt-9-2026-01-01") == Limit(4, 10)
    assert limits.of("openai", "gpt-9-2026-02-02") == Limit(6, None)
    assert limits.of("azure.ai.inference", "gpt-9") == Limit(40, 40)
    assert limits.of("gcp.vertex_ai", "claude-9") == Limit(3, None)


def test_windows_of_another_table() -> None:
    """The larger window stands; what is input and output together is told from it; new names are added."""
    table = {
        "xai/grok-9": {
            "litellm_provider": "xai",
            "mode": "chat",
            "max_input_tokens": 8,
            "max_output_tokens": 8,
        },
        "gpt-9": TABLE["gpt-9"],
    }
    windows = {"x_ai": {"grok-9": 16, "grok-8": 5}, "openai": {"gpt-9": 14}, "elsewhere": {"gpt-9": 9}}
    limits = Limits(json.loads(compiling.compiled(table, "LiteLLM 0", "MIT\n", windows)))
    assert limits.of("x_ai", "grok-9") == Limit(8, 16)
    assert limits.of("x_ai", "grok-8") == Limit(None, 5)
    assert limits.of("openai", "gpt-9") == Limit(4, 10)


def test_windows_of_genai_prices() -> None:
    """They have our names of providers, and no models that write no text."""
    pytest.importorskip("genai_prices", reason="it needs Python 3.11")
    windows = compiling.windows()
    assert windows["x_ai"]["grok-4-1-fast-reasoning"] == 2_000_000
    assert not [name for names in windows.values() for name in names if "embed" in name]


def test_compile_writes_and_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without `--check` the limits are written; with it stale ones are an error."""
    for name in ("litellm", "genai_prices"):
        package = tmp_path / f"{name}-0.1.dist-info"
        (package / "licenses").mkdir(parents=True)
        (package / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n", "utf-8")
        (package / "licenses" / "LICENSE").write_text("MIT", "utf-8")
    monkeypatch.setattr(compiling, "windows", dict)
    (tmp_path / "litellm").mkdir()
    (tmp_path / compiling.TABLE).write_text(json.dumps(TABLE), "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / "limits.json"
    monkeypatch.setattr(compiling, "LIMITS", path)
    assert compiling.main(["--check"]) == 1
    assert compiling.main([]) == 0
    assert json.loads(path.read_text("utf-8"))["version"] == "LiteLLM 0.1, genai-prices 0.1"
    assert compiling.main(["--check"]) == 0
    assert "stale" in capsys.readouterr().out


def test_an_alias_has_the_limits_of_its_model(tmp_path: Path) -> None:
    """What the user's price file says that a deployment means holds here too."""
    path = tmp_path / "prices.toml"
    path.write_text(
        'schema = 1\n[[alias]]\nprovider = "azure.ai.openai"\ndeployment = "mine"\nmodel = "gpt-4o"\n',
        "utf-8",
    )
    assert load_book(path).limits("azure.ai.openai", "mine") == Limit(16_384, 128_000)
    assert BOOK.limits("azure.ai.openai", "mine") == UNKNOWN


def test_limits_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers that invent names of models cannot make the caches grow without end."""
    monkeypatch.setattr("otel_tokens.pricing.book._KEPT", 2)
    book = load_book()
    for number in range(5):
        book.limits("openai", f"gpt-{number}-x")
    assert len(book._limits) <= 2


def test_limits_are_read_late() -> None:
    """Neither the limits nor the book are loaded before the first call needs them."""
    code = """
import sys
opened = []
sys.addaudithook(lambda name, args: opened.append(str(args[0])) if name == "open" else None)
import otel_tokens.bounds
print([path for path in opened if path.endswith(".json")], "otel_tokens.pricing.book" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[] False"
    assert shipped_limits() is shipped_limits()
