"""Budget files for tests: a ledger of each kind, and the environment that names the file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from .redis_server import Server


@dataclass
class Store:
    """Where a ledger is kept."""

    url: str
    namespace: str
    monkeypatch: pytest.MonkeyPatch
    server: Server | None = None

    def plan(self, folder: Path, text: str, **ledger: str) -> Path:
        """A budget file of this ledger and `text`, which metering will read."""
        file = folder / "otel-tokens.toml"
        head = {"url": self.url, "namespace": self.namespace, **ledger}
        rows = [f"{name} = {value!r}".replace("'", '"') for name, value in head.items()]
        file.write_text("[ledger]\n" + "\n".join(rows) + "\n" + text, "utf-8")
        self.monkeypatch.setenv("OTEL_TOKENS_CONFIG", str(file))
        return file
