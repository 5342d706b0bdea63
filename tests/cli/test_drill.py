"""The fire drill, held for real: with the clients that are installed, and with some that leak."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import os
import subprocess
import sys
import textwrap

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from otel_tokens.cli import drill, drill_child
from otel_tokens.cli.drill_forms import FORMS, INPUT_TOKENS, MODELS, OUTPUT_TOKENS, slug
from otel_tokens.cli.drill_server import Standin, standin
from otel_tokens.cli.surroundings import Surroundings
from otel_tokens.clients import CLIENTS
from otel_tokens.pricing import Terms, load_book
from otel_tokens.readings import INPUT, OUTPUT, Usage

from .terminal import Terminal, Tty, at


CALL = """
import json, urllib.request

def post(url):
    body = json.dumps({"model": "gpt-4o"}).encode()
    urllib.request.urlopen(urllib.request.Request(url + "/chat/completions", body)).read()

class Chat:
    def __init__(self, url): self.url, self.tried = url, 0
    completions = property(lambda self: self)
    with_raw_response = property(lambda self: self)
    def create(self, stream=False, **_asked):
        self.tried += 1
        if self.tried > 12 or stream:
            raise RuntimeError("out of order")
        post(self.url)

class OpenAI:
    def __init__(self, api_key, base_url, **_more): self.chat = Chat(base_url)
    def close(self): pass

class AsyncOpenAI(OpenAI):
    async def close(self): pass
"""
"""A client that goes its own way around what is patched."""


def package(folder: Path, monkeypatch: pytest.MonkeyPatch, version: str, code: str) -> None:
    """Have another `openai` installed, for this process and those that it starts."""
    (folder / "openai").mkdir()
    (folder / "openai" / "__init__.py").write_text(textwrap.dedent(code), "utf-8")
    facts = folder / f"openai-{version}.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: openai\nVersion: {version}\n", "utf-8")
    monkeypatch.syspath_prepend(str(folder))


REAL: Any = dict(os.environ)
"""The environment of this process, for those that are started."""


@pytest.mark.parametrize("client", [name for name in FORMS if importlib.util.find_spec(name)])
def test_what_is_installed_is_stopped(terminal: Terminal, client: str) -> None:
    """Every form of a call stops at the cap, though each loop would spend a hundred times as much."""
    env = {**REAL, "OPENAI_BASE_URL": "http://nobody.invalid", "HTTP_PROXY": "http://nobody.invalid"}
    env |= {"OTEL_TOKENS_CLIENTS": f"-{client}", "OTEL_SDK_DISABLED": "true"}

    said = terminal("budget", "drill", "--client", client, "--json", env=env)

    assert said.err == ""
    (result,) = said.json["clients"]
    assert result["problem"] is None
    assert [row["form"] for row in result["forms"]] == list(FORMS[client])
    for row in result["forms"]:
        assert row["problem"] is None
        assert row["passed"] is True
        assert 1 <= row["reached"] < row["tried"] / 90
        assert Decimal(row["spent_usd"]) <= Decimal("0.01")
    assert said.json["passed"] is True
    assert said.code == 0


def test_a_client_that_leaks(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that cannot be stopped fails, and so does one of which nothing can be proved."""
    package(tmp_path, monkeypatch, "9.0", CALL)

    said = terminal("budget", "drill", "--client", "openai", env=REAL)

    assert said.code == 1
    lines = said.out.splitlines()
    assert lines[0] == "openai 9.0"
    assert lines[1].endswith("FAIL: 12 calls were sent, which is more than the cap allows")
    assert lines[2].endswith("FAIL: 12 calls were sent, which is more than the cap allows")
    assert "no call arrived, so nothing is proved (RuntimeError: out of order)" in lines[3]
    assert not [line for line in lines if line.startswith("  responses")]
    assert lines[-1] == "FAIL"


@pytest.mark.parametrize(
    ("version", "code", "problem"),
    [
        ("1.39.9", "", "1.39.9 is installed, and calls are only stopped of openai >= 1.40"),
        ("9.0", "import os; os._exit(3)", "its process ended with code 3: it said nothing"),
        ("9.0", "raise ImportError('broken')", "ImportError: broken"),
        ("9.0", "import time; time.sleep(60)", "it had not ended after 2 s"),
    ],
)
def test_what_cannot_be_drilled(
    terminal: Terminal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    code: str,
    problem: str,
) -> None:
    """A version that is not supported, or a process that fails, has proved nothing."""
    package(tmp_path, monkeypatch, version, code)
    monkeypatch.setattr(drill, "_PATIENCE_S", 2)

    said = terminal("budget", "drill", "--client", "openai", env=REAL)

    assert said.code == 1
    assert said.out.endswith(f"  FAIL: {problem}\nFAIL\n")


def test_metering_that_does_not_start(tmp_path: Path) -> None:
    """A process in which nothing is metered says so, and makes no calls."""
    report = tmp_path / "report.json"
    what = {"url": "http://127.0.0.1:1", "client": "openai", "tries": 1, "report": str(report)}
    env = {**REAL, "OTEL_SDK_DISABLED": "true"}
    code = [sys.executable, "-c", drill._START, json.dumps(sys.path), json.dumps(what)]

    subprocess.run(code, env=env, cwd=tmp_path, check=True)

    said = json.loads(report.read_text("utf-8"))
    assert (said["problem"], said["forms"]) == ("metering does not start", [])


def test_what_is_not_installed(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that are not installed are no failure, unless they were asked for, or there is none at all."""
    monkeypatch.setattr(sys, "path", [])

    said = terminal("budget", "drill")
    assert said.code == 1
    assert said.out == (
        "openai: not installed\nanthropic: not installed\n"
        "FAIL: no client is installed, so nothing is proved\n"
    )

    said = terminal("budget", "drill", "--client", "openai", "--client", "openai")
    assert said.code == 1
    assert said.out == "openai\n  FAIL: it is not installed\nFAIL\n"
    assert terminal("budget", "drill", "--json").json["clients"][0]["passed"] is None


@pytest.mark.parametrize(
    ("seen", "arrived", "problem"),
    [
        ({}, 4, None),
        ({}, 5, "5 calls were sent, which is more than the cap allows"),
        ({"refused": 0, "errors": 96, "first_error": "E: no"}, 4, "96 calls failed: E: no"),
        ({"refused": 90}, 4, "90 were refused, and 96 did not arrive"),
        ({"pico_usd": 0}, 4, "the ledger has counted $0"),
        ({"first_refusal": "too dear"}, 0, "no call arrived, so nothing is proved (too dear)"),
    ],
)
def test_a_verdict(seen: dict[str, Any], arrived: int, problem: str | None) -> None:
    """What the loop has seen has to agree with what has arrived."""
    usual = {"form": "chat", "tried": 100, "refused": 96, "errors": 0, "first_error": None}
    usual |= {"first_refusal": None, "pico_usd": 8_400_000_000}
    with Standin() as server:
        for _ in range(arrived):
            server.count("openai", "chat")
        line = drill._line("openai", {**usual, **seen}, server, Decimal("0.0021"))

    assert line.problem == problem


def test_what_is_printed(terminal: Terminal) -> None:
    """Each form has its line, and a verdict that is green where the cap has held."""
    line = drill.Line("chat", 1000, 4, Decimal("0.0082"), None)
    results = [drill.Result("openai", "3.54.0", None, (line, line._replace(form="chat, async")))]
    results.append(drill.Result("anthropic", None, None, ()))
    out = Tty()
    here = Surroundings(
        out=out,
        err=out,
        stdin=out,
        env={},
        folder=terminal.folder,
        open_ledger=terminal.open_ledger,
        now_s=lambda: terminal.now_s,
    )

    drill._say(results, here, passed=True)

    assert (
        out.getvalue()
        == """\
openai 3.54.0
  chat         tried 1,000  reached 4  spent $0.0082  cap $0.01  \033[32mPASS\033[0m
  chat, async  tried 1,000  reached 4  spent $0.0082  cap $0.01  \033[32mPASS\033[0m
anthropic: not installed
PASS: every loop was stopped at its cap
"""
    )


def test_verdicts_have_colours(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a failure is red."""
    package(tmp_path, monkeypatch, "1.0", "")

    assert "\033[31mFAIL\033[0m: 1.0 is" in terminal("budget", "drill", "--client", "openai", tty=True).out


def test_every_client_is_drilled() -> None:
    """The drill knows each client that is patched, and the price of its model."""
    assert set(FORMS) == set(CLIENTS) == set(MODELS)
    for client, model in MODELS.items():
        usage = Usage({INPUT: INPUT_TOKENS, OUTPUT: OUTPUT_TOKENS})
        assert load_book().price(usage, Terms(client, model, at("2026-11-24"))).usd
    slugs = [slug(form) for forms in FORMS.values() for form in forms]
    assert len(set(slugs)) == len(slugs)


@pytest.mark.parametrize(
    ("installed", "supported"),
    [("1.40.0", True), ("1.39.9", False), ("2.0", True), ("1.100.0", True), ("1", False), ("2.0rc1", True)],
)
def test_versions(installed: str, supported: bool) -> None:  # noqa: FBT001
    """Versions are compared by their numbers."""
    assert drill_child.is_supported(installed, "openai >= 1.40") is supported


def test_nothing_leaves_the_machine() -> None:
    """A connection to any other address is refused; other events are let be."""
    with pytest.raises(ConnectionRefusedError, match=r"not to 192\.0\.2\.1"):
        drill_child._stay_here("socket.connect", (None, ("192.0.2.1", 443)))
    drill_child._stay_here("socket.connect", (None, ("127.0.0.1", 443)))
    drill_child._stay_here("socket.connect", (None, "/run/socket"))
    drill_child._stay_here("open", ("file",))


def test_the_environment_is_the_drills_own() -> None:
    """Nothing that the user has set changes how calls are made or metered."""
    env = {
        "OTEL_SDK_DISABLED": "true",
        "HTTPS_PROXY": "x",
        "openai_x": "x",
        "OPENAI_API_KEY": "x",
        "HOME": "/",
    }

    assert drill._environment(env, "http://127.0.0.1:1", Path("/plan")) == {
        "HOME": "/",
        "openai_x": "x",
        "NO_PROXY": "*",
        "PYTHONWARNINGS": "ignore",
        "OTEL_TOKENS_CONFIG": "/plan",
        "OTEL_TOKENS_ENDPOINTS": "http://127.0.0.1:1/openai=openai,http://127.0.0.1:1/anthropic=anthropic",
    }


def test_the_standin_knows_its_paths() -> None:
    """It listens on this machine; what it does not know is answered with 404, and counts too."""
    with standin() as server:
        host, port = server.server_address[:2]
        assert host == "127.0.0.1"
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            connection.request("POST", "/openai/chat/v1/nonsense", json.dumps({}))
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (404, b"{}")
            connection.request("POST", "/openai/chat/v1/chat/completions", '{"model": "m", "stream": true}')
            assert b"usage" not in connection.getresponse().read()
        assert server.arrived("openai", "chat") == 2
