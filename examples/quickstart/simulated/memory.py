"""What a simulated provider remembers between requests. Safe for threads."""

from __future__ import annotations

import itertools
import threading

from collections.abc import Iterable

from .exchange import Json


Parts = tuple[str, ...]


class Memory:
    """Cached prompts, responses that can be fetched later, and what was seen before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._prefixes: set[tuple[str, Parts]] = set()
        self._seen: set[str] = set()
        self._responses: dict[str, tuple[Json, Parts]] = {}

    def new_id(self, kind: str) -> str:
        """An id such as `chatcmpl-000001`, where `kind` is `chatcmpl-`."""
        return f"{kind}{next(self._numbers):06}"

    def is_first_sight(self, key: str) -> bool:
        """Whether `key` is new. A second sight forgets it, so that a third is new again."""
        with self._lock:
            first = key not in self._seen
            self._seen ^= {key}
            return first

    def cached_parts(self, model: str, parts: Parts, ends: Iterable[int]) -> int:
        """How many leading `parts` are in the cache of `model`.

        From now on, those up to each of `ends` are.
        """
        with self._lock:
            known = [n for n in range(len(parts) + 1) if (model, parts[:n]) in self._prefixes]
            self._prefixes.update((model, parts[:end]) for end in ends)
            return max(known, default=0)

    def keep_response(self, response: Json, conversation: Parts) -> None:
        """Make `response` available under its id, with all that was said until then."""
        with self._lock:
            self._responses[response["id"]] = (response, conversation)

    def kept_response(self, response_id: str) -> tuple[Json, Parts] | None:
        """The response of that id and its conversation."""
        with self._lock:
            return self._responses.get(response_id)
