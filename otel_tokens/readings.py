"""What one response said about itself: the same values for every provider.

Buckets are plain strings, because they become metric labels and keys of price tables. Every token is in
exactly one bucket, so a cost is the sum of bucket times rate and nothing can be counted twice.

Source: the usage and price pages of the providers, gathered in the dialects' heads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Final, NamedTuple


INPUT: Final = "input"
INPUT_AUDIO: Final = "input_audio"
INPUT_IMAGE: Final = "input_image"
INPUT_VIDEO: Final = "input_video"
INPUT_TOOL: Final = "input_tool"
CACHE_READ: Final = "cache_read"
CACHE_READ_AUDIO: Final = "cache_read_audio"
CACHE_READ_IMAGE: Final = "cache_read_image"
CACHE_READ_VIDEO: Final = "cache_read_video"
CACHE_WRITE: Final = "cache_write"
CACHE_WRITE_5M: Final = "cache_write_5m"
CACHE_WRITE_1H: Final = "cache_write_1h"
CACHE_WRITE_12H: Final = "cache_write_12h"
OUTPUT: Final = "output"
OUTPUT_REASONING: Final = "output_reasoning"
OUTPUT_AUDIO: Final = "output_audio"
OUTPUT_IMAGE: Final = "output_image"
OUTPUT_VIDEO: Final = "output_video"
OUTPUT_CITATION: Final = "output_citation"

INPUT_BUCKETS: Final = frozenset(
    {
        INPUT,
        INPUT_AUDIO,
        INPUT_IMAGE,
        INPUT_VIDEO,
        INPUT_TOOL,
        CACHE_READ,
        CACHE_READ_AUDIO,
        CACHE_READ_IMAGE,
        CACHE_READ_VIDEO,
        CACHE_WRITE,
        CACHE_WRITE_5M,
        CACHE_WRITE_1H,
        CACHE_WRITE_12H,
    }
)
"""All of the prompt: what a long-context threshold looks at."""

CACHE_READ_BUCKETS: Final = frozenset({CACHE_READ, CACHE_READ_AUDIO, CACHE_READ_IMAGE, CACHE_READ_VIDEO})
CACHE_WRITE_BUCKETS: Final = frozenset({CACHE_WRITE, CACHE_WRITE_5M, CACHE_WRITE_1H, CACHE_WRITE_12H})

OUTPUT_BUCKETS: Final = frozenset(
    {OUTPUT, OUTPUT_REASONING, OUTPUT_AUDIO, OUTPUT_IMAGE, OUTPUT_VIDEO, OUTPUT_CITATION}
)

BUCKETS: Final = INPUT_BUCKETS | OUTPUT_BUCKETS

UNITS: Final = frozenset(
    {
        "web_search",
        "file_search",
        "web_fetch",
        "audio_second",
        "character",
        "image",
        "page",
        "search_unit",
        "request",
    }
)
"""What is billed beside tokens: a count of each, priced by a fee."""

Number = int | Decimal

EXACT: Final = Context(prec=60)
"""For all arithmetic with money: the application may have set the precision of its thread to 6.

60 digits hold every product and sum; only a quotient without an end, as 1/7 of an hour, is cut.
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call in disjoint buckets, and what is billed beside them.

    The inclusive totals that the conventions ask for are derived here and nowhere else.
    """

    tokens: Mapping[str, int] = field(default_factory=dict)
    """Bucket to count; only counts above 0."""
    units: Mapping[str, Number] = field(default_factory=dict)
    """Unit (`UNITS`) to count; only counts above 0."""

    @property
    def input_tokens(self) -> int:
        """All input: fresh, cached and written to a cache."""
        return self._sum(INPUT_BUCKETS)

    @property
    def output_tokens(self) -> int:
        """All output, reasoning included."""
        return self._sum(OUTPUT_BUCKETS)

    def totals(self) -> tuple[int, int]:
        """All input and all output, in one pass."""
        put = got = 0
        for bucket, count in self.tokens.items():
            if bucket in INPUT_BUCKETS:
                put += count
            else:
                got += count
        return put, got

    @property
    def cache_read_tokens(self) -> int:
        """Input that came from a cache."""
        return self._sum(CACHE_READ_BUCKETS)

    @property
    def cache_write_tokens(self) -> int:
        """Input that was written to a cache."""
        return self._sum(CACHE_WRITE_BUCKETS)

    def _sum(self, buckets: frozenset[str]) -> int:
        return sum([count for bucket, count in self.tokens.items() if bucket in buckets])


NOTHING: Final = Usage()


def add(a: Usage, b: Usage) -> Usage:
    """The usage of two calls together."""
    tokens, units = dict(a.tokens), dict(a.units)
    for bucket, count in b.tokens.items():
        tokens[bucket] = tokens.get(bucket, 0) + count
    for unit, number in b.units.items():
        units[unit] = units.get(unit, 0) + number
    return Usage(tokens, units)


class Part(NamedTuple):
    """Usage inside one response that is billed at another model than the response's own."""

    model: str | None
    usage: Usage


class Reading(NamedTuple):
    """What one response said about itself. `None` means that it did not say.

    A named tuple, because one is made for every call and costs a third of a frozen dataclass.
    """

    model: str | None = None
    """The model that answered."""
    id: str | None = None
    usage: Usage | None = None
    inferred: bool = False
    """`usage` was counted on the answer itself, such as its images; the provider did not state it."""
    parts: tuple[Part, ...] = ()
    """Usage that is *not* in `usage` and has a model of its own."""
    free: frozenset[str] = frozenset()
    """Buckets of `usage` that the provider counts and does not charge."""
    parts_inside: bool = False
    """Whether the provider's own totals include the parts, so that a span states them together."""
    finish_reasons: tuple[str, ...] = ()
    """One for each choice, in order."""
    variant: str | None = None
    """What was billed: `standard`, `batch`, `flex`, `priority`, `fast`, `committed`."""
    service_tier: str | None = None
    """The wire's own word for the tier, as the answer states it."""
    inference_geo: str | None = None
    """Where the provider says it ran, when that changes the price."""
    served_by: str | None = None
    """Who served the model behind a router."""
    cost_usd: Decimal | None = None
    """What the provider itself says that the call costs."""
    error_type: str | None = None
    """The error that an answer with status 200 or an event of a stream carries."""
    choices: int = 0
    """How many choices there are, finished or not."""
    finished: bool = False
    """No choice is open: what is stated about the answer is final."""
    batch_id: str | None = None
    """What to count once: the batch or the file that this usage is the total of."""
    fingerprint: str | None = None
    warnings: tuple[str, ...] = ()
    """What on the wire contradicted itself, such as `usage_inconsistent`."""


EMPTY: Final = Reading()
