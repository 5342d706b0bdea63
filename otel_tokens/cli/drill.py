"""`otel-tokens budget drill`: the fire drill, which proves that what is installed here is stopped at a cap.

A stand-in of the providers listens on this machine. For each client a process of its own, with a budget file
of its own, makes calls in a loop that nothing but a cap ends. The stand-in counts what arrives. Nothing
leaves the machine, and no ledger, setting or process of the user is touched.
"""

from __future__ import annotations

import json
import subprocess
import sys

from argparse import Namespace
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from ..budgets.budget import in_units, pico_usd
from ..readings import EXACT, INPUT, OUTPUT, Usage
from . import render
from .drill_forms import CAP_USD, FORMS, INPUT_TOKENS, LABEL, MODELS, OUTPUT_TOKENS, TIMES, slug
from .drill_server import Standin, standin
from .surroundings import OK, WRONG, Surroundings


_PATIENCE_S: Final = 180
_START: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from otel_tokens.cli.drill_child import run; run(**json.loads(sys.argv[2]))"
)
"""The child finds the packages that this process finds."""
_PLAN: Final = f"""\
[ledger]
url = "memory:"

[[budget]]
name = "drill"
limit_usd = "{CAP_USD}"
window = "total"
per = "{LABEL}"
action = "block"

[runaway]
action = "off"
"""
_FOREIGN: Final = ("OTEL_", "OPENAI_", "ANTHROPIC_")
_MAY_BE: Final = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})


class Line(NamedTuple):
    """What became of one form of a call."""

    form: str
    tried: int
    reached: int
    """Counted by the stand-in."""
    spent_usd: Decimal
    """What those have cost."""
    problem: str | None
    """None where the cap has held."""


class Result(NamedTuple):
    """What became of one client."""

    client: str
    version: str | None
    """None where it is not installed."""
    problem: str | None
    lines: tuple[Line, ...]

    @property
    def passed(self) -> bool:
        """Whether all went as it should."""
        return self.problem is None and not any(line.problem for line in self.lines)


def drill(args: Namespace, here: Surroundings) -> int:
    """Hold the drill, and print what came of it."""
    chosen = args.client or list(FORMS)
    with standin() as server, TemporaryDirectory(prefix="otel-tokens-drill-") as folder:
        results = [
            _client(client, server, Path(folder), here, named=bool(args.client))
            for client in dict.fromkeys(chosen)
        ]
    passed = all(result.passed for result in results) and any(result.lines for result in results)
    if args.json:
        here.say(render.document(_document(results, passed=passed)))
    else:
        _say(results, here, passed=passed)
    return OK if passed else WRONG


def _client(client: str, server: Standin, folder: Path, here: Surroundings, *, named: bool) -> Result:
    """Hold the drill for one client."""
    try:
        installed = version(client)
    except PackageNotFoundError:
        return Result(client, None, "it is not installed" if named else None, ())
    cost_usd = _cost(client, here.now_s())
    tries = int((CAP_USD * TIMES / cost_usd).to_integral_value(ROUND_CEILING))
    seen = _child(client, server.url, tries, folder, here.env)
    lines = [_line(client, form, server, cost_usd) for form in seen.get("forms", ()) if not form["missing"]]
    return Result(client, installed, seen["problem"], tuple(lines))


def _cost(client: str, now_s: float) -> Decimal:
    """What one call costs, by the prices of this package."""
    from ..pricing import Terms, load_book  # noqa: PLC0415  # takes long

    usage = Usage({INPUT: INPUT_TOKENS, OUTPUT: OUTPUT_TOKENS})
    terms = Terms(provider=client, model=MODELS[client], at_s=now_s)
    cost = load_book().price(usage, terms).usd
    assert cost is not None  # noqa: S101  # a test holds the models against the book
    return cost


def _child(client: str, url: str, tries: int, folder: Path, env: Mapping[str, str]) -> dict[str, Any]:
    """What the process has seen that makes the calls."""
    plan, report = folder / "otel-tokens.toml", folder / f"{client}.json"
    plan.write_text(_PLAN, "utf-8")
    what = {"url": url, "client": client, "tries": tries, "report": str(report)}
    try:
        done = subprocess.run(  # noqa: S603  # this Python, and words of our own
            [sys.executable, "-c", _START, json.dumps(sys.path), json.dumps(what)],
            cwd=folder,
            env=_environment(env, url, plan),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"problem": f"it had not ended after {_PATIENCE_S} s"}
    if not report.exists():
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return {"problem": f"its process ended with code {done.returncode}: {last}"}
    seen: dict[str, Any] = json.loads(report.read_text("utf-8"))
    return seen


def _environment(env: Mapping[str, str], url: str, plan: Path) -> dict[str, str]:
    """The user's environment without what would change how calls are made or metered."""
    kept = {
        name: value
        for name, value in env.items()
        if not name.startswith(_FOREIGN) and name.lower() not in _MAY_BE
    }
    return {
        **kept,
        "NO_PROXY": "*",
        "PYTHONWARNINGS": "ignore",
        "OTEL_TOKENS_CONFIG": str(plan),
        "OTEL_TOKENS_ENDPOINTS": ",".join([f"{url}/{client}={client}" for client in FORMS]),
    }


def _line(client: str, seen: Mapping[str, Any], server: Standin, cost_usd: Decimal) -> Line:
    """Hold what the loop has seen against what has arrived."""
    form, tried, reached = seen["form"], seen["tried"], server.arrived(client, slug(seen["form"]))
    spent = EXACT.multiply(cost_usd, Decimal(reached))
    problem = None
    if spent > CAP_USD:
        problem = f"{reached} calls were sent, which is more than the cap allows"
    elif not reached:
        problem = f"no call arrived, so nothing is proved ({seen['first_error'] or seen['first_refusal']})"
    elif seen["errors"]:
        problem = f"{render.several(seen['errors'], 'call')} failed: {seen['first_error']}"
    elif seen["refused"] != tried - reached:
        problem = f"{seen['refused']} were refused, and {tried - reached} did not arrive"
    elif seen["pico_usd"] != pico_usd(spent):
        problem = f"the ledger has counted ${render.plain(in_units(seen['pico_usd'], 'usd'))}"
    return Line(form, tried, reached, spent, problem)


def _say(results: Sequence[Result], here: Surroundings, *, passed: bool) -> None:
    for result in results:
        if result.version is None and result.problem is None:
            here.say(f"{result.client}: not installed")
            continue
        here.say(f"{result.client} {result.version or ''}".rstrip())
        if result.problem is not None:
            here.say(f"  {_verdict(result.problem, here)}")
        rows = [
            (
                line.form,
                f"tried {line.tried:,}",
                f"reached {line.reached:,}",
                f"spent ${render.plain(line.spent_usd)}",
                f"cap ${render.plain(CAP_USD)}",
            )
            for line in result.lines
        ]
        texts = render.table(rows, "-rrrr") if rows else []
        for text, line in zip(texts, result.lines, strict=True):
            here.say(f"  {text}  {_verdict(line.problem, here)}")
    if passed:
        here.say("PASS: every loop was stopped at its cap")
    else:
        ran = any(result.lines or result.problem for result in results)
        here.say("FAIL" if ran else "FAIL: no client is installed, so nothing is proved")


def _verdict(problem: str | None, here: Surroundings) -> str:
    if problem is None:
        return render.paint("PASS", render.GREEN, on=here.colours)
    return f"{render.paint('FAIL', render.RED, on=here.colours)}: {problem}"


def _document(results: Sequence[Result], *, passed: bool) -> dict[str, Any]:
    return {
        "passed": passed,
        "cap_usd": render.plain(CAP_USD),
        "clients": [
            {
                "client": result.client,
                "version": result.version,
                "passed": result.passed if result.version else None,
                "problem": result.problem,
                "forms": [
                    {
                        "form": line.form,
                        "tried": line.tried,
                        "reached": line.reached,
                        "spent_usd": render.plain(line.spent_usd),
                        "passed": line.problem is None,
                        "problem": line.problem,
                    }
                    for line in result.lines
                ],
            }
            for result in results
        ],
    }
