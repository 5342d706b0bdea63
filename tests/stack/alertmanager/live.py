"""A real Alertmanager on loopback, with the configuration of the tree and a webhook for each receiver."""

from __future__ import annotations

import json
import queue
import re
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


CONFIG = Path(__file__).parents[3] / "collector" / "alertmanager" / "alertmanager.yml"
RECEIVERS = ("pager", "finance", "engineering", "digest", "deadman")
_PATIENCE_S = 30.0


@dataclass
class Told:
    """What one notification says."""

    receiver: str
    status: str
    alerts: tuple[str, ...]
    """Name, severity and status of each."""


@dataclass
class Live:
    """An Alertmanager that runs."""

    url: str
    told: queue.Queue[Told] = field(default_factory=queue.Queue)

    def post(self, *alerts: Mapping[str, str], ended: bool = False) -> None:
        """Tell of alerts, as Prometheus does."""
        end = {"endsAt": "2020-01-01T00:00:00Z"} if ended else {}
        start = "2019-01-01T00:00:00Z" if ended else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        body = [
            {"labels": labels, "annotations": {"summary": "s"}, "startsAt": start, **end} for labels in alerts
        ]
        request = urllib.request.Request(  # noqa: S310  loopback
            f"{self.url}/api/v2/alerts",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  loopback
            assert answer.status == 200

    def muted(self) -> dict[tuple[str, str], bool]:
        """Name and severity of each alert, and whether another one mutes it."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=10) as answer:  # noqa: S310  loopback
            found = json.load(answer)
        return {
            (alert["labels"]["alertname"], alert["labels"]["severity"]): bool(alert["status"]["inhibitedBy"])
            for alert in found
        }

    def wait_for(self, expected: Mapping[tuple[str, str], bool]) -> None:
        """Until `muted` says what is expected."""
        until = time.monotonic() + _PATIENCE_S
        while (found := self.muted()) != expected:
            assert time.monotonic() < until, found
            time.sleep(0.1)

    def until_told(self, receiver: str, status: str = "firing") -> Told:
        """The next notification of a receiver."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            told = self.told.get(timeout=max(0.01, until - time.monotonic()))
            if (told.receiver, told.status) == (receiver, status):
                return told

    def told_within(self, seconds: float) -> list[Told]:
        """What comes in a while."""
        time.sleep(seconds)
        found = []
        while not self.told.empty():
            found.append(self.told.get())
        return found


@contextmanager
def alertmanager(binary: Path, folder: Path) -> Iterator[Live]:
    """An Alertmanager that does everything at once, and ends with the block."""
    live = Live(f"http://127.0.0.1:{_free_port()}")
    with _webhooks(live) as address:
        secrets = folder / "secrets"
        secrets.mkdir()
        for receiver in RECEIVERS:
            (secrets / f"{receiver}_url").write_text(f"{address}/{receiver}", "utf-8")
        (folder / "alertmanager.yml").write_text(_hurried(CONFIG.read_text("utf-8")), "utf-8")
        words = [
            str(binary),
            "--config.file=alertmanager.yml",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={live.url.removeprefix('http://')}",
            "--cluster.listen-address=",
        ]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(words, cwd=folder, stdout=log, stderr=log)
            try:
                _wait(live.url, process, folder / "log")
                yield live
            finally:
                process.terminate()
                process.wait(10)


def _hurried(text: str) -> str:
    """The configuration with short waits, and no office hours."""
    text = re.sub(r"group_wait: \S+", "group_wait: 1s", text)
    text = re.sub(r"group_interval: \S+", "group_interval: 1s", text)
    return re.sub(r"\n +active_time_intervals: .*", "", text)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        if _is_ready(url):
            return
        time.sleep(0.05)
    raise AssertionError(log.read_text("utf-8"))


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=1) as answer:  # noqa: S310  loopback
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


@contextmanager
def _webhooks(live: Live) -> Iterator[str]:
    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            live.told.put(Told(self.path.strip("/"), body["status"], _said(body["alerts"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _said(alerts: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(
        sorted(
            f"{alert['labels']['alertname']} {alert['labels']['severity']} {alert['status']}"
            for alert in alerts
        )
    )


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
