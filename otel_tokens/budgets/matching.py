"""Which budgets a call falls under.

A glob has to fit the whole value, case counts, and it knows `*`, `?`, `[abc]` and `[!abc]`. With `!` before
it, it fits what the rest does not fit. Of several globs one without `!` has to fit, if there is any, and all
those with `!`: `["gpt-*", "!gpt-4*"]` is all of GPT but GPT-4. A label that a call lacks fits only `*`, and
globs with `!`.
"""

from __future__ import annotations

import fnmatch
import re

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from .budget import MODEL, PROVIDER, SESSION, Budget, globs_of


_LIMIT: Final = 4096
"""How many kinds of calls are remembered; past it all are forgotten, as finding them anew is quick."""

_Key = tuple[str, str | None, tuple[str | None, ...]]
_Test = Callable[[str | None], bool]


class Match(NamedTuple):
    """A budget that a call falls under, and which of its counts."""

    budget: Budget
    scope: str
    """The value of the label that the budget is `per`, or the session. Empty where all calls count together,
    for calls without that label, and for budgets of traces: the caller knows the trace."""


class Matcher:
    """Finds the budgets of calls. Threads may share it."""

    def __init__(self, budgets: Sequence[Budget]) -> None:
        needed = dict.fromkeys(
            [
                name
                for budget in budgets
                for name in (*budget.match, budget.per, SESSION if budget.window == "session" else None)
                if name is not None and name not in (PROVIDER, MODEL)
            ]
        )
        self.names: tuple[str, ...] = tuple(needed)
        """The labels that `find` takes the values of, besides provider and model."""
        places = {name: place for place, name in enumerate((PROVIDER, MODEL, *self.names))}
        self._rules = [_Rule(budget, places) for budget in budgets]
        self._found: dict[_Key, tuple[Match, ...]] = {}

    def find(self, provider: str, model: str | None, values: tuple[str | None, ...]) -> tuple[Match, ...]:
        """Every budget that a call falls under, in order; `values` are those of `names`, in order."""
        key = (provider, model, values)
        found = self._found.get(key)
        if found is not None:
            return found
        facts = (provider, model, *values)
        matches = tuple([match for rule in self._rules if (match := rule.match(facts)) is not None])
        if len(self._found) >= _LIMIT:
            self._found = {}
        self._found[key] = matches
        return matches


class _Rule:
    """One budget, and where among the facts of a call those are that it goes by."""

    def __init__(self, budget: Budget, places: dict[str, int]) -> None:
        self._budget = budget
        self._tests = [(places[name], _any(globs_of(globs))) for name, globs in budget.match.items()]
        self._is_session = budget.window == "session"
        label = SESSION if self._is_session else budget.per
        self._scope = None if label is None else places[label]

    def match(self, facts: tuple[str | None, ...]) -> Match | None:
        """The budget and the scope, if the call falls under it."""
        for place, fits in self._tests:
            if not fits(facts[place]):
                return None
        scope = "" if self._scope is None else facts[self._scope] or ""
        return None if self._is_session and not scope else Match(self._budget, scope)


def _any(globs: Sequence[str]) -> _Test:
    """Whether a value fits the globs; see the head of this file."""
    wanted = [_one(glob) for glob in globs if not glob.startswith("!")]
    unwanted = [_one(glob[1:]) for glob in globs if glob.startswith("!")]

    def fits(value: str | None) -> bool:
        return (not wanted or any(test(value) for test in wanted)) and not any(
            test(value) for test in unwanted
        )

    return fits


def _one(glob: str) -> _Test:
    if not glob.strip("*"):
        return lambda _value: True
    match = re.compile(fnmatch.translate(glob)).match
    return lambda value: value is not None and match(value) is not None
