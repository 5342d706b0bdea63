"""Every recorded answer that the two client libraries can read is counted as the wire counts it.

`opentelemetry-instrument python driver.py` replays all of them in a few processes, which send what
they measure to a receiver here. The recordings are not part of the repository: their folder is
named by OTEL_TOKENS_RECORDINGS, and without it the tests are skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from .receiver import Point, Receiver, Span
from .replay import EVERY_MODE, OURS, Item, apis, items, load, shifts
from .verdict import COST_USD, DOUBTFUL, INPUT, OUTPUT, USAGE_SOURCE, claims, ours, problems, total


ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("OTEL_TOKENS_RECORDINGS") or ROOT.parent / "shared" / "recordings")
APIS = apis(FOLDER) if FOLDER.is_dir() else []

PIECE = 97
"""Bytes of one piece of a stream: small, and no divisor of anything."""
AT_A_TIME = 2
SHIFT_LIMIT_S = 300
SHOWN = 12

pytestmark = pytest.mark.skipif(
    not APIS,
    reason=f"no recordings in {FOLDER}; OTEL_TOKENS_RECORDINGS names their folder",
)


class Replayed:
    """All replays, and what each of them measured."""

    def __init__(self, spans: list[Span], points: list[Point], rows: list[dict[str, Any]]) -> None:
        self.points = points
        self.rows = {row["key"]: row for row in rows}
        self.items = all_items()
        self._spans: dict[str, list[Span]] = defaultdict(list)
        for span in spans:
            if span.scope != "replay":
                self._spans[span.trace_id].append(span)

    def spans(self, item: Item) -> list[Span]:
        """The spans of one replay, but for the driver's own."""
        return self._spans[self.rows[item.key]["trace"]]

    def counted(self, metric: str, labels: Mapping[str, str] | None = None) -> float:
        """What all processes together have counted, under these labels."""
        wanted = (labels or {}).items()
        return sum(
            point.value
            for point in self.points
            if point.metric == metric and wanted <= point.attributes.items()
        )

    def judged(self, item: Item) -> bool:
        """Whether the wire and this version of the client library allow a verdict at all.

        A stream of an API that the version has no method for is not read by any application.
        """
        unknown = self.rows[item.key]["call"].endswith("in this version")
        return item.recording.id not in DOUBTFUL and not (unknown and item.recording.stream)

    def problems(self, item: Item) -> list[str]:
        """What is wrong with one replay."""
        if item.key not in self.rows:
            return ["it was not replayed"]
        if not self.judged(item):
            return []
        return problems(item, self.spans(item), self.rows[item.key]["error"])


def all_items() -> list[Item]:
    """Every replay, of every API."""
    found = [recorded for api in APIS for recorded in load(FOLDER, api)]
    return items(found, PIECE)


def run_shift(shift: list[Item], number: int, endpoint: str, folder: Path) -> list[dict[str, Any]]:
    """Replay one shift in a process of its own; a row about each replay."""
    todo, out = folder / f"shift{number}.json", folder / f"rows{number}.json"
    wanted = [[i.recording.folder, i.recording.id, i.mode, i.piece] for i in shift]
    todo.write_text(json.dumps(wanted), "utf-8")
    python = Path(sys.executable)
    driver = Path(__file__).with_name("driver.py")
    home = folder / f"home{number}"
    home.mkdir()
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_BSP_MAX_QUEUE_SIZE": "100000",
        "OTEL_RESOURCE_ATTRIBUTES": f"replay.shift={number}",
    }
    done = subprocess.run(
        [python.with_name("opentelemetry-instrument"), python, driver, FOLDER, todo, out],
        env=env,
        capture_output=True,
        text=True,
        timeout=SHIFT_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    (folder / f"stderr{number}.txt").write_text(done.stderr, "utf-8")
    rows: list[dict[str, Any]] = json.loads(out.read_text("utf-8"))
    return rows


def replay_all(folder: Path) -> dict[str, Any]:
    """Replay everything; spans, points and rows as plain data."""
    with Receiver() as receiver, ThreadPoolExecutor(AT_A_TIME) as pool:
        runs = [
            pool.submit(run_shift, shift, number, receiver.endpoint, folder)
            for number, shift in enumerate(shifts(all_items()))
        ]
        rows = [row for run in runs for row in run.result()]
        received = receiver.received
    return {
        "spans": [asdict(span) for span in received.spans],
        "points": [asdict(point) for point in received.points],
        "rows": rows,
    }


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    """All replays, made once, also when the tests are spread over several processes."""
    folder = tmp_path_factory.getbasetemp()
    spread = "PYTEST_XDIST_WORKER" in os.environ
    folder = (folder.parent if spread else folder) / "recordings"
    result = folder / "result.json"
    try:
        folder.mkdir()
    except FileExistsError:
        _await(result)
    else:
        try:
            data: dict[str, Any] = replay_all(folder)
        except BaseException as error:  # noqa: BLE001 (whatever it is, the others must not wait)
            data = {"failed": repr(error)}
        part = result.with_suffix(".part")
        part.write_text(json.dumps(data), "utf-8")
        part.rename(result)
    data = json.loads(result.read_text("utf-8"))
    if "failed" in data:
        pytest.fail(data["failed"])
    spans = [Span(**span) for span in data["spans"]]
    points = [Point(**point) for point in data["points"]]
    return Replayed(spans, points, data["rows"])


def _await(result: Path) -> None:
    deadline = time.monotonic() + 2 * SHIFT_LIMIT_S
    while not result.exists():
        assert time.monotonic() < deadline, "another test process did not finish the replays"
        time.sleep(0.2)


Note = Callable[[str, object], None]


def judge(replayed: Replayed, api: str, modes: set[str], record_property: Note) -> None:
    """Assert that nothing is wrong with the replays of one API, and note how many there were."""
    judged = [i for i in replayed.items if i.recording.folder == api and i.mode in modes]
    found = [(item, wrong) for item in judged if (wrong := replayed.problems(item))]
    record_property("recordings", [api, "+".join(sorted(modes)), len(judged), len(found)])
    lines = [
        f"{item.key} ({item.recording.url}, {replayed.rows[item.key]['call']}): {'; '.join(wrong)}"
        for item, wrong in found
    ]
    shown = "\n".join(line[:1500] for line in lines[:SHOWN])
    assert not lines, f"{len(found)} of {len(judged)} replays are wrong:\n{shown}"


@pytest.mark.parametrize("api", [api for api in APIS if api.startswith(OURS)])
def test_answers_are_counted_as_the_wire_counts(replayed: Replayed, api: str, record_property: Note) -> None:
    """Tokens, model and finish reasons of OpenAI, Azure and Anthropic answers are the wire's."""
    judge(replayed, api, {"sync"}, record_property)


@pytest.mark.parametrize("api", [api for api in APIS if not api.startswith(OURS)])
def test_answers_of_others_are_counted_as_the_wire_counts(
    replayed: Replayed, api: str, record_property: Note
) -> None:
    """The same clients at the address of another provider count as that provider does."""
    judge(replayed, api, {"sync"}, record_property)


@pytest.mark.parametrize("mode", ["async", "raw", "streaming_raw"])
@pytest.mark.parametrize("api", [api for api in APIS if api in EVERY_MODE])
def test_every_way_to_call_counts_the_same(
    replayed: Replayed, api: str, mode: str, record_property: Note
) -> None:
    """Async clients, raw and streaming-raw answers are counted like the plain method."""
    judge(replayed, api, {mode}, record_property)


def test_counters_add_up_to_the_wire(replayed: Replayed) -> None:
    """The token counter holds exactly what all answers together state."""
    counted = replayed.counted("otel_tokens.tokens", {USAGE_SOURCE: "provider"})
    low = high = 0
    for item in replayed.items:
        if not item.recording.expected["has_usage"]:
            continue
        wire = total(item.recording)
        stated = claims(replayed.spans(item))
        doubtful = not replayed.judged(item)
        # Where the wire contradicts itself there is no right number: the span's is taken.
        for number, name in ((wire.input, INPUT), (wire.output, OUTPUT)):
            spans_say = sum(span.attributes.get(name, 0) for span in stated)
            low += spans_say if number is None or doubtful else number
        high += wire.more
    high += low
    assert low <= counted <= high


def test_spans_and_counters_agree(replayed: Replayed) -> None:
    """Requests, tokens of the provider and money add up to the same on spans and in counters."""
    spans = [span for item in replayed.items for span in ours(replayed.spans(item))]
    claimed = [span for item in replayed.items for span in claims(replayed.spans(item))]
    tokens = sum(span.attributes.get(name, 0) for span in claimed for name in (INPUT, OUTPUT))
    money_usd = sum(span.attributes.get(COST_USD, 0) for span in spans)
    more = sum(total(item.recording).more for item in replayed.items)

    assert replayed.counted("otel_tokens.requests") == len(spans) > 0
    assert tokens <= replayed.counted("otel_tokens.tokens", {USAGE_SOURCE: "provider"}) <= tokens + more
    assert replayed.counted("otel_tokens.cost.usd") == pytest.approx(money_usd, rel=1e-9)
