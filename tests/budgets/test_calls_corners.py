"""What a call does about budgets where little leads to it: bugs of ours, other spans, silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from opentelemetry.context import attach, detach, set_value

from otel_tokens import shield
from otel_tokens.budgets.gate import Gate
from otel_tokens.dialects import openai_chat
from otel_tokens.errors import BudgetExceeded
from otel_tokens.instrumentor import OtelTokensInstrumentor
from otel_tokens.providers import Site
from otel_tokens.telemetry.recorder import Recorder
from tests.clients import bodies
from tests.clients.cases import era
from tests.clients.transport import Transport, anthropic_client, json_reply

from .plans import Store
from .test_torture import CHAT


SITE = Site("openai", "api.openai.com", 443)
WIDE = '[[budget]]\nname = "wide"\nlimit_usd = "1"\n[[budget]]\nname = "tokens"\nlimit_tokens = 100000\n'
NARROW = '[[budget]]\nname = "narrow"\nlimit_usd = "0.000000000001"\n'


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The shield as in production; what failed is forgotten afterwards."""
    yield
    monkeypatch.setattr(shield, "strict", True)
    shield.failures.clear()


def opened() -> Any:
    """A call, which passes the gate."""
    running = OtelTokensInstrumentor.running
    assert running is not None
    return running.calls.open(openai_chat.DIALECT, SITE, CHAT, "gpt-5", streamed=False)


def test_a_call_that_cannot_be_read_counts_all_it_held(
    metered: Callable[[], Any], store: Callable[[str], Store], tmp_path: Any, lenient: None
) -> None:
    """A bug of ours opens no cap: what a call held is taken for spent."""
    del lenient
    store("memory").plan(tmp_path, WIDE)
    telemetry = metered()
    shield.strict = False
    call = opened()
    call.hold()
    held = telemetry.total("otel_tokens.budget.held.usd")
    call.dialect = openai_chat.DIALECT.__class__(
        **{**vars_of(openai_chat.DIALECT), "read": lambda _body: 1 / 0}
    )

    call.end({"model": "gpt-5"})
    gauges = OtelTokensInstrumentor.running._budgets  # type: ignore[union-attr]
    gauges._read_again = 0.0

    assert held > 0
    assert telemetry.total("otel_tokens.budget.spent.usd") == pytest.approx(held)
    assert telemetry.total("otel_tokens.budget.spent.tokens") > 125
    assert telemetry.total("otel_tokens.budget.held.usd") == 0


def vars_of(dialect: Any) -> dict[str, Any]:
    """The fields of a dialect."""
    return {name: getattr(dialect, name) for name in type(dialect).__dataclass_fields__}


def test_a_watched_call_that_cannot_be_read_has_ended(metered: Callable[[], Any], lenient: None) -> None:
    """The detectors of runaways do not take it for one that is still out."""
    del lenient
    telemetry = metered()
    shield.strict = False
    for _ in range(2):
        call = opened()
        call.hold()
        call.dialect = openai_chat.DIALECT.__class__(
            **{**vars_of(openai_chat.DIALECT), "read": lambda _body: 1 / 0}
        )
        call.end({"model": "gpt-5"})

    call = opened()
    call.hold()
    call.end(bodies.chat())

    assert telemetry.total("otel_tokens.repeated.requests") == 1
    assert call._watched.repeated is True


@pytest.mark.skipif(era("anthropic") < (2, 0), reason="makes no spans of its own")
@pytest.mark.settings(ANTHROPIC_OPEN_TELEMETRY="true")
def test_a_refused_call_has_a_span_also_where_another_would_stand_for_it(
    metered: Callable[[], Any], store: Callable[[str], Store], tmp_path: Any
) -> None:
    """The client's own span is not made for a call that is not sent, so ours tells of it."""
    store("memory").plan(tmp_path, NARROW)
    telemetry = metered()
    transport = Transport(json_reply(bodies.message()))

    with pytest.raises(BudgetExceeded):
        anthropic_client(transport).messages.create(
            model="claude-haiku-4-5", max_tokens=10, messages=[{"role": "user", "content": "Hello"}]
        )

    assert transport.requests == []
    assert telemetry.attributes["otel_tokens.outcome"] == "blocked"


def test_the_refusal_stands_where_it_cannot_be_recorded(
    metered: Callable[[], Any],
    store: Callable[[str], Store],
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    lenient: None,
) -> None:
    """A bug in telemetry does not let a call through."""
    del lenient
    store("memory").plan(tmp_path, NARROW)
    metered()
    shield.strict = False
    call = opened()
    with monkeypatch.context() as broken:
        broken.setattr(Recorder, "finish", lambda *_args: 1 / 0)
        with pytest.raises(BudgetExceeded):
            call.hold()

    assert shield.failures == {"recording a call that was blocked": 1}
    call._span.span.end()


def test_nothing_is_done_in_silence_where_nobody_watches(metered: Callable[[], Any]) -> None:
    """A context that asks to emit nothing gets nothing, and without budgets nothing is looked at."""
    metered()
    gate = OtelTokensInstrumentor.running.gate  # type: ignore[union-attr]
    assert isinstance(gate, Gate)
    token = attach(set_value("suppress_instrumentation", True))  # noqa: FBT003
    try:
        watched = opened()
        gate._watch = None
        assert watched is not None
        assert opened() is None
    finally:
        detach(token)
    watched.end()
