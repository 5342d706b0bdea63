"""Starts a real Redis or Valkey for a test, and treats it as badly as life does."""

from __future__ import annotations

import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis


_PROGRAMS = ("redis-server", "valkey-server")
_PORTS = range(12_000, 32_000)
"""Below the ports that the system hands out by itself, and low enough for a cluster bus 10,000 above."""
_READY = re.compile(r"eady to accept connections|\+monitor master")
_PATIENCE_S = 20.0
_TRIES = 20


class Server:
    """A server of its own, in `directory`, on a port of 127.0.0.1."""

    def __init__(self, program: str, directory: Path, options: Mapping[str, str]) -> None:
        self._program = program
        self._options = options
        self.directory = directory
        self.port = 0
        self.process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """How a client reaches it."""
        scheme = "rediss" if "tls_cert_file" in self._options else "redis"
        return f"{scheme}://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        """A plain client of it."""
        return redis.Redis(port=self.port, decode_responses=True, encoding_errors="backslashreplace")

    def start(self) -> None:
        """Start it, for the first time or again on the port that it had."""
        log = self.directory / "log"
        read = log.stat().st_size if log.exists() else 0
        arguments = ["--sentinel"] if "sentinel" in self._options else []
        self.process = subprocess.Popen(
            [self._program, self.directory / "conf", *arguments], stdout=subprocess.DEVNULL
        )
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            # Its own log tells, as whatever answers on the port may be somebody else.
            if log.exists() and _READY.search(log.read_text(errors="replace")[read:]):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.005)
        self.kill()
        raise RuntimeError(f"{self._program} does not start: {log.read_text() if log.exists() else 'no log'}")

    def pause(self) -> None:
        """Make it hang: it takes connections, and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it without a warning."""
        self.process.kill()
        self.process.wait()

    def begin(self) -> None:
        """Start it on a port that nobody else has."""
        for left in reversed(range(_TRIES)):
            self.port = _free_port()
            (self.directory / "conf").write_text("\n".join(self._lines()) + "\n")
            try:
                return self.start()
            except RuntimeError:  # somebody else was faster at that port
                if not left or "in use" not in (self.directory / "log").read_text():
                    raise
        return None

    def _lines(self) -> Iterator[str]:
        secure = "tls_cert_file" in self._options
        settings = {
            "port": "0" if secure else str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.directory),
            "logfile": str(self.directory / "log"),
        }
        if secure:
            settings["tls-port"] = str(self.port)
        if "sentinel" not in self._options:
            settings |= {"save": '""', "appendonly": "no", "repl-diskless-sync-delay": "0"}
        for name, value in self._options.items():
            settings[name.replace("_", "-")] = value
        for name, value in settings.items():
            yield from (f"{name} {line}" for line in value.splitlines())


def _free_port() -> int:
    while True:
        port = random.SystemRandom().choice(_PORTS)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


@contextmanager
def redis_server(**options: str) -> Iterator[Server]:
    """A running server; `options` are lines of its configuration, such as `maxmemory_policy="noeviction"`.

    A value of several lines sets the option several times. `tls_cert_file` makes it speak TLS alone,
    `sentinel` makes it a sentinel.
    """
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        pytest.skip("needs redis-server or valkey-server on the PATH")
    with tempfile.TemporaryDirectory(prefix="otel-tokens-redis-") as directory:
        server = Server(program, Path(directory), options)
        server.begin()
        try:
            yield server
        finally:
            server.kill()
