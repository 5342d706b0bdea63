"""What requests to Bedrock and SageMaker ask for and order, and the texts in them.

Counting: the output is bounded by the maximum, which every vendor spells its own way; where there are
several, the largest counts. A prompt that is kept at Bedrock, a file in S3 and a tool that Bedrock runs are
input that is not in the request. `cachePoint` marks what is to be cached, for 5 minutes unless it says more.

Source: `ConverseRequest`, `InvokeModelRequest` of bedrock-runtime in botocore 1.44; the user guide of Bedrock
on inference parameters of models, October 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from . import anthropic_request, openai_order
from .fields import dig, get, items, string, text, view
from .foreign import parsed
from .openai_request import number, schema, stops, strings, whole
from .order import NOTHING, STANDARD, Order, plain


_GROUPS: Final = ("inferenceConfig", "textGenerationConfig", "parameters", "additionalModelRequestFields")
"""Where parameters stand, when not beside the prompt."""
_LIMITS: Final = (
    "max_tokens",
    "maxTokens",
    "max_tokens_to_sample",
    "max_completion_tokens",
    "max_new_tokens",
    "max_gen_len",
    "maxTokenCount",
)
_NAMES: Final = {
    "temperature": ("temperature",),
    "top_p": ("top_p", "topP", "p"),
    "top_k": ("top_k", "topK", "k"),
    "seed": ("seed",),
    "frequency_penalty": ("frequency_penalty",),
    "presence_penalty": ("presence_penalty",),
}
_STOPS: Final = ("stop_sequences", "stopSequences", "stop")
_CHOICES: Final = ("num_generations", "numResults", "n")
_DIMENSIONS: Final = ("dimensions", "output_dimension", "embeddingDimension")
_TEXTS: Final = ("inputText", "text", "query", "message", "preamble", "inputs")
_LISTS: Final = ("texts", "documents", "prompts")
_TOOLS_TOKENS: Final = 1000
"""What the prompt for tools takes: as at Anthropic, whose is the longest."""
_ELSEWHERE: Final = ("s3Location", "uri")
_LONG: Final = "1h"
_DEPTH: Final = 8
_SEARCHABLE: Final = 100
"""Documents that one unit of search covers."""


def _groups(request: Any) -> Iterator[dict[str, Any]]:
    given = view(request)
    yield given
    for name in _GROUPS:
        if (group := given.get(name)) is not None:
            yield view(group)


def _limit(request: Any) -> int | None:
    """The largest maximum that is stated: which one holds is the server's to say."""
    found = [
        limit for group in _groups(request) for name in _LIMITS if (limit := whole(group, name)) is not None
    ]
    return max(found, default=None)


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a request, whatever the vendor's names for them are."""
    found: dict[str, Any] = {}
    if (limit := _limit(request)) is not None:
        found["max_tokens"] = limit
    for group in _groups(request):
        for attribute, names in _NAMES.items():
            for name in names:
                if attribute not in found and (value := number(group, name)) is not None:
                    found[attribute] = value
        for name in _STOPS:
            if "stop_sequences" not in found and (stop := stops(group.get(name))):
                found["stop_sequences"] = stop
    if (level := text(request, "reasoning_effort")) is not None:
        found["reasoning.level"] = level
    if text(request, "outputConfig", "textFormat", "type") == "json_schema":
        found["output.type"] = "json"
    return found


asked_converse = asked


def asked_embeddings(request: Any) -> dict[str, Any]:
    """The attributes of a request for embeddings."""
    for group in (view(request), view(get(request, "singleEmbeddingParams"))):
        for name in _DIMENSIONS:
            if (dimensions := whole(group, name)) is not None:
                return {"dimension.count": dimensions}
    return {}


def order_converse(request: Any) -> Order:
    """The order of a converse request."""
    given = view(request)
    marks = _Marks()
    for name in ("messages", "system", "toolConfig"):
        marks.look(given.get(name), _DEPTH)
    hidden = marks.elsewhere + _kept(given)
    tools = given.get("toolConfig") is not None
    variant = _variant(given)
    if not (hidden or tools or marks.cached) and variant == STANDARD:
        return plain(_limit(request))
    overhead = _TOOLS_TOKENS if tools else 0
    return Order(_limit(request), 1, variant, marks.cached, hidden, overhead)


def order_openai(request: Any) -> Order:
    """The order of a converse request to a model of OpenAI's, which writes to its cache unasked."""
    order = order_converse(request)
    return plain(order.output_tokens, 1) if order.is_plain else order._replace(cached=max(1, order.cached))


def _kept(given: dict[str, Any]) -> int:
    """Whether the prompt itself is kept at Bedrock: its id takes the place of a model's."""
    return int(given.get("promptVariables") is not None or ":prompt/" in (text(given, "modelId") or ""))


def tier(request: Any) -> str | None:
    """The tier that a request asks for. Converse has the word inside, InvokeModel beside its body."""
    given = view(request)
    return (
        text(given.get("serviceTier"), "type")
        or string(given, "serviceTier")
        or string(given, "service_tier")
    )


def _variant(given: dict[str, Any]) -> str:
    """The dearest that a request may be billed as."""
    if tier(given) in ("priority", "fast"):
        return "priority"
    latency = text(given.get("performanceConfig"), "latency") or given.get("performanceConfigLatency")
    return "fast" if latency == "optimized" else STANDARD


class _Marks:
    """What is marked in a prompt: what is to be cached, and what is not in the request."""

    __slots__ = ("cached", "elsewhere")

    def __init__(self) -> None:
        self.cached = 0
        self.elsewhere = 0

    def look(self, node: Any, depth: int) -> None:
        """Look at a piece of the prompt, to a bounded depth."""
        if not depth:
            return
        if isinstance(node, dict):
            self._note(node)
            for value in node.values():
                self.look(value, depth - 1)
        elif isinstance(node, (list, tuple)):
            for entry in node:
                self.look(entry, depth - 1)

    def _note(self, node: dict[Any, Any]) -> None:
        if (point := node.get("cachePoint")) is not None:
            self.cached = max(self.cached, 2 if text(point, "ttl") == _LONG else 1)
        if any(node.get(name) is not None for name in _ELSEWHERE) or "systemTool" in node:
            self.elsewhere += 1


def order_invoke(request: Any) -> Order:
    """The order of a request in the shape of the model's vendor, alone or as the body that is sent."""
    if (body := get(request, "body")) is not None:
        request = parsed(body)
    given = view(request)
    if "anthropic_version" in given:
        order = anthropic_request.order(request)
    elif "inferenceConfig" in given or "toolConfig" in given:
        order = order_converse(request)
    else:
        limit = _limit(request)
        if limit is not None and "textGenerationConfig" in given:
            limit += 1  # Titan counts the end of the text as well
        order = openai_order.order_chat(request)._replace(output_tokens=limit, cached=0)
    choices = max([whole(group, name) or 1 for group in _groups(given) for name in _CHOICES])
    variant = _variant(given)
    if choices > order.choices:
        order = order._replace(choices=choices, is_plain=False)
    return order if variant == STANDARD else order._replace(variant=variant, is_plain=False)


def order_embeddings(_request: Any) -> Order:
    """Embeddings are no output that is billed."""
    return NOTHING


def order_images(request: Any) -> Order:
    """The order of images, which are billed each."""
    count = whole(view(get(request, "imageGenerationConfig")), "numberOfImages")
    return Order(0, units={"image": count or whole(view(request), "samples") or 1})


def order_rerank(request: Any) -> Order:
    """The order of a ranking: no tokens, but units of search."""
    return NOTHING._replace(units={"search_unit": search_units(request)}, is_plain=False)


def search_units(request: Any) -> int:
    """The units of search that a ranking is billed as: one for each hundred documents."""
    given = view(request)
    documents = given.get("documents") or given.get("sources")
    count = len(documents) if isinstance(documents, (list, tuple)) else 1
    return max(1, -(-count // _SEARCHABLE))


def prompt_converse(request: Any) -> Iterator[str]:
    """The texts of the system prompt, the messages and the tools."""
    yield from strings(get(request, "system"))
    for message in items(request, "messages"):
        yield from strings(get(message, "content"))
        for block in items(message, "content"):
            yield from strings(_guarded(block))
            yield from schema(dig(block, "toolUse", "input"))
            for part in items(block, "toolResult", "content"):
                yield from strings([part])
                yield from schema(get(part, "json"))
    for tool in items(request, "toolConfig", "tools"):
        yield from schema(get(tool, "toolSpec"))


def _guarded(block: Any) -> str | None:
    return text(block, "guardContent", "text", "text")


def prompt_invoke(request: Any) -> Iterator[str]:
    """The texts of a request in the shape of whatever vendor."""
    yield from anthropic_request.prompt(request)
    for name in _TEXTS:
        if (piece := text(request, name)) is not None:
            yield piece
    for name in _LISTS:
        yield from strings(get(request, name))
    for turn in items(request, "chat_history"):
        yield from strings(text(turn, "message"))
    for tool in items(request, "toolConfig", "tools"):
        yield from schema(get(tool, "toolSpec"))
    yield from strings(text(request, "singleEmbeddingParams", "text", "value"))
