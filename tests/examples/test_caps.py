"""The example of caps runs as people run it."""

from __future__ import annotations

import re
import subprocess
import sys

from pathlib import Path


RUN = Path(__file__).parents[2] / "examples" / "caps" / "run.py"


def test_the_agent_is_stopped_in_both_processes() -> None:
    """The first process stops at the cap, and the second finds nothing left."""
    done = subprocess.run(
        [sys.executable, str(RUN)], capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stderr
    assert re.search(r"tried 300 times and got [1-9]\d* answers", done.stdout)
    assert "tried 300 times and got 0 answers" in done.stdout
    assert re.search(r"agents-daily  day .* UTC\n  █+░? +9\d %  spent \$0\.04\d+  held \$0\.00", done.stdout)
    assert "a call was not sent: budget 'agents-daily' (day until " in done.stderr
