"""What arrived over OTLP, sorted by request, and whether its accounts agree.

The money arrives in three accounts: an attribute of each call, a counter, and an attribute of each
request. `Report.contradictions` says where they do not agree.
"""

from __future__ import annotations

import math

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from receiver import Point, Span


COST = "otel_tokens.cost.usd"
REQUEST_COST = "otel_tokens.trace.cost.usd"

SMALLEST_USD = 1e-6
"""The last digit that is shown."""


@dataclass(frozen=True, slots=True)
class Request:
    """One incoming request of the application, and the calls that it led to."""

    root: Span
    calls: Sequence[Span]

    @property
    def cost_usd(self) -> float:
        """The costs of its calls, added up here."""
        return math.fsum(call.attributes.get(COST, 0.0) for call in self.calls)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that arrived."""

    requests: Sequence[Request]
    points: Sequence[Point]

    @property
    def calls(self) -> int:
        """How many calls there were."""
        return sum(len(request.calls) for request in self.requests)

    @property
    def cost_usd(self) -> float:
        """The costs of all calls, added up here."""
        return math.fsum(request.cost_usd for request in self.requests)

    def contradictions(self) -> Iterator[str]:
        """Where the accounts do not agree, or have a hole."""
        if not self.calls:
            yield "no call arrived"
        for call in (call for request in self.requests for call in request.calls):
            if COST not in call.attributes:
                yield f"{call.name} has no cost: {call.attributes.get('otel_tokens.cost.status')}"
        metered = math.fsum(point.value for point in self.points if point.metric == COST)
        if not _is_same(metered, self.cost_usd):
            yield f"the metric says {usd(metered)}, the calls add up to {usd(self.cost_usd)}"
        for request in self.requests:
            rolled_up = request.root.attributes.get(REQUEST_COST)
            if request.calls and not _is_same(rolled_up, request.cost_usd):
                total, name = usd(request.cost_usd), request.root.name
                yield f"{name} says {usd(rolled_up)}, its calls add up to {total}"


def report(spans: Sequence[Span], points: Sequence[Point]) -> Report:
    """Sort what arrived by request."""
    by_id = {span.span_id: span for span in spans}
    calls: dict[bytes, list[Span]] = {span.span_id: [] for span in spans if _is_root(span, by_id)}
    for span in spans:
        if "otel_tokens.outcome" in span.attributes:
            calls[_root(span, by_id).span_id].append(span)
    return Report([Request(by_id[root], found) for root, found in calls.items()], points)


def _is_root(span: Span, by_id: Mapping[bytes, Span]) -> bool:
    return span.parent_id not in by_id


def _root(span: Span, by_id: Mapping[bytes, Span]) -> Span:
    while not _is_root(span, by_id):
        span = by_id[span.parent_id]
    return span


def _is_same(a: float | None, b: float) -> bool:
    # Both are sums of doubles, added up in another order: equal but for the last digits.
    return a is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


def usd(amount: float | None) -> str:
    """`amount` for people."""
    if amount is None:
        return "unknown"
    # What cost something is never shown as nothing.
    return "<$0.000001" if 0 < amount < SMALLEST_USD / 2 else f"${amount:.6f}"
