"""What a call can cost at the most: for each kind of token the dearest rate that may apply to it.

Counting: it is not known before a call how much of a prompt will be read from a cache or written to one, and
whether it will be long enough for the rates of long prompts. So each kind takes the dearest of the rates that
are possible, of every sheet that is possible. Fees are charged for as many units as may be counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Final

from ..readings import (
    CACHE_READ,
    CACHE_READ_AUDIO,
    CACHE_READ_IMAGE,
    CACHE_READ_VIDEO,
    CACHE_WRITE,
    CACHE_WRITE_1H,
    CACHE_WRITE_5M,
    CACHE_WRITE_12H,
    EXACT,
    INPUT,
    INPUT_AUDIO,
    INPUT_IMAGE,
    INPUT_TOOL,
    INPUT_VIDEO,
    OUTPUT,
    OUTPUT_AUDIO,
    OUTPUT_CITATION,
    OUTPUT_IMAGE,
    OUTPUT_REASONING,
    OUTPUT_VIDEO,
)
from .price import FREE, PRICED, UNKNOWN_MODEL, ZERO, Kinds
from .sheet import Fee, Fixed, Plan, Sheet, charge


@dataclass(frozen=True, slots=True)
class Rates:
    """Of prompts with more tokens than `over`, rounded up to whole `UNIT_USD` per token."""

    over: int
    text: int
    images: int
    audio: int
    output: int


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The dearest rates of a call; None where nobody knows them."""

    status: str
    version: str
    steps: Sequence[Rates] | None = None
    """With the lowest threshold first: later ones are at least as dear."""
    fees: Mapping[str, Fee] = field(default_factory=dict)
    request_usd: Decimal = ZERO
    """What is due for the call itself."""

    def usd(
        self, text: int, output: int, images: int = 0, audio: int = 0, units: Mapping[str, int] | None = None
    ) -> Decimal | None:
        """The upper bound of the cost of so many tokens and units; None when the price is not known."""
        if self.steps is None:
            return None
        rates = self.steps[0]
        if len(self.steps) > 1:
            prompt = text + images + audio
            for step in self.steps:
                if prompt > step.over:
                    rates = step
        # Whole numbers take half the time of exact decimals.
        count = rates.text * text + rates.output * output + rates.images * images + rates.audio * audio
        usd = EXACT.multiply(count, UNIT_USD)
        if units or self.request_usd:
            return self._with_fees(usd, units or {})
        return usd

    def _with_fees(self, usd: Decimal, units: Mapping[str, int]) -> Decimal:
        usd = EXACT.add(usd, self.request_usd)
        for unit, number in units.items():
            if (fee := self.fees.get(unit)) is not None:
                usd = EXACT.add(usd, charge(fee, number))
        return usd


_DIGITS: Final = 18
UNIT_USD: Final = Decimal(1).scaleb(-_DIGITS)
_REQUEST: Final = "request"

_TEXT: Final = (INPUT, INPUT_TOOL, CACHE_READ)
_WRITES: Final = (
    (),
    (CACHE_WRITE, CACHE_WRITE_5M),
    (CACHE_WRITE, CACHE_WRITE_5M, CACHE_WRITE_1H, CACHE_WRITE_12H),
)
_IMAGES: Final = (INPUT_IMAGE, INPUT_VIDEO, CACHE_READ_IMAGE, CACHE_READ_VIDEO)
_AUDIO: Final = (INPUT_AUDIO, CACHE_READ_AUDIO)
_DRAWN: Final = (OUTPUT_IMAGE, OUTPUT_VIDEO)
_OUTPUT: Final = (OUTPUT, OUTPUT_REASONING, OUTPUT_CITATION)


def ceiling_of(sheets: Iterable[Sheet | Fixed], kinds: Kinds) -> Ceiling:
    """The ceiling over sheets, each of which may be the one that holds."""
    known: list[Sheet] = []
    fixed: list[Fixed] = []
    for sheet in sheets:
        if isinstance(sheet, Sheet):
            known.append(sheet)
        else:
            fixed.append(sheet)
    # One sheet that nobody knows makes the whole unknown; what is free lowers nothing.
    unknown = [sheet.cost for sheet in fixed if sheet.cost.usd is None]
    if unknown:
        return Ceiling(unknown[0].status, unknown[0].version)
    if not known:
        cost = fixed[0].cost
        return Ceiling(cost.status, cost.version, (Rates(0, 0, 0, 0, 0),))
    overs = sorted({0, *[over for sheet in known for over, _ in sheet.long]})
    steps: list[Rates] = []
    for over in overs:
        plans = [_plan(sheet, over) for sheet in known]
        found = [_rates(plan, over, kinds) for plan in plans]
        if None in found:
            return Ceiling(UNKNOWN_MODEL, known[0].version)
        steps.append(_dearest([*steps[-1:], *[rates for rates in found if rates is not None]], over))
    status = PRICED if any(sheet.status != FREE for sheet in known) else FREE
    fees = _fees(known)
    request = fees.get(_REQUEST)
    return Ceiling(status, known[0].version, steps, fees, ZERO if request is None else charge(request, 1))


def _plan(sheet: Sheet, over: int) -> Plan:
    for least, plan in sheet.long:
        if over >= least:
            return plan
    return sheet.plan


def _rates(plan: Plan, over: int, kinds: Kinds) -> Rates | None:
    """The dearest rates of a plan; None where it has none for text."""
    rates = {**plan.borrowed, **plan.rates}
    wanted = [*_OUTPUT, *[OUTPUT_AUDIO] * kinds.speaks, *_DRAWN * kinds.draws]
    # A model that only draws has no rate for text: then text has no price, and no call can cost it.
    output = [whole(rates[bucket]) for bucket in wanted if bucket in rates]
    if INPUT not in rates or not output:
        return None
    text = max([whole(rates[bucket]) for bucket in (*_TEXT, *_WRITES[kinds.cached])])
    return Rates(
        over,
        text,
        max([text, *[whole(rates[bucket]) for bucket in _IMAGES]]),
        max([text, *[whole(rates[bucket]) for bucket in _AUDIO]]),
        max(output),
    )


def whole(usd: Decimal) -> int:
    """USD in whole `UNIT_USD`, rounded up."""
    return int(usd.scaleb(_DIGITS, EXACT).to_integral_value(ROUND_CEILING, EXACT))


def _dearest(several: Sequence[Rates], over: int) -> Rates:
    return Rates(
        over,
        max([rates.text for rates in several]),
        max([rates.images for rates in several]),
        max([rates.audio for rates in several]),
        max([rates.output for rates in several]),
    )


def _fees(sheets: Iterable[Sheet]) -> Mapping[str, Fee]:
    fees: dict[str, Fee] = {}
    for sheet in sheets:
        for unit, fee in sheet.fees.items():
            fees[unit] = _dearer(fees[unit], fee) if unit in fees else fee
    return fees


def _dearer(a: Fee, b: Fee) -> Fee:
    """A fee that is at least as high as both, for any number of units."""
    high = a if a.usd * b.per >= b.usd * a.per else b
    return Fee(high.usd, high.per, max(a.minimum, b.minimum))
