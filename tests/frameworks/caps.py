"""Runs in the environment of the frameworks: agents that would spend a hundred times their cap."""

from __future__ import annotations

import math

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from otel_tokens.budgets.budget import pico_usd
from otel_tokens.clients import CLIENTS

from .forms import FORMS, Form
from .scene import cost, is_refusal, loop, rows, staged, stay_here


FIT = 2
"""So many calls fit the cap."""
CAP = Decimal("2.3")
"""The cap in calls: what is put aside for one is up to a fifth more than it costs."""
CALLS = math.ceil(100 * CAP)
"""So many are tried. A run of an agent would make as many by itself, and is begun anew a few times."""
RUNS = 5

_PLAN = """
[[budget]]
name = "cap"
limit_usd = "{}"
match = {{ team = "agents" }}
[runaway]
action = "off"
"""


@pytest.fixture
def stage(metered: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets a stage with a budget file."""
    return staged(metered, tmp_path, monkeypatch)


@pytest.fixture(scope="module", autouse=True)
def _no_network() -> None:
    stay_here()


@pytest.mark.parametrize("form", rows())
def test_a_loop_is_stopped_at_its_cap(stage: Any, form: Form) -> None:
    """As many calls arrive as fit the cap, however often the agent goes on, retries or falls back."""
    usd = cost(form.api)
    with stage(_PLAN.format(CAP * usd)) as on:
        steps = _steps(form)
        seen = loop(form.start(on.task()), steps)

        refused = steps - (0 if form.runs else FIT)
        assert on.arrived == FIT, seen.errors[:1]
        if form.gap:
            return  # it is closed: the test is told so, and the row can say what becomes of a refusal
        assert {type(error).__name__ for error in seen.errors} == ({form.raised} if form.raised else set())
        assert all(
            is_refusal(error) if form.chained else "budget 'cap'" in str(error) for error in seen.errors
        )
        assert len(seen.errors) == (refused if form.raised else 0)
        assert on.blocked == refused * form.refusals
        assert on.balances == [(FIT * pico_usd(usd), 0)]
        assert on.telemetry.total("otel_tokens.cost.usd") == pytest.approx(float(FIT * usd), abs=1e-12)


def test_a_continued_thread_is_held_for_the_whole_window(stage: Any) -> None:
    """A request that goes on after an answer the provider keeps is billed for input that is not in it.

    The tool runner of anthropic makes such requests by itself.
    """
    import anthropic  # noqa: PLC0415  # only there where the frameworks are

    with stage(_PLAN.format("0.5")) as on:
        client = anthropic.Anthropic(base_url=f"{on.server.url}/anthropic", api_key="none")
        thread: Any = {"type": "continue", "previous_message_id": "msg_1"}
        seen = loop(lambda: client.beta.messages.create(**on.task().chat("anthropic"), thread=thread), 1)

        assert on.arrived == 0
        assert len(seen.errors) == 1


def _steps(form: Form) -> int:
    """How many steps to make."""
    if form.runs:
        return RUNS
    if form.waits:
        return FIT + 1
    if form.gap:
        return FIT + 10  # all of them arrive
    return FIT + math.ceil(CALLS / form.refusals)


def test_every_client_is_in_the_table() -> None:
    """A client that is patched has rows of its own, sync, async and streamed."""
    for client in CLIENTS:
        names = [form.name for form in FORMS if form.name.startswith(f"{client}: ")]
        for how in (", async", ", streamed"):
            assert [name for name in names if how in name], (client, how)
