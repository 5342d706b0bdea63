"""Caps and detectors of runaways hold in programs that are built on frameworks.

The frameworks are in an environment of their own, and so the tests in `caps.py`, `runaways.py` and
`launched.py` run there.
"""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tests.eras.environments import ROOT

from .environment import frameworks


AT_LEAST = {"caps": 55, "runaways": 20, "launched": 4}
"""So many tests must have run: skipped ones prove nothing."""


@pytest.mark.eras
@pytest.mark.parametrize("part", AT_LEAST)
def test_in_frameworks(part: str) -> None:
    """Every test of this part passes where the frameworks are, and none is skipped."""
    python = frameworks()
    words = ["-p", "no:cacheprovider", "-p", "no:logging", "-o", "filterwarnings=ignore", "-q"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    done = subprocess.run(
        [python, "-m", "pytest", f"tests/frameworks/{part}.py", *words],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=ROOT,
        env=kept,
    )
    told = done.stdout[-20_000:] + done.stderr[-5_000:]
    assert done.returncode == 0, told
    assert "skipped" not in done.stdout.splitlines()[-1], told
    ran = sum(map(int, re.findall(r"(\d+) (?:passed|xfailed)", done.stdout)))
    assert ran >= AT_LEAST[part], told
