"""A scene for each test: settings in, signals out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import otel_tokens

from otel_tokens import shield

from .scene import Scene


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Scene]]:
    """Starts a scene: `scene(reader, ..., resource={...}, OTEL_TOKENS_LABELS="team")`."""
    monkeypatch.setattr(shield, "strict", True)
    monkeypatch.setattr(shield, "failures", {})
    started: list[Scene] = []

    def start(*readers: Any, resource: Any = None, views: Any = (), sampler: Any = None, **env: str) -> Scene:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        made = Scene(*readers, resource=resource, views=views, sampler=sampler)
        made.start()
        started.append(made)
        return made

    yield start
    if started:
        otel_tokens.uninstrument()
    for made in started:
        made.traces.shutdown()
        made.metrics.shutdown()
        made.logs.shutdown()
    assert not shield.failures, "a step of ours has failed"
