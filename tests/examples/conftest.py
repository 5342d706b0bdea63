"""The modules of the quickstart, which people run as scripts, and the real clients on top."""

import sys

from collections.abc import Iterator
from pathlib import Path

import anthropic
import openai
import pytest


QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"
sys.path.insert(0, str(QUICKSTART))

from simulator import Simulator  # noqa: E402  after the path


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """A simulator that knows nothing yet."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def gpt(sim: Simulator) -> Iterator[openai.OpenAI]:
    """The real client of OpenAI, pointed at the simulator."""
    with openai.OpenAI(base_url=sim.openai_url, api_key="any") as client:
        yield client


@pytest.fixture
def claude(sim: Simulator) -> Iterator[anthropic.Anthropic]:
    """The real client of Anthropic, pointed at the simulator."""
    with anthropic.Anthropic(base_url=sim.anthropic_url, api_key="any") as client:
        yield client
