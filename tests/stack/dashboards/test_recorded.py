"""Sums of recorded increases are exact: what rules record minute by minute adds up to what was spent."""

from __future__ import annotations

import json
import subprocess

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from ..conftest import Programs
from .conftest import RULES
from .queries import asked, everything


BOARD: Final = Path(__file__).parents[3] / "collector" / "dashboards" / "otel-tokens-spend.json"
LABELS: Final = 'service_name="shop",team="t",gen_ai_provider_name="openai",gen_ai_response_model="gpt-5"'
SERIES: Final = [
    {"series": f'otel_tokens_cost_usd_total{{instance="script",{LABELS}}}', "values": "_x20 0.9 _x200"},
    {
        "series": f'otel_tokens_cost_usd_total{{instance="again",{LABELS}}}',
        "values": "_x30 0.25 _x60 2x10 _x100",
    },
    {
        "series": f'otel_tokens_cost_usd_total{{instance="reset",{LABELS}}}',
        "values": "_x40 5x9 1+0.5x20 _x100",
    },
    {
        "series": f'otel_tokens_cost_usd_total{{instance="steady",{LABELS}}}',
        "values": "_x5 0.001+0.001x100 _x100",
    },
]
"""A process of two seconds, one with a gap of an hour, one that starts again from zero, one that goes on."""
SPENT: Final = 0.9 + 2 + (5 + 11) + 0.101
"""By minute 180, when all of them have been silent for longer than the five minutes that blur the end."""


def cost_per_call_parts(seconds: int) -> str:
    """The money in the figure `Cost per call`, for a time range."""
    board = json.loads(BOARD.read_text("utf-8"))
    values = everything(board) | {"__range": f"{seconds}s"}
    (found,) = [each.expr for each in asked(board, values) if each.panel == "Cost per call"]
    return found.partition(" / (sum(")[0]


def outcome(stack: Programs, folder: Path, expected: float) -> subprocess.CompletedProcess[str]:
    """What promtool says of the sum over three hours."""
    case: dict[str, Any] = {
        "interval": "1m",
        "input_series": SERIES,
        "promql_expr_test": [
            {
                "expr": f"round({cost_per_call_parts(10800)}, 1e-9)",
                "eval_time": "180m",
                "exp_samples": [{"labels": "{}", "value": expected}],
            }
        ],
    }
    tests = {"rule_files": [str(RULES / "spend.yaml")], "evaluation_interval": "1m", "tests": [case]}
    (folder / "test.yml").write_text(yaml.safe_dump(tests))
    command = [stack.binary("promtool"), "test", "rules", str(folder / "test.yml")]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize(("expected", "code"), [(SPENT, 0), (SPENT + 0.001, 1)])
def test_every_cent_is_in_five_readings(stack: Programs, tmp_path: Path, expected: float, code: int) -> None:
    """One sample, a gap, a restart, an ordinary process: their sum is right, and a bit more is wrong."""
    said = outcome(stack, tmp_path, round(expected, 9))

    assert said.returncode == code, said.stdout + said.stderr
