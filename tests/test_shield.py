"""Our bugs are logged once and counted, and never reach the application."""

from __future__ import annotations

import logging

import pytest

from otel_tokens import shield
from otel_tokens.errors import ConfigError
from otel_tokens.shield import failed, shielded


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shield, "failures", {})
    monkeypatch.setattr(shield, "strict", False)


def test_a_bug_is_swallowed_counted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """A step that fails twice is counted twice and logged once, with its trace."""
    for _ in range(2):
        with shielded("reading"):
            raise ValueError
    with shielded("pricing"):
        raise KeyError

    assert shield.failures == {"reading": 2, "pricing": 1}
    assert [record.getMessage().partition(" failed")[0] for record in caplog.records] == [
        "reading",
        "pricing",
    ]
    assert all(record.levelno == logging.WARNING and record.exc_info for record in caplog.records)


def test_a_step_that_works_leaves_no_trace() -> None:
    """Nothing is counted when nothing fails."""
    with shielded("reading"):
        pass
    assert shield.failures == {}


def test_in_tests_a_bug_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """With `strict` a bug fails the test that finds it, and is counted."""
    monkeypatch.setattr(shield, "strict", True)
    error = ValueError("bug")
    with pytest.raises(ValueError, match="bug") as caught, shielded("reading"):
        raise error
    assert caught.value is error
    assert shield.failures == {"reading": 1}


@pytest.mark.parametrize(
    "error", [ConfigError("a wrong file"), KeyboardInterrupt(), GeneratorExit(), SystemExit()]
)
def test_answers_and_cancellations_pass(error: BaseException) -> None:
    """Errors of this package are answers; what is no `Exception` is not ours to keep."""
    with pytest.raises(type(error)) as caught, shielded("reading"):
        raise error
    assert caught.value is error
    assert shield.failures == {}


def test_a_hot_path_says_so_itself() -> None:
    """A step that writes `try` itself counts the same."""
    try:
        raise ValueError  # noqa: TRY301
    except ValueError:
        failed("folding")
    assert shield.failures == {"folding": 1}
