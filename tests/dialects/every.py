"""The examples of all dialects together: one good answer, stream and request of each."""

from __future__ import annotations

import importlib

from pathlib import Path
from typing import Any

from otel_tokens.dialects import Dialect
from otel_tokens.dialects.catalog import DIALECTS

from . import examples


ANSWERS: dict[str, Any] = dict(examples.ANSWERS)
STREAMS: dict[str, Any] = dict(examples.STREAMS)
REQUESTS: dict[str, Any] = dict(examples.REQUESTS)
"""By the name of the dialect, or by what stands before its point."""

for _path in sorted(Path(__file__).parent.glob("examples_*.py")):
    _more = importlib.import_module(f"{__package__}.{_path.stem}")
    ANSWERS |= _more.ANSWERS
    STREAMS |= _more.STREAMS
    REQUESTS |= _more.REQUESTS


def request_of(dialect: Dialect) -> Any:
    """A request that the dialect understands."""
    family = dialect.name.partition(".")[0]
    return REQUESTS.get(dialect.name) or REQUESTS.get(family) or REQUESTS["openai"]


EVERY = DIALECTS
