"""`otel-tokens collector rules`."""

from __future__ import annotations

import io
import time

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from otel_tokens.budgets.budget import Plan
from otel_tokens.cli.collector_rules import collector_rules as rules
from otel_tokens.cli.surroundings import OK, WRONG, Surroundings
from otel_tokens.collector.rules import FILES, joined, rule_files
from otel_tokens.errors import ConfigError
from otel_tokens.ledgers.opening import open_ledger


PLAN = """\
[[budget]]
name = "search-daily"
limit_usd = 50
window = "day"
match = { team = "search" }
alert_at = [0.9]
"""


def run(folder: Path, **given: Any) -> tuple[int, str, str]:
    """Exit code, output and errors of the command in `folder`."""
    out, err = io.StringIO(), io.StringIO()
    here = Surroundings(
        out=out, err=err, stdin=io.StringIO(), env={}, folder=folder, open_ledger=open_ledger, now_s=time.time
    )
    words = {"budgets": None, "labels": "team", "lookback": "1d", "output": "-", "check": None, **given}
    return rules(Namespace(**words), here), out.getvalue(), err.getvalue()


def test_without_a_budget_file_the_usual_rules_are_printed(tmp_path: Path) -> None:
    """What is printed is one file."""
    assert run(tmp_path) == (OK, joined(rule_files(Plan())), "")


def test_the_budget_file_is_found(tmp_path: Path) -> None:
    """It is looked for as by all other commands, or named."""
    (tmp_path / "otel-tokens.toml").write_text(PLAN, "utf-8")
    (tmp_path / "other.toml").write_text(PLAN.replace("search", "other"), "utf-8")

    assert 'otel_tokens_budget=~"search-daily"' in run(tmp_path)[1]
    assert 'otel_tokens_budget=~"other-daily"' in run(tmp_path, budgets="other.toml")[1]


def test_files_are_written_and_checked(tmp_path: Path) -> None:
    """What was written is up to date, until the budget file changes."""
    code, out, _ = run(tmp_path, output="made/rules")
    assert (code, out) == (OK, f"{tmp_path}/made/rules: {', '.join(FILES)}\n")
    assert run(tmp_path, check="made/rules") == (OK, f"{tmp_path}/made/rules: up to date\n", "")

    (tmp_path / "otel-tokens.toml").write_text(PLAN, "utf-8")
    code, out, err = run(tmp_path, check="made/rules")
    assert (code, out) == (WRONG, "")
    assert err == f"otel-tokens: {tmp_path}/made/rules/budgets.yaml is not what would be written\n"


def test_files_that_are_not_there_are_not_up_to_date(tmp_path: Path) -> None:
    """A check of nothing fails, and names every file."""
    code, _, err = run(tmp_path, check=".")
    assert (code, err.count("\n")) == (WRONG, len(FILES))


def test_other_labels(tmp_path: Path) -> None:
    """Labels are named with commas between them."""
    assert "deployment_environment_name, team, feature, gen_ai" in run(tmp_path, labels="team, feature")[1]
    assert "deployment_environment_name, gen_ai" in run(tmp_path, labels="")[1]


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    """The message says so."""
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(ConfigError, match="--output 'file': cannot be written"):
        run(tmp_path, output="file")


def test_a_wrong_budget_file_is_refused(tmp_path: Path) -> None:
    """As by all other commands."""
    (tmp_path / "otel-tokens.toml").write_text("[alerts]\nx = 1", "utf-8")
    with pytest.raises(ConfigError, match=r"otel-tokens.toml:2: alerts.x: unknown key"):
        run(tmp_path)
