"""Says a budget in words, and what about it looks wrong without being an error."""

from __future__ import annotations

import re

from itertools import combinations
from typing import TYPE_CHECKING, Final

from ..budgets.budget import CALENDAR, MODEL, PROVIDER, Budget, Plan, globs_of
from ..readings import INPUT, Usage
from . import render


if TYPE_CHECKING:
    from ..pricing import PriceBook


_INSIDE: Final = {
    "minute": ("hour", "day", "week", "month", "total"),
    "hour": ("day", "week", "month", "total"),
    "day": ("week", "month", "total"),
    "week": ("total",),
    "month": ("total",),
}
"""The windows that contain a window whole."""
_GLOB: Final = re.compile(r"^!|[*?\[]")
_SELLERS: Final = ("openai", "anthropic", "azure.ai.openai", "aws.bedrock", "gcp.vertex_ai")
"""Providers whose calls are metered without being named: their hosts are known."""


def sentence(budget: Budget) -> str:
    """What a budget does, in one line."""
    verb = "blocks" if budget.action == "block" else "only warns of"
    what = f"{budget.name}: {verb} calls past {render.amount(budget.limit, budget.unit)}{_window(budget)}"
    if budget.per:
        what += f" for each {budget.per}"
    if budget.match:
        what += f", where {_conditions(budget)}"
    more = [f"tells at {', '.join([f'{level:.0%}' for level in budget.alert_at]) or 'no share of it'}"]
    if budget.assume_output_tokens is not None:
        more.append(f"assumes {budget.assume_output_tokens:,} output tokens where a call states no maximum")
    if budget.action == "block":
        if budget.unit == "usd":
            verb = "refuses" if budget.on_unknown == "block" else "lets pass, uncounted,"
            more.append(f"{verb} calls of unknown price")
        verb = "lets calls pass" if budget.on_failure == "allow" else "refuses calls"
        more.append(f"{verb} while the ledger cannot be reached")
    return "; ".join([what, *more])


def _window(budget: Budget) -> str:
    if budget.window == "total":
        return " for ever"
    zone = f" ({budget.timezone})" if budget.window in CALENDAR else ""
    return f" a {budget.window}{zone}"


def _conditions(budget: Budget) -> str:
    return " and ".join([f"{name} is {globs_in_words(globs)}" for name, globs in budget.match.items()])


def globs_in_words(globs: str | tuple[str, ...]) -> str:
    """What a value has to be: `'gpt-*' or 'o3', not 'gpt-4*'`."""
    wanted = [repr(glob) for glob in globs_of(globs) if not glob.startswith("!")]
    unwanted = [f"not {glob[1:]!r}" for glob in globs_of(globs) if glob.startswith("!")]
    return ", ".join([part for part in (" or ".join(wanted), *unwanted) if part])


def doubts(plan: Plan, book: PriceBook, now_s: float) -> list[str]:
    """What looks wrong in a budget file that can be used."""
    found = []
    if not plan.budgets:
        found.append("there is no [[budget]]: nothing is capped")
    elif not any(budget.action == "block" for budget in plan.budgets):
        found.append('every budget has action = "warn": nothing is ever stopped')
    if plan.ledger.url.startswith("memory:") and plan.budgets:
        found.append(
            "the ledger is memory: every process counts for itself, so N processes spend up to N times the "
            "limit, and a restart begins at 0"
        )
    for budget in plan.budgets:
        found += _alone(budget, plan, book, now_s)
    for one, other in combinations(plan.budgets, 2):
        found += _together(one, other)
    return found


def _alone(budget: Budget, plan: Plan, book: PriceBook, now_s: float) -> list[str]:
    found = []
    if budget.action == "warn" and budget.on_failure == "block":
        found.append(f'{budget.name}: on_failure = "block" says nothing where action = "warn"')
    if budget.window == "minute" and plan.ledger.slice:
        found.append(
            f"{budget.name}: what is left of a slice goes back after a second, which is much of a minute"
        )
    if budget.unit == "usd":
        found += _prices(budget, book, now_s)
    return found


def _prices(budget: Budget, book: PriceBook, now_s: float) -> list[str]:
    """Whether the price of a model is known that the budget names."""
    from ..pricing import Terms  # noqa: PLC0415  # with the book, which is there

    blocks = budget.on_unknown == budget.action == "block"
    then = "such calls are refused" if blocks else "such calls are not counted"

    def status(seller: str, model: str | None) -> str:
        return book.price(Usage({INPUT: 1}), Terms(provider=seller, model=model, at_s=now_s)).status

    sellers = _literals(budget, PROVIDER)
    found = [
        f"{budget.name}: no price of provider {seller!r} is known: {then}"
        for seller in sellers
        if status(seller, None) == "unknown_provider"
    ]
    if found or (PROVIDER in budget.match and not sellers):
        return found
    for model in _literals(budget, MODEL):
        if not any(status(seller, model) in ("priced", "free") for seller in sellers or _SELLERS):
            at = " or ".join(sellers) or "a provider that is known by its host"
            found.append(f"{budget.name}: no price of model {model!r} at {at} is known: {then}")
    return found


def _literals(budget: Budget, name: str) -> list[str]:
    """The values that a budget names whole."""
    return [glob for glob in globs_of(budget.match.get(name, ())) if not _GLOB.search(glob)]


def _together(one: Budget, other: Budget) -> list[str]:
    """What two budgets are that count the same calls."""
    if (dict(one.match), one.per, one.unit) != (dict(other.match), other.per, other.unit):
        return []
    if one.window == other.window:
        if one.action != other.action or one.timezone != other.timezone:
            return []
        if one.limit == other.limit:
            return [f"{other.name}: is the same as {one.name}"]
        lower, higher = (one, other) if one.limit < other.limit else (other, one)
        return [f"{higher.name}: never decides, as {lower.name} has the same calls and a lower limit"]
    inner, outer = (one, other) if other.window in _INSIDE.get(one.window, ()) else (other, one)
    nested = outer.window in _INSIDE.get(inner.window, ())
    same_days = inner.timezone == outer.timezone or outer.window == "total" or inner.window == "minute"
    if not nested or not same_days or outer.action != "block" or outer.limit > inner.limit:
        return []
    whole = f"a limit that is no higher for the whole {outer.window}"
    return [f"{inner.name}: never decides, as {outer.name} has the same calls and {whole}"]
