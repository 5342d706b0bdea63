"""The steps from an entry of the book and the tokens of a span to its cost, bucket by bucket.

Tokens are `%tokens.<bucket>`, money is `%usd.<bucket>`; `%r` has the rates of this variant, day and size.
"""

from __future__ import annotations

import re

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ..pricing.fallbacks import BY_RULE, FALLBACKS
from ..pricing.multipliers import Multiplier
from ..pricing.override import Override
from ..pricing.price import COMMITTED
from ..readings import INPUT_BUCKETS, UNITS
from .ottl import all_of, any_of, glob_pattern, joined, number, quoted
from .price_groups import Group
from .price_rates import ANY, Moment


BUCKETS: Final = tuple(FALLBACKS)
COUNTED: Final = tuple(sorted(UNITS))
PIECES: Final = (*BUCKETS, *COUNTED)
"""All that a cost can be made of."""
_COMMON: Final = ("input", "cache_read", "cache_write", "output", "output_reasoning")
_DAYS: Final = 7  # of a week
WARNINGS: Final = "@otel_tokens.warnings@"


def warn(word: str, condition: str) -> str:
    """Say on the span what makes its cost an estimate."""
    return f"append({WARNINGS}, {quoted(word)}) where {condition}"


def entry() -> Group:
    """Which entry was found, and by which name."""
    return Group(
        "The entry that was found.",
        "%price == true",
        [
            'set(%by, "b") where %c.b.key != nil or %o.b.key != nil',
            'set(%by, "a") where %c.a.key != nil or %o.a.key != nil',
            *[f'set(%key, %c.{who}.key) where %by == "{who}"' for who in ("a", "b")],
            *[f'set(%okey, %o.{who}.key) where %by == "{who}"' for who in ("a", "b")],
            *[f'set(%name, %{who}.name) where %by == "{who}"' for who in ("a", "b")],
            'set(%seller, Split(%key, "|")[0]) where %key != nil',
            'set(%entry, Split(%key, "|")[1]) where %key != nil',
            'set(%own, Split(%okey, "|")[1]) where %okey != nil',
            warn(
                "priced_by_requested_model",
                '%by == "b" and %a.name != nil and %b.alias == nil and %fuller == nil',
            ),
        ],
    )


def variant(cuts: int, depth: int, clocks: Sequence[str]) -> Iterator[Group]:
    """The rates that hold: by what was billed, the day, the hour and the size of the prompt."""
    later = [
        f'set(%s, {joined("%v", quoted(f"@{cut}"))}) where %m["cut{cut}"] != nil and %m["cut{cut}"] <= %day '
        f"and %m[{joined('%v', quoted(f'@{cut}'))}] != nil"
        for cut in range(1, cuts + 1)
    ]
    prompt = [
        f"set(%prompt, %prompt + %tokens.{bucket}) where %tokens.{bucket} != nil"
        for bucket in BUCKETS
        if bucket in INPUT_BUCKETS
    ]
    first = f"%m[{joined('%v', quoted('<'))}]"
    longer = [
        f'set(%r, %m[%s]{deep}["long"]) where %m[%s]{deep}["over"] != nil and %prompt > %m[%s]{deep}["over"]'
        for deep in ['["long"]' * level for level in range(depth)]
    ]
    yield Group(
        "What was billed, on which day, at which size.",
        "%m != nil",
        [
            f"set(%v, %variant) where %m[{joined('%variant', quoted('@0'))}] != nil",
            f'set(%v, "") where %v == nil and %variant == "{COMMITTED}"',
            warn("tier_unpriced", '%v == nil and %variant != "standard"'),
            'set(%v, "standard") where %v == nil',
            *clocks,
            f"set(%s, {joined('%v', quoted('@0'))})",
            *later,
            "set(%prompt, 0)",
            *prompt,
            'set(%r, %m[%s]) where %v != ""',
            *longer,
            f'set(%r, {{"{ANY}": 0.0, "sure": true, "free": true}}) where %v == ""',
            warn(COMMITTED, '%v == ""'),
            'set(%fees, %m["fees"]) where %m["fees"] != nil',
            'set(%fees, %r["fees"]) where %r["fees"] != nil',
            warn("date_before_first_price", f"{first} != nil and %day < {first}"),
            warn("date_before_first_price", '%v == "" and %m["standard<"] != nil and %day < %m["standard<"]'),
            *[
                warn(word, f'%m[%s]["warnings"] != nil and ContainsValue(%m[%s]["warnings"], "{word}")')
                for word in ("date_before_first_price", "tier_unpriced", COMMITTED)
            ],
            "set(%f, 1.0)",
            "set(%d, 1.0)",
            f"set(%none, true) where {all_of([f'%tokens.{bucket} == nil' for bucket in BUCKETS])}",
        ],
    )


def clock(key: str, name: str, moments: Sequence[Moment]) -> str:
    """Take the variant of these hours."""
    hours: dict[tuple[int, int], list[int]] = {}
    for moment in moments:
        hours.setdefault((moment.start_s, moment.end_s), []).append(moment.weekday)
    spans = [
        all_of(
            [
                f"%second >= {start} and %second < {end}",
                *([] if len(days) == _DAYS else [any_of([f"%day_of_week == {day}" for day in days])]),
            ]
        )
        for (start, end), days in hours.items()
    ]
    return f'set(%v, {quoted(name)}) where %v == "standard" and %from == {quoted(key)} and {any_of(spans)}'


def factors(book: Sequence[Multiplier], own: Override) -> Group:
    """All that multiplies the prices of the span."""
    statements: list[str] = []
    for part in own.multipliers:
        condition = _applies(part)
        statements += [*_multiplied(part, condition), f"set(%changed, true) where {condition}"]
    for part in book:
        others = [f"not {_applies(each)}" for each in own.multipliers if each.replaces(part)]
        statements += _multiplied(part, all_of([_applies(part), *others]))
    for each in own.discounts:
        condition = all_of([f"%provider == {quoted(each.provider)}", _named(each.models)])
        statements.append(f"set(%d, %d * {number(each.factor)}) where {condition}")
        statements.append(f"set(%changed, true) where {condition}")
    return Group("What multiplies the prices.", "%r != nil", statements or ["set(%f, 1.0)"])


def _multiplied(part: Multiplier, condition: str) -> list[str]:
    """Multiply all rates, or those of the buckets that the factor is for."""
    patterns = [re.compile(glob_pattern(glob)) for glob in part.buckets]
    buckets = [bucket for bucket in BUCKETS if any(pattern.match(bucket) for pattern in patterns)]
    targets = ["%f"] if len(buckets) == len(BUCKETS) else [f"%f.{bucket}" for bucket in buckets]
    return [
        f"set({target}, Coalesce([{target}, 1.0]) * {number(part.factor)}) where {condition}"
        for target in targets
    ]


def _applies(part: Multiplier) -> str:
    facts: Mapping[str, str] = {
        "server_address": "%address",
        "inference_geo": "%inference_geo",
        "deployment_type": "%deployment",
    }
    tests = [f"%provider == {quoted(part.provider)}", _named(part.models)]
    for fact, glob in part.when.items():
        value = facts[fact]
        tests.append(f"{value} != nil and IsMatch({value}, {quoted(glob_pattern(glob.lower()))})")
    return all_of(tests)


def _named(globs: Sequence[str]) -> str:
    if "*" in globs:
        return "true"
    pattern = "|".join([glob_pattern(glob) for glob in globs])
    return any_of([f"IsMatch({name}, {quoted(pattern)})" for name in ("%id", "%name")])


def tokens() -> Iterator[Group]:
    """The cost of each bucket, and what is doubtful about it."""
    rare = [bucket for bucket in BUCKETS if bucket not in _COMMON]
    yield Group("Cost of the common buckets.", "%r != nil", _costs(_COMMON))
    yield Group(
        "Cost of the rare buckets.",
        f"%r != nil and {any_of([f'%tokens.{bucket} != nil' for bucket in rare])}",
        _costs(rare),
    )


def _costs(buckets: Sequence[str]) -> list[str]:
    statements = []
    for bucket in buckets:
        chain = (bucket, *FALLBACKS[bucket])
        sure = [name for name in chain if name == bucket or (bucket, name) in BY_RULE]
        rate = ", ".join([f'%r["{name}"]' for name in (*chain, ANY)])
        there = f"%tokens.{bucket} != nil"
        doubtful = [f'%r["{name}"] == nil' for name in (*sure, "sure")]
        factor = f"%f * %d * Coalesce([%f.{bucket}, 1.0])"
        usd = f"Double(%tokens.{bucket}) * %rate * {factor} / 1000000.0"
        statements += [
            f"set(%rate, Coalesce([{rate}])) where {there}",
            f"set(%usd.{bucket}, {usd}) where {there} and %rate != nil",
            f"set(%missing, true) where {there} and %rate == nil",
            warn(f"rate_missing:{bucket}", all_of([there, *doubtful])),
        ]
    return statements
