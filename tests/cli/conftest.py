"""The terminal of these tests."""

from __future__ import annotations

from .terminal import terminal


__all__ = ["terminal"]
