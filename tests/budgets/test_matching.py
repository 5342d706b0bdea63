"""Which budgets a call falls under: globs over labels, scopes, and what is remembered."""

from __future__ import annotations

import threading
import timeit

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.budgets import matching
from otel_tokens.budgets.budget import MODEL, PROVIDER, SERVICE, Budget, Globs
from otel_tokens.budgets.matching import Match, Matcher


def budget(name: str = "b", **facts: Any) -> Budget:
    """A budget of which only `facts` matter."""
    return Budget(name=name, limit=1, **facts)


def fits(globs: Globs, value: str | None) -> bool:
    """Whether a call with a label falls under a budget that wants `globs` of it."""
    return bool(Matcher([budget(match={"team": globs})]).find("openai", "gpt-5", (value,)))


@pytest.mark.parametrize(
    ("globs", "value", "expected"),
    [
        ("search", "search", True),
        ("search", "Search", False),
        ("search", "search2", False),
        ("search", None, False),
        ("search", "", False),
        ("*", "search", True),
        ("*", None, True),
        ("**", None, True),
        ("?*", None, False),
        ("?*", "", False),
        ("sea*", "search", True),
        ("sea*", "research", False),
        ("s?a", "sea", True),
        ("s?a", "seea", False),
        ("v[12]", "v2", True),
        ("v[!12]", "v2", False),
        ("v[!12]", "v3", True),
        ("a.b", "a.b", True),
        ("a.b", "axb", False),
        ("*\n*", "one\ntwo", True),
        ("o*", "one\ntwo", True),
        ("!search", "ads", True),
        ("!search", "search", False),
        ("!search", None, True),
        ("!sea*", "search", False),
        ("!*", None, False),
        (("search", "ads"), "ads", True),
        (("search", "ads"), "x", False),
        (("search", "ads"), None, False),
        (("gpt-*", "!gpt-4*"), "gpt-5", True),
        (("gpt-*", "!gpt-4*"), "gpt-4o", False),
        (("gpt-*", "!gpt-4*"), "claude", False),
        (("!a", "!b"), "c", True),
        (("!a", "!b"), "a", False),
        (("!a", "!b"), "b", False),
        (("!a", "!b"), None, True),
    ],
)
def test_globs(globs: Globs, value: str | None, *, expected: bool) -> None:
    """A value fits any of the globs, and none with `!`; a missing one fits `*` and globs with `!`."""
    assert fits(globs, value) is expected


@given(st.text(min_size=1), st.text())
def test_a_glob_and_its_negation_part_all_values(glob: str, value: str) -> None:
    """Every value fits either a glob or the same glob with `!` before it."""
    if glob.startswith("!"):
        glob = glob.lstrip("!") + "x"
    assert fits(glob, value) != fits("!" + glob, value)


def test_names_are_what_any_budget_needs() -> None:
    """The labels to be given are those of all budgets, each once, without provider and model."""
    matcher = Matcher(
        [
            budget("a", match={"team": "x", MODEL: "gpt-*", SERVICE: "y"}, per="user.id"),
            budget("b", match={PROVIDER: "openai"}, per="team"),
            budget("c", window="session"),
            budget("d", window="trace"),
        ]
    )
    assert matcher.names == ("team", "service.name", "user.id", "session.id")


def test_provider_and_model() -> None:
    """Provider and model are matched like labels; a call without a model fits no glob of models but `*`."""
    one, other, every = (
        budget("one", match={PROVIDER: "openai", MODEL: "gpt-5*"}),
        budget("other", match={PROVIDER: "anthropic"}),
        budget("every", match={MODEL: "*"}),
    )
    matcher = Matcher([one, other, every])

    assert matcher.names == ()
    assert matcher.find("openai", "gpt-5-mini", ()) == (Match(one, ""), Match(every, ""))
    assert matcher.find("anthropic", "gpt-5", ()) == (Match(other, ""), Match(every, ""))
    assert matcher.find("openai", None, ()) == (Match(every, ""),)


def test_all_labels_have_to_fit() -> None:
    """A budget counts a call only if every label fits."""
    matcher = Matcher([budget(match={"team": "a", "feature": "b"})])

    assert matcher.find("p", "m", ("a", "b"))
    assert not matcher.find("p", "m", ("a", None))
    assert not matcher.find("p", "m", ("x", "b"))


def test_no_match_is_every_call() -> None:
    """A budget that states no labels counts every call, and no budgets count none."""
    every = budget()
    assert Matcher([every]).find("p", None, ()) == (Match(every, ""),)
    assert Matcher([]).find("p", "m", ()) == ()


@pytest.mark.parametrize(
    ("per", "scope"), [("user.id", "u1"), (MODEL, "gpt-5"), (PROVIDER, "openai"), ("team", "")]
)
def test_scope_is_the_value_of_the_label(per: str, scope: str) -> None:
    """Calls are counted by the value of `per`; those without it together."""
    matcher = Matcher([budget(per=per), budget(match={"user.id": "*", "team": "*"})])
    values = {"user.id": "u1", "team": None}

    found = matcher.find("openai", "gpt-5", tuple([values[name] for name in matcher.names]))

    assert found[0].scope == scope


def test_session() -> None:
    """Sessions are counted by `session.id`, calls in none are not; the scope of traces is left open."""
    session, trace = budget("session", window="session"), budget("trace", window="trace")
    matcher = Matcher([session, trace])

    assert matcher.find("p", "m", ("s1",)) == (Match(session, "s1"), Match(trace, ""))
    assert matcher.find("p", "m", (None,)) == matcher.find("p", "m", ("",)) == (Match(trace, ""),)


def test_what_is_remembered_is_bounded() -> None:
    """A value for each user does not fill the memory, and every answer stays right."""
    matcher = Matcher([budget(per="user.id")])

    for number in range(3 * matching._LIMIT):
        assert matcher.find("p", "m", (f"u{number}",))[0].scope == f"u{number}"
        assert len(matcher._found) <= matching._LIMIT


def test_threads_share_a_matcher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that ask for different calls at once, and forget for each other, get each their own answer."""
    monkeypatch.setattr(matching, "_LIMIT", 8)
    matcher, wrong = Matcher([budget(per="user.id")]), []

    def ask(thread: int) -> None:
        for number in range(2000):
            user = f"{thread}-{number % 20}"
            if matcher.find("p", "m", (user,))[0].scope != user:
                wrong.append(user)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_known_call_is_found_quickly() -> None:
    """Finding the budgets of a kind of call again takes less than 1 µs, ten times that on a busy machine."""
    matcher = Matcher([budget(str(number), match={"team": "a*"}, per="user.id") for number in range(20)])
    values = ("ads", "u1")
    matcher.find("openai", "gpt-5", values)

    seconds = min(timeit.repeat(lambda: matcher.find("openai", "gpt-5", values), number=1000, repeat=5))
    assert seconds / 1000 < 10e-6
