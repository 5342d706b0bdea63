"""Writes a file that is compiled, or says whether it is up to date: the command of every compiler here."""

from __future__ import annotations

import argparse
import sys

from collections.abc import Callable, Iterable
from pathlib import Path


def keep(path: Path, text: Callable[[], str], program: str, arguments: Iterable[str] | None) -> int:
    """Write what `text` gives to `path`, or with `--check` only say whether it is there; an exit code."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when stale")
    parser.add_argument("--output", type=Path, default=path, help="the file to write or to check")
    asked = parser.parse_args(None if arguments is None else list(arguments))
    path, check = asked.output, asked.check
    found = text()
    if check:
        fresh = path.exists() and path.read_text("utf-8") == found
        sys.stdout.write(f"{path.name} is {'up to date' if fresh else 'stale'}\n")
        return 0 if fresh else 1
    path.write_text(found, "utf-8")
    sys.stdout.write(f"wrote {path} ({len(found)} bytes)\n")
    return 0
