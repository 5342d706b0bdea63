"""Writes the dashboards as JSON beside this file; `--check` only says whether what is there is fresh."""

from __future__ import annotations

import argparse
import json
import sys

from collections.abc import Iterator
from pathlib import Path

from boards import anomalies, budgets, pipeline, spend
from grafana_foundation_sdk.cog.encoder import JSONEncoder


HERE = Path(__file__).parent


def files() -> Iterator[tuple[str, str]]:
    """The name and text of each dashboard's file."""
    for board in (spend.build(), budgets.build(), anomalies.build(), pipeline.build()):
        text = json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False)
        yield f"{board.uid}.json", text + "\n"


def stale(folder: Path) -> list[str]:
    """The files in `folder` that are not as they would be written now."""
    found = dict(files())
    missing = [name for name, text in found.items() if _text(folder / name) != text]
    return [*missing, *sorted({path.name for path in folder.glob("*.json")} - found.keys())]


def _text(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def main(arguments: list[str]) -> int:
    """Write or check; 1 where a check has found something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is stale")
    parser.add_argument("--folder", type=Path, default=HERE, help="where the files are")
    given = parser.parse_args(arguments)
    if given.check:
        found = stale(given.folder)
        for name in found:
            sys.stderr.write(f"{name} is stale: run {Path(__file__).name}\n")
        return 1 if found else 0
    for name, text in files():
        (given.folder / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
