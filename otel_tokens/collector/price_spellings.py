"""The steps that say who sold a span's call, when, and how the names of its models can be written.

A name has up to eight spellings, in the order in which they count: as given, without a path, without the
provider's prefix, and each with its compact date written out. `a1` to `a8` are those of the model that
answered, `b1` to `b8` those of the model that was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..pricing.ids import ARN, MODELS, TUNED
from ..pricing.price import COMMITTED, STANDARD
from ..pricing.sellers import PLACED, SHARES, SPELLINGS
from .ottl import any_of, joined, looked_up, mapping, quoted
from .price_groups import Group


GIVEN: Final = ("a", "b")
PATTERN: Final = "?"
"""Stands for the key of a pattern that is still to be found."""
_BOUGHT: Final = "provisioned|^ptu$"
"""Types of deployments that are capacity bought ahead; see `sellers.is_bought`."""
PLACES: Final = range(1, 9)
_COMPACT: Final = r"-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(-|:|$)"
_FULLER: Final = " or ".join(f"%provider == {quoted(name)}" for name in sorted(PLACED))
"""Where the name that was asked for says more than the one that answered, if it contains it."""
_CONTAINED: Final = "%a.name != nil and %b.name != nil and Index(%b.name, %a.name) >= 0"
_NANOSECONDS_PER_DAY: Final = 86_400_000_000_000


def marked(name: str) -> str:
    """A name without what separates names in a table."""
    return name.replace(" ", "%20").replace("=", "%3d")


def spelling(who: str, place: str) -> str:
    """The spelling at a place that is only known for each span."""
    return f"span.attributes[{joined(quoted(f'otel_tokens.tmp.{who}'), f'String({place})')}]"


def begin() -> Group:
    """Who, when, and under which terms."""
    own = mapping([(name, quoted(ours)) for name, ours in SPELLINGS.items()])
    shared = mapping([(name, quoted(ours)) for name, ours in SHARES.items()])
    return Group(
        "Who sold it, when, and under which terms.",
        "%price == true",
        [
            "set(%provider, @gen_ai.provider.name@)",
            f"set(%provider, {looked_up(own, '@gen_ai.provider.name@')})",
            "set(%shelf, %provider)",
            f"set(%shelf, {looked_up(shared, '%provider')})",
            f"set(%day, span.start_time_unix_nano / {_NANOSECONDS_PER_DAY})",
            f"set(%second, (span.start_time_unix_nano - %day * {_NANOSECONDS_PER_DAY}) / 1000000000)",
            "set(%day_of_week, %day + 3 - (%day + 3) / 7 * 7 + 1)",
            'set(%variant, "standard")',
            "set(%variant, @otel_tokens.price.variant@) where IsString(@otel_tokens.price.variant@)",
            "set(%address, ToLowerCase(@server.address@)) where IsString(@server.address@)",
            *_given("a", "@gen_ai.response.model@"),
            *_given("b", "@gen_ai.request.model@"),
            f"set(%fuller, %a.name) where ({_FULLER}) and {_CONTAINED}",
            "set(%a.name, %b.name) where %fuller != nil",
            "set(%b.name, %fuller) where %fuller != nil",
        ],
        silent=True,
    )


def _given(who: str, attribute: str) -> list[str]:
    return [
        f'set(%{who}.name, ToLowerCase({attribute})) where IsString({attribute}) and {attribute} != ""',
        f'replace_pattern(%{who}.name, " ", "%20") where %{who}.name != nil',
        f'replace_pattern(%{who}.name, "=", "%3d") where %{who}.name != nil',
    ]


def aliases(provider: str, meanings: Sequence[tuple[str, str, str | None]]) -> Group:
    """What the user says that names mean at a provider: name, model, deployment type."""
    names = mapping([(marked(name), quoted(marked(model.lower()))) for name, model, _ in meanings])
    kinds = mapping([(marked(name), quoted((kind or "").lower())) for name, _, kind in meanings])
    statements = []
    for who in ("b", "a"):
        kind = looked_up(kinds, f"%{who}.name")
        statements += [
            f"set(%{who}.alias, {looked_up(names, f'%{who}.name')}) where %{who}.name != nil",
            f"set(%deployed, {kind}) where %{who}.alias != nil and %deployed == nil",
            f"set(%{who}.name, %{who}.alias) where %{who}.alias != nil",
        ]
    bought = f"%deployment != nil and IsMatch(%deployment, {quoted(_BOUGHT)})"
    statements += [
        'set(%deployment, %deployed) where %deployed != ""',
        f'set(%variant, "{COMMITTED}") where %variant == "{STANDARD}" and {bought}',
    ]
    return Group(f"Own names at {provider}.", f"%provider == {quoted(provider)}", statements, silent=True)


def spell() -> Iterator[Group]:
    """All spellings of both names."""
    yield Group(
        "One name is enough where both are the same.",
        "%a.name != nil and %b.name == %a.name",
        ['delete_key(span.attributes, "otel_tokens.tmp.b.name")'],
    )
    for who in GIVEN:
        yield Group(f"Spellings of name {who}.", f"%{who}.name != nil", list(_spell(who)))


def _spell(who: str) -> Iterator[str]:
    first = f"%{who}1"
    yield f"set({first}, %{who}.name)"
    yield f"set(%ft.{who}, true) where IsMatch({first}, {quoted(TUNED)})"
    for pattern in (MODELS, ARN):
        path = f"%{who}2"
        yield f"set({path}, {first}) where {path} == nil and IsMatch({first}, {quoted(pattern)})"
        yield f'replace_pattern({path}, {quoted(pattern)}, "$1") where {path} != nil'
    for place in (1, 2):
        name, head = f"%{who}{place}", f"%head{place}"
        yield (
            f'set({head}, Substring({name}, 0, Index({name}, "/") + 1)) '
            f'where {name} != nil and Index({name}, "/") > 0 and Index({name}, "/") + 1 < Len({name})'
        )
        yield (
            f"set(%{who}{place + 2}, Substring({name}, Len({head}), Len({name}) - Len({head}))) "
            f'where {head} != nil and %c["prefixes"] != nil '
            f'and Index(%c["prefixes"], {joined(quoted(" "), head, quoted(" "))}) >= 0'
        )
        yield f'delete_key(span.attributes, "otel_tokens.tmp.head{place}") where {head} != nil'
    for place in range(1, 5):
        name, dated = f"%{who}{place}", f"%{who}{place + 4}"
        yield f"set({dated}, {name}) where {name} != nil and IsMatch({name}, {quoted(_COMPACT)})"
        for _ in range(2):  # two dates in a row share the dash between them
            yield f'replace_pattern({dated}, {quoted(_COMPACT)}, "-$1-$2-$3$4") where {dated} != nil'
    every = ", ".join([f"%{who}{place}" for place in PLACES])
    yield f'set(%{who}.all, Concat([{every}], "\\n"))'
    yield f"set(%{who}.plain, %{who}.all)"
    yield f'replace_pattern(%{who}.plain, {quoted(f"(?m)^.*(?:{TUNED}).*$")}, "") where %ft.{who} == true'
    others = any_of([f"%{who}{place} != nil" for place in PLACES[1:]])
    yield f"set(%more.{who}, true) where {others}"
