"""What is told of budgets: in the log, as events, and as rows of gauges."""

from __future__ import annotations

import logging

from collections.abc import Iterator
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

from otel_tokens import shield
from otel_tokens.budgets.budget import Budget
from otel_tokens.budgets.gate import Warned
from otel_tokens.budgets.runaway import Trip
from otel_tokens.errors import BudgetExceeded, LedgerError
from otel_tokens.ledgers.ledger import PICO, Account, Balance
from otel_tokens.reports import Reports, rows_of
from otel_tokens.telemetry.events import Events


USD = Budget(name="team", limit=PICO, window="day", alert_at=(Decimal("0.5"), Decimal("0.8"), Decimal(1)))
TOKENS = Budget(name="words", limit=1000, unit="tokens", window="total")


def of_usd(before: int, spent: int, held: int = 0) -> Balance:
    """A balance of the budget in USD, in cents."""
    cent = PICO // 100
    return Balance(Account("team", "day"), PICO, spent * cent, held * cent, before=before * cent)


def refusal(budget: str = "team") -> BudgetExceeded:
    """A refusal."""
    facts = dict.fromkeys(("limit", "spent", "held", "asked"), Decimal(0))
    end = datetime(2026, 1, 1, tzinfo=timezone.utc)
    return BudgetExceeded(
        f"budget {budget!r} says no",
        budget=budget,
        unit="USD",
        scope="",
        window="day",
        window_end=end,
        reason="limit",
        **facts,
    )


class World:
    """Who is told, and what it has heard."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self.exporter = InMemoryLogRecordExporter()
        self.provider = LoggerProvider(shutdown_on_exit=False)
        self.provider.add_log_record_processor(SimpleLogRecordProcessor(self.exporter))
        self.now = 0.0
        self.reports = Reports(Events(self.provider.get_logger("test")), tick=lambda: self.now)
        self.caplog = caplog

    @property
    def events(self) -> list[tuple[Any, Any, dict[str, Any]]]:
        """Name, severity and attributes of each event; each is a line in the log too."""
        records = [found.log_record for found in self.exporter.get_finished_logs()]
        assert [record.body for record in records] == self.caplog.messages
        assert [record.severity_text for record in records] == [r.levelname for r in self.caplog.records]
        return [(r.event_name, r.severity_text, dict(r.attributes or {})) for r in records]


@pytest.fixture
def world(caplog: pytest.LogCaptureFixture) -> Iterator[World]:
    """Reports, and the world that they tell."""
    caplog.set_level(logging.INFO, "otel_tokens")
    made = World(caplog)
    yield made
    made.provider.shutdown()


def test_a_loop_of_refusals_is_told_seldom(world: World) -> None:
    """The first refusal of each budget at once, then one line every ten seconds with how many there were."""
    for second in range(25):
        world.now = second
        world.reports.blocked(refusal())
    world.reports.blocked(refusal("other"))

    assert world.caplog.messages == [
        "a call was not sent: budget 'team' says no",
        "a call was not sent: budget 'team' says no (9 more before)",
        "a call was not sent: budget 'team' says no (9 more before)",
        "a call was not sent: budget 'other' says no",
    ]
    assert world.events[0] == (
        "otel_tokens.budget.blocked",
        "WARNING",
        {"otel_tokens.budget": "team", "otel_tokens.blocked.reason": "limit"},
    )


def test_names_without_end_do_not_pile_up(world: World) -> None:
    """Blocks may have any names: what was told of them is forgotten when there are many."""
    for number in range(3000):
        world.reports.blocked(refusal(f"job-{number}"))
    assert len(world.reports._said) <= 1024


def test_a_warning(world: World) -> None:
    """A budget that only warns is told of apart from one that blocks."""
    world.reports.blocked(refusal())
    world.reports.warned(Warned(USD, of_usd(0, 120, 30)))
    assert world.caplog.messages[1] == (
        "budget 'team' would have stopped a call, but only warns: $1.2 spent and $0.3 held of $1 (day)"
    )
    assert world.events[1][0] == "otel_tokens.budget.warned"


@pytest.mark.parametrize(
    ("before", "spent", "told"),
    [
        (0, 49, []),
        (49, 50, [(0.5, "WARNING")]),
        (50, 79, []),
        (40, 90, [(0.5, "WARNING"), (0.8, "WARNING")]),
        (90, 130, [(1.0, "ERROR")]),
        (130, 150, []),
        (100, 60, []),
    ],
)
def test_shares_of_a_limit(world: World, before: int, spent: int, told: list[Any]) -> None:
    """Each share is told when it is passed, and not before and not again."""
    world.reports.spent(USD, of_usd(before, spent))
    assert [(event[2]["otel_tokens.threshold"], event[1]) for event in world.events] == told
    assert {event[0] for event in world.events} <= {"otel_tokens.budget.threshold"}


def test_a_share_in_tokens(world: World) -> None:
    """Tokens are told as tokens."""
    world.reports.spent(TOKENS, Balance(Account("words", "total", unit="tokens"), 1000, 800, 20, before=600))
    assert world.caplog.messages == [
        "budget 'words' is at 80% of its limit: 800 spent and 20 held of 1000 tokens (total)"
    ]


def test_a_ledger_that_fails(world: World) -> None:
    """The first failure is told, all are counted, and its return is told; a forked process begins at zero."""
    for first in (True, False, False):
        world.reports.ledger_failure(LedgerError("redis://a: refused"), first=first)
    assert world.reports.failures == 3
    world.reports.ledger_back(12.34)

    assert world.caplog.messages == [
        "the ledger of budgets cannot be reached, and on_failure of each budget decides: redis://a: refused",
        "the ledger of budgets works again after 12.3 s; what was spent is caught up",
    ]
    assert [event[:2] for event in world.events] == [
        ("otel_tokens.ledger", "ERROR"),
        ("otel_tokens.ledger", "WARNING"),
    ]
    world.reports.renew()
    assert world.reports.failures == 0


@pytest.mark.parametrize(
    ("blocks", "level", "end"),
    [(True, "ERROR", "calls are refused for a while"), (False, "WARNING", "it only warns")],
)
def test_a_runaway(world: World, level: str, end: str, *, blocks: bool) -> None:
    """What was counted, what the limit is, and what happens now."""
    world.reports.tripped(Trip("velocity", "", 25 * PICO, 10 * PICO, "usd", 0.0, first=True), blocks=blocks)
    assert world.caplog.messages == [
        "this program seems to run away: velocity at 25.000000000000 where 10.000000000000 usd is the limit; "
        + end
    ]
    assert world.events == [("otel_tokens.runaway", level, {"otel_tokens.budget": "runaway.velocity"})]


def test_a_processor_of_logs_that_raises(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What goes wrong in telling never reaches the call or the ledger that is told of."""

    class Broken:
        """A logger whose pipeline is broken."""

        def emit(self, **_record: Any) -> None:
            """Fail."""
            raise ValueError("broken")

    monkeypatch.setattr(shield, "failures", {})
    Reports(Events(Broken())).blocked(refusal())  # type: ignore[arg-type]
    assert shield.failures == {"telling what budgets do": 1}
    assert caplog.messages[0] == "a call was not sent: budget 'team' says no"
    assert world.reports.failures == 0


def test_rows_of_budgets() -> None:
    """Accounts of one budget are one row, of the one nearest to its limit, unless labels tell them apart."""
    per_user = Budget(name="users", limit=PICO, per="user.id")
    per_team = Budget(name="teams", limit=PICO, per="team")
    trace = Budget(name="trace", limit=PICO, window="trace")
    balances = [
        Balance(Account("users", "total", "ann"), PICO, PICO // 4, 0),
        Balance(Account("users", "total", "bob"), PICO, PICO // 4, PICO // 4),
        Balance(Account("users", "total", "cyd"), 8 * PICO, PICO, PICO),
        Balance(Account("users", "total", ""), PICO, 0, 0),
        Balance(Account("teams", "total", "search"), PICO, 0, 0),
        Balance(Account("teams", "total", "ads"), PICO, 0, 0),
        Balance(Account("trace", "trace", "ab"), 0, 1, 0),
        Balance(Account("words", "day", "", 10, 20, unit="tokens"), 1000, 7, 8),
        Balance(Account("gone", "total", "x"), PICO, 0, 0),
    ]

    rows = rows_of(balances, [per_user, per_team, trace, TOKENS], ["team"])

    assert [(row.budget, row.scope, row.spent) for row in rows] == [
        ("users", "max:user.id", Decimal("0.25")),
        ("users", "global", 0),
        ("teams", "search", 0),
        ("teams", "ads", 0),
        ("trace", "max:trace", Decimal("1E-12")),
        ("words", "global", 7),
        ("gone", "max:total", 0),
    ]
    words = rows[5]
    assert (words.unit, words.window, words.held, words.limit) == ("tokens", "day", 8, 1000)
    assert (words.start_s, words.end_s) == (10, 20)
    assert rows[0].held == Decimal("0.25")  # of bob, who is nearest to his limit
