-- The audit store: one row for each call that cost something or could not be priced, for years.
-- Run it once, in the database of the exporter, after the collector has made its tables.
--
-- The exporter writes at least once. `calls` has its rows by trace and span, so a span that came twice becomes
-- one row when ClickHouse merges; until then `spend` reads it with FINAL, which is exact at any time.
-- (`table_engine: ReplacingMergeTree` in the exporter would be wrong: its tables are ordered by second, and
-- two calls of one service within a second would become one.)

CREATE TABLE IF NOT EXISTS calls (
    at DateTime64(9, 'UTC'),
    trace_id String,
    span_id String,
    service LowCardinality(String),
    environment LowCardinality(String),
    team LowCardinality(String),
    feature LowCardinality(String),
    customer String,
    provider LowCardinality(String),
    model LowCardinality(String),
    source LowCardinality(String),
    status LowCardinality(String),
    outcome LowCardinality(String),
    cost_usd Nullable(Decimal(38, 12)),
    input_tokens UInt64,
    output_tokens UInt64,
    response_id String
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (service, toDate(at), trace_id, span_id)
TTL toDateTime(at) + INTERVAL 7 YEAR;

CREATE MATERIALIZED VIEW IF NOT EXISTS calls_of_spans TO calls AS
SELECT
    Timestamp AS at,
    TraceId AS trace_id,
    SpanId AS span_id,
    ServiceName AS service,
    ResourceAttributes['deployment.environment.name'] AS environment,
    SpanAttributes['team'] AS team,
    SpanAttributes['feature'] AS feature,
    SpanAttributes['customer'] AS customer,
    SpanAttributes['gen_ai.provider.name'] AS provider,
    if(SpanAttributes['gen_ai.response.model'] != '', SpanAttributes['gen_ai.response.model'],
       SpanAttributes['gen_ai.request.model']) AS model,
    if(SpanAttributes['otel_tokens.source'] != '', SpanAttributes['otel_tokens.source'], 'sdk') AS source,
    SpanAttributes['otel_tokens.cost.status'] AS status,
    SpanAttributes['otel_tokens.outcome'] AS outcome,
    toDecimal128OrNull(SpanAttributes['otel_tokens.cost.usd'], 12) AS cost_usd,
    toUInt64OrZero(SpanAttributes['gen_ai.usage.input_tokens']) AS input_tokens,
    toUInt64OrZero(SpanAttributes['gen_ai.usage.output_tokens']) AS output_tokens,
    SpanAttributes['gen_ai.response.id'] AS response_id
FROM otel_traces
WHERE SpanAttributes['otel_tokens.cost.usd'] != '' OR SpanAttributes['otel_tokens.cost.status'] != '';

-- Dollars by day, team, model and customer; calls without a price are counted, never 0 dollars.
CREATE OR REPLACE VIEW spend AS
SELECT
    toDate(at) AS day,
    service, environment, team, feature, customer, provider, model, source,
    count() AS requests,
    countIf(c.cost_usd IS NULL) AS unpriced_requests,
    sum(c.cost_usd) AS cost_usd,
    sum(c.input_tokens) AS input_tokens,
    sum(c.output_tokens) AS output_tokens
FROM calls AS c FINAL
GROUP BY ALL;

-- The same dollars as the counters have them, by day. A series counts from 0 with each process, so a day has
-- what its last value is above its last value of the days before.
CREATE OR REPLACE VIEW counted AS
SELECT
    day, service, model, source,
    sum(value - before) AS cost_usd
FROM (
    SELECT
        day, service, model, source, series, value,
        lagInFrame(value, 1, 0) OVER (
            PARTITION BY series, started ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS before
    FROM (
        SELECT
            toDate(TimeUnix) AS day,
            ServiceName AS service,
            Attributes['gen_ai.response.model'] AS model,
            Attributes['otel_tokens.source'] AS source,
            cityHash64(mapSort(Attributes), ServiceName, ResourceAttributes['service.instance.id']) AS series,
            StartTimeUnix AS started,
            argMax(Value, TimeUnix) AS value
        FROM otel_metrics_sum
        WHERE MetricName = 'otel_tokens.cost.usd'
        GROUP BY ALL
    )
)
GROUP BY ALL;
