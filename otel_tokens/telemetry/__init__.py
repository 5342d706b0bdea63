"""Turns calls into spans and metric points; only here and in the instrumentor is OpenTelemetry known."""
