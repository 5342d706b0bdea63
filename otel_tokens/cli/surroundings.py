"""What a command meets: where it prints, whom it asks, what it reads, which ledgers it can open."""

from __future__ import annotations

import getpass
import os
import platform

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ..budgets.budget import Plan
from ..budgets.file import find_plan, read_plan
from ..errors import ConfigError
from ..ledgers.ledger import Ledger
from ..ledgers.settings import LedgerSettings
from ..ledgers.urls import masked


if TYPE_CHECKING:
    from ..pricing import PriceBook


MEMORY = "memory:"
OK, WRONG, USAGE = 0, 1, 2
"""Exit codes: all is well; a check failed; the command or a setting is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a command meets."""

    out: TextIO
    err: TextIO
    stdin: TextIO
    env: Mapping[str, str]
    folder: Path
    """Where a budget file is looked for."""
    open_ledger: Callable[[LedgerSettings], Ledger]
    now_s: Callable[[], float]
    """This machine's clock, for what no ledger decides."""

    def say(self, text: str = "") -> None:
        """Print a line."""
        self.out.write(text + "\n")

    @property
    def colours(self) -> bool:
        """Whether the output is a terminal that may be coloured."""
        return self.out.isatty() and not self.env.get("NO_COLOR")

    def plan_path(self, given: str | None) -> Path:
        """The budget file that is meant.

        Raises:
            ConfigError: there is none.
        """
        path = Path(given) if given else find_plan(self.env.get("OTEL_TOKENS_CONFIG"), self.folder)
        if path is None:
            raise ConfigError(
                "there is no budget file: expected --config FILE, OTEL_TOKENS_CONFIG, or otel-tokens.toml in "
                f"{self.folder}"
            )
        return path

    def plan(self, given: str | None) -> Plan:
        """The budget file that is meant, read.

        Raises:
            ConfigError: there is none, or it is wrong.
        """
        return read_plan(self.plan_path(given))

    @contextmanager
    def ledger(self, plan: Plan) -> Iterator[Ledger]:
        """The ledger that the programs with this budget file count in.

        Raises:
            ConfigError: it is in the memory of those programs.
        """
        if plan.ledger.url.startswith(MEMORY):
            raise ConfigError(
                f"{plan.path or 'the plan'}: the ledger is {MEMORY!r}, which is inside of each process and "
                'cannot be seen from outside: set [ledger] url = "sqlite:///path/to/ledger.db" for one '
                'machine, or "redis://host/0" for many'
            )
        ledger = self.open_ledger(plan.ledger)
        try:
            yield ledger
        finally:
            ledger.close()

    def book(self) -> PriceBook:
        """Prices, with the user's own over them.

        Raises:
            ConfigError: the file of own prices, or of the book, is wrong.
        """
        from ..pricing import load_book  # noqa: PLC0415  # takes long, and few commands need it

        files = [self.env.get(name, "").strip() for name in ("OTEL_TOKENS_PRICES", "OTEL_TOKENS_BOOK")]
        own, book = [Path(file) if file else None for file in files]
        return load_book(own, book)

    def may(self, question: str, args: Namespace) -> bool:
        """Whether to go on: by `--yes`, else the person at the terminal is asked.

        Raises:
            ConfigError: there is nobody to ask.
        """
        if args.yes:
            return True
        if not self.stdin.isatty():
            raise ConfigError(f"{question} There is nobody to ask: say --yes")
        self.err.write(f"{question} [y/N] ")
        self.err.flush()
        return self.stdin.readline().strip().lower() in ("y", "yes")


def who(args: Namespace) -> str:
    """Who makes a change, for the audit trail."""
    if args.who:
        return str(args.who)
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container in which the user has no name
        user = f"uid {os.getuid()}" if hasattr(os, "getuid") else "somebody"
    return f"{user}@{platform.node() or 'localhost'}"


def ledger_name(plan: Plan) -> str:
    """How to name a ledger, without its password."""
    url, namespace = masked(plan.ledger.url), plan.ledger.namespace
    return url if namespace == LedgerSettings().namespace else f"{url} (namespace {namespace})"
