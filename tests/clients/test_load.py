"""Many calls at once, and many in a row: totals are exact, and nothing is left behind."""

from __future__ import annotations

import asyncio
import os

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from .cases import CHAT, MESSAGES, Scene, streamed, whole
from .faces import ASYNC, SYNC
from .processes import program


pytestmark = pytest.mark.load

CHAT_USD = Decimal("0.15") * 12 / 10**6 + Decimal("0.6") * 7 / 10**6
MESSAGE_USD = Decimal(3) * 25 / 10**6 + Decimal(15) * 9 / 10**6


def _usd(telemetry: Any) -> Decimal:
    """The dollars of all points; each is an exact decimal that was made a float once."""
    return sum((Decimal(repr(value)) for _, value in telemetry.points("otel_tokens.cost.usd")), Decimal(0))


def test_threads(telemetry: Any) -> None:
    """8 threads make 500 calls each, whole and streamed, and every token and dollar is counted."""

    def work(_thread: int) -> None:
        chat, message = Scene(CHAT, SYNC, *whole(CHAT)), Scene(MESSAGES, SYNC, *streamed(MESSAGES))
        for _ in range(250):
            SYNC.run(chat.create())
            list(SYNC.run(message.stream()))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))

    assert telemetry.total("otel_tokens.requests") == 4000
    assert telemetry.total("otel_tokens.tokens") == 2000 * 19 + 2000 * 34
    assert _usd(telemetry) == 2000 * CHAT_USD + 2000 * MESSAGE_USD
    assert len(telemetry.spans) == 4000


def test_tasks(telemetry: Any) -> None:
    """200 tasks call at once, whole and streamed, and every token and dollar is counted."""

    async def work(at: int) -> None:
        api = (CHAT, MESSAGES)[at % 2]
        scene = Scene(api, ASYNC, *(whole if at % 4 < 2 else streamed)(api))
        if at % 4 < 2:
            await scene.create()
        else:
            await scene.rest(await scene.stream())

    async def play() -> None:
        await asyncio.gather(*[work(at) for at in range(200)])

    ASYNC.run(play())
    telemetry.settle()
    assert telemetry.total("otel_tokens.requests") == 200
    assert telemetry.total("otel_tokens.tokens") == 100 * 19 + 100 * 34
    assert _usd(telemetry) == 100 * CHAT_USD + 100 * MESSAGE_USD


_FORKED = """
    import json, os, warnings
    from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider, ObservableCounter
    from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    import otel_tokens
    from tests.clients.cases import CHAT, MESSAGES, Scene, streamed, whole
    from tests.clients.faces import SYNC
    delta = {{kind: AggregationTemporality.DELTA for kind in (Counter, Histogram, ObservableCounter)}}
    readers = [InMemoryMetricReader(), InMemoryMetricReader(preferred_temporality=delta)]
    otel_tokens.instrument(meter_provider=MeterProvider(readers), tracer_provider=TracerProvider())

    def work(count):
        for _ in range(count):
            SYNC.run(Scene(CHAT, SYNC, *whole(CHAT)).create())
            list(SYNC.run(Scene(MESSAGES, SYNC, *streamed(MESSAGES)).stream()))

    def totals():
        found = []
        for reader in readers:
            data, sums = reader.get_metrics_data(), {{}}
            for resource in data.resource_metrics if data else ():
                for metric in resource.scope_metrics[0].metrics:
                    if metric.name in ("otel_tokens.tokens", "otel_tokens.cost.usd", "otel_tokens.requests"):
                        sums[metric.name] = sum(point.value for point in metric.data.data_points)
                    if metric.name == "gen_ai.client.operation.duration":
                        sums[metric.name] = sum(point.count for point in metric.data.data_points)
            found.append(sums)
        return found

    warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads, which is the point
    work(3)
    said = {{"before": totals(), "children": []}}
    work(2)
    dropped = SYNC.run(Scene(MESSAGES, SYNC, *streamed(MESSAGES)).stream())
    next(dropped)
    pipes = []
    for child in range(4):
        out, into = os.pipe()
        if os.fork() == 0:
            try:
                del dropped
                work({calls})
                first = totals()
                work(1)
                os.write(into, json.dumps([first, totals()]).encode())
            finally:
                os._exit(0)
        os.close(into)
        pipes.append(out)
    for out in pipes:
        said["children"].append(json.loads(b"".join(iter(lambda: os.read(out, 65536), b""))))
        os.wait()
    del dropped
    otel_tokens.uninstrument()
    said["after"] = totals()
"""


def _expected(pairs: int, more: int = 0) -> dict[str, Any]:
    return {
        "otel_tokens.requests": 2 * pairs + more,
        "otel_tokens.tokens": 53 * pairs,
        "otel_tokens.cost.usd": pytest.approx(float(pairs * (CHAT_USD + MESSAGE_USD)), abs=1e-12),
        "gen_ai.client.operation.duration": 2 * pairs + more,
    }


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_forked_workers() -> None:
    """4 forked workers each report what they made, cumulative and delta, and the parent only its own."""
    said = program(_FORKED.format(calls=25))

    assert said["before"] == [_expected(3)] * 2
    for first, then in said["children"]:
        assert first == [_expected(25)] * 2
        assert then == [_expected(26), _expected(1)]
    cumulative, delta = said["after"]
    assert cumulative["otel_tokens.requests"] == 11
    assert delta["otel_tokens.requests"] == 5


_SOAK = """
    import gc, sys, threading
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    import otel_tokens
    from tests.clients.cases import CHAT, MESSAGES, Scene, streamed, whole
    from tests.clients.faces import SYNC
    from tests.conftest import Spans

    class Counting(Spans):
        finished = 0
        def on_end(self, span):
            self.finished += 1

    threads_before = threading.active_count()
    spans, tracers, reader = Counting(), TracerProvider(), InMemoryMetricReader()
    tracers.add_span_processor(spans)
    otel_tokens.instrument(tracer_provider=tracers, meter_provider=MeterProvider([reader]))
    scenes = [Scene(api, SYNC, *shape(api)) for shape in (whole, streamed) for api in (CHAT, MESSAGES)]

    def work(count):
        for at in range(count):
            match at % 6:
                case 0 | 1:
                    SYNC.run(scenes[at % 2].create())
                case 2 | 3:
                    list(SYNC.run(scenes[2 + at % 2].stream()))
                case _:
                    stream = SYNC.run(scenes[2 + at % 2].stream())
                    next(stream)
                    next(stream)
                    del stream
            if at % 500 == 0:
                for scene in scenes:
                    scene.transport.requests.clear()
                    scene.transport.served.clear()
                reader.get_metrics_data()

    def size():
        for scene in scenes:
            scene.transport.requests.clear()
            scene.transport.served.clear()
        gc.collect()
        return sys.getallocatedblocks()

    work(2 * {count} // 5)
    before = size()
    work(3 * {count} // 5)
    grown = size() - before
    otel_tokens.uninstrument()
    said = {{
        "started": spans.started,
        "finished": spans.finished,
        "grown_blocks": grown,
        "threads": threading.active_count() - threads_before,
    }}
"""


@pytest.mark.soak
def test_soak() -> None:
    """Of thousands of calls, a third are streams dropped half-read: no memory, span or thread is left."""
    count = 50_000 if os.environ.get("OTEL_TOKENS_SOAK") == "full" else 6_000
    said = program(_SOAK.format(count=count), timeout_s=600)

    assert said["started"] == said["finished"] == count
    assert said["threads"] == 0
    assert said["grown_blocks"] < 1000
