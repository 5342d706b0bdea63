"""The gate that every call goes through: which budgets it falls under, and whether they let it pass.

All budgets of a call hold its upper bound, or none does and the call is not sent. The bound is taken by the
length of the request first; only when that does not fit it is taken closer, which needs a tokenizer. What
may take its time is handed out as work, so that a call in an event loop has it done by a thread.
"""

from __future__ import annotations

import time

from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from ..errors import BudgetExceeded
from ..ledgers.counting import CLOCKLESS
from ..ledgers.ledger import Account, Balance
from ..shield import failed
from . import block, refusals
from .budget import Budget, Plan, pico_usd
from .facts import Bounds, Facts
from .lines import OTHER, Line, Part, Refused
from .matching import Match, Matcher
from .purse import Ask, Purse
from .runaway import Trip, Watch
from .waiting import Waiting
from .windows import window_at


if TYPE_CHECKING:  # what reads a file is imported where there is one
    from .file import PlanFile


class Warned(NamedTuple):
    """A budget that only warns would have stopped this call."""

    budget: Budget
    balance: Balance


class Reports(Protocol):
    """Who is told what the gate does."""

    def blocked(self, refusal: BudgetExceeded) -> None:
        """A call was not sent."""

    def warned(self, warned: Warned) -> None:
        """A call was sent that a budget with `action = "warn"` would have stopped."""

    def tripped(self, trip: Trip, *, blocks: bool) -> None:
        """A detector of runaways has tripped."""


class Hold:
    """What one call holds. It is settled once; later settles change nothing."""

    __slots__ = ("_gate", "_parts", "fingerprint", "repeated", "trace", "warned")

    def __init__(self, gate: Gate, parts: Sequence[Part], facts: Facts) -> None:
        self._gate = gate
        self._parts: list[Sequence[Part]] = [parts]  # a list's pop is atomic
        self.fingerprint = facts.fingerprint
        self.trace = facts.trace
        self.warned: tuple[Warned, ...] = ()
        self.repeated = False

    def settle(self, usd: Decimal | None, tokens: int, *, wait: bool = False) -> None:
        """Put what the call has cost in place of what it holds; None is not known, and counts as nothing.

        With `wait` a shared ledger knows it when this returns: for calls that may wait for it.
        """
        try:
            parts = self._parts.pop()
        except IndexError:
            return
        self._gate.settle(parts, self, usd, tokens, wait=wait)

    @property
    def bound_usd(self) -> Decimal | None:
        """The most that a budget in USD holds for it; None where none does, or it is settled."""
        held = self._held("usd")
        return Decimal(held).scaleb(-12) if held else None

    @property
    def bound_tokens(self) -> int:
        """The most that a budget in tokens holds for it."""
        return self._held("tokens")

    def _held(self, unit: str) -> int:
        return max(
            [part.amount for parts in self._parts for part in parts if part.line.account.unit == unit],
            default=0,
        )


class Gate:
    """Lets calls pass, or refuses them. Threads and event loops share it."""

    def __init__(
        self,
        plan: Plan,
        purse: Purse,
        reports: Reports,
        *,
        file: PlanFile | None = None,
        runaway: str | None = None,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        """`file` is looked at for changes; `runaway` is an action that wins over what a plan says of it."""
        self._purse = purse
        self._action = runaway
        self._reports = reports
        self._file = file
        self._tick = tick
        self._waiting = Waiting()
        self._parked: dict[str, tuple[float, Hold]] = {}
        self._watch: Watch | None = None
        self._follow(plan)

    def _follow(self, plan: Plan) -> None:
        """Go by `plan` from now on. Counts stay, as accounts go by the names of budgets."""
        before: Plan | None = getattr(self, "plan", None)
        if self._action is not None:
            plan = replace(plan, runaway=replace(plan.runaway, action=self._action))
        self.plan, self._matcher = plan, Matcher(plan.budgets)
        self._named = {budget.name: budget for budget in plan.budgets}
        self._blocks_runaways = plan.runaway.action == "block"
        if before is None or before.runaway != plan.runaway:
            self._watch = None if plan.runaway.action == "off" else Watch(plan.runaway)

    def refresh(self) -> None:
        """Read the budget file again if it has changed."""
        if self._file is None:
            return
        try:
            changed = self._file.current()
            if changed is not None:
                self._follow(changed)
        except Exception:  # noqa: BLE001  # budgets stay as they were
            failed("reading the budget file again")

    @property
    def names(self) -> tuple[str, ...]:
        """The labels that decide under which budgets a call falls."""
        return self._matcher.names

    @property
    def is_open(self) -> bool:
        """Whether every call may pass without being looked at."""
        return self._watch is None and self.only_watches

    @property
    def only_watches(self) -> bool:
        """Whether calls are watched for runaways, and no budget counts them."""
        return not self.plan.budgets and not block.opened.get()

    @property
    def watches(self) -> bool:
        """Whether a fingerprint of each request is wanted."""
        return self._watch is not None

    # Before the call.

    def hold(self, facts: Facts) -> Hold:
        """Hold what the call may cost at most; it may wait for the ledger.

        Raises:
            BudgetExceeded: a budget or a detector of runaways refuses it. Nothing is held.
        """
        attempt = self._attempt(facts)
        hold = self._taken(attempt)
        return self._waiting.here(self._steps(attempt)) if hold is None else hold

    async def hold_async(self, facts: Facts) -> Hold:
        """The same for a call in an event loop, which waits in a thread.

        Raises:
            BudgetExceeded: a budget or a detector of runaways refuses it. Nothing is held.
        """
        attempt = self._attempt(facts)
        hold = self._taken(attempt)
        return await self._waiting.elsewhere(self._steps(attempt)) if hold is None else hold

    def _attempt(self, facts: Facts) -> _Attempt:
        """What has to be held for a call.

        Raises:
            BudgetExceeded: a detector of runaways refuses it, or a budget, as its price is not known.
        """
        if self._parked:
            self._let_off()
        repeats = self.look_out(facts.fingerprint, facts.trace)
        matches = self._matches(facts)
        amounts = Bounds(facts)
        if not matches and not block.opened.get():
            return _Attempt(facts, matches, amounts, (), repeats)
        try:
            parts = self._parts(self._lines(matches, facts), amounts)
        except BaseException as error:
            self._refuse(facts, error)
            raise
        return _Attempt(facts, matches, amounts, parts, repeats)

    def _taken(self, attempt: _Attempt) -> Hold | None:
        """Hold it out of the shares that this process has, as most calls can; None where one is too small."""
        parts = attempt.parts
        if parts and not self._purse.take(parts):
            return None
        return self._hold(attempt, parts)

    def _hold(self, attempt: _Attempt, parts: Sequence[Part]) -> Hold:
        hold = Hold(self, parts, attempt.facts)
        hold.repeated = attempt.repeats
        for part in parts:
            if part.forced:
                hold.warned = self._over(parts, attempt.amounts)
                break
        return hold

    def _steps(self, attempt: _Attempt) -> Generator[Any, Any, Hold]:
        parts: Sequence[Part] = attempt.parts
        try:
            refused = yield Ask(self._purse, [part for part in parts if part.amount])
            if refused is not None:
                parts = yield from self._again(refused, attempt.matches, attempt.facts, attempt.amounts)
        except BaseException as error:  # also of who does not wait any longer
            self._refuse(attempt.facts, error)
            raise
        return self._hold(attempt, parts)

    def _refuse(self, facts: Facts, error: BaseException) -> None:
        """Tell of a call that is not held, which a detector of runaways had let pass."""
        self.look_back(facts.fingerprint, facts.trace, 0)
        if isinstance(error, BudgetExceeded):
            self._reports.blocked(error)

    def _matches(self, facts: Facts) -> Sequence[Match]:
        """The budgets of a call, also where the file has changed since its labels were looked up."""
        matcher, values = self._matcher, facts.values
        if facts.names is not None and facts.names != matcher.names:
            known = dict(zip(facts.names, values, strict=True))
            values = tuple([known.get(name) for name in matcher.names])
        return matcher.find(facts.provider, facts.model, values)

    def look_out(self, fingerprint: int | None, trace: int) -> bool:
        """Ask the detectors of runaways; whether the call repeats another.

        Raises:
            BudgetExceeded: one of them refuses it.
        """
        if self._watch is None:
            return False
        trips, repeats = self._watch.before(self._tick(), fingerprint=fingerprint, trace=trace)
        for trip in trips:
            if trip.first:
                self._reports.tripped(trip, blocks=self._blocks_runaways)
        if trips and self._blocks_runaways:
            refusal = refusals.runaway(trips[0], self._tick(), self._purse.now_s())
            self._reports.blocked(refusal)
            raise refusal
        return repeats

    def _again(
        self, refused: Refused, matches: Sequence[Match], facts: Facts, amounts: Bounds
    ) -> Generator[Any, Any, Sequence[Part]]:
        """What to try when the first attempt was refused; gives the parts that are held in the end."""
        crowded: set[str] = set()
        for _ in range(_TRIES):
            if refused.why == "crowded":
                crowded.add(refused.line.budget.name)
            elif refused.why == "limit" and not amounts.close:
                if not (yield amounts.come_closer):
                    break
            elif refused.why != "late":
                break
            parts = self._parts(self._lines(matches, facts, crowded), amounts)
            again = yield Ask(self._purse, [part for part in parts if part.amount])
            if again is None:
                return parts
            refused = again
        raise refusals.of(refused, amounts.of(refused.line.budget))

    def _lines(self, matches: Sequence[Match], facts: Facts, crowded: Collection[str] = ()) -> list[Line]:
        """The line of each budget that counts this call, as of now by the ledger's clock.

        `crowded` are names of budgets that have no room for one more scope.
        """
        now_s = self._purse.now_s()
        lines = []
        for budget, scope in matches:
            if budget.name in crowded:
                scope = OTHER  # noqa: PLW2901
            line = self._purse.recent(budget, scope, now_s)
            if line is None:
                account = self._account(budget, scope, facts, now_s)
                if account is None:
                    continue
                line = self._purse.line(account, budget)
            lines.append(line)
        for entered in block.opened.get():
            line = entered.line
            if line is None:  # it counts in the ledger; where the file has its name, by the file's limit
                budget = self._named.get(entered.budget.name, entered.budget)
                account = self._account(budget, "", facts, now_s)
                line = None if account is None else self._purse.line(account, budget)
            if line is not None and line not in lines:
                lines.append(line)
        return lines

    def _account(self, budget: Budget, scope: str, facts: Facts, now_s: float) -> Account | None:
        """Where `budget` counts the call; None where it is in no trace to count."""
        window = budget.window
        if window == "trace" and not scope:
            scope = f"{facts.trace:032x}" if facts.trace else ""
        if window == "trace" and not scope:
            return None
        start_s, end_s = window_at(window, budget.timezone, now_s)
        return Account(budget.name, window, scope, start_s, end_s, budget.unit)

    def _parts(self, lines: Sequence[Line], amounts: Bounds) -> list[Part]:
        """What to hold on each line.

        Raises:
            BudgetExceeded: the price is not known, and a budget does not let such calls pass.
        """
        parts = []
        for line in lines:
            budget = line.budget
            bound = amounts.of(budget)
            forced = budget.action == "warn"
            if budget.unit == "tokens":
                parts.append(Part(line, bound.tokens, forced))
            elif bound.usd is not None:
                parts.append(Part(line, amounts.pico(bound.usd), forced))
            elif budget.on_unknown == "block" and not forced:
                raise refusals.unknown_price(line, bound)
            else:
                parts.append(Part(line, 0, forced))
        return parts

    def _over(self, parts: Sequence[Part], amounts: Bounds) -> tuple[Warned, ...]:
        """The budgets that only warn, and are over their limits with this call."""
        found = []
        for line, _, forced in parts:
            if not forced:
                continue
            known = line.known()
            budget = line.budget
            unknown = budget.unit == "usd" and amounts.of(budget).usd is None
            if known.spent + known.held > known.cap or (unknown and budget.on_unknown == "block"):
                found.append(Warned(budget, known))
                self._reports.warned(found[-1])
        return tuple(found)

    # After it.

    def settle(
        self, parts: Sequence[Part], hold: Hold, usd: Decimal | None, tokens: int, *, wait: bool
    ) -> None:
        """Put what a call has cost in place of what it held."""
        pico = 0 if usd is None else pico_usd(usd)
        if parts:
            self._purse.settle(
                [
                    (line, amount, tokens if line.account.unit == "tokens" else pico)
                    for line, amount, _ in parts
                ],
                wait=wait,
            )
        self.look_back(hold.fingerprint, hold.trace, pico)

    def look_back(self, fingerprint: int | None, trace: int, pico: int) -> None:
        """Tell the detectors of runaways what a call has cost which they have let pass, in pico-dollars."""
        if self._watch is None:
            return
        for trip in self._watch.after(self._tick(), fingerprint=fingerprint, trace=trace, pico_usd=pico):
            if trip.first:
                self._reports.tripped(trip, blocks=self._blocks_runaways)

    def park(self, answer_id: str, hold: Hold) -> None:
        """Go on holding for an answer that is still in the making, until somebody fetches it.

        Who never fetches it is let off after an hour, or when there are many.
        """
        before = self._parked.pop(answer_id, None)
        self._parked[answer_id] = (self._tick(), hold)
        if before is not None:
            before[1].settle(None, 0)
        self._let_off()

    def _let_off(self) -> None:
        """Hold no longer for answers that nobody has fetched."""
        since_s = self._tick() - _PARKED_S
        for answer_id, (parked_s, hold) in list(self._parked.items()):
            if len(self._parked) <= _PARKED_LIMIT and parked_s > since_s:
                break
            if self._parked.pop(answer_id, None):  # pragma: no branch  # another thread may have fetched it
                hold.settle(None, 0)

    def parked(self, answer_id: str | None) -> Hold | None:
        """What is held for an answer that has been fetched now."""
        found = None if answer_id is None else self._parked.pop(answer_id, None)
        return None if found is None else found[1]

    def charge(self, facts: Facts, usd: Decimal | None, tokens: int) -> None:
        """Count what was spent without having been held: the answer of a call that was made before."""
        lines = self._lines(self._matches(facts), facts)
        pico = 0 if usd is None else pico_usd(usd)
        self._purse.settle(
            [(line, 0, tokens if line.account.unit == "tokens" else pico) for line in lines], wait=False
        )

    # The life of the gate.

    def balances(self) -> list[Balance]:
        """Every account, also those of this process's budgets that nothing has been spent on yet.

        Raises:
            LedgerError: the ledger cannot be reached.
        """
        found = self._purse.balances()
        there = {(balance.account.budget, balance.account.start_s) for balance in found}
        now_s = self._purse.now_s()
        for budget in self.plan.budgets:
            if budget.window in CLOCKLESS or budget.per is not None:
                continue
            start_s, end_s = window_at(budget.window, budget.timezone, now_s)
            if (budget.name, start_s) not in there:
                account = Account(budget.name, budget.window, "", start_s, end_s, budget.unit)
                found.append(Balance(account, budget.limit, 0, 0))
        return found

    def stop(self) -> None:
        """State what is left to the ledger."""
        self._waiting.stop()
        self._purse.stop()

    def renew(self) -> None:
        """In a forked process: what is held is the parent's."""
        self._waiting = Waiting()
        self._parked = {}
        for entered in block.opened.get():
            if entered.line is not None:
                entered.line.held = 0
        if self._watch is not None:
            self._watch.renew()
        self._purse.renew()


_TRIES: Final = 4
_PARKED_S: Final = 3600.0
_PARKED_LIMIT: Final = 1000


class _Attempt(NamedTuple):
    """A call that wants to pass."""

    facts: Facts
    matches: Sequence[Match]
    amounts: Bounds
    parts: Sequence[Part]
    repeats: bool
    """Whether it repeats an identical request."""
