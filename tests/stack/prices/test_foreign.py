"""Spans of other instrumentations through the real collector: tokens in buckets, priced, counted once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from .collector import FOREIGN, PRICES, Run, Span, run, summed
from .foreign_spans import COUNTED, PASSED_BY, Case


_TOKENS = "otel_tokens.tmp.tokens."
_USD = "otel_tokens.tmp.usd."
_PROCESSORS = ["transform/foreign", "transform/price"]


@pytest.fixture(scope="module")
def priced(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All spans of `foreign_spans`, in one run."""
    spans = [*[case.span for case in COUNTED.values()], *PASSED_BY.values()]
    folder = tmp_path_factory.mktemp("foreign")
    return run(stack.binary("otelcol-tokens"), folder, spans, [FOREIGN, PRICES], _PROCESSORS)


def _made(priced: Run, name: str) -> Mapping[str, Any]:
    return priced.spans[[*COUNTED, *PASSED_BY].index(name)]


def _numbers(span: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {key.removeprefix(prefix): value for key, value in span.items() if key.startswith(prefix)}


@pytest.mark.parametrize("name", COUNTED)
def test_counted(priced: Run, name: str) -> None:
    """A call of another library has our names, disjoint buckets, and its cost or why there is none."""
    case, span = COUNTED[name], _made(priced, name)
    assert _numbers(span, _TOKENS) == case.tokens
    assert span.get("otel_tokens.cost.usd") == (
        None if case.usd is None else pytest.approx(case.usd, abs=1e-12)
    )
    assert span["otel_tokens.cost.status"] == case.status
    assert span.get("otel_tokens.cost.source") == case.source
    assert span["gen_ai.provider.name"] == case.provider
    assert span["gen_ai.operation.name"] == case.operation
    if case.model is not None:
        assert span["gen_ai.response.model"] == case.model
    assert tuple(span.get("otel_tokens.warnings", ())) == case.warnings
    assert span["otel_tokens.count"] is True
    assert span["otel_tokens.source"] == "collector"
    assert sum(_numbers(span, _USD).values()) == pytest.approx(case.usd or 0.0, abs=1e-15)


@pytest.mark.parametrize("name", PASSED_BY)
def test_passed_by(priced: Run, name: str) -> None:
    """What is ours, is covered by us, or repeats what is below it keeps its attributes and is not counted."""
    span, sent = _made(priced, name), dict(PASSED_BY[name].attributes)
    sent.pop("otel_tokens.count", None)
    assert {key: value for key, value in span.items() if not key.startswith("otel_tokens.tmp.")} == {
        key: value for key, value in sent.items() if not key.startswith("otel_tokens.tmp.")
    }


def test_metrics_add_up(priced: Run) -> None:
    """The counters have the same sums as the spans, by bucket, outcome and reason."""
    spans = [_made(priced, name) for name in COUNTED]
    cases: list[Case] = list(COUNTED.values())
    assert summed(priced.metrics, "otel_tokens.cost.usd") == pytest.approx(
        sum([case.usd or 0.0 for case in cases]), abs=1e-12
    )
    assert summed(priced.metrics, "otel_tokens.requests") == len(cases)
    failed = [span for span in spans if span["otel_tokens.outcome"] == "error"]
    assert summed(priced.metrics, "otel_tokens.requests", otel_tokens__outcome="error") == len(failed) == 1
    unpriced = [case for case in cases if case.usd is None]
    assert summed(priced.metrics, "otel_tokens.unpriced.requests") == len(unpriced)
    for bucket in ("input", "cache_read", "output", "output_reasoning"):
        stated = sum([case.tokens.get(bucket, 0) for case in cases])
        assert summed(priced.metrics, "otel_tokens.tokens", otel_tokens__bucket=bucket) == stated
    assert not [point for point in priced.metrics if "" in point.values()]


def test_logs_nothing(priced: Run) -> None:
    """No statement fails, whatever the values are."""
    assert [line for line in priced.log.splitlines() if "failed to execute" in line] == []


def test_scratch_is_taken_away(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Behind `transform/scratch`, nothing is left that only the counters read."""
    spans = [case.span for case in COUNTED.values()]
    folder = tmp_path_factory.mktemp("scratch")
    processors = [*_PROCESSORS, "transform/scratch"]
    made = run(stack.binary("otelcol-tokens"), folder, spans, [FOREIGN, PRICES], processors)
    assert [key for span in made.spans for key in span if key.startswith("otel_tokens.tmp.")] == []


def test_labels_and_samples(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Labels come from span or resource; a head-sampled span counts for what it stands for."""
    plain = COUNTED["conventions of 2024"].span.attributes
    around = {"service.name": "shop", "deployment.environment.name": "live", "team": "search"}
    spans = [
        Span(attributes=plain, resource=around),
        Span(attributes={**plain, "team": "ads"}, resource=around, trace_state="a=b,ot=rv:1;th:8"),
        Span(attributes=plain, trace_state="not a trace state at all"),
    ]
    folder = tmp_path_factory.mktemp("labels")
    made = run(stack.binary("otelcol-tokens"), folder, spans, [FOREIGN, PRICES], _PROCESSORS)
    named = {"deployment__environment__name": "live", "service__name": "shop"}
    assert summed(made.metrics, "otel_tokens.requests", team="search", **named) == 1
    assert summed(made.metrics, "otel_tokens.requests", team="ads", **named) == 2
    assert summed(made.metrics, "otel_tokens.cost.usd", team="ads") == pytest.approx(0.007, abs=1e-12)
    assert summed(made.metrics, "otel_tokens.requests") == 4
    assert summed(made.metrics, "otel_tokens.tokens", otel_tokens__bucket="output") == 400
