"""Remembers answers: which have been counted, so that each counts once, and how long they were."""

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


class Lengths:
    """How many tokens the newest `limit` answers had, in and out: what goes on from one takes those too."""

    def __init__(self, limit: int) -> None:
        self._tokens: OrderedDict[str, int] = OrderedDict()
        self._limit = limit
        self._lock = threading.Lock()

    def note(self, answer: str, tokens: int) -> None:
        """Remember an answer."""
        with self._lock:
            self._tokens[answer] = tokens
            if len(self._tokens) > self._limit:
                self._tokens.popitem(last=False)

    def of(self, answer: str) -> int | None:
        """Of an answer that is remembered."""
        return self._tokens.get(answer)

    def renew(self) -> None:
        """In a forked process: the lock may have been held by a thread that is not there."""
        self._lock = threading.Lock()
