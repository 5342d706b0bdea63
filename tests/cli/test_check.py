"""What `budget check` says of a budget file."""

from __future__ import annotations

import pytest

from .terminal import PLAN, Terminal


HEAD = '[ledger]\nurl = "sqlite:///ledger.db"\n'


def budget(name: str, *rows: str) -> str:
    """A budget of 10 USD, unless the rows say otherwise."""
    limit = () if any(row.startswith("limit") for row in rows) else ("limit_usd = 10",)
    return "\n".join(["[[budget]]", f'name = "{name}"', *limit, *rows, ""])


def test_a_good_file(terminal: Terminal) -> None:
    """Every budget in words, the detectors of runaways, and whether the ledger can be reached."""
    said = terminal("budget", "check", str(terminal.folder / "otel-tokens.toml"))

    assert (said.code, said.err) == (0, "")
    assert (
        said.out
        == f"""\
{terminal.folder}/otel-tokens.toml: 3 budgets
  search-daily: blocks calls past $50.00 a day (Europe/Berlin), where team is 'search'; \
tells at 50%, 80%, 100%; refuses calls of unknown price; lets calls pass while the ledger cannot be reached
  per-user: only warns of calls past 100,000 tokens a month (UTC) for each user.id; tells at 50%, 80%, 100%
  ever: blocks calls past $1,000.00 for ever; tells at 50%, 80%, 100%; refuses calls of unknown price; \
lets calls pass while the ledger cannot be reached
runaways: warns at 100 equal calls in 5 min, 10,000 calls in a trace, $100.00 in a trace, 20 times the usual \
pace above $10.00 a minute
ledger: sqlite:///ledger.db: can be reached
"""
    )


def test_every_word_of_a_budget(terminal: Terminal) -> None:
    """What is not as usual is said too."""
    terminal.plan(
        HEAD
        + budget(
            "odd",
            'window = "trace"',
            'match = { "gen_ai.request.model" = ["gpt-*", "o3", "!gpt-4*"], team = "*" }',
            "alert_at = []",
            'on_failure = "block"',
            'on_unknown = "allow"',
            "assume_output_tokens = 4000",
        )
        + "[runaway]\nrepeats = 0\nvelocity = 0\nopen_s = 90\n"
    )

    said = terminal("budget", "check")

    assert said.out.splitlines()[:3] == [
        f"{terminal.folder}/otel-tokens.toml: 1 budget",
        "  odd: blocks calls past $10.00 a trace, where gen_ai.request.model is 'gpt-*' or 'o3', not 'gpt-4*' and team is '*'; tells at no share of it; assumes 4,000 output tokens where a call states no maximum; lets pass, uncounted, calls of unknown price; refuses calls while the ledger cannot be reached",  # noqa: E501
        "runaways: blocks for 1 min 30 s at 10,000 calls in a trace, $100.00 in a trace",
    ]


def test_runaways_off(terminal: Terminal) -> None:
    """Detectors that are switched off are said to be."""
    terminal.plan(PLAN + '[runaway]\naction = "off"\n')
    assert "runaways: not looked for\n" in terminal("budget", "check").out

    terminal.plan(
        PLAN + "[runaway]\nrepeats = 0\nvelocity = 0\ncalls_per_trace = 0\ncost_per_trace_usd = 0\n"
    )
    assert "runaways: blocks for 5 min at nothing\n" in terminal("budget", "check").out


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("", "there is no [[budget]]: nothing is capped"),
        (budget("a", 'action = "warn"'), 'every budget has action = "warn": nothing is ever stopped'),
        (
            budget("a", 'action = "warn"', 'on_failure = "block"'),
            'a: on_failure = "block" says nothing where action = "warn"',
        ),
        (budget("a") + budget("b"), "b: is the same as a"),
        (
            budget("a") + budget("b", "limit_usd = 5"),
            "a: never decides, as b has the same calls and a lower limit",
        ),
        (
            budget("hourly", 'window = "hour"') + budget("daily", 'window = "day"', "limit_usd = 10"),
            "hourly: never decides, as daily has the same calls and a limit that is no higher for the whole day",  # noqa: E501
        ),
        (
            budget("all") + budget("weekly", 'window = "week"', 'timezone = "Asia/Tokyo"', "limit_usd = 20"),
            "weekly: never decides, as all has the same calls and a limit that is no higher for the whole total",  # noqa: E501
        ),
        (
            budget("a", 'match = { "gen_ai.request.model" = "gpt-5x" }'),
            "a: no price of model 'gpt-5x' at a provider that is known by its host is known: such calls are refused",  # noqa: E501
        ),
        (
            budget(
                "a",
                'match = { "gen_ai.provider.name" = "openai", "gen_ai.request.model" = "claude-opus-5" }',
                'on_unknown = "allow"',
            ),
            "a: no price of model 'claude-opus-5' at openai is known: such calls are not counted",
        ),
        (
            budget("a", 'match = { "gen_ai.provider.name" = "openia" }'),
            "a: no price of provider 'openia' is known: such calls are refused",
        ),
    ],
)
def test_what_looks_wrong(terminal: Terminal, text: str, warning: str) -> None:
    """What is no error and yet hardly meant is warned of; the file can be used."""
    terminal.plan(HEAD + text)

    said = terminal("budget", "check")

    assert (said.code, said.err) == (0, "")
    assert f"warning: {warning}\n" in said.out


@pytest.mark.parametrize(
    "text",
    [
        PLAN.partition("\n\n")[2],
        budget("a") + budget("b", 'match = { team = "x" }'),
        budget("a") + budget("b", 'action = "warn"', "limit_usd = 5"),
        budget("a") + budget("b", "limit_tokens = 10"),
        budget("a", 'window = "day"') + budget("b", 'window = "day"', 'timezone = "Asia/Tokyo"'),
        budget("a", 'window = "week"') + budget("b", 'window = "month"'),
        budget("a", 'window = "hour"') + budget("b", 'window = "day"', "limit_usd = 11"),
        budget("a", 'window = "hour"') + budget("b", 'window = "day"', 'timezone = "Asia/Tokyo"'),
        budget("a", 'window = "hour"') + budget("b", 'window = "day"', 'action = "warn"'),
        budget("a", 'match = { "gen_ai.request.model" = ["gpt-5", "gpt-*", "!gpt-4"] }'),
        budget("a", 'match = { "gen_ai.provider.name" = "open*", "gen_ai.request.model" = "mine" }'),
        budget("a", 'match = { "gen_ai.provider.name" = "ollama", "gen_ai.request.model" = "llama" }'),
        budget("a", "limit_tokens = 9", 'match = { "gen_ai.request.model" = "mine" }'),
    ],
)
def test_what_looks_right(terminal: Terminal, text: str) -> None:
    """No warning where budgets differ in what they count, or a name is known."""
    terminal.plan(HEAD + text)

    assert "warning" not in terminal("budget", "check").out


def test_a_slice_of_a_minute(terminal: Terminal) -> None:
    """Slices and minutes do not go together."""
    terminal.plan(HEAD + 'slice = "5%"\n' + budget("a", 'window = "minute"'))

    assert (
        "warning: a: what is left of a slice goes back after a second, which is much of a minute\n"
        in terminal("budget", "check").out
    )


def test_each_process_for_itself(terminal: Terminal) -> None:
    """A ledger in memory is no error, and warned of."""
    terminal.plan(PLAN.replace("sqlite:///ledger.db", "memory:"))

    said = terminal("budget", "check")

    assert (said.code, said.err) == (0, "")
    assert "ledger: memory:: counts in each process for itself\n" in said.out
    assert "warning: the ledger is memory: every process counts for itself, so N processes" in said.out


def test_warnings_are_yellow_on_a_terminal(terminal: Terminal) -> None:
    """A person sees them."""
    terminal.plan(HEAD)

    assert "\033[33mwarning\033[0m: there is no [[budget]]" in terminal("budget", "check", tty=True).out


def test_a_wrong_file(terminal: Terminal) -> None:
    """Exit code 1, and the message has file and line."""
    file = terminal.plan(PLAN.replace('limit_usd = "50"', 'limit_usd = "fifty"'))

    said = terminal("budget", "check")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"otel-tokens: {file}:6: ")

    said = terminal("budget", "check", "--json")
    assert said.code == 1
    assert said.json["ok"] is False
    assert said.json["error"].startswith(f"{file}:6: ")


def test_no_such_file(terminal: Terminal) -> None:
    """A file that is not there is a wrong command, not a wrong file."""
    said = terminal("budget", "check", "nowhere.toml")

    assert (said.code, said.err) == (2, "otel-tokens: nowhere.toml: there is no such file\n")


def test_a_ledger_that_cannot_be_used(terminal: Terminal) -> None:
    """A ledger that is down is told, and the check has failed."""
    terminal.plan(PLAN.replace("sqlite:///ledger.db", "redis://:secret@127.0.0.1:1/0"))

    said = terminal("budget", "check")
    assert said.code == 1
    assert "3 budgets\n" in said.out
    assert ": cannot be used\n" in said.out
    assert said.err.startswith("otel-tokens: ")
    assert "secret" not in said.out + said.err

    said = terminal("budget", "check", "--json")
    assert said.code == 1
    assert said.json["ok"] is False
    assert said.json["ledger"]["state"] == "cannot be used"


def test_for_machines(terminal: Terminal) -> None:
    """JSON has what was understood."""
    terminal.plan(HEAD + budget("a", 'match = { team = ["x", "!y"] }', "alert_at = [0.5]"))

    said = terminal("budget", "check", "--json")

    assert said.code == 0
    document = said.json
    (row,) = document.pop("budgets")
    assert row.pop("words").startswith(
        "a: blocks calls past $10.00 for ever, where team is 'x', not 'y'; tells"
    )
    assert row == {
        "name": "a",
        "limit": "10",
        "unit": "usd",
        "window": "total",
        "timezone": "UTC",
        "match": {"team": ["x", "!y"]},
        "per": None,
        "action": "block",
        "alert_at": ["0.5"],
        "on_failure": "allow",
        "on_unknown": "block",
        "assume_output_tokens": None,
    }
    assert document == {
        "ok": True,
        "file": f"{terminal.folder}/otel-tokens.toml",
        "ledger": {"url": "sqlite:///ledger.db", "state": "can be reached", "error": None},
        "warnings": [],
    }


def test_the_users_prices(terminal: Terminal) -> None:
    """A model that the user has priced is known."""
    terminal.plan(HEAD + budget("a", 'match = { "gen_ai.request.model" = "mine" }'))
    prices = terminal.folder / "prices.toml"
    prices.write_text(
        '[[model]]\nprovider = "openai"\nmatch = "mine"\nprices = { input = "1", output = "2" }\n', "utf-8"
    )

    assert "warning" in terminal("budget", "check").out
    assert "warning" not in terminal("budget", "check", env={"OTEL_TOKENS_PRICES": str(prices)}).out
