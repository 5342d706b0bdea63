"""How long prompts and answers of a model can be: its context window, and its maximum of output tokens.

Counting: a name is looked up as its provider spells it, then without its date, then among the models of all
providers without their prefixes, regions and versions; there the largest figure of any provider stands. What
is not found is not known: it is never guessed from a similar name.

Source: LiteLLM 1.109.1, `model_prices_and_context_window_backup.json`, MIT, copyright Berri AI; genai-prices
0.2.3, MIT, copyright Pydantic Services Inc.; their notices are in the head of `limits.json`, which
`compile_limits.py` makes.
"""

from __future__ import annotations

import json
import re

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pkgutil import get_data
from typing import Any, Final, NamedTuple

from .ids import spellings, undated
from .sellers import shelf


class Limit(NamedTuple):
    """Tokens; None is not known."""

    output_tokens: int | None
    window_tokens: int | None


UNKNOWN: Final = Limit(None, None)

_VENDORS: Final = re.compile(
    r"^(?:(?:us|us-gov|eu|ap|apac|au|ca|jp|global)\.)?"
    r"(?:ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax|mistral|moonshot|moonshotai|nvidia|openai"
    r"|qwen|twelvelabs|writer|zai)\."
)
_VERSION: Final = re.compile(r"-v\d+(?::\d+)?(?::\w+)?$|:\w+$")


def bare(name: str) -> str:
    """A name without provider, region, version and date, in the spelling that is common to all providers."""
    name = name.lower()
    if name.startswith("ft:"):
        name = name.split(":")[1]
    name = name.rpartition("/")[2]
    name = _VERSION.sub("", _VENDORS.sub("", name))
    name = name.replace("_", "-")
    return (undated(name) or name).replace(".", "-")


class Limits:
    """The limits of all models, as `limits.json` holds them."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.version: str = data["version"]
        self._providers: Mapping[str, Mapping[str, list[int | None]]] = data["providers"]
        self._models: Mapping[str, list[int | None]] = data["models"]

    def of(self, provider: str, name: str, prefixes: Iterable[str] = ()) -> Limit:
        """The limits of a model, as far as they are known."""
        own = self._providers.get(shelf(provider), {})
        for form in spellings(name, prefixes):
            for spelling in (form, undated(form)):
                if spelling is not None and (found := own.get(spelling)) is not None:
                    return Limit(*found)
        found = self._models.get(bare(name)) or self._models.get(bare(name.replace(":", "-")))
        return UNKNOWN if found is None else Limit(*found)


@lru_cache(maxsize=1)
def shipped_limits() -> Limits:
    """The limits that come with this package, read when they are first asked for."""
    return Limits(json.loads(get_data(__name__, "limits.json") or b"{}"))
