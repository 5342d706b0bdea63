"""Match clauses of genai-prices as plain data."""

from __future__ import annotations

from typing import Any, Final


Plain = dict[str, Any]


class CompileError(ValueError):
    """genai-prices says something that this compiler was not written for."""


_CLAUSES: Final = {
    "ClauseEquals": ("equals", "equals"),
    "ClauseStartsWith": ("prefix", "starts_with"),
    "ClauseEndsWith": ("suffix", "ends_with"),
    "ClauseContains": ("contains", "contains"),
    "ClauseRegex": ("regex", "regex"),
}


def clauses_of(clause: Any) -> Plain:  # noqa: ANN401 - genai-prices' own type
    """The clauses by kind, as `ids.matcher_of` reads them.

    Raises:
        CompileError: A kind that is not known, or a nesting that our form cannot hold.
    """
    kind = type(clause).__name__
    if kind in _CLAUSES:
        ours, theirs = _CLAUSES[kind]
        value: str = getattr(clause, theirs)
        return {ours: [value if ours == "regex" else value.lower()]}
    if kind == "ClauseAnd":
        return {"all": [clauses_of(part) for part in clause.and_]}
    if kind != "ClauseOr":
        raise CompileError(f"a match clause that is not known: {kind}")
    either: Plain = {}
    for part in clause.or_:
        plain = clauses_of(part)
        if "all" in plain and "all" in either:
            raise CompileError("two conjunctions in one match")
        for ours, values in plain.items():
            known = either.setdefault(ours, [])
            known += [item for item in values if item not in known]
    return either
