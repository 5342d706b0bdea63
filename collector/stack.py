"""The whole stack on loopback, without containers: collector, Prometheus, Alertmanager, Jaeger.

`make stack` runs it with the quickstart sending data; the tests run it with fixtures. Every program is the
real one, from the cache of `make stack-build`. Each has a folder of its own and ends with the stack.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final


HERE: Final = Path(__file__).parent
LAYERS: Final = ("base.yaml", "foreign.yaml", "prices.yaml", "spend.yaml", "redaction.yaml", "storage.yaml")
"""The configuration of the collector, in the order in which its files are merged."""

_READY_S: Final = 60.0
_STOP_S: Final = 20.0


class NotReadyError(RuntimeError):
    """A program ended, or did not answer, before it was ready: with the end of its log."""


def cache() -> Path:
    """Where `make stack-build` puts the programs."""
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return Path(os.environ.get("OTEL_TOKENS_STACK", home / "otel-tokens" / "stack" / "bin"))


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@dataclass(slots=True)
class Program:
    """One real program: started, waited for, killed and started again."""

    name: str
    command: Sequence[str]
    ready: str
    """A URL that answers with status 200 once it is ready."""
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    patience_s: float = _STOP_S
    """How long it may take to end when it is asked to."""
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What it printed."""
        return self.folder / f"{self.name}.log"

    def start(self) -> None:
        """Start it, and return when it is ready.

        Raises:
            NotReadyError: It ended, or a minute has passed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603  our own command
                [str(part) for part in self.command],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                env={**os.environ, **self.env},
                start_new_session=True,  # Ctrl-C is the stack's to handle
            )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + _READY_S
        while time.monotonic() < until:
            if self.process is not None and self.process.poll() is not None:
                break
            if answers(self.ready):
                return
            time.sleep(0.05)
        self.kill()
        tail = self.log.read_text("utf-8", "replace")[-3000:]
        raise NotReadyError(f"{self.name} is not ready:\n{tail}")

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(self.patience_s)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def kill(self) -> None:
        """End it at once, as a crash or the kernel would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def answers(url: str) -> bool:
    """Whether `url` answers with status 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  loopback
            return bool(answer.status == 200)  # noqa: PLR2004
    except (OSError, urllib.error.URLError):
        return False


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each part listens, all on 127.0.0.1."""

    grpc: int = 4317
    http: int = 4318
    health: int = 13133
    telemetry: int = 8888
    spend: int = 14317
    prometheus: int = 9090
    alertmanager: int = 9093
    jaeger_otlp: int = 4327
    jaeger: int = 16686
    jaeger_health: int = 13134

    @classmethod
    def free(cls) -> Ports:
        """Ports that nothing listens on."""
        return cls(*free_ports(10))


@dataclass(slots=True)
class Stack:
    """The programs, wired to each other."""

    folder: Path
    ports: Ports = field(default_factory=Ports)
    binaries: Path = field(default_factory=cache)
    layers: Sequence[Path] = tuple(HERE / "config" / name for name in LAYERS)
    rules: Path = HERE / "prometheus" / "rules"
    alertmanager_file: Path = HERE / "alertmanager" / "alertmanager.yml"
    scrape_s: float = 15
    evaluation_s: float = 30
    env: Mapping[str, str] = field(default_factory=dict)
    """More settings of the collector."""
    started: list[Program] = field(default_factory=list)

    def start(self, *programs: Program) -> None:
        """Start programs, one after the other; `stop` ends them."""
        for program in programs:
            self.started.append(program)
            program.start()

    def stop(self) -> None:
        """End what was started, the last first."""
        while self.started:
            self.started.pop().stop()

    def collector(self) -> Program:
        """The collector with all its layers."""
        ports, folder = self.ports, self.folder / "collector"
        settings = {
            "OTEL_TOKENS_GRPC_PORT": ports.grpc,
            "OTEL_TOKENS_HTTP_PORT": ports.http,
            "OTEL_TOKENS_HEALTH_PORT": ports.health,
            "OTEL_TOKENS_TELEMETRY_PORT": ports.telemetry,
            "OTEL_TOKENS_SPEND_PORT": ports.spend,
            "OTEL_TOKENS_QUEUE_DIR": folder / "queue",
            "OTEL_TOKENS_EVENTS_FILE": folder / "events.jsonl",
            "OTEL_TOKENS_PROMETHEUS_URL": f"http://127.0.0.1:{ports.prometheus}",
            "OTEL_TOKENS_JAEGER_ENDPOINT": f"127.0.0.1:{ports.jaeger_otlp}",
        }
        configs = [part for layer in self.layers for part in ("--config", str(layer))]
        return Program(
            name="collector",
            command=[str(self.binaries / "otelcol-tokens"), "--feature-gates=ottl.set.allowNil", *configs],
            ready=f"http://127.0.0.1:{ports.health}/",
            folder=folder,
            env={**{name: str(value) for name, value in settings.items()}, **self.env},
        )

    def prometheus(self) -> Program:
        """Prometheus with the rules, receiving OTLP."""
        ports, folder = self.ports, self.folder / "prometheus"
        self._configure_prometheus(folder)
        return Program(
            name="prometheus",
            command=[
                str(self.binaries / "prometheus"),
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{ports.prometheus}",
                "--web.enable-otlp-receiver",
                "--web.enable-lifecycle",
                "--enable-feature=exemplar-storage",
            ],
            ready=f"http://127.0.0.1:{ports.prometheus}/-/ready",
            folder=folder,
        )

    def _configure_prometheus(self, folder: Path) -> None:
        ports, source = self.ports, HERE / "prometheus"
        (folder / "targets").mkdir(parents=True, exist_ok=True)
        text = (source / "prometheus.yml").read_text("utf-8")
        text = text.replace("scrape_interval: 15s", f"scrape_interval: {_ms(self.scrape_s)}")
        text = text.replace("evaluation_interval: 30s", f"evaluation_interval: {_ms(self.evaluation_s)}")
        (folder / "prometheus.yml").write_text(text, "utf-8")
        for name, port in (
            ("collector", ports.telemetry),
            ("prometheus", ports.prometheus),
            ("alertmanager", ports.alertmanager),
        ):
            target = f'- targets: ["127.0.0.1:{port}"]\n'
            (folder / "targets" / f"{name}.yaml").write_text(target, "utf-8")
        if self.rules.is_dir():
            shutil.copytree(self.rules, folder / "rules", dirs_exist_ok=True)

    def alertmanager(self) -> Program:
        """Alertmanager with the routes."""
        ports, folder = self.ports, self.folder / "alertmanager"
        return Program(
            name="alertmanager",
            command=[
                str(self.binaries / "alertmanager"),
                f"--config.file={self.alertmanager_file}",
                f"--storage.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{ports.alertmanager}",
                "--cluster.listen-address=",
            ],
            ready=f"http://127.0.0.1:{ports.alertmanager}/-/ready",
            folder=folder,
        )

    def jaeger(self) -> Program:
        """Jaeger, with its traces in memory."""
        ports, folder = self.ports, self.folder / "jaeger"
        return Program(
            name="jaeger",
            command=[str(self.binaries / "jaeger"), "--config", str(HERE / "jaeger" / "jaeger.yaml")],
            ready=f"http://127.0.0.1:{ports.jaeger_health}/status",
            folder=folder,
            patience_s=1,  # it has nothing to keep, and would wait for its connections
            env={
                "OTEL_TOKENS_JAEGER_OTLP_PORT": str(ports.jaeger_otlp),
                "OTEL_TOKENS_JAEGER_PORT": str(ports.jaeger),
                "OTEL_TOKENS_JAEGER_HEALTH_PORT": str(ports.jaeger_health),
            },
        )


def with_webhooks(folder: Path, url: str) -> Path:
    """The configuration of Alertmanager in `folder`, whose receivers all are at `url`, each by its name."""
    target = folder / "alertmanager"
    (target / "secrets").mkdir(parents=True, exist_ok=True)
    text = (HERE / "alertmanager" / "alertmanager.yml").read_text("utf-8")
    (target / "alertmanager.yml").write_text(text, "utf-8")
    for name in re.findall(r"secrets/(\w+)_url", text):
        (target / "secrets" / f"{name}_url").write_text(f"{url}/{name}", "utf-8")
    return target / "alertmanager.yml"


def _ms(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"
