"""Builds the wheel and tests it as installed, away from the source: entry points, contents, a real call.

    python tests/wheel.py

Run by `make wheel`. The tests of the project run against the installed wheel too, in an environment of its
own that is kept between runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile

from pathlib import Path


ROOT = Path(__file__).resolve().parent.parent
TESTS = ("tests/pricing", "tests/dialects", "tests/telemetry", "tests/clients", "tests/test_public_api.py")

INSTALLED = """
import importlib.metadata as metadata
import io
import otel_tokens, otel_tokens.pricing
from otel_tokens.cli import main
from pathlib import Path

where = Path(otel_tokens.__file__)
assert "site-packages" in where.parts, where
(entry,) = metadata.entry_points(group="opentelemetry_instrumentor", name="otel_tokens")
assert entry.load().__name__ == "OtelTokensInstrumentor"
distribution = metadata.distribution("otel-tokens")
assert distribution.version == otel_tokens.__version__
names = {str(file) for file in distribution.files}
for needed in ("py.typed", "pricing/prices.json", "pricing/overlay.toml", "pricing/offers.json"):
    assert f"otel_tokens/{needed}" in names, needed
assert any(name.endswith("licenses/LICENSE") for name in names), "no license"
assert not any(name.startswith(("tests/", "examples/")) for name in names), "tests in the wheel"
assert otel_tokens.pricing.load_book().version.startswith("genai-prices ")
for words in (["rules"], ["prices", "--provider", "openai"]):
    out = io.StringIO()
    assert main(["collector", *words], out=out) == 0, words
    assert len(out.getvalue()) > 10_000, words
out = io.StringIO()
assert main(["prices", "show", "gpt-4o", "--provider", "openai"], out=out) == 0
assert main(["prices", "diff"], out=out) == 0
print("installed:", distribution.version, "in", where.parent)
"""


def run(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command; stop when it fails."""
    subprocess.run(command, check=True, cwd=cwd, env=env)


def build(into: Path) -> Path:
    """The wheel of this tree."""
    run(sys.executable, "-m", "build", "--wheel", "--installer", "uv", "--outdir", str(into))
    (wheel,) = into.glob("*.whl")
    return wheel


def environment(at: Path, wheel: Path) -> Path:
    """The interpreter of an environment with the wheel and what the tests need."""
    uv = str(Path(sys.executable).with_name("uv"))
    run(uv, "venv", "--quiet", "--python", sys.executable, str(at))
    python = at / "bin" / "python"
    needs = [f"{wheel}[demo,prices]", "anthropic[bedrock,vertex]", "pytest", "pytest-xdist", "hypothesis"]
    run(uv, "pip", "install", "--quiet", "--python", str(python), *needs, "inline-snapshot")
    return python


def main() -> None:
    """Build, install elsewhere, test there."""
    with tempfile.TemporaryDirectory(prefix="otel-tokens-wheel-") as folder:
        away = Path(folder)
        python = environment(away / "venv", build(away / "dist"))
        env = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
        run(str(python), "-c", INSTALLED, cwd=away, env=env)
        for part in ("tests", "examples", "docs", "README.md", "pyproject.toml"):
            source = ROOT / part
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, away / part)
        run(str(python), "-m", "pytest", "-q", "-n", "2", *TESTS, cwd=away, env=env)


if __name__ == "__main__":
    main()
