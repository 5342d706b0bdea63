"""A rate sheet: every rate of one model for one moment, ready to multiply.

Counting: each token is in one bucket, so a cost is the sum of bucket times rate. A long prompt
reprices the whole request. Nothing is rounded: rates are exact, and a division comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, getcontext
from functools import partial, reduce
from typing import Any, Final

from ..readings import BUCKETS, EXACT, Number, Usage
from .fallbacks import BY_RULE, FALLBACKS
from .multipliers import Factors
from .price import FREE, PRICED, UNKNOWN_MODEL, ZERO, Cost
from .rows import Rates, Row


_times: Final = EXACT.multiply
_plus: Final = EXACT.add

_cost: Final[Callable[[tuple[Any, ...]], Cost]] = partial(tuple.__new__, Cost)
"""What `Cost` itself does, in half the time."""

_DIGITS: Final = 28  # the default precision of a thread
_NARROW: Final = -16  # exponent of a rate per token: 12 digits remain for whole USD
_TOKENS_PER_RATE: Final = 6  # rates are per million
_SECONDS_PER_HOUR: Final = 3600
_REQUEST: Final = "request"


@dataclass(frozen=True, slots=True)
class Plan:
    """Rates of one size of prompt, USD per token. A bucket that nothing prices is in neither."""

    rates: Rates
    borrowed: Rates = field(default_factory=dict)
    """Rates of another bucket that are used for want of the own one, which is worth a warning."""

    @property
    def is_narrow(self) -> bool:
        """Whether every cost up to a trillion USD has at most 28 digits."""
        exponents = [rate.as_tuple().exponent for rate in self.rates.values()]
        return all(isinstance(exponent, int) and exponent >= _NARROW for exponent in exponents)


@dataclass(frozen=True, slots=True)
class Fee:
    """USD for `per` units."""

    usd: Decimal
    per: int = 1
    minimum: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What one model costs at one moment under one set of terms."""

    plan: Plan
    long: tuple[tuple[int, Plan], ...] = ()
    """Threshold (more prompt tokens than this) and plan, highest first."""
    fees: Mapping[str, Fee] = field(default_factory=dict)
    status: str = PRICED
    version: str
    warnings: tuple[str, ...] = ()
    is_narrow: bool = False
    """Whether the default precision of 28 digits holds every cost of this sheet exactly."""
    per_request: bool = False
    """Whether a fee is due for the call itself."""

    def quote(self, usage: Usage) -> Cost:
        """The cost of `usage`."""
        tokens = usage.tokens
        plan = self._plan(usage) if self.long and sum(tokens.values()) > self.long[-1][0] else self.plan
        # The operators round to the precision of the thread, which is the application's to set.
        # Where it is wide enough they are exact, and take half the time of a context's methods.
        if not self.is_narrow or getcontext().prec < _DIGITS:
            return self._carefully(usage, plan)
        rates = plan.rates
        parts: dict[str, Decimal] = {}
        usd = ZERO
        try:
            for bucket, count in tokens.items():
                parts[bucket] = part = rates[bucket] * count
                usd += part
        except KeyError:
            return self._carefully(usage, plan)
        if usage.units or self.per_request:
            return self._with_fees(usage, parts, usd, self.warnings)
        return _cost((usd, parts, PRICED if usd else self.status, self.version, self.warnings))

    def _carefully(self, usage: Usage, plan: Plan) -> Cost:
        """The same, for any thread and for buckets without a rate of their own."""
        rates = {**plan.rates, **plan.borrowed}
        doubtful = [bucket for bucket in usage.tokens if bucket not in plan.rates]
        warnings = (*self.warnings, *[f"rate_missing:{bucket}" for bucket in doubtful])
        if not usage.tokens.keys() <= rates.keys():
            return Cost(None, {}, UNKNOWN_MODEL, self.version, warnings)
        parts = {bucket: _times(rates[bucket], count) for bucket, count in usage.tokens.items()}
        return self._with_fees(usage, parts, reduce(_plus, parts.values(), ZERO), warnings)

    def _plan(self, usage: Usage) -> Plan:
        prompt_tokens = usage.input_tokens
        for over, plan in self.long:
            if prompt_tokens > over:
                return plan
        return self.plan

    def _with_fees(
        self, usage: Usage, parts: dict[str, Decimal], usd: Decimal, warnings: tuple[str, ...]
    ) -> Cost:
        for unit, number in self._units(usage):
            fee = self.fees.get(unit)
            if fee is None:
                warnings += (f"unit_unpriced:{unit}",)
                continue
            parts[unit] = part = charge(fee, number)
            usd = _plus(usd, part)
        return Cost(usd, parts, PRICED if usd else self.status, self.version, warnings)

    def _units(self, usage: Usage) -> list[tuple[str, Number]]:
        units = list(usage.units.items())
        # A fee per request is due once for a call, also where nobody counted to one.
        if self.per_request and _REQUEST not in usage.units:
            units.append((_REQUEST, 1))
        return units


@dataclass(frozen=True, slots=True)
class Fixed:
    """The answer where usage does not matter: nothing is known, or nothing is charged."""

    cost: Cost

    def quote(self, usage: Usage) -> Cost:  # noqa: ARG002 - the same call as a sheet's
        """The same cost for any usage."""
        return self.cost


def sheet_of(
    row: Row,
    variant: Row | None,
    *,
    factors: Factors,
    version: str,
    warnings: tuple[str, ...],
) -> Sheet:
    """The sheet of a row with a variant over it.

    The standard tier is chosen first, then the variant's own rates and tiers replace the buckets
    that they name.
    """
    thresholds = sorted({tier.over for part in (row, variant) if part for tier in part.tiers})
    plan = _plan_of(row, variant, 0, factors)
    long = [(over, _plan_of(row, variant, over + 1, factors)) for over in reversed(thresholds)]
    fees = _fees(row, variant, factors)
    return Sheet(
        plan=plan,
        long=tuple(long),
        fees=fees,
        status=FREE if row.free else PRICED,
        version=version,
        warnings=warnings,
        is_narrow=all(part.is_narrow for part in (plan, *[part for _, part in long])),
        per_request=_REQUEST in fees,
    )


def committed_sheet(row: Row, *, factors: Factors, version: str, warnings: tuple[str, ...]) -> Sheet:
    """The sheet of capacity that is paid already: tokens cost nothing more, fees are still due."""
    fees = _fees(row, None, factors)
    return Sheet(
        plan=Plan(dict.fromkeys(BUCKETS, ZERO)),
        fees=fees,
        status=FREE,
        version=version,
        warnings=warnings,
        is_narrow=True,
        per_request=_REQUEST in fees,
    )


def _plan_of(row: Row, variant: Row | None, prompt_tokens: int, factors: Factors) -> Plan:
    rates = dict(_at(row, prompt_tokens))
    if variant is not None:
        rates.update(_at(variant, prompt_tokens))
    if not rates:
        return _without_rates(row, variant)
    own: dict[str, Decimal] = {}
    borrowed: dict[str, Decimal] = {}
    for bucket, chain in FALLBACKS.items():
        lender = next((name for name in (bucket, *chain) if name in rates), None)
        if lender is not None:
            by_rule = lender == bucket or (bucket, lender) in BY_RULE
            kind = own if by_rule else borrowed
            kind[bucket] = _per_token(_times(rates[lender], factors.on(bucket)))
    return Plan(own, borrowed)


def _without_rates(row: Row, variant: Row | None) -> Plan:
    """A model that is billed by the unit, or not at all: its tokens cost nothing."""
    nothing = dict.fromkeys(BUCKETS, ZERO)
    by_unit = row.fees or (variant is not None and variant.fees)
    return Plan({}, nothing) if by_unit else Plan(nothing)


def _at(row: Row, prompt_tokens: int) -> dict[str, Decimal]:
    rates = dict(row.rates)
    for tier in row.tiers:
        if prompt_tokens > tier.over:
            rates.update(tier.rates)
    return rates


def _per_token(usd_per_mtok: Decimal) -> Decimal:
    return usd_per_mtok.scaleb(-_TOKENS_PER_RATE, EXACT)


def _fees(row: Row, variant: Row | None, factors: Factors) -> Mapping[str, Fee]:
    stated = dict(row.fees)
    if variant is not None:
        stated.update(variant.fees)
    fees: dict[str, Fee] = {}
    for name, usd in stated.items():
        unit, per = ("audio_second", _SECONDS_PER_HOUR) if name == "audio_hour" else (name, 1)
        fees[unit] = Fee(_times(usd, factors.discount), per, row.minimums.get(unit, ZERO))
    return fees


def charge(fee: Fee, number: Number) -> Decimal:
    """What a number of units costs, USD."""
    billed = max(number, fee.minimum) if number else number
    usd = _times(fee.usd, billed)
    return usd if fee.per == 1 else EXACT.divide(usd, fee.per)
