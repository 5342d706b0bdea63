"""The demo runs as people run it, and everything that it prints adds up."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from simulated.model import Task, answer, count


QUICKSTART = Path(sys.modules["simulated"].__file__ or "").parents[1]
REQUESTS = ("answer", "chat", "track", "sort", "report", "search", "look-up")


@dataclass(frozen=True)
class Demo:
    """One run of the demo."""

    output: str
    svg: str

    def lines(self, *words: str) -> list[str]:
        """The lines that contain all of `words`."""
        return [line for line in self.output.splitlines() if all(word in line for word in words)]

    def sections(self) -> tuple[str, str, str]:
        """Calls, metrics, requests."""
        calls, rest = self.output.split("Metrics ")
        metrics, requests = rest.split("Each request knows")
        return calls, metrics, requests


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo, run once without any network but loopback."""
    svg = tmp_path_factory.mktemp("demo") / "demo.svg"
    environment = {
        **os.environ,
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "OPENAI_API_KEY": "never sent",
    }
    done = subprocess.run(
        [sys.executable, str(QUICKSTART / "demo.py"), "--svg", str(svg)],
        env=environment,
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Demo(done.stdout, svg.read_text())


def usd(text: str) -> list[Decimal]:
    """Every amount in `text`."""
    return [Decimal(amount) for amount in re.findall(r"\$(\d+\.\d+)", text)]


def test_the_accounts_agree(demo: Demo) -> None:
    """The last line says how many calls there were, what they cost, and that all accounts agree."""
    (line,) = demo.lines("calls in", "requests cost")

    assert line.startswith("14 calls in 7 requests cost $")
    assert line.endswith("Spans, metrics and requests agree.")
    assert usd(line)[0] > 0


def test_the_printed_sums_are_those_of_the_printed_parts(demo: Demo) -> None:
    """Calls, requests and the counter add up to the total, but for the rounding of each line."""
    calls, metrics, requests = demo.sections()
    total = usd(demo.lines("requests cost")[0])[0]
    by_call = usd(calls)
    by_request = usd(requests.split("calls in")[0])[: len(REQUESTS)]

    assert len(by_call) == 14
    assert abs(sum(by_call) - total) < Decimal("0.00001")
    assert abs(sum(by_request) - total) < Decimal("0.00001")
    assert usd(next(line for line in metrics.splitlines() if "otel_tokens.cost.usd" in line))[0] == total


def test_every_request_is_there(demo: Demo) -> None:
    """Each request has its calls and its own total."""
    calls, _, requests = demo.sections()

    for name in REQUESTS:
        assert f"POST /{name}" in calls
        assert f"POST /{name}" in requests


def test_cached_prompt_costs_what_the_price_list_says(demo: Demo) -> None:
    """The prompt is written once at 1.25 USD per million tokens and read twice at 0.10."""
    from app import HANDBOOK, QUESTION  # noqa: PLC0415  it needs the OpenTelemetry API alone

    output = 5 * count(answer(Task(question=QUESTION, limit=99)).text)
    fresh, handbook = count(QUESTION), Decimal(count(HANDBOOK))
    written, *read = demo.lines("claude-haiku-4-5", "ok")

    assert len(read) == 2
    for line, rate in ((written, Decimal("1.25")), (read[0], Decimal("0.1"))):
        exact = (fresh + output + handbook * rate) / 1_000_000
        assert usd(line) == [exact.quantize(Decimal("0.000001"))]


def test_retry_and_early_exit_are_told(demo: Demo) -> None:
    """A healed 429 is one call with two tries; a stream that is left early is a lower bound."""
    (retried,) = demo.lines("gpt-4.1-nano")
    (left,) = demo.lines("abandoned", "partial")

    assert re.search(r"\$\S+ +\S+ +2 +ok", retried)
    assert "gpt-4o" in left


def test_picture_is_an_svg_with_the_same_total(demo: Demo) -> None:
    """The picture is well-formed and shows what the terminal shows."""
    picture = ET.fromstring(demo.svg)  # noqa: S314  our own
    text = "".join(picture.itertext()).replace("\xa0", " ")

    assert picture.tag.endswith("svg")
    assert str(usd(demo.lines("requests cost")[0])[0]) in text


def test_real_providers_need_their_keys() -> None:
    """`--real` without keys is refused before anything runs."""
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")}
    done = subprocess.run(
        [sys.executable, str(QUICKSTART / "demo.py"), "--real"],
        env=environment,
        capture_output=True,
        check=False,
        text=True,
    )

    assert done.returncode == 2
    assert "OPENAI_API_KEY and ANTHROPIC_API_KEY" in done.stderr
