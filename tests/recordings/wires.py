"""Reads recorded answers without any client library, and says what is read wrong.

    python -m tests.recordings.wires [api ...]

prints the wrong ones of the APIs whose names begin so. What an API is told by when a recording has no request
stands in `PATHS`.
"""

from __future__ import annotations

import base64
import json
import os
import sys

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from otel_tokens.dialects import exchange
from otel_tokens.dialects.catalog import find
from otel_tokens.dialects.dialect import Dialect
from otel_tokens.readings import NOTHING, Reading, add


ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("OTEL_TOKENS_RECORDINGS") or ROOT.parent / "shared" / "recordings")

PATHS: Mapping[str, tuple[str, str]] = {
    "openai.realtime": ("ws", "/v1/realtime"),
    "azure-openai.realtime": ("ws", "/openai/realtime"),
    "xai.realtime": ("ws", "/v1/realtime"),
    "gemini.live": ("ws", "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"),
}
"""Method and path of APIs whose recordings have no request."""

_BESIDE = "xAI leaves `response.usage` empty and states the counts in the event's own `usage`"

_NUMBERED: Mapping[Any, str] = {1: "STOP", 2: "MAX_TOKENS"}
"""Finish reasons of Google's, where a client has asked for numbers of enums."""

NOT_USAGE: Mapping[str, str] = {
    "xai-realtime-stream-3f4b5ec81b": _BESIDE,
    "xai-realtime-stream-7df44a14b9": _BESIDE,
    "xai-realtime-stream-810c6c1446": _BESIDE,
    "xai-realtime-stream-b3d50ebfb1": _BESIDE,
    "xai-realtime-stream-f33b277168": _BESIDE,
}
"""Recordings whose `expected` is not followed, each with the reason found in its wire."""


@dataclass(frozen=True)
class Wire:
    """One recorded exchange."""

    id: str
    api: str
    method: str
    url: str
    request: Any
    status: int
    headers: Mapping[str, str]
    answer: bytes
    expected: Mapping[str, Any]
    source: str


def load(path: Path) -> Wire:
    """The exchange in a file."""
    data = json.loads(path.read_text("utf-8"))
    request, response = data["request"] or {}, data["response"]
    body = response["body"] or ""
    encoded = response.get("body_encoding") == "base64"
    api = data["api"]
    method, url = request.get("method"), request.get("url")
    if not url:
        method, url = PATHS[api]
    headers = dict(response.get("headers") or {})
    if data["wire"] == "websocket":
        headers["content-type"] = "application/jsonl"
    return Wire(
        id=data["id"],
        api=api,
        method=method or "POST",
        url=url,
        request=request.get("body"),
        status=response.get("status") or 200,
        headers=headers,
        answer=base64.b64decode(body) if encoded else body.encode(),
        expected=data["expected"],
        source=f"{data['source'].get('repo')}:{data['source'].get('path')}",
    )


def every(*apis: str) -> Iterator[Wire]:
    """All exchanges, or those of APIs whose names begin so."""
    for path in sorted(FOLDER.glob("*/*.json")):
        wire = load(path)
        if not apis or wire.api.startswith(apis):
            yield wire


def dialect_of(wire: Wire) -> Dialect | None:
    """What the exchange speaks."""
    found = find(wire.method, wire.url)
    return found.dialect if found else None


def read(wire: Wire, dialect: Dialect) -> Reading:
    """What its answer says."""
    return exchange.read(dialect, wire.answer, wire.headers, wire.status)


def problems(wire: Wire) -> list[str]:
    """What is read wrong, a line each; nothing if all is right."""
    dialect = dialect_of(wire)
    if dialect is None:
        return [f"no dialect for {wire.method} {wire.url}"] if wire.expected["has_usage"] else []
    reading = read(wire, dialect)
    if not wire.expected["has_usage"]:
        return (
            []
            if reading.usage is None or reading.inferred or not dialect.billed or _billed(wire)
            else [f"usage from nowhere: {reading.usage}"]
        )
    if wire.id in NOT_USAGE:
        return []
    wanted, got = _wanted(wire), _got(reading)
    found = [
        f"{name} is {got.get(name)}, not {value}" for name, value in wanted.items() if got[name] != value
    ]
    return found + _said(wire, reading)


def _billed(wire: Wire) -> Mapping[str, Any]:
    billed = wire.expected.get("billed")
    return billed if isinstance(billed, Mapping) else {}


def _wanted(wire: Wire) -> dict[str, Any]:
    """The counts of a recording, without those that its wire contradicts itself about."""
    expected, billed = wire.expected, _billed(wire)
    wanted: dict[str, Any] = {}
    put, got = expected["input_total"], expected["output_total"]
    if wire.api.startswith("cohere.") and billed:
        put, got = billed.get("input_tokens", 0), billed.get("output_tokens", 0)
    if put is not None:
        wanted["input"] = int(put)
    if got is not None:
        wanted["output"] = int(got)
    if wire.api.startswith("cohere."):
        return wanted  # what is billed has no cache
    unsure = _unsure(expected)
    for name in ("cache_read", "cache_write", "cache_write_1h", "reasoning", "audio_in", "audio_out"):
        if name not in unsure and name in expected:
            wanted[name] = expected[name] or 0
    for name in ("image_in", "image_out", "tool_use_prompt"):
        if expected.get(name) is not None:
            wanted[name] = expected[name]
    return wanted


def _unsure(expected: Mapping[str, Any]) -> set[str]:
    unsure = set()
    if expected["input_total"] is None:
        unsure |= {"cache_read", "cache_write", "audio_in"}
    if expected["output_total"] is None:
        unsure |= {"reasoning", "audio_out"}
    if (expected["audio_out"] or 0) + (expected["reasoning"] or 0) > (expected["output_total"] or 0):
        unsure.add("audio_out")  # a token of the output is one or the other
    return unsure


def _got(reading: Reading) -> dict[str, int]:
    usage = reading.usage or NOTHING
    if reading.parts_inside:
        usage = reduce(add, [part.usage for part in reading.parts], usage)
    tokens = usage.tokens.get
    return {
        "input": usage.input_tokens,
        "output": usage.output_tokens,
        "cache_read": usage.cache_read_tokens,
        "cache_write": usage.cache_write_tokens,
        "cache_write_1h": tokens("cache_write_1h", 0),
        "reasoning": tokens("output_reasoning", 0),
        "audio_in": tokens("input_audio", 0) + tokens("cache_read_audio", 0),
        "audio_out": tokens("output_audio", 0),
        "image_in": tokens("input_image", 0) + tokens("cache_read_image", 0),
        "image_out": tokens("output_image", 0),
        "tool_use_prompt": tokens("input_tool", 0),
    }


def _said(wire: Wire, reading: Reading) -> list[str]:
    """What beside the counts is read wrong."""
    expected, found = wire.expected, []
    if (model := expected["response_model"]) and reading.model != model:
        found.append(f"model is {reading.model!r}, not {model!r}")
    reasons = expected["finish_reasons"]
    reasons = [_NUMBERED.get(reason, reason) for reason in reasons]
    if reasons and all(reasons) and list(reading.finish_reasons) != reasons:
        found.append(f"finish reasons are {list(reading.finish_reasons)}, not {reasons}")
    if (tier := expected.get("service_tier")) and reading.service_tier != tier:
        found.append(f"service tier is {reading.service_tier!r}, not {tier!r}")
    return found


def main(apis: list[str]) -> int:
    """Print what is wrong."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for wire in every(*apis):
        lines = problems(wire)
        (wrong if lines else right)[wire.api] += 1
        for line in lines:
            sys.stdout.write(f"{wire.id}: {line}\n")
    for api in sorted({*right, *wrong}):
        sys.stdout.write(f"{api:<40}{right[api]:>6} right{wrong[api]:>6} wrong" + "\n")
    sys.stdout.write(f"{sum(right.values())} right, {sum(wrong.values())} wrong" + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
