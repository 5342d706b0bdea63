"""How each wire protocol states model, tokens and the end of an answer.

A dialect is pure: JSON or a model of a client library in, a `Reading` out; no OpenTelemetry, no input or
output, no clock. A stream folds to the body that the call would have returned whole, so that the rules of
counting exist once.
"""

from __future__ import annotations

from .dialect import ENOUGH, FINAL, GOES_ON, Body, Dialect, Events, Progress


__all__ = ["ENOUGH", "FINAL", "GOES_ON", "Body", "Dialect", "Events", "Progress"]
