"""A real Prometheus with a history in it, and the real rules."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml


_READY_S: Final = 30.0
_NOBODY: Final = "127.0.0.1:9"
"""Where no Alertmanager is, so that notifications fail and say so."""


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return int(each.getsockname()[1])


def answers(url: str) -> bool:
    """Whether something answers there, and well."""
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310  our own, on loopback
            return bool(answer.status == 200)
    except OSError:
        return False


class Server:
    """A program with a port, started and ended."""

    def __init__(
        self, command: list[str], *, ready: str, log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self._command, self._ready, self._log, self._env = command, ready, log, env
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, env=self._env)
        end = time.monotonic() + _READY_S
        while not answers(self._ready):
            if self._process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise AssertionError(self._log.read_text()[-3000:])
            time.sleep(0.05)

    def stop(self) -> None:
        """End it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


class Prometheus:
    """One Prometheus, its folder and its rules."""

    def __init__(self, binary: Path, promtool: Path, folder: Path) -> None:
        self.folder, self._promtool = folder, promtool
        self.url = f"http://127.0.0.1:{free_port()}"
        self.rules: list[Path] = []
        self.targets: dict[str, str] = {"prometheus": self.url.removeprefix("http://")}
        self._server = Server(
            [
                str(binary),
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={self._data}",
                "--storage.tsdb.retention.time=100y",
                f"--web.listen-address={self.url.removeprefix('http://')}",
                "--web.enable-otlp-receiver",
                "--web.enable-admin-api",
                "--enable-feature=exemplar-storage",
            ],
            ready=f"{self.url}/-/ready",
            log=folder / "prometheus.log",
        )

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def start(self, *, live: bool) -> None:
        """Start it, or start it again. While it is not `live`, nothing is evaluated, and nothing scraped.

        A scrape is of now, and would make everything older come too late.
        """
        config: dict[str, Any] = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}}
        if live:
            config |= {
                "rule_files": [str(path) for path in self.rules],
                "alerting": {"alertmanagers": [{"static_configs": [{"targets": [_NOBODY]}]}]},
                "scrape_configs": [
                    {"job_name": job, "static_configs": [{"targets": [target]}]}
                    for job, target in self.targets.items()
                ],
            }
        (self.folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        self._server.start()

    def stop(self) -> None:
        """End it."""
        self._server.stop()

    def push(self, body: bytes) -> None:
        """Send metrics by OTLP."""
        url, head = f"{self.url}/api/v1/otlp/v1/metrics", {"Content-Type": "application/x-protobuf"}
        with urllib.request.urlopen(urllib.request.Request(url, body, head), timeout=30) as answer:  # noqa: S310
            assert answer.status == 200

    def settle(self) -> None:
        """Make blocks of all that was pushed, and start again with them.

        What is only in the log would be lost as soon as there are newer blocks, as `remember` makes them.
        """
        url = f"{self.url}/api/v1/admin/tsdb/snapshot"
        with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=30) as answer:  # noqa: S310
            name = json.load(answer)["data"]["name"]
        self.stop()
        blocks = self.folder / "blocks"
        (self._data / "snapshots" / name).rename(blocks)
        shutil.rmtree(self._data)
        blocks.rename(self._data)
        self.start(live=False)

    def take_rules(self, folder: Path) -> None:
        """Copy rules, evaluated each second, and alerts that wait for nothing."""
        for path in sorted(folder.glob("*.yaml")):
            text = re.sub(r"^(\s+)(interval|for): .*$", r"\1\2: 1s", path.read_text(), flags=re.MULTILINE)
            copy = self.folder / path.name
            copy.write_text(text)
            self.rules.append(copy)

    def remember(self, names: str, start_s: float, end_s: float) -> None:
        """Evaluate the recording rules whose names fit over the past; start again with what they found."""
        wanted = self.folder / "past.yml"
        rules = [
            rule for path in self.rules for rule in _recording(path) if re.fullmatch(names, rule["record"])
        ]
        assert rules, names
        wanted.write_text(yaml.safe_dump({"groups": [{"name": "past", "rules": rules}]}))
        subprocess.run(
            [
                str(self._promtool),
                "tsdb",
                "create-blocks-from",
                "rules",
                f"--start={int(start_s)}",
                f"--end={int(end_s)}",
                "--eval-interval=1m",
                f"--output-dir={self._data}",
                f"--url={self.url}",
                str(wanted),
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )
        self.stop()
        self.start(live=False)

    def ask(self, path: str, **parameters: object) -> Any:
        """What its API answers; an error is the answer too."""
        body = urllib.parse.urlencode(parameters, doseq=True).encode()
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{body.decode()}", timeout=30) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def found(self, expr: str, *, instant: bool, now_s: float) -> tuple[Any, str]:
        """The result of an expression, now or over the last six hours, and what went wrong."""
        if instant:
            answer: Mapping[str, Any] = self.ask("query", query=expr, time=now_s)
        else:
            answer = self.ask("query_range", query=expr, start=now_s - 6 * 3600, end=now_s, step=300)
        return answer.get("data", {}).get("result", []), str(answer.get("error", ""))


def _recording(path: Path) -> list[dict[str, Any]]:
    """The recording rules of a file."""
    groups = yaml.safe_load(path.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if "record" in rule]
