"""`otel-tokens budget check`: reads a budget file, says what it understood, and tries the ledger."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from typing import Any, Final

from ..budgets.budget import Plan, globs_of
from ..budgets.file import read_plan
from ..errors import ConfigError, LedgerError
from . import render, words
from .surroundings import MEMORY, OK, WRONG, Surroundings, ledger_name


_PATIENCE_S: Final = 2.0


def check(args: Namespace, here: Surroundings) -> int:
    """Print what the file means; 1 if it is wrong or its ledger cannot be used."""
    path = here.plan_path(args.file or args.config)
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file")
    try:
        plan = read_plan(path)
    except ConfigError as error:
        return _refused(args, here, str(error))
    state, failure = _ledger(plan, here)
    doubts = words.doubts(plan, here.book(), here.now_s())
    if args.json:
        here.say(render.document(_document(plan, state, failure, doubts)))
        return WRONG if failure else OK
    here.say(f"{path}: {render.several(len(plan.budgets), 'budget')}")
    for budget in plan.budgets:
        here.say(f"  {words.sentence(budget)}")
    here.say(f"runaways: {_runaway(plan)}")
    here.say(f"ledger: {ledger_name(plan)}: {state}")
    for doubt in doubts:
        here.say(f"{render.paint('warning', render.YELLOW, on=here.colours)}: {doubt}")
    if failure:
        here.err.write(f"otel-tokens: {failure}\n")
    return WRONG if failure else OK


def _refused(args: Namespace, here: Surroundings, problem: str) -> int:
    if args.json:
        here.say(render.document({"ok": False, "error": problem}))
    here.err.write(f"otel-tokens: {problem}\n")
    return WRONG


def _ledger(plan: Plan, here: Surroundings) -> tuple[str, str | None]:
    """How the ledger is, and what is wrong with it."""
    if plan.ledger.url.startswith(MEMORY):
        return "counts in each process for itself", None
    try:
        ledger = here.open_ledger(replace(plan.ledger, timeout_s=min(plan.ledger.timeout_s, _PATIENCE_S)))
        try:
            ledger.check()
        finally:
            ledger.close()
    except (ConfigError, LedgerError) as error:
        return "cannot be used", str(error)
    return "can be reached", None


def _runaway(plan: Plan) -> str:
    settings = plan.runaway
    if settings.action == "off":
        return "not looked for"
    floor = render.amount(settings.velocity_floor, "usd")
    limits = [
        (settings.repeats, f"{settings.repeats:,} equal calls in {render.duration(settings.repeats_s)}"),
        (settings.calls_per_trace, f"{settings.calls_per_trace:,} calls in a trace"),
        (settings.cost_per_trace, f"{render.amount(settings.cost_per_trace, 'usd')} in a trace"),
        (
            settings.velocity,
            f"{render.plain(settings.velocity)} times the usual pace above {floor} a minute",
        ),
    ]
    verb = "warns"
    if settings.action == "block":
        verb = f"blocks for {render.duration(settings.open_s)}"
    return f"{verb} at {', '.join([text for limit, text in limits if limit]) or 'nothing'}"


def _document(plan: Plan, state: str, failure: str | None, doubts: list[str]) -> dict[str, Any]:
    return {
        "ok": failure is None,
        "file": plan.path,
        "budgets": [
            {
                "name": budget.name,
                "limit": render.exact(budget.limit, budget.unit),
                "unit": budget.unit,
                "window": budget.window,
                "timezone": budget.timezone,
                "match": {name: list(globs_of(globs)) for name, globs in budget.match.items()},
                "per": budget.per,
                "action": budget.action,
                "alert_at": [render.plain(level) for level in budget.alert_at],
                "on_failure": budget.on_failure,
                "on_unknown": budget.on_unknown,
                "assume_output_tokens": budget.assume_output_tokens,
                "words": words.sentence(budget),
            }
            for budget in plan.budgets
        ],
        "ledger": {"url": ledger_name(plan), "state": state, "error": failure},
        "warnings": doubts,
    }
