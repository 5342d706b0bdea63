"""Opens the ledger that a URL names."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ..errors import ConfigError
from .ledger import Ledger
from .memory import MemoryLedger
from .settings import LedgerSettings
from .urls import masked


_FORMS: Final = (
    "memory:, sqlite:///relative.db, sqlite:////absolute/path.db, "
    "redis://[[user]:password@]host[:port][/db], rediss://, unix:///path/to/socket, "
    "redis+cluster://host,host2, redis+sentinel://host,host2/name"
)
_SQLITE: Final = "sqlite:///"
_FAMILIES: Final = ("redis", "rediss", "valkey", "valkeys")
_MODES: Final = ("", "cluster", "sentinel")


def open_ledger(settings: LedgerSettings) -> Ledger:
    """The ledger at `settings.url`. Neither disk nor network is touched before its first use.

    Raises:
        ConfigError: the URL is of none of the accepted forms, or a library that it needs is not installed.
    """
    url = settings.url
    if url in ("memory:", "memory://"):
        return MemoryLedger()
    if url.startswith(_SQLITE):
        return _sqlite(url, settings)
    family, _, mode = url.partition("://")[0].partition("+")
    if "://" in url and ((family in _FAMILIES and mode in _MODES) or (family, mode) == ("unix", "")):
        return _redis(url, settings)
    raise ConfigError(f"ledger url {masked(url)!r}: expected one of {_FORMS}")


def _sqlite(url: str, settings: LedgerSettings) -> Ledger:
    name = url.removeprefix(_SQLITE)
    if name in ("", "/", ":memory:"):
        raise ConfigError(f"ledger url {url!r}: expected a path after {_SQLITE}, or memory: for no file")
    try:
        path = Path(name).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"ledger url {url!r}: {error}") from None
    try:
        from .sqlite import SqliteLedger  # noqa: PLC0415  # some Pythons are built without SQLite
    except ImportError as error:
        raise ConfigError(f"ledger url {url!r}: this Python has no sqlite3 ({error})") from error
    return SqliteLedger(path, timeout_s=settings.timeout_s)


def _redis(url: str, settings: LedgerSettings) -> Ledger:
    try:
        from .redis import RedisLedger  # noqa: PLC0415  # an optional library
    except ImportError as error:
        text = f'ledger url {masked(url)!r}: needs redis-py: pip install "otel-tokens[redis]" ({error})'
        raise ConfigError(text) from error
    return RedisLedger(url, namespace=settings.namespace, timeout_s=settings.timeout_s)
