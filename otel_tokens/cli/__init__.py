"""The command `otel-tokens`: `main` runs it, and prints every error in one place."""

from __future__ import annotations

import os
import sys
import time

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO, cast

from ..errors import ConfigError, LedgerError
from ..ledgers.ledger import Ledger
from ..ledgers.opening import open_ledger
from ..ledgers.settings import LedgerSettings
from .arguments import parser
from .surroundings import USAGE, WRONG, Surroundings


_INTERRUPTED = 130


def main(
    argv: Sequence[str] | None = None,
    *,
    out: TextIO | None = None,
    err: TextIO | None = None,
    stdin: TextIO | None = None,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    ledgers: Callable[[LedgerSettings], Ledger] = open_ledger,
    now_s: Callable[[], float] = time.time,
) -> int:
    """Run the command, and give its exit code: 0 all is well, 1 a check failed, 2 it was called wrongly.

    What it meets can be given: where to print, what to read, and how to open ledgers.
    """
    here = Surroundings(
        out=out or sys.stdout,
        err=err or sys.stderr,
        stdin=stdin or sys.stdin,
        env=os.environ if env is None else env,
        folder=folder or Path.cwd(),
        open_ledger=ledgers,
        now_s=now_s,
    )
    try:
        code = _run(sys.argv[1:] if argv is None else argv, here)
        here.out.flush()
        return code
    except ConfigError as error:
        return _fail(here, error, USAGE)
    except LedgerError as error:
        return _fail(here, error, WRONG)
    except BrokenPipeError:  # `… | head`, which has seen enough
        _let_go(here.out)
        return WRONG
    except KeyboardInterrupt:
        return _INTERRUPTED


def _run(argv: Sequence[str], here: Surroundings) -> int:
    with redirect_stdout(here.out), redirect_stderr(here.err):
        try:
            args = parser().parse_args(argv)
        except SystemExit as end:  # of `--help` and `--version`
            return int(end.code or 0)
    command = cast("Callable[[Namespace, Surroundings], int]", args.run)
    return command(args, here)


def _fail(here: Surroundings, error: Exception, code: int) -> int:
    here.err.write(f"otel-tokens: {error}\n")
    return code


def _let_go(out: TextIO) -> None:
    """Have the interpreter not try to flush a pipe at its end that nobody reads."""
    if out is sys.stdout:
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
