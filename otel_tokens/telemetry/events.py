"""Events of budgets: log records of OpenTelemetry, and lines in the log of the program."""

from __future__ import annotations

import logging
import time

from collections.abc import Mapping
from typing import Any, Final

from opentelemetry._logs import Logger, SeverityNumber

from .. import shield


log = logging.getLogger("otel_tokens")

_SEVERITIES: Final = {
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
}


class Events:
    """Emits events by one logger of OpenTelemetry."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger

    def emit(self, name: str, level: int, text: str, attributes: Mapping[str, Any]) -> None:
        """Say `text` in the program's log, at `level`, and emit the event `name`."""
        try:
            log.log(level, "%s", text)
            self._logger.emit(
                timestamp=time.time_ns(),
                severity_number=_SEVERITIES[level],
                severity_text=logging.getLevelName(level),
                body=text,
                event_name=name,
                attributes={key: value for key, value in attributes.items() if value is not None},
            )
        except Exception:  # noqa: BLE001  # it is in the middle of a step of a ledger, which goes on
            shield.failed("telling what budgets do")
