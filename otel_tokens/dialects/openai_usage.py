"""The usage object of every API in OpenAI's shape, and of the vendors that copied it.

Counting: the input count includes cache reads, cache writes, audio and images; the output count includes
reasoning and audio. Chat says `prompt_tokens`/`completion_tokens`, Responses, images and transcription say
`input_tokens`/`output_tokens`; the details objects are spelled with `tokens` or `token`. Where a cached
count has no split by modality it is taken from text first. Reasoning is inside the output, unless the
total says that it is beside (xAI chat, Vercel) or it is larger than the output. DeepSeek, Mistral and
Moonshot state the cached count beside the details.

Source: `types/completion_usage.py`, `types/responses/response_usage.py`, `types/images_response.py`,
`types/audio/transcription.py` of openai 3.54.
"""

from __future__ import annotations

from typing import Any

from ..readings import (
    CACHE_READ,
    CACHE_READ_AUDIO,
    CACHE_READ_IMAGE,
    CACHE_READ_VIDEO,
    CACHE_WRITE,
    CACHE_WRITE_12H,
    INPUT,
    INPUT_AUDIO,
    INPUT_IMAGE,
    INPUT_VIDEO,
    OUTPUT,
    OUTPUT_AUDIO,
    OUTPUT_IMAGE,
    OUTPUT_REASONING,
    Number,
    Usage,
)
from .fields import Counts, money, nonzero, view


_INPUT_DETAILS = (
    "prompt_tokens_details",
    "input_tokens_details",
    "input_token_details",
    "prompt_token_details",
)
_OUTPUT_DETAILS = (
    "completion_tokens_details",
    "output_tokens_details",
    "output_token_details",
    "completion_token_details",
)

_MODALITIES = frozenset({"audio_tokens", "image_tokens", "video_tokens"})
_CACHED = ("prompt_cache_hit_tokens", "num_cached_tokens", "cached_tokens")
"""Where DeepSeek, Mistral and Moonshot state the cached count."""


def tokens(usage: object) -> tuple[Usage | None, tuple[str, ...]]:
    """The buckets of a usage object, and warnings; None where it states no tokens."""
    if usage is None:
        return None, ()
    counts = Counts()
    stated = view(usage)
    prompt = counts.first(stated, "prompt_tokens", "input_tokens")
    completion = counts.first(stated, "completion_tokens", "output_tokens")
    if prompt is None and completion is None:
        prompt = counts(stated, "total_tokens")
        if prompt is None:
            return None, tuple(counts.warnings)
    prompt, completion = prompt or 0, completion or 0
    buckets = _input(counts, stated, prompt)
    buckets.update(_output(counts, stated, prompt, completion))
    total = counts(stated, "total_tokens")
    if total is not None and total != sum(buckets.values()):
        counts.warn()
    return Usage(buckets), tuple(counts.warnings)


def seconds(usage: object) -> dict[str, Number]:
    """The billed seconds of audio of a `duration` usage."""
    billed = money(usage, "seconds")
    return {"audio_second": billed} if billed else {}


def _details(usage: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The details of a count: only those that say something."""
    for name in names:
        if (node := usage.get(name)) is not None:
            return {part: count for part, count in view(node).items() if count}
    return {}


def _input(counts: Counts, usage: dict[str, Any], prompt: int) -> dict[str, int]:
    details = _details(usage, _INPUT_DETAILS)
    if "cached_tokens" not in details:
        for name in _CACHED:
            if hit := usage.get(name):
                details["cached_tokens"] = hit
    if not details:
        return {INPUT: prompt} if prompt else {}
    cached = counts.within(details, "cached_tokens", prompt)
    written = counts.within(details, "cache_write_tokens", prompt - cached)
    if _MODALITIES.isdisjoint(details):
        return _plain_input(counts, details, prompt, cached, written)
    audio = counts.within(details, "audio_tokens", prompt)
    image = counts.within(details, "image_tokens", prompt - audio)
    video = counts.within(details, "video_tokens", prompt - audio - image)
    split = view(details.get("cached_tokens_details"))
    cached_audio = counts.within(split, "audio_tokens", min(audio, cached))
    cached_image = counts.within(split, "image_tokens", min(image, cached - cached_audio))
    cached_video = counts.within(split, "video_tokens", min(video, cached - cached_audio - cached_image))
    plain = prompt - audio - image - video
    cached_text = min(cached - cached_audio - cached_image - cached_video, plain)
    rest = cached - cached_text - cached_audio - cached_image - cached_video
    # Cached tokens that text cannot hold are audio, then image, then video.
    more_audio = min(rest, audio - cached_audio)
    more_image = min(rest - more_audio, image - cached_image)
    cached_audio, cached_image = cached_audio + more_audio, cached_image + more_image
    cached_video += rest - more_audio - more_image
    # Writes are text too, as far as there is text; what is left of them has no bucket by modality.
    if written > plain - cached_text:
        counts.warn()
        written = plain - cached_text
    return {
        **_plain_input(counts, details, plain, cached_text, written),
        **nonzero(
            [
                (INPUT_AUDIO, audio - cached_audio),
                (INPUT_IMAGE, image - cached_image),
                (INPUT_VIDEO, video - cached_video),
                (CACHE_READ_AUDIO, cached_audio),
                (CACHE_READ_IMAGE, cached_image),
                (CACHE_READ_VIDEO, cached_video),
            ]
        ),
    }


def _plain_input(
    counts: Counts, details: dict[str, Any], whole: int, cached: int, written: int
) -> dict[str, int]:
    buckets = {}
    if fresh := whole - cached - written:
        buckets[INPUT] = fresh
    if cached:
        buckets[CACHE_READ] = cached
    if written:
        split = view(details.get("cache_write_tokens_details"))
        late = counts.within(split, "ttl_12h_tokens", written)
        buckets.update(nonzero([(CACHE_WRITE, written - late), (CACHE_WRITE_12H, late)]))
    return buckets


def _output(counts: Counts, usage: dict[str, Any], prompt: int, completion: int) -> dict[str, int]:
    details = _details(usage, _OUTPUT_DETAILS)
    if not details:
        return {OUTPUT: completion} if completion else {}
    reasoning = counts(details, "reasoning_tokens") or 0
    visible = completion
    if reasoning and not _beside(counts, usage, prompt + completion, reasoning, completion):
        visible -= reasoning
    if _MODALITIES.isdisjoint(details):
        return nonzero([(OUTPUT, visible), (OUTPUT_REASONING, reasoning)])
    audio = counts.within(details, "audio_tokens", visible)
    image = counts.within(details, "image_tokens", visible - audio)
    return nonzero(
        [
            (OUTPUT, visible - audio - image),
            (OUTPUT_REASONING, reasoning),
            (OUTPUT_AUDIO, audio),
            (OUTPUT_IMAGE, image),
        ]
    )


def _beside(counts: Counts, usage: dict[str, Any], sum_: int, reasoning: int, completion: int) -> bool:
    """Whether reasoning is on top of the output count: the total decides, else its size."""
    if counts(usage, "total_tokens") == sum_ + reasoning:
        return True
    if reasoning > completion:
        counts.warn()
        return True
    return False
