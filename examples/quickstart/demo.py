"""The quickstart, without account, server or network: `make demo`.

It starts a simulated provider and an OTLP receiver on loopback, runs

    opentelemetry-instrument python examples/quickstart/app.py

against them, and prints what arrived. `--real` asks the real providers instead and needs
OPENAI_API_KEY and ANTHROPIC_API_KEY; `--svg docs/demo.svg` also writes the picture of the README.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import shutil
import subprocess
import sys

from collections.abc import Mapping, Sequence
from pathlib import Path

from receiver import Receiver
from report import Report, report
from rich.console import Console
from simulator import Simulator
from tables import tables


APP = Path(__file__).with_name("app.py")
KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")
TIMEOUT_S = 120
WIDTH = 136
"""Columns that the widest table needs."""

TELEMETRY = {
    "OTEL_SERVICE_NAME": "help-desk",
    "OTEL_RESOURCE_ATTRIBUTES": "team=support,deployment.environment.name=demo",
    "OTEL_TRACES_EXPORTER": "otlp",
    "OTEL_METRICS_EXPORTER": "otlp",
    "OTEL_LOGS_EXPORTER": "otlp",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
    "OTEL_METRIC_EXPORT_INTERVAL": "1000",
    "OTEL_BSP_SCHEDULE_DELAY": "200",
    "OTEL_TOKENS_LABELS": "team,feature",
}


def telemetry(receiver: Receiver) -> dict[str, str]:
    """The settings that send everything to `receiver`."""
    return {**TELEMETRY, "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}


def simulated(simulator: Simulator) -> dict[str, str]:
    """The settings that make the clients ask `simulator`, and its answers cost what real ones do.

    A host that nobody knows is not OpenAI, and what it serves has no price until it is named.
    """
    hosts = {simulator.openai_url: "openai", simulator.anthropic_url: "anthropic"}
    return {
        "OPENAI_BASE_URL": simulator.openai_url,
        "OPENAI_API_KEY": "simulated",
        "ANTHROPIC_BASE_URL": simulator.anthropic_url,
        "ANTHROPIC_API_KEY": "simulated",
        "OTEL_TOKENS_ENDPOINTS": ",".join(f"{url}={owner}" for url, owner in hosts.items()),
    }


def clean(environment: Mapping[str, str], *, is_real: bool) -> dict[str, str]:
    """`environment` without what would send the demo elsewhere."""
    foreign = ("OTEL_",) if is_real else ("OTEL_", "OPENAI_", "ANTHROPIC_")
    kept = {name: value for name, value in environment.items() if not name.startswith(foreign)}
    return {**kept, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def run_app(settings: Mapping[str, str]) -> int:
    """Run the application under `opentelemetry-instrument`; its exit code."""
    directory = str(Path(sys.executable).parent)
    if (instrument := shutil.which("opentelemetry-instrument", path=directory)) is None:
        raise SystemExit(f"opentelemetry-instrument is not in {directory}: run `make demo`")
    command = [instrument, sys.executable, str(APP)]
    return subprocess.run(command, env=dict(settings), check=False, timeout=TIMEOUT_S).returncode  # noqa: S603  our own


def arrived(*, is_real: bool) -> Report:
    """Run the application, and return what arrived from it."""
    settings = clean(os.environ, is_real=is_real)
    with (
        Receiver() as receiver,
        Simulator(busy_once=["gpt-4.1-nano"], latency_s=0.1, pace_s=0.004) as simulator,
    ):
        settings |= telemetry(receiver) | ({} if is_real else simulated(simulator))
        if code := run_app(settings):
            raise SystemExit(f"app.py failed with exit code {code}")
        return report(receiver.spans(), receiver.points())


def show(console: Console, result: Report) -> None:
    """Print `result`, and whether its accounts agree."""
    console.print("[dim]$[/] opentelemetry-instrument python app.py\n", highlight=False)
    console.print(tables(result, console))
    verdict = "\n".join(f"[red]{it}[/]" for it in result.contradictions())
    cost = f"[bold green]${result.cost_usd:.6f}[/]"
    summary = f"{result.calls} calls in {len(result.requests)} requests cost {cost}"
    verdict = verdict or "Spans, metrics and requests agree."
    console.print(f"{summary}. {verdict}", highlight=False)
    if console.width < WIDTH:
        console.print(f"[dim]{WIDTH} columns show more than {console.width} do.[/]")


def picture(result: Report) -> str:
    """What `show` prints, as SVG."""
    canvas = Console(record=True, width=WIDTH, file=io.StringIO())
    show(canvas, result)
    svg = canvas.export_svg(title="make demo", unique_id="demo")
    # Rich would have readers fetch a font; all of them have one of fixed width.
    return re.sub(r"@font-face {.*?}\s*", "", svg, flags=re.DOTALL)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; 0 if everything arrived and adds up."""
    parser = argparse.ArgumentParser(description="Show what otel-tokens measures.")
    parser.add_argument("--real", action="store_true", help="ask the real providers, for two cents")
    parser.add_argument("--svg", type=Path, metavar="PATH", help="also write the picture to PATH")
    options = parser.parse_args(arguments)
    if options.real and (missing := [key for key in KEYS if not os.environ.get(key)]):
        parser.error(f"--real needs {' and '.join(missing)}")
    result = arrived(is_real=options.real)
    show(Console() if sys.stdout.isatty() else Console(width=WIDTH), result)
    if options.svg:
        options.svg.write_text(picture(result), encoding="utf-8")
    return 1 if any(result.contradictions()) else 0


if __name__ == "__main__":
    sys.exit(main())
