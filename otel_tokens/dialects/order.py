"""What a request orders: all that decides, beside its weight, what the answer may cost at most."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple


STANDARD: Final = "standard"


class Order(NamedTuple):
    """What a request states or implies. A named tuple, because one is made for every call."""

    output_tokens: int | None = None
    """The maximum of one choice; None where the request states none."""
    choices: int = 1
    variant: str = STANDARD
    """The dearest that it may be billed as, beside `standard`."""
    cached: int = 0
    """What is cached without a mark in the prompt: 0 nothing, 1 for minutes, 2 for an hour or more."""
    hidden: int = 0
    """How many pieces of input the provider keeps or fetches: an earlier answer, results of a search."""
    overhead_tokens: int = 0
    """What the provider adds to the prompt by itself, for tools above all."""
    passes: int = 1
    """How many times the whole prompt may be billed."""
    geo: str | None = None
    units: Mapping[str, int] | None = None
    """What may be billed beside tokens, at the most: `web_search` and the like."""
    models: tuple[str, ...] = ()
    """Models that may answer instead of the one that is asked."""
    advisors: tuple[str, ...] = ()
    """Models that may be asked on the way, and are billed beside."""
    audio_tokens: int = 0
    """Of audio that is not in the request itself."""
    speaks: bool = False
    """Whether the answer may be audio."""
    draws: bool = False
    """Whether the answer may be an image."""
    echoes: bool = False
    """Whether text of the request may be billed as output too, as rejected predictions are."""
    earlier: str | None = None
    """The id of an answer that the request goes on from: its input and output come before."""
    is_plain: bool = False
    """Whether it is one choice of text for what is in the request, and nothing else."""


@lru_cache(maxsize=1024)
def plain(output_tokens: int | None, cached: int = 0) -> Order:
    """The order of most requests."""
    return Order(output_tokens, cached=cached, is_plain=True)


NOTHING: Final = Order(output_tokens=0, is_plain=True)
"""An order of which no output is billed, such as embeddings."""
