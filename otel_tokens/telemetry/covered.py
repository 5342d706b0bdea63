"""Marks spans of other instrumentations whose calls are counted here, so that nobody counts them again.

A collector that prices foreign spans cannot see that a span of another library and a call of ours are one and
the same: they need not be parent and child. But both are made in one process, where it is known which client
libraries are metered.
"""

from __future__ import annotations

import re

from collections.abc import Collection, Iterable
from typing import Final

from . import names


Mark = tuple[str, bool | tuple[str, ...]]
"""Name and value of an attribute."""

_WORDS: Final = re.compile(r"[a-z0-9]+")
_ABOUT_LLM: Final = frozenset(
    {"ai", "agents", "agno", "autogen", "crewai", "dspy", "genai", "haystack", "instructor", "langchain"}
    | {"langgraph", "litellm", "llamaindex", "llm", "logfire", "openinference", "openlit", "smolagents"}
    | {"strands", "traceloop"}
)
"""Words in the names of instrumentations that see calls of client libraries which are not their own."""
_KEYS: Final = ("gen_ai.", "llm.", "openinference.", "traceloop.")
_SCOPES_LIMIT: Final = 1000


class Marks:
    """What spans of other instrumentations are marked with, kept for each instrumentation."""

    def __init__(self, clients: Collection[str]) -> None:
        """`clients` are the client libraries that are metered."""
        self._clients = clients
        self._some: Mark = (names.CLIENTS, tuple(sorted(clients)))
        self._by_scope: dict[str, Mark | None] = {}

    def of(self, scope: str, keys: Iterable[str]) -> Mark | None:
        """The mark of a span that the instrumentation `scope` starts with attributes `keys`.

        One that is named after a metered client is covered. One that sees several clients is told which of
        them are metered: the provider that its span states in the end decides.
        """
        if not self._clients:
            return None
        if scope not in self._by_scope:
            if len(self._by_scope) >= _SCOPES_LIMIT:
                return None
            self._by_scope[scope] = self._by_name(scope)
        mark = self._by_scope[scope]
        if mark is None and any(key.startswith(_KEYS) for key in keys):
            return self._some
        return mark

    def _by_name(self, scope: str) -> Mark | None:
        words = set(_WORDS.findall(scope.lower()))
        if any(set(_WORDS.findall(client)) <= words for client in self._clients):
            return names.COVERED, True
        return self._some if words & _ABOUT_LLM else None
