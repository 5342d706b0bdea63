"""Every alert of the set: the labels it comes with here, who is told, and what the summary says."""

from __future__ import annotations

import re

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Row:
    """One alert as somebody gets it."""

    labels: Mapping[str, str]
    """Some of its labels, as patterns."""
    to: frozenset[str]
    says: str
    """A pattern that the summary fits."""


def fits(wanted: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether all wanted labels are there."""
    return all(re.fullmatch(pattern, labels.get(key, "")) for key, pattern in wanted.items())


def _row(alert: str, severity: str, to: str, says: str, **more: str) -> Row:
    return Row({"alertname": alert, "severity": severity, **more}, frozenset(to.split()), says)


def account(budget: str, window: str, scope: str = "global") -> dict[str, str]:
    """The labels of one count of a budget, in Prometheus."""
    return {"otel_tokens_budget": budget, "otel_tokens_window": window, "otel_tokens_scope": scope}


def _threshold(severity: str, share: str, to: str, says: str, **more: str) -> Row:
    return _row("LLMBudgetThreshold", severity, to, says, category="cap", threshold=share, **more)


def _burn(severity: str, to: str, horizon: str, says: str) -> Row:
    of = account(f"{horizon}ly" if horizon == "month" else "daily", horizon)
    return _row("LLMBudgetBurn", severity, to, says, category="burn", horizon=horizon, **of)


_CAPPED: Final = account("capped", "total")

ROWS: Final[Mapping[str, Row]] = {
    "LLMBudgetThreshold 50": _threshold(
        "info",
        "50",
        "digest",
        r"capped \(total, global\) has used 60\.?\d*% .* \$0\.18 of \$0\.30",
        **_CAPPED,
    ),
    "LLMBudgetThreshold 80": _threshold(
        "warning", "80", "finance", r"has used 85\.?\d*% .*80 %\): \$0\.26 of \$0\.30", **_CAPPED
    ),
    "LLMBudgetThreshold 100": _threshold(
        "critical", "100", "pager finance", r"has used 118\.\d*% .*100 %\): \$0\.36 of \$0\.30", **_CAPPED
    ),
    "LLMBudgetThreshold 50 of one user": _threshold(
        "info",
        "50",
        "digest",
        r"user50 .*has used 60% .* \$0\.30 of \$0\.50",
        **account("user50", "total", "max:user.id"),
    ),
    "LLMBudgetThreshold 80 of one user": _threshold(
        "info",
        "80",
        "digest",
        r"user80 .*has used 84% .* \$0\.42 of \$0\.50",
        **account("user80", "total", "max:user.id"),
    ),
    "LLMBudgetThreshold 100 of one user": _threshold(
        "warning",
        "100",
        "finance",
        r"has used 100% .* \$0\.50 of \$0\.50",
        **account("user100", "total", "max:user.id"),
    ),
    "LLMBudgetThreshold all at once": _threshold(
        "critical",
        "100",
        "pager finance",
        r"jump .*has used 105% .* \$10\.50 of \$10\.00",
        **account("jump", "total"),
    ),
    "LLMBlockedCalls": _row(
        "LLMBlockedCalls", "info", "digest", r"capped has refused [1-9]\d* calls", otel_tokens_budget="capped"
    ),
    "LLMBudgetBurn month": _burn(
        "critical", "pager finance", "month", r"spent \d\d\.\d times faster .* \$1\.70 of \$10\.00 so far"
    ),
    "LLMBudgetBurn month, slowly": _burn(
        "warning", "finance", "month", r"spent 3\.6 times faster .* \$1\.70 of \$10\.00 so far"
    ),
    "LLMBudgetBurn day": _burn(
        "critical", "pager finance", "day", r"spent \d+\.\d times faster .* of \$10\.00 so far"
    ),
    "LLMBudgetBurn day, slowly": _burn(
        "warning", "finance", "day", r"spent [3-9]\.\d times faster .* of \$10\.00 so far"
    ),
    "LLMBudgetForecastOverrun": _row(
        "LLMBudgetForecastOverrun",
        "warning",
        "finance",
        r"heading for 1\d\d\.?\d*% .* \$4\.00 of \$10\.00 so far",
        **account("forecast", "month"),
    ),
    "LLMSpendSpike": _row(
        "LLMSpendSpike",
        "warning",
        "engineering",
        r"spiky has spent \$\d+\.\d\d in the last hour, where \$\d+\.\d\d is",
        service_name="spiky",
        category="spike",
    ),
    "LLMNewSpender": _row(
        "LLMNewSpender",
        "info",
        "digest",
        r"newcomer is new and has spent \$\d+\.\d\d",
        service_name="newcomer",
    ),
    "LLMRunawayInstance peers": _row(
        "LLMRunawayInstance",
        "critical",
        "pager",
        r"One process of crowd \(c\) has made \d{3,4} calls",
        service_name="crowd",
        instance="c",
        measure="peers",
    ),
    "LLMRunawayInstance past": _row(
        "LLMRunawayInstance",
        "critical",
        "pager",
        r"One process of loop \(a\) has spent \$\d+\.\d\d in 5 minutes",
        service_name="loop",
        instance="a",
        measure="past",
    ),
    "LLMRepeatedPrompts": _row(
        "LLMRepeatedPrompts",
        "warning",
        "engineering",
        r"\d\d\.?\d*% of the calls of stutter \(a\)",
        service_name="stutter",
    ),
    "LLMCallsPerTrace": _row(
        "LLMCallsPerTrace",
        "warning",
        "engineering",
        r"agent makes \d+ calls .*usual \(1\d\)",
        service_name="agent",
    ),
    "LLMPromptGrowth": _row(
        "LLMPromptGrowth",
        "warning",
        "engineering",
        r"prompts sends \d+ input tokens .* the [45]\d\d that are usual",
        service_name="prompts",
        gen_ai_response_model="gpt-5",
    ),
    "LLMErrorWaste": _row(
        "LLMErrorWaste",
        "warning",
        "engineering",
        r"\d+\.?\d*% of what wasteful has spent",
        service_name="wasteful",
    ),
    "LLMCacheHitDrop": _row(
        "LLMCacheHitDrop",
        "warning",
        "engineering",
        r"cached reads \d+\.?\d*% .* the [89]\d?\.?\d*% that are usual",
        service_name="cached",
    ),
    "LLMUnpricedModel": _row(
        "LLMUnpricedModel",
        "warning",
        "engineering",
        r"3 calls of odd to openai gpt-6 .*\(unknown_model\)",
        service_name="odd",
        gen_ai_response_model="gpt-6",
        otel_tokens_cost_status="unknown_model",
    ),
    "LLMPriceTableStale": _row(
        "LLMPriceTableStale",
        "warning",
        "engineering",
        r"dated computes costs with prices that are 46d 0h 0m 0s old",
        service_name="dated",
    ),
    "LLMTelemetrySilent": _row(
        "LLMTelemetrySilent",
        "warning",
        "engineering",
        r"silent has reported nothing .* after (9\d\.?\d*|100)%",
        service_name="silent",
    ),
    "LLMCollectorDown": _row(
        "LLMCollectorDown",
        "critical",
        "pager",
        r"The collector 127\.0\.0\.1:\d+ has not answered",
        job="otel-collector",
    ),
    "LLMCollectorDroppingData": _row(
        "LLMCollectorDroppingData",
        "warning",
        "engineering",
        r"otlp_http/prometheus: \d+ items not delivered",
        exporter="otlp_http/prometheus",
        problem="items not delivered",
    ),
    "LLMSpendMismatch": _row(
        "LLMSpendMismatch",
        "warning",
        "engineering",
        r"The counters miss \d\d\.?\d*% .* in ledger in 6 hours",
        measure="counters",
        **account("ledger", "month"),
    ),
    "LLMLedgerFailing": _row(
        "LLMLedgerFailing",
        "critical",
        "pager",
        r"[1-9]\d* steps of the ledger of unsettled",
        service_name="unsettled",
    ),
    "LLMMeterFailing": _row(
        "LLMMeterFailing",
        "warning",
        "engineering",
        r"otel_tokens in broken has failed [1-9]\d* times .* counting a call",
        service_name="broken",
        otel_tokens_step="counting a call",
    ),
    "LLMRulesFailing": _row(
        "LLMRulesFailing",
        "warning",
        "engineering",
        r"has failed [1-9]\d* times .* rules of impossible\.yaml;impossible",
        rule_group=r".*/impossible\.yaml;impossible",
    ),
    "LLMAlertsNotDelivered to Alertmanager": _row(
        "LLMAlertsNotDelivered",
        "critical",
        "pager",
        r"[1-9]\d* alerts got lost from Prometheus to Alertmanager",
        step="from Prometheus to Alertmanager",
    ),
    "LLMAlertsNotDelivered to people": _row(
        "LLMAlertsNotDelivered",
        "critical",
        "pager",
        r"[1-9]\d* alerts got lost from Alertmanager to people",
        step="from Alertmanager to people",
        integration="webhook",
    ),
    "LLMWatchdog": _row("LLMWatchdog", "none", "deadman", r"Alerting works: .* 1 is its value"),
}
"""The name of an alert, and in which case of it, to what comes of it."""

MUTED: Final[Mapping[str, Mapping[str, str]]] = {
    "80 % at 105 %": {"alertname": "LLMBudgetThreshold", "severity": "warning", **account("jump", "total")},
    "50 % at 105 %": {"alertname": "LLMBudgetThreshold", "severity": "info", **account("jump", "total")},
    "80 % of a user at 100 %": {
        "alertname": "LLMBudgetThreshold",
        "severity": "info",
        **account("user100", "total", "max:user.id"),
    },
    "slow burn of a month in fast burn": {
        "alertname": "LLMBudgetBurn",
        "severity": "warning",
        **account("monthly", "month"),
    },
    "a spike of a runaway": {"alertname": "LLMSpendSpike", "service_name": "loop"},
    "silence without a collector": {"alertname": "LLMTelemetrySilent", "service_name": "spiky"},
}
"""Alerts that fire while another one says more: nobody is told."""
