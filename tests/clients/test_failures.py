"""Our own failure, at every step of ours, never changes what the application gets, and is counted."""

from __future__ import annotations

import logging
import os

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from otel_tokens import shield
from otel_tokens.calls import Call, Calls
from otel_tokens.clients import _stainless
from otel_tokens.clients.sites import Sites
from otel_tokens.dialects.anthropic_messages import MessageEvents
from otel_tokens.dialects.dialect import Dialect
from otel_tokens.dialects.openai_chat import Chunks
from otel_tokens.dialects.routes import Routes
from otel_tokens.pricing.book import PriceBook
from otel_tokens.telemetry.recorder import OpenSpan, Recorder

from .cases import CASES, CHAT, MESSAGES, Api, parameters
from .faces import Face


class OurError(Exception):
    """Ours."""


def _raise(*_args: Any, **_kwargs: Any) -> Any:
    raise OurError


STEPS: dict[str, tuple[Any, str]] = {
    "finding the dialect": (Routes, "find"),
    "finding the site": (Sites, "of"),
    "opening": (Calls, "open"),
    "starting the span": (Recorder, "start"),
    "suppression": (Recorder, "suppressed"),
    "entering the span": (OpenSpan, "enter"),
    "leaving the span": (OpenSpan, "leave"),
    "entering": (Call, "enter"),
    "leaving": (Call, "leave"),
    "preparing": (_stainless, "asks_for_usage"),
    "attempting": (Call, "attempt"),
    "taking the result": (_stainless, "_take"),
    "tapping events": (_stainless, "tap_events"),
    "tapping bytes": (_stainless, "tap_bytes"),
    "folding a chat": (Chunks, "see"),
    "folding a message": (MessageEvents, "see"),
    "the folded chat": (Chunks, "body"),
    "the folded message": (MessageEvents, "body"),
    "pricing": (PriceBook, "price"),
    "finishing": (Recorder, "finish"),
    "watching for leftovers": (_stainless, "splitter"),
}

SAMPLED = {"whole", "stream", "cut"} if "OTEL_TOKENS_ERA" in os.environ else None
"""The steps of ours are the same in all eras: in older ones some cases will do."""

ROUTINE = [
    case
    for case in CASES
    if case.name
    in (
        SAMPLED
        or {
            "whole",
            "stream",
            "left",
            "dropped",
            "status-429",
            "cut",
            "cancelled-during",
            "raw",
            "raw-stream",
            "streaming-response-iter_lines",
            "streaming-response-stream-iter_lines",
            "streaming-response-stream-left-iter_lines",
            "post-dict",
        }
    )
]


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A bug of ours is logged, as it is outside of tests."""
    monkeypatch.setattr(shield, "strict", False)
    yield
    shield.failures.clear()


@pytest.fixture
def unlogged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a log: its handlers in pytest keep the exception, its frames, and with them the stream."""
    monkeypatch.setattr(shield.log, "disabled", True)


@pytest.mark.parametrize(("api", "face", "case"), parameters([CHAT, MESSAGES], ROUTINE))
@pytest.mark.parametrize("step", STEPS)
def test_failure(
    metered: Callable[[], Any],
    lenient: None,  # noqa: ARG001
    unlogged: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    api: Api,
    face: Face,
    case: Any,
) -> None:
    """The application gets what it would get without us, and no span is left open."""
    without = face.run(case.on(api, face))
    telemetry = metered()
    with monkeypatch.context() as patch:
        patch.setattr(*STEPS[step], _raise)
        assert face.run(case.on(api, face)) == without
        telemetry.settle()


@pytest.mark.parametrize("name", ["read", "asked", "prompt", "answer"])
@pytest.mark.parametrize(
    ("api", "face", "case"),
    parameters([CHAT, MESSAGES], [case for case in ROUTINE if case.name in ("whole", "left", "raw", "cut")]),
)
def test_failure_of_a_dialect(
    metered: Callable[[], Any],
    lenient: None,  # noqa: ARG001
    unlogged: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    api: Api,
    face: Face,
    case: Any,
) -> None:
    """What a dialect cannot read is not recorded, and the application gets it."""
    without = face.run(case.on(api, face))
    telemetry = metered()
    with monkeypatch.context() as patch:
        patch.setattr(Dialect, name, property(lambda _self: _raise), raising=True)
        assert face.run(case.on(api, face)) == without
        telemetry.settle()
    assert len(telemetry.spans) == 1


@pytest.mark.parametrize("step", ["finding the dialect", "starting the span", "pricing", "finishing"])
def test_failures_are_counted_and_logged_once(
    telemetry: Any,
    lenient: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    step: str,
) -> None:
    """A failure is a metric by its step, and one line in the log however often it comes."""
    from .cases import Scene, whole  # noqa: PLC0415
    from .faces import SYNC  # noqa: PLC0415

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING, "otel_tokens"):
        patch.setattr(*STEPS[step], _raise)
        for _ in range(3):
            SYNC.run(Scene(CHAT, SYNC, *whole(CHAT)).create())

    assert sum(shield.failures.values()) == 3
    assert telemetry.total("otel_tokens.internal.failures") == 3
    assert len([record for record in caplog.records if record.name == "otel_tokens"]) == 1
