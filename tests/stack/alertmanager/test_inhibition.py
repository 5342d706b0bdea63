"""One incident is one page: in a real Alertmanager, with real notifications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from .live import Live, alertmanager


ACCOUNT = {"otel_tokens_budget": "search", "otel_tokens_window": "month", "otel_tokens_scope": "global"}
OTHER = {**ACCOUNT, "otel_tokens_budget": "other"}


@pytest.fixture
def live(stack: Any, tmp_path: Path) -> Iterator[Live]:
    """An Alertmanager of its own."""
    with alertmanager(stack.binary("alertmanager"), tmp_path) as found:
        yield found


def alert(name: str, severity: str, category: str, **more: str) -> dict[str, str]:
    """The labels of an alert."""
    return {"alertname": name, "severity": severity, "category": category, **more}


def threshold(severity: str, share: str, account: Mapping[str, str] = ACCOUNT) -> dict[str, str]:
    """A share of a limit that is reached."""
    return alert("LLMBudgetThreshold", severity, "cap", threshold=share, **account)


def test_a_limit_that_is_reached_is_one_page(live: Live) -> None:
    """It mutes lower shares, burn, forecast and refusals of its account, and of no other one."""
    live.post(
        threshold("info", "50"),
        threshold("warning", "80"),
        threshold("critical", "100"),
        alert("LLMBudgetBurn", "critical", "burn", horizon="month", **ACCOUNT),
        alert("LLMBudgetForecastOverrun", "warning", "forecast", **OTHER),
        alert("LLMBlockedCalls", "info", "blocked", otel_tokens_budget="search"),
    )
    live.wait_for(
        {
            ("LLMBudgetThreshold", "info"): True,
            ("LLMBudgetThreshold", "warning"): True,
            ("LLMBudgetThreshold", "critical"): False,
            ("LLMBudgetBurn", "critical"): True,
            ("LLMBudgetForecastOverrun", "warning"): False,
            ("LLMBlockedCalls", "info"): True,
        }
    )
    assert live.until_told("pager").alerts == ("LLMBudgetThreshold critical firing",)
    rest = live.told_within(3)
    assert not [told for told in rest if told.receiver in ("pager", "digest", "engineering")]
    assert {told.alerts for told in rest if told.receiver == "finance"} <= {
        ("LLMBudgetThreshold critical firing",),
        ("LLMBudgetForecastOverrun warning firing",),
    }


def test_a_runaway_is_one_page(live: Live) -> None:
    """It mutes what else is odd about its service, until it ends; a loop still mutes the spike."""
    runaway = alert(
        "LLMRunawayInstance", "critical", "runaway", service_name="web", instance="a", measure="peers"
    )
    live.post(
        runaway,
        alert("LLMRepeatedPrompts", "warning", "runaway", service_name="web", instance="a"),
        alert("LLMSpendSpike", "warning", "spike", service_name="web", team="search"),
        alert("LLMNewSpender", "info", "newcomer", service_name="other"),
        alert("LLMErrorWaste", "warning", "waste", service_name="web"),
        alert("LLMUnpricedModel", "warning", "pricing", service_name="web"),
    )
    live.wait_for(
        {
            ("LLMRunawayInstance", "critical"): False,
            ("LLMRepeatedPrompts", "warning"): True,
            ("LLMSpendSpike", "warning"): True,
            ("LLMNewSpender", "info"): False,
            ("LLMErrorWaste", "warning"): True,
            ("LLMUnpricedModel", "warning"): False,
        }
    )
    assert live.until_told("pager").alerts == ("LLMRunawayInstance critical firing",)
    live.post(runaway, ended=True)
    assert live.until_told("pager", "resolved").alerts == ("LLMRunawayInstance critical resolved",)
    live.wait_for(
        {
            ("LLMRepeatedPrompts", "warning"): False,
            ("LLMSpendSpike", "warning"): True,
            ("LLMNewSpender", "info"): False,
            ("LLMErrorWaste", "warning"): False,
            ("LLMUnpricedModel", "warning"): False,
        }
    )


def test_a_runaway_that_empties_budgets_is_one_page(live: Live) -> None:
    """All that is about money is in one notification, so it is one incident for whoever is called."""
    live.post(
        alert("LLMRunawayInstance", "critical", "runaway", service_name="web", instance="a", measure="past"),
        alert("LLMBudgetBurn", "critical", "burn", horizon="month", **ACCOUNT),
        threshold("critical", "100", OTHER),
    )
    told = live.until_told("pager")
    assert told.alerts == (
        "LLMBudgetBurn critical firing",
        "LLMBudgetThreshold critical firing",
        "LLMRunawayInstance critical firing",
    )


def test_fast_burn_mutes_slow_burn_and_forecast(live: Live) -> None:
    """The page says it already."""
    live.post(
        alert("LLMBudgetBurn", "critical", "burn", horizon="month", **ACCOUNT),
        alert("LLMBudgetBurn", "warning", "burn", horizon="month", **ACCOUNT),
        alert("LLMBudgetForecastOverrun", "warning", "forecast", **ACCOUNT),
    )
    live.wait_for(
        {
            ("LLMBudgetBurn", "critical"): False,
            ("LLMBudgetBurn", "warning"): True,
            ("LLMBudgetForecastOverrun", "warning"): True,
        }
    )


def test_a_collector_that_is_down_is_one_page(live: Live) -> None:
    """Silent services and counters that fall behind follow from it; the ledger does not."""
    live.post(
        alert("LLMCollectorDown", "critical", "telemetry", job="otel-collector", instance="c:8888"),
        alert("LLMTelemetrySilent", "warning", "telemetry", service_name="web"),
        alert("LLMSpendMismatch", "warning", "telemetry", measure="counters", **ACCOUNT),
        alert("LLMCollectorDroppingData", "warning", "telemetry", instance="c:8888", problem="items refused"),
        alert("LLMLedgerFailing", "critical", "ledger", service_name="web"),
    )
    live.wait_for(
        {
            ("LLMCollectorDown", "critical"): False,
            ("LLMTelemetrySilent", "warning"): True,
            ("LLMSpendMismatch", "warning"): True,
            ("LLMCollectorDroppingData", "warning"): True,
            ("LLMLedgerFailing", "critical"): False,
        }
    )
    first, second = live.until_told("pager"), live.until_told("pager")
    assert {first.alerts, second.alerts} == {
        ("LLMCollectorDown critical firing",),
        ("LLMLedgerFailing critical firing",),
    }


def test_the_watchdog_goes_to_its_switch_again_and_again(live: Live) -> None:
    """And to nobody else."""
    live.post(alert("LLMWatchdog", "none", "watchdog"))
    assert live.until_told("deadman").alerts == ("LLMWatchdog none firing",)
    assert not [told for told in live.told_within(2) if told.receiver != "deadman"]


def test_warnings_go_to_engineering(live: Live) -> None:
    """Nobody is called for them."""
    live.post(alert("LLMSpendSpike", "warning", "spike", service_name="web"))
    assert live.until_told("engineering").alerts == ("LLMSpendSpike warning firing",)
    assert not [told for told in live.told_within(2) if told.receiver != "engineering"]
