"""A terminal for tests: runs the command in this process, in a folder and at a time of its own."""

from __future__ import annotations

import io
import json

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from otel_tokens.budgets.windows import window_at
from otel_tokens.cli import main
from otel_tokens.ledgers.ledger import Account, Ledger, Statement
from otel_tokens.ledgers.opening import open_ledger
from otel_tokens.ledgers.settings import LedgerSettings
from otel_tokens.ledgers.sqlite import SqliteLedger


PLAN = """\
[ledger]
url = "sqlite:///ledger.db"

[[budget]]
name = "search-daily"
limit_usd = "50"
window = "day"
timezone = "Europe/Berlin"
match = { team = "search" }

[[budget]]
name = "per-user"
limit_tokens = 100000
window = "month"
per = "user.id"
action = "warn"

[[budget]]
name = "ever"
limit_usd = 1000
"""
"""A day that began at 23:00 UTC, a count for each user that only warns, and one that never ends."""

PICO = 10**12


def at(text: str) -> float:
    """A time of UTC in Unix seconds."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


class Tty(io.StringIO):
    """Something that a person looks at, or types into."""

    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        """It is one."""
        return True


@dataclass
class Said:
    """What a run of the command has said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output, read."""
        return json.loads(self.out)


@dataclass
class Terminal:
    """Runs the command."""

    folder: Path
    now_s: float = at("2026-11-24 11:00")
    env: dict[str, str] = field(default_factory=dict)

    def __call__(
        self, *words: str, stdin: str | None = None, tty: bool = False, env: Mapping[str, str] | None = None
    ) -> Said:
        """Run `otel-tokens` with these words; `stdin` is typed by a person where `tty`."""
        out, err = (Tty() if tty else io.StringIO()), io.StringIO()
        typed = Tty(stdin) if tty else io.StringIO(stdin or "")
        code = main(
            words,
            out=out,
            err=err,
            stdin=typed,
            env={**self.env, **(env or {})},
            folder=self.folder,
            ledgers=self.open_ledger,
            now_s=lambda: self.now_s,
        )
        return Said(code, out.getvalue(), err.getvalue())

    def open_ledger(self, settings: LedgerSettings) -> Ledger:
        """The ledger in this folder, with the clock of the test; others as always."""
        if settings.url == "sqlite:///ledger.db":
            return SqliteLedger(self.folder / "ledger.db", clock=lambda: self.now_s)
        return open_ledger(settings)

    def plan(self, text: str = PLAN, name: str = "otel-tokens.toml") -> Path:
        """A budget file in this folder."""
        file = self.folder / name
        file.write_text(text, "utf-8")
        return file

    @property
    def ledger(self) -> Ledger:
        """The ledger that the budget file of the tests names."""
        return self.open_ledger(LedgerSettings(url="sqlite:///ledger.db"))

    def spend(self, budget: str, window: str, amount: int, **more: Any) -> Account:
        """Have a program spend `amount`; `held`, `cap`, `scope`, `unit`, `zone` and `holder` say more."""
        start_s, end_s = window_at(window, more.get("zone", "UTC"), self.now_s)
        unit = more.get("unit", "usd")
        account = Account(budget, window, more.get("scope", ""), start_s, end_s, unit)
        statement = Statement(account, more.get("cap", 50 * PICO), amount, more.get("held", 0))
        ledger = self.ledger
        holder = more.get("holder", f"{budget}{more.get('scope', '')}")
        ledger.state(holder, 1, [statement], lease_s=1e6)
        ledger.close()
        return account


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A terminal in a folder with a budget file."""
    made = Terminal(tmp_path)
    made.plan()
    return made
