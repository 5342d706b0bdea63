"""How the details of a usage object in OpenAI's shape split its input and its output into buckets.

Counting: details are parts of a whole; what they leave is text. They are spelled with `tokens` or `token`,
and many vendors state some of them beside the details: DeepSeek `prompt_cache_hit_tokens`, Mistral
`num_cached_tokens`, Moonshot and Together `cached_tokens`, Cerebras `image_tokens`, Azure
`audio_prompt_tokens`, gateways in front of Claude Anthropic's `cache_read_input_tokens` and
`cache_creation_input_tokens`, LiteLLM `cache_creation_tokens` with Anthropic's lifetimes. A cached count
without a split by modality is taken from text first, then from audio, images and video; writes have no
modality and are text.

Source: as `openai_usage.py`; `types/utils.py` of litellm 1.110; `responses_usage.py` of perplexityai 0.46.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..readings import (
    CACHE_READ,
    CACHE_READ_AUDIO,
    CACHE_READ_IMAGE,
    CACHE_READ_VIDEO,
    CACHE_WRITE,
    CACHE_WRITE_1H,
    CACHE_WRITE_5M,
    CACHE_WRITE_12H,
    INPUT,
    INPUT_AUDIO,
    INPUT_IMAGE,
    INPUT_VIDEO,
    OUTPUT,
    OUTPUT_AUDIO,
    OUTPUT_CITATION,
    OUTPUT_IMAGE,
    OUTPUT_REASONING,
    OUTPUT_VIDEO,
)
from .fields import Counts, nonzero, view


Details = dict[str, Any]

_INPUT: Final = (
    "prompt_tokens_details",
    "input_tokens_details",
    "input_token_details",
    "prompt_token_details",
)
_OUTPUT: Final = (
    "completion_tokens_details",
    "output_tokens_details",
    "output_token_details",
    "completion_token_details",
)
_BESIDE: Final[Mapping[str, str]] = {
    "prompt_cache_hit_tokens": "cached_tokens",
    "num_cached_tokens": "cached_tokens",
    "cached_tokens": "cached_tokens",
    "cache_read_input_tokens": "cached_tokens",
    "cache_creation_input_tokens": "cache_write_tokens",
    "cache_creation": "cache_creation",
    "image_tokens": "image_tokens",
    "audio_prompt_tokens": "audio_tokens",
}
"""What stands beside the details of the input, and what it is there."""
_BESIDE_OUTPUT: Final = ("reasoning_tokens", "citation_tokens")
_NAMES: Final[Mapping[str, str]] = {
    "cache_read_input_tokens": "cached_tokens",
    "cache_creation_input_tokens": "cache_write_tokens",
    "cache_creation_tokens": "cache_write_tokens",
    "cache_creation_token_details": "cache_creation",
}
"""Other names of details of the input."""
_COPIED: Final = frozenset({"cache_read_input_tokens", "cache_creation_input_tokens"})
"""Anthropic's names: whoever copied them may have copied that they are beside the input, too."""
_OTHER_NAMES: Final = frozenset(_NAMES)
_ELSEWHERE: Final = frozenset({*_BESIDE, *_BESIDE_OUTPUT, "num_search_queries"})
_OUTPUTS: Final = frozenset(
    {"audio_tokens", "image_tokens", "video_tokens", "text_tokens", "citation_tokens"}
)
_MODALITIES: Final = frozenset({"audio_tokens", "image_tokens", "video_tokens"})


def split_of(counts: Counts, usage: Details) -> tuple[Details, Details]:
    """The details of input and of output under OpenAI's names: only those that say something.

    `copied` notes that a cache count has Anthropic's name, `citation_tokens` that Perplexity counts.
    """
    given, made = _found(counts, usage, _INPUT), _found(counts, usage, _OUTPUT)
    if given and not _OTHER_NAMES.isdisjoint(given):
        given = _renamed(given)
    if not _ELSEWHERE.isdisjoint(usage):
        given, made = _gathered(usage, given, made)
    return given, made


def _found(counts: Counts, usage: Details, names: tuple[str, ...]) -> Details:
    for name in names:
        if node := usage.get(name):
            if not (fields := view(node)) and not hasattr(node, "__dict__"):
                counts.warn()
            return {part: count for part, count in fields.items() if count}
    return {}


def _renamed(given: Details) -> Details:
    renamed = {name: value for name, value in given.items() if name not in _NAMES}
    for name, usual in _NAMES.items():
        if name in given:
            renamed.setdefault(usual, given[name])
            if name in _COPIED:
                renamed["copied"] = True
    return renamed


def _gathered(usage: Details, given: Details, made: Details) -> tuple[Details, Details]:
    """The details with what stands beside them, and they do not say."""
    given, made = dict(given), dict(made)
    for name, usual in _BESIDE.items():
        if (value := usage.get(name)) and usual not in given:
            given[usual] = value
            if name in _COPIED:
                given["copied"] = True
    for name in _BESIDE_OUTPUT:
        if value := usage.get(name):
            made.setdefault(name, value)
    if usage.get("num_search_queries") and made:
        made.setdefault("citation_tokens", 0)
    return given, made


def input_buckets(counts: Counts, details: Details, prompt: int) -> dict[str, int]:
    """The buckets of the input; together they are `prompt`, whatever the details say."""
    if not details:
        return {INPUT: prompt} if prompt else {}
    cached = counts.within(details, "cached_tokens", prompt)
    written = counts.within(details, "cache_write_tokens", prompt - cached)
    if _MODALITIES.isdisjoint(details):
        if "text_tokens" in details:
            counts.within(details, "text_tokens", prompt)
        return _plain(counts, details, prompt, cached, written)
    audio = counts.within(details, "audio_tokens", prompt)
    image = counts.within(details, "image_tokens", prompt - audio)
    video = counts.within(details, "video_tokens", prompt - audio - image)
    plain = prompt - audio - image - video
    counts.within(details, "text_tokens", plain)
    split = view(details.get("cached_tokens_details"))
    cached_audio = counts.within(split, "audio_tokens", min(audio, cached))
    cached_image = counts.within(split, "image_tokens", min(image, cached - cached_audio))
    cached_video = counts.within(split, "video_tokens", min(video, cached - cached_audio - cached_image))
    rest = cached - cached_audio - cached_image - cached_video
    counts.within(split, "text_tokens", min(rest, plain))
    cached_text = min(rest, plain)
    rest -= cached_text
    # Cached tokens that text cannot hold are audio, then image, then video.
    more_audio = min(rest, audio - cached_audio)
    more_image = min(rest - more_audio, image - cached_image)
    cached_audio, cached_image = cached_audio + more_audio, cached_image + more_image
    cached_video += rest - more_audio - more_image
    # Writes are text too, as far as there is text; what is left of them has no bucket by modality.
    if written > plain - cached_text:
        counts.warn()
        written = plain - cached_text
    buckets = _plain(counts, details, plain, cached_text, written)
    buckets.update(
        nonzero(
            [
                (INPUT_AUDIO, audio - cached_audio),
                (INPUT_IMAGE, image - cached_image),
                (INPUT_VIDEO, video - cached_video),
                (CACHE_READ_AUDIO, cached_audio),
                (CACHE_READ_IMAGE, cached_image),
                (CACHE_READ_VIDEO, cached_video),
            ]
        )
    )
    return buckets


def _plain(counts: Counts, details: Details, whole: int, cached: int, written: int) -> dict[str, int]:
    buckets = {}
    if fresh := whole - cached - written:
        buckets[INPUT] = fresh
    if cached:
        buckets[CACHE_READ] = cached
    if written:
        buckets.update(_writes(counts, details, written))
    return buckets


def _writes(counts: Counts, details: Details, written: int) -> dict[str, int]:
    """Writes by how long they live: OpenAI's lifetimes, or Anthropic's, whose default is 5 minutes."""
    if anthropic := view(details.get("cache_creation")):
        hour = counts.within(anthropic, "ephemeral_1h_input_tokens", written)
        return nonzero([(CACHE_WRITE_5M, written - hour), (CACHE_WRITE_1H, hour)])
    late = counts.within(view(details.get("cache_write_tokens_details")), "ttl_12h_tokens", written)
    return nonzero([(CACHE_WRITE, written - late), (CACHE_WRITE_12H, late)])


def output_buckets(counts: Counts, details: Details, completion: int, inside: int) -> dict[str, int]:
    """The buckets of the output, of which `inside` tokens of `completion` are reasoning."""
    if not details:
        return {OUTPUT: completion} if completion else {}
    reasoning = counts(details, "reasoning_tokens") or 0
    visible = completion - inside
    if _OUTPUTS.isdisjoint(details):
        return nonzero([(OUTPUT, visible), (OUTPUT_REASONING, reasoning)])
    counts.within(details, "text_tokens", completion)
    audio = counts.within(details, "audio_tokens", visible)
    image = counts.within(details, "image_tokens", visible - audio)
    video = counts.within(details, "video_tokens", visible - audio - image)
    return nonzero(
        [
            (OUTPUT, visible - audio - image - video),
            (OUTPUT_REASONING, reasoning),
            (OUTPUT_AUDIO, audio),
            (OUTPUT_IMAGE, image),
            (OUTPUT_VIDEO, video),
            (OUTPUT_CITATION, counts(details, "citation_tokens") or 0),
        ]
    )
