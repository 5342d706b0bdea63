"""The steps from the cost of each bucket to that of the span: fees, the sum, and what others state of it."""

from __future__ import annotations

from collections.abc import Iterator

from ..pricing.override import OVERRIDE
from ..pricing.price import COMMITTED
from ..pricing.sellers import LOCAL
from .ottl import any_of, joined, quoted
from .price_cost import BUCKETS, COUNTED, PIECES, WARNINGS, warn
from .price_groups import Group
from .price_rates import LEAST


def units() -> Group:
    """The fees."""
    statements = []
    for unit in COUNTED:
        count = f"@otel_tokens.usage.{unit}@"
        least = f'%fees["{LEAST}{unit}"]'
        statements.append(f"set(%n, Double({count})) where {count} != nil")
        if unit == "request":
            statements.append('set(%n, 1.0) where %n == nil and %fees["request"] != nil')
        statements.append(f"set(%n, {least}) where %n != nil and %n > 0 and {least} != nil and {least} > %n")
        fee = f'%fees["{unit}"]'
        statements.append(f"set(%usd.{unit}, {fee} * %n * %d) where %n != nil and %n > 0 and {fee} != nil")
        if unit == "audio_second":
            fee = '%fees["audio_hour"]'
            statements.append(
                f"set(%usd.{unit}, {fee} * %n * %d / 3600.0) where %n != nil and %n > 0 and {fee} != nil"
            )
        statements.append(warn(f"unit_unpriced:{unit}", f"%n != nil and %n > 0 and %usd.{unit} == nil"))
        statements.append('delete_key(span.attributes, "otel_tokens.tmp.n") where %n != nil')
    asked = [f"@otel_tokens.usage.{unit}@ != nil" for unit in COUNTED]
    asked.append('%fees["request"] != nil')
    return Group("Fees.", f"%r != nil and %missing == nil and {any_of(asked)}", statements)


def total(version: str) -> Iterator[Group]:
    """The cost of the span, or why there is none."""
    changed, own = joined("%version", quoted(f" + {OVERRIDE}")), f"%version != {quoted(OVERRIDE)}"
    yield Group(
        "The cost.",
        "%r != nil and %missing == nil",
        [
            "set(%sum, 0.0)",
            *[f"set(%sum, %sum + %usd.{piece}) where %usd.{piece} != nil" for piece in PIECES],
            'set(%status, "priced")',
            'set(%status, "free") where %sum == 0.0 and %r["free"] == true',
            f'set(%status, "no_usage") where %sum == 0.0 and %none == true and {WARNINGS} != nil',
            'set(%sum, nil) where %status == "no_usage"',
            f'set(%version, Coalesce([%m["version"], {quoted(version)}]))',
            f"set(%version, {changed}) where %changed == true and {own}",
        ],
    )
    yield Group(
        "A bucket without a rate: nothing is known of the cost.",
        "%missing == true",
        ['delete_matching_keys(span.attributes, "^otel_tokens\\\\.tmp\\\\.usd\\\\.")'],
    )
    bought = f'%variant == "{COMMITTED}"'
    local = any_of([f"%provider == {quoted(name)}" for name in sorted(LOCAL)])
    yield Group(
        "What no price is known for.",
        "%price == true and %sum == nil and %status == nil",
        [
            'set(%status, "unknown_model")',
            'set(%status, "unknown_provider") where %c == nil and %o == nil',
            f'set(%status, "free") where %m == nil and {local}',
            f'set(%status, "free") where %m == nil and %status == "unknown_model" and {bought}',
            warn(COMMITTED, f'%m == nil and %status == "free" and {bought} and not {local}'),
            'set(%sum, 0.0) where %status == "free"',
            f'set(%version, {quoted(version)}) where %status == "free"',
        ],
    )


def stated() -> Iterator[Group]:
    """A cost that the provider stated wins over ours; one that another library has computed fills a gap."""
    yield Group(
        "Another library's number, where we have none.",
        "%price == true and %sum == nil and %stated == nil and @otel_tokens.cost.foreign.usd@ != nil",
        ["set(%stated, @otel_tokens.cost.foreign.usd@)", 'set(%source, "foreign")'],
    )
    yield Group(
        "A stated cost, split over buckets as ours is; in one piece where ours is not known.",
        "%price == true and %stated != nil",
        [
            "set(@otel_tokens.cost.computed.usd@, %sum) where %sum != nil",
            *[
                f"set(%usd.{piece}, %usd.{piece} * %stated / %sum) where %usd.{piece} != nil and %sum > 0.0"
                for piece in PIECES
            ],
            *_in_one_piece(),
            "set(%sum, %stated)",
            'set(%status, "priced")',
            'set(%source, "provider") where %source == nil',
        ],
    )


def _in_one_piece() -> list[str]:
    statements = ["set(%left, true) where %sum == nil or %sum == 0.0"]
    for piece in BUCKETS:
        there = f"%left == true and %tokens.{piece} != nil"
        statements.append(f"set(%usd.{piece}, %stated) where {there}")
        statements.append(f"set(%left, false) where {there}")
    statements.append("set(%usd.request, %stated) where %left == true")
    return statements


def finish() -> Group:
    """What the span says of its cost."""
    source, version = "@otel_tokens.usage.source@", "@otel_tokens.price.version@"
    return Group(
        "What the span says of its cost.",
        "%price == true",
        [
            "set(@otel_tokens.cost.usd@, %sum) where %sum != nil",
            "set(@otel_tokens.cost.status@, %status)",
            'set(%source, "computed") where %source == nil',
            f'set(%source, "estimated") where %source == "computed" and {source} != "provider"',
            "set(@otel_tokens.cost.source@, %source) where %sum != nil",
            f"set({version}, %version) where %sum != nil and %version != nil and %stated == nil",
            'delete_key(span.attributes, "otel_tokens.price.variant") where %variant == "standard"',
            'delete_matching_keys(span.attributes, "^otel_tokens\\\\.tmp\\\\.[^tuw]")',
        ],
    )
