"""All dialects, and how to find the one that a request speaks: by its method, host and path.

Rows of vendors who share a path with others are tied to their hosts; the others hold wherever the path is
seen, as behind a gateway. A path that nobody knows is no dialect: `shapes` tells what an answer looks
like.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from . import (
    anthropic_routes,
    bedrock_routes,
    google_routes,
    native_routes,
    openai_routes,
    realtime_routes,
)
from .dialect import Dialect
from .routes import Found, Routes


ROUTES: Final = Routes(
    [
        *google_routes.ROUTES,
        *bedrock_routes.ROUTES,
        *native_routes.ROUTES,
        *realtime_routes.ROUTES,
        *anthropic_routes.ROUTES,
        *openai_routes.ROUTES,
    ]
)

DIALECTS: Final[tuple[Dialect, ...]] = tuple(dict.fromkeys([row.dialect for row in ROUTES.rows]))
"""Every dialect once."""


def find(method: str, url: str) -> Found | None:
    """What a request to `url`, whole or only its path, speaks; None where that is not known.

    The method of a websocket is `ws`.
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that hold no address
        return None
    if not parts.scheme:  # a path may begin with two slashes
        return ROUTES.find(method, url)
    return ROUTES.find(method, parts.path, parts.hostname or "")
