"""Remembers which answers have been counted, so that one that is fetched again counts once."""

from __future__ import annotations

import threading

from collections import OrderedDict


class Counted:
    """The newest `limit` ids of answers."""

    def __init__(self, limit: int) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._limit = limit
        self._lock = threading.Lock()

    def add(self, key: str) -> bool:
        """Remember `key`; say whether it is new."""
        with self._lock:
            new = key not in self._ids
            self._ids[key] = None
            if len(self._ids) > self._limit:
                self._ids.popitem(last=False)
            return new

    def renew(self) -> None:
        """In a forked process: the lock may have been held by a thread that is not there."""
        self._lock = threading.Lock()
