"""OpenAI Chat Completions, and every API in its shape: `POST …/chat/completions`.

Counting: `openai_usage.py`; where the provider states the cost, `openai_cost.py`. Groq's compound systems
state beside the usage which models it was used at: each is billed as its own, and only what they leave is
at the model that answered. OpenAI's search models search once for every answer. Mistral states the tier in
the usage. Usage of nothing at all beside a text that came is no usage.
Streaming: `openai_chunks.py`.

Source: `types/chat/chat_completion.py` and `types/completion_usage.py` of openai 3.54; `chat_completion.py`
of groq 1.7; `usageinfo.py` of mistralai 3.7; OpenAI's guide on web search, checked 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from ..readings import OUTPUT, OUTPUT_REASONING, Part, Reading, Usage, add
from . import openai_usage
from .dialect import Body, Dialect
from .fields import INCONSISTENT, get, items, money, string, text, view
from .openai_chunks import Chunks
from .openai_cost import cost
from .openai_order import order_chat
from .openai_request import asked_chat, prompt_chat
from .openai_running import SHRANK


VARIANTS: Final[Mapping[str, str]] = {
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
    parts: tuple[Part, ...] = ()
    odd: openai_usage.Warnings = (INCONSISTENT,) if SHRANK in fields else ()
    if (stated := fields.get("usage")) is None:
        stated, odd = openai_usage.elsewhere(fields)
    usage, warnings = openai_usage.tokens(stated)
    choices = fields.get("choices")
    if type(choices) is not list:
        choices = []
    reasons = [view(choice).get("finish_reason") for choice in choices]
    finish_reasons = tuple([reason for reason in reasons if type(reason) is str and reason])
    finished = 0 < len(choices) == len(finish_reasons)
    model, tier, charged = string(fields, "model"), string(fields, "service_tier"), None
    if stated is not None:
        charged, tier = cost(stated), tier or string(view(stated), "service_tier")
    if usage is not None:
        if OUTPUT not in usage.tokens and OUTPUT_REASONING not in usage.tokens:
            # A stream that was cut may have stated its input alone.
            texts = answer(body) if finished or not usage.tokens else ()
            usage, warnings = openai_usage.delivered(usage, warnings, texts)
            charged = charged if usage else charged or None
        elif fields.get("usage_breakdown") is not None:
            usage, parts, more = _by_model(usage, fields["usage_breakdown"])
            odd += more
        if usage is not None and model and "-search-" in model and model.startswith("gpt-"):
            usage = Usage(usage.tokens, {"web_search": 1, **usage.units})
    return Reading(
        model,
        string(fields, "id"),
        usage,
        parts=parts,
        parts_inside=bool(parts),
        finish_reasons=finish_reasons,
        choices=len(choices),
        finished=finished,
        variant=VARIANTS.get(tier) if tier else None,
        service_tier=tier,
        cost_usd=_of_gateway(choices) if charged is None and "generationId" in fields else charged,
        error_type=error_type(fields) if fields.get("error") else None,
        fingerprint=string(fields, "system_fingerprint"),
        warnings=tuple(dict.fromkeys((*warnings, *odd))) if odd else warnings,
    )


def _by_model(usage: Usage, breakdown: Any) -> tuple[Usage, tuple[Part, ...], openai_usage.Warnings]:
    """What is left of `usage` for the model that answered, and the parts of the models it asked.

    Parts that are more than the whole, as where each repeats it, say nothing about who used what.
    """
    by_model: dict[str | None, Usage] = {}
    odd: tuple[str, ...] = ()
    for entry in items(breakdown, "models"):
        part, warnings = openai_usage.tokens(get(entry, "usage"))
        odd += warnings
        if part is not None:
            name = text(entry, "model")
            by_model[name] = add(by_model[name], part) if name in by_model else part
    rest = openai_usage.split(usage, by_model.values())
    if rest is None:
        return usage, (), (INCONSISTENT,)
    return rest, tuple([Part(name, part) for name, part in by_model.items()]), odd


def _of_gateway(choices: list[Any]) -> Decimal | None:
    """USD that Vercel's gateway states beside the message, where the usage does not."""
    for choice in choices:
        charged = money(choice, "message", "provider_metadata", "gateway", "cost")
        if charged is not None:
            return charged
    return None


def headed(reading: Reading, headers: Mapping[str, str]) -> Reading:
    """With the seller that Hugging Face's router has chosen."""
    seller = headers.get("x-inference-provider")
    return reading._replace(served_by=seller) if seller else reading


def error_type(body: Body) -> str | None:
    """The code or type of an error that came as a body or an event."""
    error = get(body, "error")
    if not error or isinstance(error, str):
        return "_OTHER" if error else None
    return text(error, "code") or text(error, "type") or "_OTHER"


def answer(body: Body) -> Iterator[str]:
    """The texts of the choices, their reasoning, refusals and calls of tools."""
    for choice in items(body, "choices"):
        if (legacy := text(choice, "text")) is not None:
            yield legacy
        message = get(choice, "message")
        for name in ("content", "reasoning_content", "reasoning", "refusal"):
            if (piece := text(message, name)) is not None:
                yield piece
        yield from calls(message)


def calls(message: Any) -> Iterator[str]:
    """The texts of a message's calls of tools."""
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
    headed=headed,
    order=order_chat,
    asked=asked_chat,
    prompt=prompt_chat,
    answer=answer,
    usage_on_request=True,
)

DEFERRED = Dialect(
    name="openai.chat",
    operation="fetch_response",
    api_type="chat_completions",
    read=read,
    answer=answer,
    once=True,
    quiet=True,
)
"""xAI's answers that are fetched later; the call that asked for them states nothing."""
