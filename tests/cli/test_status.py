"""What `budget status` shows."""

from __future__ import annotations

from .terminal import PICO, Terminal, at


def test_every_budget_has_its_line(terminal: Terminal) -> None:
    """Windows in their own zone, spent, held, limit, share and pace; also where nothing was spent yet."""
    terminal.spend("search-daily", "day", 20_500_000_000_000, held=100_000_000_000, zone="Europe/Berlin")
    terminal.spend("per-user", "month", 75_000, scope="u1", unit="tokens", cap=100_000)
    terminal.spend("per-user", "month", 120_000, scope="u2", unit="tokens", cap=100_000)
    terminal.spend("per-user", "month", 7, scope="", unit="tokens", cap=100_000)

    said = terminal("budget", "status")

    assert said.code == 0
    assert said.err == ""
    assert (
        said.out
        == """\
sqlite:///ledger.db, 2026-11-24 11:00 UTC

search-daily  day 2026-11-24 00:00 to 2026-11-25 00:00 Europe/Berlin
  ████████▒░░░░░░░░░░░  41 %  spent $20.50  held $0.10  limit $50.00  pace: $41.00 by the end

per-user  month 2026-11-01 00:00 to 2026-12-01 00:00 UTC, per user.id, warns only
  u2      ████████████████████  120 %  spent 120,000 tokens  held 0 tokens  limit 100,000 tokens  limit reached
  u1      ███████████████░░░░░   75 %   spent 75,000 tokens  held 0 tokens  limit 100,000 tokens  pace: 95,914 tokens by the end
  (none)  █░░░░░░░░░░░░░░░░░░░    0 %        spent 7 tokens  held 0 tokens  limit 100,000 tokens  pace: 8 tokens by the end

ever  total
  ░░░░░░░░░░░░░░░░░░░░  0 %  spent $0.00  held $0.00  limit $1,000.00

pace: what is spent, divided by the part of the window that has passed (an even pace since its start); \
not told in the first 5 % of a window
"""  # noqa: E501
    )


def test_where_a_limit_is_from(terminal: Terminal) -> None:
    """A limit that was set or topped up says so, with the file's; one that programs still go by too."""
    terminal.spend("search-daily", "day", 0, zone="Europe/Berlin")
    terminal("budget", "set", "search-daily", "80")
    terminal("budget", "top-up", "search-daily", "0.000135")
    terminal.spend("ever", "total", 2 * PICO, cap=900 * PICO)

    said = terminal("budget", "status", "search-daily", "ever")

    assert "limit $80.00 (set; file $50.00, topped up +$0.000135)" in said.out
    assert "limit $900.00 (as last used; file $1,000.00)" in said.out


def test_a_limit_that_was_cut_says_so(terminal: Terminal) -> None:
    """A negative top-up shows, also on an account that no call has touched."""
    terminal("budget", "top-up", "ever", "-400")

    assert "limit $600.00 (topped up -$400.00)" in terminal("budget", "status", "ever").out


def test_when_the_limit_will_be_reached(terminal: Terminal) -> None:
    """At half of the day with 30 of 50 spent, an even pace reaches the limit at 20:00 local time."""
    terminal.spend("search-daily", "day", 30 * PICO, zone="Europe/Berlin")

    said = terminal("budget", "status", "search-daily")

    assert "pace: $60.00 by the end, limit at 2026-11-24 20:00\n" in said.out


def test_too_early_to_tell(terminal: Terminal) -> None:
    """In the first twentieth of a window nothing is foretold."""
    terminal.now_s = at("2026-11-24 00:11:59")
    terminal.spend("search-daily", "day", 30 * PICO, zone="Europe/Berlin")
    assert "pace: too early" in terminal("budget", "status", "search-daily").out

    terminal.now_s = at("2026-11-24 00:12")
    assert "pace: $600.00 by the end" in terminal("budget", "status", "search-daily").out


def test_the_highest_ten(terminal: Terminal) -> None:
    """Of many scopes the ten that are nearest to their limits are shown, and all on demand."""
    for number in range(12):
        terminal.spend("per-user", "month", number, scope=f"u{number}", unit="tokens", cap=100_000)

    said = terminal("budget", "status", "per-user")
    assert "the highest 10 of 12; --all shows every one" in said.out
    assert " u1 " not in said.out

    every = terminal("budget", "status", "per-user", "--all")
    assert " u1 " in every.out
    assert "the highest" not in every.out


def test_one_scope(terminal: Terminal) -> None:
    """With `--scope` only that account is shown, and nothing where there is none."""
    terminal.spend("per-user", "month", 5, scope="u1", unit="tokens")
    terminal.spend("per-user", "month", 5, scope="u2", unit="tokens")

    said = terminal("budget", "status", "--scope", "u2")
    assert "u2" in said.out
    assert "u1" not in said.out
    assert "search-daily" not in said.out

    assert terminal("budget", "status", "--scope", "u9").out.endswith("\nno accounts\n")


def test_nothing_was_counted_apart_yet(terminal: Terminal) -> None:
    """A budget that counts apart has no account before the first call."""
    said = terminal("budget", "status", "per-user")

    assert "per-user  month 2026-11-01 00:00 to 2026-12-01 00:00 UTC, per user.id, warns only" in said.out
    assert "  nothing has been counted yet\n" in said.out


def test_windows_that_are_over_are_not_shown(terminal: Terminal) -> None:
    """Yesterday's spending is not today's."""
    terminal.spend("search-daily", "day", 30 * PICO, zone="Europe/Berlin")
    terminal.now_s += 86_400

    assert "spent $0.00" in terminal("budget", "status", "search-daily").out


def test_budgets_of_code(terminal: Terminal) -> None:
    """What is counted under a name that is not in the file is shown after those of the file."""
    terminal.spend("nightly", "day", 3 * PICO, cap=5 * PICO)
    terminal.spend("agents", "trace", 3 * PICO, cap=5 * PICO, scope="ab12")
    terminal("budget", "set", "nightly", "9")

    out = terminal("budget", "status").out

    assert out.index("ever") < out.index("agents") < out.index("nightly")
    assert "nightly  day 2026-11-24 00:00 to 2026-11-25 00:00 UTC, not in the file" in out
    assert "limit $9.00 (set)" in out
    assert "agents  trace, per trace, not in the file" in out
    assert "  ab12  ████████████░░░░░░░░  60 %" in out


def test_exact_for_machines(terminal: Terminal) -> None:
    """JSON has every amount to its last digit, and every time in UTC."""
    terminal.spend("search-daily", "day", 30_000_000_000_001, zone="Europe/Berlin")

    said = terminal("budget", "status", "search-daily", "per-user", "--json")

    assert said.json == {
        "ledger": "sqlite:///ledger.db",
        "at": "2026-11-24T11:00:00Z",
        "accounts": [
            {
                "budget": "search-daily",
                "in_file": True,
                "action": "block",
                "window": "day",
                "start": "2026-11-23T23:00:00Z",
                "end": "2026-11-24T23:00:00Z",
                "timezone": "Europe/Berlin",
                "scope": "",
                "unit": "usd",
                "spent": "30.000000000001",
                "held": "0",
                "limit": "50",
                "limit_in_file": "50",
                "limit_was_set": False,
                "topped_up": "0",
                "percent": 60,
                "forecast": "60.000000000002",
                "limit_reached_at": "2026-11-24T18:59:59.999000Z",
            }
        ],
        "budgets_without_accounts": ["per-user"],
    }


def test_what_has_no_end_has_no_forecast(terminal: Terminal) -> None:
    """A budget for ever has neither start nor end nor forecast."""
    (account,) = terminal("budget", "status", "ever", "--json").json["accounts"]

    assert account["start"] is account["end"] is account["forecast"] is account["limit_reached_at"] is None


def test_colours_are_for_terminals(terminal: Terminal) -> None:
    """On a terminal bars are green, yellow from 80 %, red from 100 %; never in a pipe, nor under NO_COLOR."""
    terminal.spend("search-daily", "day", 40 * PICO, zone="Europe/Berlin")
    terminal.spend("ever", "total", 1000 * PICO, cap=1000 * PICO)

    said = terminal("budget", "status", tty=True)
    assert "\033[1msearch-daily\033[0m" in said.out
    assert "\033[33m████████████████░░░░\033[0m" in said.out
    assert "\033[31m████████████████████\033[0m" in said.out

    assert "\033" not in terminal("budget", "status").out
    assert "\033" not in terminal("budget", "status", tty=True, env={"NO_COLOR": "1"}).out


def test_an_empty_plan(terminal: Terminal) -> None:
    """A file without budgets has no accounts to show."""
    terminal.plan('[ledger]\nurl = "sqlite:///ledger.db"\n')

    assert terminal("budget", "status").out == "sqlite:///ledger.db, 2026-11-24 11:00 UTC\n\nno accounts\n"


def test_a_namespace_is_named(terminal: Terminal) -> None:
    """Ledgers that share a place are told apart."""
    terminal.plan('[ledger]\nurl = "sqlite:///ledger.db"\nnamespace = "blue"\n')

    assert terminal("budget", "status").out.startswith("sqlite:///ledger.db (namespace blue), ")
