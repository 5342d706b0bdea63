"""Counts finished calls: sums that are exact, and histograms.

An instrument of the SDK costs about 10 microseconds for each record, and the thread of the application shall
not pay for it. So a call that has ended is only kept; when the SDK collects, by callbacks, what has been kept
is added to the sums here and recorded in the histograms, which are the SDK's own and collected last. Money is
added up as exact decimals. Attribute mappings are built once for each series.

The series are bounded: past the limit the labels of newcomers become `other`, then their models too, so
totals stay exact and no point is lost to the limit of the SDK.
"""

from __future__ import annotations

import threading

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
    EXACT,
    INPUT_BUCKETS,
    NOTHING,
    OUTPUT_BUCKETS,
    OUTPUT_REASONING,
    Part,
    Usage,
)
from . import names
from .finished import Finished


Labels = tuple[tuple[str, Any], ...]
Key = tuple[str, str, str | None, str | None, Labels]
"""Operation, provider, request model, response model, labels."""


COST, TOKENS, REQUESTS, UNPRICED, HISTOGRAMS = range(5)
"""What has points: the four sums of a series, and its histograms."""

_RESERVE: Final = 200
"""Points kept free below the limit for the series called `other`."""


PointKey = tuple[tuple[str, int], "str | None", "str | None"]
"""Server, type of error, type of token."""


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
    parts: tuple[Part, ...]
    part_costs: tuple[Mapping[str, Decimal], ...]
    outcome: str
    error_type: str | None
    unpriced: str | None
    duration_s: float
    first_chunk_s: float | None


class Series:
    """The sums of the calls that share one set of labels."""

    __slots__ = ("attributes", "base", "key", "sums")

    def __init__(self, key: Key) -> None:
        operation, provider, requested, responded, labels = key
        self.key = key
        self.base: dict[str, Any] = {names.OPERATION: operation, names.PROVIDER: provider}
        if requested is not None:
            self.base[names.REQUEST_MODEL] = requested
        if responded is not None:
            self.base[names.RESPONSE_MODEL] = responded
        self.base.update(labels)
        self.sums: tuple[dict[Any, Any], ...] = ({}, {}, {}, {})
        """COST: (bucket, source) to USD; TOKENS: (bucket, source) to count; REQUESTS: (outcome, error) to
        count; UNPRICED: status to count."""
        self.attributes: dict[PointKey, dict[str, Any]] = {}
        """Of the points of its histograms; the same object for each record."""

    def new_attributes(self, key: PointKey) -> dict[str, Any]:
        """The attributes of one histogram point."""
        (address, port), error, token = key
        found = {**self.base, names.SERVER_ADDRESS: address}
        if address != names.OTHER:
            found[names.SERVER_PORT] = port
        if error is not None:
            found[names.ERROR_TYPE] = error
        if token is not None:
            found[names.TOKEN_TYPE] = token
        return found


class Meters:
    """The instruments of this package on one meter."""

    def __init__(self, meter: Meter, *, limit: int, semconv: str) -> None:
        self._lock = threading.Lock()
        self.limit, self.semconv = limit, semconv
        self._limit = max(1, limit - _RESERVE)
        self._points = [0] * 5
        self._series: dict[Key, Series] = {}
        self._latest = semconv in ("latest", "both")
        self._pending: deque[Noted] = deque()
        self._histograms(meter, semconv)
        self._counters(meter)
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
                self._observe_unpriced,
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
            [lambda _options: [Observation(1)]],
            unit="{process}",
            description="1 for every process that is metered.",
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
                None if opened.owner is not None else opened.span.get_span_context(),
                end.reading.model,
                end.counts,
                end.usage_source or "provider",
                cost.by_bucket,
                cost.source or "computed",
                end.parts,
                cost.parts,
                end.outcome,
                end.error_type,
                cost.status if end.unpriced else None,
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
            except IndexError:  # another thread took the last one
                return
            try:
                self._count_call(noted)
            except Exception:  # noqa: BLE001  # the collection of all other instruments goes on
                shield.failed("counting a call")

    def _count_call(self, call: Noted) -> None:
        operation, provider, requested = call.key
        for part, money in zip(call.parts, call.part_costs, strict=False):
            self.count(
                (operation, provider, requested, part.model, call.labels),
                tokens=part.usage.tokens,
                usage_source=call.usage_source,
                cost=money,
                cost_source=call.cost_source,
            )
        series = self.count(
            (operation, provider, requested, call.model, call.labels),
            tokens=NOTHING.tokens if call.usage is None else call.usage.tokens,
            usage_source=call.usage_source,
            cost=call.cost,
            cost_source=call.cost_source,
            request=(call.outcome, call.error_type),
            unpriced=call.unpriced,
        )
        if call.span_context is not None:
            self._observe(series, call, call.span_context)

    def count(
        self,
        key: Key,
        *,
        tokens: Mapping[str, int],
        usage_source: str,
        cost: Mapping[str, Decimal],
        cost_source: str,
        request: tuple[str, str | None] | None = None,
        unpriced: str | None = None,
    ) -> Series:
        """Add one call, or one part of it that another model answered (`request` None)."""
        series = self._series.get(key)
        with self._lock:
            if series is None:
                series = self._admit(key)
            sums = series.sums[TOKENS]
            for bucket, number in tokens.items():
                point = (bucket, usage_source)
                if point in sums:
                    sums[point] += number
                else:
                    self._add(TOKENS, series, point, number)
            sums = series.sums[COST]
            for bucket, usd in cost.items():
                point = (bucket, cost_source)
                if point in sums:
                    sums[point] = EXACT.add(sums[point], usd)
                else:
                    self._add(COST, series, point, usd)
            if request is not None:
                self._add(REQUESTS, series, request, 1)
                if unpriced is not None:
                    self._add(UNPRICED, series, unpriced, 1)
        return series

    def _add(self, kind: int, series: Series, point: Any, amount: Any) -> None:  # noqa: ANN401
        """Add to one point; a new one that there is no room for goes into the series of last resort."""
        sums = series.sums[kind]
        if point not in sums and self._points[kind] >= self._limit:
            sums = self._last_resort(series.key).sums[kind]
            if kind == REQUESTS:
                outcome, error = point
                point = (outcome, None if error is None else names.ANY_ERROR)
        before = sums.get(point)
        if before is None:
            self._points[kind] += 1
            sums[point] = amount
        else:
            sums[point] = EXACT.add(before, amount) if kind == COST else before + amount

    def _admit(self, key: Key) -> Series:
        """The series of a key that has none yet: its own, or one of `other` when there are too many."""
        found = self._series.get(key)
        if found is not None:
            return found
        operation, provider, requested, responded, labels = key
        if max(self._points) < self._limit:
            return self._new(key)
        others = tuple([(name, names.OTHER) for name, _ in labels])
        if labels != others:
            return self._admit((operation, provider, requested, responded, others))
        if max(self._points) < self._limit + _RESERVE // 2:
            return self._new(key)
        return self._last_resort(key)

    def _new(self, key: Key) -> Series:
        self._series[key] = series = Series(key)
        return series

    def _last_resort(self, key: Key) -> Series:
        """The series that takes what there is no room for: few can be made, one for each operation."""
        operation, provider, _, _, labels = key
        others = tuple([(name, names.OTHER) for name, _ in labels])
        known = (operation, provider, names.OTHER, names.OTHER, others)
        if known in self._series:
            return self._series[known]
        if max(self._points) >= self._limit + _RESERVE // 2:
            known = (operation, names.OTHER, names.OTHER, names.OTHER, others)
        return self._series.get(known) or self._new(known)

    # Histograms.

    def _observe(self, series: Series, call: Noted, span_context: SpanContext) -> None:
        context = trace.set_span_in_context(trace.NonRecordingSpan(span_context), _NO_CONTEXT)
        timing = self._attributes(series, call.server, call.error_type, None)
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

    def _attributes(
        self, series: Series, server: tuple[str, int], error: str | None, token: str | None
    ) -> dict[str, Any]:
        """The attributes of one histogram point; servers and errors are `other` when there are too many."""
        key: PointKey = (server, error, token)
        found = series.attributes.get(key)
        if found is not None:
            return found
        with self._lock:
            if self._points[HISTOGRAMS] >= self._limit:
                key = ((names.OTHER, 0), None if error is None else names.ANY_ERROR, token)
            found = series.attributes.get(key)
            if found is None:
                self._points[HISTOGRAMS] += 1
                found = series.attributes[key] = series.new_attributes(key)
        return found

    def _record_tokens(
        self, series: Series, server: tuple[str, int], put: int, got: int | None, context: Context | None
    ) -> None:
        if self._token_usage is not None:
            self._token_usage.record(put, self._attributes(series, server, None, "input"), context)
            if got is not None:
                self._token_usage.record(got, self._attributes(series, server, None, "output"), context)
        if self._input is not None and self._output is not None:
            plain = self._attributes(series, server, None, None)
            self._input.record(put, plain, context)
            if got is not None:
                self._output.record(got, plain, context)

    def observe_trace(self, usd: float, name: str) -> None:
        """Record what one request or job has cost."""
        self._trace_cost.record(usd, {names.TRACE_NAME: name})

    # Reporting.

    def _snapshot(self, kind: int) -> Iterator[tuple[dict[str, Any], Any, Any]]:
        """The labels of a series, a point of it and its sum, for every point of one kind."""
        self.flush()  # before the SDK collects the histograms, which it does last
        with self._lock:
            found = [(series.base, list(series.sums[kind].items())) for series in self._series.values()]
        for base, points in found:
            for point, amount in points:
                yield base, point, amount

    def _observe_cost(self, _options: CallbackOptions) -> Iterator[Observation]:
        for base, (bucket, source), usd in self._snapshot(COST):
            yield Observation(float(usd), {**base, names.BUCKET: bucket, names.COST_SOURCE: source})

    def _observe_tokens(self, _options: CallbackOptions) -> Iterator[Observation]:
        for base, (bucket, source), number in self._snapshot(TOKENS):
            yield Observation(number, {**base, names.BUCKET: bucket, names.USAGE_SOURCE: source})

    def _observe_requests(self, _options: CallbackOptions) -> Iterator[Observation]:
        for base, (outcome, error), number in self._snapshot(REQUESTS):
            attributes = {**base, names.OUTCOME: outcome}
            if error is not None:
                attributes[names.ERROR_TYPE] = error
            yield Observation(number, attributes)

    def _observe_unpriced(self, _options: CallbackOptions) -> Iterator[Observation]:
        for base, status, number in self._snapshot(UNPRICED):
            yield Observation(number, {**base, names.COST_STATUS: status})

    def _observe_failures(self, _options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(number, {names.STEP: step}) for step, number in shield.failures.items()]

    def _observe_latest(self, buckets: frozenset[str]) -> Callable[[CallbackOptions], Iterator[Observation]]:
        def observe(_options: CallbackOptions) -> Iterator[Observation]:
            sums: dict[tuple[int, str], tuple[dict[str, Any], int]] = {}
            for base, (bucket, _source), number in self._snapshot(TOKENS):
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
        self._lock = threading.Lock()
        self._series = {}
        self._points = [0] * 5
        self._pending.clear()
        consumer = getattr(self.meter, "_measurement_consumer", None)
        for storage in getattr(consumer, "_reader_storages", {}).values():
            kept = getattr(storage, "_instrument_view_instrument_matches", {})
            for instrument in list(kept):
                scope = getattr(instrument, "instrumentation_scope", None)
                if getattr(scope, "name", None) == names.SCOPE:
                    del kept[instrument]


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
