"""Streams that nobody closes: what happens when the garbage collector comes, at any time it likes."""

from __future__ import annotations

import gc

from collections.abc import Callable
from typing import Any

import pytest

from .cases import ANTHROPIC, OPENAI, Api, Scene, streamed
from .faces import ASYNC, SYNC
from .processes import program


APIS = pytest.mark.parametrize("api", [*OPENAI, *ANTHROPIC], ids=str)


@APIS
def test_dropped_after_a_partial_read(telemetry: Any, api: Api, recwarn: pytest.WarningsRecorder) -> None:
    """Pitfall 2: a stream that is read once and dropped is collected without a word on stderr."""
    stream = SYNC.run(Scene(api, SYNC, *streamed(api)).stream())
    next(stream)
    del stream
    gc.collect()

    assert telemetry.attributes["otel_tokens.outcome"] == "abandoned"
    assert list(recwarn) == []


@APIS
def test_the_close_of_the_library_is_none(telemetry: Any, api: Api) -> None:
    """Pitfall 3: the library closes the response before the last `next` returns; the stream is complete."""
    stream = SYNC.run(Scene(api, SYNC, *streamed(api)).stream())
    for _ in stream:
        pass
    stream.close()

    assert telemetry.attributes["otel_tokens.outcome"] == "ok"


@APIS
def test_kept_after_a_break(telemetry: Any, api: Api) -> None:
    """Pitfall 4: a stream kept after a break ends when it is let go, at the time of its last event."""
    kept = [SYNC.run(Scene(api, SYNC, *streamed(api)).stream())]
    for at, _ in enumerate(kept[0]):
        if at == api.some - 1:
            break
    assert telemetry.spans == []
    with telemetry.tracer.start_as_current_span("marker") as marker:
        pass
    kept.clear()

    span = telemetry.span
    assert span.attributes["otel_tokens.outcome"] == "abandoned"
    assert span.end_time <= marker.end_time


@APIS
def test_never_read(telemetry: Any, api: Api) -> None:
    """Pitfall 4: a stream of which not one event was read ends too."""
    SYNC.run(Scene(api, SYNC, *streamed(api)).stream())

    assert telemetry.attributes["otel_tokens.outcome"] == "abandoned"


@APIS
def test_an_async_stream_outlives_its_loop(metered: Callable[[], Any], api: Api) -> None:
    """A stream that is dropped after its event loop has ended is one call all the same."""
    telemetry = metered()
    kept = []

    async def play() -> None:
        stream = await Scene(api, ASYNC, *streamed(api)).stream()
        await ASYNC.take(stream, api.some)
        kept.append(stream)

    ASYNC.run(play())
    kept.clear()

    assert telemetry.attributes["otel_tokens.outcome"] in ("abandoned", "cancelled")
    assert telemetry.attributes["gen_ai.usage.output_tokens"] > 0


_PRESSED = """
    import gc
    from opentelemetry.instrumentation.utils import suppress_instrumentation
    from opentelemetry.metrics import Observation
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    import otel_tokens
    from tests.clients.cases import CHAT, MESSAGES, Scene, streamed
    from tests.clients.faces import SYNC
    reader = InMemoryMetricReader()
    meters = MeterProvider([reader])
    otel_tokens.instrument(meter_provider=meters, tracer_provider=TracerProvider())
    scenes = [Scene(api, SYNC, *streamed(api)) for api in (CHAT, MESSAGES)]
    with suppress_instrumentation():  # what is imported now is not looked through below
        [SYNC.run(scene.stream()).close() for scene in scenes]
    gc.collect()
    gc.freeze()

    def observe(options):
        if at % 4 == 0:
            gc.collect()
        return [Observation(1)]

    meters.get_meter("app").create_observable_gauge("app.gauge", [observe])
    for at in range({count}):
        gc.disable()
        before = gc.get_count()[0]
        kept = reader.get_metrics_data()
        allocated = gc.get_count()[0] - before
        del kept
        stream = SYNC.run(scenes[at % 2].stream(model=f"a-model-of-its-own-{{at}}"))
        next(stream)
        cycle = [stream]
        cycle.append(cycle)
        del stream, cycle
        gc.set_threshold(gc.get_count()[0] + 1 + allocated * (at % 50) // 50, 1000, 1000)
        gc.enable()
        reader.get_metrics_data()
        gc.collect()
    otel_tokens.uninstrument()
    said = sum(
        point.value
        for scope in reader.get_metrics_data().resource_metrics[0].scope_metrics
        for metric in scope.metrics if metric.name == "otel_tokens.requests"
        for point in metric.data.data_points
    )
"""


@pytest.mark.load
def test_no_deadlock_with_a_reader() -> None:
    """Pitfall 6: streams are finalised inside the locks of a reader that collects, and nothing waits.

    The collector of garbage is made to come a few allocations later in each round, so it comes everywhere.
    """
    count = 150
    assert program(_PRESSED.format(count=count), timeout_s=60) == count
