"""Which dialect a request speaks, by its method and path, and by its host where paths are shared.

The same API has many spellings: with and without a version, behind a gateway's prefix, with a query or a
fragment. So the end of the path decides.
"""

from __future__ import annotations

import re

from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import unquote

from .dialect import Dialect


_CACHE_LIMIT: Final = 1024
_LONGEST: Final = 4096
"""Characters of a path: none that names a model is as long, and what the rows take grows with its square."""
_SLASHES: Final = re.compile("/{2,}")


class Route(NamedTuple):
    """One row of a table: a method, the end of a path, and the dialect that is spoken there."""

    method: str
    """`get`, `post`."""
    path: str
    """A pattern for the end of the path, without a slash before it. Its group `id` names what counts once,
    its group `model` the model that is asked."""
    dialect: Dialect
    host: str = ""
    """A pattern that the host has somewhere; any where it is empty."""


class Found(NamedTuple):
    """What a request speaks, and what its path says."""

    dialect: Dialect
    id: str | None = None
    """What counts once, however often it is fetched: a response, a batch, a run."""
    model: str | None = None


class Routes:
    """Rows, tried in order."""

    def __init__(self, rows: Iterable[Route]) -> None:
        self.rows = tuple(rows)
        self._rows = [
            (row.method, re.compile(f"(?:^|/){row.path}$"), re.compile(row.host), row.dialect)
            for row in self.rows
        ]
        self._cache: dict[tuple[str, str, str], Found | None] = {}

    def find(self, method: str, url: str, host: str = "") -> Found | None:
        """What a request for the path `url` speaks; None when it is none of these."""
        key = (method, url, host)
        try:
            return self._cache[key]
        except KeyError:
            pass
        if len(self._cache) >= _CACHE_LIMIT:
            self._cache.clear()
        found = self._cache[key] = self._find(method.lower(), url, host.lower())
        return found

    def _find(self, method: str, url: str, host: str) -> Found | None:
        path = _SLASHES.sub("/", url.partition("?")[0].partition("#")[0]).rstrip("/")
        if len(path) > _LONGEST:
            return None
        for wanted, pattern, hosts, dialect in self._rows:
            if method == wanted and (match := pattern.search(path)) is not None and hosts.search(host):
                groups = match.groupdict()
                model = groups.get("model")
                return Found(dialect, groups.get("id"), unquote(model) if model else None)
        return None
