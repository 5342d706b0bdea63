"""Every alert fires for its cause, reaches who has to know, and ends: in real programs, in compressed time.

Processes -> collector -> Prometheus -> Alertmanager -> webhook. All durations of rules and routes are divided
by 120: a day takes 12 minutes, and processes export twice a second instead of once a minute.
"""

from __future__ import annotations

import re

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.stack import HERE, Stack

from . import compressed
from .play import play
from .scene import SILENCE_S, Scene
from .table import MUTED, ROWS


RULES = HERE / "prometheus" / "rules"
ROUTES = HERE / "alertmanager" / "alertmanager.yml"
NO_ENDS = {"digest", "deadman"}
"""Receivers that are not told of ends."""


@pytest.fixture(scope="module")
def scene(whole: Stack) -> Iterator[Scene]:
    """The whole scene, once: calm, all causes, their ends; at last each of the programs themselves fails."""
    made = Scene(whole)
    try:
        made.start()
        play(made)
        yield made
    finally:
        made.stop()


def test_every_alerting_rule_has_a_cause() -> None:
    """No rule is left out, and no row is about a rule that there is not."""
    rules = {(one["alert"], *sorted(one["labels"].items())) for one in alerting()}
    found = {row: [rule for rule in rules if is_of(rule, ROWS[row].labels)] for row in ROWS}
    assert {row: len(fit) for row, fit in found.items()} == dict.fromkeys(ROWS, 1)
    assert {rule for fit in found.values() for rule in fit} == rules


def alerting() -> list[dict[str, Any]]:
    """Every alerting rule."""
    rules = [rule for one in compressed.groups(RULES) for rule in one["rules"]]
    return [rule for rule in rules if "alert" in rule]


def is_of(rule: tuple[Any, ...], labels: Mapping[str, str]) -> bool:
    """Whether an alert with these labels, which may be some only, can come from a rule."""
    name, *static = rule
    return labels["alertname"] == name and all(labels.get(key, value) == value for key, value in static)


def test_only_durations_are_divided(tmp_path: Path) -> None:
    """The rules that run here are the generated ones: all that differs is durations, and all of these do."""
    compressed.rules(RULES, tmp_path)
    pairs = list(zip(compressed.groups(RULES), compressed.groups(tmp_path), strict=True))
    assert len(pairs) > 5
    for real, run in pairs:
        if real["name"] == compressed.CALENDAR:
            assert run == real
            continue
        assert bare(run) == bare(real)
        assert durations(run) == pytest.approx(
            [each / compressed.FACTOR for each in durations(real)], abs=0.5
        )
        assert not SECONDS.search(str(bare(real)).replace(PRICE_AGE, ""))


SECONDS = re.compile(r"\b(900|1800|3600|7200|21600|86400|604800)\b")
"""What is left in a query some of whose durations are not known."""

PRICE_AGE = "otel_tokens_price_age_seconds) > 45 * 86400"
"""How old real prices are does not depend on how fast the scene is played."""


def bare(group: Mapping[str, Any]) -> dict[str, Any]:
    """A group of rules without its durations."""
    rules = [
        {**rule, **dict.fromkeys(compressed.WAITS & rule.keys()), "expr": compressed.shape(rule["expr"])}
        for rule in group["rules"]
    ]
    return {**group, "interval": None, "rules": rules}


def durations(group: Mapping[str, Any]) -> list[float]:
    """All durations of a group of rules, in milliseconds."""
    found: list[float] = [compressed.milliseconds(group["interval"])]
    for rule in group["rules"]:
        found += [compressed.milliseconds(rule[key]) for key in sorted(compressed.WAITS & rule.keys())]
        found += compressed.durations(rule["expr"])
    return found


def test_the_calendar_is_left_out() -> None:
    """What is not divided is not looked at by any alert."""
    calendar = [one for one in compressed.groups(RULES) if one["name"] == compressed.CALENDAR]
    recorded = {rule["record"] for one in calendar for rule in one["rules"]}
    others = [one for one in compressed.groups(RULES) if one["name"] != compressed.CALENDAR]
    used = " ".join(rule["expr"] for one in others for rule in one["rules"])
    assert recorded
    assert not [name for name in recorded if name in used]


def test_only_durations_and_hours_of_routes_differ() -> None:
    """The routes that run here are those of the tree, but for durations and working hours."""
    real = yaml.safe_load(ROUTES.read_text("utf-8"))
    run = yaml.safe_load(compressed.routes(ROUTES.read_text("utf-8")))
    assert run.pop("time_intervals") != real.pop("time_intervals")
    assert without_waits(run) == without_waits(real)
    assert run != real


def without_waits(part: Any) -> Any:
    """A part of the routes without its durations."""
    if isinstance(part, dict):
        return {key: without_waits(value) for key, value in part.items() if key not in ROUTE_WAITS}
    return [without_waits(each) for each in part] if isinstance(part, list) else part


ROUTE_WAITS = {"group_wait", "group_interval", "repeat_interval"}


BUSY = {"LLMRulesFailing"}
"""True, where this machine does not come to a group of rules in half a second."""


def test_calm(scene: Scene) -> None:
    """Before any cause nothing fires but what always does, and nobody is told of anything else."""
    odd = [labels for labels in scene.calm if labels["alertname"] not in BUSY]
    assert {labels["alertname"] for labels in odd} == {"LLMWatchdog"}, odd


@pytest.mark.parametrize("row", ROWS)
def test_fires(scene: Scene, row: str) -> None:
    """The alert reaches exactly who has to know, and says what it is about."""
    expected = ROWS[row]
    told = scene.people.about(expected.labels, "firing")
    assert told.keys() == expected.to
    for each in told.values():
        assert re.search(expected.says, each.summary), each.summary


@pytest.mark.parametrize("row", [row for row in ROWS if row != "LLMWatchdog"])
def test_ends(scene: Scene, row: str) -> None:
    """After its cause the alert ends, and who was told of it hears that, but for what is only collected."""
    outcome = scene.outcomes[row]
    assert outcome.told.keys() >= ROWS[row].to, "it has not been told of"
    assert outcome.gone
    assert outcome.resolved.keys() == ROWS[row].to - NO_ENDS


def test_the_watchdog_is_told_of_until_prometheus_ends(scene: Scene) -> None:
    """What always fires comes again and again, and stops with the alerting that it stands for."""
    told = [each.at for each in scene.people.told if each.receiver == "deadman"]
    assert len(told) > 100
    assert scene.watchdog_silent_s > SILENCE_S


@pytest.mark.parametrize("name", MUTED)
def test_one_incident_is_one_page(scene: Scene, name: str) -> None:
    """An alert that another one explains fires, and nobody is told while that one does."""
    assert scene.mutings[name].fired
    assert scene.mutings[name].told == {}


SLOW_START = "silence without a collector"
"""Not asked about: a collector starts in seconds, more minutes of these rules than the mute lasts."""
FOR_GOOD = [name for name in MUTED if not name.startswith("slow burn") and name != SLOW_START]


@pytest.mark.parametrize("name", FOR_GOOD)
def test_what_is_explained_is_not_told_of_later(scene: Scene, name: str) -> None:
    """Nobody is told of it either when what explains it is over."""
    assert not scene.people.about(MUTED[name], "firing")
