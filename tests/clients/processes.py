"""Programs in a process of their own: what is global, or could hang, must not touch the other tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

from pathlib import Path
from typing import Any


ROOT = Path(__file__).parents[2]

_QUIET = {
    "OTEL_TRACES_EXPORTER": "none",
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
}


def run(*arguments: str, timeout_s: float = 180, **env: str) -> str:
    """What `python` with these arguments prints; it must end in time, without an error or a warning."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        cwd=ROOT,
        env={**os.environ, **_QUIET, "PYTHONPATH": str(ROOT), **env},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def program(code: str, *, timeout_s: float = 180, **env: str) -> Any:
    """The value that `code` leaves in `said`."""
    whole = textwrap.dedent(code) + "\nimport json as _json; print(_json.dumps(said))"
    return json.loads(run("-c", whole, timeout_s=timeout_s, **env).splitlines()[-1])
