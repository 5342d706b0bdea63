"""What `prices update` gets, compiles, doubts and writes, and that nothing installed changes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import zipfile

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from otel_tokens.cli import prices_fetch, prices_update
from otel_tokens.cli.prices_books import read_book, shipped_book
from otel_tokens.pricing import Terms, load_book
from otel_tokens.pricing.compile import compiled
from otel_tokens.readings import Usage

from .terminal import Said, Terminal


pytest.importorskip("genai_prices")

SITE = Path(find_spec("genai_prices").origin or "").parents[1]  # type: ignore[union-attr]
INSTALLED = version("genai-prices")
HINT = "(a wheel that is already here can be named with --from)"


@pytest.fixture
def update(tmp_path: Path) -> Terminal:
    """A terminal with the environment of this process, as pip needs it."""
    return Terminal(tmp_path, env={**os.environ, "OTEL_TOKENS_BOOK": str(tmp_path / "book.json")})


def run(update: Terminal, *words: str, **more: Any) -> Said:
    """Run the command with the genai-prices that is installed, which may be another than the book is of."""
    return update("prices", "update", "--from", str(SITE), "--yes", *words, **more)


def changed(folder: Path, old: str, new: str) -> Path:
    """A folder with a genai-prices in which a text of its data is another one."""
    prices_fetch.take(folder, SITE)
    data = folder / "genai_prices" / "data.py"
    text = data.read_text("utf-8")
    assert old in text
    data.write_text(text.replace(old, new), "utf-8")
    return folder


def test_from_a_folder(update: Terminal, tmp_path: Path) -> None:
    """The installed genai-prices compiles to a book that can be read, and the package's own stays."""
    before = shipped_book()

    said = run(update)

    path = tmp_path / "book.json"
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"old: {before.in_words}\nnew: genai-prices {INSTALLED}\n")
    assert said.out.endswith(f"\n{path}: written; programs use it from their next start on\n")
    assert read_book(path).version == f"genai-prices {INSTALLED}"
    assert shipped_book() == before
    assert [left.name for left in tmp_path.iterdir()] == ["book.json"]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert b"\r" not in path.read_bytes()


def test_the_same_book_as_the_compiler(update: Terminal, tmp_path: Path) -> None:
    """What is written is what `python -m otel_tokens.pricing.compile` makes of the same prices."""
    assert run(update).code == 0

    assert (tmp_path / "book.json").read_text("utf-8") == compiled(superseded=[])


def test_programs_can_price_with_it(update: Terminal, tmp_path: Path) -> None:
    """The other commands use the book that the setting names."""
    folder = changed(tmp_path / "newer", "id='gpt-4o-mini'", "id='gpt-4o-mini-renamed'")

    said = update("prices", "update", "--from", str(folder), "--yes")

    assert said.code == 0
    assert " added, " in said.out
    shown = update("prices", "show", "gpt-4o-mini-renamed", "--provider", "openai")
    assert shown.code == 0
    terms = Terms("openai", "gpt-4o-mini-renamed", update.now_s)
    cost = load_book(book=tmp_path / "book.json").price(Usage({"input": 10**6}), terms)
    assert (cost.status, cost.version) == ("priced", f"genai-prices {INSTALLED}")
    diff = update("prices", "diff")
    assert "  + gpt-4o-mini-renamed: " in diff.out


def test_from_a_wheel(update: Terminal, tmp_path: Path) -> None:
    """A wheel is unpacked, not installed; what else is in it is left there."""
    wheel = tmp_path / "genai_prices-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for part in SITE.glob("genai_prices*"):
            for file in part.rglob("*"):
                if "__pycache__" not in file.parts and file.is_file():
                    archive.write(file, file.relative_to(SITE))
        archive.writestr("pydantic/__init__.py", "raise RuntimeError")

    said = update("prices", "update", "--from", str(wheel), "--yes")

    assert (said.code, said.err) == (0, "")
    assert read_book(tmp_path / "book.json").version == f"genai-prices {INSTALLED}"


def test_a_dry_run(update: Terminal, tmp_path: Path) -> None:
    """--dry-run says all that would change, and writes nothing."""
    folder = changed(tmp_path / "newer", "id='gpt-4o-mini'", "id='gpt-4o-mini-renamed'")

    said = update("prices", "update", "--from", str(folder), "--dry-run")

    assert said.code == 0
    assert "\nopenai\n" in said.out
    assert "\n  + gpt-4o-mini-renamed: " in said.out
    assert not (tmp_path / "book.json").exists()


def test_an_addition_that_is_no_longer_needed(update: Terminal, tmp_path: Path) -> None:
    """An entry of the overlay that changes nothing any more is named, and stops nothing."""
    folder = changed(tmp_path / "newer", "id='gpt-4o-mini-audio-preview'", "id='gpt-4o-mini-other'")

    said = update("prices", "update", "--from", str(folder), "--yes")

    assert said.code == 0
    unneeded = [line for line in said.out.splitlines() if line.startswith("no longer needed: ")]
    assert [line for line in unneeded if "gpt-4o-mini-audio-preview" in line]


def test_a_price_that_cannot_be_compiled(update: Terminal, tmp_path: Path) -> None:
    """What this version does not understand stops it, and the way out is told."""
    folder = changed(tmp_path / "newer", "'processing': 'batch'", "'processing': 'overnight'")

    said = update("prices", "update", "--from", str(folder))

    assert said.code == 1
    assert said.err.startswith(
        "otel-tokens: this genai-prices says what this version of otel-tokens cannot compile, so a newer "
        "otel-tokens is needed: CompileError: a condition that is not known: "
    )
    assert not (tmp_path / "book.json").exists()


def doubled(tmp_path: Path) -> Path:
    """A genai-prices in which prices are ten times what they are."""
    return changed(tmp_path / "newer", "input_mtok=Decimal('2.5')", "input_mtok=Decimal('25')")


def test_a_jump_is_asked_about(update: Terminal, tmp_path: Path) -> None:
    """A price that changes by more than half is told, and written only when somebody says so."""
    words = ("prices", "update", "--from", str(doubled(tmp_path)))
    path = tmp_path / "book.json"

    said = update(*words)
    assert said.code == 2
    assert "doubtful: openai gpt-4o: input 2.5 to 25 (+900.0 %)\n" in said.out
    assert said.err.endswith(" may be wrong. Write it? There is nobody to ask: say --yes\n")
    assert not path.exists()

    said = update(*words, tty=True, stdin="n\n")
    assert said.code == 1
    assert said.out.endswith("\nnothing was written\n")
    assert not path.exists()

    assert update(*words, "--yes").code == 0
    assert path.exists()


def test_it_is_compared_with_what_is_there(update: Terminal, tmp_path: Path) -> None:
    """The second time, the file that is there is the old book; a file that is no book is left alone."""
    assert run(update).code == 0
    (tmp_path / "book.json").chmod(0o600)
    said = run(update)
    assert said.out.startswith(f"old: {tmp_path}/book.json (genai-prices {INSTALLED}, ")
    assert "\nthey price everything alike\n" in said.out
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "book.json").stat().st_mode) == 0o600

    other = tmp_path / "deep" / "er" / "prices.json"
    said = run(update, "--output", str(other))
    assert said.out.startswith(f"old: {tmp_path}/book.json (")
    assert said.out.endswith(
        f"\n{other}: written; programs with OTEL_TOKENS_BOOK={other} use it from their next start on\n"
    )

    notes = tmp_path / "notes.txt"
    notes.write_text("mine", "utf-8")
    said = run(update, "--output", str(notes))
    assert said.code == 2
    assert "not a whole price book" in said.err
    assert notes.read_text("utf-8") == "mine"


def test_for_machines(update: Terminal, tmp_path: Path) -> None:
    """JSON is alone on the output; what people read goes beside it."""
    said = run(update, "--json")

    assert said.code == 0
    assert said.err.startswith("old: ")
    assert said.json["output"] == str(tmp_path / "book.json")
    assert said.json["written"] is True
    assert said.json["new"]["version"] == f"genai-prices {INSTALLED}"

    assert run(update, "--json", "--dry-run").json["written"] is False


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--max-change", "much"), "--max-change 'much': expected percent, such as 50"),
        (("--max-change", "-1"), "--max-change '-1': expected percent, such as 50"),
        (("--version", "1 --index-url x"), "--version '1 --index-url x': expected a version of genai-prices"),
        (("--version", "1", "--from", "x"), "--version says what to get, and --from what is here"),
        (("--from", "nowhere"), "--from nowhere: there is no genai-prices in it; expected its wheel (.whl)"),
        (("--from", "nowhere.whl"), "--from nowhere.whl: cannot read it: "),
    ],
)
def test_words_that_are_not_understood(update: Terminal, words: tuple[str, ...], message: str) -> None:
    """What is wrong is told with what is accepted."""
    said = update("prices", "update", *words)

    assert said.code == 2
    assert message in said.err


def test_a_file_that_is_no_wheel(update: Terminal, tmp_path: Path) -> None:
    """A wheel that cannot be unpacked is named."""
    wheel = tmp_path / "x.whl"
    wheel.write_text("no zip", "utf-8")

    said = update("prices", "update", "--from", str(wheel))

    assert said.code == 2
    assert said.err.startswith(f"otel-tokens: --from {wheel}: cannot read it: ")


def test_where_to_is_not_said(update: Terminal) -> None:
    """Without a place to write to, the ways to name one are told."""
    del update.env["OTEL_TOKENS_BOOK"]

    said = run(update)

    assert said.code == 2
    assert "Expected --output FILE, or the setting OTEL_TOKENS_BOOK=FILE" in said.err


def test_a_place_that_cannot_be_written(update: Terminal, tmp_path: Path) -> None:
    """A file below a file cannot be: it is told, and nothing is left behind."""
    (tmp_path / "file").write_text("", "utf-8")

    said = run(update, "--output", str(tmp_path / "file" / "book.json"))

    assert said.code == 2
    assert f"{tmp_path}/file/book.json: cannot write the price book: " in said.err


def test_a_write_that_fails(update: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails in the middle leaves the old file, and no other."""
    path = tmp_path / "book.json"
    assert run(update).code == 0
    before = path.read_bytes()

    def fail(*_: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "replace", fail)
    said = run(update)

    assert said.code == 2
    assert said.err == f"otel-tokens: {path}: cannot write the price book: the disk is full\n"
    assert path.read_bytes() == before
    assert [left.name for left in tmp_path.iterdir()] == ["book.json"]


def test_an_old_python(update: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """genai-prices needs Python 3.11; what to do on an older one is told before anything is got."""
    monkeypatch.setattr(prices_update, "NEEDS", (99, 1))

    said = run(update)

    assert said.code == 2
    assert "genai-prices needs Python 99.1 or newer, and this is " in said.err


def test_a_python_without_pip(update: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no pip, --from is the way."""
    monkeypatch.setattr(prices_fetch, "find_spec", lambda _name: None)

    said = update("prices", "update")

    assert said.code == 2
    assert "this Python has no pip" in said.err
    assert "--from" in said.err


@pytest.mark.parametrize("reason", ["ERROR: no https://me:secret@index.test/simple", "last words"])
def test_pip_fails(update: Terminal, monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    """What pip says is handed on, without the password of an index."""

    def fail(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        assert command[1:4] == ["-m", "pip", "install"]
        return subprocess.CompletedProcess(command, 1, "", f"first words\n{reason}\n\n")

    monkeypatch.setattr(prices_fetch.subprocess, "run", fail)
    said = update("prices", "update", "--version", "1.2.3")

    assert said.code == 1
    wanted = reason.replace("me:secret", "***")
    assert said.err == f"otel-tokens: pip cannot get genai-prices==1.2.3 {HINT}: {wanted}\n"


def test_pip_takes_too_long(update: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry that does not answer ends the command."""

    def wait(command: list[str], timeout: float, **_: Any) -> None:
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(prices_fetch.subprocess, "run", wait)
    said = update("prices", "update")

    assert said.code == 1
    assert said.err == f"otel-tokens: pip cannot get genai-prices {HINT}: it took more than 600 s\n"


def test_a_module_that_is_missing(update: Terminal, tmp_path: Path) -> None:
    """What genai-prices needs and is not here is named; from a folder nothing is got."""
    folder = changed(tmp_path / "newer", "import datetime", "import datetime, a_module_of_nobody")

    said = update("prices", "update", "--from", str(folder))

    assert said.code == 1
    assert said.err == (
        "otel-tokens: genai-prices needs the module 'a_module_of_nobody', which is not here: pip install "
        "'otel-tokens[prices]'\n"
    )


def test_what_is_missing_is_got_too(
    update: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where genai-prices alone cannot be imported, pip is asked for what it needs as well, once."""
    asked = []

    def get(folder: Path, _version: str | None, _env: Any, *, whole: bool = False) -> None:
        asked.append(whole)
        if not whole:
            changed(folder, "import datetime", "import datetime, a_module_of_nobody")
        else:
            (folder / "a_module_of_nobody.py").write_text("", "utf-8")

    monkeypatch.setattr(prices_update, "get", get)
    said = update("prices", "update", "--yes")

    assert (said.code, said.err) == (0, "")
    assert asked == [False, True]
    assert read_book(tmp_path / "book.json").dated == "2026-11-24"


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The package registry that pip is set to, where it answers."""
    if find_spec("pip") is None:
        pytest.skip("there is no pip here")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--quiet",
        "--retries",
        "0",
        "--timeout",
        "15",
    ]
    folder = str(tmp_path_factory.mktemp("registry"))
    run = subprocess.run(
        [*command, "-d", folder, "genai-prices"], capture_output=True, text=True, check=False
    )
    if run.returncode:
        pytest.skip(f"the package registry cannot be reached: {run.stderr.strip()[-200:]}")


@pytest.mark.usefixtures("registry")
def test_the_newest_of_the_registry(update: Terminal, tmp_path: Path) -> None:
    """The newest genai-prices is got from the registry, compiled, and dated today; nothing is installed."""
    before = sorted(SITE.glob("genai_prices*"))

    said = update("prices", "update", "--yes")

    assert (said.code, said.err) == (0, "")
    book = read_book(tmp_path / "book.json")
    assert book.version.startswith("genai-prices ")
    assert book.dated == "2026-11-24"
    assert sorted(SITE.glob("genai_prices*")) == before
    assert version("genai-prices") == INSTALLED


@pytest.mark.usefixtures("registry")
def test_a_version_that_is_not_there(update: Terminal, tmp_path: Path) -> None:
    """A version that the registry lacks is told as pip tells it."""
    said = update("prices", "update", "--version", "0.0.0.0.1")

    assert said.code == 1
    assert said.err.startswith(f"otel-tokens: pip cannot get genai-prices==0.0.0.0.1 {HINT}: ERROR: ")
    assert not (tmp_path / "book.json").exists()
