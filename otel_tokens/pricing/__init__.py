"""Prices: from what a call used to what it costs, exactly. Pure: no clock, no environment."""

from .book import PriceBook, book_of, load_book
from .price import Cost, Terms


__all__ = ["Cost", "PriceBook", "Terms", "book_of", "load_book"]
