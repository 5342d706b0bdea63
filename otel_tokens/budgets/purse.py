"""This process's side of a ledger: what it has spent and holds, and what it may spend without asking.

The ledger grants each line a *share*; calls hold parts of the share and spend them. With a ledger that only
this process sees, the share is all the room there is, so a call costs a few additions. With a shared one it
is what is held just now, each hold and each settle being a step of the ledger, or a slice more, which is
spent without asking and stated some milliseconds later; a slice is a part of the room that is left, so it
shrinks as the cap nears.

While the ledger cannot be reached a budget decides whether calls go on (`on_failure`). What is spent then is
kept here and stated when the ledger is back: statements are of all that was spent, so nothing is replayed.

Locks: `_lock` guards the lines and is held for a few instructions; `_step` is held for one step of the
ledger. A line is busy while a step is about it: nobody may take of its share, which the step may change.
"""

from __future__ import annotations

import os
import threading
import time
import uuid

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from ..errors import LedgerError
from ..ledgers.ledger import EVERYTHING, FORGET_S, Account, Answer, Balance, Ledger, Statement
from ..ledgers.settings import LedgerSettings
from ..shield import failed
from .budget import Budget
from .lines import OTHER, Line, Lines, Part, Refused, refusal


_FOR_EVER_S: Final = 1e9
"""The lease at a ledger of this process alone."""
_RETRY_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Pauses between attempts to reach a ledger that has failed."""
_LINGER_S: Final = 0.02
"""How long what was spent out of a slice waits to be stated together with more."""
_IDLE_S: Final = 1.0
"""A slice that was not touched for so long is given back."""
_NEAR: Final = 8
"""A slice is only taken where it is worth so many calls: nearer to the cap every call asks."""


class Listener(Protocol):
    """Who is told what happens to a ledger and its accounts."""

    def ledger_failure(self, error: LedgerError, *, first: bool) -> None:
        """A step has failed; `first` when the one before it had worked."""

    def ledger_back(self, down_s: float) -> None:
        """The ledger works again."""

    def spent(self, budget: Budget, balance: Balance) -> None:
        """What is spent on an account has grown from `balance.before` to `balance.spent`."""


class Purse:
    """What this process may spend, and how the ledger learns of it. Threads share it."""

    def __init__(
        self,
        ledger: Ledger,
        settings: LedgerSettings,
        listener: Listener,
        *,
        clock: Callable[[], float] = time.time,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ledger = ledger
        self.shared = ledger.shared
        """Whether a step may have to wait for a disk or a network."""
        self._settings = settings
        self._listener = listener
        self._clock = clock
        self._tick = tick
        self._slice = float(settings.slice) if self.shared else 0.0
        self._lease_s = settings.lease_s if self.shared else _FOR_EVER_S
        self._offset_s = 0.0
        self._lines = Lines()
        self._turn = 0
        self._holder = _name()
        self._begin()

    def _begin(self) -> None:
        """Start with locks and a thread of its own, as a forked process must."""
        self._lock = threading.Lock()
        self._step = threading.Lock()
        self._down_since: float | None = None
        self._error: LedgerError | None = None
        self._fails = 0
        self._retry_at = 0.0
        self._note_step()
        self._wake = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def now_s(self) -> float:
        """The ledger's clock, as far as it is known."""
        return self._clock() + self._offset_s

    def recent(self, budget: Budget, scope: str, now_s: float) -> Line | None:
        """The line that a scope of `budget` had last, if its window goes on."""
        return self._lines.recent(budget, scope, now_s)

    def line(self, account: Account, budget: Budget) -> Line:
        """This process's line of `account`, as `budget` is now."""
        if not self.shared and self._lines.are_many:
            with self._step:
                self._flush(self._lines)  # what nobody states otherwise cannot be forgotten
        with self._lock:
            line = self._lines.get(account)
            if line is None:
                line = self._lines.add(Line(account, budget, self._tick()), self.now_s())
            elif line.budget is not budget:  # the budget file has changed
                line.budget, line.cap, line.alert_at = budget, budget.limit, 0
                line.share = min(line.share, line.used)
            self._lines.note(line, account.scope)
        return line

    # Holding.

    def take(self, parts: Sequence[Part]) -> bool:
        """Hold every part out of the shares there are; False, and nothing held, where one does not fit."""
        with self._lock:
            return not self._is_given_up() and self._take(parts)

    def _is_given_up(self) -> bool:
        """Whether the ledger may take this process for dead, and have granted its shares to others."""
        return self.shared and self._silent_s() > self._lease_s

    @staticmethod
    def _take(parts: Sequence[Part]) -> bool:
        for line, amount, _ in parts:
            if line.busy or line.held + line.spent - line.stated + amount > line.share:
                return False
        for line, amount, _ in parts:
            line.held += amount
        return True

    def ask(self, parts: Sequence[Part]) -> Refused | None:
        """Hold every part or none, asking the ledger; None when all are held."""
        alone = [part for part in parts if part.line.alone]
        if alone:
            with self._lock:
                if not self._take(alone):
                    return _full(alone)
            parts = [part for part in parts if not part.line.alone]
        granted = False
        try:
            refused = self._ask(parts) if parts else None
            granted = refused is None
        finally:
            if alone and not granted:
                with self._lock:
                    for line, amount, _ in alone:
                        line.held -= amount
        return refused

    def _ask(self, parts: Sequence[Part]) -> Refused | None:
        with self._step:
            with self._lock:
                if not self._is_given_up() and self._take(parts):
                    return None
                if self._down_since is not None and self._tick() < self._retry_at:
                    return self._without_ledger(parts)
                self._rename()
                statements = [self._statement(*part) for part in parts]
            try:
                answer, short = self._state([part.line for part in parts], statements, parts)
            except LedgerError:
                with self._lock:
                    return self._without_ledger(parts)
            if short is not None:
                self._flush([part.line for part in parts])  # nobody else is refused for what is not held
            self._watch()
            return short if answer.granted else refusal(parts, answer)

    def _statement(self, line: Line, amount: int, forced: bool) -> Statement:  # noqa: FBT001
        """What to state of a line, and to ask for; the line is busy from here on."""
        line.busy = True
        line.touched = self._tick()
        return Statement(
            line.account,
            line.cap,
            line.statable,
            line.held + (amount if forced else 0),
            0 if forced else amount,
            self._spare(line, amount),
            _scopes_limit(line),
        )

    def _spare(self, line: Line, amount: int) -> int:
        """How much more to ask for than is needed."""
        if not self.shared:
            return EVERYTHING
        if not self._slice or line.balance is None:
            return 0
        balance = line.balance
        spent = max(balance.spent, line.floor)
        spare = int(max(0, balance.cap - spent - balance.held + balance.share) * self._slice)
        return spare if spare >= _NEAR * amount else 0

    def _state(
        self, lines: Sequence[Line], statements: Sequence[Statement], parts: Sequence[Part] = ()
    ) -> tuple[Answer, Refused | None]:
        """Make one step; `_step` is held, the lines are busy and are not any more afterwards.

        What is granted to `parts` is held at once, before another thread can take it out of the shares;
        unless it is refused here, as the ledger has forgotten too much to know what is left.

        Raises:
            LedgerError: the ledger cannot be reached.
        """
        self._turn += 1
        begun, tick = self._clock(), self._tick()
        try:
            answer = self.ledger.state(self._holder, self._turn, statements, lease_s=self._lease_s)
        except BaseException as error:
            with self._lock:
                for line in lines:
                    line.busy, line.dirty = False, True
            if isinstance(error, LedgerError):
                self._failed(error)
            raise
        if self.shared:
            self._offset_s = answer.now_s - (begun + self._clock()) / 2
        with self._lock:
            self._stated_at, self._stated_s = tick, begun  # the lease may have begun so early
            if self.shared:
                self._look_for_loss(lines, statements, answer)
            for line, balance in zip(lines, answer.balances, strict=True):
                line.answered(balance)
            short = self._held(parts, granted=answer.granted)
        self._worked()
        if self.shared:
            self._tell(lines, answer)
        return answer, short

    def _held(self, parts: Sequence[Part], *, granted: bool) -> Refused | None:
        """Hold what was granted, or have the ledger told that it is not held; the lock is held."""
        short = next((part for part in parts if not part.forced and part.line.is_short(self._tick())), None)
        if granted and short is None:
            for line, amount, _ in parts:
                line.held += amount
            return None
        for line, _, forced in parts:
            if granted or forced:
                line.share = min(line.share, line.used)
                line.dirty = True
        return None if short is None else Refused(short.line, short.amount, "limit", short.line.known())

    def _look_for_loss(self, lines: Sequence[Line], statements: Sequence[Statement], answer: Answer) -> None:
        """Have every line stated anew where the ledger has forgotten what it was told; the lock is held."""
        for line, statement, balance in zip(lines, statements, answer.balances, strict=True):
            if line.is_kept(answer.now_s) and balance.spent - balance.before > statement.spent - line.stated:
                for other in self._lines:
                    if other.stated > 0 and not other.is_over(answer.now_s):
                        other.lost(self._tick() + self._lease_s)
                self._wake.set()
                return

    def _tell(self, lines: Sequence[Line], answer: Answer) -> None:
        """Tell what has grown, and have a thread state what could not be stated yet."""
        for line, balance in zip(lines, answer.balances, strict=True):
            if balance.spent > balance.before:
                self._listener.spent(line.budget, balance)
            if line.dirty:
                self._wake.set()

    def _rename(self) -> None:
        """Be somebody new where the ledger may have forgotten who this was, and what it had stated."""
        if self.shared and self._silent_s() > FORGET_S / 2:
            self._holder = _name()
            self._note_step()
            for line in self._lines:
                line.spent -= line.stated
                line.stated = 0

    def _note_step(self) -> None:
        self._stated_at, self._stated_s = self._tick(), self._clock()

    def _silent_s(self) -> float:
        """Since when nothing was stated. Monotonic clocks may stand still while a machine sleeps."""
        return max(self._tick() - self._stated_at, self._clock() - self._stated_s)

    # While the ledger cannot be reached.

    def _without_ledger(self, parts: Sequence[Part]) -> Refused | None:
        """Decide by each budget's `on_failure`, and by what is known here."""
        for line, amount, forced in parts:
            if forced:
                continue
            known = line.known()
            if line.budget.on_failure == "block":
                return Refused(line, amount, "ledger_unreachable", known, self._error)
            if known.spent + known.held + amount > known.cap:
                return Refused(line, amount, "limit", known)
        for line, amount, _ in parts:
            line.held += amount
            line.dirty = True
        return None

    def _failed(self, error: LedgerError) -> None:
        first = self._down_since is None
        if first:
            self._down_since = self._tick()
        self._error = error
        self._retry_at = self._tick() + _RETRY_S[min(self._fails, len(_RETRY_S) - 1)]
        self._fails += 1
        self._listener.ledger_failure(error, first=first)
        self._watch()

    def _worked(self) -> None:
        if self._down_since is not None:
            down_s = self._tick() - self._down_since
            self._down_since, self._error, self._fails = None, None, 0
            self._listener.ledger_back(down_s)

    # Settling.

    def settle(self, parts: Sequence[tuple[Line, int, int]], *, wait: bool) -> None:
        """Replace holds by what was spent: lines, what each held, what each has spent.

        With `wait` the ledger knows it when this returns, unless it cannot be reached or works with slices.
        """
        now = self._tick()
        grown: list[tuple[Budget, Balance]] = []
        with self._lock:
            for line, amount, actual in parts:
                line.held -= amount
                line.spent += actual
                line.floor += actual if line.floor else 0
                line.touched = now
                line.dirty = not line.alone
                if line.total >= line.alert_at and (line.alone or not self.shared):
                    known = line.known()
                    grown.append((line.budget, known._replace(before=known.spent - actual)))
                    line.watch()
        for budget, balance in grown:
            self._listener.spent(budget, balance)
        if not self.shared:
            return
        if self._down_since is None and (self._stopped or (wait and not self._slice)):
            with self._step:
                self._flush([line for line, _, _ in parts])
                if self._stopped:  # a stream that has outlived the metering, and no thread is there any more
                    self.ledger.close()
        else:
            self._watch()
            self._wake.set()

    def _flush(self, lines: Iterable[Line]) -> None:
        """State what the ledger does not know of `lines`, and give back slices that lie idle."""
        now = self._tick()
        for _ in range(2):  # of a line that is new here the ledger first says what it knows already
            with self._lock:
                self._rename()
                wanted = [line for line in lines if line.dirty or self._is_idle(line, now)]
                statements = [self._restated(line, now) for line in wanted]
            if not wanted:
                return
            try:
                self._state(wanted, statements)
            except LedgerError:
                return  # what is dirty is tried again

    def _is_idle(self, line: Line, now: float) -> bool:
        return self.shared and line.share > line.used and now - line.touched > _IDLE_S

    def _restated(self, line: Line, now: float) -> Statement:
        line.busy = True
        spare = 0 if self.shared and now - line.touched > _IDLE_S else self._spare(line, 0)
        limit = 0 if line.held else _scopes_limit(line)
        return Statement(line.account, line.cap, line.statable, line.held, 0, spare, limit)

    def balances(self) -> list[Balance]:
        """Every account there is, with what this process has spent and holds up to now.

        Raises:
            LedgerError: the ledger cannot be reached.
        """
        with self._step:
            self._flush(self._lines)
        found = self.ledger.balances()  # which may take long where there are many
        if self.shared:
            return found
        lines = [self._lines.get(balance.account) for balance in found]
        return [
            balance if line is None else balance._replace(held=line.held)  # and not all that it may hold
            for balance, line in zip(found, lines, strict=True)
        ]

    # In the background.

    def _watch(self) -> None:
        """Have a thread that states what is left, and gives signs of life; never called in a finaliser."""
        if not self.shared or self._thread is not None or self._stopped:
            return
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="otel_tokens ledger", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # the interpreter ends, or has too many: the next step tries again
                    return
                self._thread = thread

    def _run(self) -> None:
        wake = self._wake
        while not self._stopped:
            if wake.wait(self._pause_s()):
                wake.clear()
                time.sleep(_LINGER_S if self._slice else 0)
            try:
                self._go_round()
            except Exception:  # noqa: BLE001  # the thread goes on
                failed("stating to a ledger")

    def _pause_s(self) -> float:
        """How long there is nothing to do."""
        if self._down_since is not None:
            return max(0.01, self._retry_at - self._tick())
        return min(self._lease_s / 3, _IDLE_S if self._slice else self._lease_s)

    def _go_round(self) -> None:
        if self._down_since is not None and self._tick() < self._retry_at:
            return
        with self._step:
            self._flush(self._lines)
            if self._down_since is not None and self._tick() < self._retry_at:
                return
            if self._down_since is not None or self._silent_s() > self._lease_s / 4:
                try:
                    self._give_sign()
                except LedgerError:
                    return

    def _give_sign(self) -> None:
        """State one line anew, which shows that this process lives, and whether the ledger has forgotten.

        Raises:
            LedgerError: the ledger cannot be reached.
        """
        now = self._tick()
        with self._lock:
            self._rename()
            lines = sorted([line for line in self._lines if line.stated], key=lambda line: line.touched)[-1:]
            statements = [self._restated(line, now) for line in lines]
        self._state(lines, statements)

    # The end.

    def stop(self) -> None:
        """State what is left, and give back what is not needed; the purse can be used no more."""
        self._stopped = True
        self._wake.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(timeout=2 * self._settings.timeout_s + 1)
        if self.shared and self._step.acquire(timeout=self._settings.timeout_s):
            try:
                self._leave()
            except LedgerError:
                return  # it was told when it failed first
            finally:
                self.ledger.close()
                self._step.release()

    def _leave(self) -> None:
        if self._turn:
            self._give_sign()
        self._flush(self._lines)
        if self._turn and self._down_since is None and not any(line.held for line in self._lines):
            self.ledger.leave(self._holder)

    def renew(self) -> None:
        """In a forked process: what the parent has spent, holds and was granted is the parent's.

        The ledger of one process has been copied, and its counts go on from there in each of the two.
        """
        self._begin()
        self.ledger.renew()
        if self.shared:
            self._holder, self._turn, self._lines = _name(), 0, Lines()
        else:
            for line in self._lines:
                line.held, line.busy = 0, False


class Ask:
    """A question to the ledger, which can be taken back when nobody waits for the answer any more."""

    def __init__(self, purse: Purse, parts: Sequence[Part]) -> None:
        self._purse = purse
        self._parts = parts

    def __call__(self) -> Refused | None:
        """Ask."""
        return self._purse.ask(self._parts)

    def undo(self, refused: Refused | None) -> None:
        """Give back what was held."""
        if refused is None:
            self._purse.settle([(line, amount, 0) for line, amount, _ in self._parts], wait=False)


def _full(parts: Sequence[Part]) -> Refused:
    """Which of the budgets of blocks is in the way."""
    line, amount, _ = next(part for part in parts if part.line.used + part.amount > part.line.share)
    return Refused(line, amount, "limit", line.known())


def _scopes_limit(line: Line) -> int:
    return line.budget.scopes_limit if line.account.scope not in ("", OTHER) else 0


def _name() -> str:
    return f"{os.getpid()}-{uuid.uuid4().hex[:16]}"
