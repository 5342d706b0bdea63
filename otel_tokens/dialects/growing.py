"""A text that is streamed: in pieces, or whole again each time, with more at its end."""

from __future__ import annotations


class Growing:
    """Takes what came of a text, and knows which of the two it is."""

    __slots__ = ("_pieces", "_size")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0

    def add(self, piece: str | None) -> None:
        """Add a piece; one that begins with all that came before is the whole text so far, and no piece."""
        if not piece:
            return
        if self._size and len(piece) >= self._size and piece.startswith(self.text()):
            self._pieces, self._size = [piece], len(piece)
            return
        self._pieces.append(piece)
        self._size += len(piece)

    def text(self) -> str:
        """The text so far."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""
