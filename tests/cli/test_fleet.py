"""The command beside programs that run: on a real Redis, with calls under way."""

from __future__ import annotations

import time

from collections.abc import Iterator

import pytest

from otel_tokens.ledgers.ledger import Account, Statement
from otel_tokens.ledgers.opening import open_ledger
from otel_tokens.ledgers.settings import LedgerSettings

from ..budgets.redis_server import redis_server
from .terminal import PICO, Terminal


@pytest.fixture
def fleet(terminal: Terminal) -> Iterator[LedgerSettings]:
    """A ledger for many machines, which the budget file of the terminal names."""
    with redis_server() as server:
        terminal.plan(
            f'[ledger]\nurl = "{server.url}"\nnamespace = "blue"\n[[budget]]\nname = "ever"\nlimit_usd = 5\n'
        )
        yield LedgerSettings(url=server.url, namespace="blue")


def test_limits_change_while_programs_run(terminal: Terminal, fleet: LedgerSettings) -> None:
    """What the command sets, tops up or resets is what the next step of a running program finds."""
    program = open_ledger(fleet)
    account = Account("ever", "total")

    def asks(turn: int, spent: int, asked: int) -> bool:
        statement = Statement(account, 5 * PICO, spent, 0, asked)
        return program.state("program", turn, [statement], lease_s=60).granted

    try:
        assert not asks(1, 4 * PICO, 2 * PICO)
        assert "80 %  spent $4.00  held $0.00  limit $5.00" in terminal("budget", "status").out

        assert terminal("budget", "top-up", "ever", "1").code == 0
        assert asks(2, 4 * PICO, 2 * PICO)
        said = terminal("budget", "status").out
        assert "66 %  spent $4.00  held $2.00  limit $6.00 (topped up +$1.00)" in said

        assert terminal("budget", "set", "ever", "10").code == 0
        assert "limit $11.00 (set; file $5.00, topped up +$1.00)" in terminal("budget", "status").out
        assert asks(3, 6 * PICO, 5 * PICO)

        said = terminal("budget", "reset", "ever", "--yes")
        assert said.out == ("ever: spent was $6.00\never: spent is  $0.00; $5.00 held for calls under way\n")
        actions = [entry["action"] for entry in terminal("budget", "trail", "--json").json]
        assert actions == ["reset", "set", "top_up"]
        assert terminal("budget", "check").code == 0
        now = f"{time.strftime('%Y-%m', time.gmtime(program.now_s()))}"
        assert f" (namespace blue), {now}" in terminal("budget", "status").out
    finally:
        program.close()
