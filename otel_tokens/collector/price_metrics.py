"""The counters that priced spans feed: the same names and labels as those of the library.

A sender that samples at the head says so in the trace state (`ot=th:...`): a span then counts for as many as
it stands for, which `%weight` says; it is 1 for all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..telemetry import names
from .ottl import full, quoted
from .price_cost import BUCKETS, PIECES
from .price_groups import Group, plain


LABELS: Final = ("team", "feature")
"""Labels that spans of other instrumentations, or their resources, may carry, too."""

_COUNTED: Final = "@otel_tokens.count@ == true"
_SOURCE: Final = "otel_tokens.source"
_ENVIRONMENT: Final = "deployment.environment.name"


def from_resource(labels: Sequence[str]) -> Group:
    """Labels that only the resource of a span states."""
    return Group(
        "Labels of the resource.",
        _COUNTED,
        [
            f"set(@{label}@, resource.attributes[{quoted(label)}]) "
            f"where @{label}@ == nil and resource.attributes[{quoted(label)}] != nil"
            for label in labels
        ],
    )


def connector(labels: Sequence[str]) -> list[str]:
    """The `signal_to_metrics` connector, as YAML."""
    return [
        "connectors:",
        "  signal_to_metrics:",
        "    error_mode: ignore",
        "    spans:",
        *[line for metric in _metrics(labels) for line in metric],
    ]


def _metrics(labels: Sequence[str]) -> Iterator[list[str]]:
    for piece in PIECES:
        more = [(names.BUCKET, piece), (names.COST_SOURCE, None), (names.OUTCOME, None)]
        yield _metric(
            names.METRIC_COST_USD, "{USD}", "What calls cost, by bucket.", labels, more, f"%usd.{piece}"
        )
    for bucket in BUCKETS:
        more = [(names.BUCKET, bucket), (names.USAGE_SOURCE, None)]
        text = "Tokens, each in one bucket."
        yield _metric(names.METRIC_TOKENS, "{token}", text, labels, more, f"%tokens.{bucket}")
    more = [(names.OUTCOME, None), (names.ERROR_TYPE, None)]
    yield _metric(names.METRIC_REQUESTS, "{request}", "Calls that ended.", labels, more)
    text = "Calls whose cost is not known, and why."
    more = [(names.COST_STATUS, None)]
    yield _metric(names.METRIC_UNPRICED, "{request}", text, labels, more, without=f"@{names.COST_USD}@")


def _metric(  # noqa: PLR0917  # the columns of a table
    name: str,
    unit: str,
    text: str,
    labels: Sequence[str],
    more: Sequence[tuple[str, str | None]],
    amount: str | None = None,
    without: str | None = None,
) -> list[str]:
    condition = _COUNTED if amount is None else f"{_COUNTED} and {amount} != nil"
    if without is not None:
        condition += f" and {without} == nil"
    value = "%weight" if amount is None else f"Double({amount}) * %weight"
    keys: list[tuple[str, str | None]] = [
        (key, None) for key in (names.OPERATION, names.PROVIDER, names.REQUEST_MODEL, names.RESPONSE_MODEL)
    ]
    keys += [(_SOURCE, None), *more, *[(label, None) for label in labels]]
    return [
        f"      - name: {name}",
        f'        unit: "{unit}"',
        f"        description: {text.replace(':', ',')}",
        f"        conditions: [{plain(full(condition))}]",
        "        include_resource_attributes:",
        "          - {key: service.name, default_value: unknown_service}",
        f"          - {{key: {_ENVIRONMENT}, optional: true}}",
        "        attributes:",
        *[f"          - {{key: {key}, {_presence(fixed)}}}" for key, fixed in keys],
        f"        sum: {{value: {plain(full(value))}, monotonic: true}}",
    ]


def _presence(fixed: str | None) -> str:
    return "optional: true" if fixed is None else f"default_value: {fixed}"
