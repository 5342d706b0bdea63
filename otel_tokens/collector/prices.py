"""The price table of the collector, compiled from the book and the user's file over it.

The result is the same on every machine: it has no date, and follows the order of the book.

Source: `prices.json` of this package, whose notice is copied to the head of the file.
"""

from __future__ import annotations

import hashlib

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from ..errors import ConfigError
from ..pricing.catalog import Catalog
from ..pricing.override import EMPTY, Override
from ..pricing.sellers import shelf, spelled
from . import price_cost, price_find, price_patterns, price_spellings, price_sum
from .ottl import looked_up, quoted
from .price_groups import Group
from .price_hosts import hosts
from .price_metrics import LABELS, connector, from_resource
from .price_names import OWN, Book, Names, Stock, shipped_book
from .price_rates import Priced, priced


PROCESSOR: Final = "transform/price"
_LONG: Final = 100  # letters of a line


def compiled(  # noqa: PLR0917 - each is one option of the command
    override: Override = EMPTY,
    providers: Sequence[str] = (),
    labels: Sequence[str] = LABELS,
    endpoints: Mapping[str, str] = MappingProxyType({}),
    command: str = "otel-tokens collector prices",
    data: Mapping[str, Any] | None = None,
) -> str:
    """The configuration file, of some providers only where they are named; `data` is another compiled book.

    Raises:
        ConfigError: A provider is not known, or the collector cannot express a name or a pattern.
    """
    stock = Stock(shipped_book(override) if data is None else Book(data, Catalog(data), override))
    wanted = _wanted(stock, providers)
    body = [
        "processors:",
        f"  {PROCESSOR}:",
        "    error_mode: ignore",
        "    trace_statements:",
        *[text for group in _groups(stock, wanted, labels, endpoints) for text in group.lines()],
        "",
        *connector(labels),
    ]
    text = "\n".join(body) + "\n"
    return "\n".join(_head(stock, text, command)) + "\n" + text


def _wanted(stock: Stock, named: Sequence[str]) -> tuple[list[str], list[str]]:
    """The shelves of the book to write, and the providers of the user's rows."""
    known = [*stock.book.providers, *stock.book.override.providers]
    asked = [spelled(name) for name in named] or known
    for name in asked:
        if shelf(name) not in known and name not in known:
            raise ConfigError(
                f"there are no prices of {name!r}: expected one of {', '.join(sorted(set(known)))}"
            )
    shelves = {shelf(name) for name in asked}
    own = [name for name in stock.book.override.providers if name in asked or shelf(name) in shelves]
    return [name for name in stock.book.providers if name in shelves], own


def _groups(
    stock: Stock,
    wanted: tuple[list[str], list[str]],
    labels: Sequence[str],
    endpoints: Mapping[str, str],
) -> Iterator[Group]:
    override, catalog = stock.book.override, stock.book.catalog
    shelves = {name: stock.names(name) for name in wanted[0]}
    own = {name: stock.own_names(name, shelf(name)) for name in wanted[1]}
    for name in own:
        stock.extended(name, shelf(name))
    version = catalog.version
    entries = {
        seller: {entry: priced(model, entry, version) for entry, model in found.models.items()}
        for seller, found in stock.sellers.items()
    }
    yield hosts(endpoints)
    yield price_spellings.begin()
    yield Group("The names of a provider's models.", "%price == true", list(_tables(shelves, own)))
    for name in sorted({provider for provider, _ in override.aliases}):
        meant = [
            (word, alias.model, alias.deployment_type)
            for (at, word), alias in override.aliases.items()
            if at == name
        ]
        yield price_spellings.aliases(name, meant)
    yield from _found(shelves, own)
    yield price_cost.entry()
    yield from _rates(entries)
    every = [each for found in entries.values() for each in found.values()]
    clocks = [
        price_cost.clock(f"{seller}|{entry}", name, moments)
        for seller, found in entries.items()
        for entry, each in found.items()
        for name, moments in each.clock.items()
    ]
    yield from price_cost.variant(max([each.cuts for each in every], default=0), _depth(every), clocks)
    yield price_cost.factors(catalog.multipliers, override)
    yield from price_cost.tokens()
    yield price_sum.units()
    yield from price_sum.total(version)
    yield from price_sum.stated()
    yield price_sum.finish()
    if labels:
        yield from_resource(labels)


def _found(shelves: Mapping[str, Names], own: Mapping[str, Names]) -> Iterator[Group]:
    """The search, in the order of `PriceBook`; nothing of the user's rows where there are none."""
    tables = ["c", "o"] if own else ["c"]
    yield from price_spellings.spell()
    for who in price_spellings.GIVEN:
        for table in tables:
            yield from price_find.exact(who, table)
    every = {"c": shelves, "o": own}
    patterns = {
        table: {name: names.patterns for name, names in every[table].items() if names.patterns}
        for table in tables
    }
    for table in tables:
        yield price_patterns.patterns(table, patterns[table])
    for table in tables:
        for who in price_spellings.GIVEN:
            yield from price_find.choose(who, table)
            if table == "o":
                yield price_find.by_book_entry(who)
        yield price_patterns.by_pattern(table)
        yield price_patterns.meanings(table, patterns[table])
        yield price_patterns.by_meaning(table)


def _tables(shelves: Mapping[str, Names], own: Mapping[str, Names]) -> Iterator[str]:
    for name, names in shelves.items():
        yield f"set(%c, {_table(names, name)}) where %shelf == {quoted(name)}"
    for name, names in own.items():
        yield f"set(%o, {_table(names, name)}) where %provider == {quoted(name)}"
        # A provider that only the user prices has its prefixes and its own names there.
        if shelf(name) not in shelves:
            yield f'set(%c, {{"prefixes": " "}}) where %c == nil and %provider == {quoted(name)}'


def _table(names: Names, shelf_name: str) -> str:
    prefixes = quoted(f" {' '.join(names.prefixes)} ")
    parts = [
        f'"prefixes": {prefixes}',
        f'"patterns": {"true" if names.patterns else "false"}',
        f'"names": {_by_letter(names.exact, shelf_name)}',
        f'"undated": {_by_letter(names.undated, shelf_name)}',
    ]
    return "{\n" + ",\n".join(parts) + "}"


def _by_letter(keys: Mapping[str, str], shelf_name: str) -> str:
    """Names by their first letter: the collector reads a text in the square of its length."""
    letters: dict[str, list[str]] = {}
    for name, key in keys.items():
        if not name[:1].isascii():
            raise ConfigError(f"the collector cannot look up {name!r}: a name begins with a letter of ASCII")
        letters.setdefault(price_spellings.marked(name)[:1], []).append(
            price_find.line(name, key, shelf_name)
        )
    return "{" + ",".join([f"\n{quoted(letter)}: {_text(rows)}" for letter, rows in letters.items()]) + "}"


def _text(rows: Sequence[str]) -> str:
    """Rows with a blank before and behind each: the end of a line is read as one."""
    lines, line = [], ""
    for row in rows:
        line = f"{line} {row}".strip()
        if len(line) > _LONG:
            lines.append(line)
            line = ""
    escaped = [text.replace("\\", "\\\\").replace('"', '\\"') for text in (*lines, line) if text]
    return '"\n' + "\n".join(escaped) + '\n"'


def _rates(entries: Mapping[str, Mapping[str, Priced]]) -> Iterator[Group]:
    statements = [
        f"set(%m, {_literal(found, '%entry')}) where %seller == {quoted(seller)}"
        for seller, found in entries.items()
        if not seller.startswith(OWN)
    ]
    yield Group("The rates of the entry.", "%entry != nil", statements, silent=True)
    yield Group(
        "The id that globs look at.",
        "%m != nil",
        [
            "set(%from, %key)",
            "set(%id, %entry)",
            'replace_pattern(%id, "^~", "")',
            'set(%id, %m["id"]) where %m["id"] != nil',
        ],
    )
    for seller, found in entries.items():
        if seller.startswith(OWN):
            yield _own_rates(seller, found)


def _own_rates(seller: str, found: Mapping[str, Priced]) -> Group:
    over = {entry: each for entry, each in found.items() if "|" in entry}
    alone = {entry: each for entry, each in found.items() if "|" not in entry}
    both = 'Concat([%own, "|", %key], "")'
    statements = []
    if over:
        statements.append(f"set(%mine, {_literal(over, both)}) where %key != nil")
        statements.append(
            f'set(%from, Concat([{quoted(seller + "|")}, %own, "|", %key], "")) where %mine != nil'
        )
    statements.append(f'set(%from, Concat([{quoted(seller + "|")}, %own], "")) where %mine == nil')
    statements.append(f"set(%mine, {_literal(alone, '%own')}) where %mine == nil")
    statements.append('set(%id, %mine["id"]) where %id == nil')
    statements.append("set(%m, %mine) where %mine != nil")
    name = seller.removeprefix(OWN)
    return Group(
        f"The user's rows for {name}.",
        f"%own != nil and %provider == {quoted(name)}",
        statements,
        silent=True,
    )


def _literal(found: Mapping[str, Priced], key: str) -> str:
    rows = [f"\n{quoted(entry)}: {each.literal}" for entry, each in found.items()]
    return looked_up("{" + ",".join(rows) + "}", key)


def _depth(every: Sequence[Priced]) -> int:
    return max([each.depth for each in every], default=0)


def _head(stock: Stock, text: str, command: str) -> list[str]:
    book = stock.book
    digest = hashlib.sha256(text.encode()).hexdigest()
    said = [
        f"Prices for the collector: {book.catalog.version}"
        + (" and own prices" if book.override != EMPTY else ""),
        f"Generated by `{command}`; do not edit.",
        f"sha256 of what follows the head: {digest}",
        "",
        *book.data.get("notice", ()),
        "",
        "Names are `name=entry`. Rates are USD per million tokens, fees USD for one.",
    ]
    return [f"# {line}".rstrip() for line in said]
