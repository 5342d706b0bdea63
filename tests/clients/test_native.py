"""The spans that `anthropic` makes itself from 2.0 on: nobody gets two, or loses one that was asked for.

They are made with the global provider, so they are looked at in processes of their own.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from .cases import era
from .processes import program


pytestmark = pytest.mark.skipif(era("anthropic") < (2, 0), reason="this anthropic makes no spans")

_PROGRAM = """
    import gc
    from opentelemetry import trace
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    import otel_tokens
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    from tests.clients.cases import MESSAGES, Scene, streamed, whole
    from tests.clients.faces import FACES

    async def play(shape, face, client):
        script = whole if shape in ("whole", "raw", "copy") else streamed
        scene = Scene(MESSAGES, face, *script(MESSAGES), **client)
        if shape == "whole":
            await scene.create()
        elif shape == "copy":
            scene.client = scene.client.with_options(max_retries=1)
            await scene.create()
        elif shape == "raw":
            await face.of((await scene.raw()).parse())
        elif shape == "streaming-response":
            async with scene.streaming(stream=True) as response:
                await face.rest(response.iter_lines())
        else:
            stream = await scene.stream()
            if shape == "stream":
                await face.rest(stream)
            else:
                await scene.take(stream, 4)
                if shape == "closed":
                    await scene.close(stream)

    def points(reader, name):
        data = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
        return sum(point.value for one in data if one.name == name for point in one.data.data_points)

    said = {{}}
    otel_tokens.instrument()
    FACES[0].run(play("whole", FACES[0], {{}}))
    otel_tokens.uninstrument()
    exporter.clear()
    gc.collect()
    gc.freeze()
    for shape in {shapes!r}:
        for face in FACES:
            reader = InMemoryMetricReader()
            otel_tokens.instrument(meter_provider=MeterProvider([reader]))
            face.run(play(shape, face, {client!r}))
            gc.collect()
            otel_tokens.uninstrument()
            spans = exporter.get_finished_spans()
            said[f"{{shape}} {{face}}"] = {{
                "scopes": sorted(span.instrumentation_scope.name for span in spans),
                "costs": [span.attributes.get("otel_tokens.cost.usd") for span in spans],
                "requests": points(reader, "otel_tokens.requests"),
                "tokens": points(reader, "otel_tokens.tokens"),
            }}
            exporter.clear()
"""

OURS, NATIVE = "otel_tokens", "com.anthropic.sdk.python"
COST_USD = (25 * 3 + 9 * 15) / 1e6
SHAPES = ("whole", "copy", "raw", "stream", "streaming-response", "closed", "dropped")
PLAYED = [f"{shape} {face}" for shape in SHAPES for face in ("sync", "async")]

HOW: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "default": ({}, {}),
    "environment": ({}, {"ANTHROPIC_OPEN_TELEMETRY": "true"}),
    "environment-false": ({}, {"ANTHROPIC_OPEN_TELEMETRY": "false"}),
    "client": ({"open_telemetry": {"traces": True}}, {}),
    "client-false": ({"open_telemetry": False}, {}),
    "metrics-only": ({}, {"OTEL_TOKENS_NATIVE": "metrics-only"}),
    "both": ({}, {"OTEL_TOKENS_NATIVE": "both"}),
}


@cache
def _all(how: str) -> dict[str, Any]:
    client, env = HOW[how]
    found: dict[str, Any] = program(_PROGRAM.format(shapes=SHAPES, client=client), **env)
    return found


def _check_counts(played: str, found: dict[str, Any]) -> None:
    assert found["requests"] == 1
    if "closed" in played or "dropped" in played:
        assert 25 < found["tokens"] <= 34
    else:
        assert found["tokens"] == 34


@pytest.mark.parametrize("how", ["default", "environment-false", "client-false"])
@pytest.mark.parametrize("played", PLAYED)
def test_ours_alone(played: str, how: str) -> None:
    """By default, and where the native span is refused, a call is one span, and it is ours."""
    found = _all(how)[played]

    assert found["scopes"] == [OURS]
    _check_counts(played, found)


@pytest.mark.parametrize("how", ["environment", "client", "metrics-only"])
@pytest.mark.parametrize("played", PLAYED)
def test_the_native_alone(played: str, how: str) -> None:
    """Whoever asks for the native span keeps it, with the cost on it; the call counts once."""
    found = _all(how)[played]

    assert found["scopes"] == [NATIVE]
    _check_counts(played, found)
    if "closed" not in played and "dropped" not in played:
        assert found["costs"] == [pytest.approx(COST_USD)]


@pytest.mark.parametrize("played", PLAYED)
def test_both(played: str) -> None:
    """With `both` there are both, and the call counts once."""
    found = _all("both")[played]

    assert found["scopes"] == [NATIVE, OURS]
    _check_counts(played, found)
