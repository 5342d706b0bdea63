"""One run of the real collector: spans in as OTLP JSON, spans and metrics out of its `file` exporter."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final


GATE: Final = "--feature-gates=ottl.set.allowNil"
"""As the stack starts it; `redaction.yaml` says why."""
CONFIG: Final = Path(__file__).parents[3] / "collector" / "config"
FOREIGN: Final = CONFIG / "foreign.yaml"
PRICES: Final = CONFIG / "prices.yaml"

_READY_S: Final = 60.0
_BATCH: Final = 2000
_START_NS: Final = 1_795_348_800_000_000_000  # 2026-11-22T12:00:00Z, a Sunday


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span as some instrumentation sends it."""

    attributes: Mapping[str, Any]
    name: str = "chat"
    at_s: float | None = None
    scope: str = "some.instrumentation"
    resource: Mapping[str, Any] = field(default_factory=lambda: {"service.name": "shop"})
    status: int = 0
    """2 is an error."""
    trace_state: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """What came out."""

    spans: Sequence[Mapping[str, Any]]
    """The attributes of each span, in the order of what was sent."""
    metrics: Sequence[Mapping[str, Any]]
    """Points of metrics: `name`, `value`, `unit`, and the labels of the point and its resource."""
    log: str


def run(
    binary: Path, folder: Path, spans: Sequence[Span], configs: Sequence[Path], processors: Sequence[str]
) -> Run:
    """Send spans through some processors of some files and take what they make of them."""
    port = _free_port()
    base = folder / "base.yaml"
    metered = any("prices" in config.name for config in configs)
    base.write_text(json.dumps(_base(port, folder, processors, metered=metered)), "utf-8")
    log = folder / "log.txt"
    with log.open("w") as out:
        process = subprocess.Popen(
            [binary, GATE, *[word for path in (base, *configs) for word in ("--config", path)]],
            stdout=out,
            stderr=out,
            env={"PATH": os.environ.get("PATH", "")},
        )
        try:
            _wait(port, process, log)
            for number, batch in enumerate(_batches(spans)):
                _post(port, batch, number * _BATCH)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    made = {int(span["spanId"], 16): _attributes(span) for span in _spans(folder / "spans.json")}
    missing = [number for number in range(1, len(spans) + 1) if number not in made]
    if missing:
        raise AssertionError(
            f"{len(missing)} spans are missing, the first is {missing[0]}: {log.read_text()[-2000:]}"
        )
    points = list(_points(folder / "metrics.json")) if metered else []
    return Run([made[number] for number in range(1, len(spans) + 1)], points, log.read_text("utf-8"))


def _base(port: int, folder: Path, processors: Sequence[str], *, metered: bool) -> Mapping[str, Any]:
    http = {"endpoint": f"127.0.0.1:{port}", "max_request_body_size": 1 << 30}
    exporters: dict[str, Any] = {"file/spans": {"path": str(folder / "spans.json")}}
    pipelines: dict[str, Any] = {
        "traces": {"receivers": ["otlp"], "processors": [*processors], "exporters": ["file/spans"]}
    }
    if metered:
        exporters["file/metrics"] = {"path": str(folder / "metrics.json")}
        pipelines["traces"]["exporters"].append("signal_to_metrics")
        pipelines["metrics"] = {"receivers": ["signal_to_metrics"], "exporters": ["file/metrics"]}
    return {
        "receivers": {"otlp": {"protocols": {"http": http}}},
        "exporters": exporters,
        "service": {"telemetry": {"metrics": {"level": "none"}}, "pipelines": pipelines},
    }


def validates(binary: Path, folder: Path, configs: Sequence[Path]) -> tuple[bool, str]:
    """Whether `validate` accepts the files, and what it says."""
    base = folder / "base.yaml"
    base.write_text(
        json.dumps(_base(4318, folder, ["transform/foreign", "transform/price"], metered=True)), "utf-8"
    )
    command = [binary, "validate", *[word for path in (base, *configs) for word in ("--config", path)]]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode == 0, done.stderr


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _READY_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AssertionError(f"the collector ended: {log.read_text('utf-8')[-3000:]}")
        try:
            with socket.create_connection(("127.0.0.1", port), 0.2):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the collector did not start: {log.read_text('utf-8')[-3000:]}")


def _batches(spans: Sequence[Span]) -> Iterator[list[Span]]:
    rest = iter(spans)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _post(port: int, spans: Sequence[Span], before: int) -> None:
    body = {"resourceSpans": [_sent(span, before + place) for place, span in enumerate(spans, 1)]}
    request = urllib.request.Request(  # loopback
        f"http://127.0.0.1:{port}/v1/traces",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310  # loopback
        assert answer.status == 200


def _sent(span: Span, number: int) -> Mapping[str, Any]:
    start_ns = _START_NS if span.at_s is None else round(span.at_s * 1_000_000) * 1000
    plain = {
        "traceId": f"{1:032x}",
        "spanId": f"{number:016x}",
        "parentSpanId": span.parent,
        "traceState": span.trace_state,
        "name": span.name,
        "kind": 3,
        "startTimeUnixNano": str(start_ns),
        "endTimeUnixNano": str(start_ns + 1_000_000_000),
        "attributes": _pairs(span.attributes),
        "status": {"code": span.status},
    }
    return {
        "resource": {"attributes": _pairs(span.resource)},
        "scopeSpans": [{"scope": {"name": span.scope}, "spans": [plain]}],
    }


def _pairs(values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [{"key": key, "value": _any(value)} for key, value in values.items()]


def _any(value: Any) -> Mapping[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case list():
            return {"arrayValue": {"values": [_any(each) for each in value]}}
        case dict():
            return {"kvlistValue": {"values": _pairs(value)}}
    raise TypeError(type(value))


def _lines(path: Path) -> Iterator[Any]:
    if path.exists():
        for line in path.read_text("utf-8").splitlines():
            yield json.loads(line)


def _spans(path: Path) -> Iterator[Mapping[str, Any]]:
    for document in _lines(path):
        for resource in document["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                yield from scope["spans"]


def _points(path: Path) -> Iterator[Mapping[str, Any]]:
    for document in _lines(path):
        for resource in document.get("resourceMetrics", ()):
            around = _attributes(resource["resource"])
            for scope in resource["scopeMetrics"]:
                for metric in scope["metrics"]:
                    for point in metric["sum"]["dataPoints"]:
                        value = point.get("asDouble", point.get("asInt"))
                        assert metric["sum"].get("isMonotonic"), metric["name"]
                        said = {"name": metric["name"], "unit": metric["unit"], "value": float(value)}
                        yield {**around, **_attributes(point), **said}


def _attributes(holder: Mapping[str, Any]) -> dict[str, Any]:
    return {pair["key"]: _value(pair["value"]) for pair in holder.get("attributes", ())}


def _value(value: Mapping[str, Any]) -> Any:
    for kind, stated in value.items():
        match kind:
            case "intValue":
                return int(stated)
            case "arrayValue":
                return [_value(each) for each in stated.get("values", ())]
            case "kvlistValue":
                return {pair["key"]: _value(pair["value"]) for pair in stated.get("values", ())}
            case _:
                return stated
    return None


def summed(points: Iterable[Mapping[str, Any]], name: str, **labels: Any) -> float:
    """The sum of a metric's points with these labels; dots of names are written `__`."""
    wanted = {key.replace("__", "."): value for key, value in labels.items()}
    return sum(
        [
            point["value"]
            for point in points
            if point["name"] == name and all(point.get(key) == value for key, value in wanted.items())
        ]
    )
