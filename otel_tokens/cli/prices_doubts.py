"""What about newer prices looks wrong, so that somebody has to look before they are used."""

from __future__ import annotations

import re

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from .prices_books import Book
from .prices_changes import FEE, FREE, RATE, Change, Difference
from .prices_diff import from_to, percent_text, what
from .prices_words import day_text


_GONE: Final = Decimal("0.05")
"""The share of models that may be gone."""


def doubts(found: Difference, old: Book, new: Book, most: Decimal, today: int) -> list[str]:
    """Jumps of more than `most` percent that hold today or later, and what is gone."""
    jumps = [
        f"{one.provider} {one.model}: {what(change.key)} {from_to(change.old, change.new)}{_more(change)}"
        for one in found.changed
        for change in one.changes
        if _is_jump(change, most) and (change.until is None or change.until > today)
    ]
    return [*_older(old, new), *_gone(found, old, new), *jumps]


def _is_jump(change: Change, most: Decimal) -> bool:
    key, percent = change.key, change.percent
    if key.kind == FREE:
        return True
    if key.kind not in (RATE, FEE):
        return False
    if percent is not None:
        return abs(percent) > most
    was_nothing = change.old == 0 and change.new is not None
    # A bucket without a rate takes another's, which is dearer. A tier or a variant may well end.
    return was_nothing or (change.new is None and key.kind == RATE and key.over < 0 and not key.variant)


def _more(change: Change) -> str:
    percent, since = percent_text(change), day_text(change.since)
    return f"{f' ({percent})' if percent else ''}{f' from {since}' if since else ''}"


def _gone(found: Difference, old: Book, new: Book) -> Iterator[str]:
    lost = Counter([provider for provider, _ in found.removed])
    for provider, number in lost.items():
        if provider not in new.providers:
            yield f"the provider {provider} is gone, with {number:,} models"
    every = sum([len(plain["models"]) for plain in old.providers.values()])
    if len(found.removed) > every * _GONE:
        yield f"{len(found.removed):,} of {every:,} models are gone"


def _older(old: Book, new: Book) -> Iterator[str]:
    one, other = _numbers(old.version), _numbers(new.version)
    if one and other and other < one:
        yield f"{new.version} is older than {old.version}"


def _numbers(version: str) -> tuple[int, ...]:
    found = re.search(r"\d+(?:\.\d+)*", version)
    return tuple([int(part) for part in found[0].split(".")]) if found else ()
