"""Gauges of budgets: spent, held and allowed as the ledger knows it, whichever process reports it."""

from __future__ import annotations

import time

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from .. import shield
from . import names


class Row(NamedTuple):
    """One account of a budget."""

    budget: str
    window: str
    scope: str
    unit: str
    """`usd` or `tokens`."""
    spent: Decimal
    held: Decimal
    limit: Decimal
    start_s: int
    """First second of its window, Unix time; 0 where it has none."""
    end_s: int
    """First second after it; 0 where it has none."""


class Gauges:
    """The gauges on one meter, which report nothing while there is no source."""

    def __init__(self, meter: Meter, tick: Callable[[], float] = time.monotonic) -> None:
        self.source: Callable[[], Sequence[Row]] | None = None
        """Reads the accounts; may take its time, may raise."""
        self.failures: Callable[[], int | None] | None = None
        """How many steps of the ledger have failed in this process; None where nobody needs one."""
        self._tick = tick
        self._read_again = float("-inf")
        self._rows: Sequence[Row] = ()
        for what, text in _MONEY.items():
            for unit in ("usd", "tokens"):
                meter.create_observable_gauge(
                    names.METRIC_BUDGETS[what, unit],
                    [self._observe(what, unit)],
                    unit="{USD}" if unit == "usd" else "{token}",
                    description=text,
                )
        for name, field, text in (
            (names.METRIC_WINDOW_START, "start_s", "When the window of a budget began, Unix time."),
            (names.METRIC_WINDOW_END, "end_s", "When the window of a budget ends, Unix time."),
        ):
            meter.create_observable_gauge(name, [self._observe(field, None)], unit="s", description=text)
        meter.create_observable_counter(
            names.METRIC_LEDGER_FAILURES,
            [self._observe_failures],
            unit="{failure}",
            description="Steps of the ledger that failed; each budget's `on_failure` decided about calls.",
        )

    def _observe(self, field: str, unit: str | None) -> Callable[[CallbackOptions], Iterator[Observation]]:
        def observe(_options: CallbackOptions) -> Iterator[Observation]:
            for row in self._current():
                value = getattr(row, field)
                if unit is None and not value:
                    continue  # it never ends
                if unit is None or row.unit == unit:
                    number = float(value) if isinstance(value, Decimal) else value
                    yield Observation(number, _labels(row))

        return observe

    def _current(self) -> Sequence[Row]:
        """The accounts, read once for all the gauges of one collection."""
        if self.source is None:
            return ()
        now = self._tick()
        if now >= self._read_again:
            try:
                self._rows = self.source()
            except Exception:  # noqa: BLE001  # the collection of all other instruments goes on
                self._rows = ()
                shield.failed("reading the ledger for gauges")
            took_s = self._tick() - now
            self._read_again = now + max(_FRESH_S, took_s * _RARELY)
        return self._rows

    def _observe_failures(self, _options: CallbackOptions) -> Sequence[Observation]:
        number = None if self.failures is None else self.failures()
        return [] if number is None else [Observation(number)]


_MONEY: Final = {
    "spent": "What has been spent in the window of a budget.",
    "held": "What is put aside for calls that are under way.",
    "limit": "What may be spent in the window.",
}
_FRESH_S: Final = 0.5
_RARELY: Final = 200
"""Reading many accounts takes the ledger long: at most one part in so many of the time is spent on it."""


def _labels(row: Row) -> dict[str, Any]:
    return {names.BUDGET: row.budget, names.WINDOW: row.window, names.SCOPE_LABEL: row.scope}
