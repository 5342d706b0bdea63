"""Recording and alerting rules for Prometheus, made of templates and the numbers of a budget file."""

from __future__ import annotations

import re

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from ..budgets.alerts import AlertSettings
from ..budgets.budget import Plan, RunawaySettings, in_units
from ..errors import ConfigError
from ..readings import CACHE_READ_BUCKETS, INPUT_BUCKETS
from . import rule_budgets
from .rule_template import Fill, filled, label_of, template
from .rule_words import ACCOUNT, KEYS, amounts, dollars, looked_up, percent, plain, runbook, usd


FILES: Final = ("spend.yaml", "budgets.yaml", "anomalies.yaml", "pipeline.yaml")
LABELS: Final = ("team",)
LOOKBACK: Final = "1d"

_HEAD: Final = (
    "# Made by `otel-tokens collector rules`. Change the budget file or the templates, and make it anew.\n\n"
)
_SPAN: Final = re.compile(r"[1-9][0-9]{0,3}[hdw]")
_WHO: Final = ("service_name", "deployment_environment_name")
_WHAT: Final = ("gen_ai_provider_name", "gen_ai_response_model")
_FIFTH: Final = 5
_MINUTES: Final = 5
"""A process is looked at over so many minutes; the detector in it looks at one."""


def rule_files(plan: Plan, labels: Sequence[str] = LABELS, lookback: str = LOOKBACK) -> dict[str, str]:
    """The text of every rule file by its name.

    `labels` tell spenders apart beside service and environment. After `lookback` of silence a process is
    taken for a new one.

    Raises:
        ConfigError: `lookback` is no span of time, or a label has no name.
    """
    fills = _fills(plan, labels, lookback)
    return {name: _HEAD + filled(template(name), fills) for name in FILES}


def joined(made: Mapping[str, str]) -> str:
    """All rule files as one."""
    parts = [text.removeprefix(_HEAD).replace("groups:\n", "", 1) for text in made.values()]
    return f"{_HEAD}groups:\n" + "\n".join(parts)


def _fills(plan: Plan, labels: Sequence[str], lookback: str) -> dict[str, Fill]:
    if not _SPAN.fullmatch(lookback):
        raise ConfigError(f"--lookback {lookback!r}: expected hours, days or weeks, such as 1d")
    names = list(dict.fromkeys([*_WHO, *map(label_of, labels)]))
    if not all(name.strip("_") for name in names):
        raise ConfigError(f"--labels {','.join(labels)!r}: expected names such as team,feature")
    who = ", ".join(names)
    alerts = plan.alerts
    fills = {
        **_numbers(alerts),
        "account": lambda _: ACCOUNT,
        "who_labels": lambda _: who,
        "spend_labels": lambda _: ", ".join([who, *_WHAT]),
        "lookback": lambda _: lookback,
        "increase": lambda words: _increase(*words.split(" ", 1), lookback=lookback),
        "growth": lambda words: _growth(*words.split(" ", 2), lookback=lookback),
        "input_buckets": lambda _: "|".join(sorted(INPUT_BUCKETS)),
        "cached_buckets": lambda _: "|".join(sorted(CACHE_READ_BUCKETS)),
        "paced": lambda _: "|".join(rule_budgets.PACED),
        "forecast_times": lambda _: plain(rule_budgets.FORECAST_TIMES),
        "current": rule_budgets.current,
        "forecasts": rule_budgets.forecasts,
        "burns": rule_budgets.burns,
        **_texts(alerts, {**KEYS, "who": tuple(names)}),
    }
    return {
        **fills,
        "burn_alerts": lambda _: rule_budgets.burn_alerts(fills),
        "thresholds": lambda _: rule_budgets.thresholds(plan, fills),
        "complete_budgets": lambda _: rule_budgets.complete(plan.budgets, fills),
        **_runaway(plan.runaway, fills),
    }


def _increase(window: str, series: str, *, lookback: str) -> str:
    """By how much each series has grown: what is new, or has begun again, counts whole."""
    now = f"last_over_time({series}[{window}])"
    return f"({now} - last_over_time({series}[{lookback}] offset {window}) >= 0)\nor {now}"


def _growth(window: str, labels: str, series: str, *, lookback: str) -> str:
    """The same of sums of several series that one program keeps, and that begin again together."""
    by = labels.replace(",", ", ")
    now = f"sum by ({by}) (last_over_time({series}[{window}]))"
    before = f"sum by ({by}) (last_over_time({series}[{lookback}] offset {window}))"
    return f"(\n  ({now} - {before} >= 0)\n  or {now}\n)"


def _numbers(alerts: AlertSettings) -> dict[str, Fill]:
    """Every number of the settings under its own name."""
    numbers: dict[str, Decimal] = {
        name: Decimal(value)
        for name in AlertSettings.__dataclass_fields__
        if not isinstance(value := getattr(alerts, name), str)
    }
    return {
        **{name: lambda _, number=number: plain(number) for name, number in numbers.items()},  # type: ignore[misc]
        "percent": lambda name: percent(numbers[name]),
        "usd_text": lambda name: dollars(numbers[name]),
    }


def _texts(alerts: AlertSettings, keys: Mapping[str, tuple[str, ...]]) -> dict[str, Fill]:
    """What alerts say."""

    def with_series(words: str) -> str:
        series, key = words.split()
        return looked_up(series, keys[key])

    return {
        "budget": lambda _: (
            "{{ $labels.otel_tokens_budget }} "
            "({{ $labels.otel_tokens_window }}, {{ $labels.otel_tokens_scope }})"
        ),
        "amounts": amounts,
        "usd": usd,
        "with": with_series,
        "end": lambda _: "{{ end }}",
        "runbook": runbook,
        "dashboard": lambda words: _dashboard(alerts.dashboards_url, *words.split()),
    }


def _dashboard(url: str, board: str, *variables: str) -> str:
    """The address of a dashboard that shows what the alert is about."""
    chosen = [variable.partition("=") for variable in variables]
    values = "&".join([f"var-{name}={{{{ $labels.{label} | urlquery }}}}" for name, _, label in chosen])
    return f"'{url}/d/otel-tokens-{board}{'?' if values else ''}{values}'"


def _runaway(settings: RunawaySettings, fills: Mapping[str, Fill]) -> dict[str, Fill]:
    """What follows from the detectors in the programs: their numbers are those of the alerts."""
    off = settings.action == "off"
    does = {"block": "refuses them", "warn": "only warns", "off": "is switched off"}[settings.action]
    floor = in_units(settings.velocity_floor, "usd") * _MINUTES
    repeats = settings.repeats or RunawaySettings().repeats
    own = {
        **fills,
        "velocity": lambda _: plain(settings.velocity),
        "velocity_floor": lambda _: plain(floor),
        "usd_text": lambda _: dollars(floor),
        "breaker": lambda _: f"The detector in the program {does}.",
    }
    calls = settings.calls_per_trace
    return {
        "velocity": lambda _: filled(template("velocity.yaml"), own).rstrip() if settings.velocity else "",
        "repeats_floor": lambda _: str(max(1, repeats // _FIFTH)),
        "repeats_text": lambda _: (
            "The detector in the program is switched off."
            if off or not settings.repeats
            else f"At {settings.repeats} in a row the detector in the program {does}."
        ),
        "calls_limit": lambda _: f"or otel_tokens:calls_per_trace:ratio1h > {calls}" if calls else "",
        "calls_limit_text": lambda _: f", and {calls} at most" if calls else "",
    }
