"""Without a vocabulary, tokens are told by words, marks, digits and letters."""

from __future__ import annotations

import time

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.tokenizers import rule


@pytest.mark.parametrize(
    ("text", "o200k"),
    [
        ("The quick brown fox jumps over the lazy dog, and then it sleeps for an hour or two.", 20),
        ("def area(width: float, height: float) -> float:\n    return width * height\n", 18),
        ('{"name": "get_weather", "arguments": {"city": "Paris", "unit": "celsius"}}', 19),
        ("Der schnelle braune Fuchs springt über den faulen Hund und schläft dann ein.", 18),
        ("Съешь же ещё этих мягких французских булок, да выпей чаю.", 18),
        ("我今天早上去市场买了一些水果和蔬菜。", 14),
        ("いろはにほへと ちりぬるを わかよたれそ つねならむ", 19),
        ("3.14159265358979323846264338327950288419716939937510", 18),
    ],
)
def test_it_is_close(text: str, o200k: int) -> None:
    """A sentence comes to what o200k_base makes of it, but for a third at the most."""
    assert rule.tokens(text) == pytest.approx(o200k, rel=0.34)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("", 0, 0),
        (" ", 0, 0.1),
        (" " * 1280, 5, 20),
        ("\x00" * 100, 40, 60),
        ("\udc80", 1, 2),
        ("\u1200" * 10, 13, 15),
        ("😀" * 10, 15, 25),
        ("a" * 100, 10, 40),
        ("?!" * 50, 10, 30),
        ("\n" * 4, 1, 2),
        ("ệ", 0, 2),
    ],
)
def test_what_is_no_prose(text: str, least: float, most: float) -> None:
    """White space, controls, half a pair, rare scripts, emoji, and long runs."""
    assert least <= rule.tokens(text) <= most


@given(st.text(), st.text())
def test_more_text_has_no_fewer_tokens(first: str, second: str) -> None:
    """Counts are never negative, and lines add up."""
    whole, parts = rule.tokens(first + "\n" + second), rule.tokens(first) + rule.tokens(second)
    assert whole >= 0
    assert whole <= parts + 2


@pytest.mark.parametrize("unit", ["a", " ", "\n", "1", "a1", "a.", "😀", "\udc80", "\x00", "日本", "aA"])
def test_time_is_linear(unit: str) -> None:
    """Four times the text takes no more than eight times as long, whatever is repeated."""

    def seconds(count: int) -> float:
        text, least = unit * (count // len(unit)), float("inf")
        for _ in range(3):
            start = time.thread_time()
            rule.tokens(text)
            least = min(least, time.thread_time() - start)
        return least

    assert seconds(200_000) < 8 * seconds(50_000) + 0.005
