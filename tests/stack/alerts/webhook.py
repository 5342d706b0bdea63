"""The people: receivers of notifications, which note who was told what, and when."""

from __future__ import annotations

import json
import threading
import time

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .table import fits


@dataclass(frozen=True)
class Told:
    """One alert in one notification."""

    at: float
    """By the clock of `time.monotonic`."""
    receiver: str
    status: str
    labels: Mapping[str, str]
    summary: str


@dataclass
class Webhook:
    """All receivers at one address."""

    told: list[Told] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    """Receivers that answer 400."""
    url: str = ""

    def start(self) -> None:
        """Listen on a free port."""
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(webhook.answer(self.path.strip("/"), json.loads(body)))
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, receiver: str, body: Mapping[str, Any]) -> int:
        """Note what somebody is told."""
        if receiver in self.refuses:
            return 400
        now = time.monotonic()
        self.told += [
            Told(now, receiver, alert["status"], alert["labels"], alert["annotations"]["summary"])
            for alert in body["alerts"]
        ]
        return 200

    def about(self, labels: Mapping[str, str], status: str, *, after: float = 0) -> dict[str, Told]:
        """Who was told of an alert last, since a moment, and of what."""
        found = [each for each in list(self.told) if each.status == status and each.at >= after]
        return {each.receiver: each for each in found if fits(labels, each.labels)}
