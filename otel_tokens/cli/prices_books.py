"""Price books as the command `prices` needs them: read whole, checked, and with the sources of their rows."""

from __future__ import annotations

import json

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from pkgutil import get_data
from typing import Any, Final

from .. import pricing
from ..errors import ConfigError
from ..pricing.book_file import checked_book
from ..pricing.catalog import Catalog
from ..pricing.override import EMPTY, Override, read
from ..pricing.rows import Model
from .surroundings import Surroundings


Plain = Mapping[str, Any]

SETTING: Final = "OTEL_TOKENS_BOOK"
"""The setting that names a compiled book to use in place of the shipped one."""
SHIPPED: Final = "shipped"
"""The word for the book that comes with this package."""


@dataclass(frozen=True)
class Book:
    """A compiled book, as it stands in its file."""

    name: str
    """What to call it: `the shipped book`, or its file."""
    text: str
    data: Plain

    @cached_property
    def catalog(self) -> Catalog:
        """The same, to find prices in."""
        return Catalog(self.data)

    @property
    def version(self) -> str:
        """Of what it was compiled from."""
        return str(self.data["version"])

    @property
    def dated(self) -> str | None:
        """The day on which it was last checked."""
        return self.data.get("dated")

    @property
    def in_words(self) -> str:
        """Name, version and day."""
        return f"{self.name} ({self.version}{f', checked {self.dated}' if self.dated else ''})"

    @property
    def providers(self) -> Mapping[str, Plain]:
        """Provider to what the file says of it."""
        providers: Mapping[str, Plain] = self.data["providers"]
        return providers

    def entries(self, provider: str) -> Iterator[tuple[Plain, Model]]:
        """Every model of a provider: as it stands in the file, and converted."""
        yield from zip(self.providers[provider]["models"], self.catalog.models(provider), strict=True)


def shipped_book() -> Book:
    """The book that comes with this package."""
    text = (get_data(pricing.__name__, "prices.json") or b"").decode("utf-8")
    return Book("the shipped book", text, json.loads(text))


def read_book(path: Path) -> Book:
    """The compiled book in a file.

    Raises:
        ConfigError: it cannot be read, or is none.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot read the price book: {error}") from error
    return checked(str(path), text)


def checked(name: str, text: str) -> Book:
    """The book in `text`.

    Raises:
        ConfigError: it is none, or one that this version of the package cannot read.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ConfigError(
            f"{name}: not a whole price book: {error}; accepted: what `otel-tokens prices update` writes"
        ) from error
    return Book(name, text, checked_book(data, file=name, text=text))


def book_in_use(here: Surroundings) -> Book:
    """The book that programs with these settings use.

    Raises:
        ConfigError: the file that the setting names is no book.
    """
    named = here.env.get(SETTING, "").strip()
    return read_book(Path(named)) if named else shipped_book()


def named_book(word: str) -> Book:
    """The book that a word of the command line means: `shipped`, or a file.

    Raises:
        ConfigError: the file is no book.
    """
    return shipped_book() if word == SHIPPED else read_book(Path(word))


def own_prices(given: str | None, here: Surroundings) -> tuple[str | None, Override]:
    """The file of own prices, and what it says.

    Raises:
        ConfigError: it is wrong.
    """
    path = given or here.env.get("OTEL_TOKENS_PRICES", "").strip() or None
    return path, read(Path(path)) if path else EMPTY
