"""A real collector with some of the layers, on free ports of this machine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml


CONFIG: Final = Path(__file__).parents[3] / "collector" / "config"
PORTS: Final = ("GRPC", "HTTP", "HEALTH", "TELEMETRY", "SPEND")
_READY_S: Final = 30.0


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def validate(binary: Path, *layers: str | Path, **settings: object) -> subprocess.CompletedProcess[str]:
    """What the collector says about its configuration, without running it."""
    return subprocess.run(
        [str(binary), "validate", *_flags(layers)],
        env={"PATH": os.environ["PATH"], **{name: str(value) for name, value in settings.items()}},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@dataclass(slots=True)
class Collector:
    """One collector: its folder, its ports, and what it has stored."""

    binary: Path
    folder: Path
    layers: Sequence[str | Path]
    """Names of files in collector/config, or paths of other ones, in the order of merging."""
    settings: Mapping[str, object] = field(default_factory=dict)
    flags: Sequence[str] = ()
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in PORTS})
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return when it is ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = {
            **{f"OTEL_TOKENS_{name}_PORT": port for name, port in self.ports.items()},
            "OTEL_TOKENS_QUEUE_DIR": self.folder / "queue",
            **self.settings,
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.binary), *_flags(self.layers), *self.flags],
                env={"PATH": os.environ["PATH"], **{name: str(value) for name, value in settings.items()}},
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
            )
        until(self._ready, _READY_S, lambda: self.log.read_text("utf-8", "replace")[-3000:])

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text("utf-8", "replace")[-3000:]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['HEALTH']}/", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._end(lambda process: process.terminate())

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(lambda process: process.kill())

    def _end(self, how: Callable[[subprocess.Popen[bytes]], None]) -> None:
        if self.process is None:
            return
        how(self.process)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    @property
    def log(self) -> Path:
        """What it printed."""
        return self.folder / "log"

    @property
    def http(self) -> str:
        """Where OTLP over HTTP goes."""
        return f"http://127.0.0.1:{self.ports['HTTP']}"


@contextmanager
def running(
    binary: Path,
    folder: Path,
    *layers: str | Path,
    settings: Mapping[str, object] | None = None,
    flags: Sequence[str] = (),
) -> Iterator[Collector]:
    """A collector that is ready, and gone afterwards."""
    collector = Collector(binary, folder, layers, settings or {}, flags)
    try:
        collector.start()
        yield collector
    finally:
        collector.kill()


def layer(folder: Path, content: Mapping[str, Any]) -> Path:
    """A layer for one test, such as an exporter into a file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"layer-{len(list(folder.glob('layer-*')))}.yaml"
    path.write_text(yaml.safe_dump(dict(content)), "utf-8")
    return path


def post(url: str, body: bytes, headers: Mapping[str, str] | None = None, **how: Any) -> int:
    """The status that OTLP over HTTP was answered with."""
    request = urllib.request.Request(  # noqa: S310
        url, body, {"Content-Type": "application/x-protobuf", **(headers or {})}
    )
    try:
        with urllib.request.urlopen(request, timeout=15, **how) as answer:  # noqa: S310
            status: int = answer.status
            return status
    except urllib.error.HTTPError as refused:
        return refused.code


def lines(path: Path) -> list[dict[str, Any]]:
    """What the exporter `file` has written so far, whole lines only."""
    if not path.exists():
        return []
    text = path.read_text("utf-8")
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def until(condition: Callable[[], object], seconds: float, why: Callable[[], object] = lambda: "") -> None:
    """Wait for `condition`, and fail with `why` after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, why()
        time.sleep(0.05)


def _flags(layers: Sequence[str | Path]) -> list[str]:
    return [part for each in layers for part in ("--config", str(CONFIG / each))]
