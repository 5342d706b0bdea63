"""Virtual environments with the client versions of an era, built once and kept.

An environment is named by the hash of what is in it, under `~/.cache/otel-tokens/eras`, or where
`OTEL_TOKENS_ERAS` says.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path


if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


ROOT = Path(__file__).parents[2]

_ALSO = ("pytest>=8.3", "hypothesis>=6.100")
_NOT_NEEDED = ("opentelemetry-exporter-otlp", "opentelemetry-distro")
"""Dependencies of the package that the tests of the clients never import."""


@dataclass(frozen=True)
class Era:
    """What users had installed at one time."""

    name: str
    python: str
    requirements: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


ERAS = (
    Era(
        "oldest",
        "3.10",
        (
            "openai==1.40.0",
            "anthropic[bedrock,vertex]==0.40.0",
            "httpx<0.28",
            "opentelemetry-sdk==1.33.0",
            "opentelemetry-instrumentation==0.54b0",
            "wrapt==1.16.0",
        ),
    ),
    Era("last-1", "3.11", ("openai==1.109.1", "anthropic[bedrock,vertex]==0.75.0")),
    Era("first-2", "3.12", ("openai==2.0.0", "anthropic[bedrock,vertex]==0.125.0")),
    Era("last-2", "3.11", ("openai==2.54.0", "anthropic[bedrock,vertex]==1.0.0")),
    Era("first-3", "3.12", ("openai==3.0.0", "anthropic[bedrock,vertex]==2.0.0")),
    Era(
        "newest",
        "3.13",
        (f"openai>={version('openai')}", f"anthropic[bedrock,vertex]>={version('anthropic')}"),
    ),
)


def environment(era: Era) -> Path:
    """The `python` of an era; its environment is built when it is missing."""
    wanted = [*era.requirements, *_own(), *_ALSO]
    python = _interpreter(era.python)
    words = "\n".join([*sorted(wanted), python])
    place = _cache() / f"{era.name}-{hashlib.sha256(words.encode()).hexdigest()[:16]}"
    if not place.exists():
        draft = place.with_name(f"{place.name}.{os.getpid()}")  # so that what has its name is whole
        place.parent.mkdir(parents=True, exist_ok=True)
        _uv("venv", "--quiet", "--python", python, str(draft))
        _uv("pip", "install", "--quiet", "--python", str(draft / "bin" / "python"), *wanted)
        try:
            draft.rename(place)
        except OSError:  # another process was faster
            shutil.rmtree(draft)
    return place / "bin" / "python"


def _own() -> list[str]:
    """What this package needs, as it says itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [one for one in project["dependencies"] if not one.startswith(_NOT_NEEDED)]


def _cache() -> Path:
    home = os.environ.get("OTEL_TOKENS_ERAS")
    return Path(home) if home else Path.home() / ".cache" / "otel-tokens" / "eras"


def _interpreter(version: str) -> str:
    """A `python` of this version, or the one that runs the tests when there is none."""
    found = subprocess.run(
        [_executable(), "python", "find", "--no-python-downloads", version],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 0:
        return found.stdout.strip()
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    return str(pyenv[-1]) if pyenv else sys.executable


def _executable() -> str:
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else "uv"


def _uv(*arguments: str) -> None:
    subprocess.run([_executable(), *arguments], check=True, cwd=ROOT)
