"""A ledger in the memory of one process: the plainest one, and the measure of the others."""

from __future__ import annotations

import math
import threading
import time

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from . import counting
from .counting import CLOCKLESS, IDLE_S, LEDGER, TRAIL, Count, Crowded, Key, Place, Share
from .ledger import FORGET_S, Account, Answer, Balance, Entry, Statement


_SWEEP_S: Final = 600.0
"""How often to look for accounts that are of no more use."""


class _Holder:
    """What one holder has stated, and when."""

    __slots__ = ("lease_s", "seen_s", "shares")

    def __init__(self) -> None:
        self.seen_s = 0.0
        self.lease_s = 0.0
        """0 once it is dead."""
        self.shares: dict[Key, Share] = {}


class MemoryLedger:
    """Counts for the threads of one process. A forked process goes on with a copy."""

    shared: bool = False

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._now_s = -math.inf
        self._lock = threading.Lock()
        self._counts: dict[Key, Count] = {}
        self._groups: dict[Key, dict[str, float]] = {}
        """Scopes of accounts that differ in nothing else, and when they were touched, longest ago first."""
        self._holders: dict[str, _Holder] = {}
        self._caps: dict[str, tuple[str, int]] = {}
        self._trail: deque[Entry] = deque(maxlen=TRAIL)
        self._look_at_s = math.inf
        """Before that no holder can be dead, and none be forgotten."""
        self._sweep_at_s = -math.inf

    def state(self, holder: str, turn: int, statements: Sequence[Statement], *, lease_s: float) -> Answer:
        """Note what `holder` states, and grant what it asks for if every part of it fits."""
        with self._lock:
            now_s = self._begin()
            who = self._holders.get(holder)
            if who is None:
                who = self._holders[holder] = _Holder()
            who.seen_s, who.lease_s = now_s, lease_s
            self._look_at_s = min(self._look_at_s, now_s + lease_s)
            places = [self._place(who, statement, now_s) for statement in statements]
            return counting.decide(places, turn, now_s)

    def _place(self, who: _Holder, statement: Statement, now_s: float) -> Place | Crowded:
        account = statement.account
        key = counting.key(account)
        cap = self._cap(account)
        count = self._counts.get(key)
        if count is None:
            limit = statement.scopes_limit
            if 0 < limit <= self._crowd(key, now_s) and not statement.spent:
                return counting.crowded(statement, cap)
            count = self._new(account, now_s)
        elif account.window in CLOCKLESS:
            self._touch(key, now_s)
        share = who.shares.get(key)
        if share is None:
            share = who.shares[key] = Share()
        return Place(statement, count, share, cap)

    def _new(self, account: Account, now_s: float) -> Count:
        key = counting.key(account)
        self._touch(key, now_s)
        count = self._counts[key] = Count(account, now_s)
        return count

    def _touch(self, key: Key, now_s: float) -> None:
        *_, scope = key
        group = self._groups.setdefault(_group(key), {})
        group.pop(scope, None)
        group[scope] = now_s

    def _crowd(self, key: Key, now_s: float) -> int:
        """How many accounts there are that differ only in their scope, and whose window has not ended."""
        group = self._groups.get(_group(key), {})
        if key[1] in CLOCKLESS:
            for scope, touched_s in list(group.items()):
                if touched_s > now_s - IDLE_S:
                    break
                del group[scope]
        return len(group)

    def _cap(self, account: Account) -> int | None:
        """The limit that was set for its budget."""
        unit, cap = self._caps.get(account.budget, ("", None))
        return cap if unit == account.unit else None

    def _begin(self) -> float:
        """Put things right that time has changed, and say what time it is; the lock is held."""
        now_s = counting.clock(self._clock(), self._now_s)
        if now_s < self._now_s:  # a clock that was wrong: what it has put off is looked at now
            self._look_at_s = self._sweep_at_s = -math.inf
        self._now_s = now_s
        if now_s > self._look_at_s:
            self._bury(now_s)
        if now_s >= self._sweep_at_s:
            self._sweep(now_s)
        return now_s

    def _bury(self, now_s: float) -> None:
        """Free what dead holders hold, and forget those that have been dead for long."""
        self._look_at_s = math.inf
        for name, who in list(self._holders.items()):
            if who.lease_s and counting.is_dead(who.seen_s, who.lease_s, now_s):
                for account, amount in self._free(who):
                    self._note(LEDGER, "expire", account, amount, name)
            if who.lease_s:
                self._look_at_s = min(self._look_at_s, who.seen_s + who.lease_s)
            elif counting.is_forgotten(who.seen_s, now_s):
                del self._holders[name]
            else:
                self._look_at_s = min(self._look_at_s, who.seen_s + FORGET_S)

    def _free(self, who: _Holder) -> list[tuple[Account, int]]:
        """Let a holder hold nothing any more; gives what it has held."""
        who.lease_s = 0.0
        freed = []
        for key, share in who.shares.items():
            if share.held:
                count = self._counts[key]
                count.held -= share.held
                freed.append((count.account, share.held))
                share.held = 0
        return freed

    def _sweep(self, now_s: float) -> None:
        """Forget accounts that are of no more use."""
        self._sweep_at_s = now_s + _SWEEP_S
        for key, count in list(self._counts.items()):
            if not counting.is_kept(count.account, count.touched_s, now_s):
                del self._counts[key]
                group = self._groups[_group(key)]
                group.pop(key[4], None)
                if not group:
                    del self._groups[_group(key)]
                for who in self._holders.values():
                    who.shares.pop(key, None)

    def check(self) -> None:
        """There is nothing that could be wrong."""

    def balances(self) -> list[Balance]:
        """Every account whose window has not ended, in order of budget, window and scope."""
        with self._lock:
            now_s = self._begin()
            found = [
                count.balance(self._cap(count.account))
                for count in self._counts.values()
                if counting.is_open(count.account, count.touched_s, now_s)
            ]
        return sorted(found, key=counting.order)

    def now_s(self) -> float:
        """The ledger's clock."""
        with self._lock:
            return counting.clock(self._clock(), self._now_s)

    def set_cap(self, budget: str, unit: str, cap: int | None, *, who: str) -> None:
        """Put another limit in place of the file's for every account of `budget`; None takes it away."""
        with self._lock:
            now_s = self._begin()
            if cap is None:
                self._caps.pop(budget, None)
            else:
                self._caps[budget] = (unit, cap)
            action = "unset" if cap is None else "set"
            self._trail.append(Entry(now_s, who, action, budget, "", cap, unit))

    def top_up(self, account: Account, amount: int, *, who: str) -> Balance:
        """Add to the limit of one account, in its window alone; a negative amount takes away."""
        with self._lock:
            now_s = self._begin()
            count = self._touched(account, now_s)
            count.topped += amount
            self._note(who, "top_up", account, amount)
            return count.balance(self._cap(account), before=count.spent)

    def reset(self, account: Account, *, who: str) -> Balance:
        """Forget what has been spent on one account; what is held stays held. Gives what there is now."""
        with self._lock:
            now_s = self._begin()
            count = self._touched(account, now_s)
            before, count.spent = count.spent, 0
            self._note(who, "reset", account, before)
            return count.balance(self._cap(account), before=before)

    def _touched(self, account: Account, now_s: float) -> Count:
        count = self._counts.get(counting.key(account)) or self._new(account, now_s)
        count.touched_s = now_s
        self._touch(counting.key(account), now_s)
        return count

    def _note(self, who: str, action: str, account: Account, amount: int, note: str = "") -> None:
        entry = Entry(self._now_s, who, action, account.budget, account.scope, amount, account.unit, note)
        self._trail.append(entry)

    def caps(self) -> dict[str, int]:
        """The limits that were set by `set_cap`, by budget."""
        with self._lock:
            return {budget: cap for budget, (_, cap) in sorted(self._caps.items())}

    def trail(self, limit: int = 100) -> list[Entry]:
        """The newest lines of the audit trail, newest first."""
        with self._lock:
            self._begin()
            return list(self._trail)[::-1][:limit]

    def leave(self, holder: str) -> None:
        """Say that `holder` is gone: what it held is free at once, what it spent stays spent."""
        with self._lock:
            now_s = self._begin()
            who = self._holders.get(holder)
            if who is not None:
                self._free(who)
                who.seen_s = now_s
                self._look_at_s = min(self._look_at_s, now_s + FORGET_S)

    def renew(self) -> None:
        """In a forked process: go on with a copy of the counts, and a lock that nobody holds."""
        self._lock = threading.Lock()

    def close(self) -> None:
        """There is nothing to let go of."""


def _group(key: Key) -> Key:
    return (*key[:4], "")
