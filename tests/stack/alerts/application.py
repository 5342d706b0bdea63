"""A program under our SDK. It does what it reads, line by line, and says what came of it.

`spend 72000` makes a call with so many input tokens, `refused` one that may cost more than is left, `failed`
one that is billed although nobody gets its answer.
"""

from __future__ import annotations

import sys

from pathlib import Path

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from pydantic import BaseModel, ValidationError


sys.path.insert(0, str(Path(__file__).parents[3]))

import otel_tokens

from tests.clients.transport import Transport, json_reply, openai_client


MODEL = "gpt-4o"
ASKED = [{"role": "user", "content": "?"}]


class Wanted(BaseModel):
    """What an answer is not."""

    number: int


def body(tokens: int) -> dict[str, object]:
    """A chat completion that has read so many tokens."""
    message = {"role": "assistant", "content": "Yes."}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": tokens, "completion_tokens": 1, "total_tokens": tokens + 1},
    }


def done(what: str, tokens: int) -> str:
    """What came of one line."""
    completions = openai_client(Transport(json_reply(body(tokens)))).chat.completions
    try:
        if what == "failed":
            completions.parse(model=MODEL, messages=ASKED, max_tokens=1, response_format=Wanted)
        else:
            completions.create(model=MODEL, messages=ASKED, max_tokens=16_384 if what == "refused" else 1)
    except otel_tokens.BudgetExceeded:
        return "refused"
    except ValidationError:
        return "failed"
    return "spent"


def main(service: str, collector: str, every_ms: int) -> None:
    """Meter the calls, export until the input ends."""
    exporter = OTLPMetricExporter(endpoint=f"{collector}/v1/metrics")
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=every_ms)
    provider = MeterProvider([reader], resource=Resource.create({"service.name": service}))
    otel_tokens.instrument(meter_provider=provider)
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        what, _, tokens = line.strip().partition(" ")
        print(done(what, int(tokens or 0)), flush=True)  # noqa: T201
    provider.shutdown()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
