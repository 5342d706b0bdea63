"""What alerts look for, beside the limits of budgets: the table `[alerts]` of a budget file."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """Numbers of the alerting rules that follow from no budget. `otel-tokens collector rules` writes them."""

    dashboards_url: str = "http://127.0.0.1:3000"
    """Where Grafana is, as seen from the browser of whoever gets an alert."""
    spike_floor_usd: Decimal = Decimal(5)
    """USD in an hour that are no spike, whatever was usual: below that a person's hour costs more."""
    spike_times: Decimal = Decimal(3)
    """Times the usual hour: less than a day's rhythm of most services stays below that."""
    spike_deviations: Decimal = Decimal(6)
    """Median deviations, scaled to standard ones, above the usual hour: for services whose hours differ."""
    runaway_times: Decimal = Decimal(10)
    """Times as many calls as the median process of the service: no load balancer is that uneven."""
    runaway_requests: int = 300
    """Calls in 5 minutes that are no runaway: one a second, which people and small jobs do not reach."""
    calls_per_trace: int = 50
    """Calls for one request or job that are never worth an alert: agents with tools make dozens."""
    calls_per_trace_times: Decimal = Decimal(5)
    """Times as many calls for one request as on the median of the last day."""
    prompt_times: Decimal = Decimal(3)
    """Times as many input tokens in a call as on the median of the last day."""
    prompt_floor_tokens: int = 2000
    """Input tokens in a call that are never worth an alert: a system prompt and a question."""
    waste_share: Decimal = Decimal("0.2")
    """Part of the money that may go to answers nobody got: retries and closed tabs cost some."""
    waste_floor_usd: Decimal = Decimal(1)
    """USD in an hour that may be wasted without anybody being told."""
    cache_share: Decimal = Decimal("0.5")
    """Part of the usual share of the prompt that has to come from the cache."""
    cache_floor_tokens: int = 100_000
    """Input tokens in an hour below which the cache is not looked at: it says nothing about a few calls."""
    mismatch_share: Decimal = Decimal("0.05")
    """By what part counters and ledger may differ: calls under way, and the ends of windows."""
    price_age_days: int = 45
    """Providers change prices every few weeks."""
    silent_minutes: int = 10
    """For how long a service may say nothing: exports come every minute, and deployments take some."""
