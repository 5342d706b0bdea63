"""How the tokens of each family of models compare with those of o200k_base, and what stands around texts.

Counting: a text has `factor` tokens for one of o200k_base. Beside its texts a prompt has what its template
puts at its start, around each message, before the first tool and around each tool; an answer has what is put
at its start and around each call of a tool.

Source: OpenAI states three tokens a message and three before the answer; all else was fitted to half of 1,400
recorded exchanges, rounded (with a view of all where there are few), and measured on the other half:
docs/estimates.md. Chat completions of GPT-5 add 80 tokens for tools, its responses none.
"""

from __future__ import annotations

import re

from typing import Final, NamedTuple


class Family(NamedTuple):
    """Models that share a vocabulary and a template."""

    name: str
    factor: float = 1.0
    prompt: tuple[int, int] = (4, 4)
    """Tokens at the start of a prompt, and around each message."""
    tools: tuple[int, int] = (50, 20)
    """Before the first tool, and around each."""
    answer: tuple[int, int] = (1, 12)
    """At the start of an answer, and around each call of a tool."""
    page: int = 500
    """Of a PDF."""
    second: float = 12.5
    """Of audio."""
    vocabulary: str = "o200k_base"
    exact: bool = False
    """Whether `vocabulary` is its own."""


_OLDER: Final = r"gpt-3|gpt-4(?:$|-)|text-embedding|davinci|babbage|\bada\b|curie"
_NEWER_CLAUDE: Final = r"claude-(?:opus-4-[7-9]|[a-z]+-[5-9](?!\d))"
_CL100K: Final = "cl100k_base"

_FAMILIES: Final = (
    (r"gpt-oss", Family("gpt-oss", 1.05, (50, 16), (0, 16), (2, 11))),
    (_OLDER, Family("openai, older", 1.0, (3, 4), (0, 19), (0, 13), 1050, 10, _CL100K, exact=True)),
    (r"gpt-[5-9]", Family("openai, newer", 1.0, (3, 4), (0, 12), (4, 3), 1050, 10, exact=True)),
    (r"gpt-4|chatgpt|\bo[134](?:-|$)", Family("openai", 1.0, (3, 4), (13, 0), (0, 4), 1050, 10, exact=True)),
    (_NEWER_CLAUDE, Family("claude, newer", 1.43, (3, 3), (400, 100), (3, 36), 2000)),
    (r"claude", Family("claude", 1.13, (5, 2), (470, 0), (3, 36), 1600)),
    (r"gemini-[3-9]", Family("gemini", 1.05, (1, 0), (5, 2), (0, 0), 1050, 25)),
    (r"gemini|gemma", Family("gemini", 1.05, (1, 0), (5, 2), (0, 0), 300, 32)),
    (r"llama-?2", Family("llama 2", 1.18, (2, 5))),
    (r"deepseek", Family("deepseek", 1.0, (1, 2), (170, 70), (0, 25))),
    (r"llama", Family("llama", 1.0, (5, 8), (300, 30), (1, 21))),
    (r"[a-z]stral|mixtral|pixtral|voxtral", Family("mistral", 1.05, (3, 7), (0, 29), (1, 7))),
    (r"qwen|qwq", Family("qwen", 1.03, (3, 6), (170, 5), (1, 18))),
    (r"kimi|moonshot", Family("kimi", 1.0, (3, 5), (40, 12), (2, 11))),
    (r"glm", Family("glm", 1.0, (6, 0), (0, 130), (0, 10))),
    (r"command|cohere", Family("cohere", 1.06, (0, 1), (0, 0), (0, 1))),
    (r"nova", Family("nova", 1.0, (0, 0), (380, 0), (2, 23))),
    (r"titan", Family("titan", 1.02, (3, 0))),
    (r"grok", Family("grok", 0.97, (150, 15), (0, 70), (0, 12))),
    (r"sonar", Family("sonar", 1.0, (1, 0), (0, 0), (0, 0))),
    (r"embed|voyage", Family("embeddings", 1.0, (0, 0), (0, 0), (0, 0))),
)
_TABLE: Final = tuple([(re.compile(pattern), family) for pattern, family in _FAMILIES])
_OTHER: Final = Family("others", 1.05)


def family_of(model: str) -> Family:
    """The family of a model, whose name is in lower case."""
    return next((family for pattern, family in _TABLE if pattern.search(model)), _OTHER)
