"""A meter and a fuse for LLM spending, native to OpenTelemetry.

    opentelemetry-instrument python app.py

or, in a program that sets up OpenTelemetry itself:

    import otel_tokens

    otel_tokens.instrument()
"""

from __future__ import annotations

from typing import Any

from .budgets.block import budget
from .errors import BudgetExceeded, ConfigError, LedgerError, OtelTokensError
from .labels import attribute
from .version import __version__


__all__ = [
    "BudgetExceeded",
    "ConfigError",
    "LedgerError",
    "OtelTokensError",
    "__version__",
    "attribute",
    "budget",
    "instrument",
    "uninstrument",
]


def instrument(
    *,
    tracer_provider: Any = None,  # noqa: ANN401  # the SDK's, or any other
    meter_provider: Any = None,  # noqa: ANN401
    logger_provider: Any = None,  # noqa: ANN401
) -> None:
    """Meter the calls of every client library, imported already or not.

    Without arguments it does what `opentelemetry-instrument` does: the global providers are used, also those
    that are set later. A second call only warns.

    Raises:
        ConfigError: a setting that decides what calls cost is wrong.
    """
    from .instrumentor import OtelTokensInstrumentor  # noqa: PLC0415  # OpenTelemetry only when needed

    OtelTokensInstrumentor().instrument(
        tracer_provider=tracer_provider,
        meter_provider=meter_provider,
        logger_provider=logger_provider,
    )


def uninstrument() -> None:
    """Stop metering, and leave the client libraries as they were."""
    from .instrumentor import OtelTokensInstrumentor  # noqa: PLC0415

    OtelTokensInstrumentor().uninstrument()
