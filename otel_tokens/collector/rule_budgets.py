"""Rules that follow from budgets: thresholds, burn, forecast, and which budgets count every call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from ..budgets.budget import Budget, Plan
from .rule_template import Fill, filled, matching, quoted, template
from .rule_words import ACCOUNT, percent, plain


PACED: Final = ("day", "week", "month")
"""Windows of which it matters how they will end: shorter ones are over before somebody has read the alert."""

FORECAST_TIMES: Final = Decimal("1.05")
"""Times the limit that a forecast has to be: less is within its error."""

CRITICAL: Final = Decimal(1)
"""From this share of a limit on an alert is critical: calls are refused."""
WARNING: Final = Decimal("0.8")
"""From this share on it is a warning: there is a fifth left to act."""

SCOPED: Final = ("trace", "session")


class Pace(NamedTuple):
    """A pace at which a budget does not last, and over which windows it is looked at."""

    times: str
    """Times an even pace."""
    long: str
    """Says that it matters."""
    short: str
    """Says that it still goes on."""


class Burn(NamedTuple):
    """When an alert of burn comes."""

    severity: str
    horizon: str
    """The label that tells it from the same alert of other windows."""
    windows: str
    paces: tuple[Pace, ...]


BURNS: Final = (
    # The factors of the SRE Workbook, chapter 5: 2 % of 30 days in one hour, 5 % in 6 hours. Of a week
    # they are 9 % and 21 %.
    Burn("critical", "month", "week|month", (Pace("14.4", "1h", "5m"), Pace("6", "6h", "30m"))),
    # 10 % of a day in 15 minutes, 25 % in one hour.
    Burn("critical", "day", "day", (Pace("9.6", "15m", "5m"), Pace("6", "1h", "5m"))),
    # A tenth of a month, or 43 % of a week, in a day. The workbook's slowest pace is left to the forecast.
    Burn("warning", "month", "week|month", (Pace("3", "1d", "2h"),)),
    # A quarter of a day in 2 hours.
    Burn("warning", "day", "day", (Pace("3", "2h", "30m"),)),
)

_SECONDS: Final = {"m": 60, "h": 3600, "d": 86400}


def seconds(span: str) -> int:
    """A span such as `5m` in seconds."""
    return int(span[:-1]) * _SECONDS[span[-1]]


# Recorded series.


def current(_words: str) -> str:
    """What is spent, limited and held now."""
    return "\n\n".join(
        [
            f"""\
- record: otel_tokens:budget:{what}_{unit}
  expr: |
    max by ({ACCOUNT}) (
      otel_tokens_budget_{what}_{unit}
      unless on (job, instance, {ACCOUNT})
      (otel_tokens_budget_window_end_seconds <= time())
    )"""
            for unit in ("usd", "tokens")
            for what in ("spent", "limit", "held")
        ]
    )


def forecasts(_words: str) -> str:
    """What will have been spent when the window ends."""
    return "\n\n".join(
        [
            f"""\
- record: otel_tokens:budget:forecast_{unit}
  expr: |
    otel_tokens:budget:spent_{unit} * otel_tokens:budget:window_seconds
    / (
      otel_tokens:budget:window_seconds - otel_tokens:budget:remaining_seconds
      > 0.05 * otel_tokens:budget:window_seconds
    )"""
            for unit in ("usd", "tokens")
        ]
    )


def burns(_words: str) -> str:
    """Times an even pace, over every window that an alert looks at."""
    spans = {span for burn in BURNS for pace in burn.paces for span in (pace.long, pace.short)}
    return "\n\n".join(
        [
            f"""\
- record: otel_tokens:budget:burn{span}
  expr: |
    (
      (otel_tokens:budget:spent_usd - min_over_time(otel_tokens:budget:spent_usd[{span}30s]))
      / (otel_tokens:budget:limit_usd > 0)
      or (otel_tokens:budget:spent_tokens - min_over_time(otel_tokens:budget:spent_tokens[{span}30s]))
      / (otel_tokens:budget:limit_tokens > 0)
    ) * otel_tokens:budget:window_seconds / {seconds(span)}"""
            for span in sorted(spans, key=seconds)
        ]
    )


# Alerts.


def burn_alerts(fills: Mapping[str, Fill]) -> str:
    """One alert for each kind of window and each severity."""
    return "\n\n".join([_burn_alert(burn, fills) for burn in BURNS])


def _burn_alert(burn: Burn, fills: Mapping[str, Fill]) -> str:
    conditions = [_too_fast(burn.windows, pace) for pace in burn.paces]
    limits = " or ".join([f"{pace.times} times over {pace.long}" for pace in burn.paces])
    return filled(
        template("burn.yaml"),
        {
            **fills,
            "condition": lambda _: "\nor ".join(conditions),
            "severity": lambda _: burn.severity,
            "horizon": lambda _: burn.horizon,
            "limits": lambda _: limits,
        },
    ).rstrip()


def _too_fast(windows: str, pace: Pace) -> str:
    long, short = f"otel_tokens:budget:burn{pace.long}", f"otel_tokens:budget:burn{pace.short}"
    return f"""\
(
  {long}{{otel_tokens_window=~"{windows}",otel_tokens_scope!~"max:.*"}} > {pace.times}
  and {short} > {pace.times}
  and {long} * otel_tokens:budget:remaining_seconds / otel_tokens:budget:window_seconds
    + otel_tokens:budget:used_ratio > 1
  and otel_tokens:budget:used_ratio < 1
)"""


class _Step(NamedTuple):
    """What one alert tells of."""

    share: Decimal
    severity: str
    action: str
    """Of the budgets; empty where it is not known."""


def thresholds(plan: Plan, fills: Mapping[str, Fill]) -> str:
    """One alert for each share that some budget states; budgets that are in no file have the usual ones."""
    conditions: dict[_Step, dict[tuple[str, str], list[str]]] = {}
    for budget in plan.budgets:
        is_scoped = budget.per is not None or budget.window in SCOPED
        for step, scope, below in _ladder(budget.alert_at, budget.action, is_scoped=is_scoped):
            conditions.setdefault(step, {}).setdefault((scope, below), []).append(budget.name)
    made = [
        _threshold(
            step,
            [
                _condition(step, below, f"otel_tokens_budget=~{matching(names)}", scope)
                for (scope, below), names in found.items()
            ],
            fills,
        )
        for step, found in sorted(conditions.items())
    ]
    known = [budget.name for budget in plan.budgets]
    rest = f"otel_tokens_budget!~{matching(known)}" if known else ""
    usual: dict[_Step, list[str]] = {}
    for step, scope, below in _ladder(Budget(name="", limit=1).alert_at, "", is_scoped=True):
        usual.setdefault(step, []).append(_condition(step, below, rest, scope))
    return "\n\n".join(made + [_threshold(step, found, fills) for step, found in usual.items()])


def _ladder(shares: Sequence[Decimal], action: str, *, is_scoped: bool) -> Iterable[tuple[_Step, str, str]]:
    """Each share with its severity, whose accounts it is for, and the share up to which it is told of.

    A share is told of until the next one of its severity is reached; one of a higher severity inhibits it.
    """
    for of_one in (False, True) if is_scoped else (False,):
        scope = f'otel_tokens_scope{"=~" if of_one else "!~"}"max:.*"'
        severities = [_severity(share, of_one=of_one) for share in shares]
        for at, (share, severity) in enumerate(zip(shares, severities, strict=True)):
            is_last = severity not in severities[at + 1 :]
            yield _Step(share, severity, action), scope, "" if is_last else f" < {shares[at + 1]:f}"


def _severity(share: Decimal, *, of_one: bool) -> str:
    """What a share is worth. One user or trace at its limit is the cap at work, and nobody's emergency."""
    if share >= CRITICAL:
        return "warning" if of_one else "critical"
    return "warning" if share >= WARNING and not of_one else "info"


def _condition(step: _Step, below: str, *matchers: str) -> str:
    chosen = ",".join([each for each in matchers if each])
    return f"otel_tokens:budget:used_ratio{{{chosen}}} >= {step.share:f}{below}"


def _threshold(step: _Step, conditions: Sequence[str], fills: Mapping[str, Fill]) -> str:
    return filled(
        template("threshold.yaml"),
        {
            **fills,
            "condition": lambda _: "\nor ".join(conditions),
            "severity": lambda _: step.severity,
            "percents": lambda _: quoted(plain(step.share * 100)),
            "share": lambda _: percent(step.share),
            "action": lambda _: f", action: {step.action}" if step.action else "",
            "consequence": lambda _: _consequence(step.action, is_reached=step.share >= CRITICAL),
        },
    ).rstrip()


def _consequence(action: str, *, is_reached: bool) -> str:
    if action == "warn":
        return 'The budget only warns (action = "warn"): calls go on.'
    unless = "" if action else ", unless the budget only warns"
    if is_reached:
        return f"Calls that do not fit are refused until the window ends or the limit is raised{unless}."
    return f"At the limit calls are refused{unless}."


def complete(budgets: Sequence[Budget], fills: Mapping[str, Fill]) -> str:
    """The check of budgets that count every call against counters that have seen more; empty without one."""
    names = [
        budget.name
        for budget in budgets
        if budget.unit == "usd"
        and not budget.match
        and budget.per is None
        and budget.window not in ("minute", "hour", *SCOPED)
    ]
    if not names:
        return ""
    return filled(template("complete.yaml"), {**fills, "names": lambda _: matching(names)}).rstrip()
