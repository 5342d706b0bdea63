"""What every ledger does, whatever keeps it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from otel_tokens.ledgers.ledger import EVERYTHING, PICO, Account, Answer, Balance, Ledger, Statement


TOTAL = Account("cap", "total")
SHORT_S = 0.15
"""A lease that is over before anybody waits long."""


def says(account: Account = TOTAL, cap: int = 100, **amounts: int) -> Statement:
    """A statement that spends and holds nothing but what is given."""
    return Statement(account, cap, amounts.pop("spent", 0), amounts.pop("held", 0), **amounts)


def state(
    ledger: Ledger, turn: int, *statements: Statement, holder: str = "a", lease_s: float = 60
) -> Answer:
    """One step of a holder."""
    return ledger.state(holder, turn, statements, lease_s=lease_s)


def totals(ledger: Ledger, account: Account = TOTAL) -> tuple[int, int]:
    """What is spent and held on an account whose window is open."""
    found = [(balance.spent, balance.held) for balance in ledger.balances() if balance.account == account]
    return found[0] if found else (0, 0)


def now_window(ledger: Ledger, before_s: int = 1000, after_s: int = 1000, scope: str = "") -> Account:
    """A window from `before_s` before now to `after_s` after now."""
    now = int(ledger.now_s())
    return Account("cap", "day", scope, now - before_s, now + after_s)


def wait(is_so: Callable[[], bool]) -> None:
    """Until something is so; it fails after some seconds."""
    until = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


# Holding.


def test_what_fits_is_held(ledger: Ledger) -> None:
    """What is asked for and fits is granted, and counts as held."""
    answer = state(ledger, 1, says(asked=30))

    assert answer.granted
    assert answer.balances == (Balance(TOTAL, 100, 0, 30, 30, 0),)
    assert totals(ledger) == (0, 30)


def test_the_cap_itself_can_be_held(ledger: Ledger) -> None:
    """A cap can be used up to its last unit, and no further."""
    assert state(ledger, 1, says(asked=100)).granted
    assert not state(ledger, 1, says(asked=1), holder="b").granted


def test_what_does_not_fit_is_not_held(ledger: Ledger) -> None:
    """One unit more than there is room for is refused whole, and nothing of it is held."""
    answer = state(ledger, 1, says(asked=101))

    assert not answer.granted
    assert answer.balances == (Balance(TOTAL, 100, 0, 0, 0, 0),)
    assert (answer.late, answer.crowded) == ((), ())


def test_a_refusal_notes_what_was_spent_and_held(ledger: Ledger) -> None:
    """What is stated counts also when what is asked for is refused."""
    answer = state(ledger, 1, says(spent=40, held=50, asked=11))

    assert not answer.granted
    assert answer.balances == (Balance(TOTAL, 100, 40, 50, 50, 0, 40),)


def test_all_or_none(ledger: Ledger) -> None:
    """If one account has no room nothing is held on the others either."""
    other = Account("other", "total")
    answer = state(ledger, 1, says(asked=10), says(other, cap=5, asked=6), says(TOTAL._replace(scope="x")))

    assert not answer.granted
    assert [balance.held for balance in answer.balances] == [0, 0, 0]
    assert state(ledger, 2, says(asked=10), says(other, cap=6, asked=6)).granted


def test_what_is_out_is_held_past_the_cap(ledger: Ledger) -> None:
    """What a holder holds whatever the cap says is noted, and leaves no room for others."""
    answer = state(ledger, 1, says(held=150))

    assert answer.granted
    assert answer.balances[0].held == 150
    assert not state(ledger, 1, says(asked=1), holder="b").granted


def test_asking_for_nothing_is_granted_past_the_cap(ledger: Ledger) -> None:
    """A statement that asks for nothing stops no other one."""
    answer = state(ledger, 1, says(spent=120), says(Account("other", "total"), asked=5))

    assert answer.granted
    assert answer.balances[1].share == 5


def test_holders_add_up(ledger: Ledger, again: Ledger) -> None:
    """All holders share one cap, from whichever process they come."""
    state(ledger, 1, says(spent=20, asked=30), holder="a")
    answer = state(again, 1, says(spent=10, asked=40), holder="b")

    assert answer.granted
    assert answer.balances == (Balance(TOTAL, 100, 30, 70, 40, 20, 10),)
    assert not state(ledger, 2, says(spent=20, held=30, asked=1), holder="a").granted


def test_settling(ledger: Ledger) -> None:
    """A hold that is settled leaves what was really spent."""
    state(ledger, 1, says(asked=30))
    answer = state(ledger, 2, says(spent=12))

    assert answer.balances == (Balance(TOTAL, 100, 12, 0, 0, 0, 12),)


def test_costing_more_than_was_held(ledger: Ledger) -> None:
    """What was really spent counts in full, also past the cap."""
    state(ledger, 1, says(asked=100))

    assert state(ledger, 2, says(spent=130)).balances[0].spent == 130
    assert not state(ledger, 3, says(spent=130, asked=1)).granted


# Statements are of all that was spent.


def test_a_statement_counts_once(ledger: Ledger) -> None:
    """The same amounts, stated again in a later step, are the same amounts."""
    state(ledger, 1, says(spent=20, held=30))
    answer = state(ledger, 2, says(spent=20, held=30))

    assert answer.balances == (Balance(TOTAL, 100, 20, 30, 30, 20, 20),)


def test_a_step_made_twice_counts_once(ledger: Ledger) -> None:
    """A step that is repeated, as its answer was lost, changes nothing and is granted as before."""
    first = state(ledger, 1, says(spent=20, held=10, asked=30))
    second = state(ledger, 1, says(spent=20, held=10, asked=30))

    assert first.granted
    assert second.granted
    assert second.balances == (Balance(TOTAL, 100, 20, 40, 40, 20, 20),)


def test_a_refused_step_made_twice_is_refused_twice(ledger: Ledger) -> None:
    """A step that is repeated gets no other answer, even if there is room by now."""
    state(ledger, 1, says(held=80), holder="b")
    assert not state(ledger, 1, says(asked=30)).granted
    state(ledger, 2, says(held=0), holder="b")

    assert not state(ledger, 1, says(asked=30)).granted
    assert state(ledger, 2, says(asked=30)).granted


def test_an_overtaken_step_changes_nothing(ledger: Ledger) -> None:
    """A step that arrives after a later one of its holder is answered with what there is."""
    state(ledger, 7, says(spent=20, held=30))
    answer = state(ledger, 6, says(cap=500, spent=90, held=10, asked=5, spare=50))

    assert answer.granted, "30 are held, and 15 were wanted"
    assert answer.balances == (Balance(TOTAL, 100, 20, 30, 30, 20, 20),)
    assert not state(ledger, 7, says(held=31)).granted
    assert state(ledger, 1, says(asked=51), holder="b").granted is False


def test_turns_are_those_of_a_holder_and_an_account(ledger: Ledger) -> None:
    """Another holder or another account may have a lower turn."""
    other = Account("other", "total")
    state(ledger, 9, says(held=1))

    assert state(ledger, 1, says(held=2), holder="b").balances[0].held == 3
    assert state(ledger, 2, says(other, held=4)).balances[0].held == 4


def test_spending_is_never_taken_back(ledger: Ledger) -> None:
    """A holder that states less than before has still spent what it had stated."""
    state(ledger, 1, says(spent=50))

    assert state(ledger, 2, says(spent=20)).balances[0].spent == 50
    assert state(ledger, 3, says(spent=60)).balances[0].spent == 60


def test_before(ledger: Ledger) -> None:
    """An answer tells what was spent before the step, so that one can see which marks it has passed."""
    state(ledger, 1, says(spent=40), holder="b")

    balance = state(ledger, 1, says(spent=15)).balances[0]
    assert (balance.before, balance.spent) == (40, 55)


# Spare.


def test_spare_is_granted_where_there_is_room(ledger: Ledger) -> None:
    """What is spared comes on top of what was asked for, and counts as held."""
    answer = state(ledger, 1, says(held=5, asked=10, spare=20))

    assert answer.balances[0].share == 35
    assert totals(ledger) == (0, 35)


@pytest.mark.parametrize("spare", [86, EVERYTHING])
def test_spare_ends_at_the_cap(ledger: Ledger, spare: int) -> None:
    """No more is spared than there is room for."""
    answer = state(ledger, 1, says(held=5, asked=10, spare=spare))

    assert answer.granted
    assert answer.balances[0].share == 100


def test_nothing_is_spared_past_the_cap(ledger: Ledger) -> None:
    """Where the cap is passed there is nothing to spare, and what is held is not taken away."""
    answer = state(ledger, 1, says(held=120, spare=10))

    assert answer.granted
    assert answer.balances[0].share == 120


def test_nothing_is_spared_with_a_refusal(ledger: Ledger) -> None:
    """A step that is refused gets nothing, on no account."""
    answer = state(ledger, 1, says(asked=101, spare=10), says(Account("other", "total"), spare=10))

    assert [balance.share for balance in answer.balances] == [0, 0]


def test_each_account_spares_its_own_room(ledger: Ledger) -> None:
    """Accounts spare as much as each of them has."""
    other = Account("other", "total")
    state(ledger, 1, says(other, held=70), holder="b")
    answer = state(ledger, 1, says(asked=1, spare=50), says(other, asked=1, spare=50))

    assert [balance.share for balance in answer.balances] == [51, 30]


def test_spare_is_given_back(ledger: Ledger) -> None:
    """A statement without it gives back what was spared."""
    state(ledger, 1, says(spare=100))
    assert not state(ledger, 1, says(asked=90), holder="b").granted
    state(ledger, 2, says(spent=10))

    assert state(ledger, 2, says(asked=90), holder="b").granted


# Windows.


def test_an_ended_window_grants_nothing(ledger: Ledger) -> None:
    """What asks for more in a window that has ended is late, and nothing else of its step is held."""
    ended = now_window(ledger, 100, -10)
    answer = state(ledger, 1, says(asked=1), says(ended, held=3, asked=1, spare=5))

    assert not answer.granted
    assert answer.late == (1,)
    assert [balance.held for balance in answer.balances] == [0, 3]


def test_a_window_that_has_not_begun_grants_nothing(ledger: Ledger) -> None:
    """A clock that is ahead of the ledger's gets nothing from the next window."""
    answer = state(ledger, 1, says(now_window(ledger, -10, 100), asked=1))

    assert not answer.granted
    assert answer.late == (0,)


def test_what_was_spent_is_noted_after_the_window(ledger: Ledger) -> None:
    """A call that ends after its window counts in the window in which it began."""
    ended = now_window(ledger, 100, -10)
    answer = state(ledger, 1, says(ended, spent=30), says(asked=1))

    assert answer.granted
    assert answer.late == ()
    assert answer.balances[0].spent == 30
    assert state(ledger, 1, says(ended, spent=4), holder="b").balances[0].spent == 34


def test_windows_are_counted_apart(ledger: Ledger) -> None:
    """What was spent in one window is no part of the next."""
    state(ledger, 1, says(now_window(ledger, 100, -10), spent=100))

    assert state(ledger, 2, says(now_window(ledger, 10), asked=100)).granted


@pytest.mark.parametrize("change", [{"unit": "tokens"}, {"window": "hour"}, {"scope": "x"}, {"budget": "b"}])
def test_accounts_are_counted_apart(ledger: Ledger, change: dict[str, str]) -> None:
    """Accounts that differ in anything have nothing in common."""
    here = now_window(ledger)
    state(ledger, 1, says(here, held=100))

    assert state(ledger, 2, says(here._replace(**change), asked=100)).granted


def test_the_clock(ledger: Ledger, again: Ledger) -> None:
    """A ledger tells the time, in seconds since 1970, and every answer has it."""
    first = ledger.now_s()
    answer = state(again, 1, says())

    assert abs(first - time.time()) < 5
    assert first - 0.002 <= answer.now_s <= again.now_s() + 0.002


# Scopes.


def test_no_more_accounts_than_the_budget_may_have(ledger: Ledger) -> None:
    """The account that is one too many is not made, and nothing of its step is held."""
    here = now_window(ledger)
    for at in range(2):
        assert state(ledger, at, says(here._replace(scope=f"s{at}"), asked=1, scopes_limit=2)).granted
    third = here._replace(scope="s2")
    answer = state(ledger, 5, says(asked=7), says(third, cap=9, asked=1, scopes_limit=2))

    assert not answer.granted
    assert answer.crowded == (1,)
    assert answer.balances == (Balance(TOTAL, 100, 0, 0), Balance(third, 9, 0, 0))
    assert third not in [balance.account for balance in ledger.balances()]


def test_accounts_that_are_there_are_not_crowded(ledger: Ledger) -> None:
    """The limit of accounts stops new ones alone, of the same budget in the same window."""
    here = now_window(ledger)
    state(ledger, 1, says(here, asked=1, scopes_limit=1))

    assert state(ledger, 2, says(here, held=1, asked=1, scopes_limit=1)).granted
    assert state(ledger, 3, says(here._replace(window="hour"), asked=1, scopes_limit=1)).granted
    assert state(ledger, 4, says(here._replace(start_s=here.start_s + 1), asked=1, scopes_limit=1)).granted
    assert state(ledger, 5, says(here._replace(scope="x"), asked=1)).granted, "it states no limit"


def test_what_is_held_anyway_is_crowded_too(ledger: Ledger) -> None:
    """A hold without asking is refused where it would need an account too many."""
    here = now_window(ledger)
    state(ledger, 1, says(here, scopes_limit=1))
    answer = state(ledger, 2, says(here._replace(scope="x"), held=3, scopes_limit=1))

    assert not answer.granted
    assert answer.crowded == (0,)


def test_what_was_spent_is_never_crowded(ledger: Ledger) -> None:
    """Money that is gone is counted, whatever the limit of accounts."""
    here = now_window(ledger)
    state(ledger, 1, says(here, scopes_limit=1))
    answer = state(ledger, 2, says(here._replace(scope="x"), spent=3, scopes_limit=1))

    assert answer.granted
    assert answer.balances[0].spent == 3


@pytest.mark.parametrize(
    "scope",
    [
        "a|b||c",
        "|",
        " spaces  ",
        "'quotes' \"double\" `back`",
        "line\nbreak\r\n\t",
        "nul\0in it",
        "{curly}*?[x]",
        "\N{PILE OF POO}\N{SNOWMAN}e\u0301",
        "x" * 1000,
        "-1",
        "nil",
        "%s; DROP TABLE account; --",
    ],
)
def test_any_scope(ledger: Ledger, scope: str) -> None:
    """A scope may be any text, and comes back as it is."""
    here = now_window(ledger, scope=scope)
    near = here._replace(scope=scope + " ")
    state(ledger, 1, says(here, spent=1, asked=2), says(near, spent=3))

    assert totals(ledger, here) == (1, 2)
    assert totals(ledger, near) == (3, 0)
    assert ledger.reset(here, who="me").spent == 0
    assert ledger.trail()[0].scope == scope


def test_scopes_and_budgets_do_not_run_into_each_other(ledger: Ledger) -> None:
    """Where a name ends and the next begins is not a matter of what is in them."""
    state(ledger, 1, says(Account("a", "total", "b|c"), held=100))

    assert state(ledger, 2, says(Account("a|total|usd|0|b", "total", "c"), asked=100)).granted
    assert state(ledger, 3, says(Account("a", "total", "b"), asked=100)).granted


# Amounts.


@pytest.mark.parametrize("amount", [2**53, 2**53 + 1, 8_000_000 * PICO - 1, 8_000_000 * PICO])
def test_large_amounts_are_exact(ledger: Ledger, amount: int) -> None:
    """Eight million dollars are counted to the last pico-dollar."""
    assert not state(ledger, 1, says(cap=amount - 1, asked=amount)).granted
    answer = state(ledger, 2, says(cap=amount, asked=amount))
    assert answer.granted
    assert answer.balances == (Balance(TOTAL, amount, 0, amount, amount, 0),)

    state(ledger, 3, says(cap=amount, spent=amount - 1, asked=1))
    state(ledger, 1, says(cap=amount, spent=1), holder="b")
    assert totals(ledger) == (amount, 1)


def test_large_amounts_differ_in_the_last_digit(ledger: Ledger) -> None:
    """Amounts above 2**53, which doubles cannot tell apart, leave exactly the room that is left."""
    cap, spent = 2**62 + 1, 2**62 - 2
    state(ledger, 1, says(cap=cap, spent=spent))

    assert not state(ledger, 1, says(cap=cap, asked=4), holder="b").granted
    assert state(ledger, 2, says(cap=cap, asked=1, spare=EVERYTHING), holder="b").balances[0].share == 3


# Holders that are gone.


def test_what_a_dead_holder_held_is_free(ledger: Ledger, again: Ledger) -> None:
    """After its lease a silent holder holds nothing; what it has spent stays spent; the trail tells."""
    state(ledger, 1, says(spent=10, asked=90), holder="dead", lease_s=SHORT_S)
    assert not state(again, 1, says(asked=1)).granted
    wait(lambda: totals(again) == (10, 0))

    assert state(again, 2, says(asked=90)).granted
    (entry,) = again.trail()
    assert (entry.who, entry.action, entry.budget, entry.amount) == ("ledger", "expire", "cap", 90)
    assert (entry.scope, entry.unit, entry.note) == ("", "usd", "dead")


def test_a_dead_holder_that_held_nothing_is_not_told(ledger: Ledger) -> None:
    """The trail has no line for a process that ended in peace."""
    state(ledger, 1, says(spent=10), holder="dead", lease_s=0.02)
    state(ledger, 1, says(held=1), holder="busy", lease_s=0.02)
    wait(lambda: totals(ledger) == (10, 0))

    assert [entry.note for entry in ledger.trail()] == ["busy"]


def test_a_sign_of_life(ledger: Ledger) -> None:
    """A step without statements keeps a holder, and all that it holds, alive."""
    state(ledger, 1, says(held=90), lease_s=SHORT_S)
    answer = ledger.state("a", 2, [], lease_s=60)
    time.sleep(1.5 * SHORT_S)

    assert answer.granted
    assert answer.balances == ()
    assert totals(ledger) == (0, 90)


def test_a_holder_that_was_only_asleep(ledger: Ledger) -> None:
    """A holder that comes back after its lease holds again what it states, and its spending counts once."""
    state(ledger, 1, says(spent=10, held=90), lease_s=0.02)
    wait(lambda: totals(ledger) == (10, 0))
    state(ledger, 1, says(asked=50), holder="b")
    answer = state(ledger, 2, says(spent=15, held=90))

    assert answer.balances == (Balance(TOTAL, 100, 15, 140, 90, 10, 15),)


def test_leaving(ledger: Ledger, again: Ledger) -> None:
    """What a holder held that has left is free at once, what it spent stays spent; nothing is to be told."""
    state(ledger, 1, says(spent=10, held=90))
    ledger.leave("a")

    assert totals(again) == (10, 0)
    assert again.trail() == []


def test_leaving_twice_and_leaving_as_a_stranger(ledger: Ledger) -> None:
    """Nothing happens when a holder leaves that is not there."""
    state(ledger, 1, says(held=5))
    ledger.leave("a")
    ledger.leave("a")
    ledger.leave("nobody")

    assert totals(ledger) == (0, 0)


def test_a_holder_that_left_is_still_known(ledger: Ledger) -> None:
    """A statement that arrives after its holder has left counts once."""
    state(ledger, 1, says(spent=10, held=5))
    ledger.leave("a")

    assert state(ledger, 1, says(spent=10, held=5)).balances[0].held == 0, "an old step"
    assert state(ledger, 2, says(spent=12, held=5)).balances == (Balance(TOTAL, 100, 12, 5, 5, 10, 12),)


# Limits that people set.


def test_a_cap_that_was_set(ledger: Ledger, again: Ledger) -> None:
    """A cap that is set is in force for all accounts of its budget, those that come later too."""
    scoped = TOTAL._replace(scope="x")
    state(ledger, 1, says(held=50))
    ledger.set_cap("cap", "usd", 60, who="me")

    assert again.caps() == {"cap": 60}
    assert not state(again, 2, says(held=50, asked=11)).granted
    assert state(again, 3, says(held=50, asked=10)).granted
    assert not state(again, 4, says(scoped, asked=61)).granted
    assert state(again, 5, says(scoped, asked=60)).balances[0].cap == 60
    assert [balance.cap for balance in again.balances()] == [60, 60]


def test_a_cap_that_was_taken_away(ledger: Ledger) -> None:
    """Without the cap that was set that of the file is in force again."""
    ledger.set_cap("cap", "usd", 60, who="me")
    ledger.set_cap("cap", "usd", 70, who="me")
    state(ledger, 1, says(asked=1))
    ledger.set_cap("cap", "usd", None, who="you")

    assert ledger.caps() == {}
    assert ledger.balances()[0].cap == 100
    assert state(ledger, 2, says(asked=100)).granted


def test_a_cap_in_another_unit(ledger: Ledger) -> None:
    """A cap in tokens says nothing about dollars."""
    ledger.set_cap("cap", "tokens", 5, who="me")

    assert state(ledger, 1, says(asked=100)).granted
    assert not state(ledger, 2, says(TOTAL._replace(unit="tokens"), asked=6)).granted
    assert not state(ledger, 3, says(TOTAL._replace(scope="x", unit="tokens"), asked=6)).granted


def test_a_cap_for_another_budget(ledger: Ledger) -> None:
    """Caps that were set are told by budget, and concern that budget alone."""
    ledger.set_cap("b", "usd", 5, who="me")
    ledger.set_cap("a", "tokens", 7, who="me")

    assert ledger.caps() == {"a": 7, "b": 5}
    assert state(ledger, 1, says(asked=100)).granted


def test_a_cap_of_nothing(ledger: Ledger) -> None:
    """Zero is a cap like others: nothing is granted any more."""
    ledger.set_cap("cap", "usd", 0, who="me")

    assert not state(ledger, 1, says(asked=1)).granted


def test_the_newest_cap_of_the_file(ledger: Ledger) -> None:
    """A balance has the cap that was stated last."""
    state(ledger, 1, says(cap=100))
    state(ledger, 1, says(cap=80), holder="b")

    assert ledger.balances()[0].cap == 80


def test_topping_up(ledger: Ledger, again: Ledger) -> None:
    """What is topped up is added to the cap of one account alone."""
    scoped = TOTAL._replace(scope="x")
    state(ledger, 1, says(spent=5, held=95), says(scoped))
    balance = ledger.top_up(TOTAL, 20, who="me")

    assert (balance.account, balance.cap, balance.spent, balance.held) == (TOTAL, 120, 5, 95)
    assert state(again, 2, says(spent=5, held=95, asked=20)).granted
    assert not state(again, 3, says(scoped, asked=101)).granted


def test_topping_up_adds_up(ledger: Ledger) -> None:
    """Amounts that are topped up add to each other, and to a cap that is set."""
    state(ledger, 1, says())
    ledger.top_up(TOTAL, 20, who="me")
    assert ledger.top_up(TOTAL, -50, who="me").cap == 70
    ledger.set_cap("cap", "usd", 40, who="me")

    assert ledger.balances()[0].cap == 10
    assert not state(ledger, 2, says(asked=11)).granted


def test_no_cap_below_nothing(ledger: Ledger) -> None:
    """A cap from which too much was taken away is 0."""
    state(ledger, 1, says())

    assert ledger.top_up(TOTAL, -1000, who="me").cap == 0
    assert state(ledger, 2, says(asked=1)).balances[0].cap == 0
    assert ledger.top_up(TOTAL, 950, who="me").cap == 50


def test_topping_up_before_the_first_call(ledger: Ledger) -> None:
    """An account can be topped up before anybody has stated it."""
    assert ledger.top_up(TOTAL, 20, who="me").cap == 20
    assert state(ledger, 1, says(asked=120)).granted
    assert not state(ledger, 2, says(held=120, asked=1)).granted


def test_resetting(ledger: Ledger, again: Ledger) -> None:
    """After a reset nothing is spent, what is held stays held, and the trail tells what was spent."""
    state(ledger, 1, says(spent=60, held=10))
    balance = ledger.reset(TOTAL, who="me")

    assert (balance.account, balance.cap, balance.spent, balance.held) == (TOTAL, 100, 0, 10)
    assert state(again, 1, says(asked=90), holder="b").granted
    assert again.trail()[0][1:] == ("me", "reset", "cap", "", 60, "usd", "")


def test_statements_after_a_reset(ledger: Ledger) -> None:
    """What holders state after a reset counts as far as it is more than before."""
    state(ledger, 1, says(spent=60))
    ledger.reset(TOTAL, who="me")

    assert state(ledger, 2, says(spent=60)).balances[0].spent == 0
    assert state(ledger, 3, says(spent=75)).balances == (Balance(TOTAL, 100, 15, 0, 0, 0, 75),)


def test_resetting_before_the_first_call(ledger: Ledger) -> None:
    """An account can be reset that nobody has stated."""
    balance = ledger.reset(TOTAL, who="me")

    assert (balance.cap, balance.spent, balance.held) == (0, 0, 0)
    assert state(ledger, 1, says(asked=100)).granted


def test_the_trail(ledger: Ledger, again: Ledger) -> None:
    """Every change is one line, newest first: who, what, where, how much, and when."""
    ledger.set_cap("cap", "usd", 60, who="me@here")
    ledger.top_up(Account("t", "total", "x", unit="tokens"), -7, who="you")
    ledger.reset(TOTAL, who="you")
    ledger.set_cap("cap", "usd", None, who="me@here")
    trail = again.trail()

    assert [entry[1:] for entry in trail] == [
        ("me@here", "unset", "cap", "", None, "usd", ""),
        ("you", "reset", "cap", "", 0, "usd", ""),
        ("you", "top_up", "t", "x", -7, "tokens", ""),
        ("me@here", "set", "cap", "", 60, "usd", ""),
    ]
    assert all(abs(entry.at_s - ledger.now_s()) < 5 for entry in trail)


def test_a_part_of_the_trail(ledger: Ledger) -> None:
    """One gets as many of the newest lines as one asks for."""
    for cap in range(5):
        ledger.set_cap("cap", "usd", cap, who="me")

    assert [entry.amount for entry in ledger.trail(2)] == [4, 3]
    assert len(ledger.trail(50)) == 5
    assert ledger.trail(0) == []


# What there is.


def test_nothing(ledger: Ledger) -> None:
    """A new ledger has nothing in it."""
    assert (ledger.balances(), ledger.caps(), ledger.trail()) == ([], {}, [])


def test_the_order_of_balances(ledger: Ledger) -> None:
    """Balances are in order of budget, window and scope; windows that have ended are not among them."""
    here, ended = now_window(ledger), now_window(ledger, 100, -10)
    accounts = [
        Account("b", "total", "y"),
        Account("b", "total", "x"),
        ended,
        Account("b", "session", "s"),
        here,
        Account("a", "trace", "t"),
    ]
    state(ledger, 1, *[says(account, spent=1) for account in accounts])

    assert [balance.account for balance in ledger.balances()] == [
        Account("a", "trace", "t"),
        Account("b", "session", "s"),
        Account("b", "total", "x"),
        Account("b", "total", "y"),
        here,
    ]


def test_what_is_closed_can_be_used_again(ledger: Ledger) -> None:
    """After `close` the next step opens what it needs."""
    state(ledger, 1, says(spent=3))
    ledger.close()
    ledger.close()

    assert totals(ledger) == (3, 0)


def test_renewing(ledger: Ledger) -> None:
    """After `renew` the counts are those of before."""
    state(ledger, 1, says(spent=3))
    ledger.renew()

    assert totals(ledger) == (3, 0)
    ledger.renew()
    ledger.renew()


# Races.


def test_the_last_unit_is_taken_once(ledger: Ledger, again: Ledger) -> None:
    """Under a race exactly as many holds succeed as fit, and at no moment is more held than the cap."""
    seen: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            seen.append(sum(totals(again)))

    def take(name: str) -> int:
        held = 0
        for turn in range(50):
            held += state(ledger, turn, says(held=held, asked=1), holder=name).granted
        return held

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(16) as pool:
        taken = sum(pool.map(take, [f"holder {at}" for at in range(16)]))
    over.set()
    watcher.join()

    assert taken == 100
    assert max(seen) <= 100
    assert totals(ledger) == (0, 100)


_SPENDER = """
import random, sys
from otel_tokens.ledgers.settings import LedgerSettings
from otel_tokens.ledgers.ledger import Account, Statement
from otel_tokens.ledgers.opening import open_ledger
url, namespace, name, cap = sys.argv[1:]
ledger = open_ledger(LedgerSettings(url=url, namespace=namespace, timeout_s=10))
chance = random.Random(name)
spent = calls = 0
sys.stdin.readline()
for turn in range(0, 60, 2):
    statement = Statement(Account("cap", "total"), int(cap), spent, 0, 10)
    if ledger.state(name, turn, [statement], lease_s=60).granted:
        spent += chance.randint(0, 10)
        calls += 1
        ledger.state(name, turn + 1, [statement._replace(spent=spent, asked=0)], lease_s=60)
print(spent, calls)
"""


def test_processes_share_a_cap(shared_place: Any) -> None:
    """Eight processes that hold and settle at once spend no more than the cap, and every unit is counted."""
    cap = 900
    settings = shared_place.settings
    command = [sys.executable, "-c", _SPENDER, settings.url, settings.namespace]
    spenders = [
        subprocess.Popen(
            [*command, f"holder {at}", str(cap)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for at in range(8)
    ]
    for spender in spenders:
        assert spender.stdin is not None
        spender.stdin.write("go\n")
        spender.stdin.flush()
    found = [spender.communicate()[0].split() for spender in spenders]
    spent, calls = (sum(map(int, column)) for column in zip(*found, strict=True))

    assert totals(shared_place.open()) == (spent, 0)
    assert cap - 10 < spent <= cap
    assert calls < 8 * 30, "some were refused"
