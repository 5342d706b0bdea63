"""Images are counted by the rules that providers publish."""

from __future__ import annotations

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.tokenizers.images import image_tokens


@pytest.mark.parametrize(
    ("model", "width", "height", "tokens"),
    [
        ("gpt-4o", 640, 480, 85 + 2 * 170),
        ("gpt-4o", 1024, 1024, 85 + 4 * 170),
        ("gpt-4o", 2048, 4096, 85 + 6 * 170),
        ("gpt-4.1", 100, 100, 85 + 170),
        ("gpt-4o-mini", 1, 1, 2833 + 5667),
        ("gpt-5", 50, 50, 70 + 140),
        ("gpt-5-mini", 1024, 1024, 1659),
        ("gpt-5-nano", 16, 16, 3),
        ("gpt-5.4", 60, 30, 3),
        ("gpt-5.4-mini", 100_000, 100_000, 3000),
        ("o4-mini", 32, 32, 2),
        ("o3", 512, 512, 75 + 150),
        ("computer-use-preview", 512, 512, 65 + 129),
        ("claude-sonnet-4-5", 1000, 750, 1000),
        ("claude-sonnet-4-5", 8000, 6000, 1600),
        ("claude-opus-4-8", 8000, 6000, 4784),
        ("anthropic/claude-sonnet-5", 1, 1, 1),
        ("gemini-2.5-flash", 384, 384, 258),
        ("gemini-2.5-flash", 960, 540, 258 * 6),
        ("gemini-3-flash-preview", 10, 10, 1120),
        ("gemma-3", 10, 10, 256),
        ("llama-4-scout", 336, 336, 144),
        ("llama-guard-4", 1001, 1001, 144 * 10),
        ("llama-3.2-vision", 10, 10, 1600),
        ("pixtral-12b", 597, 566, 38 * 36 + 36),
        ("mistral-medium-latest", 597, 566, 22 * 21 + 21),
        ("qwen2.5-vl", 280, 280, 100),
        ("grok-4", 128, 128, 200),
        ("somebody", 750, 100, 100),
        ("", 750, 100, 100),
    ],
)
def test_an_image(model: str, width: int, height: int, tokens: int) -> None:
    """Tiles, patches or pixels, as the family of the model has it."""
    assert image_tokens(model, width, height) == tokens


def test_little_detail() -> None:
    """An image of which little detail is asked for takes no tiles."""
    assert image_tokens("gpt-4o", 4000, 4000, "low") == 85


def test_a_size_that_is_not_known() -> None:
    """It counts as 1,024 pixels by 1,024."""
    assert image_tokens("gpt-4o", 0, 0) == image_tokens("gpt-4o", 1024, 1024)


@given(
    model=st.sampled_from(
        ["gpt-4o", "gpt-5-nano", "claude-3", "claude-opus-5", "gemini-2", "llama-4", "qwen", "x"]
    ),
    width=st.integers(-1, 2**70),
    height=st.integers(-1, 2**70),
    detail=st.text(max_size=4),
)
def test_any_size_counts(model: str, width: int, height: int, detail: str) -> None:
    """Whatever a head says, an image takes some tokens, and not without limit."""
    assert 1 <= image_tokens(model, width, height, detail) < 100_000
