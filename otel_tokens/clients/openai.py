"""The `openai` package, and everything that speaks its protocols through it.

Streams of chats and completions state usage only when asked to, so known hosts are asked, and the chunk that
comes of it is hidden from the application; not where it sees the raw response, has said itself what it wants,
or uses an API of Azure that does not know the option.
"""

from __future__ import annotations

from typing import Any, Final

from ..calls import Call
from ..dialects.fields import get
from ..dialects.openai_routes import ROUTES
from ..dialects.routes import Routes
from ._stainless import Package, asks_for_usage


SUPPORTS = "openai >= 1.40"

_KNOW_THE_OPTION: Final = frozenset({"openai", "azure.ai.openai"})
_AZURE_SINCE: Final = "2024-09-01"
"""The first version of Azure's API that takes `stream_options`."""


def _prepare(client: Any, call: Call, options: Any) -> Any:
    """The options to send: with a question for usage, where that is safe."""
    if not call.asks_usage(_KNOW_THE_OPTION):
        return options
    version = getattr(client, "_api_version", None)
    if isinstance(version, str) and version[:4].isdigit() and version < _AZURE_SINCE:
        return options
    if get(options.extra_json, "data_sources") is not None:
        return options
    return asks_for_usage(call, options)


PACKAGE: Final = Package("openai", Routes(ROUTES), prepare=_prepare)
