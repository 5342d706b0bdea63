"""Events of Mistral's streams: bare, as on the wire, or in the object that its client library has.

Source: `models/conversationevents.py`, `models/transcriptionstreamevents.py` of mistralai 3.7.0.
"""

from __future__ import annotations

from typing import Any

from .fields import event_fields


def fields_of(event: Any) -> dict[str, Any]:
    """The fields of an event, without the object around it."""
    fields = event_fields(event)
    data = fields.get("data")
    return fields if data is None or "type" in fields else event_fields(data)
