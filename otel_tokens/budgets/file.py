"""The budget file: finds it, reads it, and reads it again when it has changed."""

from __future__ import annotations

import os
import re
import stat
import sys
import time

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from ..errors import ConfigError
from ..shield import log
from .budget import FILE_NAME, Plan
from .schema import checked


if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover - Python 3.10
    import tomli as tomllib


VARIABLE: Final = "OTEL_TOKENS_CONFIG"

_LARGEST: Final = 1_000_000
_ACCEPTED: Final = "a text file in TOML of at most 1 MB"
_PLACE: Final = re.compile(r" \(at line (\d+), column \d+\)| \(at end of document\)")
_LOOK_S: Final = 1.0
_YOUNG_NS: Final = 50_000_000
"""A file that was changed so short ago may be half written."""

_Stamp = tuple[int, int, int]


def find_plan(env_value: str | None, cwd: Path) -> Path | None:
    """The file that `OTEL_TOKENS_CONFIG` names, else `otel-tokens.toml` in `cwd`; None where there is none.

    Raises:
        ConfigError: the variable names a file that is not there.
    """
    named = (env_value or "").strip()
    if not named:
        path = cwd / FILE_NAME
        return path if os.path.lexists(path) else None
    path = cwd / os.path.expanduser(named)  # noqa: PTH111  # leaves a home that is not known as it is
    if not os.path.lexists(path):
        raise ConfigError(f"{VARIABLE}={named!r}: there is no such file; accepted: the path of a budget file")
    return path


def read_plan(path: Path) -> Plan:
    """The plan in a budget file.

    Raises:
        ConfigError: the file cannot be read, is not TOML, or says something wrong.
    """
    return plan_of(_text(_content(path), str(path)), str(path))


def plan_of(text: str, file: str) -> Plan:
    """The plan that `text` states; `file` is its name.

    Raises:
        ConfigError: it is not TOML, or says something wrong.
    """
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        place = _PLACE.search(str(error))
        line = int(place[1] or text.count("\n") + 1) if place else 1
        raise ConfigError(f"{file}:{line}: not TOML: {_PLACE.sub('', str(error))}") from error
    return checked(document, file=file, text=text)


def _content(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # to read from a pipe may take for ever
            raise ConfigError(f"{path}: not a file; accepted: {_ACCEPTED}")
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}; accepted: {_ACCEPTED}") from error
    if len(content) > _LARGEST:
        raise ConfigError(f"{path}: too large; accepted: {_ACCEPTED}")
    return content


def _text(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}:{line}: not UTF-8: {error.reason}; accepted: {_ACCEPTED}") from error


class PlanFile:
    """A budget file that people change while programs run.

    What is wrong with a new version is logged, and the plan stays as it was.
    """

    def __init__(self, path: Path, tick: Callable[[], float] = time.monotonic) -> None:
        self.errors = 0
        """How many versions of the file were wrong, or missing."""
        self._path = path
        self._tick = tick
        self._look_at = tick() + _LOOK_S
        self._stamp: _Stamp | None = None
        self._known: bytes | str | None = None
        """What was last seen of it: its content, or why it cannot be read."""
        self._plan: Plan | None = None
        stamp = self._stamped()
        self._read()
        if stamp is not None and not _is_young(stamp):
            self._stamp = stamp

    def current(self) -> Plan | None:
        """The new plan, when the file says something else than before; else None.

        It looks once a second. The ledger stays what it is: a warning says so when the file says otherwise.
        """
        now = self._tick()
        if now < self._look_at:
            return None
        self._look_at = now + _LOOK_S
        stamp = self._stamped()
        if stamp is not None and (stamp == self._stamp or _is_young(stamp)):
            return None
        self._stamp = stamp
        return self._read()

    def _stamped(self) -> _Stamp | None:
        try:
            found = self._path.stat()
        except (OSError, ValueError):
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> Plan | None:
        content: bytes | None = None
        try:
            content = _content(self._path)
            if content == self._known:
                return None
            self._known = content
            plan = plan_of(_text(content, str(self._path)), str(self._path))
        except ConfigError as error:
            self._complain(str(error), is_new=content is not None or str(error) != self._known)
            if content is None:
                self._known = str(error)
            return None
        return self._changed(plan)

    def _changed(self, plan: Plan) -> Plan | None:
        before, self._plan = self._plan, plan
        if before is None:
            return plan
        if plan.ledger != before.ledger:
            log.warning(
                "%s: [ledger] has changed; that takes effect when the program is restarted", self._path
            )
            self._plan = plan = replace(plan, ledger=before.ledger)
        return None if plan == before else plan

    def _complain(self, error: str, *, is_new: bool) -> None:
        if is_new:
            self.errors += 1
            log.error("%s; budgets stay as they were", error)


def _is_young(stamp: _Stamp) -> bool:
    return 0 <= time.time_ns() - stamp[0] < _YOUNG_NS
