"""A group of statements, and how it is written in a collector's configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .ottl import full


@dataclass(frozen=True, slots=True)
class Group:
    """Statements that run for the spans of which a condition holds."""

    about: str
    condition: str
    statements: Sequence[str]
    silent: bool = False
    """A key that is not in a map literal is an error, and here an answer."""

    def lines(self) -> list[str]:
        """As YAML, indented as an item of `trace_statements`."""
        lines = [f"      # {self.about}"]
        lines.append(f"      - conditions: [{plain(full(self.condition))}]")
        if self.silent:
            lines.append("        error_mode: silent")
        lines.append("        statements:")
        for statement in self.statements:
            lines += _item(full(statement))
        return lines


def plain(text: str) -> str:
    """Text as a YAML string, with what the collector would expand escaped."""
    return "'" + text.replace("'", "''").replace("$", "$$") + "'"


def _item(statement: str) -> list[str]:
    """One statement as a folded block: a long literal has its entries on lines of their own."""
    rows = statement.replace("$", "$$").split("\n")
    return ["          - >-", *[f"            {row}" for row in rows]]
