"""Google's usage object: buckets by modality, thoughts by the total, counts that come and go in a stream."""

from __future__ import annotations

from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.dialects import google_usage
from otel_tokens.dialects.fields import INCONSISTENT, Counts
from otel_tokens.dialects.google_usage import INTERACTION, Snapshots, tier_of

from . import strategies as make
from .examples_google import INTERACTION_USAGE, USAGE


def tokens(usage: Any, names: Any = google_usage.CONTENT) -> tuple[dict[str, int] | None, list[str]]:
    """The buckets of a usage object, and the warnings."""
    counts = Counts()
    return google_usage.tokens(counts, usage, names), counts.warnings


def split(**counts: int) -> list[dict[str, Any]]:
    """The split of a count by modality."""
    return [{"modality": kind.upper(), "tokenCount": count} for kind, count in counts.items()]


class Modality(str, Enum):
    """As the client library has it."""

    AUDIO = "AUDIO"


CASES: dict[str, tuple[Any, dict[str, int] | None, bool]] = {
    "nothing": ({}, None, False),
    "only a tier": ({"trafficType": "ON_DEMAND"}, None, False),
    "no object": ([1], None, False),
    "a prompt alone": ({"promptTokenCount": 9, "totalTokenCount": 9}, {"input": 9}, False),
    "zeros": ({"promptTokenCount": 0, "totalTokenCount": 0}, {}, False),
    "thoughts beside": (
        {"promptTokenCount": 1, "candidatesTokenCount": 5, "thoughtsTokenCount": 3, "totalTokenCount": 9},
        {"input": 1, "output": 5, "output_reasoning": 3},
        False,
    ),
    "thoughts without a total": (
        {"promptTokenCount": 1, "candidatesTokenCount": 5, "thoughtsTokenCount": 3},
        {"input": 1, "output": 5, "output_reasoning": 3},
        False,
    ),
    "thoughts inside, by the total": (
        {"promptTokenCount": 1, "candidatesTokenCount": 5, "thoughtsTokenCount": 3, "totalTokenCount": 6},
        {"input": 1, "output": 2, "output_reasoning": 3},
        False,
    ),
    "thoughts inside, with a tool": (
        {
            "promptTokenCount": 1,
            "toolUsePromptTokenCount": 4,
            "candidatesTokenCount": 5,
            "thoughtsTokenCount": 3,
            "totalTokenCount": 10,
        },
        {"input": 1, "input_tool": 4, "output": 2, "output_reasoning": 3},
        False,
    ),
    "thoughts that have no room inside": (
        {
            "promptTokenCount": 1,
            "candidatesTokenCount": 5,
            "candidatesTokensDetails": split(audio=5),
            "thoughtsTokenCount": 3,
            "totalTokenCount": 6,
        },
        {"input": 1, "output_audio": 5, "output_reasoning": 3},
        True,
    ),
    "thoughts of a live session": (
        {"promptTokenCount": 1, "responseTokenCount": 5, "thoughtsTokenCount": 3, "totalTokenCount": 6},
        {"input": 1, "output": 5, "output_reasoning": 3},
        True,
    ),
    "candidates that are left out": (
        {"promptTokenCount": 1, "thoughtsTokenCount": 3, "totalTokenCount": 9},
        {"input": 1, "output": 5, "output_reasoning": 3},
        False,
    ),
    "a prompt that is left out": (
        {"candidatesTokenCount": 5, "totalTokenCount": 9},
        {"input": 4, "output": 5},
        False,
    ),
    "a total alone": ({"totalTokenCount": 9}, {"input": 9}, False),
    "a total that is too large": (
        {"promptTokenCount": 1, "candidatesTokenCount": 5, "totalTokenCount": 9},
        {"input": 1, "output": 5},
        True,
    ),
    "a total that is too small": (
        {"promptTokenCount": 5, "candidatesTokenCount": 5, "totalTokenCount": 3},
        {"input": 5, "output": 5},
        True,
    ),
    "a split that leaves some out": (
        {"promptTokenCount": 10, "promptTokensDetails": split(image=4, text=2)},
        {"input": 6, "input_image": 4},
        False,
    ),
    "a document is text": (
        {"promptTokenCount": 10, "promptTokensDetails": split(document=8, text=2)},
        {"input": 10},
        False,
    ),
    "a split that is larger than the count": (
        {"promptTokenCount": 10, "promptTokensDetails": split(audio=8, video=8)},
        {"input_audio": 8, "input_video": 2},
        True,
    ),
    "a split without its count": (
        {"promptTokensDetails": split(audio=8, text=1), "candidatesTokensDetails": split(text=2)},
        {"input_audio": 8, "input": 1, "output": 2},
        False,
    ),
    "the split of embeddings": (
        {"promptTokenCount": 10, "promptTokenDetails": split(image=8, text=2)},
        {"input_image": 8, "input": 2},
        False,
    ),
    "numbers for modalities": (
        {
            "promptTokenCount": 10,
            "promptTokensDetails": [
                {"modality": 4, "tokenCount": 8},
                {"modality": 0, "tokenCount": 1},
                {"modality": 99, "tokenCount": 1},
            ],
        },
        {"input_audio": 8, "input": 2},
        False,
    ),
    "members of an enum for modalities": (
        {"promptTokenCount": 10, "promptTokensDetails": [{"modality": Modality.AUDIO, "tokenCount": 8}]},
        {"input_audio": 8, "input": 2},
        False,
    ),
    "a modality without a count": (
        {"promptTokenCount": 3, "promptTokensDetails": [{"modality": "AUDIO"}, {}]},
        {"input": 3},
        False,
    ),
    "cached text first": (
        {
            "promptTokenCount": 10,
            "promptTokensDetails": split(audio=4, text=6),
            "cachedContentTokenCount": 8,
        },
        {"cache_read": 6, "cache_read_audio": 2, "input_audio": 2},
        False,
    ),
    "cached by its split": (
        {
            "promptTokenCount": 20,
            "promptTokensDetails": split(audio=4, video=6, text=10),
            "cachedContentTokenCount": 11,
            "cacheTokensDetails": split(audio=4, video=5, text=2),
        },
        {"cache_read": 2, "cache_read_audio": 4, "cache_read_video": 5, "input": 8, "input_video": 1},
        False,
    ),
    "cached pages of a document": (
        {
            "promptTokenCount": 100,
            "promptTokensDetails": split(document=90, text=10),
            "cachedContentTokenCount": 80,
            "cacheTokensDetails": split(image=75, text=5),
        },
        {"cache_read": 80, "input": 20},
        False,
    ),
    "cached images that the prompt has not": (
        {
            "promptTokenCount": 100,
            "cachedContentTokenCount": 80,
            "cacheTokensDetails": split(image=75, text=5),
        },
        {"cache_read": 80, "input": 20},
        True,
    ),
    "more cached than there is": (
        {"promptTokenCount": 5, "cachedContentTokenCount": 8},
        {"cache_read": 5},
        True,
    ),
    "every kind of output": (
        {
            "promptTokenCount": 1,
            "candidatesTokenCount": 9,
            "candidatesTokensDetails": split(image=4, video=5),
        },
        {"input": 1, "output_image": 4, "output_video": 5},
        False,
    ),
    "no counts at all": ({"promptTokenCount": -1, "candidatesTokenCount": True}, None, True),
}


@pytest.mark.parametrize(("usage", "wanted", "warned"), CASES.values(), ids=CASES)
def test_a_usage_object(usage: Any, wanted: dict[str, int] | None, warned: bool) -> None:  # noqa: FBT001
    """Every token is in one bucket; what contradicts itself leaves a warning."""
    assert tokens(usage) == (wanted, [INCONSISTENT] if warned else [])


def test_both_spellings_read_alike() -> None:
    """The fields of the client library's models are those of the wire."""

    def model(value: Any) -> Any:
        if isinstance(value, dict):
            names = {google_usage.snake(name): model(inner) for name, inner in value.items()}
            return SimpleNamespace(**names)
        return [model(entry) for entry in value] if isinstance(value, list) else value

    assert tokens(model(USAGE)) == tokens(USAGE)
    assert tokens(USAGE)[1] == []


def test_the_usage_of_an_interaction() -> None:
    """An interaction has names of its own for the same counts."""
    wanted = {
        "input": 70,
        "input_image": 10,
        "cache_read": 20,
        "input_tool": 5,
        "output": 15,
        "output_reasoning": 20,
    }
    assert tokens(INTERACTION_USAGE, INTERACTION) == (wanted, [])


@pytest.mark.parametrize(
    ("usage", "wanted"),
    [
        ({}, (None, None)),
        ({"trafficType": "ON_DEMAND"}, ("ON_DEMAND", "standard")),
        ({"trafficType": 1}, ("ON_DEMAND", "standard")),
        ({"trafficType": 2}, ("PROVISIONED_THROUGHPUT", "committed")),
        ({"trafficType": 9}, ("9", None)),
        ({"trafficType": "ON_DEMAND_PRIORITY"}, ("ON_DEMAND_PRIORITY", "priority")),
        ({"traffic_type": "ON_DEMAND_FLEX"}, ("ON_DEMAND_FLEX", "flex")),
        ({"trafficType": "TRAFFIC_TYPE_UNSPECIFIED", "serviceTier": "flex"}, ("flex", "flex")),
        ({"serviceTier": "SERVICE_TIER_PRIORITY"}, ("SERVICE_TIER_PRIORITY", "priority")),
        ({"service_tier": "batch"}, ("batch", "batch")),
        ({"serviceTier": "warp"}, ("warp", None)),
    ],
)
def test_a_tier(usage: Any, wanted: tuple[str | None, str | None]) -> None:
    """The tier is the wire's own word, and what is billed for it."""
    counts = Counts()
    assert tier_of(counts, usage) == wanted
    assert counts.warnings == []


def test_a_tier_without_a_price() -> None:
    """Traffic off the peak counts at the standard rates, and says so."""
    counts = Counts()
    assert tier_of(counts, {"trafficType": "ON_DEMAND_OFFPEAK"}) == ("ON_DEMAND_OFFPEAK", "standard")
    assert counts.warnings == ["tier_unpriced"]


def folded(*usages: Any) -> Any:
    """What the counts of a stream come to."""
    snapshots = Snapshots()
    for usage in usages:
        snapshots.see(usage)
    return snapshots.usage


def test_a_count_that_vanishes_is_kept() -> None:
    """A count that the last chunk leaves out holds, while the total still needs it."""
    whole = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
    assert folded(whole, {"promptTokenCount": 10, "totalTokenCount": 15}) == whole
    assert folded(whole, {"trafficType": "ON_DEMAND"}) == {**whole, "trafficType": "ON_DEMAND"}
    assert folded(whole, {"promptTokenCount": None}) == whole


def test_a_later_pass_replaces_the_counts() -> None:
    """Where the last chunk's counts add up by themselves, what they leave out was of an earlier pass."""
    last = {
        "promptTokenCount": 80,
        "thoughtsTokenCount": 20,
        "totalTokenCount": 100,
        "cacheTokensDetails": [],
    }
    first = {
        "promptTokenCount": 10,
        "promptTokensDetails": split(text=10),
        "candidatesTokenCount": 5,
        "cachedContentTokenCount": 4,
        "totalTokenCount": 15,
    }
    assert folded(first, last) == {**last, "cachedContentTokenCount": 4}


def test_a_total_that_falls_takes_nothing_away() -> None:
    """A last chunk that states only the prompt does not undo the output before it."""
    usage = folded(
        {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
        {"promptTokenCount": 10, "totalTokenCount": 10},
    )
    assert tokens(usage) == ({"input": 10, "output": 5}, [INCONSISTENT])


@st.composite
def usages(draw: st.DrawFn) -> dict[str, Any]:
    """A usage object whose parts are inside its counts."""
    counts = st.integers(0, 10**6)
    audio, image, written = draw(counts), draw(counts), draw(counts)
    cached = [draw(st.integers(0, whole)) for whole in (audio, image, written)]
    drawn, spoken, said, tool, thoughts = (draw(counts) for _ in range(5))
    put, got = audio + image + written, drawn + spoken + said
    return {
        "promptTokenCount": put,
        "promptTokensDetails": split(audio=audio, image=image, text=written),
        "cachedContentTokenCount": sum(cached),
        "cacheTokensDetails": split(audio=cached[0], image=cached[1], text=cached[2]),
        "candidatesTokenCount": got,
        "candidatesTokensDetails": split(image=drawn, audio=spoken),
        "toolUsePromptTokenCount": tool,
        "thoughtsTokenCount": thoughts,
        "totalTokenCount": put + got + tool + thoughts,
    }


@given(usage=usages())
def test_counts_that_agree_are_kept_whole(usage: Any) -> None:
    """A usage object whose parts are inside its counts is not complained about, and adds up to its total."""
    found, warnings = tokens(usage)
    assert found is not None
    assert warnings == []
    assert sum(found.values()) == usage["totalTokenCount"]
    reads = sum([count for name, count in found.items() if name.startswith("cache_read")])
    assert reads == usage["cachedContentTokenCount"]
    assert found.get("output_reasoning", 0) == usage["thoughtsTokenCount"]


@given(usage=make.mutations(USAGE))
def test_buckets_add_up_or_warn(usage: Any) -> None:
    """Whatever the counts are, without a warning the buckets add up to the total that is stated."""
    found, warnings = tokens(usage)
    total = usage.get("totalTokenCount") if isinstance(usage, dict) else None
    if found is not None and not warnings and type(total) is int:
        assert sum(found.values()) == total
        assert all(count > 0 for count in found.values())


@given(usage=usages(), cuts=st.lists(st.integers(0, 10**6), max_size=3))
def test_growing_counts_end_as_the_last(usage: Any, cuts: list[int]) -> None:
    """Counts that only grow read as the last of them."""
    earlier = [
        {"promptTokenCount": usage["promptTokenCount"], "candidatesTokenCount": cut}
        for cut in sorted(cuts)
        if cut <= usage["candidatesTokenCount"]
    ]
    assert tokens(folded(*earlier, usage)) == tokens(usage)
