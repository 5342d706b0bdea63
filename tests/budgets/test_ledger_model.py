"""Every ledger against the plainest model of one, whatever is done in whatever order."""

from __future__ import annotations

import random

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_tokens.ledgers.ledger import Account, Statement


TOTAL = Account("cap", "total")


class Model:
    """What a ledger has to do, in the plainest way: it adds up everything each time."""

    def __init__(self) -> None:
        self.stated: dict[tuple[Account, str], tuple[int, int, int]] = {}
        self.forgotten: dict[Account, int] = {}
        self.topped: dict[Account, int] = {}
        self.caps: dict[Account, int] = {}
        self.set: int | None = None

    def spent(self, account: Account) -> int:
        """By all holders, since the last reset."""
        stated = sum(spent for (whose, _), (_, spent, _) in self.stated.items() if whose == account)
        return stated - self.forgotten.get(account, 0)

    def held(self, account: Account) -> int:
        """By all holders."""
        return sum(held for (whose, _), (_, _, held) in self.stated.items() if whose == account)

    def cap(self, account: Account) -> int:
        """In force."""
        cap = self.caps.get(account, 0) if self.set is None else self.set
        return max(0, cap + self.topped.get(account, 0))

    def room(self, account: Account) -> int:
        """What is left."""
        return self.cap(account) - self.spent(account) - self.held(account)

    def state(self, holder: str, turn: int, statements: list[Statement]) -> bool:
        """Note, and grant."""
        fresh = []
        fits = True
        for said in statements:
            last, spent, held = self.stated.get((said.account, holder), (-1, 0, 0))
            if turn <= last:
                fits = fits and held >= said.held + said.asked
                continue
            fresh.append(said)
            self.caps[said.account] = said.cap
            self.stated[said.account, holder] = (turn, max(spent, said.spent), said.held)
        fits = fits and all(not said.asked or said.asked <= self.room(said.account) for said in fresh)
        for said in fresh if fits else []:
            _, spent, held = self.stated[said.account, holder]
            more = said.asked + max(0, min(said.spare, self.room(said.account) - said.asked))
            self.stated[said.account, holder] = (turn, spent, held + more)
        return fits

    def leave(self, holder: str) -> None:
        """Hold nothing."""
        for (account, whose), (turn, spent, _) in list(self.stated.items()):
            if whose == holder:
                self.stated[account, whose] = (turn, spent, 0)


_ACCOUNTS = [TOTAL, Account("cap", "total", "x"), Account("cap", "session", "y")]
_AMOUNTS = st.integers(0, 40)
_STATEMENTS = st.builds(
    Statement,
    st.sampled_from(_ACCOUNTS),
    st.integers(50, 120),
    _AMOUNTS,
    _AMOUNTS,
    _AMOUNTS,
    _AMOUNTS,
    st.just(0),
)
_HOLDERS = st.sampled_from(["a", "b", "c"])
_STEPS = st.one_of(
    st.tuples(
        st.just("state"),
        _HOLDERS,
        st.integers(0, 5),
        st.lists(_STATEMENTS, max_size=3, unique_by=lambda said: said.account),
    ),
    st.tuples(st.just("top_up"), st.sampled_from(_ACCOUNTS), st.integers(-60, 60)),
    st.tuples(st.just("reset"), st.sampled_from(_ACCOUNTS)),
    st.tuples(st.just("set_cap"), st.none() | st.integers(0, 150)),
    st.tuples(st.just("leave"), _HOLDERS),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_STEPS, max_size=15), seed=st.integers(0, 2**32))
def test_every_ledger_does_what_the_model_does(place: Any, steps: list[Any], seed: int) -> None:
    """Whatever is done in whatever order, a ledger has what one gets by adding up everything."""
    model, ledger = Model(), place.fresh()
    spent = {(holder, account): 0 for holder in "abc" for account in _ACCOUNTS}
    chance = random.Random(seed)  # noqa: S311  # the same in every run
    for turn, (kind, *what) in enumerate(steps):
        if kind == "state":
            holder, delay, said = what
            for statement in said:
                spent[holder, statement.account] += statement.spent * (chance.random() < 0.7)
            said = [one._replace(spent=spent[holder, one.account]) for one in said]
            late = max(0, turn - delay)
            answer = ledger.state(holder, late, said, lease_s=600)
            assert answer.granted == model.state(holder, late, said)
            shares = [model.stated.get((one.account, holder), (0, 0, 0))[2] for one in said]
            assert [balance.share for balance in answer.balances] == shares
            found = list(answer.balances)
        elif kind == "top_up":
            account, amount = what
            model.topped[account] = model.topped.get(account, 0) + amount
            found = [ledger.top_up(account, amount, who="me")]
        elif kind == "reset":
            (account,) = what
            model.forgotten[account] = model.forgotten.get(account, 0) + model.spent(account)
            found = [ledger.reset(account, who="me")]
        elif kind == "set_cap":
            (model.set,) = what
            ledger.set_cap("cap", "usd", model.set, who="me")
            found = []
        else:
            model.leave(what[0])
            ledger.leave(what[0])
            found = []
        for balance in (*found, *place.open().balances()):
            account = balance.account
            known = (model.cap(account), model.spent(account), model.held(account))
            assert (balance.cap, balance.spent, balance.held) == known
