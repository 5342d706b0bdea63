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

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ..readings import Reading
from . import openai_usage
from .dialect import Body, Dialect
from .fields import dig, get, items, money, text
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
    stated = get(body, "usage")
    usage, warnings = openai_usage.tokens(stated)
    choices = list(items(body, "choices"))
    reasons = tuple([r for c in choices if (r := text(c, "finish_reason"))])
    tier = text(body, "service_tier")
    return Reading(
        model=text(body, "model"),
        id=text(body, "id"),
        usage=usage,
        finish_reasons=reasons,
        variant=VARIANTS.get(tier) if tier else None,
        service_tier=tier,
        cost_usd=cost(stated),
        error_type=error_type(body),
        complete=usage is not None and 0 < len(choices) == len(reasons),
        fingerprint=text(body, "system_fingerprint"),
        warnings=warnings,
    )


def cost(usage: Any) -> Decimal | None:  # noqa: ANN401
    """USD that the provider itself states, or None."""
    if (stated := get(usage, "cost")) is not None:
        charged = money(usage, "cost")
        if charged is None:
            return money(stated, "total_cost")
        if get(usage, "is_byok") is True:
            return charged + (money(usage, "cost_details", "upstream_inference_cost") or 0)
        return charged
    ticks = money(usage, "cost_in_usd_ticks")
    return None if ticks is None else ticks * _TICK_USD


def error_type(body: Body) -> str | None:
    """The code or type of an error that came as a body or an event."""
    error = get(body, "error")
    if not error or isinstance(error, str):
        return "_OTHER" if error else None
    return text(error, "code") or text(error, "type") or "_OTHER"


class Chunks:
    """Folds chunks of a chat or of a legacy completion."""

    __slots__ = ("_choices", "_head", "_usage", "_error")

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._choices: dict[int, _Choice] = {}
        self._usage: Any = None
        self._error: Any = None

    def see(self, event: Any) -> bool:  # noqa: ANN401
        """Add one chunk; the usage chunk without choices is the last one."""
        chunk = event if type(event) is dict else event.__dict__
        choices = chunk.get("choices")
        if not self._head and chunk.get("id") is not None:
            self._head = {"id": chunk["id"], "model": chunk.get("model")}
        if choices:
            for choice in choices:
                self._see_choice(choice if type(choice) is dict else choice.__dict__)
        usage = chunk.get("usage")
        if usage is None:
            self._see_rest(event, chunk)
            return False
        self._see_rest(event, chunk)
        self._usage = _overlay(self._usage, usage)
        return not choices and bool(self._choices) and self._finished()

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
        piece = fields.get("content")
        if piece:
            state.text.append(piece)
        else:
            state.see_more(delta, fields)

    def _see_rest(self, event: Any, chunk: dict[str, Any]) -> None:  # noqa: ANN401
        head = self._head
        if (tier := chunk.get("service_tier")) is not None:
            head["service_tier"] = tier
        if (fingerprint := chunk.get("system_fingerprint")) is not None:
            head["system_fingerprint"] = fingerprint
        if (model := chunk.get("model")) and not head.get("model"):
            head["model"] = model
        extra = chunk if chunk is event else getattr(event, "__pydantic_extra__", None) or chunk
        if extra is not chunk or type(event) is dict:
            if (error := extra.get("error")) is not None:
                self._error = error
            if (groq := dig(extra.get("x_groq"), "usage")) is not None and self._usage is None:
                self._usage = groq

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

    def see_more(self, delta: Any, fields: dict[str, Any]) -> None:  # noqa: ANN401
        """Note what a delta without content says: tool calls, a refusal, reasoning."""
        for call in fields.get("tool_calls") or ():
            self._see_call(get(call, "index") or 0, call)
        if (function := fields.get("function_call")) is not None:
            self._see_call(0, {"function": function})
        if refusal := fields.get("refusal"):
            self.refusal.append(refusal)
        extra = fields if fields is delta else getattr(delta, "__pydantic_extra__", None) or fields
        reasoning = extra.get("reasoning_content") or extra.get("reasoning")
        if isinstance(reasoning, str) and reasoning:
            self.reasoning.append(reasoning)

    def _see_call(self, index: int, call: Any) -> None:  # noqa: ANN401
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


def _overlay(old: Any, new: Any) -> Any:  # noqa: ANN401
    """The newer counters over the older ones; a field that went missing keeps its last value."""
    if old is None:
        return new
    fields = {**_mapping(old), **{k: v for k, v in _mapping(new).items() if v is not None}}
    for name, value in fields.items():
        if name.endswith("_details") and (before := get(old, name)) is not None:
            fields[name] = _overlay(before, value) if value is not before else value
    return fields


def _mapping(node: Any) -> dict[str, Any]:  # noqa: ANN401
    if type(node) is dict:
        return node
    return {
        **getattr(node, "__dict__", {}),
        **(getattr(node, "__pydantic_extra__", None) or {}),
    }


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
