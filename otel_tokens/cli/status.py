"""`otel-tokens budget status`: what accounts have spent, hold and may spend, and where their pace leads."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, Final

from . import render
from .accounts import Group, Shown, Survey, forecast, is_scoped
from .surroundings import OK, Surroundings, ledger_name


_HIGHEST: Final = 10
_HOW: Final = (
    "pace: what is spent, divided by the part of the window that has passed (an even pace since its start); "
    "not told in the first 5 % of a window"
)


def status(args: Namespace, here: Surroundings) -> int:
    """Print every account."""
    plan = here.plan(args.config)
    with here.ledger(plan) as ledger:
        survey = Survey(plan, ledger)
    groups = survey.groups
    if args.names:
        groups = [_of_name(survey, groups, name) for name in args.names]
    if args.scope is not None:
        groups = [_in_scope(group, args.scope) for group in groups]
        groups = [group for group in groups if group.shown]
    if args.json:
        here.say(render.document(_document(groups, survey, ledger_name(plan))))
        return OK
    here.say(f"{ledger_name(plan)}, {render.moment(survey.now_s, 'UTC')} UTC")
    if not groups:
        here.say("\nno accounts")
    for group in groups:
        _say_group(group, survey, here, every=args.all)
    if any(shown.account.end_s for group in groups for shown in group.shown):
        here.say()
        here.say(render.paint(_HOW, render.FAINT, on=here.colours))
    return OK


def _of_name(survey: Survey, groups: list[Group], name: str) -> Group:
    found = [group for group in groups if group.budget.name == name]
    return found[0] if found else survey.named(name)


def _in_scope(group: Group, scope: str) -> Group:
    return group._replace(shown=tuple([shown for shown in group.shown if shown.account.scope == scope]))


def _used(shown: Shown) -> tuple[float, str]:
    return -(shown.spent + shown.held) / max(1, shown.limit), shown.account.scope


def _say_group(group: Group, survey: Survey, here: Surroundings, *, every: bool) -> None:
    budget, shown = group.budget, sorted(group.shown, key=_used)
    notes = [_window(group, survey)]
    if is_scoped(budget):
        notes.append(f"per {budget.per or budget.window}")
    if budget.action == "warn":
        notes.append("warns only")
    if not group.in_file:
        notes.append("not in the file")
    here.say()
    here.say(f"{render.paint(budget.name, render.BOLD, on=here.colours)}  {', '.join(notes)}")
    if not shown:
        here.say("  nothing has been counted yet")
        return
    rows = shown if every else shown[:_HIGHEST]
    for line in _rows(rows, survey, here):
        here.say(f"  {line}")
    if len(shown) > len(rows):
        here.say(f"  the highest {len(rows)} of {len(shown):,}; --all shows every one")


def _window(group: Group, survey: Survey) -> str:
    """The window in words, with its local start and end."""
    budget = group.budget
    account = group.shown[0].account if group.shown else survey.account(budget)
    if not account.end_s:
        return budget.window
    zone = budget.timezone
    start, end = render.moment(account.start_s, zone), render.moment(account.end_s, zone)
    return f"{budget.window} {start} to {end} {zone}"


def _rows(rows: list[Shown], survey: Survey, here: Surroundings) -> list[str]:
    blocks = render.can_draw(here.out)
    cells = [
        (
            *((shown.account.scope or "(none)",) if is_scoped(shown.budget) else ()),
            render.bar(shown.spent, shown.held, shown.limit, blocks=blocks),
            render.percent(shown.spent, shown.limit),
            f"spent {render.amount(shown.spent, shown.account.unit)}",
            f"held {render.amount(shown.held, shown.account.unit)}",
            f"limit {render.amount(shown.limit, shown.account.unit)}{_source(shown)}",
            _pace(shown, survey.now_s),
        )
        for shown in rows
    ]
    right = "-rr" if len(cells[0]) == 6 else "--rr"  # noqa: PLR2004  # without a scope
    lines = render.table(cells, right)
    if not here.colours:
        return lines
    return [_painted(line, shown) for line, shown in zip(lines, rows, strict=True)]


def _painted(line: str, shown: Shown) -> str:
    """A line whose bar has the colour of its account."""
    drawn = render.bar(shown.spent, shown.held, shown.limit)
    colour = render.heat(shown.spent + shown.held, shown.limit)
    return line.replace(drawn, render.paint(drawn, colour, on=True), 1)


def _source(shown: Shown) -> str:
    """Where a limit is from, if not from the file."""
    unit, notes = shown.account.unit, []
    if shown.is_set:
        notes.append("set" if shown.file_limit is None else f"set; file {_amount(shown.file_limit, unit)}")
    elif shown.file_limit not in (None, shown.stated):
        notes.append(f"as last used; file {_amount(shown.file_limit or 0, unit)}")
    if shown.topped:
        sign = "+" if shown.topped > 0 else ""
        notes.append(f"topped up {sign}{_amount(shown.topped, unit)}")
    return f" ({', '.join(notes)})" if notes else ""


def _amount(count: int, unit: str) -> str:
    return render.amount(count, unit).removesuffix(" tokens")


def _pace(shown: Shown, now_s: float) -> str:
    """The forecast in words."""
    ahead, zone = forecast(shown, now_s), shown.budget.timezone
    if shown.spent >= shown.limit:
        return "limit reached"
    if ahead is None or not shown.spent:
        return ""
    if ahead.by_end is None:
        return "pace: too early"
    text = f"pace: {render.amount(ahead.by_end, shown.account.unit)} by the end"
    if ahead.reached_at_s is not None:
        text += f", limit at {render.moment(int(ahead.reached_at_s), zone)}"
    return text


def _document(groups: list[Group], survey: Survey, ledger: str) -> dict[str, Any]:
    return {
        "ledger": ledger,
        "at": render.iso(survey.now_s),
        "accounts": [
            _account(shown, group, survey) for group in groups for shown in sorted(group.shown, key=_used)
        ],
        "budgets_without_accounts": [group.budget.name for group in groups if not group.shown],
    }


def _account(shown: Shown, group: Group, survey: Survey) -> dict[str, Any]:
    account, unit = shown.account, shown.account.unit
    ahead = forecast(shown, survey.now_s)
    by_end, at_s = (None, None) if ahead is None else ahead
    return {
        "budget": account.budget,
        "in_file": group.in_file,
        "action": shown.budget.action if group.in_file else None,
        "window": account.window,
        "start": render.iso(account.start_s) if account.end_s else None,
        "end": render.iso(account.end_s) if account.end_s else None,
        "timezone": shown.budget.timezone,
        "scope": account.scope,
        "unit": unit,
        "spent": render.exact(shown.spent, unit),
        "held": render.exact(shown.held, unit),
        "limit": render.exact(shown.limit, unit),
        "limit_in_file": render.exact(shown.file_limit, unit),
        "limit_was_set": shown.is_set,
        "topped_up": render.exact(shown.topped, unit),
        "percent": render.share(shown.spent, shown.limit),
        "forecast": render.exact(by_end, unit),
        "limit_reached_at": None if at_s is None else render.iso(at_s),
    }
