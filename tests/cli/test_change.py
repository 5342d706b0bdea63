"""What `budget set`, `reset`, `top-up` change, and what `trail` tells of it."""

from __future__ import annotations

import getpass

import pytest

from .terminal import PICO, Terminal


def test_set_and_unset(terminal: Terminal) -> None:
    """Another limit takes the place of the file's until it is taken away; both are told, before and after."""
    said = terminal("budget", "set", "search-daily", "$1,080.50")
    assert (said.code, said.err) == (0, "")
    assert said.out == (
        "search-daily: limit was $50.00 (from the file)\n"
        "search-daily: limit is  $1,080.50 (set); programs go by it from their next call on\n"
    )
    assert terminal.ledger.caps() == {"search-daily": 1_080_500_000_000_000}

    said = terminal("budget", "set", "search-daily", "--unset")
    assert said.out == (
        "search-daily: limit was $1,080.50 (set)\n"
        "search-daily: limit is  $50.00 (from the file); programs go by it from their next call on\n"
    )
    assert terminal.ledger.caps() == {}


def test_set_in_tokens(terminal: Terminal) -> None:
    """A budget in tokens takes tokens, and a limit of 0 stops everything."""
    said = terminal("budget", "set", "per-user", "2_000,000")
    assert "limit is  2,000,000 tokens (set)" in said.out

    terminal("budget", "set", "per-user", "0")
    assert terminal.ledger.caps() == {"per-user": 0}


def test_set_a_budget_of_code(terminal: Terminal) -> None:
    """What only the ledger knows can be set too; its own limit is in its program."""
    terminal.spend("nightly", "day", 3 * PICO, cap=5 * PICO)

    said = terminal("budget", "set", "nightly", "9")

    assert "nightly: limit was what its programs state\n" in said.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("search-daily", "lots"), "budget 'search-daily' is in USD: 'lots'; accepted: USD such as 12.50"),
        (("search-daily", "-1"), "budget 'search-daily' is in USD: '-1'; accepted: USD such as 12.50"),
        (("search-daily", "nan"), "budget 'search-daily' is in USD: 'nan'; accepted: USD such as 12.50"),
        (("per-user", "1.5"), "budget 'per-user' is in tokens: '1.5'; accepted: a whole number of tokens"),
        (("per-user", "$1"), "budget 'per-user' is in tokens: '$1'; accepted: a whole number of tokens"),
        (("ever", "9000000"), "budget 'ever': '9000000' is more than a ledger can hold (9,000,000 USD)"),
        (("search-daily",), "budget set: expected NAME AMOUNT, or NAME --unset"),
        (("ever", "5", "--unset"), "budget set: expected NAME AMOUNT, or NAME --unset"),
        (("evr", "5"), "there is no budget 'evr'; known: ever, per-user, search-daily"),
    ],
)
def test_what_cannot_be_set(terminal: Terminal, words: tuple[str, ...], message: str) -> None:
    """A wrong amount or name is refused with what is accepted, and changes nothing."""
    said = terminal("budget", "set", *words)

    assert (said.code, said.out, said.err) == (2, "", f"otel-tokens: {message}\n")
    assert terminal.ledger.trail() == []


def test_top_up(terminal: Terminal) -> None:
    """What is added holds until the window ends."""
    terminal.spend("search-daily", "day", 20 * PICO, zone="Europe/Berlin")

    said = terminal("budget", "top-up", "search-daily", "5")

    assert (said.code, said.err) == (0, "")
    assert said.out == (
        "search-daily: limit was $50.00\n"
        "search-daily: limit is  $55.00 until 2026-11-25 00:00 Europe/Berlin; $20.00 spent\n"
    )
    terminal.now_s += 86_400
    assert "limit $50.00" in terminal("budget", "status", "search-daily").out


def test_top_up_for_ever(terminal: Terminal) -> None:
    """A window without an end keeps what was added."""
    said = terminal("budget", "top-up", "ever", "-0.5")

    assert said.out.endswith("ever: limit is  $999.50 from now on; $0.00 spent\n")


def test_top_up_of_one_scope(terminal: Terminal) -> None:
    """One user gets more, also before the first call; the others do not."""
    said = terminal("budget", "top-up", "per-user", "500", "--scope", "u1")
    assert "per-user (u1): limit is  100,500 tokens until 2026-12-01 00:00 UTC; 0 tokens spent" in said.out

    terminal.spend("per-user", "month", 5, scope="u1", unit="tokens", cap=100_000)
    terminal.spend("per-user", "month", 5, scope="u2", unit="tokens", cap=100_000)
    out = terminal("budget", "status", "per-user").out
    assert "limit 100,500 tokens (topped up +500)" in out
    assert out.count("topped up") == 1


def test_reset(terminal: Terminal) -> None:
    """What was spent is forgotten, and what is held stays held."""
    terminal.spend("search-daily", "day", 20 * PICO, held=PICO, zone="Europe/Berlin")

    said = terminal("budget", "reset", "search-daily", "--yes")

    assert (said.code, said.err) == (0, "")
    assert said.out == (
        "search-daily: spent was $20.00\nsearch-daily: spent is  $0.00; $1.00 held for calls under way\n"
    )


def test_reset_asks_a_person(terminal: Terminal) -> None:
    """On a terminal the person decides; only `y` or `yes` goes on."""
    terminal.spend("ever", "total", 20 * PICO)

    said = terminal("budget", "reset", "ever", stdin="\n", tty=True)
    assert (said.code, said.out) == (1, "nothing was changed\n")
    assert said.err == "Forget that $20.00 were spent on ever? [y/N] "

    assert terminal("budget", "reset", "ever", stdin="Yes\n", tty=True).code == 0
    assert "spent $0.00" in terminal("budget", "status", "ever").out


def test_reset_does_not_ask_a_pipe(terminal: Terminal) -> None:
    """Where nobody can be asked, nothing happens without `--yes`."""
    terminal.spend("ever", "total", 20 * PICO)

    said = terminal("budget", "reset", "ever", stdin="y\n")

    assert said.code == 2
    assert said.err == (
        "otel-tokens: Forget that $20.00 were spent on ever? There is nobody to ask: say --yes\n"
    )
    assert "spent $20.00" in terminal("budget", "status", "ever").out


def test_one_of_several_has_to_be_named(terminal: Terminal) -> None:
    """A budget that counts apart needs `--scope`, and the live ones are listed."""
    said = terminal("budget", "top-up", "per-user", "5")
    assert said.code == 2
    assert said.err == (
        "otel-tokens: budget 'per-user' counts each user.id apart: --scope S; there are none yet\n"
    )

    for number in range(22):
        terminal.spend("per-user", "month", number, scope=f"u{number:02}", unit="tokens")
    said = terminal("budget", "reset", "per-user", "--yes")
    assert "there are: 'u00', 'u01', " in said.err
    assert said.err.endswith("'u19' and 2 more\n")


def test_a_trace_that_is_not_there(terminal: Terminal) -> None:
    """A trace or session cannot be topped up before it exists."""
    terminal.plan(
        '[ledger]\nurl = "sqlite:///ledger.db"\n[[budget]]\nname = "agent"\nlimit_usd = 1\nwindow = "trace"\n'
    )
    terminal.spend("agent", "trace", PICO, cap=PICO, scope="ab12")

    said = terminal("budget", "top-up", "agent", "5", "--scope", "cd34")
    assert said.err == "otel-tokens: budget 'agent': there is no scope 'cd34'; there are: 'ab12'\n"

    said = terminal("budget", "top-up", "agent", "5", "--scope", "ab12")
    assert said.out.endswith("agent (ab12): limit is  $6.00 from now on; $1.00 spent\n")
    assert "agent  trace, per trace" in terminal("budget", "status").out


def test_a_budget_of_code_needs_a_scope_only_if_it_has_several(terminal: Terminal) -> None:
    """Its one account is the one that is meant."""
    terminal.spend("nightly", "day", 3 * PICO, cap=5 * PICO)
    terminal.spend("agents", "trace", PICO, scope="a")
    terminal.spend("agents", "trace", PICO, scope="b")

    assert terminal("budget", "reset", "nightly", "--yes").code == 0
    said = terminal("budget", "reset", "agents", "--yes")
    assert (
        said.err == "otel-tokens: budget 'agents' counts each trace apart: --scope S; there are: 'a', 'b'\n"
    )


def test_the_trail(terminal: Terminal) -> None:
    """Every change is there, newest first, with who made it."""
    assert terminal("budget", "trail").out == "the audit trail is empty\n"
    terminal("budget", "set", "ever", "80", "--who", "ops@desk")
    terminal.now_s += 5
    terminal("budget", "top-up", "per-user", "5", "--scope", "u1", "--who", "ops@desk")
    terminal("budget", "reset", "ever", "--yes", "--who", "cron")
    terminal("budget", "set", "ever", "--unset", "--who", "cron")

    assert (
        terminal("budget", "trail").out
        == """\
2026-11-24 11:00:05 UTC  cron      ever           took the limit away
2026-11-24 11:00:05 UTC  cron      ever           reset, spent was $0.00
2026-11-24 11:00:05 UTC  ops@desk  per-user (u1)  topped up 5 tokens
2026-11-24 11:00 UTC     ops@desk  ever           set the limit to $80.00
"""
    )
    assert terminal("budget", "trail", "--limit", "1").out.count("\n") == 1
    assert terminal("budget", "trail", "per-user", "--limit", "1", "--json").json == [
        {
            "at": "2026-11-24T11:00:05Z",
            "who": "ops@desk",
            "action": "top_up",
            "budget": "per-user",
            "scope": "u1",
            "amount": "5",
            "unit": "tokens",
            "note": "",
        }
    ]


def test_the_trail_has_the_user(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not told is the user of this machine, or their number in a container without names."""
    monkeypatch.setattr(getpass, "getuser", lambda: "ann")
    terminal("budget", "set", "ever", "80")
    assert terminal.ledger.trail()[0].who.startswith("ann@")

    def nobody() -> str:
        raise KeyError

    monkeypatch.setattr(getpass, "getuser", nobody)
    terminal("budget", "set", "ever", "81")
    assert terminal.ledger.trail()[0].who.startswith("uid ")
