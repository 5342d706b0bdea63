"""Who says what is added to the book, each once."""

from __future__ import annotations

from typing import Any


class Origins:
    """A list that the rows point into."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []

    def put(self, row: dict[str, Any], addition: dict[str, Any], *parts: str) -> None:
        """Note that `parts` of a row are of the addition."""
        pair = (addition["source"], addition["checked"])
        if pair not in self.pairs:
            self.pairs.append(pair)
        place = self.pairs.index(pair)
        row.setdefault("added", {}).update(dict.fromkeys(parts, place))
