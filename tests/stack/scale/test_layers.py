"""Every combination of layers that the documentation names is accepted by the real collector."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from .collectors import CONFIG, layer, validate


PLAIN: Final = "otelcol-tokens"
KAFKA: Final = "otelcol-tokens-kafka"
SPEND: Final = ("base", "foreign", "prices", "spend", "redaction")
COMBINATIONS: Final = {
    "agent": (PLAIN, ("base", "redaction", "agent")),
    "agent-listening": (PLAIN, ("base", "redaction", "agent", "tls")),
    "gateway-spend": (PLAIN, (*SPEND, "gateway-spend")),
    "gateway-spend-open": (PLAIN, (*SPEND, "gateway-spend", "tls", "bearer")),
    "gateway-sampling": (PLAIN, ("base", "redaction", "storage", "gateway-sampling")),
    "gateway-sampling-open": (PLAIN, ("base", "redaction", "storage", "gateway-sampling", "tls")),
    "one-machine": (PLAIN, (*SPEND, "storage")),
    "one-machine-open": (PLAIN, (*SPEND, "storage", "tls", "bearer")),
    "clickhouse": (PLAIN, (*SPEND, "storage", "clickhouse")),
    "gateway-clickhouse": (PLAIN, (*SPEND, "gateway-spend", "clickhouse")),
    "mimir": (PLAIN, (*SPEND, "storage", "mimir")),
    "kafka-agent": (KAFKA, ("base", "redaction", "agent", "kafka-agent")),
    "kafka-gateway": (KAFKA, (*SPEND, "gateway-spend", "kafka-gateway")),
    "kafka-store": (KAFKA, (*SPEND, "kafka-store")),
    "kafka-sampling": (KAFKA, ("base", "redaction", "storage", "kafka-sampling")),
}
NO_PRICES: Final = {
    "processors": {"transform/price": {"trace_statements": []}},
    "connectors": {"signal_to_metrics": {"spans": [{"name": "calls", "sum": {"value": "1"}}]}},
}
WITH_PRICES: Final = {"one-machine", "kafka-gateway"}
"""The others leave the prices out: they are read for seconds, and are the same everywhere."""


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, object]:
    """The files that some layers read when they are checked."""
    secret = tmp_path / "secret"
    secret.write_text("word", "utf-8")
    return {"OTEL_TOKENS_QUEUE_DIR": tmp_path, "OTEL_TOKENS_CLICKHOUSE_PASSWORD_FILE": secret}


@pytest.mark.parametrize("name", COMBINATIONS)
def test_the_collector_accepts_it(stack: Any, settings: dict[str, object], tmp_path: Path, name: str) -> None:
    """The layers, merged in this order, pass the collector's own check."""
    binary, layers = COMBINATIONS[name]
    prices = "prices.yaml" if name in WITH_PRICES else layer(tmp_path, NO_PRICES)
    files = (prices if each == "prices" else f"{each}.yaml" for each in layers)
    said = validate(stack.binary(binary), *files, **settings)
    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"exporters": {"otlp_grpc/gateway": {"time_out": "1s"}}},
        {"service": {"pipelines": {"traces/agent": {"exporters": ["nowhere"]}}}},
        {"processors": {"transform/redact": {"trace_statements": ["sett(span.name, 1)"]}}},
    ],
    ids=["key", "name", "statement"],
)
def test_what_is_wrong_is_refused(
    stack: Any, settings: dict[str, object], tmp_path: Path, wrong: dict[str, Any]
) -> None:
    """The negative control: a key, a name or a statement that does not exist."""
    layers = ("base.yaml", "redaction.yaml", "agent.yaml", layer(tmp_path, wrong))
    assert validate(stack.binary(PLAIN), *layers, **settings).returncode != 0


def test_every_layer_is_in_a_combination() -> None:
    """A file that nobody checks would be wrong sooner or later."""
    checked = {each for _, layers in COMBINATIONS.values() for each in layers}
    assert {path.stem for path in CONFIG.glob("*.yaml")} - {"kustomization"} == checked
