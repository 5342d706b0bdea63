"""Where the protocols of realtime are spoken: by websockets, whose method is `ws`."""

from __future__ import annotations

from typing import Final

from . import openai_realtime
from .routes import Route


ROUTES: Final[tuple[Route, ...]] = (
    Route("ws", "realtime(?:/translations)?", openai_realtime.DIALECT),
    Route("ws", "responses", openai_realtime.DIALECT),
    Route("ws", "v1/live(?:/sessions(?:/[^/]+/(?:attach|fork))?)?", openai_realtime.LIVE),
)
