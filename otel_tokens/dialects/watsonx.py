"""IBM watsonx.ai: `POST …/ml/v1/text/generation`, `…_stream`, `…/text/chat`, `…/text/embeddings`.

Counting: each of the `results` states `input_token_count` and `generated_token_count`. A chat is in
OpenAI's shape, with `model_id` for the model. Counting tokens is free. Rankings: `rerank.py`.
Streaming: the input is stated once and is 0 afterwards, the output is the count so far: the largest of each
counts, nothing is added up. The last event has the reason to stop.

Source: `href_definitions.py`, `foundation_models/inference/` of ibm-watsonx-ai 1.8.1; `watsonx/` of LiteLLM
1.109.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from ..readings import Reading
from . import openai_chat
from .dialect import GOES_ON, Body, Dialect, Progress
from .fields import Counts, event_fields, get, items, string, text, view
from .native_request import SAMPLING, Names, asked_of, order_nothing, order_of, texts_of
from .native_usage import counted, input_alone, summed
from .openai_chunks import Chunks
from .order import Order


_NAMES: Final[Names] = MappingProxyType({**SAMPLING, "max_new_tokens": "max_tokens", "random_seed": "seed"})
_OPEN: Final = "not_finished"
_COUNTS: Final = ("input_token_count", "generated_token_count")


def read(body: Body) -> Reading:
    """Read a generation."""
    fields = view(body)
    counts = Counts()
    results = [view(result) for result in items(fields, "results")]
    usage = summed([counted(counts, *[counts(one, name) for name in _COUNTS]) for one in results])
    reasons = [reason for one in results if (reason := string(one, "stop_reason")) not in (None, _OPEN)]
    return Reading(
        model=string(fields, "model_id"),
        id=string(fields, "id"),
        usage=usage,
        finish_reasons=tuple([reason for reason in reasons if reason]),
        choices=len(results),
        finished=0 < len(results) == len(reasons),
        error_type=next((text(error, "code") or "_OTHER" for error in items(fields, "errors")), None),
        warnings=tuple(counts.warnings),
    )


class GenerationEvents:
    """Folds the events of a generation."""

    __slots__ = ("_counts", "_head", "_reason", "_text")

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._counts: dict[str, Any] = {}
        self._reason: Any = None
        self._text: list[str] = []

    def see(self, event: Any) -> Progress:
        """Add one event."""
        fields = event_fields(event)
        for name in ("model_id", "errors"):
            if fields.get(name) is not None:
                self._head[name] = fields[name]
        for result in items(fields, "results"):
            own = view(result)
            if (piece := string(own, "generated_text")) is not None:
                self._text.append(piece)
            self._reason = own.get("stop_reason") or self._reason
            for name in _COUNTS:
                self._keep(name, own.get(name))
        return GOES_ON

    def _keep(self, name: str, value: Any) -> None:
        """The largest count, and what is no count only where there is nothing better."""
        before = self._counts.get(name)
        is_number = type(value) is int or type(value) is float
        if value is not None and (before is None or (is_number and _above(value, before))):
            self._counts[name] = value

    def body(self) -> Body:
        """The generation that the events so far add up to."""
        if not self._counts and self._reason is None and not self._text:
            return self._head
        result = {"generated_text": "".join(self._text), "stop_reason": self._reason, **self._counts}
        return {**self._head, "results": [result]}


def _above(value: float, before: Any) -> bool:
    return (type(before) is not int and type(before) is not float) or value > before


def read_chat(body: Body) -> Reading:
    """Read a chat, whose model may stand under `model_id` alone."""
    reading = openai_chat.read(body)
    return reading if reading.model else reading._replace(model=text(body, "model_id"))


class ChatEvents(Chunks):
    """Folds the chunks of a chat, with the model that only watsonx names so."""

    __slots__ = ("_model",)

    def __init__(self) -> None:
        super().__init__()
        self._model: str | None = None

    def see(self, event: Any) -> Progress:
        """Add one chunk."""
        if self._model is None:
            self._model = text(event, "model_id")
        return super().see(event)

    def body(self) -> Body:
        """The chat that the chunks so far add up to."""
        body = super().body()
        return body if self._model is None else {**body, "model_id": self._model}


def read_embeddings(body: Body) -> Reading:
    """Read embeddings."""
    fields = view(body)
    counts = Counts()
    usage = input_alone(counts(fields, "input_token_count"))
    model = string(fields, "model_id")
    return Reading(model=model, usage=usage, finished=usage is not None, warnings=tuple(counts.warnings))


def read_free(body: Body) -> Reading:
    """A count of tokens says nothing that is billed."""
    return Reading(model=text(body, "model_id"))


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a generation."""
    return asked_of(get(request, "parameters"), _NAMES)


def order(request: Any) -> Order:
    """The order of a generation."""
    return order_of(get(request, "parameters"), "max_new_tokens")


def prompt(request: Any) -> Iterator[str]:
    """The input of a generation."""
    yield from texts_of(request, "input")


def prompt_embeddings(request: Any) -> Iterator[str]:
    """The texts to embed."""
    yield from texts_of(request, "inputs")


def answer(body: Body) -> Iterator[str]:
    """The generated texts."""
    for result in items(body, "results"):
        if (piece := text(result, "generated_text")) is not None:
            yield piece


GENERATION = Dialect(
    name="watsonx.generation",
    operation="text_completion",
    read=read,
    events=GenerationEvents,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
)

CHAT = replace(
    openai_chat.DIALECT,
    name="watsonx.chat",
    read=read_chat,
    events=ChatEvents,
    api_type=None,
    usage_on_request=False,
)

EMBEDDINGS = Dialect(
    name="watsonx.embeddings",
    operation="embeddings",
    read=read_embeddings,
    order=order_nothing,
    prompt=prompt_embeddings,
)

TOKENIZATION = Dialect(name="watsonx.tokenization", operation="count_tokens", read=read_free, billed=False)
