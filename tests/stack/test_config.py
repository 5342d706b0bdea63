"""The shipped configurations are accepted by the programs that read them, and broken ones are not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

from collections.abc import Sequence
from pathlib import Path

import pytest

from collector.stack import HERE, LAYERS

from .conftest import Programs


CONFIG = HERE / "config"
PROMETHEUS = HERE / "prometheus"


def accepted(*command: object, **env: str) -> tuple[bool, str]:
    """Whether a program accepts what it is given, and what it says."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **env},
    )
    return done.returncode == 0, done.stdout + done.stderr


def validated(stack: Programs, layers: Sequence[Path], folder: Path) -> tuple[bool, str]:
    """What `otelcol validate` says of these layers."""
    configs = [part for layer in layers for part in ("--config", layer)]
    binary = stack.binary("otelcol-tokens")
    return accepted(binary, "validate", *configs, OTEL_TOKENS_QUEUE_DIR=str(folder / "queue"))


def test_the_layers(stack: Programs, tmp_path: Path) -> None:
    """The default layers are a valid configuration of the collector."""
    good, said = validated(stack, [CONFIG / name for name in LAYERS], tmp_path)
    assert good, said


@pytest.mark.parametrize(
    ("layer", "found", "instead"),
    [
        ("base.yaml", "endpoint: ${env:OTEL_TOKENS_LISTEN", "endpiont: ${env:OTEL_TOKENS_LISTEN"),
        ("spend.yaml", "exporters: [signal_to_metrics]", "exporters: [signals_to_metrics]"),
        ("spend.yaml", 'resource.attributes["service.name"]', 'resource.attribute["service.name"]'),
        ("storage.yaml", "decision_wait:", "decision_waits:"),
    ],
)
def test_a_broken_layer(stack: Programs, tmp_path: Path, layer: str, found: str, instead: str) -> None:
    """A misspelled key, component, path or policy is refused."""
    text = (CONFIG / layer).read_text("utf-8")
    assert found in text
    (tmp_path / layer).write_text(text.replace(found, instead, 1), "utf-8")
    layers = [tmp_path / name if name == layer else CONFIG / name for name in LAYERS]
    good, said = validated(stack, layers, tmp_path)
    assert not good
    assert "panic" not in said


def test_prometheus(stack: Programs, tmp_path: Path) -> None:
    """The configuration of Prometheus is valid with its rules; with a misspelled key it is not."""
    copy = shutil.copytree(PROMETHEUS, tmp_path / "prometheus")
    good, said = accepted(stack.binary("promtool"), "check", "config", copy / "prometheus.yml")
    assert good, said
    text = (copy / "prometheus.yml").read_text("utf-8")
    (copy / "prometheus.yml").write_text(text.replace("rule_files", "rules_files"), "utf-8")
    good, said = accepted(stack.binary("promtool"), "check", "config", copy / "prometheus.yml")
    assert not good


def test_versions_are_said_once() -> None:
    """Manifests take their versions from `.env`, and nothing else states one."""
    for manifest in HERE.glob("builder*.yaml"):
        lines = [line for line in manifest.read_text("utf-8").splitlines() if "gomod:" in line]
        assert lines
        assert all(re.search(r" v\$\{COLLECTOR(_CORE)?_VERSION\}$", line) for line in lines), manifest


def test_the_build_names_its_programs() -> None:
    """`build.sh` refuses a program that it does not know, and says which there are."""
    good, said = accepted(HERE / "build.sh", "grafana")
    assert not good
    assert "prometheus" in said
