"""What the tests of the frameworks share: a cap in front of a stand-in, and agents' loops."""

from __future__ import annotations

import asyncio
import inspect
import sys

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import otel_tokens

from otel_tokens.errors import BudgetExceeded
from otel_tokens.instrumentor import OtelTokensInstrumentor
from otel_tokens.pricing import Terms, load_book
from otel_tokens.readings import INPUT, OUTPUT, Usage

from .forms import FORMS, MAX_TOKENS, MODELS, Form, Step, Task
from .standin import INPUT_TOKENS, Standin, standin


LABELS = {"team": "agents"}


def stay_here() -> None:
    """From now on, in this process, connections to other machines fail."""

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if (
            event == "socket.connect"
            and isinstance(args[1], tuple)
            and args[1][0] not in ("127.0.0.1", "::1")
        ):
            raise ConnectionRefusedError(f"these tests connect to this machine alone, not to {args[1][0]}")

    sys.addaudithook(watch)


def rows(forms: tuple[Form, ...] = FORMS) -> list[Any]:
    """The table as parameters: gaps are expected to fail, and are no gaps any more when they do not."""
    return [
        pytest.param(
            form,
            id=form.name,
            marks=[pytest.mark.xfail(strict=True, raises=AssertionError, reason=form.gap)]
            if form.gap
            else [],
        )
        for form in forms
    ]


def cost(api: str, model: str | None = None, input_tokens: int = INPUT_TOKENS) -> Decimal:
    """What one call costs, by the price book."""
    usage = Usage({INPUT: input_tokens, OUTPUT: MAX_TOKENS})
    usd = load_book().price(usage, Terms(provider=api, model=model or MODELS[api], at_s=0)).usd
    assert usd is not None
    return usd


@dataclass
class Loop:
    """What an agent has seen that swallows every exception and goes on."""

    steps: int = 0
    errors: list[Exception] = field(default_factory=list)


def loop(step: Step, steps: int) -> Loop:
    """Make so many steps, whatever they raise, with the labels of a team."""
    seen = Loop()
    with otel_tokens.attribute(LABELS):
        if inspect.iscoroutinefunction(step):
            asyncio.run(_loop_async(step, steps, seen))
            return seen
        for _ in range(steps):
            seen.steps += 1
            try:
                step()
            except Exception as error:  # noqa: BLE001  # as agents do
                seen.errors.append(error)
    return seen


async def _loop_async(step: Callable[[], Any], steps: int, seen: Loop) -> None:
    for _ in range(steps):
        seen.steps += 1
        try:
            await step()
        except Exception as error:  # noqa: BLE001  # as agents do
            seen.errors.append(error)


def refusal(error: BaseException | None) -> BudgetExceeded | None:
    """The refusal that an exception is, or comes from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, BudgetExceeded):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def is_refusal(error: BaseException) -> bool:
    """Whether it says that a call was refused, by its chain of causes."""
    return refusal(error) is not None


class Stage:
    """A stand-in, and metering with a budget file in front of it."""

    def __init__(self, server: Standin, telemetry: Any) -> None:
        self.server, self.telemetry = server, telemetry

    def task(self, **settings: Any) -> Task:
        """A task for an agent that talks to the stand-in."""
        return Task(self.server.url, **settings)

    @property
    def arrived(self) -> int:
        """How many calls have reached the stand-in."""
        return len(self.server.requests)

    @property
    def blocked(self) -> int:
        """How many calls were not sent."""
        return int(self.telemetry.total("otel_tokens.blocked.requests"))

    @property
    def balances(self) -> list[tuple[int, int]]:
        """What is spent and held of each budget."""
        running: Any = OtelTokensInstrumentor.running
        return [(balance.spent, balance.held) for balance in running.gate.balances()]


def staged(metered: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Gives what sets a stage with a budget file, and clears it away."""

    @contextmanager
    def stage(plan: str) -> Iterator[Stage]:
        file = tmp_path / "otel-tokens.toml"
        file.write_text(plan, "utf-8")
        with standin() as server:
            monkeypatch.setenv("OTEL_TOKENS_CONFIG", str(file))
            monkeypatch.setenv("OTEL_TOKENS_ENDPOINTS", server.endpoints)
            yield Stage(server, metered())

    return stage
