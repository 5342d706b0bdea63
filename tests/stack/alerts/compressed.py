"""The rules and routes of the tree with their durations divided, so that a day takes 12 minutes."""

from __future__ import annotations

import json
import re

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml


FACTOR: Final = 120
MINUTE: Final = 60 / FACTOR
"""A minute of the rules, in seconds."""

CALENDAR: Final = "otel_tokens_calendar"
"""Days and months of the calendar cannot be divided. No alert looks at what this group records."""

WAITS: Final = frozenset({"for", "keep_firing_for"})
"""Durations of an alert beside its query."""

_RANGE: Final = re.compile(r"(?<=\[)[0-9a-z]+(?::[0-9a-z]+)?(?=\])")
_OFFSET: Final = re.compile(r"(?<=offset )[0-9a-z]+")
_SECONDS: Final = re.compile(r"(?<=window_seconds / )[\d.]+$|(?<=remaining_seconds < )[\d.]+", re.MULTILINE)
"""Numbers of a query that divide seconds or are compared with them. The age of prices is real: it is left."""
_PART: Final = re.compile(r"(\d+)(ms|[smhdw])")
_MS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_HOURS: Final = re.compile(r"weekdays: .*\n +times: .*")


def milliseconds(duration: str) -> int:
    """A duration such as `1h30m`."""
    return sum(int(number) * _MS[unit] for number, unit in _PART.findall(duration))


def divided(duration: str) -> str:
    """The same duration, divided."""
    return f"{round(milliseconds(duration) / FACTOR)}ms"


def _span(found: re.Match[str]) -> str:
    return ":".join(map(divided, found[0].split(":")))


def _number(found: re.Match[str]) -> str:
    return f"{int(found[0]) / FACTOR:g}"


def expression(text: str) -> str:
    """A query whose ranges, offsets and seconds are divided."""
    return _SECONDS.sub(_number, _OFFSET.sub(_span, _RANGE.sub(_span, text)))


def shape(text: str) -> str:
    """A query without its durations: what dividing leaves as it is."""
    return _SECONDS.sub("T", _OFFSET.sub("T", _RANGE.sub("T", text)))


def durations(text: str) -> list[float]:
    """The durations in a query, in milliseconds."""
    words = [word for found in (*_RANGE.findall(text), *_OFFSET.findall(text)) for word in found.split(":")]
    return [*map(milliseconds, words), *(1000 * float(found) for found in _SECONDS.findall(text))]


def rule(one: Mapping[str, Any]) -> dict[str, Any]:
    """A rule with its durations divided."""
    waits = {key: divided(one[key]) for key in WAITS & one.keys()}
    return {**one, "expr": expression(one["expr"]), **waits}


def group(one: Mapping[str, Any]) -> dict[str, Any]:
    """A group of rules with its durations divided, all but that of the calendar."""
    if one["name"] == CALENDAR:
        return dict(one)
    return {**one, "interval": divided(one["interval"]), "rules": [rule(each) for each in one["rules"]]}


def rules(source: Path, target: Path) -> None:
    """Every rule file of one folder in another one, with its durations divided."""
    target.mkdir(parents=True, exist_ok=True)
    for file in source.glob("*.yaml"):
        groups = [group(one) for one in yaml.safe_load(file.read_text("utf-8"))["groups"]]
        (target / file.name).write_text(json.dumps({"groups": groups}, indent=1), "utf-8")


def groups(folder: Path) -> list[dict[str, Any]]:
    """All groups of rules in a folder, in the order of its files."""
    files = sorted(folder.glob("*.yaml"))
    return [one for file in files for one in yaml.safe_load(file.read_text("utf-8"))["groups"]]


def routes(text: str) -> str:
    """The configuration of Alertmanager with its durations divided, at work day and night.

    Groups wait a second at least: on a busy machine a cause takes that long to mute what follows from it.
    """
    text = re.sub(r"(?<=group_wait: )(?!0s)\S+", lambda found: _wait(found[0]), text)
    text = re.sub(r"(?<=_interval: )\S+", _span, text)
    return _HOURS.sub("times: [{start_time: '00:00', end_time: '24:00'}]", text)


def _wait(duration: str) -> str:
    return f"{max(1000, round(milliseconds(duration) / FACTOR))}ms"
