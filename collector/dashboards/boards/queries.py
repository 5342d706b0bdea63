"""Every PromQL expression of the dashboards, or the parts that it is made of.

Money is counted exactly: a process that lived two seconds has left one sample, of which `rate` and
`increase` see nothing. So raw counters are only read by `grown`. It reads each series of each process, so
what was recorded is used wherever it has the labels.
"""

from __future__ import annotations

from typing import Final


# Raw series.
COST: Final = "otel_tokens_cost_usd_total"
TOKENS: Final = "otel_tokens_tokens_total"
REQUESTS: Final = "otel_tokens_requests_total"
UNPRICED: Final = "otel_tokens_unpriced_requests_total"
BLOCKED: Final = "otel_tokens_blocked_requests_total"
WARNED: Final = "otel_tokens_warned_requests_total"
REPEATED: Final = "otel_tokens_repeated_requests_total"
LEDGER_FAILURES: Final = "otel_tokens_ledger_failures_total"
INTERNAL_FAILURES: Final = "otel_tokens_internal_failures_total"
HEARTBEAT: Final = "otel_tokens_heartbeat"
PRICE_AGE: Final = "otel_tokens_price_age_seconds"
TRACE_COST: Final = "otel_tokens_trace_cost_usd"
DURATION: Final = "gen_ai_client_operation_duration_seconds"

# Recorded series.
COST_5M: Final = "otel_tokens:cost_usd:increase5m"
COST_1H: Final = "otel_tokens:cost_usd:increase1h"
REQUESTS_5M: Final = "otel_tokens:requests:increase5m"
INSTANCE_REQUESTS_5M: Final = "otel_tokens:instance_requests:increase5m"
INSTANCE_COST_5M: Final = "otel_tokens:instance_cost_usd:increase5m"
TOKENS_1H: Final = "otel_tokens:tokens:increase1h"
TODAY: Final = "otel_tokens:cost_usd:day_to_date"
MONTH: Final = "otel_tokens:cost_usd:month_to_date"
SPENDER: Final = "otel_tokens:spender_usd:"
CALLS_PER_TRACE: Final = "otel_tokens:calls_per_trace:"
PROMPT_TOKENS: Final = "otel_tokens:prompt_tokens:"
CACHE_HITS: Final = "otel_tokens:cache_hits:"
"""Before `ratio1h`, the last hour, and `median1d`, what is usual."""
COUNTED_6H: Final = "otel_tokens:cost_usd:sdk_increase6h"
BUDGET: Final = "otel_tokens:budget:"
"""Before `spent_usd`, `limit_usd`, `held_usd`, the same in tokens, and what is derived from them."""

# Labels.
SERVICE: Final = "service_name"
ENVIRONMENT: Final = "deployment_environment_name"
TEAM: Final = "team"
PROVIDER: Final = "gen_ai_provider_name"
MODEL: Final = "gen_ai_response_model"
BUCKET: Final = "otel_tokens_bucket"
OUTCOME: Final = "otel_tokens_outcome"
ACCOUNT: Final = "otel_tokens_budget, otel_tokens_window, otel_tokens_scope"

WHERE: Final = f'{SERVICE}=~"$service", {ENVIRONMENT}=~"$environment"'
WHO: Final = f'{WHERE}, {TEAM}=~"$team"'
WHAT: Final = f'{WHO}, {PROVIDER}=~"$provider", {MODEL}=~"$model"'
ACCOUNTS: Final = 'otel_tokens_budget=~"$budget"'
FAILED: Final = f'{OUTCOME}=~"error|cancelled|abandoned"'
CACHED: Final = "cache_read|cache_write|cache_write_5m|cache_write_1h|cache_write_12h"

LOOKBACK: Final = "1d"
"""How long a process may have been silent and still be known: rules and dashboards use the same."""
DAY_S: Final = 86400


def chosen(*matchers: str) -> str:
    """Matchers in braces; those that are empty are left out."""
    found = ", ".join([each for each in matchers if each])
    return f"{{{found}}}" if found else ""


def legend(*labels: str) -> str:
    """The values of labels, as the name of a series."""
    return " ".join([f"{{{{{label}}}}}" for label in labels])


def grown(metric: str, matchers: str = WHAT, window: str = "$__range") -> str:
    """By how much each series of a counter has grown, exactly: what is new, or began again, counts whole."""
    series = f"{metric}{chosen(matchers)}"
    now = f"last_over_time({series}[{window}])"
    return f"(({now} - last_over_time({series}[{LOOKBACK}] offset {window}) >= 0) or {now})"


def total(metric: str, by: str = "", matchers: str = WHAT, window: str = "$__range") -> str:
    """What `grown` adds up to."""
    return added(grown(metric, matchers, window), by)


def added(vector: str, by: str = "") -> str:
    """The sum of a vector, by labels or in all."""
    return f"sum by ({by}) ({vector})" if by else f"sum({vector})"


def to_date(recorded: str) -> str:
    """A recorded sum of the day or the month so far."""
    return added(f"{recorded}{chosen(WHO)}")


def in_range(recorded: str, by: str = "", matchers: str = WHAT, window: str = "$__range") -> str:
    """What a recorded `increase5m` adds up to, read once a minute, as often as it is recorded.

    Five readings see each cent, so a fifth of them is what was spent. Both ends are blurred by 5 minutes.
    """
    return added(f"sum_over_time({recorded}{chosen(matchers)}[{window}:1m]) / 5", by)


def in_step(recorded: str, by: str = "", matchers: str = WHAT) -> str:
    """The same for one step of a graph: what steps show adds up, and no cent is in two of them."""
    return in_range(recorded, by, matchers, "$__interval")


def hourly(in_one_step: str) -> str:
    """What was counted in one step of a graph, as an amount per hour."""
    return f"{in_one_step} * 3600000 / $__interval_ms"


def quantile(share: float, metric: str, by: str, matchers: str = WHAT, window: str = "$__interval") -> str:
    """A quantile of what a histogram has gained."""
    return f"histogram_quantile({share}, {total(f'{metric}_bucket', f'le, {by}', matchers, window)})"


def ratio(part: str, whole: str) -> str:
    """One vector divided by another, where that is not zero."""
    return f"{part} / ({whole} > 0)"


def share(vector: str) -> str:
    """Each element of a vector as a part of their sum."""
    return f"{vector} / scalar({added(vector)} > 0)"


def or_zero(vector: str) -> str:
    """A vector, or zero where it has no element: for what only exists once something went wrong."""
    return f"{vector} or on () vector(0)"


def saved_by_cache(by: str = "") -> str:
    """What cached tokens would have cost as fresh input, less what reading and writing them did cost."""
    keys = f"{PROVIDER}, {MODEL}"
    of_cache, of_input = f'{WHAT}, {BUCKET}=~"{CACHED}"', f'{WHAT}, {BUCKET}="input"'
    groups = ", ".join(dict.fromkeys([*by.split(", "), PROVIDER, MODEL])) if by else keys
    price = ratio(total(COST, keys, of_input), total(TOKENS, keys, of_input))
    fresh = f"{total(TOKENS, groups, of_cache)} * on ({keys}) group_left () ({price})"
    return added(f"{fresh} - {total(COST, groups, of_cache)}", by)


def month_left_s() -> str:
    """Seconds until the calendar month ends, UTC."""
    return f"(days_in_month() * {DAY_S} - (day_of_month() - 1) * {DAY_S} - vector(time() % {DAY_S}))"


def month_forecast() -> str:
    """The month so far, and the rest of it at the pace of the last 24 hours."""
    day = added(f"sum_over_time({COST_1H}{chosen(WHO)}[1d:1h])")
    return f"{to_date(MONTH)} + scalar({day}) / {DAY_S} * {month_left_s()}"


def budget(what: str, *matchers: str) -> str:
    """A recorded series of budgets."""
    return f"{BUDGET}{what}{chosen(ACCOUNTS, *matchers)}"


def firing(*matchers: str) -> str:
    """Alerts that fire."""
    state = 'alertstate="firing"'
    return f"ALERTS{chosen(state, *matchers)}"


def collector(metric: str, by: str = "", *matchers: str) -> str:
    """Per second, from the telemetry of the collector; some versions end names in `_total`, some do not."""
    name, job = f'__name__=~"{metric}(_total)?"', 'job="otel-collector"'
    return added(f"rate({chosen(name, job, *matchers)}[$__rate_interval])", by)


def ledger_6h() -> str:
    """By how much each budget has grown in six hours, as the ledger says."""
    return f"max by (otel_tokens_budget) ({BUDGET}spent_usd_increase6h)"


def unseen() -> str:
    """What the ledger has counted in six hours and the counters have not, as a part of what they have."""
    more = f"max({ledger_6h()}) - on () {COUNTED_6H}"
    return f"clamp_min(({more}) / on () ({COUNTED_6H} > 0), 0)"
