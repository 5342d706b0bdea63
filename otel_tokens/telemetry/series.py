"""The sums of calls by their labels, bounded and exact.

Each set of labels has a series, and each series has points: a bucket, an outcome, a server. All points of an
instrument together are bounded, because the SDK merges what passes its own limit. Past ours, the labels of
newcomers become `other`, then their models, then their provider; totals stay exact.
"""

from __future__ import annotations

import threading

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from ..readings import EXACT
from . import names


Labels = tuple[tuple[str, Any], ...]
Key = tuple[str, str, "str | None", "str | None", Labels]
"""Operation, provider, request model, response model, labels."""
PointKey = tuple[tuple[str, int], "str | None", "str | None"]
"""Server, type of error, type of token: a point of a histogram."""

COST, TOKENS, REQUESTS, UNPRICED, BLOCKED, WARNED, REPEATED, HISTOGRAMS = range(8)
"""What has points: the sums of a series, and its histograms."""

_RESERVE: Final = 200
"""Points kept free below the limit for what is called `other`."""


class Series:
    """The sums of the calls that share one set of labels."""

    __slots__ = ("attributes", "base", "key", "sums")

    def __init__(self, key: Key, process: Mapping[str, str]) -> None:
        operation, provider, requested, responded, labels = key
        self.key = key
        self.base: dict[str, Any] = {names.OPERATION: operation, names.PROVIDER: provider}
        if requested is not None:
            self.base[names.REQUEST_MODEL] = requested
        if responded is not None:
            self.base[names.RESPONSE_MODEL] = responded
        self.base.update(labels)
        self.base.update(process)
        self.sums: tuple[dict[Any, Any], ...] = ({}, {}, {}, {}, {}, {}, {})
        """COST: (bucket, source, outcome) to USD; TOKENS: (bucket, source) to count; REQUESTS: (outcome,
        error) to count; UNPRICED: status to count; BLOCKED, WARNED: budget to count; REPEATED: None to
        count."""
        self.attributes: dict[PointKey, dict[str, Any]] = {}
        """Of the points of its histograms; the same object for each record."""

    def new_attributes(self, key: PointKey) -> dict[str, Any]:
        """The attributes of one histogram point."""
        (address, port), error, token = key
        found = {**self.base, names.SERVER_ADDRESS: address}
        if address != names.OTHER:
            found[names.SERVER_PORT] = port
        if error is not None:
            found[names.ERROR_TYPE] = error
        if token is not None:
            found[names.TOKEN_TYPE] = token
        return found


class Sums:
    """All series. Threads may share it."""

    def __init__(self, limit: int) -> None:
        """`limit` is how many points an instrument may have."""
        self._limit = max(1, limit - _RESERVE)
        self.process: Mapping[str, str] = {}
        """The label that tells this process from others with the same resource, where it needs one."""
        self.clear()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been counted yet."""
        return not self._series

    def clear(self) -> None:
        """Start from zero; the lock is new too, as in a forked process somebody may hold the old one."""
        self._lock = threading.Lock()
        self._points = [0] * 8
        self._series: dict[Key, Series] = {}

    def count(
        self,
        key: Key,
        *,
        tokens: Mapping[str, int],
        usage_source: str,
        cost: Mapping[str, Decimal],
        cost_source: str,
        outcome: str,
        ones: Sequence[tuple[int, Any]] = (),
    ) -> Series:
        """Add one call, or one part of it that another model answered; `ones` are points to add 1 to."""
        with self._lock:
            series = self._series.get(key) or self._admit(key)
            for bucket, number in tokens.items():
                self._add(TOKENS, series, (bucket, usage_source), number)
            for bucket, usd in cost.items():
                self._add(COST, series, (bucket, cost_source, outcome), usd)
            for kind, point in ones:
                self._add(kind, series, point, 1)
        return series

    def _add(self, kind: int, series: Series, point: Any, amount: Any) -> None:  # noqa: ANN401
        """Add to one point; a new one that there is no room for goes into the series of last resort."""
        sums = series.sums[kind]
        if point not in sums and self._points[kind] >= self._limit:
            sums = self._last_resort(series.key).sums[kind]
            if kind == REQUESTS:
                outcome, error = point
                point = (outcome, None if error is None else names.ANY_ERROR)
        before = sums.get(point)
        if before is None:
            self._points[kind] += 1
            sums[point] = amount
        else:
            sums[point] = EXACT.add(before, amount) if kind == COST else before + amount

    def _admit(self, key: Key) -> Series:
        """The series of a key that has none yet: its own, or one of `other` when there are too many."""
        found = self._series.get(key)
        if found is not None:
            return found
        operation, provider, requested, responded, labels = key
        if max(self._points) < self._limit:
            return self._new(key)
        others = tuple([(name, names.OTHER) for name, _ in labels])
        if labels != others:
            return self._admit((operation, provider, requested, responded, others))
        if max(self._points) < self._limit + _RESERVE // 2:
            return self._new(key)
        return self._last_resort(key)

    def _new(self, key: Key) -> Series:
        self._series[key] = series = Series(key, self.process)
        return series

    def _last_resort(self, key: Key) -> Series:
        """The series that takes what there is no room for: few can be made, one for each operation."""
        operation, provider, _, _, labels = key
        others = tuple([(name, names.OTHER) for name, _ in labels])
        known = (operation, provider, names.OTHER, names.OTHER, others)
        if known in self._series:
            return self._series[known]
        if max(self._points) >= self._limit + _RESERVE // 2:
            known = (operation, names.OTHER, names.OTHER, names.OTHER, others)
        return self._series.get(known) or self._new(known)

    def attributes(
        self, series: Series, server: tuple[str, int], error: str | None, token: str | None
    ) -> dict[str, Any]:
        """The attributes of one histogram point; servers and errors are `other` when there are too many."""
        key: PointKey = (server, error, token)
        found = series.attributes.get(key)
        if found is not None:
            return found
        with self._lock:
            if self._points[HISTOGRAMS] >= self._limit:
                key = ((names.OTHER, 0), None if error is None else names.ANY_ERROR, token)
            found = series.attributes.get(key)
            if found is None:
                self._points[HISTOGRAMS] += 1
                found = series.attributes[key] = series.new_attributes(key)
        return found

    def points(self, kind: int) -> Iterator[tuple[dict[str, Any], Any, Any]]:
        """The labels of a series, a point of it and its sum, for every point of one kind."""
        with self._lock:
            found = [(series.base, list(series.sums[kind].items())) for series in self._series.values()]
        for base, points in found:
            for point, amount in points:
                yield base, point, amount
