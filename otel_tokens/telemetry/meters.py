"""Counts finished calls: sums that are exact, and histograms.

An instrument of the SDK costs about 10 microseconds for each record, and the thread of the application shall
not pay for it. So a call that has ended is only kept; when the SDK collects, by callbacks, what has been kept
is added to the sums here and recorded in the histograms, which are the SDK's own and collected last. Money is
added up as exact decimals. Attribute mappings are built once for each series.
"""

from __future__ import annotations

import secrets
import time

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple, Protocol

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Histogram, Meter, Observation
from opentelemetry.trace import SpanContext

from .. import shield
from ..readings import (
    CACHE_READ_BUCKETS,
    CACHE_WRITE_BUCKETS,
    INPUT_BUCKETS,
    NOTHING,
    OUTPUT_BUCKETS,
    OUTPUT_REASONING,
    Part,
    Usage,
)
from . import names
from .finished import Finished
from .gauges import Gauges
from .series import BLOCKED, COST, REPEATED, REQUESTS, TOKENS, UNPRICED, WARNED, Labels, Series, Sums


class Opened(Protocol):
    """What was known of a call when it was opened."""

    key: tuple[str, str, str | None]
    """Operation, provider, request model."""
    labels: Labels
    server: tuple[str, int]
    """Host and port."""
    span: trace.Span
    owner: Any
    """An outer instrumentation that records the distributions itself, or None."""


class Noted(NamedTuple):
    """What is kept of a call until it is counted: little, as thousands of them may wait."""

    key: tuple[str, str, str | None]
    labels: Labels
    server: tuple[str, int]
    span_context: SpanContext | None
    """What points of histograms refer to; None when another instrumentation records them."""
    model: str | None
    usage: Usage | None
    usage_source: str
    cost: Mapping[str, Decimal]
    cost_source: str
    outcome: str
    parts: tuple[Part, ...]
    part_costs: tuple[Mapping[str, Decimal], ...]
    error_type: str | None
    ones: tuple[tuple[int, Any], ...]
    """What counts by one: the call as such, and what is odd about it."""
    duration_s: float
    first_chunk_s: float | None


class Meters:
    """The instruments of this package on one meter."""

    def __init__(self, meter: Meter, *, limit: int, semconv: str, process: str | None = None) -> None:
        """`process` tells this process from others, where its resource has no `service.instance.id`."""
        self.limit, self.semconv = limit, semconv
        self.price_dated_s: Callable[[], int | None] | None = None
        """Unix time from which the price book is; reads the book."""
        self._sums = Sums(limit)
        self._sums.process = {} if process is None else {names.PROCESS: process}
        self._latest = semconv in ("latest", "both")
        self._pending: deque[Noted] = deque()
        self._histograms(meter, semconv)
        self._counters(meter)
        self.budgets = Gauges(meter)
        self.meter = meter

    def _histograms(self, meter: Meter, semconv: str) -> None:
        self._durations: list[Histogram] = []
        self._first_chunks: list[Histogram] = []
        self._token_usage = self._input = self._output = None
        whole, first = "Duration of the call.", "From the request to the first event of a stream."
        if semconv in ("released", "both"):
            self._durations.append(_seconds(meter, names.RELEASED_DURATION, whole))
            self._first_chunks.append(_seconds(meter, names.RELEASED_FIRST_CHUNK, first))
            self._token_usage = _tokens(meter, names.RELEASED_TOKEN_USAGE, "Tokens of the call.")
        if self._latest:
            self._durations.append(_seconds(meter, names.LATEST_DURATION, whole))
            self._first_chunks.append(_seconds(meter, names.LATEST_FIRST_CHUNK, first))
            self._input = _tokens(meter, names.LATEST_INPUT, "Input tokens of the call.")
            self._output = _tokens(meter, names.LATEST_OUTPUT, "Output tokens of the call.")
        self._trace_cost = meter.create_histogram(
            names.METRIC_TRACE_COST_USD,
            unit="{USD}",
            description="Cost of one request or job: of all calls under one local root span.",
            explicit_bucket_boundaries_advisory=names.COST_BOUNDS_USD,
        )

    def _counters(self, meter: Meter) -> None:
        for name, unit, text, callback in (
            (names.METRIC_COST_USD, "{USD}", "What calls cost, by bucket.", self._observe_cost),
            (names.METRIC_TOKENS, "{token}", "Tokens, each in one bucket.", self._observe_tokens),
            (names.METRIC_REQUESTS, "{request}", "Calls that ended.", self._observe_requests),
            (
                names.METRIC_UNPRICED,
                "{request}",
                "Calls whose cost is not known, and why.",
                self._observe_ones(UNPRICED, names.COST_STATUS),
            ),
            (
                names.METRIC_BLOCKED,
                "{request}",
                "Calls that were not sent, because a budget or a detector of runaways refused them.",
                self._observe_ones(BLOCKED, names.BUDGET),
            ),
            (
                names.METRIC_WARNED,
                "{request}",
                "Calls that a budget with action `warn` would have refused.",
                self._observe_ones(WARNED, names.BUDGET),
            ),
            (
                names.METRIC_REPEATED,
                "{request}",
                "Calls that repeated an identical request, one after the other.",
                self._observe_ones(REPEATED, None),
            ),
            (
                names.METRIC_FAILURES,
                "{failure}",
                "Steps of this package that failed; no call is affected.",
                self._observe_failures,
            ),
        ):
            meter.create_observable_counter(name, [callback], unit=unit, description=text)
        if self._latest:
            for part, buckets in _LATEST_PARTS.items():
                meter.create_observable_counter(
                    f"{names.LATEST_USAGE_PREFIX}{part}",
                    [self._observe_latest(buckets)],
                    unit="{token}",
                    description="Tokens, inclusive as the conventions count them.",
                )
        meter.create_observable_gauge(
            names.METRIC_HEARTBEAT,
            [lambda _options: [Observation(1, self._sums.process)]],
            unit="{process}",
            description="1 for every process that is metered.",
        )
        meter.create_observable_gauge(
            names.METRIC_PRICE_AGE,
            [self._observe_price_age],
            unit="s",
            description="How long ago the price book was checked, in processes that have made calls.",
        )

    # Adding.

    def note(self, opened: Opened, end: Finished) -> None:
        """Keep a call that has ended; the next collection counts it, or `flush` before it."""
        pending = self._pending
        cost = end.cost
        pending.append(
            Noted(
                opened.key,
                opened.labels,
                opened.server,
                None if opened.owner is not None or end.blocked_by else opened.span.get_span_context(),
                end.reading.model,
                end.counts,
                end.usage_source or "provider",
                cost.by_bucket,
                cost.source or "computed",
                end.outcome,
                end.parts,
                cost.parts,
                end.error_type,
                _ones(end),
                end.duration_s,
                end.first_chunk_s,
            )
        )
        if len(pending) > _WAITING_AT_MOST:
            self.flush(2)

    def flush(self, most: int | None = None) -> None:
        """Count what has been kept, or the `most` oldest of it."""
        pending = self._pending
        for _ in range(len(pending) if most is None else most):
            try:
                noted = pending.popleft()
            except IndexError:  # pragma: no cover  # another thread took the last one
                return
            try:
                self._count_call(noted)
            except Exception:  # noqa: BLE001  # the collection of all other instruments goes on
                shield.failed("counting a call")

    def _count_call(self, call: Noted) -> None:
        operation, provider, requested = call.key
        for part, money in zip(call.parts, call.part_costs, strict=False):
            self._sums.count(
                (operation, provider, requested, part.model, call.labels),
                tokens=part.usage.tokens,
                usage_source=call.usage_source,
                cost=money,
                cost_source=call.cost_source,
                outcome=call.outcome,
            )
        series = self._sums.count(
            (operation, provider, requested, call.model, call.labels),
            tokens=NOTHING.tokens if call.usage is None else call.usage.tokens,
            usage_source=call.usage_source,
            cost=call.cost,
            cost_source=call.cost_source,
            outcome=call.outcome,
            ones=call.ones,
        )
        if call.span_context is not None:
            self._observe(series, call, call.span_context)

    # Histograms.

    def _observe(self, series: Series, call: Noted, span_context: SpanContext) -> None:
        context = _beside(span_context)
        timing = self._sums.attributes(series, call.server, call.error_type, None)
        for histogram in self._durations:
            histogram.record(call.duration_s, timing, context)
        if call.first_chunk_s is not None:
            for histogram in self._first_chunks:
                histogram.record(call.first_chunk_s, timing, context)
        if call.usage is not None and call.usage.tokens:
            put, got = call.usage.totals()
            if call.key[0] == names.EMBEDDINGS:
                self._record_tokens(series, call.server, put, None, context)
            else:
                self._record_tokens(series, call.server, put, got, context)

    def _record_tokens(
        self, series: Series, server: tuple[str, int], put: int, got: int | None, context: Context | None
    ) -> None:
        if self._token_usage is not None:
            self._token_usage.record(put, self._sums.attributes(series, server, None, "input"), context)
            if got is not None:
                self._token_usage.record(got, self._sums.attributes(series, server, None, "output"), context)
        if self._input is not None and self._output is not None:
            plain = self._sums.attributes(series, server, None, None)
            self._input.record(put, plain, context)
            if got is not None:
                self._output.record(got, plain, context)

    def observe_trace(self, usd: float, name: str, root: SpanContext) -> None:
        """Record what one request or job has cost, with its root span as the example."""
        self._trace_cost.record(usd, {names.TRACE_NAME: name, **self._sums.process}, _beside(root))

    # Reporting.

    def _points(self, kind: int) -> Iterator[tuple[dict[str, Any], Any, Any]]:
        self.flush()  # before the SDK collects the histograms, which it does last
        return self._sums.points(kind)

    def _observe_cost(self, _options: CallbackOptions) -> Iterator[Observation]:
        for base, (bucket, source, outcome), usd in self._points(COST):
            labels = {names.BUCKET: bucket, names.COST_SOURCE: source, names.OUTCOME: outcome}
            yield Observation(float(usd), {**base, **labels})

    def _observe_tokens(self, _options: CallbackOptions) -> Iterator[Observation]:
        for base, (bucket, source), number in self._points(TOKENS):
            yield Observation(number, {**base, names.BUCKET: bucket, names.USAGE_SOURCE: source})

    def _observe_requests(self, _options: CallbackOptions) -> Iterator[Observation]:
        for base, (outcome, error), number in self._points(REQUESTS):
            attributes = {**base, names.OUTCOME: outcome}
            if error is not None:
                attributes[names.ERROR_TYPE] = error
            yield Observation(number, attributes)

    def _observe_ones(
        self, kind: int, label: str | None
    ) -> Callable[[CallbackOptions], Iterator[Observation]]:
        def observe(_options: CallbackOptions) -> Iterator[Observation]:
            for base, point, number in self._points(kind):
                yield Observation(number, base if label is None else {**base, label: point})

        return observe

    def _observe_failures(self, _options: CallbackOptions) -> Iterable[Observation]:
        process = self._sums.process
        return [
            Observation(number, {names.STEP: step, **process}) for step, number in shield.failures.items()
        ]

    def _observe_price_age(self, _options: CallbackOptions) -> Iterable[Observation]:
        if self.price_dated_s is None or self._sums.is_empty:
            return []
        dated_s = self.price_dated_s()
        return [] if dated_s is None else [Observation(time.time() - dated_s, self._sums.process)]

    def _observe_latest(self, buckets: frozenset[str]) -> Callable[[CallbackOptions], Iterator[Observation]]:
        def observe(_options: CallbackOptions) -> Iterator[Observation]:
            sums: dict[tuple[int, str], tuple[dict[str, Any], int]] = {}
            for base, (bucket, _source), number in self._points(TOKENS):
                if bucket in buckets:
                    key = (id(base), _modality(bucket))
                    sums[key] = (base, sums.get(key, (base, 0))[1] + number)
            for (_, modality), (base, number) in sums.items():
                yield Observation(number, {**base, names.TOKEN_MODALITY: modality})

        return observe

    # Forking.

    def reset_in_child(self) -> None:
        """Start from zero in a forked process: what the parent counted is the parent's to report.

        The storage of the SDK is copied by a fork too, so what it keeps for these instruments is dropped;
        otherwise a child would report the parent's histograms again, and a delta below zero.
        """
        # The resource, and the `service.instance.id` in it, is the parent's.
        self._sums.process = {names.PROCESS: secrets.token_hex(4)}
        self._sums.clear()
        self._pending.clear()
        meter = getattr(self.meter, "_real_meter", None) or self.meter  # of a provider that was set later
        consumer = getattr(meter, "_measurement_consumer", None)
        for storage in getattr(consumer, "_reader_storages", {}).values():
            kept = getattr(storage, "_instrument_view_instrument_matches", {})
            for instrument in list(kept):
                scope = getattr(instrument, "instrumentation_scope", None)
                if getattr(scope, "name", None) == names.SCOPE:
                    del kept[instrument]


def _beside(span_context: SpanContext) -> Context:
    """The context in which a point of a histogram refers to a span that has ended."""
    return trace.set_span_in_context(trace.NonRecordingSpan(span_context), _NO_CONTEXT)


def _ones(end: Finished) -> tuple[tuple[int, Any], ...]:
    """What counts by one: the call as such, and what is odd about it."""
    request = (REQUESTS, (end.outcome, end.error_type))
    if not (end.unpriced or end.blocked_by or end.warned_by or end.repeated):
        return (request,)
    found: list[tuple[int, Any]] = [request]
    if end.unpriced:
        found.append((UNPRICED, end.cost.status))
    if end.blocked_by is not None:
        found.append((BLOCKED, end.blocked_by))
    found += [(WARNED, name) for name in end.warned_by]
    if end.repeated:
        found.append((REPEATED, None))
    return tuple(found)


_WAITING_AT_MOST: Final = 4096
"""Calls that may wait for a collection; one beyond that counts two older ones."""

_NO_CONTEXT: Final = Context()

_LATEST_PARTS: Final[Mapping[str, frozenset[str]]] = {
    "input_tokens": INPUT_BUCKETS,
    "output_tokens": OUTPUT_BUCKETS,
    "cache_read.input_tokens": CACHE_READ_BUCKETS,
    "cache_write.input_tokens": CACHE_WRITE_BUCKETS,
    "reasoning.output_tokens": frozenset({OUTPUT_REASONING}),
}


def _modality(bucket: str) -> str:
    kind = bucket.rpartition("_")[2]
    return kind if kind in ("audio", "image", "video") else "unknown"


def _seconds(meter: Meter, name: str, text: str) -> Histogram:
    return meter.create_histogram(
        name,
        unit="s",
        description=text,
        explicit_bucket_boundaries_advisory=names.DURATION_BOUNDS_S,
    )


def _tokens(meter: Meter, name: str, text: str) -> Histogram:
    return meter.create_histogram(
        name,
        unit="{token}",
        description=text,
        explicit_bucket_boundaries_advisory=names.TOKEN_BOUNDS,
    )
