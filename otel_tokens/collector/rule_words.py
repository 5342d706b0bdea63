"""The parts that many rules share: labels, increases, and what alerts say."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final


RUNBOOKS: Final = "https://github.com/otel-tokens/otel-tokens/blob/main/collector/README.md"

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "account": ("otel_tokens_budget", "otel_tokens_window", "otel_tokens_scope"),
    "service": ("service_name",),
    "prompt": ("service_name", "gen_ai_response_model"),
}
"""The labels by which an alert finds the other series that it speaks of."""

ACCOUNT: Final = ", ".join(KEYS["account"])
"""What tells one account of a budget from another."""


def plain(number: Decimal | float) -> str:
    """A number as PromQL and people read it."""
    return f"{Decimal(str(number)).normalize():f}"


def percent(share: Decimal) -> str:
    """A share in words."""
    return f"{plain(share * 100)} %"


def dollars(amount: Decimal) -> str:
    """An amount of money in words."""
    return f"${amount:,.2f}" if amount >= 1 or not amount else f"${plain(amount)}"


def usd(variable: str) -> str:
    """A variable of the template language as an amount of money."""
    return f'{{{{ printf "$%.2f" {variable} }}}}'


def looked_up(series: str, labels: tuple[str, ...]) -> str:
    """The value of another series with these labels of the alert, as `$limit`; until `{{ end }}`."""
    return f"{{{{ with {_selected(series, labels)} | query }}}}{{{{ $limit := . | first | value }}}}"


def amounts(_words: str = "") -> str:
    """What is spent of which limit, in USD or in tokens."""
    looked = [
        f'{{{{ with printf "otel_tokens:budget:{what}%s" $account | query }}}}{before}'
        f'{{{{ . | first | value | printf "{form}" }}}}{{{{ end }}}}'
        for what, before, form in (
            ("spent_usd", "", "$%.2f"),
            ("limit_usd", " of ", "$%.2f"),
            ("spent_tokens", "", "%.0f"),
            ("limit_tokens", " of ", "%.0f tokens"),
        )
    ]
    return "\n".join([f"{{{{ $account := {_selected('', KEYS['account'])} -}}}}", "".join(looked)])


def _selected(series: str, labels: tuple[str, ...]) -> str:
    """A series with these labels of the alert, in the template language."""
    matchers = ",".join([f"{label}=%q" for label in labels])
    values = " ".join([f"$labels.{label}" for label in labels])
    return f"printf `{series}{{{matchers}}}` {values}"


def runbook(alert: str) -> str:
    """The address of what to do."""
    return f"{RUNBOOKS}#{alert.lower()}"
