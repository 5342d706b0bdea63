"""Vocabularies are found on this machine, checked, and never downloaded."""

from __future__ import annotations

import asyncio
import gzip
import sys
import threading

from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest
import tiktoken
import trio

from tiktoken_ext import openai_public

from otel_tokens.tokenizers import vocabularies
from otel_tokens.tokenizers.vocabularies import PACKAGES, VOCABULARIES, Vocabularies


NAME = "o200k_base"
KEY = VOCABULARIES[NAME].key


def test_a_vocabulary_is_read_once(letters: Path) -> None:
    """What was loaded stays, even when its file is gone."""
    found = Vocabularies(letters)
    first = found.get(NAME)
    (letters / KEY).unlink()

    assert first.encode_ordinary("abc") == [97, 98, 99]
    assert found.get(NAME) is first


@pytest.mark.parametrize("folder", [None, Path("/nowhere")])
def test_where_there_is_none(folder: Path | None) -> None:
    """No folder, or none with a vocabulary in it."""
    assert Vocabularies(folder).get(NAME) is None


def test_a_broken_file_is_left_alone(letters: Path) -> None:
    """A file with another checksum is not used, and stays as it is: tiktoken would download it anew."""
    (letters / KEY).write_bytes(b"broken")
    assert Vocabularies(letters).get(NAME) is None
    assert (letters / KEY).read_bytes() == b"broken"


def test_tiktoken_is_never_asked_by_name(letters: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for a vocabulary by its name, tiktoken may use the network."""
    monkeypatch.setattr(tiktoken, "get_encoding", None)
    monkeypatch.setattr("tiktoken.load.read_file", None)
    assert Vocabularies(letters).get(NAME) is not None


def test_without_a_vocabulary_tiktoken_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is slow to import, and it is not needed."""
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    assert Vocabularies(Path("/nowhere")).get(NAME) is None


def test_a_tiktoken_that_is_broken(letters: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where tiktoken cannot be imported, there is no vocabulary, and nothing is raised."""
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    assert Vocabularies(letters).get(NAME) is None


def test_a_folder_in_place_of_a_file(letters: Path) -> None:
    """What cannot be read is none."""
    (letters / KEY).unlink()
    (letters / KEY).mkdir()
    assert Vocabularies(letters).get(NAME) is None


def test_installed_packages_have_some(letters: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages that contain vocabularies are looked at, packed or not, and are not imported."""
    plain = letters / "litellm_core_utils" / "tokenizers" / KEY
    packed = letters / "data" / "o200k_base.tiktoken.gz"
    for path in (plain, packed):
        path.parent.mkdir(parents=True)
    plain.write_bytes((letters / KEY).read_bytes())
    packed.write_bytes(gzip.compress((letters / KEY).read_bytes()))

    def find_spec(package: str) -> ModuleSpec:
        spec = ModuleSpec(package, None, is_package=True)
        spec.submodule_search_locations = [str(letters)]
        return spec

    monkeypatch.setattr(vocabularies, "find_spec", find_spec)
    for package in PACKAGES:
        assert Vocabularies(None, (package,)).get(NAME) is not None
    assert "litellm" not in sys.modules


@pytest.mark.parametrize("found", [None, ModuleSpec("module", None), ValueError(), ImportError()])
def test_packages_that_are_not_there(monkeypatch: pytest.MonkeyPatch, found: Any) -> None:
    """A package that is not installed, is no package, or is half imported."""

    def find_spec(_package: str) -> Any:
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(vocabularies, "find_spec", find_spec)
    assert Vocabularies(None, PACKAGES).get(NAME) is None


def test_a_broken_archive(letters: Path) -> None:
    """A packed file that is cut is none."""
    path = letters / "cut.gz"
    path.write_bytes(gzip.compress(b"x" * 1000)[:20])
    with pytest.raises(EOFError):
        vocabularies._read(path)


def loaded(found: Vocabularies) -> Any:
    """What there is once the thread that loads it has ended."""
    for thread in threading.enumerate():
        if thread.name.startswith("otel_tokens"):
            thread.join()
    return found._loaded.get(NAME)


def test_an_event_loop_does_not_wait(letters: Path) -> None:
    """Where an event loop runs, a thread loads the vocabulary, and there is none until it has."""
    found = Vocabularies(letters)

    async def ask() -> list[Any]:
        return [found.get(NAME), found.get(NAME)]

    first, _ = asyncio.run(ask())
    assert first is None
    assert loaded(found) is not None
    assert asyncio.run(ask())[0] is loaded(found)


def test_trio_does_not_wait(letters: Path) -> None:
    """The same under trio."""
    found = Vocabularies(letters)

    async def ask() -> Any:
        return found.get(NAME)

    assert trio.run(ask) is None
    assert loaded(found) is not None


def test_threads_cannot_be_started_at_the_end(letters: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When Python ends, there is no vocabulary, and nothing is raised."""

    def start(_thread: threading.Thread) -> None:
        raise RuntimeError

    monkeypatch.setattr(vocabularies, "_in_event_loop", lambda: True)
    monkeypatch.setattr(threading.Thread, "start", start)
    found = Vocabularies(letters)
    assert found.get(NAME) is None
    assert found.get(NAME) is None


def test_what_is_known_is_what_tiktoken_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses, checksums and patterns are those that the installed tiktoken has."""
    asked: list[tuple[str, str]] = []

    def load(url: str, expected_hash: str) -> dict[bytes, int]:
        asked.append((url, expected_hash))
        return {}

    monkeypatch.setattr(openai_public, "load_tiktoken_bpe", load)
    for name, known in VOCABULARIES.items():
        made = getattr(openai_public, name)()
        url, checksum = asked.pop()
        key = vocabularies.hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()
        assert known == (key, checksum, made["pat_str"])
