"""Links of the dashboards, followed into a real Jaeger: its page asks its API for what is in the address."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import grpc
import pytest

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from collector.stack import Ports, Stack

from ..conftest import Programs


BOARD: Final = Path(__file__).parents[3] / "collector" / "dashboards" / "otel-tokens-spend.json"
MODELS: Final = {1: "gpt-5", 2: "claude/sonnet 4.5", 3: "gpt-5"}
"""Of three traces, each a minute after the one before."""
START_S: Final = time.time() - 600


@pytest.fixture(scope="module")
def jaeger(stack: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Jaeger that knows the three traces."""
    stack.binary("jaeger")
    ports = Ports.free()
    program = Stack(tmp_path_factory.mktemp("jaeger"), ports=ports, binaries=stack.folder).jaeger()
    program.start()
    try:
        _send(f"127.0.0.1:{ports.jaeger_otlp}")
        yield f"http://127.0.0.1:{ports.jaeger}"
    finally:
        program.kill()  # its traces are in memory: nothing to save


def _send(endpoint: str) -> None:
    request = ExportTraceServiceRequest()
    for number, model in MODELS.items():
        found = request.resource_spans.add()
        found.resource.attributes.add(key="service.name").value.string_value = "the shop"
        at_ns = int((START_S + 60 * number) * 1e9)
        span = found.scope_spans.add().spans.add(
            trace_id=bytes([number]) * 16,
            span_id=bytes([number]) * 8,
            name="chat",
            start_time_unix_nano=at_ns,
            end_time_unix_nano=at_ns + 1,
        )
        span.attributes.add(key="gen_ai.response.model").value.string_value = model
    with grpc.insecure_channel(endpoint) as channel:
        TraceServiceStub(channel).Export(request, timeout=10)


def panel(title: str) -> dict[str, Any]:
    """A panel of the spend dashboard."""
    board = json.loads(BOARD.read_text("utf-8"))
    return next(each for each in board["panels"] if each["title"] == title)


def followed(url: str, jaeger: str, **clicked: str) -> list[int]:
    """The numbers of the traces that a link finds; the API gives them in no order."""
    values = {"__from": str(int(START_S * 1000)), "__to": str(int(time.time() * 1000)), **clicked}
    for name, value in values.items():
        url = url.replace(f"${{{name}:percentencode}}", urllib.parse.quote(value, safe=""))
        url = url.replace(f"${{{name}}}", value)
    assert url.startswith("${jaeger}/search?")
    address = url.replace("${jaeger}/search", f"{jaeger}/api/traces")
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310  loopback
        return sorted([int(trace["traceID"][:2], 16) for trace in json.load(answer)["data"]])


def test_a_peak_leads_to_its_traces(jaeger: str) -> None:
    """From a point of a graph: the traces of the service up to that point, none after it."""
    link = panel("By service")["fieldConfig"]["defaults"]["links"][0]["url"]
    point = {"__value.time": str(int((START_S + 150) * 1000)), "__field.labels.service_name": "the shop"}

    assert followed(link, jaeger, **point) == [1, 2]
    assert followed(link, jaeger, **{**point, "__field.labels.service_name": "nobody"}) == []


def test_a_row_leads_to_traces_of_its_model(jaeger: str) -> None:
    """From a row of a table: the service with that model alone, whatever its name is made of."""
    overrides = panel("Work by service, team and model")["fieldConfig"]["overrides"]
    (links,) = [each["value"] for one in overrides for each in one["properties"] if each["id"] == "links"]
    row = {"__data.fields.Service": "the shop"}
    found = {
        model: followed(links[0]["url"], jaeger, **row, **{"__data.fields.Model": model})
        for model in set(MODELS.values())
    }

    assert found == {"gpt-5": [1, 3], "claude/sonnet 4.5": [2]}
