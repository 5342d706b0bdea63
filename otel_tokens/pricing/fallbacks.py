"""Whose rate a bucket takes when a row states none for it.

Source: the providers' rules and genai-prices 0.2.3, where tokens without a price of their own are
part of the wider kind: cached audio is input, thinking is output.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..readings import (
    CACHE_READ,
    CACHE_READ_AUDIO,
    CACHE_READ_IMAGE,
    CACHE_READ_VIDEO,
    CACHE_WRITE,
    CACHE_WRITE_1H,
    CACHE_WRITE_5M,
    CACHE_WRITE_12H,
    INPUT,
    INPUT_AUDIO,
    INPUT_IMAGE,
    INPUT_TOOL,
    INPUT_VIDEO,
    OUTPUT,
    OUTPUT_AUDIO,
    OUTPUT_CITATION,
    OUTPUT_IMAGE,
    OUTPUT_REASONING,
    OUTPUT_VIDEO,
)


FALLBACKS: Final[Mapping[str, tuple[str, ...]]] = {
    INPUT: (),
    INPUT_AUDIO: (INPUT,),
    INPUT_IMAGE: (INPUT,),
    INPUT_VIDEO: (INPUT,),
    INPUT_TOOL: (INPUT,),
    CACHE_READ: (INPUT,),
    CACHE_READ_AUDIO: (CACHE_READ, INPUT_AUDIO, INPUT),
    CACHE_READ_IMAGE: (CACHE_READ, INPUT_IMAGE, INPUT),
    CACHE_READ_VIDEO: (CACHE_READ, INPUT_VIDEO, INPUT),
    CACHE_WRITE: (CACHE_WRITE_5M, INPUT),
    CACHE_WRITE_5M: (CACHE_WRITE, INPUT),
    CACHE_WRITE_1H: (CACHE_WRITE, CACHE_WRITE_5M, INPUT),
    CACHE_WRITE_12H: (CACHE_WRITE, CACHE_WRITE_5M, INPUT),
    OUTPUT: (),
    OUTPUT_REASONING: (OUTPUT,),
    OUTPUT_AUDIO: (OUTPUT,),
    OUTPUT_IMAGE: (OUTPUT,),
    OUTPUT_VIDEO: (OUTPUT,),
    OUTPUT_CITATION: (OUTPUT,),
}
"""Whose rate a bucket takes when it has none of its own."""

BY_RULE: Final = frozenset(
    {
        (INPUT_TOOL, INPUT),
        (CACHE_WRITE, CACHE_WRITE_5M),
        (CACHE_WRITE_5M, CACHE_WRITE),
        (OUTPUT_REASONING, OUTPUT),
        (OUTPUT_CITATION, OUTPUT),
    }
)
"""Bucket and lender where this is how providers bill, and no gap in the book."""
