"""Every ledger in turn, on a store of its own."""

from __future__ import annotations

import dataclasses
import os
import shutil
import threading
import uuid

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from otel_tokens.budgets.purse import Purse
from otel_tokens.ledgers.ledger import Ledger
from otel_tokens.ledgers.opening import open_ledger
from otel_tokens.ledgers.settings import LedgerSettings
from tests.budgets.plans import Store
from tests.budgets.redis_server import Server, redis_server


class Place:
    """Where ledgers of one kind are kept."""

    def __init__(self, kind: str, url: Callable[[], str]) -> None:
        self.kind = kind
        self._url = url
        self._opened: list[Ledger] = []
        self.settings = self._new()
        self._first: Ledger | None = None

    def _new(self) -> LedgerSettings:
        return LedgerSettings(url=self._url(), namespace=uuid.uuid4().hex, timeout_s=10.0)

    def open(self) -> Ledger:
        """The ledger that is kept here, as another process sees it; memory has only one."""
        if self.kind == "memory" and self._first is not None:
            return self._first
        ledger = open_ledger(self.settings)
        self._opened.append(ledger)
        self._first = self._first or ledger
        return ledger

    def fresh(self) -> Ledger:
        """An empty ledger; whatever opens one later sees this one."""
        self.settings = dataclasses.replace(self.settings, url=self._url(), namespace=uuid.uuid4().hex)
        self._first = None
        return self.open()

    def close(self) -> None:
        """Close all that was opened."""
        for ledger in self._opened:
            ledger.close()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis for all tests of this process. On the build server it has to be there."""
    if not (os.environ.get("CI") or shutil.which("redis-server") or shutil.which("valkey-server")):
        pytest.skip("needs redis-server or valkey-server")
    from tests.budgets.redis_server import redis_server  # noqa: PLC0415  # needs redis-py

    with redis_server() as server:
        yield server.url


def _place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    kind = request.param
    urls: dict[str, Callable[[], str]] = {
        "memory": lambda: "memory:",
        "sqlite": lambda: f"sqlite:///{tmp_path}/{uuid.uuid4().hex}.db",
        "redis": lambda: str(request.getfixturevalue("redis_url")),
    }
    place = Place(kind, urls[kind])
    yield place
    place.close()


@pytest.fixture(params=["memory", "sqlite", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where every kind of ledger is kept, in turn."""
    yield from _place(request, tmp_path)


@pytest.fixture(params=["sqlite", "redis"])
def shared_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where every kind of ledger is kept that several processes can use, in turn."""
    yield from _place(request, tmp_path)


@pytest.fixture
def ledger(place: Place) -> Ledger:
    """Every ledger, in turn."""
    return place.open()


@pytest.fixture
def again(place: Place, ledger: Ledger) -> Ledger:  # noqa: ARG001  # the first one is there first
    """The same ledger, as another process sees it."""
    return place.open()


@pytest.fixture(scope="module")
def redis_servers() -> Iterator[Callable[[], Server]]:
    """One Redis for all tests of a module, started when the first one needs it."""
    running = []

    def server() -> Server:
        if not running:
            manager = redis_server()
            running.append((manager, manager.__enter__()))
        return running[0][1]

    yield server
    for manager, _ in running:
        manager.__exit__(None, None, None)


@pytest.fixture
def store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis_servers: Callable[[], Server]
) -> Callable[[str], Store]:
    """Makes a store of a kind: `memory`, `sqlite`, `redis`."""

    def make(kind: str) -> Store:
        server = redis_servers() if kind == "redis" else None
        url = {"memory": "memory:", "sqlite": f"sqlite:///{tmp_path}/ledger.db"}.get(kind, "")
        return Store(url if server is None else server.url, uuid.uuid4().hex, monkeypatch, server)

    return make


@pytest.fixture(autouse=True)
def _threads_end() -> Iterator[None]:
    """No test leaves a purse at work: it would go on to look for a ledger that is gone."""
    yield
    for thread in threading.enumerate():
        purse = getattr(getattr(thread, "_target", None), "__self__", None)
        if isinstance(purse, Purse):
            purse._stopped = True
            purse._wake.set()
            thread.join(5)
