"""How `prices` reads compiled books, and refuses what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_tokens.cli.prices_books import checked, read_book, shipped_book
from otel_tokens.errors import ConfigError

from .price_books import model, plain, written


def test_the_shipped_book_is_whole() -> None:
    """The book that comes with the package passes the check of others."""
    shipped = shipped_book()

    assert checked("it", shipped.text).data == shipped.data
    assert shipped.in_words == f"the shipped book ({shipped.version}, checked {shipped.dated})"


def test_a_book_in_a_file(tmp_path: Path) -> None:
    """A book is called by its file, and a day is told where there is one."""
    book = plain()
    del book["dated"]

    read = read_book(Path(written(tmp_path, book)))

    assert read.in_words == f"{tmp_path / 'book.json'} (genai-prices 1.0.0)"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nonsense", ": not a whole price book: Expecting value"),
        ('{"schema": 1', ": not a whole price book: "),
        ("[]", ":1: "),
        ("{}", ":1: the file: schema is missing"),
        ('{"schema": 2}', ":1: schema: "),
    ],
)
def test_what_is_no_book(tmp_path: Path, text: str, problem: str) -> None:
    """Another file is refused by its name, with what is accepted."""
    path = Path(written(tmp_path, text))

    with pytest.raises(ConfigError) as error:
        read_book(path)

    assert str(error.value).startswith(f"{path}{problem}")
    assert "accepted: " in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A file that cannot be read is named."""
    with pytest.raises(ConfigError, match=r"nowhere\.json: cannot read the price book: "):
        read_book(tmp_path / "nowhere.json")


def test_a_wrong_row(tmp_path: Path) -> None:
    """Every row is looked at before any is used: one that is wrong refuses the book."""
    book = plain()
    model(book, "openai", "small")["rows"][0]["rates"]["input"] = "-1"

    with pytest.raises(ConfigError, match="not a price: '-1'"):
        read_book(Path(written(tmp_path, book)))
