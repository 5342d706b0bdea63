"""The counters of a stream, of which every chunk may state some anew.

Streaming: counters are cumulative, so nothing is ever added up: the last one that says something wins,
field by field. One that is missing or null in a later chunk keeps its value. A counter of a stream only
grows: one that a later chunk states as zero has vanished, and keeps its value too; one that is smaller, but
not zero, is taken as the correction that it must be. Both leave a warning.
"""

from __future__ import annotations

from typing import Any, Final

from .fields import view


SHRANK: Final = "usage_shrank"
"""The field of a folded body that says that a counter did."""

_GROWING: Final = frozenset(
    {
        "prompt_tokens",
        "completion_tokens",
        "input_tokens",
        "output_tokens",
        "total_tokens",
        "cost",
        "cost_in_usd_ticks",
    }
)
_NUMBERS: Final = (int, float)


class Running:
    """The usage of a stream so far."""

    __slots__ = ("shrank", "stated")

    def __init__(self) -> None:
        self.stated: Any = None
        self.shrank = False

    def add(self, usage: Any) -> None:
        """State `usage` over what was stated before."""
        self.stated = usage if self.stated is None else self._over(self.stated, usage)

    def _over(self, old: Any, new: Any) -> Any:
        """What `new` says, and of `old` what it does not."""
        before, now = view(old), view(new)
        kept: dict[str, Any] = {}
        for name, value in before.items():
            if value is None:
                continue
            later = now.get(name)
            if later is None:
                kept[name] = value
            elif name in _GROWING:
                if type(value) in _NUMBERS and self._vanished(value, later):
                    kept[name] = value
            elif name[-8:] == "_details":
                kept[name] = later if later is value else self._over(value, later)
        return {**now, **kept}

    def _vanished(self, value: float, later: Any) -> bool:
        """Whether a counter fell to what is none; that it fell at all is noted."""
        if type(later) not in _NUMBERS:
            self.shrank = True
            return True
        if later >= value:
            return False
        self.shrank = True
        return not later > 0
