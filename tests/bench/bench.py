"""Microseconds that metering adds: per call, per event of a stream, at start.

Everything is measured side by side in one run, in rounds that take turns, as CPU time of the main thread; the
smallest round counts. `floor` is a hand-written minimum: one CLIENT span with 12 attributes, three histogram
records and one counter add, with the same SDK.

    python tests/bench/bench.py [--rounds N]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time

from collections.abc import Callable
from typing import Any

import anthropic
import httpx2
import openai

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind

import otel_tokens


CALLS = 40
EVENTS = 400


class Nowhere(SpanExporter):
    """Takes spans and forgets them."""

    def export(self, spans: Any) -> SpanExportResult:  # noqa: ARG002
        """Forget `spans`."""
        return SpanExportResult.SUCCESS


CHAT = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-5-2025-08-07",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi."}}],
    "usage": {
        "prompt_tokens": 1000,
        "completion_tokens": 100,
        "total_tokens": 1100,
        "prompt_tokens_details": {"cached_tokens": 800},
        "completion_tokens_details": {"reasoning_tokens": 60},
    },
}

MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-6-20250929",
    "content": [{"type": "text", "text": "Hi."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 200,
        "cache_read_input_tokens": 800,
        "cache_creation_input_tokens": 100,
        "cache_creation": {"ephemeral_5m_input_tokens": 40, "ephemeral_1h_input_tokens": 60},
        "output_tokens": 100,
    },
}


def chat_stream() -> bytes:
    """A streamed chat of `EVENTS` chunks with text."""
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5-2025-08-07"}
    chunks: list[dict[str, Any]] = [
        {**head, "choices": [{"index": 0, "delta": {"content": "word "}, "finish_reason": None}]}
        for _ in range(EVENTS)
    ]
    chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    chunks.append({**head, "choices": [], "usage": CHAT["usage"]})
    return (
        b"".join([b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks]) + b"data: [DONE]\n\n"
    )


def message_stream() -> bytes:
    """A streamed message of `EVENTS` deltas."""
    start = {**MESSAGE, "content": [], "stop_reason": None}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *[
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "word "}}
            for _ in range(EVENTS)
        ],
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 100}},
        {"type": "message_stop"},
    ]
    return b"".join([f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events])


class Providers:
    """The real SDK, whose spans go nowhere."""

    def __init__(self) -> None:
        self.tracer_provider = TracerProvider()
        self.tracer_provider.add_span_processor(BatchSpanProcessor(Nowhere(), max_queue_size=100_000))
        self.reader = InMemoryMetricReader()
        self.meter_provider = MeterProvider([self.reader])


class Floor:
    """The least that could be called telemetry."""

    def __init__(self, providers: Providers) -> None:
        self.tracer = providers.tracer_provider.get_tracer("floor")
        meter = providers.meter_provider.get_meter("floor")
        self.histograms = [meter.create_histogram(f"floor.{n}") for n in range(3)]
        self.counter = meter.create_counter("floor.counter")
        self.attributes = {f"label.{n}": f"value {n}" for n in range(6)}
        self.start = {f"start.{n}": f"value {n}" for n in range(6)}
        self.end = {f"end.{n}": n for n in range(6)}

    def __call__(self) -> None:
        """Record one call."""
        span = self.tracer.start_span("chat gpt-5", kind=SpanKind.CLIENT, attributes=self.start)
        span.set_attributes(self.end)
        span.end()
        for histogram in self.histograms:
            histogram.record(1.5, self.attributes)
        self.counter.add(1, self.attributes)


def clients(body: bytes, kind: str) -> tuple[openai.OpenAI, anthropic.Anthropic]:
    """Clients over a transport that answers `body` from this process."""

    def answer(_request: Any) -> Any:
        return httpx2.Response(200, headers={"content-type": kind}, content=body)

    transport = httpx2.MockTransport(answer)
    return (
        openai.OpenAI(api_key="k", http_client=httpx2.Client(transport=transport)),
        anthropic.Anthropic(
            api_key="k", http_client=httpx2.Client(transport=transport), open_telemetry=False
        ),
    )


MESSAGES: Any = [{"role": "user", "content": "Hello"}]


def chat(client: openai.OpenAI) -> None:
    """One whole chat."""
    client.chat.completions.create(model="gpt-5", messages=MESSAGES)


def message(client: anthropic.Anthropic) -> None:
    """One whole message."""
    client.messages.create(model="claude-sonnet-4-6", max_tokens=100, messages=MESSAGES)


def streamed_chat(client: openai.OpenAI) -> None:
    """One streamed chat, read to the end."""
    for _ in client.chat.completions.create(model="gpt-5", messages=MESSAGES, stream=True):
        pass


def streamed_message(client: anthropic.Anthropic) -> None:
    """One streamed message, read to the end."""
    for _ in client.messages.create(model="claude-sonnet-4-6", max_tokens=9, messages=MESSAGES, stream=True):
        pass


def cpu_us(work: Callable[[], None], times: int) -> float:
    """CPU microseconds of this thread for one `work`."""
    before = time.thread_time_ns()
    for _ in range(times):
        work()
    return (time.thread_time_ns() - before) / 1000 / times


def rounds(count: int, variants: dict[str, Callable[[], float]]) -> dict[str, float]:
    """The smallest result of each variant over `count` rounds in which they take turns."""
    best: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(count):
        for name, run in variants.items():
            best[name].append(run())
    return {name: min(results) for name, results in best.items()}


def metered(work: Callable[[], float], providers: Providers) -> Callable[[], float]:
    """`work` while metering is on."""

    def run() -> float:
        otel_tokens.instrument(
            tracer_provider=providers.tracer_provider, meter_provider=providers.meter_provider
        )
        try:
            return work()
        finally:
            otel_tokens.uninstrument()

    return run


def per_call(count: int) -> None:
    """Print what a whole call costs more."""
    chats, _ = clients(json.dumps(CHAT).encode(), "application/json")
    _, messages = clients(json.dumps(MESSAGE).encode(), "application/json")
    providers = Providers()
    floor = Floor(providers)
    for name, work in (
        ("openai chat", lambda: chat(chats)),
        ("anthropic message", lambda: message(messages)),
    ):

        def bare(work: Callable[[], None] = work) -> float:
            work()
            return cpu_us(work, CALLS)

        def floored(work: Callable[[], None] = work) -> float:
            return cpu_us(lambda: (work(), floor()), CALLS)  # type: ignore[func-returns-value]

        found = rounds(
            count,
            {
                "bare": bare,
                "metered": metered(bare, providers),
                "floored": floored,
                "floor": lambda: cpu_us(floor, CALLS),
            },
        )
        added, least = found["metered"] - found["bare"], found["floored"] - found["bare"]
        print(
            f"{name:20} bare {found['bare']:7.1f} us   added {added:6.1f} us   floor {least:6.1f} us"
            f" (alone {found['floor']:5.1f})   added / floor {added / least:.2f}"
        )


def per_event(count: int) -> None:
    """Print what an event of a stream costs more."""
    chats, _ = clients(chat_stream(), "text/event-stream")
    _, messages = clients(message_stream(), "text/event-stream")
    providers = Providers()
    works: tuple[tuple[str, Callable[[], None], float], ...] = (
        ("openai chat stream", lambda: streamed_chat(chats), _whole(CHAT, chat, 0)),
        ("anthropic stream", lambda: streamed_message(messages), _whole(MESSAGE, message, 1)),
    )
    for name, work, whole in works:

        def bare(work: Callable[[], None] = work) -> float:
            return cpu_us(work, 3)

        found = rounds(count, {"bare": bare, "metered": metered(bare, providers)})
        added = found["metered"] - found["bare"]
        event = (added - whole) / EVENTS
        print(f"{name:20} bare {found['bare'] / EVENTS:7.2f} us   added {event:6.3f} us   per event")


def _whole(body: dict[str, Any], work: Callable[[Any], None], index: int) -> float:
    """What metering adds to the same call without events."""
    client = clients(json.dumps(body).encode(), "application/json")[index]
    providers = Providers()

    def bare() -> float:
        return cpu_us(lambda: work(client), CALLS)

    found = rounds(10, {"bare": bare, "metered": metered(bare, providers)})
    return found["metered"] - found["bare"]


_START = """
import time
import opentelemetry.sdk.trace, opentelemetry.sdk.metrics, opentelemetry.instrumentation.instrumentor
before, cpu = time.perf_counter(), time.process_time()
import otel_tokens
otel_tokens.instrument()
print(time.process_time() - cpu, time.perf_counter() - before)
"""


def at_start(count: int) -> None:
    """Print what the package adds to a start, with OpenTelemetry itself imported."""
    found = []
    for _ in range(count):
        run = subprocess.run([sys.executable, "-c", _START], check=True, capture_output=True, text=True)
        found.append(float(run.stdout.split()[0]) * 1000)
    print(f"{'start':20} min {min(found):6.1f} ms   median {statistics.median(found):6.1f} ms of CPU")


def threads(count: int) -> None:
    """Print what 8 threads need for the same number of calls as one, to show that no lock holds them up."""
    client, _ = clients(json.dumps(CHAT).encode(), "application/json")
    providers = Providers()

    def run(workers: int) -> float:
        each = 800 // workers
        pool = [threading.Thread(target=lambda: [chat(client) for _ in range(each)]) for _ in range(workers)]
        before = time.perf_counter()
        for thread in pool:
            thread.start()
        for thread in pool:
            thread.join()
        return (time.perf_counter() - before) / 800 * 1e6

    variants = {
        "bare 1": lambda: run(1),
        "bare 8": lambda: run(8),
        "metered 1": metered(lambda: run(1), providers),
        "metered 8": metered(lambda: run(8), providers),
    }
    found = rounds(count, variants)
    print(
        "threads              "
        + "   ".join([f"{name} {us:6.1f} us" for name, us in found.items()])
        + "   per call, wall clock"
    )


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    count = parser.parse_args().rounds
    per_call(count)
    per_event(max(5, count // 2))
    at_start(max(5, count // 3))
    threads(max(3, count // 10))


if __name__ == "__main__":
    main()
