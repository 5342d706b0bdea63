"""The page that says what is exact says what the tests see."""

from __future__ import annotations

from typing import Any

import pytest

from otel_tokens.dialects.catalog import DIALECTS

from . import coverage
from .every import ANSWERS, STREAMS


def test_the_page_is_up_to_date(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """The tables of protocols and providers are those of the examples and of the book."""
    monkeypatch.setattr(coverage.wires, "FOLDER", tmp_path / "none")  # its numbers may be of other recordings
    before = coverage.PAGE.read_text("utf-8")
    assert coverage.page(before) == before, "run `python -m tests.dialects.coverage`"


def test_a_stale_page_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """A table that says something else is made anew, and the check says so."""
    page = tmp_path / "coverage.md"
    text = coverage.PAGE.read_text("utf-8")
    page.write_text(text.replace("| exact |", "| never |", 1), "utf-8")
    monkeypatch.setattr(coverage, "PAGE", page)
    monkeypatch.setattr(coverage.wires, "FOLDER", tmp_path / "none")

    assert coverage.main(["--check"]) == 1
    assert coverage.main([]) == 0
    assert page.read_text("utf-8") == text
    assert coverage.main(["--check"]) == 0


def test_every_dialect_has_examples() -> None:
    """Each dialect has an answer, and a stream where it has one."""
    for dialect in DIALECTS:
        assert dialect.name in ANSWERS
        assert dialect.events is None or dialect.name in STREAMS
