"""`otel-tokens budget explain`: which budgets a call would fall under, why, and whether it would pass."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ..bounds import Bound, bound_of
from ..budgets.budget import SESSION, Budget, pico_usd
from ..budgets.matching import Match, Matcher
from ..dialects import anthropic_messages, openai_chat
from ..dialects.weight import Weight
from ..errors import ConfigError
from ..ledgers.counting import CLOCKLESS
from ..providers import Site
from . import render
from .accounts import Shown, Survey
from .surroundings import OK, Surroundings
from .words import globs_in_words


if TYPE_CHECKING:
    from ..pricing import PriceBook


class Call(NamedTuple):
    """A call that somebody asks about."""

    provider: str
    model: str
    labels: Mapping[str, str]
    input_tokens: int
    max_output: int | None


class Verdict(NamedTuple):
    """What one budget has to do with the call."""

    budget: Budget
    why_not: str | None
    """The first condition that fails; None where the budget counts the call."""
    shown: Shown | None = None
    asked: int | None = None
    """What it would hold; None where the price is not known."""
    bound: Bound | None = None

    @property
    def left(self) -> int:
        """What the account has left."""
        shown = self.shown
        return 0 if shown is None else max(0, shown.limit - shown.spent - shown.held)

    @property
    def fits(self) -> bool:
        """Whether what it would hold is left, and known."""
        if self.shown is None:
            return True
        if self.asked is None:
            return self.budget.on_unknown == "allow"
        return self.asked <= self.left

    @property
    def passes(self) -> bool:
        """Whether this budget lets the call pass."""
        return self.fits or self.budget.action == "warn"


def explain(args: Namespace, here: Surroundings) -> int:
    """Print what each budget has to do with the call."""
    call = _call(args)
    plan = here.plan(args.config)
    with here.ledger(plan) as ledger:
        survey = Survey(plan, ledger)
    book = here.book()
    verdicts = [_verdict(budget, call, survey, book) for budget in plan.budgets]
    passes = all(verdict.passes for verdict in verdicts)
    if args.json:
        here.say(render.document(_document(call, verdicts, passes=passes)))
        return OK
    here.say(_words(call))
    rows = [(verdict.budget.name, *_row(verdict)) for verdict in verdicts]
    for line in render.table(rows) if rows else ["there is no budget"]:
        here.say(f"  {line}")
    refusing = [verdict.budget.name for verdict in verdicts if not verdict.passes]
    here.say(f"it would be refused by {', '.join(refusing)}" if refusing else "it would be sent")
    return OK


def _call(args: Namespace) -> Call:
    labels = dict([_label(word) for word in args.label])
    model = args.model or ""
    provider = args.provider or ("anthropic" if model.startswith("claude") else "openai")
    return Call(provider, model, labels, args.input_tokens, args.max_output)


def _label(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals or not name.strip():
        raise ConfigError(f"--label {word!r}: expected NAME=VALUE, such as team=search")
    return name.strip(), value


def _verdict(budget: Budget, call: Call, survey: Survey, book: PriceBook) -> Verdict:
    found = _match(budget, call)
    if not found:
        return Verdict(budget, _why_not(budget, call))
    scope = found[0].scope
    bound = _bound(call, book, survey.now_s, budget.assume_output_tokens)
    asked: int | None = bound.tokens
    if budget.unit == "usd":
        asked = None if bound.usd is None else pico_usd(bound.usd)
    return Verdict(budget, None, survey.shown(budget, survey.account(budget, scope)), asked, bound)


def _match(budget: Budget, call: Call) -> tuple[Match, ...]:
    matcher = Matcher((budget,))
    values = tuple([call.labels.get(name) for name in matcher.names])
    return matcher.find(call.provider, call.model or None, values)


def _why_not(budget: Budget, call: Call) -> str:
    """The first condition that the call does not fulfil, found by asking for each alone."""
    for name, globs in budget.match.items():
        if not _match(replace(budget, match={name: globs}, window="total"), call):
            given = {
                "gen_ai.provider.name": call.provider,
                "gen_ai.request.model": call.model or None,
                **call.labels,
            }.get(name)
            stands = f"{name} is not given" if given is None else f"{name} is {given!r}"
            return f"{stands}, and has to be {globs_in_words(globs)}"
    return f"the call is in no session: it has no label {SESSION}"


def _bound(call: Call, book: PriceBook, now_s: float, assumed: int | None) -> Bound:
    """What the call is held for, by the rules of real ones; its input has the stated number of tokens."""
    request: dict[str, Any] = {"model": call.model}
    if call.max_output is not None:
        request["max_tokens"] = call.max_output
    dialect = anthropic_messages.DIALECT if call.provider == "anthropic" else openai_chat.DIALECT
    weight = Weight(
        bytes=call.input_tokens,
        images=0,
        audio_bytes=0,
        document_bytes=0,
        hidden=0,
        cached=0,
        fingerprint=0,
        is_plain=True,
    )
    return bound_of(
        book,
        dialect,
        request,
        Site(call.provider, "", 443),
        call.model or None,
        at_s=now_s,
        assume_output_tokens=assumed,
        weight=weight,
    )


def _words(call: Call) -> str:
    labels = ", ".join([f"{name}={value}" for name, value in call.labels.items()])
    most = "no stated maximum" if call.max_output is None else f"at most {call.max_output:,} out"
    return (
        f"a call of {call.provider} {call.model or '(no model)'}{f' with {labels}' if labels else ''}: "
        f"{call.input_tokens:,} tokens in, {most}"
    )


def _row(verdict: Verdict) -> tuple[str, str]:
    shown, bound = verdict.shown, verdict.bound
    if shown is None or bound is None:
        return "does not count it", verdict.why_not or ""
    budget, unit = verdict.budget, verdict.budget.unit
    scope = f" ({shown.account.scope})" if shown.account.scope else ""
    scope = " (each trace begins with all of it)" if budget.window in CLOCKLESS and not scope else scope
    left = f"{render.amount(verdict.left, unit)} of {render.amount(shown.limit, unit)} left{scope}"
    if verdict.asked is None:
        reason = f"the price is not known ({bound.status})"
    else:
        reason = f"would hold {render.amount(verdict.asked, unit)}"
        if bound.assumed:
            reason += f" for {bound.output_tokens:,} output tokens, as it states no maximum"
    return "counts it", f"{left}; {reason}: {_outcome(verdict)}"


def _outcome(verdict: Verdict) -> str:
    if verdict.fits:
        return "passes" if verdict.asked is not None else "passes, uncounted"
    return "refused" if verdict.budget.action == "block" else "passes with a warning"


def _document(call: Call, verdicts: list[Verdict], *, passes: bool) -> dict[str, Any]:
    return {
        "call": {**call._asdict(), "labels": dict(call.labels)},
        "passes": passes,
        "budgets": [_one(verdict) for verdict in verdicts],
    }


def _one(verdict: Verdict) -> dict[str, Any]:
    budget, shown, bound = verdict.budget, verdict.shown, verdict.bound
    row: dict[str, Any] = {"budget": budget.name, "counts": shown is not None, "why_not": verdict.why_not}
    if shown is None or bound is None:
        return row
    return {
        **row,
        "scope": shown.account.scope,
        "unit": budget.unit,
        "limit": render.exact(shown.limit, budget.unit),
        "left": render.exact(verdict.left, budget.unit),
        "would_hold": render.exact(verdict.asked, budget.unit),
        "price": bound.status,
        "output_tokens": bound.output_tokens,
        "output_is_assumed": bound.assumed,
        "action": budget.action,
        "fits": verdict.fits,
        "passes": verdict.passes,
    }
