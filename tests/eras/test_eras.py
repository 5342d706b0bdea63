"""The tests of the clients pass with the client versions of every era that users run."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from .environments import ERAS, ROOT, Era, environment


AT_LEAST = 800
"""So many tests must have run: an era whose tests are all skipped proves nothing."""


def _environment() -> dict[str, str]:
    """What this process was given, without what pytest and coverage tell their children."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}


@pytest.mark.eras
@pytest.mark.parametrize("era", ERAS, ids=str)
def test_era(era: Era) -> None:
    """Every case that an era's clients have passes in it."""
    python = environment(era)
    done = subprocess.run(
        [
            python,
            "-m",
            "pytest",
            "tests/clients",
            "-q",
            "-p",
            "no:cacheprovider",
            "-m",
            "not load and not soak",
        ],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=ROOT,
        env={**_environment(), "OTEL_TOKENS_ERA": era.name},
    )
    told = done.stdout[-20_000:] + done.stderr[-5_000:]
    assert done.returncode == 0, told
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None, told
    assert int(passed[1]) >= AT_LEAST, told
