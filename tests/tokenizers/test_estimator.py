"""Tokens are estimated with a vocabulary that is at hand, else by a rule, in bounded time."""

from __future__ import annotations

import time

from pathlib import Path

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.tokenizers import EXACT_CHARS, SAMPLE_CHARS, Estimator
from otel_tokens.tokenizers.families import family_of


GUESS = Estimator(None)
MEGABYTES = 5_000_000


@pytest.mark.parametrize("texts", [[], [""], ["", ""]])
def test_no_text_has_no_tokens(texts: list[str]) -> None:
    """Nothing is nothing, in a prompt and in an answer."""
    assert GUESS.estimate(texts) == GUESS.at_least(texts) == GUESS.prompt(texts) == GUESS.answer(texts) == 0


@given(texts=st.lists(st.text(), max_size=4), model=st.sampled_from(["gpt-4o", "claude-opus-5", "x", None]))
def test_a_lower_bound_is_one(texts: list[str], model: str | None) -> None:
    """The lower bound is never above the estimate, and a text has a token at least."""
    low, about = GUESS.at_least(texts, model), GUESS.estimate(texts, model)
    assert low <= about
    assert (low > 0) == bool("".join(texts))


def test_texts_may_be_an_iterator() -> None:
    """Texts are taken as they come."""
    assert GUESS.estimate(iter(["Hello, ", "world"])) == GUESS.estimate(["Hello, world"]) > 0


@pytest.mark.parametrize(
    ("model", "family", "vocabulary", "exact"),
    [
        ("gpt-4o-mini", "openai", "o200k_base", True),
        ("o3-mini", "openai", "o200k_base", True),
        ("ft:gpt-4.1-mini:acme::1", "openai", "o200k_base", True),
        ("openai/gpt-5.4", "openai, newer", "o200k_base", True),
        ("gpt-4", "openai, older", "cl100k_base", True),
        ("gpt-4-turbo", "openai, older", "cl100k_base", True),
        ("gpt-35-turbo", "openai, older", "cl100k_base", True),
        ("ft:gpt-3.5-turbo-0125:acme::1", "openai, older", "cl100k_base", True),
        ("text-embedding-3-small", "openai, older", "cl100k_base", True),
        ("openai/gpt-oss-120b", "gpt-oss", "o200k_base", False),
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", "claude", "o200k_base", False),
        ("claude-opus-4-6", "claude", "o200k_base", False),
        ("claude-opus-4-8", "claude, newer", "o200k_base", False),
        ("claude-sonnet-5", "claude, newer", "o200k_base", False),
        ("gemini-3-pro", "gemini", "o200k_base", False),
        ("meta.llama2-13b-chat-v1", "llama 2", "o200k_base", False),
        ("deepseek-r1-distill-llama-70b", "deepseek", "o200k_base", False),
        ("mistral-large-latest", "mistral", "o200k_base", False),
        ("ministral-8b", "mistral", "o200k_base", False),
        ("codestral", "mistral", "o200k_base", False),
        ("us.amazon.nova-lite-v1:0", "nova", "o200k_base", False),
        ("nomic-embed-text", "embeddings", "o200k_base", False),
        ("my-deployment", "others", "o200k_base", False),
    ],
)
def test_the_model_has_a_family(model: str, family: str, vocabulary: str, *, exact: bool) -> None:
    """A name tells the family by any of its spellings, and that the vocabulary."""
    found = family_of(model)
    assert (found.name, found.vocabulary, found.exact) == (family, vocabulary, exact)


def test_a_vocabulary_counts_exactly(letters: Path) -> None:
    """With the model's own vocabulary the estimate is exact, and the lower bound just below it."""
    estimator = Estimator(letters)
    assert estimator.estimate(["a" * 100], "GPT-4o") == 100
    assert estimator.at_least(["a" * 100], "gpt-4o") == 95
    assert estimator.estimate(["a" * 100], "claude-3") == 113
    assert estimator.at_least(["a" * 100], "claude-3") == 96
    assert estimator.estimate(["\udc80"], "gpt-4o") == 1


def test_a_long_text_is_sampled(letters: Path) -> None:
    """Samples lie evenly, from the beginning to the end; the lower bound is lower."""
    estimator, count = Estimator(letters), SAMPLE_CHARS * 4
    even = "ab" * (count // 2)
    assert estimator.estimate([even], "gpt-4o") == count
    assert estimator.at_least([even], "gpt-4o") == int(count * 0.85 * 0.95)
    half = "a" * (count // 2) + "é" * (count // 2)
    assert estimator.estimate([half], "gpt-4o") == pytest.approx(count * 1.5, rel=0.05)
    assert estimator.estimate([half], "gpt-4o") == estimator.estimate([half], "gpt-4o")


@pytest.mark.parametrize(
    "unit",
    ["The quick brown fox. ", "a", " ", "\n", "a\n", "7", "a.", "😀", "\udc80", "\x00", "日本語", "aA"],
)
def test_5_megabytes_take_no_longer_than_a_page(unit: str) -> None:
    """The caller, which may be an event loop, waits a few milliseconds; 25 at the most on a slow machine."""
    text, least = unit * (MEGABYTES // len(unit)), float("inf")
    for _ in range(3):
        start = time.thread_time()
        GUESS.estimate([text], "claude-3")
        least = min(least, time.thread_time() - start)
    assert least < 0.025


def test_a_prompt_has_more_than_its_texts() -> None:
    """Each message, the tools, images and pages add what the family's template adds."""
    plain = GUESS.prompt(["Hello"], "gpt-4o")
    assert plain == GUESS.estimate(["Hello"], "gpt-4o")
    assert GUESS.prompt(["Hello"], "gpt-4o", messages=2) == plain + 3 + 2 * 4
    assert GUESS.prompt(["Hello"], "claude-3", tools=2) == GUESS.prompt(["Hello"], "claude-3") + 470
    assert GUESS.prompt([], "gpt-4o", pictures=[(640, 480, ""), (9, 9, "low")]) == 425 + 85
    assert GUESS.prompt([], "gpt-4o", pages=2) == 2100
    assert GUESS.prompt([], None, pictures=[(75, 10, "")]) == 1


def test_an_answer_has_more_than_its_texts() -> None:
    """Its start and each call of a tool add something."""
    assert GUESS.answer(["Hello"], "claude-3") == GUESS.estimate(["Hello"], "claude-3") + 3
    assert GUESS.answer([], "claude-3", calls=2) == 3 + 72


def test_audio() -> None:
    """Audio takes tokens by the second, and speech by the character."""
    assert GUESS.heard(2.5, "gpt-4o-transcribe") == 25
    assert GUESS.heard(1, "gemini-2.5-flash") == 32
    assert GUESS.heard(0) == 0
    assert GUESS.spoken(100) == 140


def test_an_upper_bound_needs_a_vocabulary() -> None:
    """Without one there is no upper bound but the bytes, which others know already."""
    assert GUESS.at_most(["abcd"], "gpt-4o") is None


@pytest.mark.parametrize(
    ("model", "at_most"),
    [
        ("gpt-4o", len('ab","é'.encode())),
        ("openai/gpt-5.4", len('ab","é'.encode())),
        ("ft:gpt-3.5-turbo:acme::1", len('ab","é'.encode())),
        ("claude-sonnet-5", 3 * len('ab","') + len("é".encode())),
        (None, 3 * len('ab","') + len("é".encode())),
    ],
)
def test_an_upper_bound_for_other_families_has_a_margin(
    letters: Path, model: str | None, at_most: int
) -> None:
    """OpenAI's tokens are exact; another family's ASCII counts three times, and the rest by its bytes."""
    assert Estimator(letters).at_most(["ab", "é"], model) == at_most


def test_an_upper_bound_takes_no_samples(letters: Path) -> None:
    """What is beyond a length that can be counted counts by its bytes."""
    assert Estimator(letters).at_most(["a" * EXACT_CHARS, "é"], "gpt-4o") == EXACT_CHARS + 3 + 2
    assert Estimator(letters).at_most(["a" * EXACT_CHARS, "é"], "x") == EXACT_CHARS * 3 + 3 + 2
