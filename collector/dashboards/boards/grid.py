"""Builds a dashboard: places panels row by row, numbers them, adds variables and links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DataSourceRef,
    GridPos,
)

from . import links, variables
from .panels import Panel


WIDTH = 24


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading, all of one height; a width of 0 takes what is left."""

    title: str
    height: int
    panels: Sequence[tuple[Panel, int]]


def build(
    uid: str,
    text: str,
    rows: Sequence[Row],
    chosen: Sequence[variables.Variable],
    *,
    since: str,
    alerts: str,
) -> Dashboard:
    """The dashboard `uid`; `alerts` are those that are marked on its graphs."""
    board = dashboard.Dashboard(links.BOARDS[uid]).uid(uid).description(text).tags(["otel-tokens", "llm"])
    board = board.readonly().tooltip(DashboardCursorSync.CROSSHAIR).refresh("1m").time(since, "now")
    board = board.timezone("browser").links(list(links.others(uid))).annotation(_marks(alerts))
    for variable in chosen:
        board = board.with_variable(variable)
    top, number = 0, 0
    for row in rows:
        number += 1
        at = GridPos(x=0, y=top, w=WIDTH, h=1)
        board = board.with_row(dashboard.Row(row.title).id(number).grid_pos(at))
        top, number, board = _place(board, row, top + 1, number)
    return board.build()


def _place(
    board: dashboard.Dashboard, row: Row, top: int, number: int
) -> tuple[int, int, dashboard.Dashboard]:
    """Put the panels of a row from left to right, and begin a new line where they are too wide."""
    left = 0
    for panel, wide in row.panels:
        if left + wide > WIDTH:
            left, top = 0, top + row.height
        width, number = wide or WIDTH - left, number + 1
        board = board.with_panel(panel.id(number).grid_pos(GridPos(x=left, y=top, w=width, h=row.height)))
        left += width
    return top + row.height, number, board


def _marks(alerts: str) -> dashboard.AnnotationQuery:
    source = DataSourceRef(type_val="prometheus", uid="${datasource}")
    marks = dashboard.AnnotationQuery().name("Alerts").datasource(source).enable(enable=True)
    return marks.icon_color("red").expr(alerts)
