"""The kinds of panels there are, each with one look. Titles, texts and units are required."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    heatmap,
    prometheus,
    stat,
    table,
    timeseries,
)
from grafana_foundation_sdk.models import common as look
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat


Panel = timeseries.Panel | stat.Panel | table.Panel | bargauge.Panel | heatmap.Panel
Links = Sequence[dashboard.DashboardLink]
_P = TypeVar("_P", timeseries.Panel, stat.Panel, table.Panel, bargauge.Panel, heatmap.Panel)

SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
USD: Final = "currencyUSD"
NUMBER: Final = "short"
SHARE: Final = "percentunit"
SECONDS: Final = "s"
PER_SECOND: Final = "cps"
BYTES: Final = "bytes"
TOKENS: Final = "short"

GREEN, ORANGE, RED, BLUE = "green", "orange", "red", "blue"
Steps = Sequence[tuple[float | None, str]]
CALM: Final[Steps] = ((None, BLUE),)
"""A number that is neither good nor bad."""
ANY_IS_BAD: Final[Steps] = ((None, GREEN), (1e-9, RED))
USED: Final[Steps] = ((None, GREEN), (0.5, "yellow"), (0.8, ORANGE), (1.0, RED))
"""The shares of a limit at which alerts fire."""

_FINEST_STEP: Final = "5m"
"""The window of the recorded increases: finer steps would show nothing more."""
_FEW_POINTS: Final = 120
"""For graphs over raw series, of which each step reads a day."""


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel."""

    expr: str
    legend: str = ""
    exemplars: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One query of a table: a number for each row."""

    name: str
    expr: str
    unit: str
    steps: Steps | None = None
    decimals: int | None = None


def figure(
    title: str, text: str, expr: str, unit: str, *, steps: Steps = CALM, decimals: int | None = None
) -> stat.Panel:
    """One big number."""
    panel = stat.Panel().reduce_options(_LAST).graph_mode(look.BigValueGraphMode.NONE)
    panel = panel.color_mode(look.BigValueColorMode.VALUE).thresholds(_thresholds(steps))
    if decimals is not None:
        panel = panel.decimals(decimals)
    return _common(panel, title, text, unit).with_target(_now(Query(expr)))


def graph(
    title: str,
    text: str,
    queries: Sequence[Query],
    unit: str,
    *,
    stacked: bool = False,
    raw: bool = False,
    fine: bool = False,
    links: Links = (),
) -> timeseries.Panel:
    """Lines over time, or bars that are stacked.

    `raw` reads raw series and so draws few points; `fine` does not read recorded increases, so that steps may
    be as short as a scrape.
    """
    legend = (
        common.VizLegendOptions().display_mode(look.LegendDisplayMode.TABLE).show_legend(show_legend=True)
    )
    legend = legend.placement(look.LegendPlacement.BOTTOM).calcs(["mean", "max", "lastNotNull"])
    tooltip = common.VizTooltipOptions().mode(look.TooltipDisplayMode.MULTI).sort(look.SortOrder.DESCENDING)
    panel = timeseries.Panel().legend(legend).tooltip(tooltip).min(0).line_width(1)
    if stacked:
        panel = panel.draw_style(look.GraphDrawStyle.BARS).fill_opacity(70)
        panel = panel.stacking(common.StackingConfig().mode(look.StackingMode.NORMAL).group("A"))
        panel = panel.bar_alignment(look.BarAlignment.BEFORE)
    else:
        panel = panel.draw_style(look.GraphDrawStyle.LINE).fill_opacity(8)
        panel = panel.show_points(look.VisibilityMode.AUTO)
    if not fine:
        panel = panel.interval(_FINEST_STEP)
    if raw:
        panel = panel.max_data_points(_FEW_POINTS)
    panel = _common(panel, title, text, unit).data_links(list(links))
    for ref, query in zip(_REFS, queries, strict=False):
        panel = panel.with_target(_over_time(query, ref))
    return panel


def heat(title: str, text: str, query: Query, unit: str, *, links: Links = ()) -> heatmap.Panel:
    """A histogram over time."""
    axis = heatmap.YAxisConfig().unit(unit)
    colour = heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges").steps(64)
    panel = heatmap.Panel().calculate(calculate=False).y_axis(axis).color(colour)
    panel = panel.interval(_FINEST_STEP).max_data_points(_FEW_POINTS).data_links(list(links))
    target = _over_time(query, "A").format(PromQueryFormat.HEATMAP)
    return _common(panel, title, text, unit).with_target(target)


def bars(
    title: str, text: str, query: Query, unit: str, *, steps: Steps = CALM, most: float | None = None
) -> bargauge.Panel:
    """One bar for each series, as long as its number."""
    panel = bargauge.Panel().reduce_options(_LAST).orientation(look.VizOrientation.HORIZONTAL).min(0)
    panel = panel.display_mode(look.BarGaugeDisplayMode.BASIC).thresholds(_thresholds(steps))
    panel = panel.value_mode(look.BarGaugeValueMode.TEXT).show_unfilled(show_unfilled=True)
    if most is not None:
        panel = panel.max(most)
    return _common(panel, title, text, unit).with_target(_now(query))


def rows(
    title: str, text: str, columns: Sequence[Column], *, sort: str, names: dict[str, str], links: Links = ()
) -> table.Panel:
    """A table: a row for each set of labels, a column for each query. `names` are labels, and their heads."""
    state = common.TableSortByFieldState().display_name(sort).desc(desc=True)
    panel = _common(table.Panel(), title, text, columns[0].unit).sort_by([state])
    for ref, column in zip(_REFS, columns, strict=False):
        panel = panel.with_target(_now(Query(column.expr), ref).format(PromQueryFormat.TABLE))
        panel = panel.override_by_name(column.name, _of_column(column))
    heads = names | {_value_of(ref, columns): each.name for ref, each in zip(_REFS, columns, strict=False)}
    order = {name: place for place, name in enumerate(heads)}
    shown = {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": heads}
    panel = panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    panel = panel.with_transformation(DataTransformerConfig(id_val="organize", options=shown))
    for head in list(names.values())[:1] if links else ():
        built = [each.build() for each in links]
        panel = panel.override_by_name(head, [DynamicConfigValue(id_val="links", value=built)])
    return panel


def alerts(title: str, text: str, expr: str, links: Links) -> table.Panel:
    """The alerts that fire, with all that they are about."""
    panel = _common(table.Panel(), title, text, NUMBER).with_target(
        _now(Query(expr)).format(PromQueryFormat.TABLE)
    )
    hidden = dict.fromkeys(("Time", "Value", "__name__", "alertstate"), True)
    shown = {"excludeByName": hidden, "indexByName": {"severity": 0, "alertname": 1}, "renameByName": {}}
    panel = panel.with_transformation(DataTransformerConfig(id_val="organize", options=shown))
    built = [each.build() for each in links]
    return panel.override_by_name("alertname", [DynamicConfigValue(id_val="links", value=built)])


_REFS: Final = "ABCDEFGHIJKL"
_LAST: Final = common.ReduceDataOptions().calcs(["lastNotNull"]).values(values=False)


def _common(panel: _P, title: str, text: str, unit: str) -> _P:
    return panel.title(title).description(text).datasource(SOURCE).unit(unit)


def _now(query: Query, ref: str = "A") -> prometheus.Dataquery:
    return _target(query, ref).instant()


def _over_time(query: Query, ref: str) -> prometheus.Dataquery:
    return _target(query, ref).range().exemplar(query.exemplars)


def _target(query: Query, ref: str) -> prometheus.Dataquery:
    target = prometheus.Dataquery().expr(query.expr).ref_id(ref).datasource(SOURCE)
    return target.legend_format(query.legend) if query.legend else target


def _thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    found = [Threshold(value=value, color=colour) for value, colour in steps]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(found)


def _value_of(ref: str, columns: Sequence[Column]) -> str:
    """What Grafana calls the value of a query in a table of several."""
    return f"Value #{ref}" if len(columns) > 1 else "Value"


def _of_column(column: Column) -> list[DynamicConfigValue]:
    found = [DynamicConfigValue(id_val="unit", value=column.unit)]
    if column.decimals is not None:
        found.append(DynamicConfigValue(id_val="decimals", value=column.decimals))
    if column.steps is not None:
        found.append(DynamicConfigValue(id_val="thresholds", value=_thresholds(column.steps).build()))
        found.append(
            DynamicConfigValue(
                id_val="custom.cellOptions", value={"type": "color-background", "mode": "basic"}
            )
        )
    return found
