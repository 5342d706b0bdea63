"""A vocabulary that is small enough to be written down."""

from __future__ import annotations

import hashlib

from base64 import b64encode
from pathlib import Path

import pytest

from otel_tokens.tokenizers import vocabularies


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with vocabularies in which every byte is a token, which stand in for the real ones."""
    content = b"".join([b64encode(bytes([byte])) + b" %d\n" % byte for byte in range(256)])
    for name, known in vocabularies.VOCABULARIES.items():
        fake = known._replace(sha256=hashlib.sha256(content).hexdigest(), pattern=r"[\s\S]")
        monkeypatch.setitem(vocabularies.VOCABULARIES, name, fake)
        (tmp_path / known.key).write_bytes(content)
    return tmp_path
