"""How many tokens an image takes, by its size in pixels.

Counting: models look at an image in tiles or in patches, after it was made smaller to fit their limits. An
image whose size is not known counts as one of 1,024 by 1,024 pixels.

Source: the guides on images of OpenAI (tiles, patches and factors by model), Anthropic (pixels by 750),
Google (258 a tile, 1,120 from Gemini 3 on), Mistral (patches of 16 or 28 pixels and a token a row), Qwen and
Meta (tiles of 336 pixels), November 2026; checked with 50 recorded images.
"""

from __future__ import annotations

import re

from collections.abc import Callable, Mapping
from math import ceil, sqrt
from typing import Final


Rule = Callable[[int, int, str], int]
"""Tokens of an image by width, height, and the detail that is asked for."""

_UNKNOWN: Final = 1024
"""Pixels of a side that is not known."""
_MOST: Final = 100_000
"""Pixels of a side beyond which a head cannot be right."""


def image_tokens(model: str, width: int, height: int, detail: str = "") -> int:
    """About how many tokens an image takes for `model`, whose name is in lower case; 0 is an unknown side."""
    rule = next(rule for pattern, rule in _RULES if pattern.search(model))
    sides = [min(side, _MOST) if side > 0 else _UNKNOWN for side in (width, height)]
    return rule(sides[0], sides[1], detail)


def _tiles(base: int, tile: int) -> Rule:
    """Tiles of 512 pixels, of an image within 2,048 pixels whose shorter side is 768 at the most."""

    def tokens(width: int, height: int, detail: str) -> int:
        if detail == "low":
            return base
        scale = min(1, 2048 / max(width, height))
        scale = min(scale, 768 / min(width, height))
        return base + tile * ceil(width * scale / 512) * ceil(height * scale / 512)

    return tokens


def _patches(size: int, most: int, factor: float = 1, *, rows: bool = False, least: int = 1) -> Rule:
    """Patches of `size` pixels, `most` at the most; with `rows`, a token for each row too."""

    def tokens(width: int, height: int, _detail: str) -> int:
        scale = min(1, sqrt(most * size * size / (width * height)))
        across, down = ceil(width * scale / size), ceil(height * scale / size)
        found = min(across * down, most) + (down if rows else 0)
        return max(least, ceil(found * factor))

    return tokens


def _by_pixels(longest: int, most: int) -> Rule:
    """A token for 750 pixels, of an image whose longer side is `longest` at the most."""

    def tokens(width: int, height: int, _detail: str) -> int:
        scale = min(1, longest / max(width, height))
        return max(1, min(most, round(width * scale * height * scale / 750)))

    return tokens


def _googles(width: int, height: int, _detail: str) -> int:
    """258 for a small image, and for each tile of a larger one."""
    if max(width, height) <= 384:  # noqa: PLR2004 - of Google's guide
        return 258
    unit = min(768, max(256, min(width, height) / 1.5))
    return 258 * min(32, ceil(width / unit) * ceil(height / unit))


def _metas(width: int, height: int, _detail: str) -> int:
    """144 for each tile of 336 pixels, 16 at the most, and for the whole where there are several."""
    tiles = min(16, ceil(width / 336) * ceil(height / 336))
    return 144 * (tiles + (tiles > 1))


def _always(tokens: int) -> Rule:
    return lambda _width, _height, _detail: tokens


_TABLE: Final[Mapping[str, Rule]] = {
    r"gpt-4o-mini": _tiles(2833, 5667),
    r"gpt-(?:4\.1|5)-nano": _patches(32, 1536, 2.46),
    r"gpt-(?:4\.1|5)-mini": _patches(32, 1536, 1.62),
    r"o4-mini": _patches(32, 1536, 1.72),
    r"gpt-5(?:\.[01])?(?![.\d])": _tiles(70, 140),
    r"gpt-[5-9]": _patches(32, 2500, 1.2),
    r"computer-use": _tiles(65, 129),
    r"\bo[13]\b": _tiles(75, 150),
    r"gpt-": _tiles(85, 170),
    r"claude-(?:opus-4-[7-9]|[a-z]+-[5-9](?!\d))": _by_pixels(2576, 4784),
    r"claude": _by_pixels(1568, 1600),
    r"gemini-(?:[3-9])": _always(1120),
    r"gemma": _always(256),
    r"gemini": _googles,
    r"llama-?4|llama-guard-?4": _metas,
    r"llama": _always(1600),
    r"pixtral": _patches(16, 4096, rows=True),
    r"mistral|ministral|magistral": _patches(28, 3025, rows=True),
    r"qwen|qwq": _patches(28, 1280, least=4),
    r"grok": _patches(32, 1792, least=200),
    r"": _by_pixels(1568, 1600),
}
_RULES: Final = tuple([(re.compile(pattern), rule) for pattern, rule in _TABLE.items()])
"""The first that is found in a model's name counts; the last is found in any."""
