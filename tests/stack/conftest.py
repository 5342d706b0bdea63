"""The real programs that these tests run: built by `make stack-build`, found in its cache."""

from __future__ import annotations

import os

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.stack import Ports, Stack, cache


_REQUIRED = "OTEL_TOKENS_STACK_REQUIRED"


class Programs:
    """Where the programs are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def binary(self, name: str) -> Path:
        """The program `name`; where it has not been built, the test is skipped, or fails if told to."""
        path = self.folder / name
        if not path.exists():
            reason = f"{name} is not in {self.folder}: run `make stack-build`"
            if os.environ.get(_REQUIRED):
                pytest.fail(reason)
            pytest.skip(reason)
        return path


@pytest.fixture(scope="session")
def stack() -> Programs:
    """The programs in the cache of `make stack-build`."""
    return Programs(cache())


@pytest.fixture(scope="module")
def whole(stack: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack on free ports, nothing of it started; what a test starts is ended."""
    for name in ("otelcol-tokens", "prometheus", "alertmanager", "jaeger"):
        stack.binary(name)
    made = Stack(folder=tmp_path_factory.mktemp("stack"), ports=Ports.free(), binaries=stack.folder)
    yield made
    made.stop()
