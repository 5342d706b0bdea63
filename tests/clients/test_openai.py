"""The `openai` client: every case, on every API of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .cases import OPENAI, Api, Case, parameters, passes
from .faces import Face


@pytest.mark.parametrize(("api", "face", "case"), parameters(OPENAI))
def test_case(metered: Callable[[], Any], api: Api, face: Face, case: Case) -> None:
    """The application sees what it would see unmetered, and the call is one span and the right metrics."""
    passes(metered, api, face, case)
