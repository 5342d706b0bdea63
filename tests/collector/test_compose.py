"""The compose file: what it mounts is there, what it opens is on loopback, what it runs is pinned."""

from __future__ import annotations

import copy
import json
import re
import runpy

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml


FOLDER = Path(__file__).parents[2] / "collector"
Compose = dict[str, Any]
Check = Callable[[Compose], Iterator[str]]
SHELLLESS = {"collector"}
"""Services whose image has nothing that a health check could run."""


def load(name: str = "compose.yaml") -> Compose:
    """A compose file."""
    found: Compose = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    return found


def versions() -> dict[str, str]:
    """What `.env` defines."""
    lines = (FOLDER / ".env").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def services(compose: Compose) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every service."""
    yield from compose["services"].items()


def tags(compose: Compose) -> Iterator[str]:
    """Images are official ones of a version that `.env` defines, and all their settings are defined there."""
    for name, service in services(compose):
        found = re.fullmatch(r"(otel|prom|jaegertracing|grafana)/[\w-]+:v?\$\{(\w+)\}", service["image"])
        if found is None or not re.fullmatch(r"\d+\.\d+\.\d+", versions().get(found[2], "")):
            yield f"{name}: {service['image']}"
    for variable in re.findall(r"\$\{(\w+)", json.dumps(compose)):
        if variable not in versions():
            yield variable


def ports(compose: Compose) -> Iterator[str]:
    """Ports are bound to loopback, each by one service."""
    taken: set[str] = set()
    for name, service in services(compose):
        for port in service.get("ports", ()):
            found = re.fullmatch(r"127\.0\.0\.1:(\d+):\d+", str(port))
            if found is None or found[1] in taken:
                yield f"{name}: {port}"
            taken.add(str(port).split(":")[-2:][0])


def mounts(compose: Compose) -> Iterator[str]:
    """What is mounted from here is there and read-only; what is written has a named volume."""
    for name, service in services(compose):
        for mount in service.get("volumes", ()):
            if not isinstance(mount, dict):
                yield f"{name}: {mount}"
            elif mount["type"] == "volume" and mount["source"] not in compose["volumes"]:
                yield f"{name}: {mount['source']} is no volume"
            elif mount["type"] == "bind" and not (
                mount.get("read_only") and (FOLDER / mount["source"]).exists()
            ):
                yield f"{name}: {mount['source']}"


def privileges(compose: Compose) -> Iterator[str]:
    """No service has more rights, more memory or more of the machine than it needs."""
    for name, service in services(compose):
        if service.get("cap_drop") != ["ALL"] or "no-new-privileges:true" not in service.get(
            "security_opt", ()
        ):
            yield f"{name}: rights"
        if {"privileged", "cap_add", "devices", "pid", "ipc", "network_mode"} & service.keys():
            yield f"{name}: the machine's own"
        if not service.get("deploy", {}).get("resources", {}).get("limits", {}).get("memory"):
            yield f"{name}: memory"


def lasting(compose: Compose) -> Iterator[str]:
    """Services start again, and say whether they are well where their image can."""
    for name, service in services(compose):
        if service.get("restart") != "unless-stopped":
            yield f"{name}: restart"
        if ("healthcheck" in service) == (name in SHELLLESS):
            yield f"{name}: health"


def layers(compose: Compose) -> Iterator[str]:
    """The collector reads the same files, in the same order, as on the machine itself."""
    command = compose["services"]["collector"]["command"]
    found = [part.rpartition("/")[2] for part in command if part.startswith("--config")]
    if tuple(found) != runpy.run_path(str(FOLDER / "stack.py"))["LAYERS"]:
        yield str(found)
    for name in found:
        if not (FOLDER / "config" / name).exists():
            yield name


def settings(compose: Compose) -> Iterator[str]:
    """Every setting of ours that is set here is one that the mounted files read."""
    read = {
        "collector": "".join(path.read_text("utf-8") for path in (FOLDER / "config").glob("*.yaml")),
        "jaeger": (FOLDER / "jaeger" / "jaeger.yaml").read_text("utf-8"),
    }
    for name, service in services(compose):
        for variable in service.get("environment", {}):
            if variable.startswith("OTEL_") and f"${{env:{variable}" not in read.get(name, ""):
                yield f"{name}: {variable}"


CHECKS: tuple[Check, ...] = (tags, ports, mounts, privileges, lasting, layers, settings)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_nothing_is_wrong(check: Check) -> None:
    """Every check holds for the file as it is."""
    assert list(check(load())) == []


SPOILED: list[tuple[Check, str, Callable[[dict[str, Any]], object]]] = [
    (tags, "latest", lambda service: service.update(image="prom/prometheus:latest")),
    (tags, "unknown", lambda service: service.update(image="prom/prometheus:v${NOBODY_VERSION}")),
    (ports, "open", lambda service: service.update(ports=["9090:9090"])),
    (ports, "all", lambda service: service.update(ports=["0.0.0.0:9090:9090"])),
    (mounts, "missing", lambda service: service["volumes"][0].update(source="./nothing.yml")),
    (mounts, "writable", lambda service: service["volumes"][0].pop("read_only")),
    (mounts, "unnamed", lambda service: service["volumes"][-1].update(source="nobody")),
    (privileges, "rights", lambda service: service.pop("cap_drop")),
    (privileges, "host", lambda service: service.update(network_mode="host")),
    (privileges, "memory", lambda service: service.pop("deploy")),
    (lasting, "restart", lambda service: service.pop("restart")),
    (lasting, "health", lambda service: service.pop("healthcheck")),
    (settings, "typo", lambda service: service.update(environment={"OTEL_TOKENS_LISTENS": "0.0.0.0"})),  # noqa: S104
]


@pytest.mark.parametrize(
    ("check", "change"), [pytest.param(c, f, id=f"{c.__name__}-{w}") for c, w, f in SPOILED]
)
def test_what_is_wrong_is_found(check: Check, change: Callable[[dict[str, Any]], object]) -> None:
    """Each check finds what was spoiled on purpose."""
    compose = copy.deepcopy(load())
    change(compose["services"]["prometheus"])

    assert list(check(compose))


def test_layers_in_another_order_are_found() -> None:
    """The order of the collector's files is part of what they say."""
    compose = load()
    compose["services"]["collector"]["command"].reverse()

    assert list(layers(compose))


def test_grafana_knows_its_sources() -> None:
    """The sources have the uids that dashboards and links use, and the addresses of services."""
    text = (FOLDER / "grafana/provisioning/datasources/datasources.yaml").read_text("utf-8")
    found = {each["uid"]: each for each in yaml.safe_load(text)["datasources"]}

    assert set(found) == {"prometheus", "jaeger", "alertmanager"}
    for each in found.values():
        assert re.fullmatch(r"http://(\w+):\d+", each["url"])[1] in load()["services"]  # type: ignore[index]
        assert each["editable"] is False
    assert found["prometheus"]["jsonData"]["timeInterval"] == "15s"
    assert "scrape_interval: 15s" in (FOLDER / "prometheus" / "prometheus.yml").read_text("utf-8")
    assert found["prometheus"]["jsonData"]["exemplarTraceIdDestinations"][0]["datasourceUid"] == "jaeger"


def test_grafana_finds_the_dashboards() -> None:
    """The folder that Grafana reads is the one that is mounted, and its first page is in it."""
    text = (FOLDER / "grafana/provisioning/dashboards/dashboards.yaml").read_text("utf-8")
    (provider,) = yaml.safe_load(text)["providers"]
    grafana = load()["services"]["grafana"]
    mounted = {mount["target"]: mount["source"] for mount in grafana["volumes"]}
    home = Path(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])

    assert mounted[provider["options"]["path"]] == "./dashboards"
    assert (FOLDER / "dashboards" / home.name).exists()
    assert str(home.parent) == provider["options"]["path"]


def test_nobody_can_log_in_without_a_password_file() -> None:
    """By default there is no administrator; the layer that adds one takes the password from a file."""
    plain = load()["services"]["grafana"]["environment"]
    admin = load("compose.admin.yaml")

    assert plain["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert plain["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert "GF_SECURITY_ADMIN_PASSWORD" not in admin["services"]["grafana"]["environment"]
    assert admin["services"]["grafana"]["secrets"] == list(admin["secrets"])


def test_targets_are_services() -> None:
    """Prometheus scrapes what it scrapes on the machine itself, by the names of the containers."""
    here = FOLDER / "compose" / "targets"
    found = {path.name: yaml.safe_load(path.read_text("utf-8"))[0]["targets"] for path in here.glob("*.yaml")}

    assert set(found) == {path.name for path in (FOLDER / "prometheus" / "targets").glob("*.yaml")}
    for targets in found.values():
        assert targets[0].partition(":")[0] in {*load()["services"], "127.0.0.1"}
