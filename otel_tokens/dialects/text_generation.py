"""Servers of open models in their own formats: `…/generate`, `…/generate_stream`, `…/completion`.

Counting: Hugging Face's TGI states `details.generated_tokens`; the prompt is the length of
`details.prefill`, where that was asked for, or `input_length`, or a header: else it is unknown and leaves
the warning `input_unknown`. SGLang states `meta_info`, whose `cached_tokens` are inside the prompt.
llama.cpp states `tokens_evaluated` for the whole prompt, `tokens_predicted` for the output, and in
`timings.cache_n` how much of the prompt was cached; its `tokens_cached` may have the output in it, so it is
not taken for a part of the prompt. Triton and vLLM's demonstration server state nothing. An answer may be a
list, one entry for each prompt.
Streaming: TGI and llama.cpp send pieces, and the counts with the last; SGLang sends the whole text so far,
with the counts so far, each time.

Source: `_generated/types/text_generation.py` of huggingface-hub 2.4; `router/src/server.rs` of TGI,
`managers/tokenizer_manager.py` of sglang and `tools/server/README.md` of llama.cpp, as they stood in 2026.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from ..readings import Reading, Usage
from .dialect import FINAL, GOES_ON, Body, Dialect, Progress
from .fields import Counts, event_fields, get, items, string, text, view
from .native_request import SAMPLING, Names, asked_of, error_of, order_of, texts_of
from .native_usage import INPUT_UNKNOWN, counted, summed
from .openai_request import whole
from .order import Order


_NAMES: Final[Names] = MappingProxyType(
    {**SAMPLING, "max_new_tokens": "max_tokens", "n_predict": "max_tokens", "n": "choice.count"}
)
_LIMITS: Final = ("max_new_tokens", "n_predict", "max_tokens")
_DIGITS: Final = 15
"""Of the largest number that is read from a header."""
_TEXTS: Final = ("generated_text", "content", "text_output", "text")


def read(body: Body) -> Reading:
    """Read one answer, or a list of them."""
    answers = [view(one) for one in body] if isinstance(body, list) else [view(body)]
    counts = Counts()
    usage = summed([_usage(counts, one) for one in answers])
    reasons = [reason for one in answers if (reason := _reason(one)) is not None]
    first = answers[0] if answers else {}
    return Reading(
        model=string(first, "model") or string(first, "model_name"),
        id=text(first, "meta_info", "id"),
        usage=usage,
        finish_reasons=tuple(reasons),
        choices=len(answers),
        finished=0 < len(answers) == len(reasons),
        error_type=error_of(first),
        warnings=tuple(counts.warnings),
    )


def _usage(counts: Counts, fields: dict[str, Any]) -> Usage | None:
    if (details := fields.get("details")) is not None:
        own = view(details)
        prefilled = len(list(items(own, "prefill"))) or None
        prompt = prefilled if prefilled is not None else counts(own, "input_length")
        return counted(counts, prompt, counts(own, "generated_tokens"))
    if (meta := fields.get("meta_info")) is not None:
        own = view(meta)
        put, got = counts(own, "prompt_tokens"), counts(own, "completion_tokens")
        cached = counts.within(own, "cached_tokens", put or 0)
        reasoning = counts.within(own, "reasoning_tokens", got or 0)
        return counted(counts, put, got, cached=cached, reasoning=reasoning)
    put = counts(fields, "tokens_evaluated")
    cached = counts.within(view(fields.get("timings")), "cache_n", put or 0)
    return counted(counts, put, counts(fields, "tokens_predicted"), cached=cached)


def _reason(fields: dict[str, Any]) -> str | None:
    """Why an answer ended: TGI's word, SGLang's, or llama.cpp's."""
    why = get(fields.get("meta_info"), "finish_reason")
    own = text(fields.get("details"), "finish_reason") or string(fields, "stop_type")
    return own or (why if isinstance(why, str) and why else text(why, "type"))


def headed(reading: Reading, headers: Mapping[str, str]) -> Reading:
    """TGI counts the prompt and the answer in headers, beside the body."""
    given = {name: _number(headers.get(name)) for name in ("x-prompt-tokens", "x-generated-tokens")}
    is_partial = reading.usage is None or INPUT_UNKNOWN in reading.warnings
    if not is_partial or given["x-prompt-tokens"] is None:
        return reading
    counts = Counts()
    got = counts(given, "x-generated-tokens")
    if got is None and reading.usage is not None:
        got = reading.usage.output_tokens
    usage = counted(counts, counts(given, "x-prompt-tokens"), got)
    kept = [warning for warning in reading.warnings if warning != INPUT_UNKNOWN]
    return reading._replace(usage=usage or reading.usage, warnings=(*kept, *counts.warnings))


def _number(value: str | None) -> int | None:
    is_number = value is not None and value.isascii() and value.isdigit() and len(value) <= _DIGITS
    return int(value) if value is not None and is_number else None


class PieceEvents:
    """Folds pieces of a text, or whole answers that came one by one."""

    __slots__ = ("_last", "_text", "_whole")

    def __init__(self) -> None:
        self._last: dict[str, Any] = {}
        self._text: list[str] = []
        self._whole: list[Any] = []

    def see(self, event: Any) -> Progress:
        """Add one event; the one with the counts is the last."""
        fields = event_fields(event)
        if "token" in fields:
            piece = text(fields, "token", "text")
        elif "generated_text" in fields or "meta_info" in fields:
            return self._see_whole(event, fields)
        else:
            piece = string(fields, "content") or string(fields, "text_output")
        if piece is not None:
            self._text.append(piece)
        self._last = fields or self._last
        is_last = fields.get("stop") is True or fields.get("details") is not None
        return FINAL if is_last else GOES_ON

    def _see_whole(self, event: Any, fields: dict[str, Any]) -> Progress:
        """SGLang repeats an answer that grows; a list has one answer after another."""
        key = text(fields, "meta_info", "id")
        before = text(self._whole[-1], "meta_info", "id") if self._whole else None
        if key is not None and key == before:
            self._whole[-1] = event
        else:
            self._whole.append(event)
        return GOES_ON

    def body(self) -> Body:
        """The whole answers, or the one that the pieces so far add up to."""
        if self._whole:
            return self._whole
        said = "".join(self._text)
        kept = {name: value for name, value in self._last.items() if name not in ("token", "content")}
        name = "content" if "content" in self._last else "generated_text"
        return {**kept, name: kept.get(name) or said}


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a request, whose parameters stand in an object of their own or beside the prompt."""
    return asked_of(_parameters(request), _NAMES)


def order(request: Any) -> Order:
    """The order of a generation."""
    given = _parameters(request)
    return order_of(given, *_LIMITS, choices=whole(given, "n") or 1)


def _parameters(request: Any) -> dict[str, Any]:
    fields = view(request)
    return view(fields.get("parameters") or fields.get("sampling_params") or fields)


def prompt(request: Any) -> Iterator[str]:
    """The prompts, under the names of the servers."""
    yield from texts_of(request, "inputs", "prompt", "text", "text_input")


def answer(body: Body) -> Iterator[str]:
    """The texts of the answers."""
    for one in body if isinstance(body, list) else [body]:
        fields = view(one)
        for name in _TEXTS:
            value = fields.get(name)
            for piece in value if isinstance(value, list) else [value]:
                if isinstance(piece, str) and piece:
                    yield piece


GENERATE = Dialect(
    name="text_generation.generate",
    operation="text_completion",
    read=read,
    events=PieceEvents,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
    headed=headed,
)
