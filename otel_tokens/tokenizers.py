"""Estimates tokens when a provider said nothing.

Never a network call: a vocabulary of tiktoken is used only when its file is already on this machine, where
`TIKTOKEN_CACHE_DIR` says. Without it, a token is taken for 4 bytes of UTF-8 text, and a lower bound for 5,
which English, code and Chinese all exceed.

Source: the sizes of o200k_base tokens on prose, code and CJK text; a later release measures each family.
"""

from __future__ import annotations

import hashlib
import re

from collections.abc import Iterable
from math import ceil
from pathlib import Path
from typing import Any, Final


BYTES_PER_TOKEN: Final = 4
BYTES_PER_TOKEN_AT_MOST: Final = 5

_PIECE_CHARS: Final = 4096
"""tiktoken takes quadratic time on long runs without spaces, so it gets bounded pieces."""

_ENCODINGS: Final = {
    "o200k_base": "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken",
    "cl100k_base": "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken",
}
_SHA256: Final = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}
"""tiktoken downloads a vocabulary anew when its file has another checksum."""
_OLDER: Final = ("gpt-3.5", "gpt-4-", "gpt-35", "text-embedding", "text-davinci", "davinci", "babbage")

_OPENAI: Final = re.compile(
    r"(?:openai/)?(?:gpt-[345]|gpt-35|chatgpt|o[134]-|o[134]$|text-embedding|(?:ft:)?gpt-[345])"
)
"""Names of models whose vocabulary is known."""
_MARGIN: Final = 3
"""Tokens of another family for one of o200k_base, on ASCII text. 1.9 were the most that was measured, on one
long word again and again at Claude; it is no proof, as longer words may come."""
_SEPARATOR: Final = '","'


def _vocabulary(model: str | None) -> str:
    name = (model or "").removeprefix("openai/").removeprefix("ft:")
    return "cl100k_base" if name == "gpt-4" or name.startswith(_OLDER) else "o200k_base"


class Estimator:
    """Estimates tokens with the vocabularies in `folder`, or by the bytes of the text."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._encodings: dict[str, Any] = {}

    def estimate(self, texts: Iterable[str], model: str | None = None) -> int:
        """About how many tokens `texts` have for `model`."""
        return self._count("".join(texts), model, BYTES_PER_TOKEN)

    def at_least(self, texts: Iterable[str], model: str | None = None) -> int:
        """How many tokens `texts` have at the least for `model`."""
        return self._count("".join(texts), model, BYTES_PER_TOKEN_AT_MOST)

    def at_most(self, texts: Iterable[str], model: str | None = None) -> int | None:
        """How many tokens `texts` have at the most for `model`, as the parts of one JSON document.

        None where no vocabulary is on this machine. Of a family whose vocabulary is not known, what is not
        ASCII counts by its bytes, and the rest with a margin.
        """
        name = _vocabulary(model)
        if (encoding := self._encoding(name)) is None:
            return None
        text = _SEPARATOR.join(texts)
        if _OPENAI.match(model or ""):
            return _encode(encoding, text)
        plain = text.encode("ascii", "ignore").decode()
        others = len(text.encode("utf-8", "surrogatepass")) - len(plain)
        return others + ceil(_encode(encoding, plain) * _MARGIN)

    def _count(self, text: str, model: str | None, bytes_per_token: int) -> int:
        if not text:
            return 0
        if (encoding := self._encoding(_vocabulary(model))) is not None:
            return _encode(encoding, text)
        return max(1, len(text.encode("utf-8", "surrogatepass")) // bytes_per_token)

    def _encoding(self, name: str) -> Any:  # noqa: ANN401
        if name not in self._encodings:
            self._encodings[name] = _load(name, self._folder)
        return self._encodings[name]


def _encode(encoding: Any, text: str) -> int:  # noqa: ANN401
    return sum(
        len(encoding.encode_ordinary(text[start : start + _PIECE_CHARS]))
        for start in range(0, len(text), _PIECE_CHARS)
    )


def _load(name: str, folder: Path | None) -> Any:  # noqa: ANN401
    """The encoding `name` of tiktoken when its vocabulary is in `folder`, else None."""
    if folder is None:
        return None
    key = hashlib.sha1(_ENCODINGS[name].encode(), usedforsecurity=False).hexdigest()
    try:
        content = (folder / key).read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content).hexdigest() != _SHA256[name]:
        return None
    import tiktoken  # noqa: PLC0415  # only when it can be used: it is slow to import

    return tiktoken.get_encoding(name)
