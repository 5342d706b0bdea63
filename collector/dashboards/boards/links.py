"""Where dashboards lead: to the traces of a peak, to each other, to the runbooks."""

from __future__ import annotations

import json

from typing import Final
from urllib.parse import quote

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import DashboardLinkType


BOARDS: Final = {
    "otel-tokens-spend": "LLM spend",
    "otel-tokens-budgets": "LLM budgets",
    "otel-tokens-anomalies": "LLM anomalies",
    "otel-tokens-pipeline": "LLM pipeline",
}
"""Uid to title."""

SPENDERS: Final = ("service", "environment", "team", "provider", "model")
"""The variables that say who spends, and on what."""

RUNBOOKS: Final = "${runbooks}"
"""The page with a heading for each alert: a variable, since everybody keeps it elsewhere."""

FIELD_SERVICE: Final = "${__field.labels.service_name:percentencode}"


def jaeger(
    title: str, *, service: str, model: str = "", up_to_point: bool = False
) -> dashboard.DashboardLink:
    """A search for traces in Jaeger, whose page shows the newest first.

    `up_to_point` ends the search at the point of a graph that was clicked, so that its traces are on top.
    """
    end = "${__value.time}000" if up_to_point else "${__to}000"
    tags = json.dumps({"gen_ai.response.model": "MODEL"})
    search = f"service={service}&lookback=custom&start=${{__from}}000&end={end}&limit=50"
    if model:
        search += f"&tags={quote(tags).replace('MODEL', model)}"
    return _link(title, f"${{jaeger}}/search?{search}")


def explore(title: str, *, service: str) -> dashboard.DashboardLink:
    """The same search inside Grafana, in its data source for Jaeger."""
    pane = {
        "datasource": "jaeger",
        "queries": [{"refId": "A", "queryType": "search", "service": "SERVICE", "limit": 50}],
        "range": {"from": "FROM", "to": "TO"},
    }
    panes = quote(json.dumps({"traces": pane}, separators=(",", ":")))
    for word, variable in {"SERVICE": service, "FROM": "${__from}", "TO": "${__to}"}.items():
        panes = panes.replace(word, variable)
    return _link(title, f"/explore?schemaVersion=1&panes={panes}")


def peak() -> list[dashboard.DashboardLink]:
    """From a point of a graph to its traces."""
    return [
        jaeger("Traces up to here (Jaeger)", service=FIELD_SERVICE, up_to_point=True),
        explore("Traces of this service (Grafana)", service=FIELD_SERVICE),
    ]


def column(head: str) -> str:
    """The value of a column in the row that was clicked."""
    return f"${{__data.fields.{head}:percentencode}}"


def row(service: str, model: str = "") -> list[dashboard.DashboardLink]:
    """From a row of a table to its traces."""
    return [
        jaeger("Traces (Jaeger)", service=service, model=model),
        explore("Traces (Grafana)", service=service),
    ]


def runbook() -> list[dashboard.DashboardLink]:
    """From an alert to what it means and what to do."""
    return [_link("Runbook", f"{RUNBOOKS}#${{__data.fields.alertname}}")]


def narrowed(name: str, value: str, title: str) -> list[dashboard.DashboardLink]:
    """The spend dashboard for one value of a variable; all that was chosen beside it stays."""
    kept = "".join([f"&${{{each}:queryparam}}" for each in SPENDERS if each != name])
    url = f"/d/otel-tokens-spend?from=${{__from}}&to=${{__to}}{kept}&var-{name}={value}"
    return [_link(title, url, new_tab=False)]


def others(uid: str) -> list[dashboard.DashboardLink]:
    """The other dashboards and the runbooks, for the head of a dashboard; they keep time and variables."""
    found = [
        _link(title, f"/d/{other}", new_tab=False).include_vars(include_vars=True).keep_time(keep_time=True)
        for other, title in BOARDS.items()
        if other != uid
    ]
    return [*found, _link("Runbooks", RUNBOOKS)]


def _link(title: str, url: str, *, new_tab: bool = True) -> dashboard.DashboardLink:
    return dashboard.DashboardLink(title).url(url).target_blank(new_tab).type(DashboardLinkType.LINK)
