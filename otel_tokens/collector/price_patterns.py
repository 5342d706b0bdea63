"""The steps that find which pattern of the book a name is for: first which spelling, then which entry."""

from __future__ import annotations

import re

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ..pricing.ids import TUNED, Matcher, is_tuned
from .ottl import all_of, any_of, checked, denied, quoted, searched
from .price_groups import Group
from .price_spellings import GIVEN, PATTERN, PLACES, spelling


_NEGATED: Final = re.compile(r"(?<!\\)\[\^")


def patterns(table: str, shelves: Mapping[str, Sequence[tuple[Matcher, str]]]) -> Group:
    """Look for the first spelling that any of a provider's patterns is for: `p` says which one it is."""
    early = [f"%{table}.a.k == nil", f"%{table}.a.k > 1"]
    return Group(
        f"Patterns, and which spelling they are for: {table}.",
        f'%{table}["patterns"] == true and {any_of(early)}',
        [
            step
            for provider, entries in shelves.items()
            for who in GIVEN
            for step in _hit(who, table, provider, [matcher for matcher, _ in entries])
        ]
        + [
            f"set(%{table}.{who}.hit, {spelling(who, f'%{table}.{who}.p')}) where %{table}.{who}.p != nil"
            for who in GIVEN
        ],
    )


def _on(table: str) -> str:
    return "%shelf" if table == "c" else "%provider"


def _hit(who: str, table: str, provider: str, matchers: Sequence[Matcher]) -> Iterator[str]:
    found, here = f"%{table}.{who}", f"{_on(table)} == {quoted(provider)} and %{who}1 != nil"
    for tuned in (False, True):
        lines = f"%{who}.all" if tuned else f"%{who}.plain"
        texts, others = _union(matchers, tuned=tuned)
        if texts:
            # All spellings in one text, one on a line: what stands before the first match says which it is.
            pattern = f"(?m:{'|'.join([_in_line(text) for text in texts])})(?s:.*)"
            place = 'Len(Split(%cut, "\\n"))'
            more = f" and %ft.{who} == true" if tuned else ""
            yield f"set(%cut, {lines}) where {here}{more}"
            yield f'replace_pattern(%cut, {quoted(pattern)}, "") where {here} and %cut != nil'
            yield (
                f"set({found}.p, {place}) where {here} and %cut != nil and %cut != {lines} "
                f"and ({found}.p == nil or {found}.p > {place})"
            )
            yield f'delete_key(span.attributes, "otel_tokens.tmp.cut") where {here} and %cut != nil'
        for place_, each in {
            place: [_test(one, f"%{who}{place}") for one in others] for place in PLACES
        }.items():
            name = f"%{who}{place_}"
            if each:
                plain = f"(%ft.{who} == nil or not IsMatch({name}, {quoted(TUNED)}))"
                yield (
                    f"set({found}.p, {place_}) where {here} and {name} != nil "
                    f"and ({found}.p == nil or {found}.p > {place_}) "
                    f"and {'true' if tuned else plain} and {any_of(each)}"
                )


def meanings(table: str, shelves: Mapping[str, Sequence[tuple[Matcher, str]]]) -> Group:
    """The first pattern, in the book's order, that is for the spelling which was found."""
    statements = []
    for provider, entries in shelves.items():
        for matcher, key in entries:
            for tuned in (False, True):
                texts, others = _union([matcher], tuned=tuned)
                tests = [f"IsMatch(%{table}.hit, {quoted('|'.join(texts))})"] if texts else []
                tests += [_test(each, f"%{table}.hit") for each in others]
                if tests:
                    statements.append(
                        f"set(%{table}.pkey, {quoted(key)}) where {_on(table)} == {quoted(provider)} "
                        f"and %{table}.pkey == nil "
                        f"and %{table}.ft == {'true' if tuned else 'nil'} and {any_of(tests)}"
                    )
    return Group(f"Patterns, and which entry they are of: {table}.", f"%{table}.hit != nil", statements)


def by_pattern(table: str) -> Group:
    """The spelling whose pattern is to be found, if any is."""
    return Group(
        f"The spelling that a pattern is for: {table}.",
        any_of([f'%{table}.{who}.key == "{PATTERN}"' for who in GIVEN]),
        [
            *[
                f'set(%{table}.hit, %{table}.{who}.hit) where %{table}.{who}.key == "{PATTERN}"'
                for who in ("b", "a")
            ],
            f"set(%{table}.ft, true) where IsMatch(%{table}.hit, {quoted(TUNED)})",
        ],
    )


def by_meaning(table: str) -> Group:
    """What that pattern means."""
    return Group(
        f"What the pattern means: {table}.",
        f"%{table}.hit != nil",
        [f'set(%{table}.{who}.key, %{table}.pkey) where %{table}.{who}.key == "{PATTERN}"' for who in GIVEN],
    )


Other = Matcher | str
"""A clause that is more than text: a conjunction, or a denial."""


def _union(matchers: Sequence[Matcher], *, tuned: bool) -> tuple[list[str], list[Other]]:
    """Clauses as regular expressions, and those that none can express."""
    texts: list[str] = []
    others: list[Other] = []
    for matcher in matchers:
        clauses = [("^{}", text) for text in matcher.prefix]
        clauses += [("{}$", text) for text in matcher.suffix]
        clauses += [("{}", text) for text in matcher.contains]
        texts += [form.format(_literal(text)) for form, text in clauses if not tuned or is_tuned(text)]
        texts += [f"^{_literal(text)}$" for text in matcher.equals]
        for pattern in matcher.regex:
            if not tuned or is_tuned(pattern):
                (others if denied(pattern) else texts).append(pattern)
        if matcher.every and not tuned:
            others.append(matcher)
    return list(dict.fromkeys(texts)), others


def _test(other: Other, name: str) -> str:
    if isinstance(other, str):
        return searched(name, other)
    return all_of([_whole(part, name) for part in other.every])


def _whole(matcher: Matcher, name: str) -> str:
    texts, others = _union([matcher], tuned=False)
    tests = [f"IsMatch({name}, {quoted('|'.join(texts))})"] if texts else []
    return any_of([*tests, *[_test(each, name) for each in others]] or ["false"])


def _in_line(pattern: str) -> str:
    """A pattern that does not go over the end of a line."""
    return f"(?:{_NEGATED.sub(lambda found: found[0] + chr(92) + 'n', checked(pattern))})"


def _literal(text: str) -> str:
    return "".join(["\\" + letter if letter in r"\.+*?()|[]{}^$" else letter for letter in text])
