"""What requests in Google's shape ask for, and the texts in them.

On the wire most of it is in `generationConfig`; a call of the client library has it in `config`, and content
may there be a string, a part, or a list of either.

Source: `GenerateContentConfig`, `Part` of `types.py` of google-genai 3.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .fields import view
from .google_names import at, each, pick, plain, string_at, word
from .openai_request import schema, stops


_NUMBERS: Final = {
    "maxOutputTokens": "max_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "topK": "top_k",
    "frequencyPenalty": "frequency_penalty",
    "presencePenalty": "presence_penalty",
    "seed": "seed",
}
_KINDS: Final = {"IMAGE": "image", "AUDIO": "speech"}


def setting(request: Any, name: str) -> Any:
    """A setting, wherever the request has it; None where it has none."""
    given = view(request)
    for place in ("generationConfig", "config"):
        if (value := at(pick(given, place), name)) is not None:
            return value
    return pick(given, name)


def tier(request: Any) -> str | None:
    """The tier that a request asks for."""
    return word(setting(request, "serviceTier"))


def asked(request: Any) -> dict[str, Any]:
    """The attributes of a request for content."""
    found: dict[str, Any] = {}
    for name, attribute in _NUMBERS.items():
        if type(value := setting(request, name)) in (int, float):
            found[attribute] = value
    choices = setting(request, "candidateCount")
    if type(choices) is int and choices != 1:
        found["choice.count"] = choices
    if (stop := stops(setting(request, "stopSequences"))) is not None:
        found["stop_sequences"] = stop
    if (level := string_at(setting(request, "thinkingConfig"), "thinkingLevel")) is not None:
        found["reasoning.level"] = level.lower()
    if (kind := _output_type(request)) is not None:
        found["output.type"] = kind
    return found


def modalities(request: Any) -> tuple[str, ...]:
    """What the answer may be, as far as the request says: `TEXT`, `IMAGE`, `AUDIO`."""
    wanted = setting(request, "responseModalities")
    if isinstance(wanted, str):
        wanted = [wanted]
    words = [string_at({"word": entry}, "word") for entry in each({"words": wanted}, "words")]
    return tuple([found.upper() for found in words if found])


def _output_type(request: Any) -> str | None:
    kind = next((_KINDS[wanted] for wanted in modalities(request) if wanted in _KINDS), None)
    is_json = setting(request, "responseMimeType") == "application/json"
    return kind or ("json" if is_json else None)


def prompt(request: Any) -> Iterator[str]:
    """The texts of the system instruction, the contents and the tools."""
    inner = at(request, "generateContentRequest")
    given = request if inner is None else inner
    yield from texts(setting(given, "systemInstruction"))
    yield from texts(at(given, "contents"))
    for tool in each({"tools": setting(given, "tools")}, "tools"):
        yield from schema(plain(at(tool, "functionDeclarations")))


def texts(content: Any, depth: int = 4) -> Iterator[str]:
    """The texts of a content, a part, a string, or a list of any of them."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, (list, tuple)) and depth:
        for entry in content:
            yield from texts(entry, depth - 1)
    elif content is not None and not isinstance(content, (list, tuple)):
        yield from _part(content)
        for part in _parts(content):
            yield from texts(part, depth - 1) if isinstance(part, str) else _part(part)


def _parts(content: Any) -> list[Any]:
    parts = at(content, "parts")
    return list(parts) if isinstance(parts, (list, tuple)) else [parts]  # one part may stand without a list


def _part(part: Any) -> Iterator[str]:
    if (piece := string_at(part, "text")) is not None:
        yield piece
    for name, what in (("functionCall", "args"), ("functionResponse", "response")):
        if (call := at(part, name)) is not None:
            yield from schema(plain(at(call, "name")))
            yield from schema(plain(at(call, what)))
