"""Telemetry in memory, for every test that wants to see what is emitted."""

from __future__ import annotations

import gc
import time

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import hypothesis
import pytest

from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricReader
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

import otel_tokens

from otel_tokens import shield


Labels = Mapping[str, Any]

pytest.register_assert_rewrite("tests.clients.cases")

_PATIENCE_S = 5.0
_SCOPE = "otel_tokens"


def pytest_configure() -> None:
    """Let examples take their time on a busy machine."""
    hypothesis.settings.register_profile("patient", deadline=None)
    hypothesis.settings.load_profile("patient")


@pytest.fixture(autouse=True)
def _context_of_its_own() -> Iterator[None]:
    """No test leaves a span or a value in the context for the next one."""
    token = attach(Context())
    yield
    detach(token)


class Spans(SpanProcessor):
    """Keeps the spans of this package that ended, and counts those that began."""

    def __init__(self) -> None:
        self.begun: list[None] = []
        self.ended: list[ReadableSpan] = []

    @property
    def started(self) -> int:
        """How many have begun."""
        return len(self.begun)

    def on_start(self, span: Any, parent_context: Any = None) -> None:  # noqa: ARG002
        """Count a span."""
        if span.instrumentation_scope.name == _SCOPE:
            self.begun.append(None)  # atomic, as an addition is not

    def on_end(self, span: ReadableSpan) -> None:
        """Keep a span."""
        scope = span.instrumentation_scope
        if scope is not None and scope.name == _SCOPE:
            self.ended.append(span)


class Telemetry:
    """What `otel_tokens` emits, from `start` to `stop`."""

    def __init__(self, reader: MetricReader | None = None) -> None:
        self.kept = Spans()
        self.reader: Any = reader or InMemoryMetricReader()
        self.tracer_provider = TracerProvider(shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(self.kept)
        self.meter_provider = MeterProvider([self.reader], shutdown_on_exit=False)
        self.tracer = self.tracer_provider.get_tracer("test")

    def start(self) -> None:
        """Meter."""
        otel_tokens.instrument(tracer_provider=self.tracer_provider, meter_provider=self.meter_provider)

    def stop(self) -> None:
        """Meter no more. No span is left open."""
        gc.collect()
        otel_tokens.uninstrument()
        assert self.kept.started == len(self.kept.ended), "a span was left open"

    def settle(self) -> None:
        """Wait for streams that were dropped: a thread ends their calls."""
        gc.collect()
        until = time.monotonic() + _PATIENCE_S
        while self.kept.started != len(self.kept.ended) and time.monotonic() < until:
            time.sleep(0.001)

    @property
    def spans(self) -> list[ReadableSpan]:
        """Every span that has ended."""
        return self.kept.ended

    @property
    def span(self) -> ReadableSpan:
        """The one span that has ended."""
        self.settle()
        (span,) = self.kept.ended
        return span

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes of the one span that has ended."""
        return dict(self.span.attributes or {})

    def points(self, name: str) -> list[tuple[Labels, Any]]:
        """The points of a metric: labels, and the value of a sum or the sum of a histogram."""
        data = self.reader.get_metrics_data()
        return [
            (dict(point.attributes), point.value if hasattr(point, "value") else point.sum)
            for resource in (data.resource_metrics if data is not None else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]

    def total(self, name: str, **labels: Any) -> Any:
        """The sum of a metric over all points with these labels; `__` stands for a dot."""
        wanted = {label.replace("__", "."): value for label, value in labels.items()}
        return sum([value for found, value in self.points(name) if wanted.items() <= found.items()])


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug of ours fails the test."""
    monkeypatch.setattr(shield, "strict", True)
    monkeypatch.setattr(shield, "failures", {})


@pytest.fixture
def metered(
    strict: None,  # noqa: ARG001
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[], Telemetry]]:
    """Starts to meter when it is called, so that a test can look at the application without it first."""
    for marker in request.node.iter_markers("settings"):
        for name, value in marker.kwargs.items():
            monkeypatch.setenv(name, value)
    running: list[Telemetry] = []

    def start(reader: MetricReader | None = None) -> Telemetry:
        gc.collect()
        gc.freeze()  # what is imported by now is no garbage, so that looking for some is quick
        telemetry = Telemetry(reader)
        telemetry.start()
        running.append(telemetry)
        return telemetry

    yield start
    for telemetry in running:
        telemetry.stop()
    assert not shield.failures, "a step of ours has failed"


@pytest.fixture
def telemetry(metered: Callable[[], Telemetry]) -> Telemetry:
    """What the test makes `otel_tokens` emit."""
    return metered()
