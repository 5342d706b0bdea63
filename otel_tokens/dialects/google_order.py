"""What requests in Google's shape order, so far as it decides what their answers may cost at most.

Counting: `maxOutputTokens` bounds thoughts and text together, for each candidate. What the provider keeps or
fetches is input that is not in the request: a cached content, a file that is only named, the results of its
own tools. Implicit caches are free to write. The largest image that was reported has 2,520 tokens at 4K.

Source: `GenerateContentConfig`, `Tool` of google-genai 3.6; its issue 2062 on what the maximum bounds; the
pages on image generation and grounding of the Gemini API, November 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .fields import get, view
from .google_names import at, each, pick, string_at
from .google_request import modalities, setting
from .google_usage import variant_of
from .order import NOTHING, STANDARD, Order, plain


_TELLING: Final = frozenset(
    name
    for names in (
        ("cachedContent", "cached_content"),
        ("tools",),
        ("config",),
        ("generationConfig", "generation_config"),
        ("serviceTier", "service_tier"),
    )
    for name in names
)
"""What an order depends on beside the contents."""
_TOOLS_TOKENS: Final = 400
_SEARCHES: Final = 10
"""How often a model searches for one answer, where nothing limits it. No maximum is documented."""
_SEARCHING: Final = (
    "googleSearch",
    "googleSearchRetrieval",
    "enterpriseWebSearch",
)
_HOSTED: Final = (
    *_SEARCHING,
    "googleMaps",
    "urlContext",
    "codeExecution",
    "fileSearch",
    "retrieval",
    "parallelAiSearch",
    "exaAiSearch",
    "mcpServers",
)
"""Tools that Google runs, by their keys."""


def order(request: Any) -> Order:
    """The order of a request for content."""
    given = view(request)
    files = _files(given)
    if not files and _TELLING.isdisjoint(given) and "image" not in _model(given):
        return plain(None)
    limit, choices = _whole(request, "maxOutputTokens"), _whole(request, "candidateCount")
    tools = list(each({"tools": setting(request, "tools")}, "tools"))
    hosted = [name for tool in tools for name in _HOSTED if at(tool, name) is not None]
    searching = [name for name in hosted if name in _SEARCHING]
    hidden = files + len(hosted) + (setting(request, "cachedContent") is not None)
    wanted = modalities(request)
    found = Order(
        limit,
        choices or 1,
        _variant(request),
        hidden=hidden,
        overhead_tokens=_TOOLS_TOKENS if tools else 0,
        units={"web_search": _SEARCHES * len(searching)} if searching else None,
        speaks="AUDIO" in wanted,
        draws="IMAGE" in wanted or "image" in _model(given),
    )
    return plain(limit) if found == Order(limit) else found


def order_embeddings(_request: Any) -> Order:
    """Embeddings are no output that is billed."""
    return NOTHING


def order_images(request: Any) -> Order:
    """The order of Imagen's images, which are billed each."""
    count = at(request, "parameters", "sampleCount") or at(get(request, "config"), "numberOfImages")
    number = count if type(count) is int and count > 0 else 4
    return Order(0, units={"image": number}, draws=True)


def _model(given: dict[str, Any]) -> str:
    return string_at(given, "model") or ""


def _whole(request: Any, name: str) -> int | None:
    value = setting(request, name)
    return value if type(value) is int and value > 0 else None


def _variant(request: Any) -> str:
    asked = variant_of(string_at({"tier": setting(request, "serviceTier")}, "tier"))
    return "priority" if asked == "priority" else STANDARD


def _files(given: dict[str, Any]) -> int:
    """How many files are only named."""
    return sum(1 for part in _parts(pick(given, "contents")) if at(part, "fileData") is not None)


def _parts(contents: Any, depth: int = 3) -> Iterator[Any]:
    if isinstance(contents, (list, tuple)):
        if depth:
            for entry in contents:
                yield from _parts(entry, depth - 1)
    elif contents is not None and not isinstance(contents, str):
        yield contents
        yield from each(contents, "parts")
