-- What disagrees, of the audit store, the counters and the ledger. No rows: all agree to a thousandth of a cent.
-- {since:Date} and {until:Date} are parameters: clickhouse-client --param_since=2026-11-01 --param_until=2026-12-01
--
-- Days are UTC. Look at yesterday at the earliest: spans and counters of today arrive at different times.

-- Spans against counters, by day, service and source.
SELECT
    day, service, source,
    sumIf(usd, side = 'spans') AS spans_usd,
    sumIf(usd, side = 'counters') AS counters_usd,
    spans_usd - counters_usd AS difference_usd
FROM (
    SELECT day, service, source, toFloat64(sum(spend.cost_usd)) AS usd, 'spans' AS side FROM spend GROUP BY ALL
    UNION ALL
    SELECT day, service, source, sum(counted.cost_usd) AS usd, 'counters' AS side FROM counted GROUP BY ALL
)
WHERE day >= {since:Date} AND day < {until:Date}
GROUP BY ALL
HAVING abs(difference_usd) > 0.00001
ORDER BY abs(difference_usd) DESC;

-- The ledger against spans: a budget of a day, and the team whose calls it is about. Every process reports the
-- ledger's number, so the last one of the day is the ledger's, for each scope.
SELECT ledger_usd, spans_usd, ledger_usd - spans_usd AS difference_usd
FROM (
    SELECT sum(spent) AS ledger_usd
    FROM (
        SELECT argMax(Value, TimeUnix) AS spent
        FROM otel_metrics_gauge
        WHERE MetricName = 'otel_tokens.budget.spent.usd'
          AND Attributes['otel_tokens.budget'] = {budget:String}
          AND Attributes['otel_tokens.window'] = 'day'
          AND toDate(TimeUnix) = {since:Date}
        GROUP BY Attributes['otel_tokens.scope']
    )
) AS ledger
CROSS JOIN (
    SELECT toFloat64(sum(cost_usd)) AS spans_usd
    FROM spend
    WHERE day = {since:Date} AND team = {team:String} AND source = 'sdk'
) AS spans
WHERE abs(difference_usd) > 0.00001;
