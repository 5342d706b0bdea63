"""`otel-tokens budget set`, `reset`, `top-up`: changes of limits and counts, which the audit trail notes."""

from __future__ import annotations

from argparse import Namespace
from decimal import Decimal, InvalidOperation
from typing import Final

from ..budgets.budget import Budget, pico_usd
from ..errors import ConfigError
from ..ledgers.ledger import AMOUNT_LIMIT
from . import render
from .accounts import Shown, Survey, scope_of
from .surroundings import OK, WRONG, Surroundings, who


_SOON: Final = "programs go by it from their next call on"


def set_limit(args: Namespace, here: Surroundings) -> int:
    """Put another limit in place of the file's, or take it away."""
    if (args.amount is None) != args.unset:
        raise ConfigError("budget set: expected NAME AMOUNT, or NAME --unset")
    plan = here.plan(args.config)
    with here.ledger(plan) as ledger:
        survey = Survey(plan, ledger)
        budget = survey.named(args.name).budget
        before = survey.caps.get(budget.name)
        limit = None if args.unset else parsed(args.amount, budget)
        ledger.set_cap(budget.name, budget.unit, limit, who=who(args))
    in_file = budget.limit if budget in plan.budgets else None
    here.say(f"{budget.name}: limit was {_limit(before, in_file, budget)}")
    here.say(f"{budget.name}: limit is  {_limit(limit, in_file, budget)}; {_SOON}")
    return OK


def _limit(set_to: int | None, in_file: int | None, budget: Budget) -> str:
    if set_to is not None:
        return f"{render.amount(set_to, budget.unit)} (set)"
    if in_file is None:
        return "what its programs state"
    return f"{render.amount(in_file, budget.unit)} (from the file)"


def reset(args: Namespace, here: Surroundings) -> int:
    """Forget what has been spent on one account."""
    plan = here.plan(args.config)
    with here.ledger(plan) as ledger:
        shown = _chosen(args, Survey(plan, ledger))
        unit = shown.account.unit
        question = f"Forget that {render.amount(shown.spent, unit)} were spent on {_name(shown)}?"
        if not here.may(question, args):
            here.say("nothing was changed")
            return WRONG
        now = ledger.reset(shown.account, who=who(args))
    here.say(f"{_name(shown)}: spent was {render.amount(now.before, unit)}")
    here.say(
        f"{_name(shown)}: spent is  {render.amount(now.spent, unit)}; "
        f"{render.amount(now.held, unit)} held for calls under way"
    )
    return OK


def top_up(args: Namespace, here: Surroundings) -> int:
    """Add to the limit of one account, in its window alone."""
    plan = here.plan(args.config)
    with here.ledger(plan) as ledger:
        before = _chosen(args, Survey(plan, ledger))
        amount = parsed(args.amount, before.budget, negative=True)
        ledger.top_up(before.account, amount, who=who(args))
        after = Survey(plan, ledger).shown(before.budget, before.account)
    unit = before.account.unit
    until = f"until {render.moment(after.account.end_s, after.budget.timezone)} {after.budget.timezone}"
    here.say(f"{_name(before)}: limit was {render.amount(before.limit, unit)}")
    here.say(
        f"{_name(before)}: limit is  {render.amount(after.limit, unit)} "
        f"{until if after.account.end_s else 'from now on'}; {render.amount(after.spent, unit)} spent"
    )
    return OK


def _chosen(args: Namespace, survey: Survey) -> Shown:
    """The one account that is meant."""
    group = survey.named(args.name)
    return survey.shown(group.budget, scope_of(group, survey, args.scope))


def _name(shown: Shown) -> str:
    account = shown.account
    return f"{account.budget} ({account.scope})" if account.scope else account.budget


def parsed(text: str, budget: Budget, *, negative: bool = False) -> int:
    """An amount that a person typed, in the unit of `budget`: `12.50`, `$12.50`, `1,000,000`.

    Raises:
        ConfigError: it is none.
    """
    word = text.strip().replace(",", "").replace("_", "")
    if budget.unit == "usd":
        word = word.replace("$", "", 1)
    try:
        number = Decimal(word)
    except InvalidOperation:
        number = Decimal("NaN")
    whole = budget.unit == "usd" or (number.is_finite() and number == int(number))
    if not number.is_finite() or not whole or (number < 0 and not negative):
        accepted = "USD such as 12.50" if budget.unit == "usd" else "a whole number of tokens"
        raise ConfigError(f"budget {budget.name!r} is in {_unit(budget)}: {text!r}; accepted: {accepted}")
    amount = pico_usd(number) if budget.unit == "usd" else int(number)
    if abs(amount) >= AMOUNT_LIMIT:
        raise ConfigError(f"budget {budget.name!r}: {text!r} is more than a ledger can hold (9,000,000 USD)")
    return amount


def _unit(budget: Budget) -> str:
    return "USD" if budget.unit == "usd" else budget.unit
