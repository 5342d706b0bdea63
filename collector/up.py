"""The whole stack on this machine, with the quickstart as an application that sends: `make stack`.

Every program listens on 127.0.0.1 and ends with Ctrl-C. What Alertmanager sends arrives here and is printed.
The quickstart asks a simulated provider, so that no account is needed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
import time

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType


ROOT = Path(__file__).parents[1]
QUICKSTART = ROOT / "examples" / "quickstart"
sys.path[:0] = [str(ROOT), str(QUICKSTART)]

from demo import TELEMETRY, clean, run_app, simulated  # noqa: E402
from simulator import Simulator  # noqa: E402

from collector.stack import NotReadyError, Stack, cache, with_webhooks  # noqa: E402


PROGRAMS = ("otelcol-tokens", "prometheus", "alertmanager", "jaeger")
PAUSE_S = 5.0


class Pager(BaseHTTPRequestHandler):
    """Prints what Alertmanager sends."""

    def do_POST(self) -> None:
        """Print one line for each alert of a notification."""
        length = int(self.headers.get("content-length", 0))
        for alert in json.loads(self.rfile.read(length)).get("alerts", ()):
            name, summary = alert["labels"]["alertname"], alert["annotations"].get("summary", "")
            if name != "LLMWatchdog":
                print(f"{self.path[1:]}: {alert['status']} {name}: {summary}", flush=True)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


def served() -> ThreadingHTTPServer:
    """A server for Alertmanager's notifications."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pager)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def addresses(stack: Stack) -> str:
    """Where a person looks."""
    ports = stack.ports
    return "\n".join(
        [
            f"OTLP          http://127.0.0.1:{ports.http} (HTTP), 127.0.0.1:{ports.grpc} (gRPC)",
            f"Prometheus    http://127.0.0.1:{ports.prometheus}/api/v1/query?query=otel_tokens_cost_usd_total",
            f"Alertmanager  http://127.0.0.1:{ports.alertmanager}",
            f"Jaeger        http://127.0.0.1:{ports.jaeger}/api/traces?service=help-desk",
            f"Collector     http://127.0.0.1:{ports.telemetry}/metrics",
            f"Logs, data    {stack.folder}",
        ]
    )


def send(stack: Stack, stopped: threading.Event, rounds: int | None) -> None:
    """Run the quickstart again and again, until somebody has had enough."""
    with Simulator(latency_s=0.05, pace_s=0.002) as simulator:
        settings = clean(os.environ, is_real=False) | TELEMETRY | simulated(simulator)
        settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{stack.ports.http}"
        while not stopped.is_set() and rounds != 0:
            if code := run_app(settings):
                raise SystemExit(f"app.py failed with exit code {code}")
            rounds = None if rounds is None else rounds - 1
            stopped.wait(PAUSE_S)


def main() -> int:
    """Start everything, print the addresses, send until Ctrl-C or so many rounds."""
    missing = [name for name in PROGRAMS if not (cache() / name).exists()]
    if missing:
        print(f"{', '.join(missing)}: not in {cache()}; run `make stack-build`", file=sys.stderr)
        return 1
    rounds = int(os.environ["ROUNDS"]) if "ROUNDS" in os.environ else None
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    folder = Path(tempfile.mkdtemp(prefix="otel-tokens-stack-"))
    pager = served()
    stack = Stack(folder=folder, env={"OTEL_TOKENS_SAMPLE_PERCENT": "100"})
    stack.alertmanager_file = with_webhooks(folder, f"http://127.0.0.1:{pager.server_address[1]}")
    try:
        stack.start(stack.alertmanager(), stack.jaeger(), stack.prometheus(), stack.collector())
        print(addresses(stack), flush=True)
        print("The quickstart is sending. Ctrl-C stops everything.", flush=True)
        send(stack, stopped, rounds)
    except NotReadyError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        started = time.monotonic()
        stack.stop()
        pager.shutdown()
        pager.server_close()
        print(f"Stopped in {time.monotonic() - started:.1f} s. Logs and data: {folder}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
