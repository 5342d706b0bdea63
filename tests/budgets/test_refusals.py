"""What a refusal says: the thing, the numbers, the limit, and the way out; never what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from otel_tokens.budgets import refusals
from otel_tokens.budgets.budget import Budget
from otel_tokens.budgets.lines import Line, Refused
from otel_tokens.budgets.runaway import Trip
from otel_tokens.errors import LedgerError
from otel_tokens.ledgers.ledger import PICO, Account, Balance


@dataclass
class Bound:
    """The upper bound of a call."""

    usd: Decimal | None = Decimal("0.5")
    tokens: int = 100
    status: str = "priced"
    assumed: bool = False
    output_tokens: int = 64


DAY = (1_700_006_400, 1_700_092_800)


def refused(
    why: str = "limit", *, amount: int = PICO // 2, spent: int = 0, held: int = 0, **more: Any
) -> Refused:
    """A refusal of a budget of one dollar or 100 tokens a day."""
    scope = more.pop("scope", "")
    budget = Budget(name="team", window="day", **{"limit": PICO, **more})
    account = Account("team", "day", scope, *DAY, unit=budget.unit)
    return Refused(
        Line(account, budget), amount, why, Balance(account, budget.limit, spent, held), LedgerError("gone")
    )


def test_the_limit() -> None:
    """What it may take, what is left of how much, and until when."""
    error = refusals.of(refused(spent=PICO * 3 // 4, held=1), Bound())
    assert str(error) == (
        "budget 'team' (day until 2023-11-16 00:00:00+00:00): this call may take $0.50, "
        "and $0.249999999999 of $1.00 are left (spent $0.75, held $0.000000000001)"
    )
    assert (error.budget, error.reason, error.unit, error.window, error.scope) == (
        "team",
        "limit",
        "USD",
        "day",
        "",
    )
    assert (error.asked, error.spent, error.limit) == (Decimal("0.5"), Decimal("0.75"), Decimal(1))
    assert error.window_end is not None
    assert error.__cause__ is None


def test_more_is_spent_than_the_limit() -> None:
    """What is left is never less than nothing."""
    assert "and $0.00 of $1.00 are left" in str(refusals.of(refused(spent=2 * PICO), Bound()))


@pytest.mark.parametrize(("spent", "told"), [(0, True), (PICO, False)])
def test_a_call_without_a_maximum(spent: int, *, told: bool) -> None:
    """Who states no maximum is told to state one, where that could help."""
    error = refusals.of(refused(spent=spent), Bound(assumed=True))
    assert ("it states no maximum and is held for 64 output tokens: state one" in str(error)) is told


def test_tokens_of_a_user() -> None:
    """The unit and the scope are the budget's."""
    error = refusals.of(
        refused(amount=90, spent=20, unit="tokens", limit=100, per="user.id", scope="ann"), Bound()
    )
    assert str(error) == (
        "budget 'team' (day until 2023-11-16 00:00:00+00:00, user.id 'ann'): this call may take 90 tokens, "
        "and 80 tokens of 100 tokens are left (spent 20 tokens, held 0 tokens)"
    )
    assert (error.scope, error.unit, error.asked) == ("ann", "tokens", 90)


def test_a_ledger_that_cannot_be_reached() -> None:
    """The ledger's own error is the cause."""
    error = refusals.of(refused("ledger_unreachable"), Bound())
    assert str(error).endswith("the ledger cannot be reached, and on_failure is block")
    assert error.reason == "ledger_unreachable"
    assert isinstance(error.__cause__, LedgerError)


def test_a_block() -> None:
    """A block has no window to wait for, and its number is nobody's business."""
    budget = Budget(name="job", limit=PICO, window="block")
    account = Account("job", "block", "7")
    error = refusals.of(Refused(Line(account, budget), PICO, "limit", Balance(account, PICO, 0, 1)), Bound())
    assert str(error).startswith("budget 'job' (block): this call may take $1.00")
    assert (error.scope, error.window, error.window_end) == ("", "block", None)


def test_a_trace() -> None:
    """A trace is named by its id."""
    account = Account("request", "trace", "ab" * 16)
    budget = Budget(name="request", limit=PICO, window="trace")
    error = refusals.of(Refused(Line(account, budget), PICO, "limit", Balance(account, PICO, 0, 1)), Bound())
    assert str(error).startswith(f"budget 'request' (trace, trace {'ab' * 16!r}): ")


def test_an_unknown_price() -> None:
    """It says what can be done about it."""
    error = refusals.unknown_price(refused().line, Bound(usd=None, status="unknown_model"))
    assert "the price of this call is not known (unknown_model): give it in OTEL_TOKENS_PRICES" in str(error)
    assert (error.reason, error.asked) == ("unknown_price", 0)


@pytest.mark.parametrize(
    ("trip", "text"),
    [
        (Trip("repeats", "ab", 101, 100, "requests", 160.0, first=True), "101 requests where 100 requests"),
        (Trip("velocity", "", 30 * PICO, 10 * PICO, "usd", 160.0, first=True), "$30.00 where $10.00"),
    ],
)
def test_a_program_that_runs_away(trip: Trip, text: str) -> None:
    """The detector, what it counted, and when calls are let pass again."""
    error = refusals.runaway(trip, tick=100.0, now_s=1_700_000_000.0)
    assert f"runaway.{trip.detector}: {text} is the limit" in str(error)
    assert str(error).endswith("calls are let pass again at 2023-11-14T22:14:20+00:00")
    assert (error.reason, error.budget) == ("runaway", f"runaway.{trip.detector}")
    assert error.unit == ("USD" if trip.unit == "usd" else "requests")


def test_a_breaker_that_closes_just_now() -> None:
    """The time at which calls pass again is never in the past."""
    trip = Trip("repeats", "ab", 101, 100, "requests", 90.0, first=True)
    error = refusals.runaway(trip, tick=100.0, now_s=1_700_000_000.0)
    assert error.window_end is not None
    assert error.window_end.timestamp() == 1_700_000_000
