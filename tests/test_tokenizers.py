"""Tokens are estimated with a vocabulary that is at hand, else by bytes, and never over the network."""

from __future__ import annotations

import hashlib
import sys

from pathlib import Path
from typing import Any

import pytest
import tiktoken

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens import tokenizers
from otel_tokens.tokenizers import Estimator


NOWHERE = Path("/nowhere")


@pytest.mark.parametrize(
    ("texts", "about", "at_least"),
    [
        ([], 0, 0),
        (["", ""], 0, 0),
        (["a"], 1, 1),
        (["x" * 39], 9, 7),
        (["x" * 20, "y" * 20], 10, 8),
        (["日本語"], 2, 1),
        (["\udc80"], 1, 1),
    ],
)
def test_without_a_vocabulary_bytes_are_counted(texts: list[str], about: int, at_least: int) -> None:
    """A token is taken for 4 bytes, for 5 where it must not be too many, and there is one at least."""
    estimator = Estimator(NOWHERE)

    assert estimator.estimate(texts, "gpt-4o") == about
    assert estimator.at_least(texts, None) == at_least


@given(texts=st.lists(st.text(), max_size=4))
def test_a_lower_bound_is_one(texts: list[str]) -> None:
    """The lower bound is never above the estimate."""
    estimator = Estimator(NOWHERE)
    assert 0 <= estimator.at_least(texts) <= estimator.estimate(texts)


def test_texts_may_be_an_iterator() -> None:
    """Texts are taken as they come."""
    assert Estimator(NOWHERE).estimate(iter(["abcd", "efgh"])) == 2


def test_without_a_vocabulary_tiktoken_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is slow to import, and without its files it would use the network."""
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    assert Estimator(NOWHERE).estimate(["abcd"], "gpt-4o") == 1


class Letters:
    """A vocabulary of tiktoken in which every byte is a token."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get_encoding(self, name: str) -> Any:
        """The encoding `name`."""
        self.asked.append(name)
        ranks = {bytes([byte]): byte for byte in range(256)}
        return tiktoken.Encoding(name, pat_str=r"[\s\S]", mergeable_ranks=ranks, special_tokens={})


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Letters:
    """Vocabularies at hand, whose content stands in for the real one."""
    found = Letters()
    monkeypatch.setattr(tiktoken, "get_encoding", found.get_encoding)
    digest = hashlib.sha256(b"vocabulary").hexdigest()
    monkeypatch.setattr(tokenizers, "_SHA256", dict.fromkeys(tokenizers._ENCODINGS, digest))
    for url in tokenizers._ENCODINGS.values():
        key = hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()
        (tmp_path / key).write_bytes(b"vocabulary")
    return found


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4o-mini", "o200k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("gpt-35-turbo", "cl100k_base"),
        ("text-embedding-3-small", "cl100k_base"),
        ("claude-sonnet-5", "o200k_base"),
        (None, "o200k_base"),
    ],
)
def test_the_model_chooses_the_vocabulary(
    letters: Letters, tmp_path: Path, model: str | None, encoding: str
) -> None:
    """Older models have an older vocabulary; it is loaded once, and both counts are exact."""
    estimator = Estimator(tmp_path)

    assert estimator.estimate(["abc"], model) == estimator.at_least(["abc"], model) == 3
    assert letters.asked == [encoding]


@pytest.mark.usefixtures("letters")
def test_a_long_text_is_counted_in_pieces(tmp_path: Path) -> None:
    """A text that is longer than a piece is counted whole."""
    assert Estimator(tmp_path).estimate(["x" * 10_000]) == 10_000


def test_a_vocabulary_that_is_broken_is_not_used(letters: Letters, tmp_path: Path) -> None:
    """A file with another checksum is left alone: tiktoken would delete it and download it anew."""
    for path in tmp_path.iterdir():
        path.write_bytes(b"vocab")
    assert Estimator(tmp_path).estimate(["x" * 40]) == 10
    assert letters.asked == []
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {b"vocab"}


def test_the_checksums_are_those_of_tiktoken() -> None:
    """Names, addresses and checksums are those that the installed tiktoken has in its own table."""
    path = Path(tiktoken.__file__).parents[1] / "tiktoken_ext" / "openai_public.py"
    source = path.read_text("utf-8")
    for word in (*tokenizers._ENCODINGS.values(), *tokenizers._SHA256.values()):
        assert word in source


def test_without_a_folder() -> None:
    """Where tiktoken is told to keep no vocabularies, bytes are counted."""
    assert Estimator(None).estimate(["abcdefgh"]) == 2


def test_an_upper_bound_needs_a_vocabulary() -> None:
    """Without one there is no upper bound but the bytes, which others know already."""
    assert Estimator(NOWHERE).at_most(["abcd"], "gpt-4o") is None


@pytest.mark.usefixtures("letters")
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
    tmp_path: Path, model: str | None, at_most: int
) -> None:
    """OpenAI's tokens are exact; another family's ASCII counts three times, and the rest by its bytes."""
    assert Estimator(tmp_path).at_most(["ab", "é"], model) == at_most


@pytest.mark.parametrize("model", ["gpt-4", "ft:gpt-3.5-turbo-0125:acme::1", "openai/gpt-4-turbo"])
def test_older_models_are_known_by_any_of_their_names(letters: Letters, tmp_path: Path, model: str) -> None:
    """A fine-tuned model has the vocabulary of its base."""
    Estimator(tmp_path).at_most(["a"], model)
    assert letters.asked == ["cl100k_base"]
