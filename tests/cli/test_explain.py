"""What `budget explain` says of a call."""

from __future__ import annotations

import re

from decimal import Decimal

import pytest

from .terminal import PICO, PLAN, Terminal


def rounded(text: str) -> str:
    """What is said, without what a call is held for, which other tests are about."""
    return re.sub(r"hold (\$[0-9.]+|[0-9,]+ tokens)", "hold it", text)


def test_which_budgets_and_why(terminal: Terminal) -> None:
    """What counts the call, what it would hold of what is left, and the first condition that fails."""
    terminal.plan(
        PLAN
        + """
[[budget]]
name = "gpt"
limit_usd = 1
match = { team = "search", "gen_ai.request.model" = ["gpt-*", "!gpt-5"], "service.name" = "x" }

[[budget]]
name = "shop"
limit_usd = 1
match = { "service.name" = "shop" }

[[budget]]
name = "talk"
limit_usd = 1
window = "session"

[[budget]]
name = "agent"
limit_usd = 1
window = "trace"
"""
    )
    terminal.spend("search-daily", "day", 20 * PICO, held=10 * PICO, zone="Europe/Berlin")
    terminal.spend("per-user", "month", 99_000, scope="u1", unit="tokens", cap=100_000)

    said = terminal(
        *("budget", "explain", "--model", "gpt-5", "--input-tokens", "10000", "--max-output", "1000"),
        *("--label", "team=search", "--label", "user.id=u1"),
    )

    assert (said.code, said.err) == (0, "")
    assert (
        rounded(said.out)
        == """\
a call of openai gpt-5 with team=search, user.id=u1: 10,000 tokens in, at most 1,000 out
  search-daily  counts it          $20.00 of $50.00 left; would hold it: passes
  per-user      counts it          1,000 tokens of 100,000 tokens left (u1); would hold it: passes with a warning
  ever          counts it          $1,000.00 of $1,000.00 left; would hold it: passes
  gpt           does not count it  gen_ai.request.model is 'gpt-5', and has to be 'gpt-*', not 'gpt-5'
  shop          does not count it  service.name is not given, and has to be 'shop'
  talk          does not count it  the call is in no session: it has no label session.id
  agent         counts it          $1.00 of $1.00 left (each trace begins with all of it); would hold it: passes
it would be sent
"""  # noqa: E501
    )


def test_refused(terminal: Terminal) -> None:
    """A call that does not fit is said to be refused, and by which budgets."""
    terminal.spend("search-daily", "day", 49_990_000_000_000, zone="Europe/Berlin")

    said = terminal("budget", "explain", "--model", "gpt-5", "--label", "team=search", "--max-output", "1000")

    assert said.code == 0
    assert "$0.01 of $50.00 left; would hold it: refused" in rounded(said.out)
    assert said.out.endswith("it would be refused by search-daily\n")


def test_no_maximum(terminal: Terminal) -> None:
    """A call without a maximum is held for the most that its model can answer, or what the budget assumes."""
    terminal.plan(PLAN + "assume_output_tokens = 100\n")

    out = rounded(terminal("budget", "explain", "--model", "gpt-5", "--label", "team=search").out)

    assert "would hold it for 128,000 output tokens, as it states no maximum: passes\n" in out
    assert (
        "$1,000.00 of $1,000.00 left; would hold it for 100 output tokens, as it states no maximum: passes\n"
        in out
    )


def test_a_price_that_is_not_known(terminal: Terminal) -> None:
    """A call of unknown price is refused, or passes uncounted where the budget says so."""
    said = terminal("budget", "explain", "--model", "mine", "--provider", "llm.corp", "--max-output", "10")
    assert "$1,000.00 of $1,000.00 left; the price is not known (unknown_provider): refused" in said.out
    assert said.out.endswith("it would be refused by ever\n")

    terminal.plan(PLAN + 'on_unknown = "allow"\n')
    said = terminal("budget", "explain", "--model", "mine", "--provider", "llm.corp", "--max-output", "10")
    assert "the price is not known (unknown_provider): passes, uncounted" in said.out


def test_anthropic_is_known_by_its_models(terminal: Terminal) -> None:
    """The provider of Claude need not be named, and counts as Anthropic does."""
    said = terminal("budget", "explain", "--model", "claude-opus-5", "--max-output", "1000")

    assert said.out.startswith("a call of anthropic claude-opus-5: 1,000 tokens in, at most 1,000 out\n")


def test_a_session(terminal: Terminal) -> None:
    """A session has its own count."""
    terminal.plan(PLAN + '\n[[budget]]\nname = "talk"\nlimit_usd = 1\nwindow = "session"\n')
    terminal.spend("talk", "session", PICO // 2, cap=PICO, scope="s1")

    out = terminal(
        "budget", "explain", "--label", "session.id=s1", "--model", "gpt-5", "--max-output", "9"
    ).out

    assert "talk          counts it          $0.50 of $1.00 left (s1); would hold " in out


def test_a_wrong_label(terminal: Terminal) -> None:
    """A label has a name and a value."""
    said = terminal("budget", "explain", "--label", "team")

    assert said.code == 2
    assert said.err == "otel-tokens: --label 'team': expected NAME=VALUE, such as team=search\n"


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_no_budgets(terminal: Terminal, words: tuple[str, ...]) -> None:
    """Where there is no budget, every call is sent."""
    terminal.plan('[ledger]\nurl = "sqlite:///ledger.db"\n')

    said = terminal("budget", "explain", *words)

    assert said.code == 0
    if words:
        assert said.json["passes"] is True
    else:
        assert said.out == (
            "a call of openai (no model): 1,000 tokens in, no stated maximum\n  there is no budget\n"
            "it would be sent\n"
        )


def test_for_machines(terminal: Terminal) -> None:
    """JSON has the exact amounts."""
    said = terminal("budget", "explain", "--model", "gpt-5", "--max-output", "100", "--json")

    assert said.code == 0
    assert said.json["call"] == {
        "provider": "openai",
        "model": "gpt-5",
        "labels": {},
        "input_tokens": 1000,
        "max_output": 100,
    }
    assert said.json["passes"] is True
    first, _, ever = said.json["budgets"]
    assert Decimal("0.002") < Decimal(ever.pop("would_hold")) < Decimal("0.003")
    assert first == {
        "budget": "search-daily",
        "counts": False,
        "why_not": "team is not given, and has to be 'search'",
    }
    assert ever == {
        "budget": "ever",
        "counts": True,
        "why_not": None,
        "scope": "",
        "unit": "usd",
        "limit": "1000",
        "left": "1000",
        "price": "priced",
        "output_tokens": 100,
        "output_is_assumed": False,
        "action": "block",
        "fits": True,
        "passes": True,
    }
