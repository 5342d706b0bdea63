"""What a dashboard has to be like. The rules of Grafana's own linter that fit, and ours.

Left out, with the reason: `template-job`, `template-instance`, `target-job` and `target-instance`, as these
dashboards are about services and money, which do not know where a process ran; and the rules about LogQL, as
there are no logs. `target-counter-agg` is here in another form: increases are made of last values, as `rate`
does not see a process that has left one sample.
"""

from __future__ import annotations

import re

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import promql_parser

from ..stack.dashboards.queries import BUILT_IN, Dashboard, everything, filled, panels, variables


Rule = Callable[[Dashboard], Iterator[str]]
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
WIDTH: Final = 24
RELOADS_ON_TIME: Final = 2
NOW: Final = ("stat", "table", "bargauge")
"""Panels that show one moment; all others show a time range."""


def lint(dashboard: Dashboard) -> list[str]:
    """Everything that is wrong."""
    return [f"{rule.__name__}: {problem}" for rule in RULES for problem in rule(dashboard)]


def one_source(dashboard: Dashboard) -> Iterator[str]:
    """There is one variable for the data source, of the name that everybody expects."""
    found = [each["name"] for each in variables(dashboard) if each["type"] == "datasource"]
    if found != ["datasource"]:
        yield str(found)


def panel_source(dashboard: Dashboard) -> Iterator[str]:
    """Every panel and every query uses the data source that is chosen."""
    for panel in panels(dashboard):
        for each in (panel, *panel.get("targets", ())):
            if each.get("datasource") != SOURCE:
                yield panel["title"]


def texts(dashboard: Dashboard) -> Iterator[str]:
    """Dashboards and panels have a title, and say what they show."""
    for each in (dashboard, *panels(dashboard)):
        if not each.get("title") or not each.get("description"):
            yield str(each.get("title") or each.get("id"))


def units(dashboard: Dashboard) -> Iterator[str]:
    """Numbers have a unit, also those in the columns of a table."""
    for panel in panels(dashboard):
        if not panel["fieldConfig"]["defaults"].get("unit"):
            yield panel["title"]
        for override in panel["fieldConfig"].get("overrides") or ():
            properties = {each["id"] for each in override["properties"]}
            if "unit" not in properties and "links" not in properties:
                yield f"{panel['title']}, {override['matcher']['options']}"


def targets(dashboard: Dashboard) -> Iterator[str]:
    """Every panel asks something, each query has its letter, and a moment is not asked as a range."""
    for panel in panels(dashboard):
        asked = panel.get("targets") or ()
        letters = [each["refId"] for each in asked]
        if not asked or len(set(letters)) < len(letters) or not all(each.get("expr") for each in asked):
            yield panel["title"]
        if any(bool(each.get("instant")) != (panel["type"] in NOW) for each in asked):
            yield f"{panel['title']}, moment or range"


def promql(dashboard: Dashboard) -> Iterator[str]:
    """Every expression parses when its variables are filled in, and all of these are defined."""
    for panel, expr in _expressions(dashboard):
        try:
            promql_parser.parse(_filled(dashboard, expr))
        except ValueError as error:  # noqa: PERF203  # each expression is a problem of its own
            yield f"{panel}: {error}"


def counters(dashboard: Dashboard) -> Iterator[str]:
    """Raw counters are read by `last_over_time`, or by `rate` where they belong to a program that stays."""
    for panel, expr in _expressions(dashboard):
        for found in re.finditer(r"\b\w+_(?:total|bucket|count|sum)\b(?=[{\[])", expr):
            before = expr[: found.start()]
            ours = found[0].startswith(("otel_tokens_", "gen_ai_"))
            if not before.endswith("last_over_time(" if ours else "rate("):
                yield f"{panel}: {found[0]}"


def windows(dashboard: Dashboard) -> Iterator[str]:
    """Rates are taken over the interval that Grafana finds right for them."""
    for panel, expr in _expressions(dashboard):
        for function, window in re.findall(r"\b(i?rate|increase)\([^\[]*\[([^\]]*)\]", expr):
            if window != "$__rate_interval":
                yield f"{panel}: {function} over {window}"


def reload(dashboard: Dashboard) -> Iterator[str]:
    """Variables are asked anew when the time range changes; several values, or all, can be chosen."""
    for each in variables(dashboard):
        if each["type"] == "query" and (
            each["refresh"] != RELOADS_ON_TIME
            or not each["multi"]
            or not each["includeAll"]
            or each["allValue"] != ".*"
            or each["datasource"] != SOURCE
        ):
            yield each["name"]


def read_only(dashboard: Dashboard) -> Iterator[str]:
    """Nobody edits by hand what the next build overwrites."""
    if dashboard["editable"]:
        yield dashboard["title"]


def ids(dashboard: Dashboard) -> Iterator[str]:
    """Panels and rows have numbers of their own."""
    found = [each["id"] for each in dashboard["panels"]]
    if len(set(found)) < len(found):
        yield str(sorted(found))


def places(dashboard: Dashboard) -> Iterator[str]:
    """No panel lies on another, or beyond the edge."""
    taken: dict[tuple[int, int], str] = {}
    for each in dashboard["panels"]:
        at = each["gridPos"]
        if at["x"] + at["w"] > WIDTH or min(at["w"], at["h"]) < 1:
            yield f"{each['title']}, edge"
        for cell in [
            (x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
        ]:
            if cell in taken:
                yield f"{each['title']} on {taken[cell]}"
                break
            taken[cell] = each["title"]


def columns(dashboard: Dashboard) -> Iterator[str]:
    """Links of a table take their values from columns that it has."""
    for panel in panels(dashboard):
        heads = {"alertname"}
        for each in panel.get("transformations") or ():
            heads |= set(each["options"].get("renameByName", {}).values())
        for name in re.findall(r"__data\.fields\.(\w+)", str(panel)):
            if name not in heads:
                yield f"{panel['title']}: {name}"


RULES: Final[tuple[Rule, ...]] = (
    one_source,
    panel_source,
    texts,
    units,
    targets,
    promql,
    counters,
    windows,
    reload,
    read_only,
    ids,
    places,
    columns,
)


def _expressions(dashboard: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for panel in panels(dashboard):
        for target in panel.get("targets") or ():
            yield panel["title"], target.get("expr") or ""


def _filled(dashboard: Dashboard, expr: str) -> str:
    return filled(expr, {**BUILT_IN, **everything(dashboard)})
