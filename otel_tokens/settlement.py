"""What a call that has ended comes to: how it ended, its usage, its cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

from .dialects import Dialect
from .dialects.fields import text
from .pricing import Cost as Priced
from .pricing import Terms
from .pricing.sellers import by_seller
from .providers import Site
from .readings import EXACT, NOTHING, Reading, Usage
from .telemetry.finished import Cost
from .tokenizers import Estimator


if TYPE_CHECKING:  # to import it takes long, and the first call does
    from .pricing import PriceBook


OK: Final = "ok"
ERROR: Final = "error"
CANCELLED: Final = "cancelled"
ABANDONED: Final = "abandoned"
BLOCKED: Final = "blocked"

_ZERO: Final = Decimal(0)

_REQUESTED_VARIANTS: Final[Mapping[str, str]] = {
    "flex": "flex",
    "priority": "priority",
    "fast": "priority",
    "scale": "committed",
    "reserved": "committed",
    "service_tier_flex": "flex",
    "service_tier_priority": "priority",
}
"""What is billed when the answer does not say, by what the request asked for."""


def outcome_of(reading: Reading, error: BaseException | None, *, left: bool) -> tuple[str, str | None]:
    """How a call ended, and the type of its error."""
    if error is not None:
        return (ERROR, error_type(error)) if isinstance(error, Exception) else (CANCELLED, None)
    if reading.error_type is not None:
        return ERROR, reading.error_type
    if left and not reading.finished:
        return ABANDONED, None
    return OK, None


def error_type(error: BaseException) -> str:
    """The name of an exception, with the package it is from: `openai.RateLimitError`, `TimeoutError`."""
    kind = type(error)
    package = kind.__module__.partition(".")[0]
    return kind.__qualname__ if package in ("builtins", "asyncio") else f"{package}.{kind.__qualname__}"


def error_message(error: BaseException) -> str:
    """The kind of an error, without the provider's words: they may quote the prompt."""
    status = getattr(error, "status_code", None)
    return f"{type(error).__name__} (status {status})" if status else type(error).__name__


def usage_of(
    dialect: Dialect,
    reading: Reading,
    body: Any,  # noqa: ANN401
    request: Any,  # noqa: ANN401
    estimator: Estimator,
    *,
    outcome: str,
    cut: bool,
    model: str | None = None,
) -> tuple[Usage | None, str | None]:
    """The usage of a call, and its source: `provider`, `estimated`, or `partial` for a stream that was cut.

    A stream is cut when it ended before the provider had stated the final counts, and some of it had come.
    `model` is what was asked for, where the request itself does not say.
    """
    usage = reading.usage
    cut = cut and not reading.finished
    if usage is not None and not cut:
        return usage, "estimated" if reading.inferred else "provider"
    if usage is None and reading.cost_usd is not None:
        return NOTHING, "provider"
    if not dialect.billed or (not cut and outcome not in (OK, ABANDONED)):
        return None, None
    got = [] if body is None else list(dialect.answer(body))
    name = reading.model or model or text(request, "model")  # who answered, else who was asked
    from .estimates import estimated, partial  # noqa: PLC0415  # few calls need it

    if cut:
        return partial(dialect, usage, got, request, estimator, model=name), "partial"
    found = estimated(dialect, body, got, request, estimator, model=name)
    return found, None if found is None else "estimated"


def tokens_of(usage: Usage, reading: Reading) -> int:
    """All tokens of a call, with those of parts that other models answered."""
    return sum(usage.tokens.values()) + sum([sum(part.usage.tokens.values()) for part in reading.parts])


def variant_of(reading: Reading, dialect: Dialect, request: Any) -> str:  # noqa: ANN401
    """What is billed: as the answer says, else as the request asked."""
    if reading.variant is not None:
        return reading.variant
    asked = dialect.tier(request)
    return _REQUESTED_VARIANTS.get(asked.lower(), "standard") if asked else "standard"


def cost_of(
    book: PriceBook,
    reading: Reading,
    usage: Usage,
    *,
    source: str,
    site: Site,
    requested_model: str | None,
    variant: str,
    at_s: float,
) -> Cost:
    """What a call costs: as the provider states it, else by the book; each part at its own model."""
    if requested_model and (seller := reading.served_by or site.seller) is not None:
        requested_model = by_seller(requested_model, seller)
    terms = Terms(
        site.provider, reading.model, at_s, requested_model, variant, site.host, reading.inference_geo
    )
    main = book.price(usage, terms)
    if reading.free:
        main = _without(main, reading.free)
    if reading.cost_usd is not None and source != "partial":
        return _stated(reading.cost_usd, reading, usage, main)
    if reading.parts:
        return _with_parts(book, reading, usage, main, terms, source)
    if not usage.tokens and main.usd == 0 and main.warnings:
        return Cost(usd=None, status="no_usage", warnings=reading.warnings + main.warnings)
    if main.usd is None:
        return Cost(
            usd=None, status=main.status, version=main.version, warnings=reading.warnings + main.warnings
        )
    return Cost(
        usd=main.usd,
        status=main.status,
        source=_source(source),
        by_bucket=main.by_bucket,
        version=main.version,
        warnings=reading.warnings + main.warnings,
    )


def _without(cost: Priced, free: frozenset[str]) -> Priced:
    """A cost without that of buckets which are not charged, though they count towards a long prompt."""
    kept = {bucket: usd for bucket, usd in cost.by_bucket.items() if bucket not in free}
    return cost if cost.usd is None else cost._replace(usd=_sum(kept.values()), by_bucket=kept)


def _source(usage_source: str) -> str:
    return "computed" if usage_source == "provider" else "estimated"


def _with_parts(  # noqa: PLR0917 - as `cost_of`
    book: PriceBook, reading: Reading, usage: Usage, main: Priced, terms: Terms, source: str
) -> Cost:
    """The cost of a call of which other models answered parts; unknown when one of them is."""
    others = [
        book.price(part.usage, terms._replace(model=part.model, requested_model=None))
        for part in reading.parts
    ]
    # The model that answered may have used nothing itself, and have no price.
    costs = [main, *others] if usage.tokens or usage.units else others
    unknown = [cost.status for cost in costs if cost.usd is None]
    first, *rest = [{} if cost.usd is None else cost.by_bucket for cost in (main, *others)]
    return Cost(
        usd=None if unknown else _sum([cost.usd for cost in costs if cost.usd is not None]),
        status=unknown[0] if unknown else costs[0].status,
        source=None if unknown else _source(source),
        by_bucket=first,
        parts=tuple(rest),
        version=main.version,
        warnings=tuple(dict.fromkeys([*reading.warnings, *[w for cost in costs for w in cost.warnings]])),
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return reduce(EXACT.add, amounts, _ZERO)


def _stated(stated: Decimal, reading: Reading, usage: Usage, main: Priced) -> Cost:
    """The cost that the provider states, with ours beside it."""
    return Cost(
        usd=stated,
        status="priced",
        source="provider",
        by_bucket=_split(main.by_bucket, usage, stated),
        parts=tuple([{} for _ in reading.parts]),
        computed_usd=None if reading.parts else main.usd,
        warnings=reading.warnings,
    )


def _split(ours: Mapping[str, Decimal], usage: Usage, stated: Decimal) -> Mapping[str, Decimal]:
    """The provider's own cost, split over buckets as ours is; in one piece when ours is unknown."""
    total = _sum(ours.values())
    if total == stated and ours:
        return ours
    if not total:
        bucket = next(iter(usage.tokens), "request")
        return {bucket: stated} if stated else {}
    split = {b: EXACT.divide(EXACT.multiply(usd, stated), total) for b, usd in ours.items() if usd}
    last = next(reversed(split))
    split[last] = EXACT.add(split[last], EXACT.subtract(stated, _sum(split.values())))
    return split
