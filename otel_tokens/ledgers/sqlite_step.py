"""One step of a ledger in SQLite: what a transaction reads, decides and writes."""

from __future__ import annotations

import sqlite3

from collections.abc import Sequence
from typing import Any, Final, cast

from . import counting
from .counting import CLOCKLESS, IDLE_S, LEDGER, TRAIL, Count, Crowded, Place, Share
from .ledger import FORGET_S, KEEP_S, Account, Answer, Balance, Entry, Statement


_CLOCKLESS: Final = "window IN ('" + "', '".join(CLOCKLESS) + "')"

SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS account (
    id INTEGER PRIMARY KEY,
    budget TEXT NOT NULL, window TEXT NOT NULL, unit TEXT NOT NULL,
    start_s INTEGER NOT NULL, scope TEXT NOT NULL, end_s INTEGER NOT NULL,
    cap INTEGER NOT NULL, topped INTEGER NOT NULL, spent INTEGER NOT NULL, held INTEGER NOT NULL,
    touched_s REAL NOT NULL,
    UNIQUE (budget, window, unit, start_s, scope)
);
CREATE INDEX IF NOT EXISTS account_ended ON account (end_s) WHERE end_s > 0;
CREATE INDEX IF NOT EXISTS account_idle ON account (touched_s, budget, window, unit) WHERE {_CLOCKLESS};
CREATE TABLE IF NOT EXISTS holder (
    name TEXT PRIMARY KEY, seen_s REAL NOT NULL, lease_s REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS share (
    account INTEGER NOT NULL, holder TEXT NOT NULL,
    turn INTEGER NOT NULL, spent INTEGER NOT NULL, held INTEGER NOT NULL,
    PRIMARY KEY (account, holder)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS share_holder ON share (holder);
CREATE TABLE IF NOT EXISTS cap (
    budget TEXT PRIMARY KEY, unit TEXT NOT NULL, cap INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS trail (
    id INTEGER PRIMARY KEY,
    at_s REAL NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL, budget TEXT NOT NULL, scope TEXT NOT NULL,
    amount INTEGER, unit TEXT NOT NULL, note TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS clock (
    now_s REAL NOT NULL, look_at_s REAL NOT NULL, sweep_at_s REAL NOT NULL
);
INSERT INTO clock SELECT 0, 0, 0 WHERE NOT EXISTS (SELECT * FROM clock);
"""  # noqa: S608  # words of our own
"""Amounts are pico-dollars or tokens, times are Unix seconds. `share` is what holders have stated; the lease
of a holder is 0 once it is dead. Before `look_at_s` no holder can be dead, and none be forgotten."""

_SWEEP_S: Final = 3600.0
"""How often to look for accounts that are of no more use."""
_SWEEP_MOST: Final = 5000
"""So many are forgotten at once, as others wait meanwhile; the rest a second later."""
_NEVER_S: Final = 1e18
_LARGEST: Final = 2**63 - 1

_CLOCK: Final = "SELECT now_s, look_at_s, sweep_at_s FROM clock"
_KEEP_CLOCK: Final = "UPDATE clock SET now_s = ?, look_at_s = ?, sweep_at_s = ?"
_HOLDER: Final = "INSERT INTO holder (seen_s, lease_s, name) VALUES (?, ?, ?)"
_KEEP_HOLDER: Final = "UPDATE holder SET seen_s = ?, lease_s = ? WHERE name = ?"
_FIND: Final = """
SELECT a.id, a.cap, a.topped, a.spent, a.held, s.turn, s.spent, s.held,
    (SELECT c.cap FROM cap c WHERE c.budget = a.budget AND c.unit = a.unit)
FROM account a LEFT JOIN share s ON s.holder = ? AND s.account = a.id
WHERE a.budget = ? AND a.window = ? AND a.unit = ? AND a.start_s = ? AND a.scope = ?
"""
_CAP: Final = "SELECT cap FROM cap WHERE budget = ? AND unit = ?"
_CROWD: Final = "SELECT count(*) FROM account WHERE budget = ? AND window = ? AND unit = ? AND start_s = ?"
_CROWD_CLOCKLESS: Final = f"""
SELECT count(*) FROM account WHERE {_CLOCKLESS} AND touched_s > ? AND budget = ? AND window = ? AND unit = ?
"""  # noqa: S608  # words of our own
_NEW: Final = """
INSERT INTO account (budget, window, unit, start_s, scope, end_s, cap, topped, spent, held, touched_s)
VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?)
"""
_KEEP_COUNT: Final = "UPDATE account SET cap = ?, topped = ?, spent = ?, held = ?, touched_s = ? WHERE id = ?"
_SHARE: Final = "INSERT INTO share (turn, spent, held, account, holder) VALUES (?, ?, ?, ?, ?)"
_KEEP_SHARE: Final = "UPDATE share SET turn = ?, spent = ?, held = ? WHERE account = ? AND holder = ?"
_HELD: Final = """
SELECT a.id, s.held, a.budget, a.scope, a.unit FROM share s JOIN account a ON a.id = s.account
WHERE s.holder = ? AND s.held <> 0
"""
_OPEN: Final = f"""
SELECT a.budget, a.window, a.scope, a.start_s, a.end_s, a.unit, a.touched_s, a.cap, a.topped, a.spent, a.held,
    c.cap
FROM account a LEFT JOIN cap c ON c.budget = a.budget AND c.unit = a.unit
WHERE CASE WHEN a.{_CLOCKLESS} THEN a.touched_s > ? ELSE a.end_s = 0 OR a.end_s > ? END
"""  # noqa: S608  # words of our own
_OLD: Final = f"""
SELECT id FROM account WHERE end_s > 0 AND end_s <= ? AND NOT {_CLOCKLESS}
UNION ALL SELECT id FROM account WHERE {_CLOCKLESS} AND touched_s <= ? LIMIT {_SWEEP_MOST}
"""  # noqa: S608  # words of our own
_NOTE: Final = """
INSERT INTO trail (at_s, who, action, budget, scope, amount, unit, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_TRAIL: Final = """
SELECT at_s, who, action, budget, scope, amount, unit, note FROM trail ORDER BY id DESC LIMIT ?
"""


class Step:
    """A transaction that has begun, at `now_s` by the ledger's clock. Whoever began it ends it."""

    def __init__(self, cursor: sqlite3.Cursor, caller_s: float) -> None:
        self._run = cursor.execute
        stated_s, self._look_at_s, self._sweep_at_s = self._found(_CLOCK)
        self.now_s = now_s = counting.clock(caller_s, stated_s)
        back = now_s < stated_s  # a clock that was wrong: what it has put off is looked at now
        changed = back or int(now_s) != int(stated_s)  # windows begin at whole seconds: none begins twice
        if back or now_s > self._look_at_s:
            self._bury()
            changed = True
        if back or now_s >= self._sweep_at_s:
            self._sweep()
            changed = True
        if changed:
            self._keep_clock()

    def _found(self, query: str, *values: object) -> Any:  # noqa: ANN401  # a row
        found = self._run(query, values).fetchone()
        if found is None:
            raise sqlite3.DatabaseError("a row is missing that every ledger has")
        return found

    def _keep_clock(self) -> None:
        self._run(_KEEP_CLOCK, (self.now_s, self._look_at_s, self._sweep_at_s))

    # Statements.

    def state(self, holder: str, turn: int, statements: Sequence[Statement], lease_s: float) -> Answer:
        """Note what `holder` states, and grant what it asks for if every part of it fits."""
        now_s = self.now_s
        if not self._run(_KEEP_HOLDER, (now_s, lease_s, holder)).rowcount:
            self._run(_HOLDER, (now_s, lease_s, holder))
        self._look_until(now_s + lease_s)
        known: dict[int, _Row] = {}
        places = [self._place(holder, statement, known) for statement in statements]
        answer = counting.decide(places, turn, now_s)
        for place in places:
            if isinstance(place, _Row) and place.fresh:
                self._keep(holder, place)
        return answer

    def _place(self, holder: str, statement: Statement, known: dict[int, _Row]) -> Place | Crowded:
        """The counts that a statement is about; the same for all statements about one account."""
        account = statement.account
        key = _key(account)
        found = self._run(_FIND, (holder, *key)).fetchone()
        if found is None:
            cap = (self._run(_CAP, (key[0], key[2])).fetchone() or (None,))[0]
            limit = statement.scopes_limit
            if limit > 0 and not statement.spent and self._crowd(key) >= limit:
                return counting.crowded(statement, cap)
            found = (self._new(account), 0, 0, 0, 0, None, None, None, cap)
        number, cap = found[0], found[8]
        row = known.get(number)
        if row is not None:
            return _Row(statement, row.count, row.share, cap, number)
        share = Share() if found[5] is None else Share(*found[5:8])
        row = known[number] = _Row(statement, Count(account, self.now_s, *found[1:5]), share, cap, number)
        return row

    def _crowd(self, key: counting.Key) -> int:
        """How many accounts there are that differ only in their scope, and whose window has not ended."""
        budget, window, unit, start_s, _ = key
        if window in CLOCKLESS:
            found = self._found(_CROWD_CLOCKLESS, self.now_s - IDLE_S, budget, window, unit)
        else:
            found = self._found(_CROWD, budget, window, unit, start_s)
        return int(found[0])

    def _new(self, account: Account) -> int:
        return self._run(_NEW, (*_key(account), account.end_s, self.now_s)).lastrowid or 0

    def _keep(self, holder: str, row: _Row) -> None:
        self._keep_count(row.number, row.count)
        share = row.share
        values = (share.turn, share.spent, share.held, row.number, holder)
        if not self._run(_KEEP_SHARE, values).rowcount:
            self._run(_SHARE, values)

    def _keep_count(self, number: int, count: Count) -> None:
        self._run(_KEEP_COUNT, (count.cap, count.topped, count.spent, count.held, self.now_s, number))

    # Holders that are silent, accounts that are old.

    def _look_until(self, until_s: float) -> None:
        if until_s < self._look_at_s:
            self._look_at_s = until_s
            self._keep_clock()

    def _bury(self) -> None:
        """Free what dead holders hold, and forget those that have been dead for long."""
        look_at_s = _NEVER_S
        for name, seen_s, lease_s in self._run("SELECT name, seen_s, lease_s FROM holder").fetchall():
            if lease_s and not counting.is_dead(seen_s, lease_s, self.now_s):
                look_at_s = min(look_at_s, seen_s + lease_s)
                continue
            if lease_s:
                for freed in self._free(name, seen_s):
                    self._note(LEDGER, "expire", *freed, name)
            if counting.is_forgotten(seen_s, self.now_s):
                self._run("DELETE FROM share WHERE holder = ?", (name,))
                self._run("DELETE FROM holder WHERE name = ?", (name,))
            else:
                look_at_s = min(look_at_s, seen_s + FORGET_S)
        self._look_at_s = look_at_s

    def _free(self, holder: str, seen_s: float) -> list[tuple[str, str, int, str]]:
        """Let a holder hold nothing any more; gives what it held: budget, scope, amount, unit."""
        freed = self._run(_HELD, (holder,)).fetchall()
        for number, amount, *_ in freed:
            self._run("UPDATE account SET held = held - ? WHERE id = ?", (amount, number))
        self._run("UPDATE share SET held = 0 WHERE holder = ? AND held <> 0", (holder,))
        self._run(_KEEP_HOLDER, (seen_s, 0.0, holder))
        return [(budget, scope, amount, unit) for _, amount, budget, scope, unit in freed]

    def leave(self, holder: str) -> None:
        """Free what `holder` has held."""
        self._free(holder, self.now_s)
        self._look_until(self.now_s + FORGET_S)

    def _sweep(self) -> None:
        """Forget accounts that are of no more use."""
        before_s = self.now_s - KEEP_S
        old = self._run(_OLD, (before_s, before_s)).fetchall()
        for number in old:
            self._run("DELETE FROM share WHERE account = ?", number)
            self._run("DELETE FROM account WHERE id = ?", number)
        self._sweep_at_s = self.now_s + (1 if len(old) == _SWEEP_MOST else _SWEEP_S)

    # What people ask for.

    def balances(self) -> list[Balance]:
        """Every account whose window has not ended."""
        found = self._run(_OPEN, (self.now_s - IDLE_S, self.now_s))
        return [Count(Account(*row[:6]), *row[6:11]).balance(row[11]) for row in found]

    def set_cap(self, budget: str, unit: str, cap: int | None, who: str) -> None:
        """Put another limit in place of the file's."""
        if cap is None:
            self._run("DELETE FROM cap WHERE budget = ?", (budget,))
        else:
            self._run("REPLACE INTO cap (budget, unit, cap) VALUES (?, ?, ?)", (budget, unit, cap))
        self._note(who, "unset" if cap is None else "set", budget, "", cap, unit, "")

    def caps(self) -> dict[str, int]:
        """The limits that were set, by budget."""
        return dict(self._run("SELECT budget, cap FROM cap ORDER BY budget").fetchall())

    def top_up(self, account: Account, amount: int, who: str) -> Balance:
        """Add to the limit of one account."""
        row = self._touched(account)
        row.count.topped += amount
        return self._changed(row, "top_up", amount, who)

    def reset(self, account: Account, who: str) -> Balance:
        """Forget what has been spent on one account."""
        row = self._touched(account)
        row.count.spent = 0
        return self._changed(row, "reset", row.before, who)

    def _touched(self, account: Account) -> _Row:
        place = self._place("", Statement(account, 0, 0, 0), {})
        return cast("_Row", place)  # without a limit of scopes nothing is crowded

    def _changed(self, row: _Row, action: str, amount: int, who: str) -> Balance:
        self._keep_count(row.number, row.count)
        budget, _, unit, _, scope = _key(row.count.account)
        self._note(who, action, budget, scope, amount, unit, "")
        return row.count.balance(row.cap, before=row.before)

    def _note(self, who: str, action: str, *line: str | int | None) -> None:
        """Add a line to the trail; it goes on with budget, scope, amount, unit and note."""
        at = self._run(_NOTE, (self.now_s, who, action, *line)).lastrowid or 0
        self._run("DELETE FROM trail WHERE id <= ?", (at - TRAIL,))

    def trail(self, limit: int) -> list[Entry]:
        """The newest lines of the audit trail, newest first."""
        return [Entry(*row) for row in self._run(_TRAIL, (min(limit, _LARGEST),))]


class _Row(Place):
    """A place with the number of its account in the file."""

    __slots__ = ("number",)

    def __init__(
        self, statement: Statement, count: Count, share: Share, cap: int | None, number: int
    ) -> None:
        super().__init__(statement, count, share, cap)
        self.number = number


def text(value: str) -> str:
    """`value` as SQLite can keep it: half of a character, as labels may have, is written as an escape."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def _key(account: Account) -> counting.Key:
    budget, window, unit, start_s, scope = counting.key(account)
    return text(budget), window, unit, start_s, text(scope)
