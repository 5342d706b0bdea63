"""Runs where the frameworks are: programs without a line changed, under `opentelemetry-instrument`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

from pathlib import Path

import pytest

from otel_tokens.budgets.budget import pico_usd
from tests.eras.environments import ROOT

from .caps import CAP, FIT
from .forms import FORMS, Form
from .scene import cost
from .standin import standin


NAMES = (
    "openai: chat",
    "anthropic: messages, streamed, async",
    "langchain: agent",
    "litellm: acompletion",
)
STEPS = 10


@pytest.mark.parametrize("form", [form for form in FORMS if form.name in NAMES], ids=str)
def test_a_launched_program_is_stopped(tmp_path: Path, form: Form) -> None:
    """The cap holds, the program gets the refusal, and the blocked calls and the ledger say the same."""
    usd = cost(form.api)
    plan = tmp_path / "otel-tokens.toml"
    plan.write_text(
        f'[ledger]\nurl = "sqlite:///{tmp_path}/ledger.db"\n'
        f'[[budget]]\nname = "cap"\nlimit_usd = "{CAP * usd}"\n',
        "utf-8",
    )
    with standin() as server:
        tools = Path(sys.executable).parent  # whose first lines name the place that they were made in
        env = {
            **os.environ,
            "OTEL_TRACES_EXPORTER": "none",
            "OTEL_METRICS_EXPORTER": "console",
            "OTEL_LOGS_EXPORTER": "none",
            "OTEL_TOKENS_CONFIG": str(plan),
            "OTEL_TOKENS_ENDPOINTS": server.endpoints,
        }
        program = [sys.executable, "-W", "ignore", "-m", "tests.frameworks.program"]
        run = subprocess.run(
            [
                sys.executable,
                str(tools / "opentelemetry-instrument"),
                *program,
                form.name,
                server.url,
                str(STEPS),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=env,
            cwd=ROOT,
        )
        told = subprocess.run(
            [sys.executable, str(tools / "otel-tokens"), "budget", "status", "--json"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=env,
            cwd=tmp_path,
        )

        assert run.returncode == 0, run.stderr
        assert len(server.requests) == FIT, run.stderr
        errors = json.loads(run.stdout.splitlines()[0])
        refused = STEPS - (0 if form.runs else FIT)
        assert [chain[-1] for chain in errors] == ["otel_tokens.errors.BudgetExceeded"] * refused
        assert _blocked(run.stdout) == refused
        assert f"{FIT * usd:f}".rstrip("0") in told.stdout, told.stdout + told.stderr
        assert pico_usd(FIT * usd) <= pico_usd(CAP * usd)


def _blocked(printed: str) -> int:
    """How many calls were blocked, by the last export of the metrics."""
    texts = re.findall(r"^\{.*?^\}", printed, re.DOTALL | re.MULTILINE)
    points = [
        point["value"]
        for resource in json.loads(texts[-1])["resource_metrics"]
        for scope in resource["scope_metrics"]
        for metric in scope["metrics"]
        if metric["name"] == "otel_tokens.blocked.requests"
        for point in metric["data"]["data_points"]
    ]
    return sum(points)
