"""The rules that are made of templates and of a budget file."""

from __future__ import annotations

import re

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from otel_tokens.budgets.alerts import AlertSettings
from otel_tokens.budgets.budget import Budget, Plan, RunawaySettings
from otel_tokens.budgets.file import plan_of
from otel_tokens.collector.rules import FILES, joined, rule_files
from otel_tokens.errors import ConfigError
from otel_tokens.telemetry import names


RULES = Path(__file__).parents[2] / "collector" / "prometheus" / "rules"
AWKWARD = (
    'quo"te',
    "back\\slash",
    "{{ .Boom }}",
    "Übung 🚀",
    "a|b.*",
    "new\nline",
    "next\x85line",
    "<<end>>",
    "'",
)


def rules(plan: Plan | None = None, **more: Any) -> list[dict[str, Any]]:
    """Every rule, in order."""
    made = rule_files(plan or Plan(), **more)
    return [
        rule for text in made.values() for group in yaml.safe_load(text)["groups"] for rule in group["rules"]
    ]


def alerts(name: str, plan: Plan | None = None) -> list[dict[str, Any]]:
    """The rules of one alert."""
    return [rule for rule in rules(plan) if rule.get("alert") == name]


def told(*budgets: Budget) -> set[tuple[str, str, str]]:
    """Severity, share and condition of every threshold of budgets that the file states."""
    return {
        (rule["labels"]["severity"], rule["labels"]["threshold"], condition.strip())
        for rule in alerts("LLMBudgetThreshold", Plan(budgets=budgets))
        for condition in rule["expr"].split("\nor ")
        if "otel_tokens_budget=~" in condition
    }


def budget(name: str = "b", **more: Any) -> Budget:
    """A budget of one dollar."""
    return Budget(name=name, limit=10**12, **more)


@pytest.mark.skipif(not RULES.exists(), reason="only in the source tree")
@pytest.mark.parametrize("name", FILES)
def test_the_rules_in_the_tree_are_the_default_ones(name: str) -> None:
    """`otel-tokens collector rules` without a budget file makes what is checked in."""
    assert (RULES / name).read_text("utf-8") == rule_files(Plan())[name]


def test_every_share_that_a_budget_states_is_told() -> None:
    """From the limit on an alert is critical, from four fifths a warning, below it is for information."""
    used = 'otel_tokens:budget:used_ratio{otel_tokens_budget=~"b",otel_tokens_scope!~"max:.*"}'
    assert told(budget(alert_at=(Decimal("0.25"), Decimal("0.8"), Decimal(1)))) == {
        ("info", "25", f"{used} >= 0.25"),
        ("warning", "80", f"{used} >= 0.8"),
        ("critical", "100", f"{used} >= 1"),
    }


def test_of_one_severity_only_the_highest_share_is_told() -> None:
    """Each step of a severity ends where its next one begins."""
    used = 'otel_tokens:budget:used_ratio{otel_tokens_budget=~"b",otel_tokens_scope!~"max:.*"}'
    assert told(budget(alert_at=(Decimal("0.8"), Decimal("0.95"), Decimal(1), Decimal("1.5")))) == {
        ("warning", "80", f"{used} >= 0.8 < 0.95"),
        ("warning", "95", f"{used} >= 0.95"),
        ("critical", "100", f"{used} >= 1 < 1.5"),
        ("critical", "150", f"{used} >= 1.5"),
    }


@pytest.mark.parametrize("more", [{"per": "user.id"}, {"window": "trace"}, {"window": "session"}])
def test_one_of_many_at_its_limit_calls_nobody(more: dict[str, Any]) -> None:
    """Where each user, trace or session has a count, the fullest of them is worth one severity less."""
    found = told(budget(alert_at=(Decimal("0.8"), Decimal(1)), **more))
    assert {(severity, share) for severity, share, condition in found if '=~"max:' in condition} == {
        ("info", "80"),
        ("warning", "100"),
    }


def test_budgets_of_the_same_shares_share_a_rule() -> None:
    """A file of a hundred budgets makes no hundred rules, and no two rules have the same labels."""
    budgets = tuple([budget(f"b{number}", action=action) for number in range(50) for action in ("warn",)])
    plan = Plan(budgets=(*budgets, budget("c"), budget("d", alert_at=())))
    found = alerts("LLMBudgetThreshold", plan)

    assert [tuple(rule["labels"].values()) for rule in found] == [
        *dict.fromkeys([tuple(rule["labels"].values()) for rule in found])
    ]
    assert {rule["labels"].get("action") for rule in found} == {"warn", "block", None}


def test_budgets_of_the_file_are_not_told_of_twice() -> None:
    """The usual shares are for budgets that are in no file; one without alerts has none."""
    plan = Plan(budgets=(budget("a.b"), budget("quiet", alert_at=())))
    usual = [rule for rule in alerts("LLMBudgetThreshold", plan) if "action" not in rule["labels"]]

    assert usual
    for rule in usual:
        assert 'otel_tokens_budget!~"a\\.b|quiet"' in rule["expr"].replace("\\\\", "\\")


def test_what_happens_at_the_limit_is_said() -> None:
    """Whether calls are refused is the budget's `action`."""
    plan = Plan(budgets=(budget("stops"), budget("warns", action="warn")))
    said = {
        rule["labels"].get("action"): rule["annotations"]["description"]
        for rule in alerts("LLMBudgetThreshold", plan)
        if rule["labels"]["threshold"] == "100"
    }

    assert said["block"] == "Calls that do not fit are refused until the window ends or the limit is raised."
    assert said["warn"] == 'The budget only warns (action = "warn"): calls go on.'
    assert said[None].endswith("unless the budget only warns.")


def test_awkward_names_are_only_names() -> None:
    """Whatever a budget is called, the files are YAML, and templates of alerts do not contain it."""
    plan = Plan(budgets=tuple([budget(name, per="user.id") for name in AWKWARD]))
    for rule in rules(plan):
        texts = rule.get("annotations", {}).values()
        assert not [name for name in AWKWARD if len(name) > 1 and any(name in text for text in texts)]
    conditions = alerts("LLMBudgetThreshold", plan)[0]["expr"]
    assert "\\u000a" in conditions
    assert "\\u0085" in conditions
    assert "\n" not in conditions.strip().split("\nor ")[0]


def test_runaways_have_the_numbers_of_their_detectors() -> None:
    """What the detectors in programs look for is what alerts look for."""
    plan = Plan(
        runaway=RunawaySettings(
            action="block",
            repeats=50,
            calls_per_trace=700,
            velocity=Decimal("7.5"),
            velocity_floor=2 * 10**12,
        )
    )
    past = alerts("LLMRunawayInstance", plan)[1]
    assert "> 7.5 * quantile_over_time(0.5" in past["expr"]
    assert "increase5m > 10\n" in past["expr"]
    assert past["annotations"]["description"].endswith("The detector in the program refuses them.")
    assert "> 700\n" in alerts("LLMCallsPerTrace", plan)[0]["expr"]
    assert alerts("LLMRepeatedPrompts", plan)[0]["expr"].endswith("> 10\n")


def test_detectors_that_are_off_make_no_alert() -> None:
    """A number that is 0 switches its alert off; repeats are told of all the same."""
    off = RunawaySettings(action="off", repeats=0, calls_per_trace=0, velocity=Decimal(0))
    plan = Plan(runaway=off)

    assert [rule["labels"]["measure"] for rule in alerts("LLMRunawayInstance", plan)] == ["peers"]
    assert "or otel" not in alerts("LLMCallsPerTrace", plan)[0]["expr"]
    assert "switched off" in alerts("LLMRepeatedPrompts", plan)[0]["annotations"]["description"]


def test_budgets_that_count_every_call_are_checked_both_ways() -> None:
    """Only of a budget in USD without conditions it is known that it has to see what counters see."""
    plan = Plan(
        budgets=(
            budget("all", window="month"),
            budget("some", match={"team": "search"}),
            budget("each", per="team"),
            budget("hour", window="hour"),
            Budget(name="tokens", limit=5, unit="tokens"),
        )
    )
    counters, ledger = alerts("LLMSpendMismatch", plan)
    assert [counters["labels"]["measure"], ledger["labels"]["measure"]] == ["counters", "ledger"]
    assert '{otel_tokens_budget=~"all"}' in ledger["expr"]
    assert len(alerts("LLMSpendMismatch")) == 1


def test_labels_and_lookback() -> None:
    """Labels are spelled as Prometheus spells them; the lookback stands in every increase."""
    made = rule_files(Plan(), ["team", "app.feature", "team"], "2d")
    assert (
        "(service_name, deployment_environment_name, team, app_feature, gen_ai_provider" in made["spend.yaml"]
    )
    assert "[1d] offset" not in made["spend.yaml"]
    assert "[2d] offset 5m" in made["spend.yaml"]


@pytest.mark.parametrize("lookback", ["", "1", "5m", "0d", "1d}"])
def test_a_wrong_lookback_is_refused(lookback: str) -> None:
    """It has to be hours, days or weeks."""
    with pytest.raises(ConfigError, match="--lookback"):
        rule_files(Plan(), lookback=lookback)


def test_a_label_without_a_name_is_refused() -> None:
    """Nothing is left of some names."""
    with pytest.raises(ConfigError, match="--labels"):
        rule_files(Plan(), ["é"])


def test_one_file_has_all_rules() -> None:
    """What is printed is one file of rules."""
    whole = yaml.safe_load(joined(rule_files(Plan())))
    assert sum(len(group["rules"]) for group in whole["groups"]) == len(rules())


def test_every_number_of_the_settings_is_in_the_rules() -> None:
    """No setting of `[alerts]` is without effect."""
    usual = "".join(rule_files(Plan()).values())
    for name in AlertSettings.__dataclass_fields__:
        value = "https://grafana.example.com" if name == "dashboards_url" else 977
        changed = Plan(alerts=AlertSettings(**{name: value}))
        assert "".join(rule_files(changed).values()) != usual, name


def test_the_settings_of_the_file_are_the_default_ones() -> None:
    """An empty `[alerts]` changes nothing, and every key may be stated."""
    assert plan_of("[alerts]", "f").alerts == AlertSettings()
    stated = plan_of(
        '[alerts]\ndashboards_url = "https://g.example/x/"\nspike_floor_usd = 0.5\nwaste_share = "30%"\n'
        "price_age_days = 10\nspike_times = 2",
        "f",
    ).alerts
    assert stated == AlertSettings(
        dashboards_url="https://g.example/x",
        spike_floor_usd=Decimal("0.5"),
        waste_share=Decimal("0.3"),
        price_age_days=10,
        spike_times=Decimal(2),
    )


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("spike_floor = 5", "unknown key: 'spike_floor'; accepted: .*did you mean spike_floor_usd"),
        ("spike_times = 0.5", "out of range: 0.5; accepted: 1 to 1000000 times"),
        ("waste_share = 20", 'out of range: 20; accepted: above 0, up to 1: "20%" or 0.2'),
        ("price_age_days = 0", "not a whole number in range: 0; accepted: 1 to 3650"),
        ("spike_floor_usd = -1", "out of range: -1; accepted: USD from 0"),
        ('dashboards_url = "grafana"', "not the address of a web page: 'grafana'"),
        ('dashboards_url = "http://x/{{ 1 }}"', "not the address of a web page"),
    ],
)
def test_a_wrong_setting_is_refused(row: str, problem: str) -> None:
    """The message has the file, the line, the value and what is accepted."""
    with pytest.raises(ConfigError, match=rf"f\.toml:2: alerts.*{problem}"):
        plan_of(f"[alerts]\n{row}\n", "f.toml")


def test_rules_name_only_metrics_that_exist() -> None:
    """Every series of ours that a rule reads is emitted or recorded."""
    emitted = {
        value.replace(".", "_")
        for value in vars(names).values()
        if isinstance(value, str) and "otel" in value
    } | {name.replace(".", "_") for name in names.METRIC_BUDGETS.values()}
    found = rules()
    recorded = {rule["record"] for rule in found if "record" in rule}
    for rule in found:
        for name in re.findall(r"otel_tokens:[a-z0-9_:]+", rule["expr"]):
            assert name in recorded, name
        for name in re.findall(r"\botel_tokens_[a-z_]+", rule["expr"]):
            plain = re.sub(r"_(total|seconds|count)$", "", name)
            assert {name, plain} & emitted or name == "otel_tokens_source", name


def test_every_alert_says_what_it_has_to() -> None:
    """Severity, category, summary, description, and where to read on."""
    for rule in [rule for rule in rules() if "alert" in rule]:
        assert rule["alert"].startswith("LLM")
        assert rule["labels"]["severity"] in ("critical", "warning", "info", "none")
        assert rule["labels"]["category"]
        said = rule["annotations"]
        assert set(said) == {"summary", "description", "runbook_url", "dashboard_url"}
        assert "$value" in said["summary"] or rule["alert"] == "LLMCollectorDown"
        assert said["runbook_url"].endswith(f"/collector/README.md#{rule['alert'].lower()}")
        assert re.match(
            r"http://127.0.0.1:3000/d/otel-tokens-(spend|budgets|anomalies|pipeline)\b", said["dashboard_url"]
        )
