"""The manifests: built by kustomize, checked by the schemas of Kubernetes and by the collector."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from .collectors import validate


KUBERNETES: Final = Path(__file__).parents[3] / "collector" / "kubernetes"
VERSIONS: Final = ("1.31", "1.37")
WORKLOADS: Final = {"DaemonSet", "StatefulSet"}

Manifests = list[dict[str, Any]]


@pytest.fixture(params=["small", "large"])
def manifests(stack: Any, request: pytest.FixtureRequest) -> Manifests:
    """What one overlay is built to."""
    built = subprocess.run(
        [stack.binary("kustomize"), "build", KUBERNETES / request.param],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return list(yaml.load_all(built.stdout, yaml.CSafeLoader))


@pytest.fixture
def schema(stack: Any) -> Any:
    """The function that checks a manifest against the schema of a version of Kubernetes, strictly."""
    packages = os.fspath(stack.binary("kubernetes-validate"))
    sys.path.append(packages)
    try:
        yield importlib.import_module("kubernetes_validate")
    finally:
        sys.path.remove(packages)


@pytest.fixture
def pods(manifests: Manifests) -> dict[str, dict[str, Any]]:
    """The pods of the workloads, by name."""
    return {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]
        for each in manifests
        if each["kind"] in WORKLOADS
    }


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_of_its_schema(schema: Any, manifests: Manifests, version: str) -> None:
    """The API server of the oldest and newest version that we know would accept each."""
    for each in manifests:
        schema.validate(each, version, strict=True)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_misspelt_field_is_seen(schema: Any, manifests: Manifests) -> None:
    """The negative control of the schemas."""
    workload = next(each for each in manifests if each["kind"] == "StatefulSet")
    workload["spec"]["replica"] = 2
    with pytest.raises(schema.ValidationError):
        schema.validate(workload, VERSIONS[-1], strict=True)


def test_the_collector_accepts_what_each_pod_is_given(
    stack: Any, manifests: Manifests, pods: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    """The arguments, settings and files of each pod pass the collector's own check."""
    maps = {each["metadata"]["name"]: each["data"] for each in manifests if each["kind"] == "ConfigMap"}
    for name, pod in pods.items():
        (container,) = pod["containers"]
        mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
        for volume in pod["volumes"]:
            for file, text in maps.get(volume.get("configMap", {}).get("name"), {}).items():
                path = tmp_path / name / mounts[volume["name"]].lstrip("/") / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")
        if "/otel-tokens-gateway:" in container["image"]:
            _copy(tmp_path / name)
        layers = [
            tmp_path / name / each.removeprefix("--config=/")
            for each in container["args"]
            if each.startswith("--config=")
        ]
        settings = {each["name"]: each.get("value", "node-1") for each in container["env"]}
        settings["OTEL_TOKENS_QUEUE_DIR"] = str(tmp_path / "queue")
        said = validate(stack.binary("otelcol-tokens"), *layers, **settings)
        assert said.returncode == 0, (name, said.stderr)
        assert len(layers) >= 3


def _copy(root: Path) -> None:
    """Put into the pod's files what the image of the spend pool has."""
    text = (KUBERNETES / "Dockerfile").read_text("utf-8")
    for line in text.splitlines():
        if line.startswith("COPY "):
            source, target = line.split()[1:]
            path = root / target.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((KUBERNETES.parent / source).read_bytes())


def test_pods_may_do_little(pods: dict[str, dict[str, Any]]) -> None:
    """Not root, no capability, no file to write but the queue, no token of the API server."""
    assert set(pods) == {"agent", "gateway-spend", "gateway-sampling"}
    for pod in pods.values():
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {each["name"] for each in container["volumeMounts"] if not each.get("readOnly")} == {"queue"}
        assert "memory" in container["resources"]["limits"]


def test_gateways_ask_for_tls(pods: dict[str, dict[str, Any]]) -> None:
    """Both pools listen with TLS and ask for certificates; the spend pool for a token as well."""
    for name, layers in {"gateway-spend": ("tls", "bearer"), "gateway-sampling": ("tls",)}.items():
        (container,) = pods[name]["containers"]
        for layer in layers:
            assert f"--config=/etc/otelcol/config/{layer}.yaml" in container["args"]
        assert any(each["name"] == "OTEL_TOKENS_TLS_CLIENT_CA" for each in container["env"])


def test_each_selector_finds_its_pods(manifests: Manifests) -> None:
    """Services, budgets and policies select pods that there are, by labels that the templates have."""
    labels: list[dict[str, str]] = [
        each["spec"]["template"]["metadata"]["labels"] for each in manifests if each["kind"] in WORKLOADS
    ]
    selecting: dict[str, Callable[[dict[str, Any]], dict[str, str]]] = {
        "Service": lambda spec: spec["selector"],
        "PodDisruptionBudget": lambda spec: spec["selector"]["matchLabels"],
        "NetworkPolicy": lambda spec: spec["podSelector"].get("matchLabels", {}),
        "StatefulSet": lambda spec: spec["selector"]["matchLabels"],
    }
    for each in manifests:
        if each["kind"] in selecting:
            wanted = selecting[each["kind"]](each["spec"]).items()
            assert any(wanted <= found.items() for found in labels), each["metadata"]["name"]


def test_a_configmap_fits(manifests: Manifests) -> None:
    """The API server takes at most 1 MiB of data."""
    sizes = {
        each["metadata"]["name"]: sum(len(text.encode()) for text in each["data"].values())
        for each in manifests
        if each["kind"] == "ConfigMap"
    }
    assert {name: size for name, size in sizes.items() if size > 1 << 20} == {}
