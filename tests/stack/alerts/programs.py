"""What happens in real programs: in an application with a cap, in collector, Prometheus and Alertmanager."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from pathlib import Path
from typing import Final

from typing_extensions import Self

from otel_tokens.telemetry import names

from .budgets import is_collected
from .compressed import MINUTE
from .scene import Cause, Scene, Step, nothing
from .sources import Source


_PROGRAM: Final = Path(__file__).with_name("application.py")
_PATIENCE_S: Final = 60
_FILE: Final = '[ledger]\nurl = "sqlite:///{ledger}"\n\n[[budget]]\nname = "capped"\nlimit_usd = "0.30"\n'
_IMPOSSIBLE: Final = """groups:
  - name: impossible
    interval: 500ms
    rules:
      - record: impossible
        expr: otel_tokens_heartbeat * on () otel_tokens_heartbeat
"""
"""Many to many: it parses, and fails when there is data."""


class Application:
    """A real program under our SDK, which does what it is told to."""

    def __init__(self, scene: Scene, service: str, config: Path | None = None) -> None:
        url = f"http://127.0.0.1:{scene.stack.ports.http}"
        self._process = subprocess.Popen(
            [sys.executable, str(_PROGRAM), service, url, f"{MINUTE * 1000:.0f}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **({"OTEL_TOKENS_CONFIG": str(config)} if config else {})},
        )
        assert self._answer() == "ready"

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def does(self, line: str, answer: str) -> None:
        """Let it make one call, and see what comes of it."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        assert self._answer() == answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._process.communicate(timeout=_PATIENCE_S)
        finally:
            self._process.kill()


def capped(scene: Scene, application: Application, config: Path) -> Cause:
    """A real program spends its cap, step by step, until somebody resets the budget."""
    started = Step(
        lambda: application.does("spend 72000", "spent"),
        ["LLMBudgetThreshold 50", "LLMBlockedCalls"],
        keep=lambda: application.does("refused", "refused"),
    )
    nearly = Step(lambda: application.does("spend 30000", "spent"), ["LLMBudgetThreshold 80"])
    passed = Step(lambda: application.does("spend 40000", "spent"), ["LLMBudgetThreshold 100"])

    def reset() -> None:
        command = [Path(sys.executable).with_name("otel-tokens"), "budget", "reset", "capped", "--yes"]
        subprocess.run([*map(str, command), "--config", str(config)], check=True, capture_output=True)

    return Cause([started, nearly, passed], reset, after=lambda: is_collected(scene))


def budget_file(folder: Path) -> Path:
    """A budget with a ledger on disk."""
    config = folder / "otel-tokens.toml"
    config.write_text(_FILE.format(ledger=folder / "ledger.db"), "utf-8")
    return config


def wasteful(application: Application) -> Cause:
    """A real program pays for answers that it cannot read."""
    waste = Step(nothing, ["LLMErrorWaste"], keep=lambda: application.does("failed 20000", "failed"))
    return Cause([waste])


def dropping(scene: Scene) -> Cause:
    """A process whose clock is a day late: Prometheus refuses its points, the collector has to drop them."""
    late = Source("late")

    def state() -> None:
        scene.fleet.post([late.stated(time.time() - 86_400)])

    return Cause([Step(nothing, ["LLMCollectorDroppingData"], keep=state)])


def rules_failing(scene: Scene) -> Cause:
    """Somebody adds a rule that cannot be evaluated, and takes it away again."""
    file = scene.prometheus.folder / "rules" / "impossible.yaml"

    def add() -> None:
        file.write_text(_IMPOSSIBLE, "utf-8")
        scene.reload()

    def take_away() -> None:
        file.unlink()
        scene.reload()

    return Cause([Step(add, ["LLMRulesFailing"])], take_away)


def collector_down(scene: Scene) -> Cause:
    """The collector is killed and started again: services look silent, and are not told of."""
    step = Step(scene.collector.kill, ["LLMCollectorDown"], ["silence without a collector"])
    return Cause([step], scene.collector.start)


def people_refuse(scene: Scene) -> Cause:
    """A receiver refuses what it is told, and then takes it."""
    source = scene.fleet.source("refused")
    labels = {names.STEP: "reading a body"}
    source.pace(names.METRIC_FAILURES, 0, labels)

    def refuse() -> None:
        scene.people.refuses.add("engineering")
        source.pace(names.METRIC_FAILURES, 1, labels)

    def take() -> None:
        scene.people.refuses.clear()
        source.pace(names.METRIC_FAILURES, 0, labels)

    return Cause([Step(refuse, ["LLMAlertsNotDelivered to people"])], take)


def alertmanager_down(scene: Scene) -> Cause:
    """Alertmanager is stopped until Prometheus knows that alerts get lost, and started again."""
    lost = {"alertname": "LLMAlertsNotDelivered", "step": "from Prometheus to Alertmanager"}

    def stop_for_a_while() -> None:
        scene.alertmanager.stop()
        scene.until(lambda: scene.fires(lost), 60)
        scene.alertmanager.start()

    return Cause([Step(stop_for_a_while, ["LLMAlertsNotDelivered to Alertmanager"])])
