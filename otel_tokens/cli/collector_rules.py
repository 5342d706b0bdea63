"""`otel-tokens collector rules`: writes the rules for Prometheus, or says which files are not up to date."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from ..budgets.budget import Plan
from ..budgets.file import find_plan, read_plan
from ..collector.rules import joined, rule_files
from ..errors import ConfigError
from .surroundings import OK, WRONG, Surroundings


def collector_rules(args: Namespace, here: Surroundings) -> int:
    """Print or write the rules; with `--check`, 1 if files differ from what would be written."""
    labels = [name for name in args.labels.split(",") if name.strip()]
    made = rule_files(_plan(args, here), labels, args.lookback)
    if args.check is not None:
        return _check(made, here.folder / args.check, here)
    if args.output == "-":
        here.out.write(joined(made))
        return OK
    folder = here.folder / args.output
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (folder / name).write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(f"--output {args.output!r}: cannot be written: {error}") from error
    here.say(f"{folder}: {', '.join(made)}")
    return OK


def _plan(args: Namespace, here: Surroundings) -> Plan:
    """The budget file that is meant; an empty one where there is none."""
    path = Path(args.budgets) if args.budgets else find_plan(here.env.get("OTEL_TOKENS_CONFIG"), here.folder)
    return Plan() if path is None else read_plan(here.folder / path)


def _check(made: Mapping[str, str], folder: Path, here: Surroundings) -> int:
    stale = [name for name, text in made.items() if _text(folder / name) != text]
    for name in stale:
        here.err.write(f"otel-tokens: {folder / name} is not what would be written\n")
    if stale:
        return WRONG
    here.say(f"{folder}: up to date")
    return OK


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
