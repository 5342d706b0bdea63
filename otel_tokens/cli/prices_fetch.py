"""Gets a newer genai-prices, beside what is installed, and compiles it in a process of its own.

pip does the getting, so that the user's index, proxy and certificates hold. What it brings lies in a folder
that is gone afterwards: nothing that is installed changes.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from ..errors import ConfigError


PACKAGE: Final = "genai-prices"
NEEDS: Final = (3, 11)
"""The oldest Python that genai-prices runs on."""

_PATIENCE_S: Final = 600
_PIP: Final = ("install", "--quiet", "--no-input", "--disable-pip-version-check", "--only-binary", ":all:")
_VERSION: Final = re.compile(r"[0-9][0-9A-Za-z.!+]*")
_SECRET: Final = re.compile(r"://[^/@\s]+@")
_START: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from otel_tokens.cli.prices_child import run; run(*sys.argv[2:])"
)
"""The child finds what this process finds, and before it what was got."""


class FetchError(Exception):
    """What was asked for could not be got or compiled."""


def get(folder: Path, version: str | None, env: Mapping[str, str], *, whole: bool = False) -> None:
    """Have pip put genai-prices into `folder`, with all that it needs if `whole`.

    Raises:
        ConfigError: there is no pip here, or the version is none.
        FetchError: pip has failed.
    """
    if version is not None and not _VERSION.fullmatch(version):
        raise ConfigError(f"--version {version!r}: expected a version of {PACKAGE}, such as 0.2.3")
    if find_spec("pip") is None:
        raise ConfigError(
            f"this Python has no pip ({sys.executable}): run `python -m ensurepip`, or get the wheel of "
            f"{PACKAGE} yourself and name it with --from"
        )
    wanted = PACKAGE if version is None else f"{PACKAGE}=={version}"
    options = ["--target", str(folder), *([] if whole else ["--no-deps"]), *(["--upgrade"] if whole else [])]
    problem = f"pip cannot get {wanted} (a wheel that is already here can be named with --from)"
    _run([sys.executable, "-m", "pip", *_PIP, *options, wanted], env, problem)


def take(folder: Path, source: Path) -> None:
    """Put the genai-prices of a wheel or a folder that is already here into `folder`.

    Raises:
        ConfigError: it is not there.
    """
    try:
        if source.suffix == ".whl":
            with ZipFile(source) as wheel:
                wheel.extractall(folder, [name for name in wheel.namelist() if _is_ours(name)])
        elif source.is_dir():
            for part in source.iterdir():
                if _is_ours(part.name) and part.is_dir():
                    shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("__pycache__"))
    except (OSError, BadZipFile) as error:
        raise ConfigError(f"--from {source}: cannot read it: {error}") from error
    if not (folder / "genai_prices").is_dir():
        raise ConfigError(
            f"--from {source}: there is no {PACKAGE} in it; expected its wheel (.whl), or the folder that it "
            "is installed in, such as site-packages"
        )


def _is_ours(name: str) -> bool:
    return (
        name.partition("/")[0].startswith(("genai_prices-", "genai_prices."))
        or name.startswith("genai_prices/")
        or name == "genai_prices"
    )


def compiled(folder: Path, env: Mapping[str, str], dated: str | None) -> dict[str, Any]:
    """What the child says: `text` and `superseded`, or `missing`, the name of a module that is not there.

    The book is `dated` that day, else the last one on which our additions were checked.

    Raises:
        FetchError: it cannot be compiled.
    """
    path = json.dumps([str(folder), *sys.path])
    words = [sys.executable, "-c", _START, path, str(folder), *([dated] if dated else [])]
    _run(words, env, f"{PACKAGE} cannot be compiled")
    said: dict[str, Any] = json.loads((folder / "book.json").read_text("utf-8"))
    if "error" in said:
        raise FetchError(
            f"this {PACKAGE} says what this version of otel-tokens cannot compile, so a newer otel-tokens is "
            f"needed: {said['error']}"
        )
    return said


def _run(command: Sequence[str], env: Mapping[str, str], problem: str) -> None:
    try:
        run = subprocess.run(  # noqa: S603 - words of ours, and a version that was checked
            command, env=dict(env), capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise FetchError(f"{problem}: it took more than {_PATIENCE_S} s") from error
    if run.returncode:
        raise FetchError(f"{problem}: {' '.join(_errors(run.stderr)) or f'exit code {run.returncode}'}")


def _errors(text: str) -> Iterator[str]:
    """The lines that say what went wrong, without passwords of an index."""
    lines = [line.strip() for line in _SECRET.sub("://***@", text).splitlines() if line.strip()]
    named = [line for line in lines if line.startswith("ERROR")]
    yield from named or lines[-1:]
