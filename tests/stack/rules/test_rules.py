"""The rules in the real promtool: they parse, they fire for their cause, and they end."""

from __future__ import annotations

import json
import re
import subprocess

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from otel_tokens.budgets.budget import Budget, Plan
from otel_tokens.budgets.file import read_plan
from otel_tokens.collector.rules import rule_files


HERE = Path(__file__).parent
ROOT = HERE.parents[2]
RULES = sorted((ROOT / "collector/prometheus/rules").glob("*.yaml"))
TESTS = sorted((ROOT / "collector/prometheus/tests").glob("*.yaml"))
RUNBOOKS = ROOT / "collector/README.md"
ALWAYS = {"LLMWatchdog"}
"""Alerts that always fire: there is nothing before, and no end."""
AWKWARD = (
    'quo"te',
    "back\\slash",
    "{{ .Boom }}",
    "{{",
    "Übung 🚀",
    "a|b.*",
    "new\nline",
    "next\x85line",
    "<<end>>",
    "it's",
)


def promtool(stack: Any, *words: object) -> tuple[int, str]:
    """Exit code and output of promtool."""
    command = [str(stack.binary("promtool")), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout + done.stderr


def check(stack: Any, *files: Path) -> tuple[int, str]:
    """The strictest check of rule files."""
    return promtool(stack, "check", "rules", "--lint=all", "--lint-fatal", *files)


def run(stack: Any, file: Path) -> tuple[int, str]:
    """The tests in a file. Rules that are not there are no error of promtool, but one of ours."""
    code, text = promtool(stack, "test", "rules", file)
    assert "no file match" not in text
    return code, text


def written(plan: Plan, folder: Path) -> list[Path]:
    """The rules of a plan, in files beside a folder for tests."""
    (folder / "rules").mkdir()
    (folder / "tests").mkdir()
    for name, text in rule_files(plan).items():
        (folder / "rules" / name).write_text(text, "utf-8")
    return sorted((folder / "rules").iterdir())


def alerts(files: list[Path] = RULES) -> list[dict[str, Any]]:
    """Every alerting rule."""
    groups = [group for file in files for group in yaml.safe_load(file.read_text("utf-8"))["groups"]]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


NAMES = sorted({rule["alert"] for rule in alerts()})


def test_the_rules_are_valid(stack: Any) -> None:
    """Every rule parses, and no two have the same name and labels."""
    code, text = check(stack, *RULES)
    assert (code, text.count("SUCCESS")) == (0, len(RULES)), text


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_the_rules_do_what_they_should(stack: Any, file: Path) -> None:
    """Each alert is silent just before its cause, fires with all that it says, and ends."""
    code, text = run(stack, file)
    assert code == 0, text


def test_a_sample_of_budgets(stack: Any, tmp_path: Path) -> None:
    """What a budget file states is what its rules look for, in every window and both units."""
    made = written(read_plan(HERE / "sample.toml"), tmp_path)
    code, text = check(stack, *made)
    assert code == 0, text
    for name in ("sample.yaml", "sample_of_hours.yaml"):
        file = tmp_path / "tests" / name
        file.write_text((HERE / name).read_text("utf-8"), "utf-8")
        code, text = run(stack, file)
        assert code == 0, text


def test_names_are_only_names(stack: Any, tmp_path: Path) -> None:
    """Budgets and scopes of any name make valid rules, and alerts with exactly that name."""
    budgets = [
        Budget(name=name, limit=10**12, alert_at=(Budget(name="", limit=1).alert_at[0],)) for name in AWKWARD
    ]
    made = written(Plan(budgets=tuple(budgets)), tmp_path)
    code, text = check(stack, *made)
    assert code == 0, text

    file = tmp_path / "tests" / "names.yaml"
    file.write_text(yaml.safe_dump(_names_test()), "utf-8")
    code, text = run(stack, file)
    assert (code, text.count("LLMBudgetThreshold, time")) == (1, 1)
    # promtool has no way to leave texts out, so they are what differs, and labels are compared here.
    expected, got = [sorted(re.findall(r"Labels:(.*)", part)) for part in text.split("got:", 1)]
    assert expected == got
    assert len(got) == len(AWKWARD)
    assert got[0].count("otel_tokens_scope=") == 1
    assert text.count("$0.60 of $1.00") == len(AWKWARD)
    assert "error expanding" not in text


def _names_test() -> dict[str, Any]:
    series, fires = [], []
    for name in AWKWARD:
        account = {"otel_tokens_budget": name, "otel_tokens_window": "total", "otel_tokens_scope": name}
        labels = ",".join(f"{key}={_quoted(value)}" for key, value in account.items())
        series += [
            {"series": f"otel_tokens_budget_{what}_usd{{{labels}}}", "values": values}
            for what, values in (("spent", "0.6x5"), ("limit", "1x5"))
        ]
        fires.append(
            {
                "exp_labels": {
                    "severity": "info", "category": "cap", "threshold": "50", "action": "block", **account,
                }
            }
        )  # fmt: skip
    check_it = {"eval_time": "1m", "alertname": "LLMBudgetThreshold", "exp_alerts": fires}
    return {
        "rule_files": ["../rules/budgets.yaml"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "alert_rule_test": [check_it]}],
    }


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x85", "\\u0085")


# What has to be wrong.


@pytest.mark.parametrize("broken", ["sum by (", "rate(otel_tokens_cost_usd_total)", "sum(up) by"])
def test_a_broken_rule_is_found(stack: Any, tmp_path: Path, broken: str) -> None:
    """What does not parse is an error."""
    rule = {"groups": [{"name": "g", "rules": [{"record": "a:b", "expr": broken}]}]}
    file = tmp_path / "broken.yaml"
    file.write_text(yaml.safe_dump(rule), "utf-8")
    assert check(stack, file)[0] != 0


def test_two_rules_with_the_same_labels_are_found(stack: Any, tmp_path: Path) -> None:
    """The linter is on, and what it finds is an error."""
    rule = {"record": "a:b", "expr": "vector(1)"}
    file = tmp_path / "double.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": [rule, rule]}]}), "utf-8")
    assert check(stack, file)[0] != 0


def test_a_wrong_expectation_is_found(stack: Any, tmp_path: Path) -> None:
    """A test that expects another number fails."""
    right = next(file for file in TESTS if file.stem == "spend").read_text("utf-8")
    file = tmp_path / "wrong.yaml"
    for text, code in ((right, 0), (right.replace("value: 0.25", "value: 0.26"), 1)):
        file.write_text(text.replace("../rules", str(RULES[0].parent)), "utf-8")
        assert run(stack, file)[0] == code


def test_a_rule_that_does_not_fire_is_found(stack: Any, tmp_path: Path) -> None:
    """With another threshold in a rule, its test fails."""
    made = written(Plan(), tmp_path)
    rules = next(file for file in made if file.stem == "budgets")
    rules.write_text(rules.read_text("utf-8").replace(">= 0.8", ">= 0.81"), "utf-8")
    file = tmp_path / "tests" / "budgets.yaml"
    file.write_text(next(test for test in TESTS if test.stem == "budgets").read_text("utf-8"), "utf-8")
    assert run(stack, file)[0] == 1


# That nothing is forgotten.


def moments_of_alerts() -> Iterator[tuple[str, list[bool]]]:
    """For each alert of each test: whether it fires, moment by moment, with what it says."""
    for file in TESTS:
        for test in yaml.safe_load(file.read_text("utf-8"))["tests"]:
            moments: dict[str, list[bool]] = {}
            for moment in test.get("alert_rule_test", []):
                fires = moment["exp_alerts"]
                assert all(each["exp_annotations"].keys() >= {"summary", "runbook_url"} for each in fires)
                moments.setdefault(moment["alertname"], []).append(bool(fires))
            yield from moments.items()


@pytest.mark.parametrize("name", NAMES)
def test_every_alert_is_tested_silent_firing_and_ended(name: str) -> None:
    """In one test, in this order: before its cause, at it, and after it."""
    found = [moments for alert, moments in moments_of_alerts() if alert == name]
    if name in ALWAYS:
        assert any(all(moments) for moments in found)
    else:
        assert any(not moments[0] and any(moments) and not moments[-1] for moments in found)


@pytest.mark.parametrize("name", NAMES)
def test_every_alert_has_a_runbook(name: str) -> None:
    """What it means, three queries, and how to stop the spend, under the heading that the alert points to."""
    section = re.search(
        rf"^### {name}\n(.*?)(?=^### |\Z)", RUNBOOKS.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert section is not None
    for part in ("**What it means.**", "**First three queries.**", "**How to stop the spend.**"):
        text = section[1].split(part)[1].split("**")[0]
        assert len(text.strip()) > 40, part
    assert len(queries(section[1])) == 3


def test_no_runbook_is_left_over() -> None:
    """Each heading is that of an alert."""
    assert sorted(re.findall(r"^### (LLM\w+)$", RUNBOOKS.read_text("utf-8"), re.MULTILINE)) == NAMES


def queries(text: str) -> list[str]:
    """The queries in a text, one a line."""
    return [
        row
        for block in re.findall(r"```promql\n(.*?)```", text, re.DOTALL)
        for row in block.split("\n")
        if row
    ]


def test_every_query_of_the_runbooks_parses(stack: Any, tmp_path: Path) -> None:
    """Nobody has to mend a query at night."""
    found = queries(RUNBOOKS.read_text("utf-8"))
    assert len(found) == 3 * len(NAMES)
    file = tmp_path / "queries.yaml"
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(found)]
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}), "utf-8")
    code, text = promtool(stack, "check", "rules", file)
    assert code == 0, text


def test_queries_of_the_runbooks_read_what_is_recorded() -> None:
    """A series of ours that a query names is recorded by a rule."""
    texts = [file.read_text("utf-8") for file in RULES]
    recorded = set(re.findall(r"record: (\S+)", "".join(texts)))
    named = set(re.findall(r"otel_tokens:[a-z0-9_:]+", " ".join(queries(RUNBOOKS.read_text("utf-8")))))
    assert named <= recorded
