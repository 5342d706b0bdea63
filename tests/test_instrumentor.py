"""The entry point: what stops the program, what only warns, and a launch for real."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import textwrap

from collections.abc import Iterator
from pathlib import Path

import pytest

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource

import otel_tokens

from otel_tokens import ConfigError
from otel_tokens.instrumentor import OtelTokensInstrumentor, _Resource


ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _stopped() -> Iterator[None]:
    yield
    otel_tokens.uninstrument()


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A price file that is wrong on its third line."""
    path = tmp_path / "prices.toml"
    path.write_text('[[price]]\nprovider = "openai"\nmodel = 5\n', "utf-8")
    monkeypatch.setenv("OTEL_TOKENS_PRICES", str(path))
    return path


def test_a_wrong_price_file_stops_the_program(broken: Path) -> None:
    """A price file that cannot be read is refused, with its place; a right one starts afterwards."""
    with pytest.raises(ConfigError, match=r"prices\.toml"):
        otel_tokens.instrument()
    broken.write_text('[[price]]\nprovider = "openai"\nmodel = "m"\nrates = { input = "1" }\n', "utf-8")
    otel_tokens.instrument()


def test_a_price_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A price file that is missing is a wrong one."""
    monkeypatch.setenv("OTEL_TOKENS_PRICES", str(tmp_path / "nowhere.toml"))
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        otel_tokens.instrument()


def test_a_book_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A price book that is missing or is none is refused, with its place."""
    book = tmp_path / "book.json"
    monkeypatch.setenv("OTEL_TOKENS_BOOK", str(book))
    with pytest.raises(ConfigError, match=r"book\.json"):
        otel_tokens.instrument()
    book.write_text("{}", "utf-8")
    with pytest.raises(ConfigError, match=r"book\.json"):
        otel_tokens.instrument()


@pytest.mark.usefixtures("broken")
def test_under_the_launcher_it_ends_the_program(caplog: pytest.LogCaptureFixture) -> None:
    """The launcher would log an error and go on, so a wrong price file ends the program there."""
    with pytest.raises(SystemExit, match=r"prices\.toml"):
        OtelTokensInstrumentor().instrument(skip_dep_check=True)
    assert [record.levelno for record in caplog.records if record.name == "otel_tokens"] == [logging.CRITICAL]


def test_a_second_start_only_warns(caplog: pytest.LogCaptureFixture) -> None:
    """Who starts twice is told so, and nothing counts twice."""
    otel_tokens.instrument()
    otel_tokens.instrument()
    assert any("already instrumented" in record.getMessage() for record in caplog.records)


def test_stopping_twice_is_stopping_once(caplog: pytest.LogCaptureFixture) -> None:
    """Who stops what does not run changes nothing."""
    otel_tokens.instrument()
    otel_tokens.uninstrument()
    caplog.set_level(logging.CRITICAL)
    otel_tokens.uninstrument()


def test_the_client_is_left_as_it_was() -> None:
    """After the end the client libraries have their own methods back."""
    from openai import _base_client  # noqa: PLC0415

    classes = (_base_client.SyncAPIClient, _base_client.AsyncAPIClient, _base_client.BaseClient)
    before = [dict(vars(kind)) for kind in classes]
    otel_tokens.instrument()
    assert [dict(vars(kind)) for kind in classes] != before
    otel_tokens.uninstrument()
    assert [dict(vars(kind)) for kind in classes] == before


def test_the_sdk_is_disabled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where OpenTelemetry is switched off, nothing is patched."""
    from openai import _base_client  # noqa: PLC0415

    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    before = vars(_base_client.SyncAPIClient)["request"]
    otel_tokens.instrument()
    assert vars(_base_client.SyncAPIClient)["request"] is before


def test_there_is_nothing_to_depend_on() -> None:
    """Client libraries are patched when they are imported, whichever there are."""
    assert list(OtelTokensInstrumentor().instrumentation_dependencies()) == []


def test_the_resource_is_looked_up_when_it_is_needed() -> None:
    """The attributes of the resource are a mapping, of whichever provider has one; empty without any."""
    metrics = MeterProvider(resource=Resource({"team": "search"}), shutdown_on_exit=False)
    resource = _Resource(None, metrics)
    assert (dict(resource), len(resource), resource.get("team")) == ({"team": "search"}, 1, "search")
    assert resource.get("nothing") is None
    assert dict(_Resource()) == {}


_PROGRAM = """
    import sys
    sys.path.insert(0, sys.argv[1])
    from tests.clients.transport import json_reply
    from tests.telemetry.scene import body, chat, message
    chat(json_reply(body()))
    if "message" in sys.argv:
        message()
"""


def launch(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A program under `opentelemetry-instrument`, with exporters that print."""
    settings = {
        **os.environ,
        "OTEL_TRACES_EXPORTER": "console",
        "OTEL_METRICS_EXPORTER": "console",
        "OTEL_LOGS_EXPORTER": "none",
        **env,
    }
    tool = Path(sys.executable).parent / "opentelemetry-instrument"
    return subprocess.run(
        [str(tool), sys.executable, "-W", "ignore", "-c", textwrap.dedent(_PROGRAM), str(ROOT), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=settings,
    )


def test_launched_for_real() -> None:
    """Without a line changed, a program that is launched prints its calls with tokens and cost."""
    run = launch("message", OTEL_TOKENS_CLIENTS="openai")

    assert run.returncode == 0, run.stderr
    assert '"name": "chat gpt-4o-mini"' in run.stdout
    assert '"otel_tokens.cost.usd": 6e-06' in run.stdout
    assert '"name": "otel_tokens.cost.usd"' in run.stdout
    assert '"otel_tokens.heartbeat"' in run.stdout
    assert run.stdout.count('"otel_tokens.outcome": "ok"') == 4  # anthropic is left alone


def test_launched_with_a_wrong_price_file(broken: Path) -> None:
    """A launched program with a wrong price file does not run, and says why."""
    run = launch(OTEL_TOKENS_PRICES=str(broken))

    assert run.returncode != 0
    assert "prices.toml" in run.stderr
    assert "chat gpt-4o-mini" not in run.stdout
