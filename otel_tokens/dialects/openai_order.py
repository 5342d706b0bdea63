"""What requests in OpenAI's shape order, so far as it decides what their answers may cost at most.

Counting: the output is bounded by the maximum for each choice. Prompts are cached without being asked to,
and from GPT-5.6 on that is billed. What the provider keeps or looks up, such as an earlier response, is input
that is not in the request. Tokens of images, of speech and of transcripts follow the guides' largest figures.

Source: the request types of openai 3.54; OpenAI's guides on images, audio and tools, October 2026.
"""

from __future__ import annotations

from typing import Any, Final

from .fields import get, items, string, text, view
from .openai_request import stops, whole
from .order import NOTHING, STANDARD, Order, plain


_OWN_TOOLS: Final = frozenset({"function", "custom", "local_shell", "apply_patch", "namespace", "computer"})
"""Tools that the application runs, or that only name such."""
_HIDING: Final = frozenset({"data_sources", "plugins", "search_parameters"})
"""What makes a chat read more than its messages."""
_KEPT: Final = frozenset({"conversation", "prompt"})
"""What makes a response go on from what the provider keeps."""
_EARLIER: Final = "previous_response_id"
_CACHING: Final = frozenset({"prompt_cache_retention", "prompt_cache_options"})
_TELLING: Final = (
    frozenset({"n", "best_of", "prompt", "tools", "service_tier", "modalities", "models", "prediction"})
    | _HIDING
    | {"web_search_options"}
    | _KEPT
    | {_EARLIER}
    | _CACHING
)
"""What an order depends on beside the maximum; most requests have none of it."""
_TOOLS_TOKENS: Final = 400
_SEARCHES: Final = 10
"""How often a model calls hosted tools for one answer, where nothing limits it. No maximum is documented."""
_DEEP_SEARCHES: Final = 100
_IMAGE_TOKENS: Final = 16_384
"""Of one image: 6,240 for 1536 by 1024 pixels at high quality, and 12,329 were reported for 3584 by 2048."""
_SIZES: Final = ("1024x1024", "1024x1536", "1536x1024")
_QUALITIES: Final = {"low": 1024, "medium": 2048, "high": 8192}
"""For these sizes: 408, 1,584 and 6,240 of gpt-image-1, 7,024 of gpt-image-2; previews come on top."""
_SPEECH_TOKENS: Final = 6
"""For one character, at a quarter of the usual speed: some 15 characters and 21 tokens are a second."""
_AUDIO_SECONDS: Final = 25_000
"""25 MB, the largest file, at 8 kbit/s, the lowest rate of MP3."""
_AUDIO_TOKENS: Final = 16_000
"""The context window of the models that bill audio by the token."""
_TRANSCRIPT_TOKENS: Final = 4096


def order_chat(request: Any) -> Order:
    """The order of a chat or a completion."""
    given = view(request)
    limit, older = given.get("max_completion_tokens"), given.get("max_tokens")
    if type(limit) is not int or limit <= 0:
        limit = None
    if type(older) is int and older > (limit or 0):
        limit = older  # which of the two holds is the server's to say
    if _TELLING.isdisjoint(given):
        return plain(limit, 1)
    choices = max(whole(given, "n") or 1, whole(given, "best_of") or 1)
    hidden, units = _hosted(given)
    if type(prompts := given.get("prompt")) is list:
        choices *= max(1, len([prompt for prompt in prompts if type(prompt) is not int]))
    hidden += _any(given, _HIDING)
    modalities = stops(given.get("modalities")) or ()
    if "audio" in modalities:
        hidden += sum(1 for message in items(given, "messages") if get(message, "audio") is not None)
    return Order(
        limit,
        choices,
        _variant(given),
        _cached(given),
        hidden,
        _TOOLS_TOKENS if given.get("tools") else 0,
        units=units,
        models=tuple(stops(given.get("models")) or ()),
        speaks="audio" in modalities,
        draws="image" in modalities,
        echoes=given.get("prediction") is not None,
    )


def order_responses(request: Any) -> Order:
    """The order of a Responses request."""
    given = view(request)
    limit = whole(given, "max_output_tokens")
    if _TELLING.isdisjoint(given):
        return plain(limit, 1)
    hidden, units = _hosted(given)
    hidden += _any(given, _KEPT)
    overhead = _TOOLS_TOKENS if given.get("tools") else 0
    earlier = string(given, _EARLIER)
    return Order(limit, 1, _variant(given), _cached(given), hidden, overhead, units=units, earlier=earlier)


def order_compact(request: Any) -> Order:
    """The order of a compaction, which states no maximum."""
    given = view(request)
    hidden = _any(given, _KEPT)
    return Order(None, 1, _variant(given), 1, int(hidden), earlier=string(given, _EARLIER))


def order_images(request: Any) -> Order:
    """The order of images."""
    given = view(request)
    count = whole(given, "n") or 1
    each = _IMAGE_TOKENS
    if given.get("size") in _SIZES:
        each = _QUALITIES.get(text(given, "quality") or "", each)
    return Order(each, count, units={"image": count}, draws=True)


def order_speech(request: Any) -> Order:
    """The order of speech: as many tokens as the slowest voice would take for the text."""
    spoken = get(request, "input")
    characters = len(spoken) if isinstance(spoken, str) else 0
    return Order(max(1, characters * _SPEECH_TOKENS), units={"character": characters}, speaks=True)


def order_transcription(_request: Any) -> Order:
    """The order of a transcript. The file is sent beside the request, so it may be as long as any."""
    return Order(_TRANSCRIPT_TOKENS, units={"audio_second": _AUDIO_SECONDS}, audio_tokens=_AUDIO_TOKENS)


def order_embeddings(_request: Any) -> Order:
    """Embeddings are no output that is billed."""
    return NOTHING


def _any(given: dict[str, Any], names: frozenset[str]) -> bool:
    return not names.isdisjoint(given) and any(given.get(name) is not None for name in names)


def _variant(given: dict[str, Any]) -> str:
    return "priority" if given.get("service_tier") in ("priority", "fast") else STANDARD


def _cached(given: dict[str, Any]) -> int:
    return 2 if _any(given, _CACHING) else 1


def _hosted(given: dict[str, Any]) -> tuple[int, dict[str, int] | None]:
    """How many tools the provider runs itself, and what it may bill for them."""
    hosted = [
        kind
        for tool in items(given, "tools")
        if type(kind := get(tool, "type")) is str and kind not in _OWN_TOOLS
    ]
    if get(given, "web_search_options") is not None:
        hosted.append("web_search")
    if not hosted:
        return 0, None
    deep = "deep-research" in (text(given, "model") or "")
    calls = whole(given, "max_tool_calls") or (_DEEP_SEARCHES if deep else _SEARCHES)
    units = {_unit(kind): calls for kind in hosted if "search" in kind}
    return len(hosted), units or None


def _unit(kind: str) -> str:
    return "file_search" if kind == "file_search" else "web_search"
