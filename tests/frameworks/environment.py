"""The virtual environment with the frameworks, whose versions are pinned here and nowhere else."""

from __future__ import annotations

import subprocess

from pathlib import Path

import pytest

from tests.eras.environments import ROOT, Era, environment


FRAMEWORKS = Era(
    "frameworks",
    "3.11",
    (
        "openai==2.54.0",
        "anthropic==2.12.0",
        "langchain==1.4.7",
        "langchain-core==1.7.2",
        "langchain-openai==1.7.3",
        "langchain-anthropic==1.7.7",
        "langgraph==1.2.22",
        "litellm==1.106.2",
        "--editable",
        str(ROOT),  # with its entry points, which `opentelemetry-instrument` looks for
    ),
)


def frameworks() -> Path:
    """The `python` that has the frameworks; its environment is built when it is missing."""
    try:
        return environment(FRAMEWORKS)
    except subprocess.CalledProcessError as error:
        pytest.fail(
            f"the environment of the frameworks cannot be built, which needs a package index: {error}"
        )
