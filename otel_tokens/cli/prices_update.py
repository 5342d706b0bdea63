"""`otel-tokens prices update`: compiles a newer price book into a file, for programs that start later.

Nothing that is installed changes, and no program of the user ever asks the network for prices.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile

from argparse import Namespace
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, NamedTuple

from ..errors import ConfigError
from ..pricing.rows import DAY_S
from . import render
from .prices_books import SETTING, Book, checked, read_book, shipped_book
from .prices_changes import Difference, difference
from .prices_diff import document, lines, summary
from .prices_doubts import doubts
from .prices_fetch import NEEDS, PACKAGE, FetchError, compiled, get, take
from .surroundings import OK, WRONG, Surroundings


_MODE: Final = 0o644  # prices are no secret, and programs run as somebody else


class Renewal(NamedTuple):
    """A newer book, and what it changes."""

    old: Book
    new: Book
    superseded: tuple[str, ...]
    """Additions of ours that the newer prices no longer need."""
    found: Difference
    doubts: tuple[str, ...]


def update(args: Namespace, here: Surroundings) -> int:
    """Get, compile, compare, and write; 1 if it could not be, or was not wanted."""
    most = _percent(args.max_change)
    output = _output(args, here)
    _refuse_old_python()
    old = _present(output, here)
    try:
        text, superseded = _newer(args, here)
    except FetchError as error:
        here.err.write(f"otel-tokens: {error}\n")
        return WRONG
    renewal = _compared(old, text, superseded, most, int(here.now_s() // DAY_S))
    say = here.err.write if args.json else here.out.write
    for line in _lines(renewal, whole=args.dry_run):
        say(line + "\n")
    written = not args.dry_run and _is_wanted(renewal, args, here)
    if written:
        _write(output, renewal.new.text)
    if args.json:
        here.say(render.document(_document(renewal, output, written=written)))
    elif not args.dry_run:
        here.say(_end(output, here) if written else "nothing was written")
    return OK if written or args.dry_run else WRONG


def _compared(old: Book, text: str, superseded: list[str], most: Decimal, today: int) -> Renewal:
    new = checked(f"the book of the newer {PACKAGE}", text)
    found = difference(old, new)
    return Renewal(old, new, tuple(superseded), found, tuple(doubts(found, old, new, most, today)))


def _percent(text: str) -> Decimal:
    try:
        number = Decimal(text.strip().removesuffix("%").strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise ConfigError(f"--max-change {text!r}: expected percent, such as 50")
    return number


def _output(args: Namespace, here: Surroundings) -> Path:
    """Where the book is to be written."""
    named = args.output or here.env.get(SETTING, "").strip()
    if not named:
        raise ConfigError(
            f"where to? Expected --output FILE, or the setting {SETTING}=FILE, which programs then read "
            "their prices from; the book inside of the installed package is never changed"
        )
    return Path(named)


def _present(output: Path, here: Surroundings) -> Book:
    """What to compare with: what stands there already, else what is in use."""
    named = here.env.get(SETTING, "").strip()
    there = [path for path in (output, Path(named or output)) if path.is_file()]
    return read_book(there[0]) if there else shipped_book()


def _refuse_old_python() -> None:
    if sys.version_info < NEEDS:
        is_, needed = [".".join(map(str, version[:2])) for version in (sys.version_info, NEEDS)]
        raise ConfigError(
            f"{PACKAGE} needs Python {needed} or newer, and this is {is_}: run `otel-tokens prices update` "
            "with a newer one; programs on this one can use the file that it writes"
        )


def _newer(args: Namespace, here: Surroundings) -> tuple[str, list[str]]:
    """The text of the newer book, and what of our additions it no longer needs."""
    with tempfile.TemporaryDirectory(prefix="otel-tokens-prices-") as name:
        folder = Path(name)
        if args.source is None:
            get(folder, args.version, here.env)
        elif args.version is not None:
            raise ConfigError("--version says what to get, and --from what is here: expected one of them")
        else:
            take(folder, Path(args.source))
        dated = _today(here) if args.source is None and args.version is None else None
        said = compiled(folder, here.env, dated)
        if "missing" in said and args.source is None:
            get(folder, args.version, here.env, whole=True)
            said = compiled(folder, here.env, dated)
    if "missing" in said:
        raise FetchError(
            f"{PACKAGE} needs the module {said['missing']!r}, which is not here: pip install "
            "'otel-tokens[prices]'"
        )
    return said["text"], said["superseded"]


def _today(here: Surroundings) -> str:
    """The day on which the newest prices were asked for: until then the book is known to be up to date."""
    return render.iso(here.now_s()).partition("T")[0]


def _lines(renewal: Renewal, *, whole: bool) -> Iterator[str]:
    yield f"old: {renewal.old.in_words}"
    yield f"new: {renewal.new.version}"
    yield from lines(renewal.found) if whole or renewal.found.is_nothing else [summary(renewal.found)]
    for addition in renewal.superseded:
        yield f"no longer needed: {addition}"
    for doubt in renewal.doubts:
        yield f"doubtful: {doubt}"


def _is_wanted(renewal: Renewal, args: Namespace, here: Surroundings) -> bool:
    """Whether to write it: without doubts, or when somebody says so."""
    number = len(renewal.doubts)
    return not number or here.may(f"{render.several(number, 'change')} may be wrong. Write it?", args)


def _write(path: Path, text: str) -> None:
    """Put the whole file in place at once: a program that starts now reads the old one or the new one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(text.encode("utf-8"))
            Path(name).chmod(stat.S_IMODE(path.stat().st_mode) if path.exists() else _MODE)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigError(f"{path}: cannot write the price book: {error}") from error


def _end(output: Path, here: Surroundings) -> str:
    named = here.env.get(SETTING, "").strip()
    how = "programs" if named and Path(named) == output else f"programs with {SETTING}={output}"
    return f"{output}: written; {how} use it from their next start on"


def _document(renewal: Renewal, output: Path, *, written: bool) -> dict[str, Any]:
    return {
        "output": str(output),
        "written": written,
        "superseded": list(renewal.superseded),
        "doubtful": list(renewal.doubts),
        **document(renewal.found, renewal.old, renewal.new, None),
    }
