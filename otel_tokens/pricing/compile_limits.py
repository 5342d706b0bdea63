"""Compiles `limits.json` from the tables of models in the installed LiteLLM and genai-prices.

    python -m otel_tokens.pricing.compile_limits [--check]

Only models that write text are taken, at providers that the price book knows. A window is the larger of what
the two say, as a bound must not be too low; but where the one states input and output apart, and the other no
more than both together, it is the input. A name with a date is left out where the name without it has the
same limits. The result is the same on every machine. Nothing of LiteLLM is imported: only its table is read.

Source: LiteLLM 1.109.1, `model_prices_and_context_window_backup.json`, MIT outside of its `enterprise`
folder, copyright Berri AI; genai-prices 0.2.3, `context_window`, MIT, copyright Pydantic Services Inc. Their
notices are in the file's head.
"""

from __future__ import annotations

import json
import re
import sys

from collections.abc import Iterable, Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final

from .catalog import shipped
from .compiled import keep
from .ids import undated
from .limits import bare
from .sellers import shelf, spelled


LIMITS: Final = Path(__file__).with_name("limits.json")
TABLE: Final = "litellm/model_prices_and_context_window_backup.json"

MODES: Final = frozenset({"chat", "completion", "realtime", "responses"})

SPELLINGS: Final[Mapping[str, str]] = {
    "azure_ai": "azure.ai.openai",
    "azure_text": "azure.ai.openai",
    "bedrock_converse": "aws.bedrock",
    "bedrock_mantle": "aws.bedrock",
    "cohere_chat": "cohere",
    "meta_llama": "meta",
    "text-completion-openai": "openai",
    "voyage": "voyageai",
}
"""Provider of LiteLLM to ours, beside the spellings that the price book knows."""

_SILENT: Final = re.compile("embed|bge-|gte-|rerank|moderation|tts|whisper|image|transcribe")
"""Names of models that write no text."""

Pair = tuple[int | None, int | None]


Windows = Mapping[str, Mapping[str, int]]
"""Provider, model, and the tokens of its context window."""


def compiled(table: Mapping[str, Any], version: str, licence: str, windows: Windows | None = None) -> str:
    """The text of `limits.json`."""
    providers: dict[str, dict[str, Pair]] = {}
    everywhere: dict[str, Pair] = {}
    book = shipped()
    for key, entry in sorted(table.items()):
        if entry.get("mode") not in MODES or (pair := _pair(entry)) == (None, None):
            continue
        theirs = entry["litellm_provider"]
        ours = provider_of(theirs)
        name = _own_name(key.lower(), theirs)
        everywhere[bare(name)] = _larger(everywhere.get(bare(name)), pair)
        if book.knows(ours):
            shelved = providers.setdefault(ours, {})
            shelved[name] = _larger(shelved.get(name), pair)
    for provider, models in sorted((windows or {}).items()):
        for name, window in sorted(models.items()):
            everywhere[bare(name)] = _widened(everywhere.get(bare(name)), window)
            for own, pair in providers.get(provider, {}).items():
                if bare(own) == bare(name):
                    providers[provider][own] = _widened(pair, window)
    return _text(
        {
            "schema": 1,
            "name": "otel-tokens limits",
            "version": version,
            "notice": ["Limits compiled from LiteLLM, under this licence:", *licence.strip().splitlines()],
            "columns": ["output_tokens", "window_tokens"],
        },
        {"models": everywhere, **{name: _short(own, everywhere) for name, own in sorted(providers.items())}},
    )


def provider_of(theirs: str) -> str:
    """Our name for a provider of LiteLLM's."""
    if theirs.startswith("vertex_ai"):
        return "gcp.gemini"
    return shelf(spelled(SPELLINGS.get(theirs, theirs)))


def _own_name(key: str, theirs: str) -> str:
    """A model as its provider calls it: LiteLLM puts its own name of the provider before it."""
    for prefix in (theirs, theirs.partition("-")[0], "azure", "bedrock"):
        key = key.removeprefix(f"{prefix}/")
    return key


def _pair(entry: Mapping[str, Any]) -> Pair:
    """Output and window. A model's `max_tokens` is its output, where nothing else states it."""
    output = _whole(entry.get("max_output_tokens")) or _whole(entry.get("max_tokens"))
    window = _whole(entry.get("max_input_tokens"))
    return output, None if window is None else max(window, output or 0)


def _widened(pair: Pair | None, window: int) -> Pair:
    """A pair with what another table says of the window."""
    output, known = pair or (None, None)
    if known is not None and output is not None and output < known and window == known + output:
        return output, known  # what it says is input and output together
    return output, _max(known, window)


def _whole(value: object) -> int | None:
    try:
        number = int(value)  # type: ignore[call-overload]  # whatever it is, it may be none
    except (TypeError, ValueError):
        return None
    return number if number > 0 else None


def _larger(a: Pair | None, b: Pair) -> Pair:
    if a is None:
        return b
    return _max(a[0], b[0]), _max(a[1], b[1])


def _max(*counts: int | None) -> int | None:
    return max([count for count in counts if count is not None], default=None)


def _short(own: Mapping[str, Pair], everywhere: Mapping[str, Pair]) -> dict[str, Pair]:
    """What a provider says that its own undated name, or the table of all, does not say already."""
    short: dict[str, Pair] = {}
    for name, pair in own.items():
        base = undated(name)
        same = everywhere[bare(name)] if base is None or base not in own else own[base]
        if same != pair:
            short[name] = pair
    return short


def _text(head: Mapping[str, Any], tables: Mapping[str, Mapping[str, Pair]]) -> str:
    """JSON with one model on a line."""
    lines = [f"{_json(key)}:{_json(value)}" for key, value in head.items()]
    models, *others = [f"{_json(name)}:{{\n{_rows(rows)}\n}}" for name, rows in tables.items()]
    return "{" + ",\n".join([*lines, models, '"providers":{\n' + ",\n".join(others) + "\n}"]) + "}\n"


def _rows(rows: Mapping[str, Pair]) -> str:
    return ",\n".join(f"{_json(name)}:{_json(pair)}" for name, pair in sorted(rows.items()))


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def installed() -> str:
    """The text of `limits.json` from the LiteLLM that is installed.

    Raises:
        PackageNotFoundError: none is.
    """
    package = distribution("litellm")
    table = json.loads(Path(str(package.locate_file(TABLE))).read_text("utf-8"))
    other = distribution("genai-prices")
    licence = package.read_text("licenses/LICENSE") or ""
    licence += f"\nWindows from genai-prices, under this licence:\n{other.read_text('licenses/LICENSE')}"
    version = f"LiteLLM {package.version}, genai-prices {other.version}"
    return compiled(table, version, licence, windows())


def windows() -> dict[str, dict[str, int]]:
    """What the installed genai-prices says of context windows, of models that write text."""
    from genai_prices.data import providers  # noqa: PLC0415  # only to compile

    return {
        shelf(spelled(provider.id)): {
            model.id.lower(): model.context_window
            for model in provider.models
            if model.context_window and not _SILENT.search(model.id.lower())
        }
        for provider in providers
    }


def main(arguments: Iterable[str] | None = None) -> int:
    """Write `limits.json`, or with `--check` only say whether it is up to date."""
    return keep(LIMITS, installed, "otel_tokens.pricing.compile_limits", arguments)


if __name__ == "__main__":  # pragma: no cover - `main` is tested
    sys.exit(main())
