"""The command as a whole: help, version, errors, exit codes."""

from __future__ import annotations

import io
import os
import subprocess
import sys

from pathlib import Path

import pytest

import otel_tokens

from otel_tokens.cli import main

from .terminal import PLAN, Terminal


ROOT = Path(otel_tokens.__file__).parents[1]


def program(*words: str, folder: Path, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    code = "import sys; from otel_tokens.cli import main; sys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_version(terminal: Terminal) -> None:
    """`--version` states the version of the package."""
    said = terminal("--version")

    assert (said.code, said.out, said.err) == (0, f"otel-tokens {otel_tokens.__version__}\n", "")


@pytest.mark.parametrize(
    "words", [(), ("budget",), ("--help",), ("budget", "--help"), ("budget", "set", "-h")]
)
def test_help(terminal: Terminal, words: tuple[str, ...]) -> None:
    """Help is printed when it is asked for, and where a command is missing."""
    said = terminal(*words)

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("usage: otel-tokens")


def test_every_command_is_in_the_help(terminal: Terminal) -> None:
    """`otel-tokens budget` lists what it can do."""
    out = terminal("budget").out

    for command in ("status", "set", "reset", "top-up", "trail", "check", "explain", "simulate", "drill"):
        assert f"\n    {command} " in out


def test_the_format_of_recordings_is_in_the_help(terminal: Terminal) -> None:
    """`simulate --help` documents every key of a recorded call."""
    out = terminal("budget", "simulate", "--help").out

    for key in ("at", "duration_s", "cost_usd", "hold_usd", "max_output_tokens", "trace"):
        assert f"\n  {key}" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nonsense",), "argument COMMAND: invalid choice: 'nonsense'"),
        (("budget", "nonsense"), "argument COMMAND: invalid choice: 'nonsense'"),
        (("budget", "set"), "the following arguments are required: NAME"),
        (("budget", "status", "--al"), "unrecognized arguments: --al"),
        (("budget", "trail", "--limit", "0"), "argument --limit: invalid whole number above 0 value: '0'"),
        (("budget", "explain", "--input-tokens", "-1"), "invalid whole number value: '-1'"),
        (("budget", "drill", "--client", "cohere"), "argument --client: invalid choice: 'cohere'"),
    ],
)
def test_a_wrong_command_line(terminal: Terminal, words: tuple[str, ...], message: str) -> None:
    """What is not understood is said in one line, with where to find help."""
    said = terminal(*words)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("otel-tokens: ")
    assert message in said.err
    assert said.err.endswith(" --help)\n")
    assert said.err.count("\n") == 1


def test_no_budget_file(terminal: Terminal) -> None:
    """Without a budget file there is nothing to see, and the ways to name one are told."""
    (terminal.folder / "otel-tokens.toml").unlink()

    said = terminal("budget", "status")

    assert said.code == 2
    assert said.err == (
        "otel-tokens: there is no budget file: expected --config FILE, OTEL_TOKENS_CONFIG, or "
        f"otel-tokens.toml in {terminal.folder}\n"
    )


def test_which_budget_file(terminal: Terminal) -> None:
    """`--config` comes first, then OTEL_TOKENS_CONFIG, then the folder."""
    small = '[ledger]\nurl = "sqlite:///ledger.db"\n[[budget]]\nname = "{}"\nlimit_usd = 1\n'
    given = terminal.plan(small.format("given"), "given.toml")
    named = terminal.plan(small.format("named"), "named.toml")

    env = {"OTEL_TOKENS_CONFIG": str(named)}
    assert "\ngiven " in terminal("budget", "status", "--config", str(given), env=env).out
    assert "\nnamed " in terminal("budget", "status", env=env).out
    assert "\never " in terminal("budget", "status").out


def test_a_wrong_budget_file(terminal: Terminal) -> None:
    """A file that is wrong is refused with its line."""
    file = terminal.plan(PLAN.replace('window = "day"', 'window = "fortnight"'))

    said = terminal("budget", "status")

    assert said.code == 2
    assert said.err.startswith(f"otel-tokens: {file}:7: ")
    assert "'fortnight'" in said.err


@pytest.mark.parametrize(
    "words",
    [("status",), ("set", "ever", "5"), ("reset", "ever"), ("trail",), ("explain",), ("top-up", "ever", "1")],
)
def test_a_ledger_in_memory_cannot_be_seen(terminal: Terminal, words: tuple[str, ...]) -> None:
    """The counts of other processes are in their memory; the way out is told."""
    terminal.plan(PLAN.replace("sqlite:///ledger.db", "memory:"))

    said = terminal("budget", *words)

    assert (said.code, said.out) == (2, "")
    assert (
        "the ledger is 'memory:', which is inside of each process and cannot be seen from outside" in said.err
    )
    assert "sqlite:///" in said.err
    assert "redis://" in said.err


def test_a_ledger_that_cannot_be_reached(terminal: Terminal) -> None:
    """A ledger that is down is something wrong, and no traceback."""
    terminal.plan(PLAN.replace("ledger.db", f"{terminal.folder}/otel-tokens.toml/ledger.db"))

    said = terminal("budget", "status")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("otel-tokens: ")
    assert "Traceback" not in said.err


def test_interrupted(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control-C ends the command without a traceback, with the code that shells expect."""

    def interrupt() -> float:
        raise KeyboardInterrupt

    monkeypatch.setattr(terminal, "open_ledger", lambda _settings: interrupt())

    assert terminal("budget", "status").code == 130


def test_a_reader_that_has_seen_enough(terminal: Terminal) -> None:
    """A pipe that is closed early ends the command, without a traceback."""
    run = program("budget", folder=terminal.folder)
    assert run.stdout is not None
    assert run.stderr is not None
    run.stdout.close()
    said = run.stderr.read()
    run.stderr.close()

    assert (run.wait(30), said) == (1, "")


def test_a_closed_pipe_of_another_stream(terminal: Terminal) -> None:
    """Where the output is not the process's own, nothing of the process is touched."""

    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    assert main(["budget"], out=Closed(), env={}, folder=terminal.folder) == 1


def test_it_loads_no_opentelemetry(tmp_path: Path) -> None:
    """The command needs nothing of OpenTelemetry, nor a client library, so it starts quickly."""
    code = (
        "import sys; from otel_tokens.cli import main; main(['budget', 'check'], folder=None); "
        "print(sorted({name.split('.')[0] for name in sys.modules}))"
    )
    (tmp_path / "otel-tokens.toml").write_text(PLAN, "utf-8")
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    modules = run.stdout.splitlines()[-1]
    assert "'otel_tokens'" in modules
    for late in ("opentelemetry", "openai", "anthropic", "wrapt"):
        assert f"'{late}'" not in modules


def test_it_runs_as_a_program(terminal: Terminal) -> None:
    """Words, folder and environment are those of the process."""
    run = program("budget", "check", folder=terminal.folder)
    out, err = run.communicate(timeout=60)

    assert (run.returncode, err) == (0, "")
    assert out.startswith(f"{terminal.folder}/otel-tokens.toml: 3 budgets\n")
