"""The text of a compiled book, of which only what is asked for is parsed: most programs have one provider.

The layout is that of `compile_text.py`: a head, then a block for each provider. It is JSON, and reads the
same when it is parsed whole.
"""

from __future__ import annotations

import json

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final


BEGIN: Final = '"providers":{\n'
BETWEEN: Final = "\n]},\n"
"""Between two providers."""
END: Final = "\n]}\n}\n}\n"


class Pages(Mapping[str, Any]):
    """Providers by name, each parsed when it is first asked for."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._parsed: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - JSON
        """The plain data of a provider."""
        page = self._parsed.get(name)
        if page is None:
            page = self._parsed[name] = json.loads(self._texts[name])
        return page

    def __contains__(self, name: object) -> bool:
        """Whether there is such a provider: nothing is parsed for it."""
        return name in self._texts

    def __iter__(self) -> Iterator[str]:
        """The names, in the order of the book."""
        return iter(self._texts)

    def __len__(self) -> int:
        """How many providers there are."""
        return len(self._texts)


def pages_of(text: str) -> dict[str, Any]:
    """The book, with providers that are parsed on demand."""
    head, _, body = text.partition(BEGIN)
    pages: dict[str, str] = {}
    for block in body.removesuffix(END).split(BETWEEN):
        name, _, page = block.partition(":")
        pages[json.loads(name)] = f"{page}\n]}}"
    return {**json.loads(head.rstrip().removesuffix(",") + "}"), "providers": Pages(pages)}


def sealed(rest: str) -> str:
    """A book with the digest of what follows its first line: whoever checked it need not do so again."""
    return f'{{"digest":"{sha256(rest.encode()).hexdigest()}",\n{rest}'


def is_sealed(text: str) -> bool:
    """Whether the text is as it was when it was sealed, to its end."""
    return sealed(text.partition("\n")[2]) == text
