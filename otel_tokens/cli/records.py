"""Recorded calls: what `simulate` replays, read from JSON lines of our own or of the OpenTelemetry Collector.

Unknown keys are refused with the number of their line: a misspelt `hold_usd` would change the result unseen.
"""

from __future__ import annotations

import json

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, Final, NamedTuple, NoReturn

from ..errors import ConfigError


FORMAT: Final = """\
Either traces as the `file` exporter of the OpenTelemetry Collector writes them (OTLP in JSON, one export a
line), or one JSON object a line for each call:

  {"at": "2026-11-24T10:00:00Z", "duration_s": 1.2, "provider": "openai", "model": "gpt-5",
   "labels": {"team": "search"}, "trace": "4bf92f35", "cost_usd": "0.0025", "tokens": 1125,
   "hold_usd": "0.01"}

  at                 when it was sent: ISO 8601 with a zone, or Unix seconds; the one key that is needed
  duration_s         until its answer was there, during which it holds; else 0
  provider, model    else openai, and no model
  labels             what `match` and `per` look at, service.name and session.id among them
  trace              calls with the same text are of one trace
  cost_usd           what it cost; without it the price is not known, as for a model that has none
  tokens             in and out
  input_tokens       where the hold is to be taken from max_output_tokens
  max_output_tokens  the maximum that the request stated
  hold_usd           what it held at most; else input_tokens and max_output_tokens at the price of the model,
                     else what it cost
  hold_tokens        the same for budgets in tokens
"""


class Record(NamedTuple):
    """One recorded call."""

    at_s: float
    """When it was sent, Unix seconds."""
    end_s: float
    provider: str
    model: str | None
    labels: Mapping[str, str]
    trace: int
    """0 where it has none."""
    usd: Decimal | None
    """What it cost; None where the price is not known."""
    tokens: int
    input_tokens: int | None = None
    output_tokens: int | None = None
    max_output_tokens: int | None = None
    hold_usd: Decimal | None = None
    hold_tokens: int | None = None
    priced: bool = True
    """Whether its cost was looked up where it was recorded; else the book of prices is asked."""


Trouble = Callable[[str], NoReturn]
"""Refuses what stands on a line."""


def parsed(text: str, trouble: Trouble) -> Mapping[str, Any]:
    """The JSON object on a line."""
    try:
        value = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        trouble(f"not JSON ({error})")
    if not isinstance(value, dict):
        trouble("not a JSON object")
    return value


def record_of(given: Mapping[str, Any], trouble: Trouble) -> Record:
    """The call that one of our own lines states."""
    for name in given:
        if name not in _KEYS:
            trouble(f"unknown key {name!r}; known: {', '.join(_KEYS)}")
    if given.get("at") is None:
        trouble("at is missing: when the call was sent")
    found = {name: _KEYS[name](name, value, trouble) for name, value in given.items() if value is not None}
    at_s = found["at"]
    return Record(
        at_s,
        at_s + float(found.get("duration_s", 0)),
        found.get("provider", "openai"),
        found.get("model"),
        found.get("labels", {}),
        found.get("trace", 0),
        found.get("cost_usd"),
        found.get("tokens", 0),
        input_tokens=found.get("input_tokens"),
        max_output_tokens=found.get("max_output_tokens"),
        hold_usd=found.get("hold_usd"),
        hold_tokens=found.get("hold_tokens"),
    )


def trace_of(text: str) -> int:
    """The number of a trace: its own where the text is an id of OpenTelemetry, else made of the text."""
    if len(text) == 32:  # noqa: PLR2004  # hexadecimal digits of a trace id
        try:
            return int(text, 16)
        except ValueError:
            pass
    return int.from_bytes(sha256(text.encode()).digest()[:16], "big") if text else 0


def in_order(records: Iterable[Record]) -> list[Record]:
    """Calls by the time they were sent; those of the same time stay as they were."""
    return sorted(records, key=lambda record: record.at_s)


def _time(name: str, value: Any, trouble: Trouble) -> float:  # noqa: ANN401  # what a line holds
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        seconds = Decimal(value)
        if seconds.is_finite() and 0 <= seconds < _LATEST_S:
            return float(seconds)
    elif isinstance(value, str):
        try:
            when = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
        except ValueError:
            when = None
        if when is not None and when.tzinfo is not None and when.year >= 1970:  # noqa: PLR2004
            return when.astimezone(timezone.utc).timestamp()
    return trouble(f"{name}: {value!r}: expected a time such as 2026-11-24T10:00:00Z, or Unix seconds")


_LATEST_S: Final = 253_402_300_800
"""The year 10000."""


def _text(name: str, value: Any, trouble: Trouble) -> str:  # noqa: ANN401
    return value if isinstance(value, str) else trouble(f"{name}: {value!r}: expected a text")


def _labels(name: str, value: Any, trouble: Trouble) -> Mapping[str, str]:  # noqa: ANN401
    if not isinstance(value, dict):
        trouble(f"{name}: {value!r}: expected an object of labels")
    return {key: label_text(inner) for key, inner in value.items() if inner is not None}


def label_text(value: object) -> str:
    """The value of a label as metering spells it."""
    return str(value)


def _trace(name: str, value: Any, trouble: Trouble) -> int:  # noqa: ANN401
    return trace_of(_text(name, value, trouble))


def _number(name: str, value: Any, trouble: Trouble) -> Decimal:  # noqa: ANN401
    try:
        number = Decimal("NaN") if isinstance(value, bool) else Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        number = Decimal("NaN")
    if not number.is_finite() or not 0 <= number < _LARGEST:
        trouble(f"{name}: {value!r}: expected a number of at least 0, in quotes if it has a point")
    return number


_LARGEST: Final = 9_000_000


def _whole(name: str, value: Any, trouble: Trouble) -> int:  # noqa: ANN401
    if type(value) is not int or not 0 <= value < _LATEST_S:
        trouble(f"{name}: {value!r}: expected a whole number of at least 0")
    return value


_KEYS: Final[Mapping[str, Callable[[str, Any, Trouble], Any]]] = {
    "at": _time,
    "duration_s": _number,
    "provider": _text,
    "model": _text,
    "labels": _labels,
    "trace": _trace,
    "cost_usd": _number,
    "tokens": _whole,
    "input_tokens": _whole,
    "max_output_tokens": _whole,
    "hold_usd": _number,
    "hold_tokens": _whole,
}


def refuse(file: str, line: int) -> Trouble:
    """What refuses a line of a file."""

    def trouble(problem: str) -> NoReturn:
        raise ConfigError(f"{file}:{line}: {problem}")

    return trouble
