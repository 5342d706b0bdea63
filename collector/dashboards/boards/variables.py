"""What a reader can choose at the head of a dashboard."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from . import queries as q


Variable = (
    dashboard.QueryVariable
    | dashboard.DatasourceVariable
    | dashboard.CustomVariable
    | dashboard.TextBoxVariable
)


def datasource() -> dashboard.DatasourceVariable:
    """Which Prometheus."""
    return (
        dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus").multi(multi=False)
    )


def of_label(name: str, label: str, metric: str = q.REQUESTS, matchers: str = "") -> dashboard.QueryVariable:
    """Any number of the values of a label; `All` also covers series without the label."""
    query = f"label_values({metric}{q.chosen(matchers)}, {label})"
    variable = dashboard.QueryVariable(name).label(name.capitalize()).query(query)
    variable = variable.datasource(DataSourceRef(type_val="prometheus", uid="${datasource}"))
    variable = variable.multi(multi=True).include_all(include_all=True).all_value(".*")
    variable = variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    chosen = VariableOption(selected=True, text="All", value="$__all")
    return variable.sort(VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC).current(chosen)


def spenders() -> list[Variable]:
    """Who spends, and on what."""
    return [
        datasource(),
        of_label("service", q.SERVICE),
        of_label("environment", q.ENVIRONMENT),
        of_label("team", q.TEAM, matchers=q.WHERE),
        of_label("provider", q.PROVIDER, matchers=q.WHERE),
        of_label("model", q.MODEL, matchers=q.WHERE),
    ]


def budgets() -> dashboard.QueryVariable:
    """Which budgets."""
    return of_label("budget", "otel_tokens_budget", q.BUDGET + "used_ratio")


def split() -> dashboard.CustomVariable:
    """By which label a graph tells apart; any other label of the counters can be typed in."""
    theirs, ours = ("feature", "customer", q.TEAM, q.SERVICE, q.ENVIRONMENT), (q.PROVIDER, q.MODEL)
    labels = (*theirs, *ours, "gen_ai_request_model", "gen_ai_operation_name", "otel_tokens_source")
    variable = dashboard.CustomVariable("split").label("Split by").values(",".join(labels))
    options = [VariableOption(selected=not at, text=each, value=each) for at, each in enumerate(labels)]
    return (
        variable.multi(multi=False)
        .current(options[0])
        .options(options)
        .allow_custom_value(allow_custom_value=True)
    )


def addresses() -> list[Variable]:
    """Where Jaeger and the runbooks are, as seen from the reader's browser."""
    readme = "https://github.com/otel-tokens/otel-tokens/blob/main/collector/README.md"
    return [_text("jaeger", "Jaeger", "http://127.0.0.1:16686"), _text("runbooks", "Runbooks", readme)]


def _text(name: str, label: str, value: str) -> dashboard.TextBoxVariable:
    option = VariableOption(selected=True, text=value, value=value)
    return dashboard.TextBoxVariable(name).label(label).default_value(value).current(option).options([option])
