"""Prints, at the end of the run, how many replays of each API were right."""

from __future__ import annotations

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A table: API, mode, replays, right, wrong."""
    rows = sorted(
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "recordings" and report.when == "call"
    )
    if not rows:
        return
    terminalreporter.section("recordings")
    terminalreporter.line(f"{'api':<32}{'mode':<15}{'n':>6}{'right':>7}{'wrong':>7}")
    for api, mode, n, wrong in rows:
        terminalreporter.line(f"{api:<32}{mode:<15}{n:>6}{n - wrong:>7}{wrong:>7}")
    n, wrong = sum(row[2] for row in rows), sum(row[3] for row in rows)
    terminalreporter.line(f"{'all':<47}{n:>6}{n - wrong:>7}{wrong:>7}")
