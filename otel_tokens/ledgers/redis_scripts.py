"""What is sent to the scripts of a Redis ledger, and what their answers mean."""

from __future__ import annotations

import hashlib

from collections.abc import Sequence
from importlib import resources
from typing import Any, Final

from redis import exceptions

from .counting import IDLE_S, TRAIL
from .ledger import FORGET_S, KEEP_S, Account, Answer, Balance, Entry, Statement
from .redis_client import Client


NAMES: Final = ("state", "balances", "change", "cap", "trail", "leave", "now")
STEP: Final = 500
"""So many statements are made in one step if nothing is asked: the server does nothing else meanwhile."""

_LATE: Final = b"1"
_CROWDED: Final = b"2"


class Script:
    """A script that servers know by its digest once they have seen it."""

    def __init__(self, name: str, *parts: str) -> None:
        here = resources.files(__package__)
        head = f"local KEEP_S, FORGET_S, TRACE_S, TRAIL = {KEEP_S:.0f}, {FORGET_S:.0f}, {IDLE_S:.0f}, {TRAIL}"
        texts = [here.joinpath(f"{part}.lua").read_text("utf-8") for part in (*parts, name)]
        self._text = "\n".join([head, *texts])
        self._digest = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, client: Client, key: bytes, *arguments: bytes | float) -> list[Any]:
        """What the script gives; `key` is the beginning of all keys."""
        try:
            found = client.evalsha(self._digest, 1, key, *arguments)
        except exceptions.NoScriptError:
            found = client.eval(self._text, 1, key, *arguments)
        return list(found)


def sent(text: str) -> bytes:
    """Any text, also with halves of characters, which labels may have."""
    return text.encode("utf-8", "surrogatepass")


def read(found: bytes) -> str:
    """The text that was sent."""
    return found.decode("utf-8", "surrogatepass")


def sent_account(account: Account) -> tuple[bytes | int, ...]:
    """The six arguments that are an account."""
    budget, window, scope, start_s, end_s, unit = account
    return sent(budget), sent(window), sent(unit), start_s, end_s, sent(scope)


def answer(statements: Sequence[Statement], reply: list[bytes]) -> Answer:
    """What `state` gave."""
    now, granted, *rest = reply
    balances = []
    flags = []
    for at, statement in enumerate(statements):
        *amounts, flag = rest[7 * at : 7 * at + 7]
        balances.append(Balance(statement.account, *map(int, amounts)))
        flags.append(flag)
    late = tuple(at for at, flag in enumerate(flags) if flag == _LATE)
    crowded = tuple(at for at, flag in enumerate(flags) if flag == _CROWDED)
    return Answer(granted == b"1", tuple(balances), float(now), late, crowded)


def joined(answers: list[Answer]) -> Answer:
    """One answer to a step that was made in parts. Nothing was asked, so nothing was late."""
    balances = tuple(one for part in answers for one in part.balances)
    crowded = tuple(STEP * step + at for step, part in enumerate(answers) for at in part.crowded)
    granted = all(part.granted for part in answers)
    return Answer(granted, balances, answers[-1].now_s, crowded=crowded)


def balance(row: list[bytes]) -> Balance:
    """One account of `balances`."""
    budget, window, unit, start, end, scope, cap, spent, held = row
    account = Account(read(budget), read(window), read(scope), int(start), int(end), read(unit))
    return Balance(account, int(cap), int(spent), int(held))


def entry(place: bytes, fields: list[bytes]) -> Entry:
    """A line of the trail; its place begins with the milliseconds at which it was written."""
    line = {name: read(value) for name, value in zip(fields[::2], fields[1::2], strict=True)}
    amount = int(line[b"amount"]) if line[b"amount"] else None
    at_s = int(place.split(b"-")[0]) / 1000
    who, action, budget, scope = line[b"who"], line[b"action"], line[b"budget"], line[b"scope"]
    return Entry(at_s, who, action, budget, scope, amount, line[b"unit"], line[b"note"])
