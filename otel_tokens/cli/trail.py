"""`otel-tokens budget trail`: who has changed which limit or count, newest first."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, Final

from ..ledgers.ledger import Entry
from . import render
from .surroundings import OK, Surroundings


_ALL: Final = 10_000
_WORDS: Final = {
    "set": "set the limit to",
    "unset": "took the limit away",
    "top_up": "topped up",
    "reset": "reset, spent was",
    "expire": "freed a dead process's",
}


def trail(args: Namespace, here: Surroundings) -> int:
    """Print the newest lines of the audit trail."""
    plan = here.plan(args.config)
    with here.ledger(plan) as ledger:
        entries = ledger.trail(_ALL if args.name else args.limit)
    entries = [entry for entry in entries if args.name in (None, entry.budget)][: args.limit]
    if args.json:
        here.say(render.document([_document(entry) for entry in entries]))
    elif entries:
        for line in render.table([_row(entry) for entry in entries], "-----"):
            here.say(line)
    else:
        here.say("the audit trail is empty")
    return OK


def _row(entry: Entry) -> tuple[str, ...]:
    amount = "" if entry.amount is None else render.amount(entry.amount, entry.unit)
    return (
        f"{render.moment(int(entry.at_s), 'UTC')} UTC",
        entry.who,
        f"{entry.budget} ({entry.scope})" if entry.scope else entry.budget,
        f"{_WORDS.get(entry.action, entry.action)} {amount}".rstrip(),
        entry.note,
    )


def _document(entry: Entry) -> dict[str, Any]:
    return {
        "at": render.iso(entry.at_s),
        "who": entry.who,
        "action": entry.action,
        "budget": entry.budget,
        "scope": entry.scope,
        "amount": render.exact(entry.amount, entry.unit),
        "unit": entry.unit,
        "note": entry.note,
    }
