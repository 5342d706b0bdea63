"""The chunks of a chat or of a legacy completion, folded to the answer that they add up to.

Streaming: usage comes only when `stream_options.include_usage` asked for it, in one more chunk without
choices; DeepSeek, Mistral, OpenRouter and others put it on the last chunk with choices, Moonshot into the
choice, vLLM and Perplexity on every one, Groq also into `x_groq.usage`. `openai_running.py` says which
wins.

Source: `types/chat/chat_completion_chunk.py` of openai 3.54 and of groq 1.7.
"""

from __future__ import annotations

from typing import Any, Final

from .dialect import FINAL, GOES_ON, Body, Progress
from .fields import get, index_of, items, view
from .openai_request import strings
from .openai_running import SHRANK, Running


_NOTHING: dict[str, Any] = {}
_HEAD: Final = ("id", "model", "service_tier", "system_fingerprint")


class Chunks:
    """Folds chunks of a chat or of a legacy completion."""

    __slots__ = ("_breakdown", "_choices", "_error", "_head", "_usage")

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._choices: dict[Any, _Choice] = {}
        self._usage = Running()
        self._breakdown: Any = None
        self._error: Any = None

    def see(self, event: Any) -> Progress:
        """Add one chunk; the usage chunk without choices is the last one."""
        chunk = event if type(event) is dict else getattr(event, "__dict__", _NOTHING)
        choices = chunk.get("choices")
        if type(choices) is not list:
            plain = view(event)
            if plain is not chunk and type(plain.get("choices")) is list:
                return self.see(dict(plain))
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
                if (groq := chunk.get("x_groq")) is not None:
                    self._see_groq(view(groq), alone=chunk.get("usage") is None)
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
        if (usage := choice.get("usage")) is not None:
            self._usage.add(usage)
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
        for name in _HEAD:
            if (value := chunk.get(name)) and (name not in head or name == "service_tier"):
                head[name] = value
        if (error := chunk.get("error")) is not None:
            self._error = error
        usage = chunk.get("usage")
        if (groq := chunk.get("x_groq")) is not None:
            self._see_groq(view(groq), alone=usage is None)
        if chunk.get("usage_breakdown") is not None:
            self._breakdown = chunk["usage_breakdown"]
        if usage is None:
            return GOES_ON
        self._usage.add(usage)
        last = not chunk.get("choices") and bool(self._choices) and self._finished()
        return FINAL if last else GOES_ON

    def _see_groq(self, groq: dict[str, Any], *, alone: bool) -> None:
        """Note Groq's own account of the stream, which repeats the usage, and may be the only one."""
        if alone and (usage := groq.get("usage")) is not None:
            self._usage.add(usage)
        if (breakdown := groq.get("usage_breakdown")) is not None:
            self._breakdown = breakdown
        if self._error is None and (error := groq.get("error")):
            self._error = error

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
            "usage": self._usage.stated,
        }
        if self._usage.shrank:
            body[SHRANK] = True
        if self._breakdown is not None:
            body["usage_breakdown"] = self._breakdown
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
