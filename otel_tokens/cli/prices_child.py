"""The process of `otel-tokens prices update` that imports the genai-prices that was got, and compiles it."""

from __future__ import annotations

import json

from pathlib import Path
from typing import Any


def run(folder: str, dated: str | None = None) -> None:
    """Write what came of it to `book.json` in the folder; the book is `dated` that day."""
    said: dict[str, Any]
    try:
        said = _compiled(dated)
    except ModuleNotFoundError as error:
        said = {"missing": error.name or str(error)}
    except Exception as error:  # noqa: BLE001 - of a library in a version that nobody has seen
        said = {"error": f"{type(error).__name__}: {error}"}
    (Path(folder) / "book.json").write_text(json.dumps(said), "utf-8")


def _compiled(dated: str | None) -> dict[str, Any]:
    from ..pricing.compile import compiled, installed  # noqa: PLC0415 - it needs what was got

    superseded: list[str] = []
    text = compiled(installed()._replace(dated=dated), superseded)
    return {"text": text, "superseded": superseded}
