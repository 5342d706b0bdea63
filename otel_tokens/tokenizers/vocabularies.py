"""Vocabularies of tiktoken that are on this machine already. Nothing is ever downloaded.

A vocabulary is looked for where tiktoken keeps its own (`TIKTOKEN_CACHE_DIR`), then in installed packages
that contain it. tiktoken itself downloads a vocabulary when its file is missing or has another checksum, and
it may go missing at any time: so tiktoken is never asked for one by its name. The bytes are read and checked
here, and tiktoken gets them.

To load one takes 0.3 seconds and 60 MB, once for each process. Where an event loop runs, a thread does it,
and there is none until it has: the loop goes on, but for 0.1 seconds in which tiktoken does not let go of
Python.

Source: tiktoken 0.14, `tiktoken_ext/openai_public.py`: addresses, checksums and patterns.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import sys
import threading

from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple


class Known(NamedTuple):
    """What is known of a vocabulary."""

    key: str
    """The name of its file in tiktoken's folder: the SHA-1 of its address."""
    sha256: str
    pattern: str
    """What tells words apart."""


_ENDINGS: Final = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_MARKS: Final = r"\p{Lm}\p{Lo}\p{M}"

VOCABULARIES: Final = {
    "o200k_base": Known(
        "fb374d419588a4632f3f557e76b4b70aebbca790",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        "|".join(
            (
                rf"[^\r\n\p{{L}}\p{{N}}]?[\p{{Lu}}\p{{Lt}}{_MARKS}]*[\p{{Ll}}{_MARKS}]+{_ENDINGS}",
                rf"[^\r\n\p{{L}}\p{{N}}]?[\p{{Lu}}\p{{Lt}}{_MARKS}]+[\p{{Ll}}{_MARKS}]*{_ENDINGS}",
                r"\p{N}{1,3}",
                r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
                r"\s*[\r\n]+",
                r"\s+(?!\S)",
                r"\s+",
            )
        ),
    ),
    "cl100k_base": Known(
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$"
        r"|\s*[\r\n]|\s+(?!\S)|\s",
    ),
}

PACKAGES: Final = (
    ("litellm", "litellm_core_utils/tokenizers/{key}"),
    ("bpe_openai", "data/{name}.tiktoken.gz"),
)
"""Installed packages that contain vocabularies, and where; they are not imported."""

_LARGEST: Final = 16 * 1024 * 1024
"""Bytes of a file beyond which it is none."""


class Vocabularies:
    """The vocabularies in `folder`, or in `packages`."""

    def __init__(self, folder: Path | None, packages: tuple[tuple[str, str], ...] = ()) -> None:
        self._folder, self._packages = folder, packages
        self._loaded: dict[str, Any] = {}
        self._begun: set[str] = set()

    def get(self, name: str) -> Any:  # noqa: ANN401
        """The vocabulary `name`; None where there is none, or not yet."""
        if name in self._loaded:
            return self._loaded[name]
        if not _in_event_loop():
            return self._load(name)
        if name not in self._begun:
            self._begun.add(name)
            # Not a daemon: a thread of Rust that is killed at the end of Python aborts the process.
            with suppress(RuntimeError):  # threads cannot be started at the end
                threading.Thread(target=self._load, args=(name,), name=f"otel_tokens {name}").start()
        return None

    def _load(self, name: str) -> Any:  # noqa: ANN401
        content = next(self._contents(name), None)
        found = self._loaded[name] = None if content is None else _encoding(name, content)
        return found

    def _contents(self, name: str) -> Iterator[bytes]:
        """The content of each file that is the vocabulary `name`."""
        for path in self._paths(name):
            with suppress(OSError, EOFError):
                content = _read(path)
                if hashlib.sha256(content).hexdigest() == VOCABULARIES[name].sha256:
                    yield content

    def _paths(self, name: str) -> Iterator[Path]:
        key = VOCABULARIES[name].key
        if self._folder is not None:
            yield self._folder / key
        for package, place in self._packages:
            with suppress(ImportError, ValueError):  # what is half imported has no place
                spec = find_spec(package)
                for root in (spec and spec.submodule_search_locations) or ():
                    yield Path(root) / place.format(key=key, name=name)


def _read(path: Path) -> bytes:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        return file.read(_LARGEST)


def _encoding(name: str, content: bytes) -> Any:  # noqa: ANN401
    """The encoding of a vocabulary, whose bytes have been checked; None where tiktoken cannot make it."""
    try:
        import tiktoken  # noqa: PLC0415  # only when it can be used: it is slow to import

        ranks = {b64decode(token): int(rank) for token, rank in map(bytes.split, content.splitlines())}
        return tiktoken.Encoding(
            name, pat_str=VOCABULARIES[name].pattern, mergeable_ranks=ranks, special_tokens={}
        )
    except Exception:  # noqa: BLE001  # a tiktoken that is broken, or older or newer than what is known
        return None


def _in_event_loop() -> bool:
    """Whether this thread runs an event loop, of asyncio or trio."""
    with suppress(RuntimeError):
        asyncio.get_running_loop()
        return True
    trio = sys.modules.get("trio")
    return trio is not None and bool(trio.lowlevel.in_trio_run())
