"""How fast a process spends: in this minute, and in the hour before it."""

from __future__ import annotations

from typing import Final


_BUCKET_S: Final = 5
_MINUTE: Final = 12
"""Buckets."""
_HOUR: Final = 720
_SIZE: Final = _MINUTE + _HOUR
_LEAST: Final = 120
"""So many buckets of past are needed to tell what is usual."""


class Pace:
    """What a process has spent in this minute and in the hour before it, by buckets of five seconds."""

    def __init__(self) -> None:
        self.minute = 0
        """Pico-dollars of at most the last 60 s."""
        self._hour = 0
        self._buckets = [0] * _SIZE
        self._begun: int | None = None
        self._now = 0

    def add(self, now_s: float, pico_usd: int) -> None:
        """Count what was spent now."""
        bucket = int(now_s) // _BUCKET_S
        if bucket != self._now or self._begun is None:
            self._go_on(bucket)
        self._buckets[self._now % _SIZE] += pico_usd
        self.minute += pico_usd

    def usual(self) -> int | None:
        """Pico-dollars per minute in the hour before this minute; None when there is too little past."""
        past = self._now - (self._begun or 0) - _MINUTE + 1
        return None if past < _LEAST else self._hour * _MINUTE // min(past, _HOUR)

    def start_minute(self, now_s: float) -> None:
        """Take all that was spent until now for past."""
        self._go_on(int(now_s) // _BUCKET_S)
        for bucket in range(self._now - _MINUTE + 1, self._now + 1):
            self._buckets[bucket % _SIZE] = 0
        self._buckets[(self._now - _MINUTE) % _SIZE] += self.minute
        self._hour += self.minute
        self.minute = 0

    def _go_on(self, bucket: int) -> None:
        if self._begun is None:
            self._begun = self._now = bucket
        if bucket - self._now >= _SIZE:
            self._buckets = [0] * _SIZE
            self.minute = self._hour = 0
            self._now = bucket
        while self._now < bucket:
            self._now += 1
            past = self._buckets[(self._now - _MINUTE) % _SIZE]
            self.minute -= past
            self._hour += past - self._buckets[self._now % _SIZE]
            self._buckets[self._now % _SIZE] = 0
