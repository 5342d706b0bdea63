"""Prices: from what a call used to what it costs, exactly. Pure: no clock, no environment.

The book and its engine are imported when the first call needs them: they take a third of the time that this
package adds to the start of a program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .price import Cost, Terms


if TYPE_CHECKING:
    from .book import PriceBook, book_of, load_book


__all__ = ["Cost", "PriceBook", "Terms", "book_of", "load_book"]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """The names of `book`, when they are first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import book  # noqa: PLC0415

    return getattr(book, name)
