"""Runs in the environment of the frameworks: what the detectors of runaways let pass, and what they stop."""

# ruff: noqa: PLC0415  # only the rows that need a library import it

from __future__ import annotations

import asyncio

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opentelemetry.trace import use_span

from .forms import FORMS, MODELS, Form, look_up
from .forms import litellm as lite
from .scene import cost, is_refusal, loop, refusal, staged, stay_here


PLAN = "[runaway]\n"
"""All its defaults, which block."""
REPEATS = 100
COST_PER_TRACE_USD = 100
STUCK = (
    "openai: chat",
    "openai: chat, streamed, async",
    "openai: responses, async",
    "anthropic: messages, async",
    "anthropic: messages, stream helper",
    "langchain: ChatOpenAI, invoke",
    "langchain: ChatAnthropic, astream",
    "langchain: ChatOpenAI, with_retry",
    "langchain: ChatOpenAI, with_fallbacks",
    "langchain: agent",
    "litellm: completion",
    "litellm: acompletion",
    "litellm: Router, async",
)
"""One form of each kind that there is of a client."""


@pytest.fixture
def stage(metered: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets a stage with a budget file."""
    return staged(metered, tmp_path, monkeypatch)


@pytest.fixture(scope="module", autouse=True)
def _no_network() -> None:
    stay_here()


@pytest.mark.parametrize("form", [form for form in FORMS if form.name in STUCK], ids=str)
def test_a_stuck_agent_is_stopped_by_default(stage: Any, form: Form) -> None:
    """After 100 identical requests to a model no other one arrives, whatever a framework makes of that."""
    with stage(PLAN) as on:
        on.server.steps = 0  # a run of an agent ends at once, and is begun again
        with on.telemetry.tracer.start_as_current_span("job"):
            seen = loop(form.start(on.task(stuck=True)), REPEATS * form.models + 20)

        assert on.arrived == REPEATS * form.models, seen.errors[:1]
        assert len(seen.errors) == 20
        assert all(map(is_refusal, seen.errors))
        told: Any = refusal(seen.errors[0])
        assert (told.reason, told.budget) == ("runaway", "runaway.repeats")


def test_all_stuck_forms_are_in_the_table() -> None:
    """No row was renamed without being renamed here."""
    assert set(STUCK) <= {form.name for form in FORMS}


def test_an_agent_that_never_ends_is_stopped_by_default(stage: Any) -> None:
    """An agent whose history grows repeats nothing; it ends with the call that takes its trace past $100."""
    model, read = "gpt-4.5-preview", 100_000
    form = next(form for form in FORMS if form.name == "langchain: agent")
    with stage(PLAN) as on:
        on.server.input_tokens = read
        with on.telemetry.tracer.start_as_current_span("job"):
            seen = loop(form.start(on.task(model=model)), 3)

        usd = cost("openai", model, read)
        assert on.arrived == COST_PER_TRACE_USD // usd + 1
        assert [getattr(refusal(error), "budget", None) for error in seen.errors] == [
            "runaway.cost_per_trace"
        ] * 3


# What ordinary programs do.


def _openai(url: str) -> Callable[[str], Any]:
    import openai

    client = openai.OpenAI(base_url=f"{url}/openai/v1", api_key="none")
    return lambda text: client.chat.completions.create(model=MODELS["openai"], messages=_said(text))


def _anthropic(url: str) -> Callable[[str], Any]:
    import anthropic

    client = anthropic.Anthropic(base_url=f"{url}/anthropic", api_key="none")
    return lambda text: client.messages.create(model=MODELS["anthropic"], max_tokens=50, messages=_said(text))


def _langchain(url: str) -> Callable[[str], Any]:
    return _chat(url).invoke


def _litellm(url: str) -> Callable[[str], Any]:
    library = lite()
    return lambda text: library.completion(
        model=f"openai/{MODELS['openai']}", api_base=f"{url}/openai/v1", api_key="none", messages=_said(text)
    )


def _said(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


def _chat(url: str, **settings: Any) -> Any:
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(base_url=f"{url}/openai/v1", api_key="none", model=MODELS["openai"], **settings)


ASKING = (_openai, _anthropic, _langchain, _litellm)


def _passed(on: Any, calls: int) -> None:
    assert on.arrived == calls
    assert on.blocked == 0


@pytest.mark.parametrize("start", ASKING, ids=lambda start: start.__name__.strip("_"))
def test_ordinary_programs_are_let_pass(stage: Any, start: Callable[[str], Callable[[str], Any]]) -> None:
    """Questions, 30 users who ask the same, 99 samples, and 60 pings: in one trace, without pauses."""
    with stage(PLAN) as on, on.telemetry.tracer.start_as_current_span("job"):
        ask = start(on.server.url)
        for number in range(200):
            ask(f"What is {number} times {number}?")
        for _ in range(30):
            ask("What are your opening hours?")
        for _ in range(99):
            ask("Tell a joke.")
        for _ in range(60):
            ask("ping")

        _passed(on, 389)


def test_ordinary_batches_are_let_pass(stage: Any) -> None:
    """200 questions at once, 150 identical ones at once, and 20 choices of one."""
    with stage(PLAN) as on, on.telemetry.tracer.start_as_current_span("job"):
        model = _chat(on.server.url)
        model.batch([f"What is {number} times {number}?" for number in range(200)])
        model.batch(["Tell a joke."] * 150, {"max_concurrency": 150})
        _chat(on.server.url, n=20).invoke("Tell a joke.")

        _passed(on, 351)


def test_ordinary_agents_are_let_pass(stage: Any) -> None:
    """30 users ask an agent the same, which takes ten steps for each of them."""
    from langchain.agents import create_agent

    with stage(PLAN) as on:
        on.server.steps = 9
        agent = create_agent(_chat(on.server.url), tools=[look_up])
        for _ in range(30):
            with use_span(on.telemetry.tracer.start_span("request"), end_on_exit=True):
                agent.invoke({"messages": _said("What are tides?")}, {"recursion_limit": 100})

        _passed(on, 300)


def test_pings_with_pauses_are_let_pass_for_ever(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A health check every ten seconds, without a trace around it, may ask the same 300 times."""
    from otel_tokens.instrumentor import OtelTokensInstrumentor

    with stage(PLAN) as on:
        running: Any = OtelTokensInstrumentor.running
        clock, ahead_s = running.gate._tick, [0.0]
        monkeypatch.setattr(running.gate, "_tick", lambda: clock() + ahead_s[0])
        ask = _openai(on.server.url)
        for _ in range(300):
            ask("ping")
            ahead_s[0] += 10

        _passed(on, 300)


def test_many_async_users_are_let_pass(stage: Any) -> None:
    """120 tasks of one trace that ask LiteLLM the same at the same time are no loop."""
    with stage(PLAN) as on, on.telemetry.tracer.start_as_current_span("job"):
        library = lite()

        async def users() -> None:
            await asyncio.gather(
                *[
                    library.acompletion(
                        model=f"openai/{MODELS['openai']}",
                        api_base=f"{on.server.url}/openai/v1",
                        api_key="none",
                        messages=_said("What are your opening hours?"),
                    )
                    for _ in range(120)
                ]
            )

        asyncio.run(users())

        _passed(on, 120)
