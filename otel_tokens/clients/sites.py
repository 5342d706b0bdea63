"""Where the requests of a client go, and who stands there."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from ..providers import Endpoint, Site, site


_CACHE_LIMIT: Final = 1024

_CLASSES: Final = (
    ("Azure", "azure.ai.openai"),
    ("Foundry", "azure.ai.inference"),
    ("Bedrock", "aws.bedrock"),
    ("Vertex", "gcp.vertex_ai"),
)
"""What the name of a subclass of a client says of the provider."""


class Sites:
    """Finds out who stands behind the base URL of a client; once for each URL."""

    def __init__(self, endpoints: tuple[Endpoint, ...] = ()) -> None:
        self._endpoints = endpoints
        self._cache: dict[tuple[int, type], tuple[Any, Site]] = {}

    def of(self, client: Any, url: str) -> Site:
        """The site that a request of `client` to `url` goes to."""
        if "://" in url:
            return self._site(url, type(client))
        base = client._base_url  # the property makes a copy in some versions
        key = (id(base), type(client))
        found = self._cache.get(key)
        if found is not None and found[0] is base:
            return found[1]
        if len(self._cache) >= _CACHE_LIMIT:
            self._cache.clear()
        found = self._cache[key] = (base, self._site(str(base), type(client)))
        return found[1]

    def _site(self, url: str, client: type) -> Site:
        parts = urlsplit(url)
        port = parts.port or (80 if parts.scheme == "http" else 443)
        where = (parts.scheme, parts.hostname or "", port, parts.path)
        return site(where, self._endpoints, default=_by_class(client))


def _by_class(client: type) -> str | None:
    for base in client.__mro__:
        for word, provider in _CLASSES:
            if word in base.__name__:
                return provider
    return None
