"""What one call has to do with budgets: what the gate is told of it, what it holds, how that is settled."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .bounds import Bound, bound_of, closer
from .budgets.budget import pico_usd
from .budgets.facts import Facts
from .budgets.gate import Gate, Hold
from .dialects import Dialect
from .dialects.weight import Weight, weigh
from .pricing import Terms
from .providers import Site
from .readings import Reading, Usage
from .settlement import tokens_of
from .tokenizers import Estimator


if TYPE_CHECKING:  # to import it takes long, and the first call does
    from .pricing import PriceBook


class Asked(NamedTuple):
    """A call as it is to be sent."""

    dialect: Dialect
    request: Any
    site: Site
    model: str | None
    at_s: float
    """Unix time, which decides about the price."""
    earlier: Callable[[str], int | None] = lambda _answer: None
    """How many tokens an earlier answer had, in and out; None where that is not known."""


class Watched(NamedTuple):
    """A call that no budget counts, and detectors of runaways have let pass."""

    gate: Gate
    fingerprint: int
    trace: int
    repeated: bool
    """Whether it repeats an identical request."""

    @classmethod
    def by(cls, gate: Gate, asked: Asked, trace: int) -> Watched:
        """Have the detectors of `gate` look at a call.

        Raises:
            BudgetExceeded: one of them refuses it.
        """
        weight = weigh(stated(asked.request))
        fingerprint = fingerprint_of(asked.dialect, asked.site, asked.model, weight)
        return cls(gate, fingerprint, trace, gate.look_out(fingerprint, trace))

    def settle(self, usd: Decimal | None) -> None:
        """Say what it has cost."""
        self.gate.look_back(self.fingerprint, self.trace, pico_usd(usd) if usd else 0)


def fingerprint_of(dialect: Dialect, site: Site, model: str | None, weight: Weight) -> int:
    """What tells a request from all others, in this process."""
    return hash((dialect.name, site.host, model, weight.fingerprint))


class Ending(NamedTuple):
    """What is known of a call that has ended."""

    usd: Decimal | None
    usage: Usage | None
    reading: Reading
    counted_before: bool
    """Another call has counted this answer."""
    unanswered: bool
    """It was sent, and given up before an answer: the provider may bill it."""
    unstated: bool
    """It was answered, and the answer does not say what it took."""


class _Bounds:
    """The upper bounds of a call, taken when they are asked for."""

    __slots__ = ("_asked", "_book", "_estimator", "_weight")

    def __init__(
        self, asked: Asked, book: Callable[[], PriceBook], estimator: Estimator, weight: Weight | None
    ) -> None:
        self._asked, self._book, self._estimator, self._weight = asked, book, estimator, weight

    def of(self, assumed: int | None) -> Bound:
        """By the length of the request."""
        dialect, request, site, model, at_s, earlier = self._asked
        return bound_of(
            self._book(),
            dialect,
            request,
            site,
            model,
            at_s=at_s,
            assume_output_tokens=assumed,
            weight=self._weight,
            earlier=earlier,
        )

    def closer(self, assumed: int | None) -> Bound | None:
        """By its tokens, where they can be counted on this machine."""
        dialect, request, site, model, at_s, _ = self._asked
        return closer(
            self._book(),
            dialect,
            request,
            site,
            model,
            self._estimator,
            at_s=at_s,
            assume_output_tokens=assumed,
        )


def facts_of(
    asked: Asked,
    book: Callable[[], PriceBook],
    estimator: Estimator,
    *,
    names: tuple[str, ...],
    values: tuple[str | None, ...],
    trace: int,
    watches: bool,
) -> Facts:
    """What the gate goes by; the request is only walked through where somebody `watches` for repetitions."""
    asked = asked._replace(request=stated(asked.request))
    weight = weigh(asked.request) if watches else None
    bounds = _Bounds(asked, book, estimator, weight)
    fingerprint = None
    if weight is not None:
        fingerprint = fingerprint_of(asked.dialect, asked.site, asked.model, weight)
    provider, model = asked.site.provider, asked.model
    return Facts(provider, model, values, trace, fingerprint, bounds.of, bounds.closer, names)


class Holding:
    """What one call holds in its budgets."""

    __slots__ = ("_asked", "_book", "_estimator", "_facts", "_gate", "_hold", "_waits")

    def __init__(
        self, gate: Gate, asked: Asked, facts: Facts, book: Callable[[], PriceBook], estimator: Estimator
    ) -> None:
        self._gate = gate
        self._asked = asked
        self._facts = facts
        self._book = book
        self._estimator = estimator
        self._hold: Hold | None = None
        self._waits = False

    def hold(self) -> None:
        """Hold what the call may cost at most. It may wait for a ledger.

        Raises:
            BudgetExceeded: nothing is held, and nothing is to be sent.
        """
        self._waits = True
        self._hold = self._gate.hold(self._facts)

    async def hold_async(self) -> None:
        """The same, and the event loop goes on meanwhile.

        Raises:
            BudgetExceeded: nothing is held, and nothing is to be sent.
        """
        self._hold = await self._gate.hold_async(self._facts)

    @property
    def warned_by(self) -> tuple[str, ...]:
        """Budgets that only warn, and would have refused the call."""
        return () if self._hold is None else tuple([warned.budget.name for warned in self._hold.warned])

    @property
    def repeated(self) -> bool:
        """Whether it repeats an identical request."""
        return self._hold is not None and self._hold.repeated

    def settle(self, end: Ending) -> None:
        """Put what the call has cost in place of what it holds."""
        reading, usage, usd = end.reading, end.usage, end.usd
        hold = self._hold or (self._gate.parked(reading.id) if self._asked.dialect.once else None)
        tokens = 0 if usage is None or end.counted_before else tokens_of(usage, reading)
        if hold is None:
            if (usd or tokens) and not end.counted_before:
                self._gate.charge(self._facts, usd, tokens)
        elif self._is_underway(reading, usage):
            self._gate.park(str(reading.id), hold)
        elif usage is None and end.unanswered:
            hold.settle(*self._at_least(), wait=self._waits)
        elif usage is None and end.unstated:  # it was answered, and has not said what that took
            hold.settle(hold.bound_usd, hold.bound_tokens, wait=self._waits)
        else:
            hold.settle(usd, tokens, wait=self._waits)

    def settle_whole(self) -> None:
        """Count all that is held, as nothing can be known of what it has cost."""
        if self._hold is not None:
            self._hold.settle(self._hold.bound_usd, self._hold.bound_tokens)

    def _is_underway(self, reading: Reading, usage: Usage | None) -> bool:
        """Whether the answer is made in the background, and will be fetched by its id."""
        dialect = self._asked.dialect
        can_be_fetched = dialect.remembered or dialect.once
        return can_be_fetched and usage is None and reading.id is not None and not reading.finished

    def _at_least(self) -> tuple[Decimal | None, int]:
        """What a call costs at the least that was sent and given up: its input."""
        dialect, request, site, model, at_s, _ = self._asked
        from .estimates import prompt_of  # noqa: PLC0415  # few calls need it

        usage = prompt_of(dialect, request, self._estimator, model)
        usd = None
        if usage.tokens:
            usd = self._book().price(usage, Terms(site.provider, None, at_s, model)).usd
        return usd, usage.input_tokens


_SENTINELS: Final = frozenset({"NotGiven", "Omit"})
"""What client libraries put in place of arguments that were not given."""


def stated(request: Any) -> Any:  # noqa: ANN401  # whatever a client library sends
    """What a request really states: the rest is not sent."""
    if type(request) is not dict:
        return request
    return {name: value for name, value in request.items() if type(value).__name__ not in _SENTINELS}
