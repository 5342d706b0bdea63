"""How a model is named, and which of its names mean the same price.

A name that only looks alike is never taken for another: only known prefixes and dates are cut off.

Source: the `match` clauses of genai-prices 0.2.3 (`types.py`), tried in its order, after exact ids.
"""

from __future__ import annotations

import re

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final


_COMPACT_DATE: Final = re.compile(r"-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")
_DATED: Final = re.compile(r"[-@](?:20\d{2}-[01]\d-[0-3]\d|20\d{2}[01]\d[0-3]\d|latest)$|@default$")
MODELS: Final = r"^(?:(?:.+/)?publishers/[^/]+/|accounts/fireworks/|[^/]+/)?models/(.+)$"
"""Gemini, Vertex, Fireworks. Below another account or project a model is its owner's, whatever its name."""
ARN: Final = r"^arn:[^/]+:(?:foundation-model|inference-profile)/(.+)$"
"""Bedrock."""
_PATHS: Final = (re.compile(MODELS), re.compile(ARN))


TUNED: Final = (
    r"ft:|\.ft-"  # OpenAI, Mistral; Azure
    r"|tunedmodels/|^projects/[^/]+/locations/[^/]+/(?:models|endpoints)/"  # Gemini; Vertex
    r"|:(?:custom|imported)-model"  # Bedrock
)
"""What a customer's own models have in their names. RE2 reads it too."""
_TUNED: Final = re.compile(TUNED)


def is_tuned(text: str) -> bool:
    """Whether a name, or a pattern for names, is of a customer's own models, whose price is their own."""
    return _TUNED.search(text) is not None


def undated(model_id: str) -> str | None:
    """The name without its date, `-latest` or `@default`; `None` if it has none."""
    found = _DATED.search(model_id)
    return model_id[: found.start()] if found and not is_tuned(model_id) else None


def spellings(model_id: str, prefixes: Iterable[str] = ()) -> list[str]:
    """The ways to write one name, the most literal first.

    `prefixes` are the provider's own, such as `openai/`: routers put them before a name.
    """
    raw = model_id.lower()
    forms = [raw]
    forms += [found[1] for path in _PATHS if (found := path.match(raw))][:1]
    for form in tuple(forms):
        forms += [form.removeprefix(prefix) for prefix in prefixes if form.startswith(prefix)]
    forms += [_COMPACT_DATE.sub(r"-\1-\2-\3", form) for form in forms]
    return list(dict.fromkeys(forms))


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """Which names an entry of the book is for. Fine-tuned names need a clause of their own."""

    equals: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()
    suffix: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    regex: tuple[str, ...] = ()
    every: tuple[Matcher, ...] = ()
    """All of these must match."""

    @property
    def has_patterns(self) -> bool:
        """Whether there is more than exact names."""
        return bool(self.prefix or self.suffix or self.contains or self.regex or self.every)

    def matches(self, name: str) -> bool:
        """Whether any clause is for `name` (lower case)."""
        if is_tuned(name):
            return name in self.equals or any(
                test(clause) for clause, test in self._clauses(name) if is_tuned(clause)
            )
        return (
            name in self.equals
            or any(test(clause) for clause, test in self._clauses(name))
            or bool(self.every and all(part.matches(name) for part in self.every))
        )

    def _clauses(self, name: str) -> Iterator[tuple[str, Callable[[str], bool]]]:
        for clause in self.prefix:
            yield clause, name.startswith
        for clause in self.suffix:
            yield clause, name.endswith
        for clause in self.contains:
            yield clause, name.__contains__
        for clause in self.regex:
            yield clause, lambda regex: re.search(regex, name) is not None


def matcher_of(model_id: str, plain: Mapping[str, Any] | None) -> Matcher:
    """The matcher that `plain` states; without one, the exact id."""
    if plain is None:
        return Matcher(equals=(model_id.lower(),))
    texts = {kind: tuple([value.lower() for value in plain[kind]]) for kind in _TEXTS if kind in plain}
    return Matcher(
        **texts,
        regex=tuple(plain.get("regex", ())),
        every=tuple([matcher_of(model_id, part) for part in plain.get("all", ())]),
    )


_TEXTS: Final = ("equals", "prefix", "suffix", "contains")


@dataclass(frozen=True, slots=True)
class Index:
    """Finds the entry (by its place in the list) that a name belongs to."""

    exact: dict[str, int] = field(default_factory=dict)
    patterns: list[tuple[Matcher, int]] = field(default_factory=list)

    def named(self, name: str) -> int | None:
        """The entry for exactly this name, else the first with a pattern for it."""
        place = self.exact.get(name)
        if place is not None:
            return place
        return next((place for matcher, place in self.patterns if matcher.matches(name)), None)

    def without_date(self, name: str, same: Callable[[int, int], bool]) -> int | None:
        """The entry of the base name, if all listed snapshots of it cost the `same`.

        Where one snapshot differs, the date matters, and an unlisted one is unknown.
        """
        base = undated(name)
        place = None if base is None else self.exact.get(base)
        if place is None:
            return None
        snapshots = [other for listed, other in self.exact.items() if undated(listed) == base]
        return place if all(other == place or same(other, place) for other in snapshots) else None


def index_of(entries: Sequence[tuple[str, Matcher]]) -> Index:
    """The index of entries with their ids; of two for one name, the first wins."""
    index = Index()
    for place, (_, matcher) in enumerate(entries):
        for name in matcher.equals:
            index.exact.setdefault(name, place)
        if matcher.has_patterns:
            index.patterns.append((matcher, place))
    for place, (model_id, _) in enumerate(entries):
        index.exact.setdefault(model_id.lower(), place)
    return index


def index_of_models(models: Sequence[Mapping[str, Any]]) -> Index:
    """The index of a book's models: the same as `index_of`, in half the time where all names are exact."""
    index = Index()
    exact = index.exact
    for place, model in enumerate(models):
        match = model.get("match")
        if match is None or match.keys() == _EXACT:
            names = match["equals"] if match else (model["id"],)
        else:
            matcher = matcher_of(model["id"], match)
            names = matcher.equals
            index.patterns.append((matcher, place))
        for name in names:
            exact.setdefault(name.lower(), place)
    for place, model in enumerate(models):
        exact.setdefault(model["id"].lower(), place)
    return index


_EXACT: Final = {"equals"}
