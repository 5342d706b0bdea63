"""The life of one call: open it, see its events, end it once.

A call ends at its first end; all later ones change nothing: a stream is read to its end, then closed, then
collected.
"""

from __future__ import annotations

import time

from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from . import labels
from .budgets.gate import Gate
from .counted import Counted, Lengths
from .dialects import FINAL, GOES_ON, Dialect, Events, Progress
from .dialects.messages import content_of
from .errors import BudgetExceeded
from .holding import Asked, Ending, Holding, Watched, facts_of
from .leftovers import Leftovers
from .providers import Site
from .readings import EMPTY, Reading, Usage
from .settlement import (
    ABANDONED,
    BLOCKED,
    CANCELLED,
    ERROR,
    cost_of,
    error_message,
    error_type,
    outcome_of,
    usage_of,
    variant_of,
)
from .shield import failed
from .telemetry.finished import Cost, Finished
from .telemetry.recorder import Recorder
from .telemetry.spans import OpenSpan
from .tokenizers import Estimator


if TYPE_CHECKING:  # to import it takes long, and the first call does
    from .pricing import PriceBook


_COUNTED_LIMIT: Final = 100_000
_LENGTHS_LIMIT: Final = 10_000

current: ContextVar[Call | None] = ContextVar("otel_tokens_call", default=None)
"""The call whose request is being made: what is below it in the client library only adds to it."""


@dataclass(slots=True, kw_only=True)
class Calls:
    """Opens calls, for one recorder and one book of prices."""

    recorder: Recorder
    book: Callable[[], PriceBook]
    estimator: Estimator
    stream_usage: str = "inject"
    """`inject`: ask known hosts for the usage of a stream; `always`: ask all; `off`: ask none."""
    content: bool = False
    """Whether prompts and answers are recorded."""
    gate: Gate | None = None
    """What lets calls pass, or refuses them."""
    now_ns: Callable[[], int] = time.time_ns
    tick_ns: Callable[[], int] = time.perf_counter_ns
    active: bool = True
    forks: int = 0
    """How many forks lie between this process and the one that made this object."""
    counted: Counted = field(default_factory=lambda: Counted(_COUNTED_LIMIT))
    lengths: Lengths = field(default_factory=lambda: Lengths(_LENGTHS_LIMIT))
    leftovers: Leftovers = field(default_factory=Leftovers)

    def open(
        self,
        dialect: Dialect,
        site: Site,
        request: Any,  # noqa: ANN401
        model: str | None,
        *,
        streamed: bool,
        adopts: bool = False,
    ) -> Call | None:
        """Open a call; None when there is nothing to do about it.

        With `adopts`, a span that the client library makes by itself stands for the call. A context that asks
        to emit nothing gets nothing emitted; budgets hold all the same.
        """
        if not self.active:
            return None
        silent = self.recorder.suppressed()
        if silent and (self.gate is None or self.gate.is_open):
            return None
        return Call(self, dialect, site, request, model, streamed=streamed, adopts=adopts, silent=silent)

    def renew(self) -> None:
        """In a forked process: what the parent has open or counted is the parent's."""
        self.forks += 1
        self.leftovers.renew()
        self.counted.renew()
        self.lengths.renew()
        self.recorder.renew()
        if self.gate is not None:
            self.gate.renew()


def _pass_over(_event: Any) -> Progress:  # noqa: ANN401
    """What a dialect without events sees in one."""
    return GOES_ON


class Call:
    """One call. Its first end counts."""

    __slots__ = (
        "_calls",
        "_ends",
        "_events",
        "_first_tick",
        "_forks",
        "_holding",
        "_labels",
        "_silent",
        "_span",
        "_start_ns",
        "_start_tick",
        "_streamed",
        "_watched",
        "adopts",
        "attempts",
        "batch_id",
        "dialect",
        "fold_event",
        "hides_usage",
        "last_tick",
        "model",
        "options",
        "request",
        "response",
        "site",
        "taken",
        "tick_ns",
    )

    def __init__(
        self,
        calls: Calls,
        dialect: Dialect,
        site: Site,
        request: Any,  # noqa: ANN401
        model: str | None,
        *,
        streamed: bool,
        adopts: bool,
        silent: bool = False,
    ) -> None:
        self._calls = calls
        self.dialect = dialect
        self.site = site
        self.request = request
        self.model = model
        self.adopts = adopts
        """A span that the client library makes stands for this call."""
        self._forks = calls.forks
        self._streamed = streamed
        self._events: Events | None = None
        self.fold_event: Callable[[Any], Progress] = _pass_over
        """Takes one event, and says how far the answer has come; may raise."""
        if streamed:
            self.fold()
        self._ends = [True]  # popped by the first end: a list's pop is atomic
        self._labels = labels.current()
        self._first_tick: int | None = None
        self.last_tick: int | None = None
        """When the last event came."""
        self.attempts = 0
        self.hides_usage = False
        """The usage of the stream was asked for here, so its chunk is not the application's."""
        self.batch_id: str | None = None
        """What the request fetches, where that counts once."""
        self.options: Any = None
        """The request as the client library knows it."""
        self.response: Any = None
        """The HTTP response, once there is one."""
        self.taken = False
        """Whether the result has been looked at."""
        self._start_ns = calls.now_ns()
        self.tick_ns = calls.tick_ns
        """The clock by which events are timed."""
        self._start_tick = calls.tick_ns()
        self._silent = silent
        self._holding: Holding | None = None
        self._watched: Watched | None = None
        self._span: OpenSpan | None = None if dialect.quiet or silent else self._open_span()

    def _open_span(self) -> OpenSpan:
        dialect, site = self.dialect, self.site
        head = (
            dialect.operation,
            site.provider,
            self.model,
            site.host,
            site.port,
            dialect.api_type,
            dialect.output_type,
            self._streamed,
        )
        return self._calls.recorder.start(head, self._labels, self._start_ns, adopts=self.adopts)

    # Before it is sent.

    @property
    def is_capped(self) -> bool:
        """Whether it has to pass the gate: what only asks for an answer that was paid for has not."""
        dialect, gate = self.dialect, self._calls.gate
        if gate is None or not dialect.billed or dialect.quiet or dialect.once:
            return False
        gate.refresh()
        return not gate.is_open

    def hold(self) -> None:
        """Hold what the call may cost at most. It may wait for a ledger.

        Raises:
            BudgetExceeded: nothing is to be sent, and the call has ended.
        """
        gate = self._calls.gate
        if gate is None or self._is_watched(gate):
            return
        holding = self._holding = self._meet(gate)
        try:
            holding.hold()
        except BudgetExceeded as refusal:
            self._block(refusal)
            raise

    async def hold_async(self) -> None:
        """The same, and the event loop goes on meanwhile.

        Raises:
            BudgetExceeded: nothing is to be sent, and the call has ended.
        """
        gate = self._calls.gate
        if gate is None or self._is_watched(gate):
            return
        holding = self._holding = self._meet(gate)
        try:
            await holding.hold_async()
        except BudgetExceeded as refusal:
            self._block(refusal)
            raise

    def _is_watched(self, gate: Gate) -> bool:
        """Have a call that no budget counts looked at by the detectors of runaways, which is little work.

        Raises:
            BudgetExceeded: one of them refuses it, and the call has ended.
        """
        if not gate.only_watches:
            return False
        trace = self._calls.recorder.trace_id(self._span)
        try:
            self._watched = Watched.by(gate, self._asked(), trace)
        except BudgetExceeded as refusal:
            self._block(refusal)
            raise
        return True

    def _asked(self) -> Asked:
        at_s, earlier = self._start_ns / 1e9, self._calls.lengths.of
        return Asked(self.dialect, self.request, self.site, self.model, at_s, earlier)

    def _meet(self, gate: Gate) -> Holding:
        """What the call has to do with the budgets of `gate`."""
        calls, names, asked = self._calls, gate.names, self._asked()
        facts = facts_of(
            asked,
            calls.book,
            calls.estimator,
            names=names,
            values=calls.recorder.values(names, self._labels) if names else (),
            trace=calls.recorder.trace_id(self._span),
            watches=gate.watches,
        )
        return Holding(gate, asked, facts, calls.book, calls.estimator)

    def _block(self, refusal: BudgetExceeded) -> None:
        """End a call that was refused: nothing was sent."""
        if not self._ends:
            return
        self._ends.pop()
        try:
            if self._silent:
                return
            if self.adopts:  # the span that was to stand for it will not be made
                self.adopts, self._span = False, None
            self._record_unread(
                BLOCKED,
                error_type(refusal),
                error_message=str(refusal),
                asked=self.dialect.asked(self.request),
                blocked_by=refusal.budget,
                blocked_reason=refusal.reason,
            )
        except Exception:  # noqa: BLE001  # the refusal stands
            failed("recording a call that was blocked")

    def _record_unread(self, outcome: str, error_type: str | None, **more: Any) -> None:  # noqa: ANN401
        """Record a call of which there is nothing to read."""
        duration_ns = max(0, self._calls.tick_ns() - self._start_tick)
        self._calls.recorder.finish(
            self._span or self._open_span(),
            Finished(
                reading=EMPTY,
                usage=None,
                usage_source=None,
                cost=_NO_USAGE,
                outcome=outcome,
                error_type=error_type,
                end_ns=self._start_ns + duration_ns,
                duration_s=duration_ns / 1e9,
                **more,
            ),
        )

    # While the request is made.

    def enter(self) -> Any:  # noqa: ANN401
        """Make this the current call and its span the current span; give what `leave` needs."""
        token = current.set(self)
        return token, None if self._span is None else self._span.enter()

    def leave(self, tokens: Any) -> None:  # noqa: ANN401
        """Make current what was before."""
        token, span_token = tokens
        if self._span is not None:
            self._span.leave(span_token)
        current.reset(token)

    def attempt(self) -> None:
        """Note that the request is being sent."""
        self.attempts += 1
        if self.adopts and self._span is not None:
            self._span.adopt()

    def asks_usage(self, known: frozenset[str]) -> bool:
        """Whether the provider is to be asked for the usage of this stream."""
        if not self._streamed or not self.dialect.usage_on_request:
            return False
        how = self._calls.stream_usage
        return how == "always" or (how == "inject" and self.site.provider in known)

    # While its stream is read.

    @property
    def ended(self) -> bool:
        """Whether the call has ended."""
        return not self._ends

    def fold(self) -> None:
        """Expect events, although the request did not ask for a stream."""
        if self._events is None and self.dialect.events is not None:
            self._events = self.dialect.events()
            self.fold_event = self._events.see

    def see(self, event: Any) -> None:  # noqa: ANN401
        """Note one event; the last one that counts ends the call."""
        if not self._ends:
            return
        self.touch()
        try:
            progress = self.fold_event(event)
        except Exception:  # noqa: BLE001  # a `with` would cost more than the work
            progress = self.failed_event()
        if progress != GOES_ON:
            self.came(progress)

    @staticmethod
    def failed_event() -> Progress:
        """Count an event that could not be read."""
        failed("reading an event of a stream")
        return GOES_ON

    def came(self, progress: Progress) -> None:
        """Note that the answer is whole; when nothing can follow, or another span for it ends soon, end."""
        if progress == FINAL or self.adopts:
            self.end()
        else:
            self._calls.leftovers.soon(self)

    def quiet_s(self) -> float:
        """For how long nothing has come of the stream."""
        return (self.tick_ns() - (self.last_tick or self._start_tick)) / 1e9

    def watch(self) -> None:
        """Have somebody to end the call, should its stream be dropped."""
        self._calls.leftovers.watch()

    def touch(self) -> None:
        """Note that some of the stream has come, whether or not it makes an event."""
        self.last_tick = self.tick_ns()
        self.begin()

    def begin(self) -> bool:
        """Note when the first event has come, which is `last_tick` the first time; always False."""
        if self._first_tick is None:
            self._first_tick = self.last_tick
        return False

    # The end.

    def end(
        self,
        body: Any = None,  # noqa: ANN401
        *,
        error: BaseException | None = None,
        left: bool = False,
        at_tick: int | None = None,
    ) -> None:
        """End with `body`, or with what the events so far add up to.

        `error` is what the application gets instead of an answer; `left` says that it stopped reading.
        """
        try:
            self._ends.pop()
        except IndexError:
            return
        if self._forks != self._calls.forks:
            return  # a stream of the parent process, which ends it too
        try:
            self._finish(body, error, at_tick, left=left)
        except Exception:  # noqa: BLE001  # never raised into the application
            self._give_up(error, left=left)
            failed("recording a call")

    def later(self) -> None:
        """End from a finaliser, which must not touch OpenTelemetry: some other step will do it."""
        if self._ends:
            self._calls.leftovers.put(self)

    def abandon(self) -> None:
        """End a call whose stream was dropped, at the time of its last event."""
        self.end(left=True, at_tick=self.last_tick)

    def _give_up(self, error: BaseException | None, *, left: bool) -> None:
        """Count a call of which nothing could be read, so that at least it is missed."""
        with suppress(Exception):
            if self._holding is not None:  # a cap is not to be passed unseen
                self._holding.settle_whole()
            if self._watched is not None:
                self._watched.settle(None)
        if self._silent:
            return
        try:
            outcome, kind = outcome_of(EMPTY, error, left=left)
            self._record_unread(outcome, kind, unpriced=self.dialect.billed)
        except Exception:  # noqa: BLE001  # the recorder itself: end the span, if that much works
            with suppress(Exception):
                if self._span is not None:
                    self._span.span.end()

    def _finish(
        self,
        body: Any,  # noqa: ANN401
        error: BaseException | None,
        at_tick: int | None,
        *,
        left: bool,
    ) -> None:
        calls, dialect = self._calls, self.dialect
        duration_ns = max(0, (at_tick or calls.tick_ns()) - self._start_tick)
        first_s = None
        if self._first_tick is not None and self._streamed:
            first_s = (self._first_tick - self._start_tick) / 1e9
        if body is None and self._events is not None:
            body = self._events.body()
        reading = EMPTY if body is None else dialect.read(body)
        if dialect.headed is not None and body is not None and self.response is not None:
            reading = dialect.headed(reading, self.response.headers)
        outcome, error_type = outcome_of(reading, error, left=left)
        if outcome in _CUT and len(reading.finish_reasons) < reading.choices:
            missing = reading.choices - len(reading.finish_reasons)
            reading = reading._replace(finish_reasons=(*reading.finish_reasons, *["error"] * missing))
        usage, source = usage_of(
            dialect,
            reading,
            body,
            self.request,
            calls.estimator,
            outcome=outcome,
            cut=self._cut(outcome),
            model=self.model,
        )
        before = self._counted_before(reading, usage)
        if dialect.quiet and (usage is None or before):
            return
        variant = variant_of(reading, dialect, self.request)
        cost = _NO_USAGE
        if usage is not None and not before and _is_billed(usage, reading):
            cost = cost_of(
                calls.book(),
                reading,
                usage,
                source=source or "provider",
                site=self.site,
                requested_model=self.model,
                variant=variant,
                at_s=self._start_ns / 1e9,
            )
        elif reading.warnings:
            cost = Cost(usd=None, status="no_usage", warnings=reading.warnings)
        gap = self._is_gap(cost, usage, outcome, before=before)
        holding = self._settle(cost, usage, reading, error, before=before, gap=gap)
        if self._silent:
            return
        span = self._span or self._open_span()
        calls.recorder.finish(
            span,
            Finished(
                reading=reading,
                usage=usage,
                parts=() if before else reading.parts,
                usage_source=source,
                cost=cost,
                outcome=outcome,
                error_type=error_type,
                error_message=None if error is None else error_message(error),
                attempts=self.attempts,
                end_ns=self._start_ns + duration_ns,
                duration_s=duration_ns / 1e9,
                first_chunk_s=first_s,
                asked=dialect.asked(self.request) if span.span.is_recording() else {},
                variant=variant,
                counted_before=before,
                unpriced=gap,
                warned_by=() if holding is None else holding.warned_by,
                repeated=self._repeats(holding),
                content=content_of(dialect.name, self.request, body) if calls.content else {},
            ),
        )

    def _settle(
        self,
        cost: Cost,
        usage: Usage | None,
        reading: Reading,
        error: BaseException | None,
        *,
        before: bool,
        gap: bool,
    ) -> Holding | None:
        """Put what the call has cost in place of what it holds."""
        gate = self._calls.gate
        if gate is None or (self._holding is None and gate.is_open):
            return None
        if reading.id is not None and usage is not None:
            self._calls.lengths.note(reading.id, sum(usage.tokens.values()))
        if self._watched is not None:
            self._watched.settle(cost.usd)
            return None
        try:
            holding = self._holding or self._meet(gate)
            unanswered = usage is None and self._is_unanswered(error)
            unstated = gap and (error is None or bool(self.attempts))
            holding.settle(Ending(cost.usd, usage, reading, before, unanswered, unstated))
        except Exception:  # noqa: BLE001  # never raised into the application
            failed("settling a call")
            return None
        return holding

    def _repeats(self, holding: Holding | None) -> bool:
        watched = self._watched or holding
        return watched is not None and watched.repeated

    def _is_unanswered(self, error: BaseException | None) -> bool:
        """Whether the request was sent and given up before an answer: the provider may bill it."""
        if error is None or not self.attempts or self.response is not None:
            return False
        return not isinstance(error, Exception) or "Timeout" in type(error).__name__

    def _cut(self, outcome: str) -> bool:
        """Whether an answer that had begun to come ended before its end, read or not."""
        return outcome in _CUT and (self._first_tick is not None or (self.taken and self._streamed))

    def _is_gap(self, cost: Cost, usage: Usage | None, outcome: str, *, before: bool) -> bool:
        """Whether money may have been spent that is not known."""
        if cost.usd is not None or before or not self.dialect.billed:
            return False
        if usage is None:
            return outcome != ERROR
        return bool(usage.tokens or usage.units)

    def _counted_before(self, reading: Reading, usage: Usage | None) -> bool:
        """Whether another call has counted this answer already; remember it if not."""
        key = self.batch_id or reading.batch_id or reading.id
        if usage is None or key is None:
            return False
        if self.dialect.once:
            return not self._calls.counted.add(key)
        if self.dialect.remembered:
            self._calls.counted.add(key)
        return False


def _is_billed(usage: Usage, reading: Reading) -> bool:
    """Whether there is anything to pay for."""
    return bool(usage.tokens or usage.units or reading.parts) or reading.cost_usd is not None


_CUT: Final = frozenset({ABANDONED, CANCELLED, ERROR})
_NO_USAGE: Final = Cost(usd=None, status="no_usage")
