"""A cap at work, without account or server: part of `make demo`.

It starts the simulated provider of the quickstart, lets an agent without an end run into a cap, twice, since
the second process finds what the first has spent, and shows what the ledger says.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile

from collections.abc import Mapping
from pathlib import Path


HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "quickstart"))

from demo import clean, simulated  # noqa: E402  after the path
from simulator import Simulator  # noqa: E402


TIMEOUT_S = 120
QUIET = {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}


def run(arguments: list[str], folder: Path, settings: Mapping[str, str]) -> None:
    """Run a command of this environment in `folder`, and show it."""
    name, *rest = arguments
    print(f"\n$ {' '.join([name, *[Path(word).name for word in rest]])}", flush=True)
    command = shutil.which(name, path=str(Path(sys.executable).parent))
    if command is None:
        raise SystemExit(f"{name} is not in {Path(sys.executable).parent}: run `make demo`")
    subprocess.run([command, *rest], cwd=folder, env=dict(settings), check=True, timeout=TIMEOUT_S)  # noqa: S603  our own


def main() -> int:
    """Run the demo; 0 if no request passed the cap."""
    with Simulator() as simulator, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(HERE / "otel-tokens.toml", folder)
        settings = clean(os.environ, is_real=False) | QUIET | simulated(simulator)
        app = ["opentelemetry-instrument", sys.executable, str(HERE / "agent.py")]
        run(app, folder, settings)
        first = len(simulator.served)
        run(app, folder, settings)
        run(["otel-tokens", "budget", "status"], folder, settings)
        second = len(simulator.served) - first
        print(f"\nThe provider got {first} requests of the first process, and {second} of the second.")
    return 0 if first and not second else 1


if __name__ == "__main__":
    sys.exit(main())
