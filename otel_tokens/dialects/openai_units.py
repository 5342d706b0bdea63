"""What a usage object in OpenAI's shape states beside tokens: searches, seconds of audio.

Counting: OpenRouter's `server_tool_use_details`, Perplexity's `num_search_queries` and `tool_calls_details`
and xAI's `server_side_tool_usage_details` count searches that ran; xAI's `num_sources_used` counts pages,
not searches. Mistral states `prompt_audio_seconds` beside the tokens of the text, xAI's voices
`billable_audio_seconds`.

Source: `chatusage.py` of openrouter 1.3; `usage_info.py` and `responses_usage.py` of perplexityai 0.46;
`usageinfo.py` of mistralai 3.7; xAI's guide on the usage of tools, checked 2026-11-24.
"""

from __future__ import annotations

from typing import Any, Final

from ..readings import Number
from .fields import Counts, money, view


_SECONDS: Final = ("prompt_audio_seconds", "billable_audio_seconds")
_OPENROUTER: Final = ("server_tool_use_details", "server_tool_use")
_XAI: Final = "server_side_tool_usage_details"
_PERPLEXITY: Final = "tool_calls_details"
_QUERIES: Final = "num_search_queries"
_STATING: Final = frozenset({*_SECONDS, *_OPENROUTER, _XAI, _PERPLEXITY, _QUERIES})


def stated_units(counts: Counts, usage: dict[str, Any]) -> dict[str, Number]:
    """Unit to count, of what is stated at all and above 0."""
    if _STATING.isdisjoint(usage):
        return {}
    found: list[tuple[str, Number | None]] = [("web_search", counts(usage, _QUERIES))]
    found += [("audio_second", money(usage, name)) for name in _SECONDS]
    found += [("web_search", counts(view(usage.get(name)), "web_search_requests")) for name in _OPENROUTER]
    found += _xai(counts, view(usage.get(_XAI)))
    found += _perplexity(counts, view(usage.get(_PERPLEXITY)))
    units: dict[str, Number] = {}
    for unit, number in found:
        if number:
            units[unit] = units.get(unit, 0) + number
    return units


def _xai(counts: Counts, tools: dict[str, Any]) -> list[tuple[str, Number | None]]:
    searches = [("web_search", counts(tools, name)) for name in ("web_search_calls", "x_search_calls")]
    files = [("file_search", counts(tools, name)) for name in ("file_search_calls", "document_search_calls")]
    return [*searches, *files]


def _perplexity(counts: Counts, tools: dict[str, Any]) -> list[tuple[str, Number | None]]:
    return [
        (unit, counts(view(tools.get(name)), "invocation"))
        for name, unit in (("web_search", "web_search"), ("fetch_url", "web_fetch"))
    ]
