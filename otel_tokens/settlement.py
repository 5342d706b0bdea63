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
from .providers import Site
from .readings import EXACT, INPUT, NOTHING, OUTPUT, OUTPUT_BUCKETS, Reading, Usage
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
) -> tuple[Usage | None, str | None]:
    """The usage of a call, and its source: `provider`, `estimated`, or `partial` for a stream that was cut.

    A stream is cut when it ended before the provider had stated the final counts, and some of it had come.
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
    if cut:
        return _partial(dialect, usage, got, request, estimator), "partial"
    if (found := dialect.units(request)) is None and got:
        found = _estimated(dialect, got, request, estimator)
    return found, None if found is None else "estimated"


def _estimated(dialect: Dialect, got: list[str], request: Any, estimator: Estimator) -> Usage:  # noqa: ANN401
    model = text(request, "model")
    return _tokens(estimator.estimate(dialect.prompt(request), model), estimator.estimate(got, model))


def _partial(
    dialect: Dialect,
    usage: Usage | None,
    got: list[str],
    request: Any,  # noqa: ANN401
    estimator: Estimator,
) -> Usage:
    """What was stated before the cut, with the answer's text as a lower bound of the output."""
    model = text(request, "model")
    output = estimator.at_least(got, model)
    if usage is None:
        return _tokens(estimator.estimate(dialect.prompt(request), model), output)
    stated = sum([usage.tokens.get(bucket, 0) for bucket in OUTPUT_BUCKETS])
    if output <= stated:
        return usage
    return Usage({**usage.tokens, OUTPUT: usage.tokens.get(OUTPUT, 0) + output - stated}, usage.units)


def prompt_of(dialect: Dialect, request: Any, estimator: Estimator) -> Usage:  # noqa: ANN401
    """The input of a request, which is all that is known where no answer has come."""
    return _tokens(estimator.estimate(dialect.prompt(request), text(request, "model")), 0)


def tokens_of(usage: Usage, reading: Reading) -> int:
    """All tokens of a call, with those of parts that other models answered."""
    return sum(usage.tokens.values()) + sum([sum(part.usage.tokens.values()) for part in reading.parts])


def _tokens(put: int, got: int) -> Usage:
    return Usage({bucket: count for bucket, count in ((INPUT, put), (OUTPUT, got)) if count})


def variant_of(reading: Reading, dialect: Dialect, request: Any) -> str:  # noqa: ANN401
    """What is billed: as the answer says, else as the request asked."""
    if reading.variant is not None:
        return reading.variant
    asked = text(request, "service_tier") if dialect.api_type else None
    return _REQUESTED_VARIANTS.get(asked or "", "standard")


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
    terms = Terms(
        site.provider, reading.model, at_s, requested_model, variant, site.host, reading.inference_geo
    )
    main = book.price(usage, terms)
    if reading.cost_usd is not None and source != "partial":
        return _stated(reading.cost_usd, reading, usage, main)
    if reading.parts:
        return _with_parts(book, reading, main, terms, source)
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


def _source(usage_source: str) -> str:
    return "computed" if usage_source == "provider" else "estimated"


def _with_parts(book: PriceBook, reading: Reading, main: Priced, terms: Terms, source: str) -> Cost:
    """The cost of a call of which other models answered parts; unknown when one of them is."""
    others = [
        book.price(part.usage, terms._replace(model=part.model, requested_model=None))
        for part in reading.parts
    ]
    costs = [main, *others]
    unknown = [cost.status for cost in costs if cost.usd is None]
    first, *rest = [{} if cost.usd is None else cost.by_bucket for cost in costs]
    return Cost(
        usd=None if unknown else _sum([cost.usd for cost in costs if cost.usd is not None]),
        status=unknown[0] if unknown else main.status,
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
