"""The report adds up what arrived, and says when the accounts contradict each other."""

from typing import Any

import pytest

from receiver import Point, Span
from report import report
from rich.console import Console
from tables import tables


def span(name: str, parent: str = "", **attributes: Any) -> Span:
    """A span whose name is its id; `__` in a keyword stands for the dots of an attribute."""
    return Span(
        name=name,
        span_id=name.encode(),
        parent_id=parent.encode(),
        start_ns=0,
        duration_s=0.1,
        attributes={key.replace("__", "."): value for key, value in attributes.items()},
    )


def call(name: str, parent: str, cost_usd: float | None) -> Span:
    """A call that cost so much."""
    cost = {} if cost_usd is None else {"otel_tokens__cost__usd": cost_usd}
    return span(name, parent, otel_tokens__outcome="ok", **cost)


def cost_point(value: float) -> Point:
    """The cost counter."""
    return Point(
        metric="otel_tokens.cost.usd",
        unit="{USD}",
        attributes={"feature": "desk"},
        value=value,
        count=None,
        time_ns=0,
    )


def test_calls_belong_to_the_request_they_are_under() -> None:
    """A call counts for its root span, however deep it is, and nothing else counts."""
    spans = [
        span("root", otel_tokens__trace__cost__usd=0.75),
        span("step", "root"),
        call("chat", "step", 0.5),
        call("embeddings", "root", 0.25),
    ]
    result = report(spans, [cost_point(0.75)])

    (request,) = result.requests
    assert [found.name for found in request.calls] == ["chat", "embeddings"]
    assert result.cost_usd == request.cost_usd == 0.75
    assert not list(result.contradictions())


def test_accounts_that_differ_are_contradictions() -> None:
    """A counter or a request that says another sum than the calls is named, with both sums."""
    spans = [span("root", otel_tokens__trace__cost__usd=0.5), call("chat", "root", 0.75)]

    assert list(report(spans, [cost_point(1)]).contradictions()) == [
        "the metric says $1.000000, the calls add up to $0.750000",
        "root says $0.500000, its calls add up to $0.750000",
    ]


def test_missing_roll_up_is_a_contradiction() -> None:
    """A request with calls and without a cost is named."""
    spans = [span("root"), call("chat", "root", 0.75)]

    assert list(report(spans, [cost_point(0.75)]).contradictions()) == [
        "root says unknown, its calls add up to $0.750000"
    ]


def test_unknown_cost_is_a_contradiction() -> None:
    """A call without a cost is named, with the reason that it gives."""
    chat = span("chat", otel_tokens__outcome="ok", otel_tokens__cost__status="unknown_model")

    assert "chat has no cost: unknown_model" in report([chat], []).contradictions()


def test_nothing_is_a_contradiction() -> None:
    """When nothing arrived, that is said."""
    assert list(report([], []).contradictions()) == ["no call arrived"]


def test_tiny_cost_is_not_shown_as_nothing() -> None:
    """A call that costs less than a micro-dollar is not shown as free."""
    console = Console(width=120)
    with console.capture() as capture:
        console.print(tables(report([call("chat", "", 2e-7)], []), console))

    assert "<$0.000001" in capture.get()


@pytest.mark.parametrize("width", [70, 100, 136])
def test_narrow_terminals_show_fewer_columns_not_parts_of_them(width: int) -> None:
    """What there is no room for is left out, and what is shown is shown whole."""
    console = Console(width=width)
    with console.capture() as capture:
        spans = [span("root"), call("embeddings text-embedding-3-small", "root", 0.123456)]
        console.print(tables(report(spans, [cost_point(0.123456)]), console))

    assert "embeddings text-embedding-3-small" in capture.get()
    assert "$0.123456" in capture.get()
    assert "…" not in capture.get()
    assert ("seconds  tries  outcome" in capture.get()) == (width == 136)


def test_unknown_cost_is_shown_as_unknown() -> None:
    """A call without a cost is not shown as free."""
    console = Console(width=120)
    with console.capture() as capture:
        console.print(tables(report([span("root"), call("chat", "root", None)], []), console))

    assert "unknown" in capture.get()
