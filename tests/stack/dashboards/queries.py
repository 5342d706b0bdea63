"""The queries of a dashboard, as Grafana would send them."""

from __future__ import annotations

import re

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple


Dashboard = Mapping[str, Any]

BUILT_IN: Final[Mapping[str, str]] = {
    "__range": "21600s",
    "__range_s": "21600",
    "__interval": "5m",
    "__interval_ms": "300000",
    "__rate_interval": "1m",
    "datasource": "prometheus",
}
"""What Grafana fills in itself, for the last six hours."""


class Asked(NamedTuple):
    """One query of a panel."""

    panel: str
    expr: str
    instant: bool
    labels: frozenset[str] = frozenset()
    """The labels that its legend and the links of its panel make use of."""
    exemplars: bool = False


def panels(dashboard: Dashboard) -> Iterator[Mapping[str, Any]]:
    """Every panel, also those inside collapsed rows; rows themselves are none."""
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", ())


def variables(dashboard: Dashboard) -> Iterator[Mapping[str, Any]]:
    """What a reader can choose."""
    yield from dashboard["templating"]["list"]


def everything(dashboard: Dashboard) -> dict[str, str]:
    """The values of the variables where nothing is chosen: `All`, or the first of the options."""
    return {
        each["name"]: each["allValue"]
        if each.get("includeAll")
        else str(each.get("current", {}).get("value", ""))
        for each in variables(dashboard)
    }


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with its variables replaced, longest names first.

    Raises:
        ValueError: A variable has no value.
    """
    for name in sorted(values, key=len, reverse=True):
        text = text.replace(f"${{{name}}}", values[name]).replace(f"${name}", values[name])
    if left := re.search(r"\$\{?\w+", text):
        raise ValueError(f"{left[0]} has no value in {text}")
    return text


def asked(dashboard: Dashboard, values: Mapping[str, str]) -> list[Asked]:
    """Every query of every panel, with variables filled in."""
    known = {**BUILT_IN, **values}
    return [
        Asked(
            panel["title"],
            filled(target["expr"], known),
            bool(target.get("instant")),
            _labels(panel, filled(target.get("legendFormat", ""), known)),
            bool(target.get("exemplar")),
        )
        for panel in panels(dashboard)
        for target in panel["targets"]
    ]


def _labels(panel: Mapping[str, Any], legend: str) -> frozenset[str]:
    links = str(panel["fieldConfig"]["defaults"].get("links", ()))
    return frozenset([*re.findall(r"{{(\w+)}}", legend), *re.findall(r"__field\.labels\.(\w+)", links)])


def panel_queries(dashboard: Dashboard, values: Mapping[str, str]) -> list[tuple[str, str]]:
    """The title and the expression of every query of every panel."""
    return [(each.panel, each.expr) for each in asked(dashboard, values)]
