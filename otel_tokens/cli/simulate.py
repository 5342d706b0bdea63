"""`otel-tokens budget simulate`: what a budget file would have done to calls that were recorded."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any, Final

from ..budgets.budget import pico_usd
from ..errors import ConfigError
from . import render
from .outcome import Outcome, Peak, Refusal, Tally
from .recordings import Recording, read
from .replay import Replay
from .surroundings import OK, Surroundings


if TYPE_CHECKING:
    from ..pricing import PriceBook


_TRIPS: Final = 10


def simulate(args: Namespace, here: Surroundings) -> int:
    """Replay the recordings, and print what would have become of their calls."""
    plan = here.plan(args.config)
    recording = read(args.records, here.stdin)
    if not recording.records:
        raise ConfigError(f"there are no calls in {', '.join(args.records)}")
    books: list[PriceBook] = []

    def book() -> PriceBook:
        if not books:
            books.append(here.book())
        return books[0]

    outcome = Replay(plan, book).run(recording.records)
    if args.json:
        here.say(render.document(_document(outcome, recording)))
        return OK
    _say(outcome, recording, here)
    return OK


def _say(outcome: Outcome, recording: Recording, here: Surroundings) -> None:
    span = f"{_at(outcome.first_s)} to {_at(outcome.last_s)} UTC"
    here.say(f"{render.several(outcome.calls, 'call')}, {span}, {_usd(outcome.usd)}{_unpriced(outcome)}")
    for why, number in recording.skipped.items():
        here.say(f"left out: {render.several(number, 'span')}: {why}")
    here.say(
        f"{outcome.sent:,} would have been sent, {outcome.blocked:,} blocked; "
        f"{_usd(outcome.saved_usd)} and {outcome.saved_tokens:,} tokens saved"
    )
    here.say()
    rows = [_row(name, tally) for name, tally in outcome.tallies.items()]
    for line in render.table(rows, "-rrrr") if rows else ["there is no budget"]:
        here.say(line)
    first = {name: tally.first for name, tally in outcome.tallies.items() if tally.first is not None}
    if first:
        here.say("\nfirst refusals")
        for name, refusal in sorted(first.items(), key=lambda item: (item[1].at_s, item[0])):
            here.say(f"  {_at(refusal.at_s)} UTC  {_told(name, refusal)}")
    if outcome.trips:
        here.say("\nrunaways")
        for at_s, detector in outcome.trips[:_TRIPS]:
            here.say(f"  {_at(at_s)} UTC  {detector}")
        if len(outcome.trips) > _TRIPS:
            here.say(f"  and {len(outcome.trips) - _TRIPS:,} more")


def _told(name: str, refusal: Refusal) -> str:
    """What the application would have been told, which begins with the budget or the detector."""
    return refusal.text if name in refusal.text else f"{name}: {refusal.text}"


def _row(name: str, tally: Tally) -> tuple[str, ...]:
    budget = tally.budget
    saved = ""
    if tally.blocked:
        in_tokens = budget is not None and budget.unit == "tokens"
        saved = f"{tally.saved_tokens:,} tokens saved" if in_tokens else f"{_usd(tally.saved_usd)} saved"
    return (
        name,
        render.several(tally.counted, "call") if budget else "",
        f"{tally.blocked:,} blocked",
        f"{tally.warned:,} warned",
        saved,
        _peak(tally.peak),
    )


def _peak(peak: Peak | None) -> str:
    if peak is None:
        return ""
    account = peak.account
    scope = f" ({account.scope})" if account.scope else ""
    return (
        f"peak {render.amount(peak.amount, account.unit)} of {render.amount(peak.limit, account.unit)} "
        f"at {_at(peak.at_s)}{scope}"
    )


def _unpriced(outcome: Outcome) -> str:
    return f" ({outcome.unpriced:,} of unknown price)" if outcome.unpriced else ""


def _at(at_s: float) -> str:
    return render.moment(int(at_s), "UTC")


def _usd(usd: Any) -> str:  # noqa: ANN401  # a Decimal
    return render.amount(pico_usd(usd), "usd")


def _document(outcome: Outcome, recording: Recording) -> dict[str, Any]:
    return {
        "calls": outcome.calls,
        "from": render.iso(outcome.first_s),
        "to": render.iso(outcome.last_s),
        "cost_usd": render.plain(outcome.usd),
        "unpriced": outcome.unpriced,
        "left_out": recording.skipped,
        "sent": outcome.sent,
        "blocked": outcome.blocked,
        "saved_usd": render.plain(outcome.saved_usd),
        "saved_tokens": outcome.saved_tokens,
        "budgets": [_one(name, tally) for name, tally in outcome.tallies.items()],
        "runaways": [{"at": render.iso(at_s), "detector": detector} for at_s, detector in outcome.trips],
    }


def _one(name: str, tally: Tally) -> dict[str, Any]:
    return {
        "budget": name,
        "counted": tally.counted,
        "blocked": tally.blocked,
        "warned": tally.warned,
        "saved_usd": render.plain(tally.saved_usd),
        "saved_tokens": tally.saved_tokens,
        "first_refusal": _refusal(tally.first),
        "last_refusal": _refusal(tally.last),
        "peak": _top(tally.peak),
    }


def _refusal(refusal: Refusal | None) -> dict[str, Any] | None:
    if refusal is None:
        return None
    return {"at": render.iso(refusal.at_s), "reason": refusal.reason, "text": refusal.text}


def _top(peak: Peak | None) -> dict[str, Any] | None:
    if peak is None:
        return None
    unit = peak.account.unit
    return {
        "amount": render.exact(peak.amount, unit),
        "limit": render.exact(peak.limit, unit),
        "unit": unit,
        "at": render.iso(peak.at_s),
        "scope": peak.account.scope,
    }
