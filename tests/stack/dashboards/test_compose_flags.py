"""The flags that the compose file gives are flags of the real programs."""

from __future__ import annotations

import re
import subprocess

from pathlib import Path

import pytest
import yaml

from ..conftest import Programs


COMPOSE = Path(__file__).parents[3] / "collector" / "compose.yaml"


@pytest.mark.parametrize("name", ["prometheus", "alertmanager"])
def test_flags_exist(stack: Programs, name: str) -> None:
    """Each flag is in the program's own help; a container with another one would not start."""
    said = subprocess.run(
        [stack.binary(name), "--help"], capture_output=True, text=True, check=False, timeout=30
    )
    known = set(re.findall(r"--(?:\[no-\])?([\w.-]+)", said.stdout + said.stderr))
    given = {
        part[2:].partition("=")[0]
        for part in yaml.safe_load(COMPOSE.read_text())["services"][name]["command"]
    }

    assert "no.such.flag" not in known
    assert given <= known
