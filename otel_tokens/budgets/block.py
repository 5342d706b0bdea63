"""A budget for a block of code: `with otel_tokens.budget("nightly-job", limit_usd=5):`.

It follows the context, so it covers tasks; and threads that are started inside the block, and work that is
given to a pool there, which a context variable alone would miss.
"""

from __future__ import annotations

import warnings

from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from decimal import Decimal, InvalidOperation
from itertools import count
from typing import Any, Final, NamedTuple, TypeVar, cast

from ..errors import ConfigError
from ..ledgers.ledger import AMOUNT_LIMIT, EVERYTHING, Account
from ..wrapping import wrapped
from . import carry
from .budget import CALENDAR, Budget, in_units, pico_usd
from .lines import BLOCK, Line
from .windows import zone_of


F = TypeVar("F", bound=Callable[..., Any])

_numbers: Final = count(1)
_WINDOWS: Final = (*CALENDAR, "total", "trace")


class Opened(NamedTuple):
    """A budget that a block of code is under."""

    budget: Budget
    line: Line | None
    """Its own count; None where it has a window, so that the ledger counts."""


opened: Final[ContextVar[tuple[Opened, ...]]] = ContextVar("otel_tokens_budgets", default=())
"""The budgets of the blocks that this code is in, outermost first."""


class Enforced:
    """Whether anybody looks at the budgets of blocks."""

    now: bool = False


class Spending:
    """What a block has spent so far."""

    def __init__(self, line: Line) -> None:
        self._line = line

    @property
    def spent(self) -> Decimal:
        """USD or tokens of the calls that have ended."""
        return in_units(self._line.spent, self._line.account.unit)

    @property
    def held(self) -> Decimal:
        """What is put aside for the calls that are under way."""
        return in_units(self._line.held, self._line.account.unit)

    @property
    def limit(self) -> Decimal:
        """USD or tokens."""
        return in_units(self._line.cap, self._line.account.unit)

    @property
    def left(self) -> Decimal:
        """What can still be spent."""
        return max(Decimal(0), self.limit - self.spent - self.held)


class budget:  # noqa: N801  # reads as a noun: `with budget("job", limit_usd=5):`
    """Cap what the calls in a block may cost together: `with otel_tokens.budget("job", limit_usd=5):`.

    As a decorator, each call of the function, which may be async or a generator, has a count of its own. So
    has each time that a block is entered, unless `window` is given: then the calls count under this name in
    the ledger of the budget file, with those of all other blocks and processes.

    `limit_usd` is a number of dollars, a `Decimal` or a text to be exact; `limit_tokens` counts all tokens,
    in and out. `action="warn"` only tells. `on_unknown` says what happens to calls whose price is not known,
    and `assume_output_tokens` what to hold for calls that state no maximum, instead of all that the model can
    answer. Entering gives a `Spending` with `spent`, `held`, `limit`, `left`; None with a window.

    Raises:
        TypeError: there is no limit, or two.
        ValueError: an argument is none of the accepted values.
    """

    def __init__(
        self,
        name: str,
        *,
        limit_usd: Decimal | float | str | None = None,
        limit_tokens: int | None = None,
        window: str | None = None,
        timezone: str = "UTC",
        action: str = "block",
        on_unknown: str = "block",
        on_failure: str = "allow",
        assume_output_tokens: int | None = None,
    ) -> None:
        if (limit_usd is None) == (limit_tokens is None):
            raise TypeError(f"budget {name!r}: expected limit_usd or limit_tokens, and not both")
        _one_of(name, "action", action, ("block", "warn"))
        _one_of(name, "on_unknown", on_unknown, ("block", "allow"))
        _one_of(name, "on_failure", on_failure, ("allow", "block"))
        if window is not None:
            _one_of(name, "window", window, _WINDOWS)
            _zone(name, timezone)
        self._budget = Budget(
            name=name,
            limit=_tokens(name, limit_tokens) if limit_usd is None else _pico(name, limit_usd),
            unit="tokens" if limit_usd is None else "usd",
            window=window or BLOCK,
            timezone=timezone,
            action=action,
            on_unknown=on_unknown,
            on_failure=on_failure,
            assume_output_tokens=assume_output_tokens,
        )

    def __enter__(self) -> Spending | None:
        entered = self._open()
        opened.set((*opened.get(), entered))
        return None if entered.line is None else Spending(entered.line)

    def __exit__(self, *_exc: object) -> None:
        _leave(self._budget)

    def __call__(self, function: F) -> F:
        """Give every call of `function` a count of its own."""
        return cast("F", wrapped(function, lambda: _Run(self._open())))

    def _open(self) -> Opened:
        carry.into_threads(opened)
        if not Enforced.now:
            warnings.warn(
                f"budget {self._budget.name!r} caps nothing: otel_tokens does not run; start the program "
                "with opentelemetry-instrument, or call otel_tokens.instrument() before",
                RuntimeWarning,
                stacklevel=3,
            )
        budget = self._budget
        if budget.window != BLOCK:
            return Opened(budget, None)
        line = Line(Account(budget.name, BLOCK, str(next(_numbers)), unit=budget.unit), budget)
        line.share = budget.limit if budget.action == "block" else EVERYTHING
        return Opened(budget, line)


class _Run(AbstractContextManager[None]):
    """One call of a decorated function: entered at each of its steps, with one count."""

    def __init__(self, entered: Opened) -> None:
        self._entered = entered

    def __enter__(self) -> None:
        opened.set((*opened.get(), self._entered))

    def __exit__(self, *_exc: object) -> None:
        _leave(self._entered.budget)


def _leave(left: Budget) -> None:
    """Take the innermost budget that is `left` off; blocks may be left in another context than entered."""
    there = opened.get()
    for at in range(len(there) - 1, -1, -1):
        if there[at].budget is left:
            opened.set((*there[:at], *there[at + 1 :]))
            return


def _one_of(name: str, what: str, value: object, accepted: tuple[str, ...]) -> None:
    if value not in accepted:
        raise ValueError(f"budget {name!r}: {what}={value!r}: accepted: {', '.join(accepted)}")


def _pico(name: str, usd: Decimal | float | str) -> int:
    try:
        amount = Decimal(str(usd)) if isinstance(usd, (int, float, str)) else Decimal(usd)
    except (InvalidOperation, TypeError, ValueError):
        amount = Decimal("NaN")
    if isinstance(usd, bool) or not amount.is_finite() or not 0 < amount < Decimal(AMOUNT_LIMIT).scaleb(-12):
        raise ValueError(
            f"budget {name!r}: limit_usd={usd!r}: accepted: a number of USD above 0, below 9000000"
        )
    return pico_usd(amount)


def _tokens(name: str, tokens: int | None) -> int:
    if type(tokens) is not int or not 0 < tokens < AMOUNT_LIMIT:
        raise ValueError(f"budget {name!r}: limit_tokens={tokens!r}: accepted: a whole number above 0")
    return tokens


def _zone(name: str, timezone: str) -> None:
    try:
        zone_of(timezone)
    except ConfigError as error:
        raise ValueError(
            f"budget {name!r}: timezone={timezone!r}: accepted: a name such as UTC or Europe/Berlin"
        ) from error
