"""The SQL of the audit store, in a real ClickHouse engine, on the tables of the exporter that is built in."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Final

import pytest


_BODY: Final = rb"(\((?:(?!CREATE TABLE).)*?ttl_only_drop_parts = 1)"
SQL: Final = Path(__file__).parents[3] / "collector" / "clickhouse"


class Engine:
    """A ClickHouse of one test."""

    def __init__(self, session: Any, tables: Mapping[str, str]) -> None:
        self._session = session
        self("CREATE DATABASE audit")
        self("USE audit")
        for name, statement in tables.items():
            self(statement.replace("NAME", f"audit.{name}"))

    def __call__(self, statement: str, **parameters: str) -> list[dict[str, Any]]:
        """Run one statement, and return its rows."""
        for name, value in parameters.items():
            statement = re.sub(r"\{" + name + r":(\w+)\}", rf"CAST('{value}', '\1')", statement)
        answer = self._session.query(statement, "JSONEachRow")
        return [json.loads(line) for line in str(answer).splitlines() if line]

    def script(self, name: str, **parameters: str) -> list[list[dict[str, Any]]]:
        """Run a file of ours, and return what each statement answered."""
        text = re.sub(r"^--.*$", "", (SQL / name).read_text("utf-8"), flags=re.MULTILINE)
        return [self(statement, **parameters) for statement in text.split(";") if statement.strip()]

    def insert(self, table: str, **row: str | float) -> None:
        """A row as the exporter writes it; maps are expressions."""
        values = ", ".join(
            str(value) if not isinstance(value, str) or value.startswith("map(") else f"'{value}'"
            for value in row.values()
        )
        self(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})")  # noqa: S608  rows of our own

    def span(self, span: str, attributes: Mapping[str, str], at: str = "2026-11-24 10:00:00.1") -> None:
        """A span: all attributes are text."""
        self.insert(
            "otel_traces",
            Timestamp=at,
            TraceId="t",
            SpanId=span,
            ServiceName="shop",
            SpanName="chat",
            SpanAttributes=_map(attributes),
        )

    def counter(self, at: str, instance: str, value: float, started: str) -> None:
        """One point of the cost counter."""
        self.insert(
            "otel_metrics_sum",
            ResourceAttributes=_map({"service.instance.id": instance}),
            ServiceName="shop",
            MetricName="otel_tokens.cost.usd",
            Attributes=_map({"otel_tokens.source": "sdk", "gen_ai.response.model": "gpt-4o"}),
            StartTimeUnix=started,
            TimeUnix=at,
            Value=value,
            AggregationTemporality=2,
            IsMonotonic=1,
        )

    def ledger(self, at: str, budget: str, value: float) -> None:
        """What a process reports of the ledger."""
        labels = {"otel_tokens.budget": budget, "otel_tokens.window": "day", "otel_tokens.scope": ""}
        self.insert(
            "otel_metrics_gauge",
            ServiceName="shop",
            MetricName="otel_tokens.budget.spent.usd",
            Attributes=_map(labels),
            StartTimeUnix=at,
            TimeUnix=at,
            Value=value,
        )


def _map(pairs: Mapping[str, str]) -> str:
    return "map(" + ", ".join(f"'{part}'" for pair in pairs.items() for part in pair) + ")"


def call(cost: str | None, **more: str) -> dict[str, str]:
    """The attributes of a call, as text."""
    known = {} if cost is None else {"otel_tokens.cost.usd": cost}
    status = "unknown_model" if cost is None else "priced"
    return {
        "otel_tokens.cost.status": status,
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.provider.name": "openai",
        "team": "search",
        "customer": "acme",
        "gen_ai.usage.input_tokens": "100",
        **known,
        **more,
    }


@pytest.fixture(scope="session")
def tables(stack: Any) -> dict[str, str]:
    """The statements by which the exporter in our collector makes its tables."""
    binary = stack.binary("otelcol-tokens").read_bytes()
    pattern = rb'CREATE TABLE IF NOT EXISTS "?%[qs]"?\."?%[qs]"? %s ' + _BODY
    templates = [each.decode() for each in re.findall(pattern, binary, re.DOTALL)]
    return {
        "otel_traces": _table(templates, {"ParentSpanId"}, {" JSON"}),
        "otel_metrics_sum": _table(templates, {"IsMonotonic", "    Value Float64"}, set()),
        "otel_metrics_gauge": _table(
            templates, {"MetricName", "    Value Float64"}, {"IsMonotonic", "BucketCounts", "Sum "}
        ),
    }


def _table(templates: Sequence[str], has: AbstractSet[str], lacks: AbstractSet[str]) -> str:
    """The one template that has some words and lacks others: no cluster, a plain engine, no time to live."""
    (found,) = [
        each
        for each in templates
        if all(word in each for word in has) and not any(word in each for word in lacks)
    ]
    return f"CREATE TABLE NAME {found}".replace("ENGINE = %s", "ENGINE = MergeTree()").replace("%s", "")


@pytest.fixture
def engine(stack: Any, tables: dict[str, str], tmp_path: Path) -> Iterator[Engine]:
    """A ClickHouse with the tables of the exporter and ours."""
    packages = stack.binary("chdb")
    sys.path.append(os.fspath(packages))
    try:
        session = importlib.import_module("chdb.session").Session(os.fspath(tmp_path / "data"))
    finally:
        sys.path.remove(os.fspath(packages))
    try:
        engine = Engine(session, tables)
        engine.script("audit.sql")
        yield engine
    finally:
        session.close()


def test_a_span_that_came_twice_counts_once(engine: Engine) -> None:
    """The exporter is at-least-once: the same span in two inserts is one call, whether merged or not."""
    engine.span("s1", call("0.0000135"))
    engine.span("s1", call("0.0000135"))
    engine.span("s2", call("1.35e-05"))

    for _ in range(2):
        (row,) = engine("SELECT requests, cost_usd, input_tokens FROM spend")
        assert (int(row["requests"]), float(row["cost_usd"]), int(row["input_tokens"])) == (2, 0.000027, 200)
        engine("OPTIMIZE TABLE calls FINAL")


def test_what_has_no_price_is_counted_and_not_free(engine: Engine) -> None:
    """Calls without a price have a number of their own, and add nothing to the dollars."""
    engine.span("s1", call("0.5"))
    engine.span("s2", call(None))
    engine.span("s3", {"http.route": "/"})

    (row,) = engine("SELECT requests, unpriced_requests, cost_usd FROM spend")
    assert (int(row["requests"]), int(row["unpriced_requests"]), float(row["cost_usd"])) == (2, 1, 0.5)


def test_dollars_by_day_team_and_customer(engine: Engine) -> None:
    """Each day, team, model and customer has its own sum, days in UTC."""
    engine.span("s1", call("1"), at="2026-11-23 23:59:59.9")
    engine.span("s2", call("2"), at="2026-11-24 00:00:00.1")
    engine.span("s3", call("4", team="ads"), at="2026-11-24 00:00:00.1")
    engine.span("s4", call("8", customer="globex"), at="2026-11-24 00:00:00.1")

    rows = engine("SELECT day, team, customer, model, cost_usd FROM spend ORDER BY cost_usd")
    assert [(row["day"], row["team"], row["customer"], float(row["cost_usd"])) for row in rows] == [
        ("2026-11-23", "search", "acme", 1.0),
        ("2026-11-24", "search", "acme", 2.0),
        ("2026-11-24", "ads", "acme", 4.0),
        ("2026-11-24", "search", "globex", 8.0),
    ]
    assert {row["model"] for row in rows} == {"gpt-4o"}


def test_counters_count_each_process_and_day(engine: Engine) -> None:
    """A counter has what it rose by on each day; repeats and late points change nothing, a restart adds."""
    engine.counter("2026-11-23 12:00:00", "a", 1.0, "2026-11-23 08:00:00")
    engine.counter("2026-11-24 12:00:00", "a", 3.0, "2026-11-23 08:00:00")
    engine.counter("2026-11-24 12:00:00", "a", 3.0, "2026-11-23 08:00:00")
    engine.counter("2026-11-24 11:00:00", "a", 2.0, "2026-11-23 08:00:00")
    engine.counter("2026-11-24 13:00:00", "b", 0.25, "2026-11-24 12:59:58")
    engine.counter("2026-11-24 14:00:00", "a", 0.5, "2026-11-24 13:30:00")

    rows = engine("SELECT day, cost_usd FROM counted ORDER BY day")
    assert [(row["day"], row["cost_usd"]) for row in rows] == [("2026-11-23", 1.0), ("2026-11-24", 2.75)]


def test_reconciling_says_what_disagrees(engine: Engine) -> None:
    """Nothing where spans, counters and ledger agree; a span that is missing shows in both comparisons."""
    month = {"since": "2026-11-24", "until": "2026-11-25", "budget": "search-daily", "team": "search"}
    engine.span("s1", call("0.5"))
    engine.counter("2026-11-24 12:00:00", "a", 0.5, "2026-11-24 08:00:00")
    engine.ledger("2026-11-24 11:00:00", "search-daily", 0.25)
    engine.ledger("2026-11-24 12:00:00", "search-daily", 0.5)
    engine.ledger("2026-11-24 12:00:00", "other", 7)
    assert engine.script("reconcile.sql", **month) == [[], []]

    engine.counter("2026-11-24 13:00:00", "a", 0.75, "2026-11-24 08:00:00")
    engine.ledger("2026-11-24 13:00:00", "search-daily", 0.75)
    (counters,), (ledger,) = engine.script("reconcile.sql", **month)
    assert (counters["service"], counters["spans_usd"], counters["difference_usd"]) == ("shop", 0.5, -0.25)
    assert (ledger["ledger_usd"], ledger["difference_usd"]) == (0.75, 0.25)
