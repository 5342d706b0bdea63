"""OpenAI Chat Completions, and every API in its shape: `POST …/chat/completions`.

Counting: `openai_usage.py`. Where the provider states the cost it is in `usage` too: OpenRouter's `cost`
in USD (with `is_byok` the upstream's charge comes on top), Perplexity's `cost.total_cost`, xAI's
`cost_in_usd_ticks` of 1e-10 USD; Azure passes these on as 0, which states nothing.
Streaming: usage comes only when `stream_options.include_usage` asked for it, in one more chunk without
choices; DeepSeek, Mistral, OpenRouter and others put it on the last chunk with choices, vLLM on every one,
Groq also into `x_groq.usage`. The last one wins, field by field, and nothing is ever added up.

Source: `types/chat/chat_completion_chunk.py` and `types/completion_usage.py` of openai 3.54.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ..readings import Reading
from . import openai_usage
from .dialect import FINAL, GOES_ON, Body, Dialect, Progress
from .fields import dig, get, index_of, items, money, string, text, view
from .openai_order import order_chat
from .openai_request import asked_chat, prompt_chat, strings


_TICK_USD = Decimal("1e-10")

VARIANTS: Mapping[str, str] = {
    "auto": "standard",
    "default": "standard",
    "standard": "standard",
    "on_demand": "standard",
    "flex": "flex",
    "priority": "priority",
    "fast": "priority",
    "batch": "batch",
    "scale": "committed",
}
"""What the wire calls a service tier, and what is billed. `fast` is answered and billed as `priority`."""


def read(body: Body) -> Reading:
    """Read a `ChatCompletion` or `Completion`."""
    fields = view(body)
    stated = fields.get("usage")
    usage, warnings = openai_usage.tokens(stated)
    choices = fields.get("choices")
    if type(choices) is not list:
        choices = []
    reasons = [view(choice).get("finish_reason") for choice in choices]
    finish_reasons = tuple([reason for reason in reasons if type(reason) is str and reason])
    tier = string(fields, "service_tier")
    return Reading(
        string(fields, "model"),
        string(fields, "id"),
        usage,
        finish_reasons=finish_reasons,
        choices=len(choices),
        finished=0 < len(choices) == len(finish_reasons),
        variant=VARIANTS.get(tier) if tier else None,
        service_tier=tier,
        cost_usd=None if stated is None else cost(stated),
        error_type=error_type(fields) if fields.get("error") else None,
        fingerprint=string(fields, "system_fingerprint"),
        warnings=warnings,
    )


def cost(usage: Any) -> Decimal | None:
    """USD that the provider itself states, or None."""
    fields = view(usage)
    if "cost" in fields:
        charged = money(fields, "cost")
        if charged is None:
            return money(fields, "cost", "total_cost")
        if fields.get("is_byok") is True:
            return charged + (money(fields, "cost_details", "upstream_inference_cost") or 0)
        return charged
    if fields.get("cost_in_usd_ticks"):
        ticks = money(fields, "cost_in_usd_ticks")
        return None if ticks is None else ticks * _TICK_USD
    return None


def error_type(body: Body) -> str | None:
    """The code or type of an error that came as a body or an event."""
    error = get(body, "error")
    if not error or isinstance(error, str):
        return "_OTHER" if error else None
    return text(error, "code") or text(error, "type") or "_OTHER"


_NOTHING: dict[str, Any] = {}


class Chunks:
    """Folds chunks of a chat or of a legacy completion."""

    __slots__ = ("_choices", "_error", "_head", "_usage")

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._choices: dict[Any, _Choice] = {}
        self._usage: Any = None
        self._error: Any = None

    def see(self, event: Any) -> Progress:
        """Add one chunk; the usage chunk without choices is the last one."""
        chunk = event if type(event) is dict else getattr(event, "__dict__", _NOTHING)
        choices = chunk.get("choices")
        if type(choices) is not list:
            return self._see_rest(event)
        for choice in choices:
            fields = choice if type(choice) is dict else getattr(choice, "__dict__", _NOTHING)
            delta = fields.get("delta")
            said = delta if type(delta) is dict else getattr(delta, "__dict__", _NOTHING)
            piece, index = said.get("content"), fields.get("index")
            state = self._choices.get(index) if type(index) is int else None
            # Most chunks are one more piece of text. Whatever else there is to them takes the longer way.
            if piece and state is not None and type(piece) is str and fields.get("finish_reason") is None:
                state.text.append(piece)
            else:
                self._see_choice(view(choice))
        if chunk.get("usage") is None and self._head and not getattr(event, "__pydantic_extra__", chunk):
            return GOES_ON
        return self._see_rest(event)

    def _see_choice(self, choice: dict[str, Any]) -> None:
        index = index_of(choice)
        state = self._choices.get(index)
        if state is None:
            state = self._choices[index] = _Choice()
        if type(reason := choice.get("finish_reason")) is str:
            state.finish_reason = reason
        delta = choice.get("delta")
        if delta is None:
            if type(piece := choice.get("text")) is str:
                state.text.append(piece)
            return
        fields = view(delta)
        piece = fields.get("content")
        if type(piece) is str and piece:
            state.text.append(piece)
        else:
            state.see_more(fields)

    def _see_rest(self, event: Any) -> Progress:
        """Note what few chunks say: who answers, the tier, an error, the usage."""
        chunk, head = view(event), self._head
        for name in ("id", "model", "service_tier", "system_fingerprint"):
            if (value := chunk.get(name)) and (name not in head or name == "service_tier"):
                head[name] = value
        if (error := chunk.get("error")) is not None:
            self._error = error
        if (groq := dig(chunk.get("x_groq"), "usage")) is not None and self._usage is None:
            self._usage = groq
        usage = chunk.get("usage")
        if usage is None:
            return GOES_ON
        self._usage = _overlay(self._usage, usage)
        last = not chunk.get("choices") and bool(self._choices) and self._finished()
        return FINAL if last else GOES_ON

    def _finished(self) -> bool:
        return all(state.finish_reason for state in self._choices.values())

    def body(self) -> Body:
        """The completion that the chunks so far add up to."""
        body: dict[str, Any] = {
            **self._head,
            "choices": [
                {"index": index, "finish_reason": state.finish_reason, "message": state.message()}
                for index, state in sorted(self._choices.items())
            ],
            "usage": self._usage,
        }
        if self._error is not None:
            body["error"] = self._error
        return body


class _Choice:
    """What one choice has said so far."""

    __slots__ = ("calls", "finish_reason", "reasoning", "refusal", "text")

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.refusal: list[str] = []
        self.calls: dict[int, dict[str, Any]] = {}

    def see_more(self, delta: dict[str, Any]) -> None:
        """Note what a delta without plain content says: parts, tool calls, a refusal, reasoning."""
        self.text += strings(delta.get("content"))
        for call in items(delta, "tool_calls"):
            self._see_call(index_of(view(call)), call)
        if (function := delta.get("function_call")) is not None:
            self._see_call(0, {"function": function})
        if type(refusal := delta.get("refusal")) is str:
            self.refusal.append(refusal)
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        if type(reasoning) is str:
            self.reasoning.append(reasoning)

    def _see_call(self, index: int, call: Any) -> None:
        state = self.calls.setdefault(index, {"id": None, "name": None, "arguments": []})
        state["id"] = state["id"] or get(call, "id")
        function = get(call, "function")
        state["name"] = state["name"] or get(function, "name")
        if isinstance(arguments := get(function, "arguments"), str):
            state["arguments"].append(arguments)

    def message(self) -> dict[str, Any]:
        """The message as a whole answer has it."""
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self.text) or None}
        if self.reasoning:
            message["reasoning_content"] = "".join(self.reasoning)
        if self.refusal:
            message["refusal"] = "".join(self.refusal)
        if self.calls:
            message["tool_calls"] = [
                {
                    "id": state["id"],
                    "type": "function",
                    "function": {"name": state["name"], "arguments": "".join(state["arguments"])},
                }
                for _, state in sorted(self.calls.items())
            ]
        return message


def _overlay(old: Any, new: Any) -> Any:
    """The newer counters over the older ones; a field that went missing keeps its last value."""
    if old is None:
        return new
    fields = {**view(old), **{name: value for name, value in view(new).items() if value is not None}}
    for name, value in fields.items():
        if name.endswith("_details") and (before := get(old, name)) is not None:
            fields[name] = _overlay(before, value) if value is not before else value
    return fields


def answer(body: Body) -> Iterator[str]:
    """The texts of the choices, their reasoning, refusals and calls of tools."""
    for choice in items(body, "choices"):
        if (legacy := text(choice, "text")) is not None:
            yield legacy
        message = get(choice, "message")
        for name in ("content", "reasoning_content", "reasoning", "refusal"):
            if (piece := text(message, name)) is not None:
                yield piece
        for call in items(message, "tool_calls"):
            for name in ("name", "arguments"):
                if (piece := text(call, "function", name)) is not None:
                    yield piece


DIALECT = Dialect(
    name="openai.chat",
    operation="chat",
    api_type="chat_completions",
    read=read,
    events=Chunks,
    order=order_chat,
    asked=asked_chat,
    prompt=prompt_chat,
    answer=answer,
    usage_on_request=True,
)
