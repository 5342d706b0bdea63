"""Where the protocols of bedrock are spoken."""

from __future__ import annotations

from typing import Final

from .routes import Route


ROUTES: Final[tuple[Route, ...]] = ()
