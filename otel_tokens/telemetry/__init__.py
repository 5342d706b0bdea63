"""Turns calls into spans and metric points: the only floor but the instrumentor's that knows OpenTelemetry."""
