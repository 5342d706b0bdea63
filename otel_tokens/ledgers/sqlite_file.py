"""The file of a ledger in SQLite: opened when it is needed, and anew after whatever has gone wrong."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
import threading
import time
import weakref

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from ..errors import LedgerError
from .sqlite_step import SCHEMA


T = TypeVar("T")

_OURS: Final = 0x6F74746B
"""`ottk`: the mark of SQLite files that are ledgers."""
_FORMAT: Final = 1
_SMALLEST: Final = 512
"""Bytes of the smallest database that is not empty."""
_FIRST_PAUSE_S: Final = 0.0001
_LONGEST_PAUSE_S: Final = 0.001

_PARENTS: Final[list[sqlite3.Connection]] = []
"""Connections of a parent process, kept so that nothing closes them: that would touch the parent's locks."""


_FILES: Final[dict[int, weakref.ref[SqliteFile]]] = {}
_DICE: Final = random.Random()  # noqa: S311  # of its own: the application may have seeded the common one


class SqliteFile:
    """A file that does one transaction after the other, for all threads of this process.

    `sqlite3` would wait for other processes by itself, but in steps of up to 100 ms; a step of a ledger takes
    less than one, so here the pauses are much shorter.
    """

    def __init__(self, path: Path, timeout_s: float) -> None:
        self.path = _absolute(path)
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._cursor: sqlite3.Cursor
        self._identity: tuple[int, int] = (0, 0)
        self._paused_by = 0
        _remember(self)

    def transact(self, work: Callable[[sqlite3.Cursor], T]) -> T:
        """Do `work` as one transaction: all of it or nothing.

        Raises:
            LedgerError: the file cannot be used, or not within the time there is.
        """
        until = time.monotonic() + self._timeout_s
        if not self._lock.acquire(timeout=self._timeout_s):
            raise self._error("other threads have used it for all the time there is")
        try:
            cursor = self._begun(until)
            result = work(cursor)
            cursor.execute("COMMIT")
            return result
        except (sqlite3.Error, OSError, ValueError, OverflowError) as error:
            self._drop()
            raise self._error(str(error)) from error
        except BaseException:
            self._drop()
            raise
        finally:
            self._lock.release()

    def _error(self, reason: str) -> LedgerError:
        return LedgerError(f"ledger {str(self.path)!r}: {reason}")

    def _begun(self, until: float) -> sqlite3.Cursor:
        """A cursor with the write lock."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                cursor = self._opened()
                cursor.execute("BEGIN IMMEDIATE")
                return cursor
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                left_s = until - time.monotonic()
                if left_s <= 0:
                    raise sqlite3.OperationalError(
                        f"another process has locked it for {self._timeout_s:g} s"
                    ) from error
            time.sleep(min(left_s, pause_s * _DICE.uniform(0.5, 1)))  # so that two do not keep meeting
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _opened(self) -> sqlite3.Cursor:
        if self._connection is not None:
            if self._is_there():
                return self._cursor
            self._drop()
        self._create()
        self._connection = connection = sqlite3.connect(
            self.path, timeout=0, isolation_level=None, check_same_thread=False
        )
        self._cursor = cursor = connection.cursor()
        is_empty = _is_empty(cursor)
        cursor.execute("PRAGMA journal_mode = WAL")  # readers and the writer do not wait for each other
        cursor.execute("PRAGMA synchronous = NORMAL")  # a power cut may lose the last steps, never the file
        if is_empty:
            _make_ledger(cursor)
        found = self.path.stat()
        self._identity = found.st_dev, found.st_ino
        return cursor

    def _is_there(self) -> bool:
        """Whether the path still leads to the file that is open."""
        try:
            found = os.stat(self.path)  # noqa: PTH116  # at every step, so it counts how fast
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._identity

    def _create(self) -> None:
        """Make an empty file that nobody else may read, if there is none."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        found = self.path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise OSError("it is no regular file")
        if 0 < found.st_size < _SMALLEST:  # SQLite would take it for an empty one, and write over it
            raise OSError("file is not a database")
        if not (os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)):
            raise OSError("it and its folder have to be writable")

    def _drop(self) -> None:
        """Close the connection; what it had begun is undone."""
        connection, self._connection = self._connection, None
        self._identity = (0, 0)
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def close(self) -> None:
        """Let go of the file until it is needed again."""
        with self._lock:
            self._drop()

    def pause(self) -> None:
        """Before a fork: close the file and let nobody open it, unless it stays in use for too long."""
        if self._lock.acquire(timeout=2 * self._timeout_s):
            self._paused_by = threading.get_ident()
            self._drop()

    def go_on(self) -> None:
        """After a fork: undo a `pause` of this thread."""
        if self._paused_by == threading.get_ident():
            self._paused_by = 0
            self._lock.release()

    def renew(self) -> None:
        """In a forked process: have a lock and, when it is needed, a connection of its own."""
        self._lock = threading.Lock()
        self._paused_by = 0
        if self._connection is not None:
            _PARENTS.append(self._connection)
            self._connection = None


def _absolute(path: Path) -> Path:
    """`path` as it is now, however the program changes its directory later."""
    try:
        return path.absolute()
    except OSError:  # the current directory is gone
        return path


def _is_empty(cursor: sqlite3.Cursor) -> bool:
    """Whether nothing is in the file; otherwise it is a ledger that we understand. Changes nothing."""
    cursor.execute("BEGIN")  # so that all is seen as it is at one moment
    tables = _number(cursor, "SELECT count(*) FROM sqlite_master")
    mark = _number(cursor, "PRAGMA application_id")
    version = _number(cursor, "PRAGMA user_version")
    cursor.execute("COMMIT")
    if not tables:
        return True
    if mark != _OURS:
        raise sqlite3.DatabaseError("it is a database of another program")
    if version != _FORMAT:
        raise sqlite3.DatabaseError(f"it has format {version}, and this version knows {_FORMAT}")
    return False


def _make_ledger(cursor: sqlite3.Cursor) -> None:
    """Make the file a ledger, if nobody else has done that meanwhile."""
    cursor.execute("BEGIN IMMEDIATE")
    for statement in SCHEMA.split(";"):
        cursor.execute(statement)
    cursor.execute(f"PRAGMA application_id = {_OURS}")
    cursor.execute(f"PRAGMA user_version = {_FORMAT}")
    cursor.execute("COMMIT")


def _number(cursor: sqlite3.Cursor, query: str) -> int:
    return int(cursor.execute(query).fetchone()[0])


def _remember(file: SqliteFile) -> None:
    """Have it closed before forks."""
    number = id(file)
    _FILES[number] = weakref.ref(file, lambda _: _FILES.pop(number, None))


def _files() -> list[SqliteFile]:
    """All that there are, always in the same order, so that two threads that fork cannot block each other."""
    references = sorted(list(_FILES.items()))  # noqa: C414  # copied in one go, as threads may add
    files = [reference() for _, reference in references]
    return [file for file in files if file is not None]


def _before_fork() -> None:
    for file in _files():
        file.pause()


def _after_fork_in_parent() -> None:
    for file in _files():
        file.go_on()


def _after_fork_in_child() -> None:
    for file in _files():
        file.renew()


if hasattr(os, "register_at_fork"):  # pragma: no branch  # not on Windows, which has no fork
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
