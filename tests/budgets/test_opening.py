"""A ledger is opened by its URL, and nothing else happens then."""

from __future__ import annotations

import os
import subprocess
import sys

from pathlib import Path

import pytest

from otel_tokens.errors import ConfigError, LedgerError
from otel_tokens.ledgers.ledger import Account, Ledger
from otel_tokens.ledgers.memory import MemoryLedger
from otel_tokens.ledgers.opening import open_ledger
from otel_tokens.ledgers.settings import LedgerSettings
from otel_tokens.ledgers.urls import masked


def opened(url: str) -> Ledger:
    """The ledger at `url`."""
    return open_ledger(LedgerSettings(url=url, timeout_s=0.2))


@pytest.mark.parametrize("url", ["memory:", "memory://"])
def test_memory(url: str) -> None:
    """A ledger in memory is one of this process alone."""
    ledger = opened(url)

    assert isinstance(ledger, MemoryLedger)
    assert not ledger.shared
    assert isinstance(open_ledger(LedgerSettings()), MemoryLedger)


@pytest.mark.parametrize(
    "name",
    ["ledger.db", "with space.db", "a#b?c=d&e.db", "100%25 .db", "\N{SNOWMAN}.db", "file:x", "new/dir/x"],
)
def test_an_absolute_path(tmp_path: Path, name: str) -> None:
    """Four slashes begin an absolute path, which may have any characters and is taken as it is."""
    ledger = opened(f"sqlite:///{tmp_path}/{name}")
    assert list(tmp_path.iterdir()) == []
    ledger.reset(Account("cap", "total"), who="me")
    ledger.close()

    assert (tmp_path / name).stat().st_size > 0
    assert ledger.shared


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three slashes begin a path from where the program was when the ledger was opened."""
    monkeypatch.chdir(tmp_path)
    ledger = opened("sqlite:///here/ledger.db")
    monkeypatch.chdir("/")
    ledger.balances()
    ledger.close()

    assert (tmp_path / "here" / "ledger.db").exists()


def test_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tilde is the home of the user."""
    monkeypatch.setenv("HOME", str(tmp_path))
    ledger = opened("sqlite:///~/ledger.db")
    ledger.balances()
    ledger.close()

    assert (tmp_path / "ledger.db").exists()


def test_nobodys_home() -> None:
    """The home of a user whom nobody knows is a wrong setting."""
    with pytest.raises(ConfigError, match="nobody-at-all"):
        opened("sqlite:///~nobody-at-all/ledger.db")


@pytest.mark.parametrize("url", ["sqlite:///", "sqlite:////", "sqlite:///:memory:"])
def test_no_path(url: str) -> None:
    """SQLite needs a file: in memory each process would have a ledger of its own."""
    with pytest.raises(ConfigError, match="expected a path") as caught:
        opened(url)
    assert repr(url) in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "memory",
            "sqlite:",
            "sqlite://x.db",
            "sqlite:x.db",
            "SQLite:///x",
            "postgres://me:pass@host/db",
        ),
        *("redis:host", "redis+x://host", "unix+cluster:///x", "mysql", "redis//host", "me:pass@host"),
    ],
)
def test_a_wrong_url(url: str) -> None:
    """A URL of another form is told with the forms that are accepted, and without a password."""
    with pytest.raises(ConfigError) as caught:
        opened(url)

    assert repr(masked(url)) in str(caught.value)
    assert "pass@" not in str(caught.value)
    for form in ("memory:", "sqlite:///relative.db", "sqlite:////absolute/path.db", "redis://", "rediss://"):
        assert form in str(caught.value)
    for form in ("unix://", "redis+cluster://", "redis+sentinel://"):
        assert form in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://host:1/2", "redis://host:1/2"),
        ("redis://me:pass@host:1/2", "redis://***@host:1/2"),
        ("rediss://:p@ss@host", "rediss://***@host"),
        ("redis://:pa/ss@host/1", "redis://***@host/1"),
        ("redis://host?password=pass", "redis://host?***"),
        ("redis://host?password=pa@ss", "redis://***"),
        ("redis://:pa?ss@host", "redis://***"),
        ("redis://:pa#ss@host", "redis://***"),
        ("unix://me:pass@/tmp/x.sock", "unix://***@/tmp/x.sock"),
        ("redis+sentinel://:pass@a,b/name", "redis+sentinel://***@a,b/name"),
        ("me:pass@host", "***@host"),
        ("sqlite:////tmp/me@home?#.db", "sqlite:////tmp/me@home?#.db"),
        ("memory:", "memory:"),
    ],
)
def test_passwords_are_masked(url: str, shown: str) -> None:
    """What is secret in a URL is not shown, wherever it stands and however it is written."""
    assert masked(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "redis://:secret@127.0.0.1:1/0",
        "rediss://:secret@127.0.0.1:1",
        "valkey://:secret@127.0.0.1:1",
        "valkeys://:secret@127.0.0.1:1",
        "unix://:secret@/nowhere/redis.sock",
        "redis+cluster://:secret@127.0.0.1:1",
        "redis+sentinel://:secret@127.0.0.1:1/name",
    ],
)
def test_opening_connects_to_nothing(url: str) -> None:
    """A server that is not there is told at the first step, without its password."""
    ledger = opened(url)
    assert ledger.shared
    with pytest.raises(LedgerError) as caught:
        ledger.now_s()
    ledger.close()

    assert "secret" not in str(caught.value)


_WITHOUT = """
import sys
sys.modules[sys.argv[1]] = None
from otel_tokens.ledgers.settings import LedgerSettings
from otel_tokens.ledgers.opening import open_ledger
from otel_tokens.errors import ConfigError
try:
    open_ledger(LedgerSettings(url=sys.argv[2]))
except ConfigError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("library", "url", "expected"),
    [
        ("redis", "redis://:secret@host", 'pip install "otel-tokens[redis]"'),
        ("sqlite3", "sqlite:///x.db", "this Python has no sqlite3"),
    ],
)
def test_a_library_that_is_not_there(library: str, url: str, expected: str) -> None:
    """Where a library is missing one reads what to do about it."""
    command = [sys.executable, "-c", _WITHOUT, library, url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert expected in said
    assert "secret" not in said


def test_nothing_is_imported_that_is_not_needed() -> None:
    """A ledger in memory needs neither SQLite nor Redis."""
    code = (
        "import sys; from otel_tokens.ledgers.opening import open_ledger, LedgerSettings\n"
        "open_ledger(LedgerSettings()); print({'sqlite3', 'redis'} & set(sys.modules))"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert run.stdout.strip() == "set()"
