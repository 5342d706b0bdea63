"""Which dialect a request speaks, by its method and path.

The same API has many spellings: with and without a version, behind a gateway's prefix, with a query or a
fragment. So the end of the path decides.
"""

from __future__ import annotations

import re

from collections.abc import Iterable
from typing import Final

from ..dialects import Dialect


Found = tuple[Dialect, "str | None"]

_CACHE_LIMIT: Final = 1024


class Routes:
    """Patterns of paths, tried in order; a group called `id` names what counts once."""

    def __init__(self, rows: Iterable[tuple[str, str, Dialect]]) -> None:
        self._rows = [(method, re.compile(f"(?:^|/){path}$"), dialect) for method, path, dialect in rows]
        self._cache: dict[tuple[str, str], Found | None] = {}

    def find(self, method: str, url: str) -> Found | None:
        """The dialect of a request, and the id in its path; None when it is none of ours."""
        key = (method, url)
        try:
            return self._cache[key]
        except KeyError:
            pass
        if len(self._cache) >= _CACHE_LIMIT:
            self._cache.clear()
        found = self._cache[key] = self._find(method.lower(), url)
        return found

    def _find(self, method: str, url: str) -> Found | None:
        path = url.partition("?")[0].partition("#")[0].rstrip("/")
        for wanted, pattern, dialect in self._rows:
            if method == wanted and (match := pattern.search(path)) is not None:
                return dialect, match.groupdict().get("id")
        return None
