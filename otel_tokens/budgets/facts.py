"""What the gate goes by: what a call says of itself before it is sent, and the most that it may cost."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple, Protocol

from .budget import Budget, pico_usd


class Amounts(Protocol):
    """The upper bound of one call."""

    @property
    def usd(self) -> Decimal | None:
        """None when the price is not known."""

    @property
    def tokens(self) -> int:
        """In and out."""

    @property
    def status(self) -> str:
        """How the price is known."""

    @property
    def assumed(self) -> bool:
        """Whether the request states no maximum of output tokens."""

    @property
    def output_tokens(self) -> int:
        """The maximum that it is held for."""


class Facts(NamedTuple):
    """What a call says of itself before it is sent."""

    provider: str
    model: str | None
    values: tuple[str | None, ...]
    """Of the labels that `Gate.names` names, in that order."""
    trace: int
    """The id of its trace; 0 where it has none."""
    fingerprint: int | None
    bound: Callable[[int | None], Amounts]
    """Its upper bound, given what to assume for the output where it states no maximum."""
    closer: Callable[[int | None], Amounts | None]
    """A closer bound, which takes longer; None where there is none."""
    names: tuple[str, ...] | None = None
    """Of `values`; None where they are those of the gate now, whose file cannot have changed since."""


class Bounds:
    """The upper bounds of one call, taken once for each assumption."""

    __slots__ = ("_facts", "_found", "_pico", "close")

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._found: dict[int | None, Amounts] = {}
        self._pico: tuple[Decimal | None, int] = (None, 0)
        self.close = False
        """Whether the closer bounds were asked for."""

    def pico(self, usd: Decimal) -> int:
        """`usd` in pico-dollars; most budgets of a call hold the same."""
        before, pico = self._pico
        if before is not usd:
            pico = pico_usd(usd)
            self._pico = (usd, pico)
        return pico

    def of(self, budget: Budget) -> Amounts:
        """The bound that `budget` holds."""
        assumed = budget.assume_output_tokens
        found = self._found.get(assumed)
        if found is None:
            found = self._found[assumed] = self._facts.bound(assumed)
        return found

    def come_closer(self) -> bool:
        """Take the bounds anew by tokens; False when that brings nothing."""
        self.close = True
        better = False
        for assumed in list(self._found):
            closer = self._facts.closer(assumed)
            if closer is not None and closer.tokens < self._found[assumed].tokens:
                self._found[assumed] = closer
                better = True
        return better
