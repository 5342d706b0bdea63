"""Who is told of which alert, by the real amtool."""

from __future__ import annotations

import re
import subprocess

from pathlib import Path
from typing import Any

import pytest
import yaml

from otel_tokens.budgets.file import read_plan
from otel_tokens.collector.rules import rule_files


HERE = Path(__file__).parent
FOLDER = HERE.parents[2] / "collector" / "alertmanager"
CONFIG, EXAMPLE = FOLDER / "alertmanager.yml", FOLDER / "alertmanager.example.yml"
SAMPLE = HERE.parent / "rules" / "sample.toml"

EXPECTED = {
    ("LLMBudgetThreshold", "critical"): "pager,finance",
    ("LLMBudgetThreshold", "warning"): "finance",
    ("LLMBudgetThreshold", "info"): "digest",
    ("LLMBudgetBurn", "critical"): "pager,finance",
    ("LLMBudgetBurn", "warning"): "finance",
    ("LLMBudgetForecastOverrun", "warning"): "finance",
    ("LLMBlockedCalls", "info"): "digest",
    ("LLMSpendSpike", "warning"): "engineering",
    ("LLMNewSpender", "info"): "digest",
    ("LLMRunawayInstance", "critical"): "pager",
    ("LLMRepeatedPrompts", "warning"): "engineering",
    ("LLMCallsPerTrace", "warning"): "engineering",
    ("LLMPromptGrowth", "warning"): "engineering",
    ("LLMErrorWaste", "warning"): "engineering",
    ("LLMCacheHitDrop", "warning"): "engineering",
    ("LLMUnpricedModel", "warning"): "engineering",
    ("LLMPriceTableStale", "warning"): "engineering",
    ("LLMTelemetrySilent", "warning"): "engineering",
    ("LLMCollectorDown", "critical"): "pager",
    ("LLMCollectorDroppingData", "warning"): "engineering",
    ("LLMSpendMismatch", "warning"): "engineering",
    ("LLMLedgerFailing", "critical"): "pager",
    ("LLMMeterFailing", "warning"): "engineering",
    ("LLMRulesFailing", "warning"): "engineering",
    ("LLMAlertsNotDelivered", "critical"): "pager",
    ("LLMWatchdog", "none"): "deadman",
}


def amtool(stack: Any, *words: object) -> tuple[int, str]:
    """Exit code and output of amtool."""
    done = subprocess.run(
        [str(stack.binary("amtool")), *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def labels() -> list[dict[str, str]]:
    """The labels of every alert of the rules of the sample, with those of where it comes from."""
    made = rule_files(read_plan(SAMPLE)).values()
    groups = [group for text in made for group in yaml.safe_load(text)["groups"]]
    found = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    where = {"service_name": "web", "otel_tokens_budget": "b", "otel_tokens_window": "day", "team": "search"}
    return [{"alertname": rule["alert"], **rule["labels"], **where} for rule in found]


def test_every_alert_has_an_expected_route() -> None:
    """Each name and severity that rules can have is in the table, and nothing else."""
    assert {(each["alertname"], each["severity"]) for each in labels()} == set(EXPECTED)


@pytest.mark.parametrize(
    "alert", labels(), ids=lambda each: "-".join([*each.values()][:4]) if isinstance(each, dict) else None
)
def test_the_route_of_every_alert(stack: Any, alert: dict[str, str]) -> None:
    """Severity and category decide who is told."""
    words = [f"{name}={value}" for name, value in alert.items()]
    code, text = amtool(stack, "config", "routes", "test", f"--config.file={CONFIG}", *words)
    assert (code, text.strip()) == (0, EXPECTED[alert["alertname"], alert["severity"]])


@pytest.mark.parametrize("file", [CONFIG, EXAMPLE], ids=lambda file: file.name)
def test_the_configuration_is_valid(stack: Any, file: Path) -> None:
    """Alertmanager takes it."""
    code, text = amtool(stack, "check-config", file)
    assert (code, "SUCCESS" in text) == (0, True), text


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("receiver: engineering", "receiver: nobody"),
        ('severity="info"', 'severity=~"("'),
        ("url_file:", "url_fiel:"),
        ("active_time_intervals: [working-hours]", "active_time_intervals: [tea-time]"),
    ],
)
def test_a_broken_configuration_is_found(stack: Any, tmp_path: Path, right: str, wrong: str) -> None:
    """What Alertmanager would not take is an error."""
    text = CONFIG.read_text("utf-8")
    assert right in text
    file = tmp_path / "broken.yml"
    file.write_text(text.replace(right, wrong, 1), "utf-8")
    assert amtool(stack, "check-config", file)[0] != 0


@pytest.mark.parametrize("file", [CONFIG, EXAMPLE], ids=lambda file: file.name)
def test_no_secret_is_in_a_configuration(file: Path) -> None:
    """Whatever lets somebody in is named by a file, and each such file is described."""
    text = file.read_text("utf-8")
    keys = re.findall(r"\b(\w*(?:url|key|password|token|secret|credentials)\w*): (\S+)", text)
    assert keys
    readme = (FOLDER / "secrets" / "README.md").read_text("utf-8")
    for key, value in keys:
        assert key.endswith("_file"), key
        assert value.startswith("secrets/")
        assert f"`{value.rstrip('},').removeprefix('secrets/')}`" in readme


def test_secrets_are_ignored_by_git() -> None:
    """Only what says what belongs there is kept."""
    rows = (FOLDER / "secrets" / ".gitignore").read_text("utf-8").split()
    assert rows == ["*", "!.gitignore", "!README.md"]
