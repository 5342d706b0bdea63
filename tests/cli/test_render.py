"""How amounts, bars and times are written."""

from __future__ import annotations

import io

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.cli import render


@pytest.mark.parametrize(
    ("count", "unit", "text"),
    [
        (0, "usd", "$0.00"),
        (12_340_000_000_000, "usd", "$12.34"),
        (12_345_678_900_000, "usd", "$12.35"),
        (1_234_567_890_000_000, "usd", "$1,234.57"),
        (100_000_000_000, "usd", "$0.10"),
        (135_000_000, "usd", "$0.000135"),
        (135_678_000, "usd", "$0.000136"),
        (999_999_000_000, "usd", "$1.00"),
        (1, "usd", "$0.000000000001"),
        (-5_000_000_000_000, "usd", "-$5.00"),
        (1_250, "tokens", "1,250 tokens"),
    ],
)
def test_amounts(count: int, unit: str, text: str) -> None:
    """Dollars to the cent, less than a dollar to three digits that count; tokens in groups."""
    assert render.amount(count, unit) == text


@given(st.integers(0, 10**18), st.integers(0, 10**18), st.integers(0, 10**18))
def test_bars(spent: int, held: int, limit: int) -> None:
    """A bar has its length; it is full when all is gone and only then, and shows what is there."""
    drawn = render.bar(spent, held, limit)

    assert len(drawn) == render.BAR
    assert drawn == "".join(sorted(drawn, key="█▒░".index))
    assert (drawn == "█" * render.BAR) == (spent >= limit)
    assert ("░" not in drawn) or spent + held < limit
    assert ("█" in drawn) == (spent > 0 or limit == 0)
    if held and drawn.count("█") < render.BAR - 1:
        assert "▒" in drawn


def test_bars_without_blocks() -> None:
    """Where the output knows only ASCII, so do bars."""
    assert render.bar(50, 10, 100, blocks=False) == "##########==........"

    assert not render.can_draw(io.TextIOWrapper(io.BytesIO(), "ascii"))
    assert render.can_draw(io.TextIOWrapper(io.BytesIO(), "utf-8"))
    assert render.can_draw(io.StringIO())


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (300, "5 min"), (3725, "1 h 2 min"), (90_000, "1 d 1 h")],
)
def test_durations(seconds: float, text: str) -> None:
    """A span of time has at most two units."""
    assert render.duration(seconds) == text


def test_shares() -> None:
    """Shares are rounded down, so 100 % means that all is gone; of nothing everything is."""
    assert render.percent(999, 1000) == "99 %"
    assert render.percent(1000, 1000) == "100 %"
    assert render.percent(0, 0) == "100 %"


def test_no_amount_is_no_amount() -> None:
    """What is not known stays unknown for machines."""
    assert render.exact(None, "usd") is None
    assert render.exact(10**12, "usd") == "1"
    assert render.exact(1_500_000_000_000, "usd") == "1.5"
    assert render.exact(100, "tokens") == "100"
