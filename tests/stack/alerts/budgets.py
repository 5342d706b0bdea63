"""What happens to budgets: of simulated ledgers, and of a real one under a real program."""

from __future__ import annotations

import time

from collections.abc import Mapping
from typing import Final

from otel_tokens.telemetry import names

from .compressed import FACTOR
from .scene import Cause, Scene, Step, nothing
from .sources import LIMIT, SPENT, Source


DAY_S: Final = 86_400 / FACTOR
MONTH_S: Final = 30 * DAY_S


def labels(budget: str, window: str, scope: str = "global") -> dict[str, str]:
    """The labels of one count of a budget."""
    return {names.BUDGET: budget, names.WINDOW: window, names.SCOPE_LABEL: scope}


def budget(source: Source, of: Mapping[str, str], spent: float, limit: float) -> None:
    """Let a ledger know a budget."""
    source.put(SPENT, spent, of)
    source.put(LIMIT, limit, of)


def window(source: Source, of: Mapping[str, str], seconds: float, gone: float) -> None:
    """Let its window be so long, and so much of it be over."""
    start = time.time() - gone * seconds
    source.put(names.METRIC_WINDOW_START, start, of)
    source.put(names.METRIC_WINDOW_END, start + seconds, of)


def thresholds(scene: Scene, source: Source) -> list[Cause]:
    """A budget that is passed at once, and single users on their way."""
    found = []
    for name, scope, calm, spent, limit, row, muted in (
        ("jump", "global", 2, 10.5, 10, "LLMBudgetThreshold all at once", ["80 % at 105 %", "50 % at 105 %"]),
        ("user50", "max:user.id", 0, 0.3, 0.5, "LLMBudgetThreshold 50 of one user", []),
        ("user80", "max:user.id", 0, 0.42, 0.5, "LLMBudgetThreshold 80 of one user", []),
        (
            "user100",
            "max:user.id",
            0,
            0.5,
            0.5,
            "LLMBudgetThreshold 100 of one user",
            ["80 % of a user at 100 %"],
        ),
    ):
        of = labels(name, "total", scope)
        budget(source, of, calm, limit)
        found.append(_reached(scene, source, of, (calm, spent), row, muted))
    return found


def _reached(
    scene: Scene,
    source: Source,
    of: Mapping[str, str],
    amounts: tuple[float, float],
    row: str,
    muted: list[str],
) -> Cause:
    calm, spent = amounts
    start = Step(lambda: source.put(SPENT, spent, of), [row], muted)
    return Cause([start], lambda: source.put(SPENT, calm, of), after=lambda: is_collected(scene))


def is_collected(scene: Scene) -> bool:
    """Whether the first information is there: what comes soon after it is told of with it, not later."""
    return scene.fires({"alertname": "LLMNewSpender"})


def month(source: Source) -> Cause:
    """An eighth of a month's money is spent at once: fast burn, and slow burn when that is over."""
    of = labels("monthly", "month")
    budget(source, of, 0.5, 10)
    window(source, of, MONTH_S, 0.5)
    spend = Step(
        lambda: source.add(SPENT, 1.2, of),
        ["LLMBudgetBurn month"],
        ["slow burn of a month in fast burn"],
        over=True,
    )
    return Cause([spend, Step(nothing, ["LLMBudgetBurn month, slowly"], over=True)])


def day(source: Source) -> Cause:
    """A day's money is spent too fast for some minutes: fast burn, and slow burn when that is over."""
    of = labels("daily", "day")
    budget(source, of, 1, 10)
    window(source, of, DAY_S, 0.3)

    def stop() -> None:
        source.pace(SPENT, 0, of)
        source.add(SPENT, 1.2, of)

    fast = Step(lambda: source.pace(SPENT, 0.2, of), ["LLMBudgetBurn day"], over=True)
    slow = Step(stop, ["LLMBudgetBurn day, slowly"], over=True)
    return Cause([fast, slow])


def forecast(source: Source) -> Cause:
    """The limit of a month is lowered to less than it is heading for, and raised again."""
    of = labels("forecast", "month")
    budget(source, of, 4, 20)
    window(source, of, MONTH_S, 0.3)
    start = Step(lambda: source.put(LIMIT, 10, of), ["LLMBudgetForecastOverrun"])
    return Cause([start], lambda: source.put(LIMIT, 20, of))


def mismatch(source: Source) -> Cause:
    """From the beginning a ledger counts what no counter has; then a new month begins."""
    of = labels("ledger", "month")
    budget(source, of, 1000, 10_000_000)
    window(source, of, MONTH_S, 0.5)
    source.pace(SPENT, 50, of)

    def begin() -> None:
        source.put(SPENT, 0, of)
        window(source, of, MONTH_S, 0)

    return Cause([Step(nothing, ["LLMSpendMismatch"])], begin, patience_s=240)


def all_of(scene: Scene) -> list[Cause]:
    """Every cause that simulated ledgers are."""
    source = scene.fleet.source("ledgers")
    return [*thresholds(scene, source), *(make(source) for make in (month, day, forecast, mismatch))]
