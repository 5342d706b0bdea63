"""The counters of a stream: the last one that says something wins, and none vanishes."""

from __future__ import annotations

from typing import Any

import pytest

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai.types import CompletionUsage

from otel_tokens.dialects import openai_usage
from otel_tokens.dialects.openai_running import Running

from . import strategies as make


def after(*usages: Any) -> Running:
    """What is stated after all of `usages`."""
    running = Running()
    for usage in usages:
        running.add(usage)
    return running


FOLDS: dict[str, tuple[list[Any], Any, bool]] = {
    "the only one": ([{"prompt_tokens": 1}], {"prompt_tokens": 1}, False),
    "the last one": ([{"prompt_tokens": 1}, {"prompt_tokens": 2}], {"prompt_tokens": 2}, False),
    "the same again": ([{"prompt_tokens": 1}, {"prompt_tokens": 1}], {"prompt_tokens": 1}, False),
    "one that is missing": (
        [{"prompt_tokens": 1, "completion_tokens": 1}, {"completion_tokens": 2}],
        {"prompt_tokens": 1, "completion_tokens": 2},
        False,
    ),
    "one that is null": (
        [{"prompt_tokens": 1, "x": None}, {"prompt_tokens": None, "x": None}],
        {"prompt_tokens": 1, "x": None},
        False,
    ),
    "details that went missing": (
        [
            {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 1}},
            {"prompt_tokens": 9, "prompt_tokens_details": {"audio_tokens": 2}},
        ],
        {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 2}},
        False,
    ),
    "details are no counters of their own": (
        [{"prompt_tokens_details": {"cached_tokens": 4}}, {"prompt_tokens_details": {"cached_tokens": 0}}],
        {"prompt_tokens_details": {"cached_tokens": 0}},
        False,
    ),
    "one that vanished": (
        [{"prompt_tokens": 5, "completion_tokens": 2}, {"prompt_tokens": 0, "completion_tokens": 0}],
        {"prompt_tokens": 5, "completion_tokens": 2},
        True,
    ),
    "one that is smaller is a correction": (
        [{"completion_tokens": 5}, {"completion_tokens": 3}],
        {"completion_tokens": 3},
        True,
    ),
    "one that is no number any more": (
        [{"completion_tokens": 5, "cost": 0.5}, {"completion_tokens": "?", "cost": True}],
        {"completion_tokens": 5, "cost": 0.5},
        True,
    ),
    "one that is not a number": (
        [{"completion_tokens": 5}, {"completion_tokens": float("nan")}],
        {"completion_tokens": 5},
        True,
    ),
    "a skeleton of zeros, then the cost": (
        [{"cost": {"total_cost": 0}}, {"cost": {"total_cost": 0.5}}],
        {"cost": {"total_cost": 0.5}},
        False,
    ),
    "no object after one": ([{"prompt_tokens": 5}, []], {"prompt_tokens": 5}, False),
    "an object after none": (["usage", {"prompt_tokens": 5}], {"prompt_tokens": 5}, False),
}


@pytest.mark.parametrize("name", FOLDS)
def test_which_counter_wins(name: str) -> None:
    """Every counter keeps the last value that says something, and one that fell is noted."""
    usages, stated, shrank = FOLDS[name]
    running = after(*usages)

    assert (running.stated, running.shrank) == (stated, shrank)


def test_models_of_the_openai_package_are_counters_too() -> None:
    """A model of the client library is folded like its JSON."""
    first = CompletionUsage.construct(prompt_tokens=5, completion_tokens=1, total_tokens=6)
    last = CompletionUsage.construct(prompt_tokens=5, completion_tokens=2, total_tokens=7)
    assert openai_usage.tokens(after(first, last).stated) == openai_usage.tokens(last)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(usage=make.openai_usages(), steps=st.lists(st.integers(0, 100), max_size=4))
def test_a_stream_that_only_grows_ends_as_its_body(usage: Any, steps: list[int]) -> None:
    """Whatever share of the counts came before, the whole counts are what is left, without a complaint."""
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    grown = [{name: usage[name] * step // 100 for name in names} for step in sorted(steps)]
    running = after(*grown, usage)

    assert not running.shrank
    assert openai_usage.tokens(running.stated) == openai_usage.tokens(usage)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    usages=st.lists(st.one_of(make.json_values, make.mutations({"prompt_tokens": 5, "a_details": {"b": 1}})))
)
def test_any_counters_are_folded(usages: list[Any]) -> None:
    """Whatever chunks state as usage is folded to something that is read."""
    usage, _ = openai_usage.tokens(after(*usages).stated)
    assert usage is None or all(count > 0 for count in usage.tokens.values())
