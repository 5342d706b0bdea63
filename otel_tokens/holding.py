"""What the gate of budgets is told of a call before it is sent: what it is, and what it may cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .bounds import Bound, bound_of, closer
from .budgets.facts import Facts
from .dialects import Dialect
from .dialects.weight import Weight, weigh
from .providers import Site
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
        fingerprint = hash((asked.dialect.name, asked.site.host, asked.model, weight.fingerprint))
    provider, model = asked.site.provider, asked.model
    return Facts(provider, model, values, trace, fingerprint, bounds.of, bounds.closer, names)


_SENTINELS: Final = frozenset({"NotGiven", "Omit"})
"""What client libraries put in place of arguments that were not given."""


def stated(request: Any) -> Any:  # noqa: ANN401  # whatever a client library sends
    """What a request really states: the rest is not sent."""
    if type(request) is not dict:
        return request
    return {name: value for name, value in request.items() if type(value).__name__ not in _SENTINELS}
