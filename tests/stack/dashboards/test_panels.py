"""Every query of every panel, asked of a real Prometheus with a day of spending in it."""

from __future__ import annotations

import json
import re
import time

from pathlib import Path

import pytest

from . import history
from .prometheus import Prometheus
from .queries import Asked, Dashboard, asked, everything, filled, variables


FOLDER = Path(__file__).parents[3] / "collector" / "dashboards"
BOARDS = sorted(path.stem for path in FOLDER.glob("*.json"))
CHOSEN = {
    "service": "(shop|newcomer)",
    "environment": "production",
    "team": "(payments|labs)",
    "provider": "openai",
    "model": "(gpt-5|gpt-5-mini)",
    "budget": "(all|shop-day|tokens-day)",
    "split": "customer",
}
"""Some values of each variable, as Grafana sends one or several of them."""
STEP_S = 300


def board(uid: str) -> Dashboard:
    """A dashboard as it is checked in."""
    found: Dashboard = json.loads((FOLDER / f"{uid}.json").read_text("utf-8"))
    return found


def without_zero(asked_for: Asked) -> Asked:
    """A query without the zero that stands for nothing."""
    return asked_for._replace(expr=asked_for.expr.removesuffix(" or on () vector(0)"))


def problems(prometheus: Prometheus, queries: list[Asked]) -> list[str]:
    """The queries that failed or found nothing."""
    now_s, found = time.time(), []
    for each in queries:
        result, error = prometheus.found(each.expr, instant=each.instant, now_s=now_s)
        if error or not result:
            found.append(f"{each.panel}: {error or 'nothing'}: {each.expr}")
    return found


@pytest.mark.parametrize("uid", BOARDS)
def test_every_query_finds_something(day: Prometheus, uid: str) -> None:
    """With nothing chosen no panel is empty, even without a zero in place of nothing; no query is refused."""
    dashboard = board(uid)
    queries = asked(dashboard, everything(dashboard))

    assert problems(day, [without_zero(each) for each in queries]) == []


@pytest.mark.parametrize("uid", BOARDS)
def test_what_is_chosen_finds_something(day: Prometheus, uid: str) -> None:
    """With values chosen for all variables no panel is empty either."""
    dashboard = board(uid)

    assert problems(day, asked(dashboard, everything(dashboard) | CHOSEN)) == []


@pytest.mark.parametrize("uid", BOARDS)
def test_legends_and_links_find_their_labels(day: Prometheus, uid: str) -> None:
    """What a legend names, and what a link takes along, is a label of what the query finds."""
    dashboard, now_s = board(uid), time.time()
    for each in asked(dashboard, everything(dashboard)):
        result, _ = day.found(without_zero(each).expr, instant=each.instant, now_s=now_s)
        found = {label for series in result for label in series["metric"]}

        assert each.labels <= found, (each.panel, each.expr)


def test_a_metric_that_is_not_there_is_found_out(day: Prometheus) -> None:
    """The check has teeth: a name that nobody exports, and a query that Prometheus refuses."""
    queries = [
        Asked("typo", "otel_tokens_costs_usd_total", instant=True),
        Asked("syntax", "sum(", instant=False),
    ]

    assert [line.split(":")[0] for line in problems(day, queries)] == ["typo", "syntax"]


@pytest.mark.parametrize("uid", BOARDS)
def test_there_is_something_to_choose(day: Prometheus, uid: str) -> None:
    """The query of each variable finds values."""
    dashboard = board(uid)
    for variable in variables(dashboard):
        if variable["type"] != "query":
            continue
        found = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"])
        assert found is not None, variable["query"]
        selector, label = filled(found[1], everything(dashboard)), found[2]

        answer = day.ask(f"label/{label}/values", **{"match[]": selector})

        assert answer["data"], variable["name"]


@pytest.mark.parametrize("uid", BOARDS)
def test_alerts_are_marked(day: Prometheus, uid: str) -> None:
    """The alerts of each dashboard's kind fire in this history, and its marks find them."""
    (marks,) = board(uid)["annotations"]["list"]

    result, error = day.found(marks["expr"], instant=False, now_s=time.time())

    assert not error
    assert result


def test_histograms_lead_to_single_traces(day: Prometheus) -> None:
    """Each query that asks for exemplars finds some, with the trace that they are of."""
    asking = [each for each in _spend() if each.exemplars]

    assert {each.panel for each in asking} > {"How long a call takes"}
    for each in asking:
        found = day.ask("query_exemplars", query=each.expr, start=time.time() - 600, end=time.time() + 1)[
            "data"
        ]
        assert found[0]["exemplars"][0]["labels"]["trace_id"] == (b"t" * 16).hex()


def test_dollars_of_a_range_are_exact(day: Prometheus) -> None:
    """Six hours of services, of scripts that lived two seconds and of a newborn process, to a millionth."""
    (query,) = [each for each in _spend() if each.panel == "In this range"]

    result, _ = day.found(query.expr, instant=True, now_s=time.time())

    assert float(result[0]["value"][1]) == pytest.approx(history.spent_usd(6 * history.HOUR), rel=1e-6)


def test_bars_add_up_to_the_total(day: Prometheus) -> None:
    """The graph by service adds up to the total: no step counts twice, none is left out.

    It is the mean of the totals of the last five evaluations, as each of them sees five minutes. Scripts are
    left out: what is evaluated over the past has no mark where a series ends (`test_recorded.py` has them).
    """
    queries = {each.panel: each for each in _spend(service="shop|search|gateway|newcomer")}
    bars, total = queries["By service"], queries["In this range"]
    end_s = (time.time() - 2 * STEP_S) // STEP_S * STEP_S

    series, _ = day.found(bars.expr, instant=False, now_s=end_s)
    last, _ = day.found("max(timestamp(otel_tokens:cost_usd:increase5m))", instant=True, now_s=end_s)
    ends = [float(last[0]["value"][1]) - minute * history.MINUTE for minute in range(5)]
    wholes = [day.found(total.expr, instant=True, now_s=each)[0][0]["value"][1] for each in ends]

    start_s = end_s - 6 * history.HOUR  # whose bar lies before the range
    usd = sum(float(value) for one in series for at_s, value in one["values"] if at_s > start_s)
    assert usd * STEP_S / history.HOUR == pytest.approx(sum(map(float, wholes)) / 5, rel=1e-9)


def test_no_rule_fails(day: Prometheus) -> None:
    """Every rule is evaluated without an error, over data with everything in it."""
    groups = day.ask("rules")["data"]["groups"]
    failed = {
        rule["name"]: rule["lastError"]
        for group in groups
        for rule in group["rules"]
        if rule.get("lastError")
    }

    assert groups
    assert failed == {}


def _spend(**chosen: str) -> list[Asked]:
    dashboard = board("otel-tokens-spend")
    return asked(dashboard, everything(dashboard) | chosen)
