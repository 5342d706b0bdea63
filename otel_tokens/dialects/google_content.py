"""Google's `generateContent` and `streamGenerateContent`, of the Gemini API and of Vertex AI.

Counting: `google_usage.py`, and for grounding `google_fees.py`. The tier is stated as `trafficType` at Vertex
and as `serviceTier`, or in the header `x-gemini-service-tier`, at the Gemini API; provisioned throughput is
bought capacity. A prompt that was blocked has no candidates; what usage states of it counts.
Streaming: server-sent events, or one JSON array where nobody asks for events. Every chunk may carry the
counts so far (`Snapshots` in `google_usage.py`); the grounding may come in several chunks.

Source: `GenerateContentResponse`, `Candidate`, `FinishReason` of `types.py` of google-genai 3.6; the page on
priority inference of the Gemini API, November 2026.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..readings import Reading
from .dialect import ENOUGH, GOES_ON, Body, Dialect, Progress
from .fields import Counts, event_fields, get, index_of, view
from .google_fees import not_charged, with_fees
from .google_names import at, each, error_type, pick, plain, string_at, word
from .google_order import order
from .google_request import asked, prompt, tier
from .google_usage import Snapshots, tier_of, tokens, variant_of
from .openai_request import schema


FINISHED: Final = ("FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER")
_BLOCKED: Final = ("BLOCK_REASON_UNSPECIFIED", "SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT")
"""By their numbers, as far as Google's APIs agree on them."""

_TIER_HEADER: Final = "x-gemini-service-tier"
_HEAD: Final = ("modelVersion", "responseId", "promptFeedback")
_GROUNDED: Final = ("webSearchQueries", "imageSearchQueries", "groundingChunks")


def read(body: Body) -> Reading:
    """Read a `GenerateContentResponse`, or the array of them that a stream is."""
    if isinstance(body, (list, tuple)):
        body = folded(body)
    fields = view(body)
    counts = Counts()
    stated = pick(fields, "usageMetadata")
    model = string_at(fields, "modelVersion")
    candidates = list(each(fields, "candidates"))
    usage = with_fees(counts, tokens(counts, stated), candidates, model)
    reasons = [reason for candidate in candidates if (reason := finish_reason(candidate))]
    blocked = word(at(fields, "promptFeedback", "blockReason"), _BLOCKED)
    tier, variant = tier_of(counts, stated)
    return Reading(
        model=model,
        id=string_at(fields, "responseId"),
        usage=usage,
        finish_reasons=tuple(reasons) or ((blocked,) if blocked else ()),
        choices=len(candidates),
        finished=0 < len(candidates) == len(reasons) or (blocked is not None and not candidates),
        variant=variant,
        service_tier=tier,
        error_type=error_type(fields.get("error")),
        free=not_charged(counts),
        warnings=tuple(counts.warnings),
    )


def headed(reading: Reading, headers: Mapping[str, str]) -> Reading:
    """A reading with the tier of the headers, where the body states none."""
    tier = headers.get(_TIER_HEADER)
    if reading.service_tier is not None or not tier:
        return reading
    return reading._replace(service_tier=tier, variant=variant_of(tier))


def finish_reason(candidate: Any) -> str | None:
    """Why a candidate ended; None while it goes on."""
    return word(at(candidate, "finishReason"), FINISHED)


def folded(events: list[Any] | tuple[Any, ...]) -> Body:
    """The answer that the chunks of an array add up to."""
    chunks = Chunks()
    for event in events:
        chunks.see(event)
    return chunks.body()


class Chunks:
    """Folds the chunks of an answer."""

    __slots__ = ("_candidates", "_error", "_head", "_usage")

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._candidates: dict[int, _Candidate] = {}
        self._usage = Snapshots()
        self._error: Any = None

    def see(self, event: Any) -> Progress:
        """Add one chunk; after the reasons to stop and the usage the answer is whole."""
        fields = event_fields(event)
        for name in _HEAD:
            if (value := pick(fields, name)) is not None:
                self._head[name] = value
        if (error := fields.get("error")) is not None:
            self._error = error
        if (usage := pick(fields, "usageMetadata")) is not None:
            self._usage.see(usage)
        for candidate in each(fields, "candidates"):
            index = index_of(view(candidate))
            state = self._candidates.get(index)
            if state is None:
                state = self._candidates[index] = _Candidate()
            state.see(candidate)
        return ENOUGH if self._usage.usage and self._finished() else GOES_ON

    def _finished(self) -> bool:
        ended = [state.reason is not None for state in self._candidates.values()]
        return all(ended) if ended else at(self._head, "promptFeedback", "blockReason") is not None

    def body(self) -> Body:
        """The answer that the chunks so far add up to."""
        candidates = [state.body(index) for index, state in sorted(self._candidates.items())]
        body = {**self._head, "candidates": candidates, "usageMetadata": self._usage.usage}
        return body if self._error is None else {**body, "error": self._error}


class _Candidate:
    """What one candidate has said so far."""

    __slots__ = ("_fetched", "_grounding", "_parts", "_texts", "_thought", "reason")

    def __init__(self) -> None:
        self.reason: Any = None
        self._parts: list[Any] = []
        self._texts: list[str] = []
        self._thought: Any = None
        self._grounding: dict[str, list[Any]] = {}
        self._fetched: Any = None

    def see(self, candidate: Any) -> None:
        """Add one piece of the candidate."""
        fields = view(candidate)
        for part in each(fields, "content", "parts"):
            self._see_part(view(part))
        if (reason := finish_reason(candidate)) is not None:
            self.reason = reason
        if (grounding := pick(fields, "groundingMetadata")) is not None:
            for name in _GROUNDED:
                known = self._grounding.setdefault(name, [])
                known += each(grounding, name)
        if (fetched := pick(fields, "urlContextMetadata")) is not None:
            self._fetched = fetched

    def _see_part(self, part: dict[str, Any]) -> None:
        piece, thought = part.get("text"), part.get("thought") or None
        if type(piece) is not str:
            self._end_text()
            self._parts.append(_without_data(part))
            return
        if thought != self._thought:
            self._end_text()
            self._thought = thought
        self._texts.append(piece)

    def _end_text(self) -> None:
        if text := "".join(self._texts):
            self._parts.append({"text": text, "thought": True} if self._thought else {"text": text})
        self._texts = []

    def body(self, index: int) -> dict[str, Any]:
        """The candidate as a whole answer has it."""
        self._end_text()
        body = {"index": index, "finishReason": self.reason, "content": {"parts": list(self._parts)}}
        if self._grounding:
            body["groundingMetadata"] = self._grounding
        if self._fetched is not None:
            body["urlContextMetadata"] = self._fetched
        return body


def _without_data(part: dict[str, Any]) -> dict[str, Any]:
    """A part that is no text; of a file only its kind, because a stream may draw and speak at length."""
    if (data := pick(part, "inlineData")) is not None:
        return {"inlineData": {"mimeType": string_at(data, "mimeType")}}
    return part


def answer(body: Body) -> Iterator[str]:
    """The texts of the candidates, their thoughts, and their calls of tools."""
    for candidate in each(body, "candidates"):
        yield from pieces(at(candidate, "content"))


def pieces(content: Any) -> Iterator[str]:
    """The texts of one content: its parts, and calls and results of tools."""
    for part in each(content, "parts"):
        if (piece := string_at(part, "text")) is not None:
            yield piece
        call = at(part, "functionCall") or at(part, "functionResponse")
        if call is not None:
            yield from schema(plain(get(call, "name")))
            yield from schema(plain(get(call, "args") or get(call, "response")))
        if (code := string_at(part, "executableCode", "code")) is not None:
            yield code


DIALECT = Dialect(
    name="google.generate_content",
    operation="generate_content",
    read=read,
    events=Chunks,
    headed=headed,
    order=order,
    asked=asked,
    prompt=prompt,
    answer=answer,
    tier=tier,
)
