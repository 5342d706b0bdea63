"""What the application is told when a call is not sent: the thing, the numbers, the limit, the way out."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from ..errors import BudgetExceeded
from ..ledgers.ledger import Balance
from .budget import Budget, in_units
from .facts import Amounts
from .lines import Line, Refused
from .runaway import Trip
from .windows import zone_of


def of(refused: Refused, bound: Amounts) -> BudgetExceeded:
    """The refusal of a budget, with the ledger's error as its cause where there is one."""
    budget, balance = refused.line.budget, refused.balance
    if refused.why == "ledger_unreachable":
        text = f"{_head(budget, balance)} the ledger cannot be reached, and on_failure is block"
        error = _error(text, budget, balance, refused.amount, "ledger_unreachable")
        error.__cause__ = refused.error
        return error
    unit = budget.unit
    left = max(0, balance.cap - balance.spent - balance.held)
    text = (
        f"{_head(budget, balance)} this call may take {_money(refused.amount, unit)}, and "
        f"{_money(left, unit)} of {_money(balance.cap, unit)} are left "
        f"(spent {_money(balance.spent, unit)}, held {_money(balance.held, unit)})"
    )
    if bound.assumed and balance.spent + balance.held < balance.cap:
        text += (
            f"; it states no maximum and is held for {bound.output_tokens} output tokens: state one, "
            "or set assume_output_tokens"
        )
    return _error(text, budget, balance, refused.amount, "limit")


def unknown_price(line: Line, bound: Amounts) -> BudgetExceeded:
    """The refusal of a call whose price is not known."""
    text = (
        f"{_head(line.budget, line.known())} the price of this call is not known ({bound.status}): give it "
        'in OTEL_TOKENS_PRICES, name its server in OTEL_TOKENS_ENDPOINTS, or set on_unknown = "allow"'
    )
    return _error(text, line.budget, line.known(), 0, "unknown_price")


def runaway(trip: Trip, tick: float, now_s: float) -> BudgetExceeded:
    """The refusal of a detector of runaways."""
    ends = datetime.fromtimestamp(now_s, timezone.utc) + timedelta(seconds=max(0.0, trip.until_s - tick))
    name = f"runaway.{trip.detector}"
    unit = "USD" if trip.unit == "usd" else trip.unit
    text = (
        f"{name}: {_money(trip.count, trip.unit)} where {_money(trip.limit, trip.unit)} is the limit: "
        "this looks like a program that has run away; calls are let pass again at "
        f"{ends.isoformat('T', 'seconds')}"
    )
    return BudgetExceeded(
        text,
        budget=name,
        unit=unit,
        limit=in_units(trip.limit, trip.unit),
        spent=in_units(trip.count, trip.unit),
        held=Decimal(0),
        asked=Decimal(0),
        scope="",
        window="",
        window_end=ends,
        reason="runaway",
    )


def _head(budget: Budget, balance: Balance) -> str:
    account = balance.account
    where = account.window
    if account.end_s:
        where += f" until {_end(budget, balance)}"
    if account.scope and account.window != "block":
        where += f", {budget.per or account.window} {account.scope!r}"
    return f"budget {budget.name!r} ({where}):"


def _end(budget: Budget, balance: Balance) -> datetime | None:
    end_s = balance.account.end_s
    return datetime.fromtimestamp(end_s, zone_of(budget.timezone)) if end_s else None


def _money(amount: int, unit: str) -> str:
    if unit != "usd":
        return f"{amount} {unit}"
    dollars = in_units(amount, unit)
    cents = dollars.quantize(Decimal("0.01"))
    return f"${cents if dollars == cents else dollars.normalize():f}"


def _error(text: str, budget: Budget, balance: Balance, asked: int, reason: str) -> BudgetExceeded:
    account, unit = balance.account, budget.unit
    facts: dict[str, Any] = {
        "budget": budget.name,
        "unit": "USD" if unit == "usd" else unit,
        "limit": in_units(balance.cap, unit),
        "spent": in_units(balance.spent, unit),
        "held": in_units(balance.held, unit),
        "asked": in_units(asked, unit),
        "scope": "" if account.window == "block" else account.scope,
        "window": account.window,
        "window_end": _end(budget, balance),
        "reason": reason,
    }
    return BudgetExceeded(text, **facts)
