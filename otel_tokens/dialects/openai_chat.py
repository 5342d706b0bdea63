"""OpenAI Chat Completions, and every API in its shape: `POST …/chat/completions`.

Counting: `openai_usage.py`. Where the provider states the cost it is in `usage` too: OpenRouter's `cost`
in USD (with `is_byok` the upstream's charge comes on top), Perplexity's `cost.total_cost`, xAI's
`cost_in_usd_ticks` of 1e-10 USD.
Streaming: usage comes only when `stream_options.include_usage` asked for it, in one more chunk without
choices; DeepSeek, Mistral, OpenRouter and others put it on the last chunk with choices, vLLM on every one,
Groq also into `x_groq.usage`. The last one wins, field by field, and nothing is ever added up.

Source: `types/chat/chat_completion_chunk.py` and `types/completion_usage.py` of openai 3.54.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..readings import Reading
from . import openai_usage
from .dialect import Body, Dialect
from .fields import dig, get, items, money, string, text, view
from .openai_request import asked_chat, prompt_chat


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
    reasons, whole = _reasons(choices if isinstance(choices, (list, tuple)) else ())
    tier = string(fields, "service_tier")
    return Reading(
        model=string(fields, "model"),
        id=string(fields, "id"),
        usage=usage,
        finish_reasons=reasons,
        variant=VARIANTS.get(tier) if tier else None,
        service_tier=tier,
        cost_usd=None if stated is None else cost(stated),
        error_type=error_type(fields) if fields.get("error") else None,
        complete=usage is not None and whole,
        fingerprint=string(fields, "system_fingerprint"),
        warnings=warnings,
    )


def _reasons(choices: Sequence[Any]) -> tuple[tuple[str, ...], bool]:
    """Why each choice ended, and whether all have."""
    reasons = []
    for choice in choices:
        if (reason := string(view(choice), "finish_reason")) is not None:
            reasons.append(reason)
    return tuple(reasons), 0 < len(choices) == len(reasons)


def cost(usage: Any) -> Decimal | None:
    """USD that the provider itself states, or None."""
    fields = view(usage)
    if (stated := fields.get("cost")) is not None:
        charged = money(fields, "cost")
        if charged is None:
            return money(stated, "total_cost")
        if fields.get("is_byok") is True:
            return charged + (money(fields, "cost_details", "upstream_inference_cost") or 0)
        return charged
    ticks = None if fields.get("cost_in_usd_ticks") is None else money(fields, "cost_in_usd_ticks")
    return None if ticks is None else ticks * _TICK_USD


def error_type(body: Body) -> str | None:
    """The code or type of an error that came as a body or an event."""
    error = get(body, "error")
    if not error or isinstance(error, str):
        return "_OTHER" if error else None
    return text(error, "code") or text(error, "type") or "_OTHER"


class Chunks:
    """Folds chunks of a chat or of a legacy completion."""

    __slots__ = ("_choices", "_error", "_head", "_usage")

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._choices: dict[int, _Choice] = {}
        self._usage: Any = None
        self._error: Any = None

    def see(self, event: Any) -> bool:
        """Add one chunk; the usage chunk without choices is the last one."""
        chunk = event if type(event) is dict else event.__dict__
        choices = chunk.get("choices")
        if chunk.get("usage") is None and choices and self._head:
            for choice in choices:
                self._see_choice(choice if type(choice) is dict else choice.__dict__)
            if event is not chunk and not event.__pydantic_extra__:
                return False
            return self._see_rest(event)
        for choice in choices or ():
            self._see_choice(view(choice))
        return self._see_rest(event)

    def _see_choice(self, choice: dict[str, Any]) -> None:
        index = choice.get("index") or 0
        state = self._choices.get(index)
        if state is None:
            state = self._choices[index] = _Choice()
        if (reason := choice.get("finish_reason")) is not None:
            state.finish_reason = reason
        delta = choice.get("delta")
        if delta is None:
            piece = choice.get("text")
            if piece:
                state.text.append(piece)
            return
        fields = delta if type(delta) is dict else delta.__dict__
        if piece := fields.get("content"):
            state.text.append(piece)
        else:
            state.see_more(view(delta))

    def _see_rest(self, event: Any) -> bool:
        """Note what few chunks say: who answers, the tier, an error, the usage."""
        chunk, head = view(event), self._head
        for name in ("id", "model", "service_tier", "system_fingerprint"):
            if (value := chunk.get(name)) is not None and (name not in head or name == "service_tier"):
                head[name] = value
        if (error := chunk.get("error")) is not None:
            self._error = error
        if (groq := dig(chunk.get("x_groq"), "usage")) is not None and self._usage is None:
            self._usage = groq
        usage = chunk.get("usage")
        if usage is None:
            return False
        self._usage = _overlay(self._usage, usage)
        return not chunk.get("choices") and bool(self._choices) and self._finished()

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
        """Note what a delta without content says: tool calls, a refusal, reasoning."""
        for call in delta.get("tool_calls") or ():
            self._see_call(get(call, "index") or 0, call)
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
    asked=asked_chat,
    prompt=prompt_chat,
    answer=answer,
    usage_on_request=True,
)
