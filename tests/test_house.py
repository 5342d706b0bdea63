"""The house: what is imported when, and that every file has its place and says what it is for."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys

from pathlib import Path
from typing import Any

import pytest

import otel_tokens


ROOT = Path(otel_tokens.__file__).parent
FILES = sorted(path for path in ROOT.rglob("*.py") if path.read_text("utf-8").strip())
PROJECT = ROOT.parent / "pyproject.toml"

_SEEN = """
import json, sys
opened = []
sys.addaudithook(lambda name, args: opened.append(str(args[0])) if name == "open" else None)
{code}
print(json.dumps([sorted(sys.modules), opened]))
"""


def seen(code: str) -> tuple[set[str], list[str]]:
    """The modules that are loaded and the files that were opened after `code`, in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", _SEEN.format(code=code)], capture_output=True, text=True, check=True
    )
    modules, opened = json.loads(run.stdout.splitlines()[-1])
    return set(modules), opened


@pytest.mark.parametrize(
    "code",
    [
        "import otel_tokens",
        "import otel_tokens; otel_tokens.instrument()",
        "import otel_tokens.instrumentor",
    ],
)
def test_nothing_is_imported_early(code: str) -> None:
    """No client library, tokenizer or price file is loaded before the first call needs it."""
    modules, opened = seen(code)

    for late in ("openai", "anthropic", "httpx", "httpx2", "tiktoken", "genai_prices", "pydantic"):
        assert late not in modules
    assert not [path for path in opened if path.endswith(("prices.json", "overlay.toml"))]


def test_importing_needs_no_opentelemetry() -> None:
    """The bare import loads nothing of OpenTelemetry, so labels cost nothing where nothing is metered."""
    modules, _ = seen("import otel_tokens")
    assert not [name for name in modules if name.startswith("opentelemetry")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    """Every module opens with a docstring, whose first line is a sentence."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert text
    assert text.partition("\n\n")[0].rstrip()[-1] in ".:?!"


def layers() -> list[Any]:
    """The floors that the contract knows."""
    found = re.search(r'name = "Each floor.*?layers = \[(.*?)\]', PROJECT.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return [word.strip() for row in re.findall(r'"(.*?)"', found[1]) for word in row.split("|")]


@pytest.mark.skipif(not PROJECT.exists(), reason="only in the source tree")
def test_every_file_has_a_floor() -> None:
    """What is new in the package has its place among the floors, and no floor is empty."""
    there = {path.stem for path in ROOT.glob("*.py")} | {path.parent.name for path in ROOT.glob("*/*.py")}
    assert there - {"__init__", "otel_tokens"} == set(layers())


def test_no_drawer_for_everything() -> None:
    """What would go into one of these has a floor and a name."""
    drawers = {"utils", "helpers", "common", "base", "manager", "handler", "core", "types", "constants"}
    assert not drawers & {path.stem.strip("_") for path in ROOT.rglob("*")}
