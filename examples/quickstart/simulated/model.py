"""The model behind every simulated API: what it says, and how many tokens that is.

Counting: a token is four bytes of UTF-8, and a token that is begun counts. Every part of a prompt
(the text of a message, of an instruction, the JSON of a tool) is counted for itself, so that each
bucket of an answer can be checked by hand.

Saying: the model repeats the beginning of the question; asked for JSON, it gives the smallest
instance of the schema; given tools, it calls one of them, and answers in words once it has seen a
result.
"""

from __future__ import annotations

import re

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .exchange import Json, compact


SNAPSHOTS = {
    "claude-haiku-4-5": "claude-haiku-4-5-20251001",
    "claude-sonnet-4-5": "claude-sonnet-4-5-20250929",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "gpt-4.1-nano": "gpt-4.1-nano-2025-04-14",
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-5-mini": "gpt-5-mini-2025-08-07",
    "gpt-5-nano": "gpt-5-nano-2025-08-07",
}
"""The providers answer with the dated model that an alias stands for."""

ECHO = 200
"""The characters of a question that are repeated."""

REASONING_TOKENS = {"none": 0, "minimal": 0, "low": 64, "medium": 128, "high": 256, "xhigh": 512}


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the caller offers."""

    name: str
    schema: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a request asks for, in the same words for every API."""

    question: str
    tools: Sequence[Tool] = ()
    schema: Json | None = None
    """Answer with an instance of it."""
    limit: int | None = None
    """The most tokens of an answer, reasoning included."""
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model says to a task: a text, or the call of a tool."""

    text: str = ""
    tool: str | None = None
    arguments: str = ""
    """JSON, when a tool is called."""
    reasoning_tokens: int = 0
    is_clipped: bool = False
    """The limit ended it."""

    @property
    def tokens(self) -> int:
        """All output, reasoning included."""
        return self.reasoning_tokens + count(self.text, self.tool or "", self.arguments)


def answer(task: Task) -> Answer:
    """What the model says to `task`."""
    reasoning = min(task.reasoning_tokens, task.limit or task.reasoning_tokens)
    if task.tools:
        tool = task.tools[0]
        arguments = compact(example(tool.schema))
        return Answer(tool=tool.name, arguments=arguments, reasoning_tokens=reasoning)
    text = _words(task) if task.schema is None else compact(example(task.schema))
    room = None if task.limit is None else 4 * (task.limit - reasoning)
    clipped = text.encode()[:room].decode(errors="ignore")
    return Answer(text=clipped, reasoning_tokens=reasoning, is_clipped=clipped != text)


def _words(task: Task) -> str:
    question = " ".join(task.question.split())[:ECHO]
    return f"A simulated model has no opinion of its own, but it did listen. You said: {question}"


def count(*parts: str) -> int:
    """The tokens of `parts`."""
    return sum(-(-len(part.encode()) // 4) for part in parts)


def pieces(text: str) -> list[str]:
    """`text` as it is streamed, word by word."""
    return re.findall(r"\s*\S+|\s+$", text)


def fragments(json_text: str) -> list[str]:
    """`json_text` as it is streamed: cut anywhere."""
    return re.findall(r".{1,8}", json_text)


def snapshot(model: str) -> str:
    """The dated name of `model`."""
    return SNAPSHOTS.get(model, model)


def reasoning_tokens(model: str, effort: object) -> int:
    """How long `model` thinks at this effort; models that do not reason ignore it."""
    if not re.match(r"gpt-[5-9]|o\d", model):
        return 0
    return REASONING_TOKENS.get(str(effort or "medium"), REASONING_TOKENS["medium"])


def chosen(tools: Sequence[Tool], choice: object, *, has_result: bool) -> Sequence[Tool]:
    """The tools that are to be called: none, the one that `choice` names, or the first."""
    match choice:
        case "none" | {"type": "none"}:
            return ()
        case {"function": {"name": name}} | {"name": name}:
            return [tool for tool in tools if tool.name == name]
    return () if has_result else tools


def example(schema: Mapping[str, object]) -> object:
    """The smallest instance of a JSON schema."""
    match schema:
        case {"const": value} | {"enum": [value, *_]} | {"default": value}:
            return value
        case {"anyOf": [dict() as first, *_]} | {"oneOf": [dict() as first, *_]}:
            return example(first)
        case {"properties": dict() as properties}:
            return {name: example(part) for name, part in properties.items()}
        case {"type": "array", "items": dict() as items}:
            return [example(items)]
        case {"type": str() as kind}:
            return {"string": "simulated", "integer": 1, "number": 1.5, "boolean": True}.get(kind, {})
    return {}
