"""The dashboards as they are checked in: fresh, well formed, and about series that exist."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from otel_tokens.telemetry import names

from . import lint


COLLECTOR = Path(__file__).parents[2] / "collector"
FOLDER = COLLECTOR / "dashboards"
FILES = sorted(FOLDER.glob("*.json"))
RULES = sorted((COLLECTOR / "prometheus" / "rules").glob("*.yaml"))
Change = Callable[[dict[str, Any]], object]


def load(path: Path) -> dict[str, Any]:
    """A dashboard."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def build(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the generator as people do."""
    command = [sys.executable, str(FOLDER / "build.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def all_rules() -> list[dict[str, Any]]:
    """Every recording and alerting rule."""
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text("utf-8"))["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def text_of_all() -> str:
    """All queries and marks of all dashboards."""
    return "\n".join(json.dumps(load(path), ensure_ascii=False).replace('\\"', '"') for path in FILES)


def test_there_are_four() -> None:
    """Spend, budgets, anomalies and the pipeline: file, uid and title go together."""
    found = {path.stem: (load(path)["uid"], load(path)["title"]) for path in FILES}

    assert found == {
        "otel-tokens-anomalies": ("otel-tokens-anomalies", "LLM anomalies"),
        "otel-tokens-budgets": ("otel-tokens-budgets", "LLM budgets"),
        "otel-tokens-pipeline": ("otel-tokens-pipeline", "LLM pipeline"),
        "otel-tokens-spend": ("otel-tokens-spend", "LLM spend"),
    }


def test_files_are_fresh(tmp_path: Path) -> None:
    """What is checked in is what the generator writes, and writing twice gives the same."""
    pytest.importorskip("grafana_foundation_sdk", reason="the generator needs Python 3.11")
    assert build("--folder", str(tmp_path)).returncode == 0

    assert build("--check").returncode == 0
    assert {path.name: path.read_bytes() for path in FILES} == {
        path.name: path.read_bytes() for path in tmp_path.glob("*.json")
    }


def test_stale_files_are_found(tmp_path: Path) -> None:
    """A file that was edited, one that is missing and one that nobody writes fail the check, by name."""
    pytest.importorskip("grafana_foundation_sdk", reason="the generator needs Python 3.11")
    build("--folder", str(tmp_path))
    edited, missing, *_ = sorted(tmp_path.glob("*.json"))
    edited.write_text(edited.read_text("utf-8").replace("USD", "EUR", 1), "utf-8")
    missing.unlink()
    (tmp_path / "old.json").write_text("{}", "utf-8")

    said = build("--check", "--folder", str(tmp_path))

    assert said.returncode == 1
    assert {line.split(" ")[0] for line in said.stderr.splitlines()} == {
        edited.name,
        missing.name,
        "old.json",
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_is_wrong(path: Path) -> None:
    """Every rule of the linter holds."""
    assert lint.lint(load(path)) == []


def panel(dashboard: dict[str, Any], kind: str = "timeseries") -> dict[str, Any]:
    """The first panel of a kind."""
    return next(each for each in dashboard["panels"] if each["type"] == kind)


def variable(dashboard: dict[str, Any]) -> dict[str, Any]:
    """The first variable that is a query."""
    return next(each for each in dashboard["templating"]["list"] if each["type"] == "query")


def _ask(expr: str) -> Change:
    return lambda board: panel(board)["targets"][0].update(expr=expr)


SPOILED: list[tuple[lint.Rule, str, Change]] = [
    (lint.one_source, "name", lambda board: board["templating"]["list"][0].update(name="source")),
    (lint.panel_source, "panel", lambda board: panel(board).update(datasource=None)),
    (lint.panel_source, "query", lambda board: panel(board)["targets"][0].update(datasource={"uid": "mine"})),
    (lint.texts, "title", lambda board: panel(board).update(title="")),
    (lint.texts, "text", lambda board: panel(board).pop("description")),
    (lint.units, "panel", lambda board: panel(board)["fieldConfig"]["defaults"].pop("unit")),
    (
        lint.units,
        "column",
        lambda board: panel(board, "table")["fieldConfig"]["overrides"][0].update(properties=[]),
    ),
    (lint.targets, "none", lambda board: panel(board).update(targets=[])),
    (lint.targets, "letters", lambda board: [each.update(refId="A") for each in _two(board)["targets"]]),
    (lint.targets, "moment", lambda board: panel(board)["targets"][0].update(instant=True)),
    (lint.promql, "syntax", _ask("sum(otel_tokens_heartbeat")),
    (lint.promql, "variable", _ask('otel_tokens_heartbeat{service_name="$nobody"}')),
    (lint.counters, "bare", _ask("sum(otel_tokens_cost_usd_total{})")),
    (lint.counters, "rate", _ask("sum(rate(otel_tokens_cost_usd_total[$__rate_interval]))")),
    (lint.windows, "fixed", _ask("sum(rate(prometheus_x_total[5m]))")),
    (lint.reload, "refresh", lambda board: variable(board).update(refresh=1)),
    (lint.reload, "all", lambda board: variable(board).update(allValue="")),
    (lint.read_only, "editable", lambda board: board.update(editable=True)),
    (lint.ids, "twice", lambda board: board["panels"][1].update(id=board["panels"][2]["id"])),
    (lint.places, "overlap", lambda board: board["panels"][2].update(gridPos=board["panels"][1]["gridPos"])),
    (lint.places, "edge", lambda board: board["panels"][1]["gridPos"].update(w=25)),
    (lint.columns, "column", lambda board: panel(board, "table").update(links="${__data.fields.Nothing}")),
]


def _two(board: dict[str, Any]) -> dict[str, Any]:
    """A panel of several queries."""
    found: dict[str, Any] = next(each for each in board["panels"] if len(each.get("targets") or ()) > 1)
    return found


@pytest.mark.parametrize(
    ("rule", "change"), [pytest.param(r, c, id=f"{r.__name__}-{w}") for r, w, c in SPOILED]
)
def test_what_is_wrong_is_found(rule: lint.Rule, change: Change) -> None:
    """Each rule finds what was spoiled on purpose."""
    board = copy.deepcopy(load(FOLDER / "otel-tokens-spend.json"))
    change(board)

    assert any(problem.startswith(f"{rule.__name__}: ") for problem in lint.lint(board))


def test_every_rule_was_tried() -> None:
    """No rule of the linter is without an example of what it finds."""
    assert {rule for rule, _, _ in SPOILED} == set(lint.RULES)


def test_recorded_series_exist() -> None:
    """Every recorded series of a dashboard is one that a rule records."""
    used = set(re.findall(r"otel_tokens:[\w:]+", text_of_all()))
    recorded = {rule["record"] for rule in all_rules() if "record" in rule}

    assert used
    assert used - recorded == set()


def test_raw_series_exist() -> None:
    """Every raw series of a dashboard is a metric that the package emits, as Prometheus calls it."""
    emitted = [value for name, value in vars(names).items() if name.startswith(("METRIC_", "RELEASED_"))]
    stated = [value for value in emitted if isinstance(value, str)]
    known = {each.replace(".", "_") for each in (*stated, *names.METRIC_BUDGETS.values())}
    used = set(
        re.findall(r"\b((?:otel_tokens|gen_ai)_\w+?)(?:_seconds)?(?:_total|_bucket)?[{\[]", text_of_all())
    )

    assert used
    assert used - known <= {"otel_tokens_price_age"}


def test_alerts_have_a_dashboard() -> None:
    """Every category of alert is marked on a dashboard, and no dashboard waits for one that there is not."""
    stated = {rule["labels"]["category"] for rule in all_rules() if "alert" in rule}
    shown = {
        each for found in re.findall(r'category=~"([\w|]+)"', text_of_all()) for each in found.split("|")
    }

    assert shown == stated


def test_links_of_alerts_arrive() -> None:
    """The dashboard that an alert leads to exists, with the variables that the link sets."""
    boards = {path.stem: {each["name"] for each in load(path)["templating"]["list"]} for path in FILES}
    urls = [rule["annotations"]["dashboard_url"] for rule in all_rules() if "alert" in rule]

    assert urls
    for url in urls:
        found = re.search(r"/d/([\w-]+)", url)
        assert found is not None, url
        assert set(re.findall(r"var-(\w+)=", url)) <= boards[found[1]], url


def test_dashboards_lead_to_each_other() -> None:
    """Each dashboard links to the three others and to the runbooks, and keeps time and variables."""
    for path in FILES:
        links = {link["url"]: (link["includeVars"], link["keepTime"]) for link in load(path)["links"]}
        others = {f"/d/{other.stem}": (True, True) for other in FILES if other != path}

        assert links == {**others, "${runbooks}": (False, False)}


def test_peaks_lead_to_traces() -> None:
    """Money by service leads to a search in Jaeger that ends where one has clicked, and to Grafana's own."""
    board = load(FOLDER / "otel-tokens-spend.json")
    found = next(each for each in board["panels"] if each["title"] == "By service")

    jaeger, explore = [each["url"] for each in found["fieldConfig"]["defaults"]["links"]]

    assert jaeger == (
        "${jaeger}/search?service=${__field.labels.service_name:percentencode}"
        "&lookback=custom&start=${__from}000&end=${__value.time}000&limit=50"
    )
    assert explore.startswith("/explore?schemaVersion=1&panes=")
