"""Where each client library is patched: one file for each, all of one shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from . import anthropic, openai
from ._stainless import Package


CLIENTS: Final[Mapping[str, Package]] = {
    "openai": openai.PACKAGE,
    "anthropic": anthropic.PACKAGE,
}
"""Package name to the place where it is patched."""
