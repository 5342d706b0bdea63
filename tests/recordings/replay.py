"""Which recordings there are, and how a client library would have made each request.

A recording is one JSON file: see the README of the recordings. Nothing here knows a client library
or OpenTelemetry; `driver.py` plays what `plan` says, `verdict.py` judges what came out.
"""

from __future__ import annotations

import base64
import json
import re
import zlib

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


MODES = ("sync", "async", "raw", "streaming_raw")
EVERY_MODE = frozenset({"openai.chat", "openai.responses", "anthropic.messages"})
"""The APIs that are replayed in every mode; all others only in `sync`."""

OURS = ("openai.", "azure-openai.", "anthropic.")
"""How the names of the APIs begin that the two client libraries are made for."""

_HOP_BY_HOP = frozenset({"content-length", "content-encoding", "transfer-encoding"})


@dataclass(frozen=True)
class Recording:
    """One exchange with a provider."""

    id: str
    api: str
    stream: bool
    wire: str
    method: str
    url: str
    body: dict[str, Any] | str | None
    """The request, where it was recorded."""
    status: int
    headers: dict[str, str]
    payload: bytes
    """The answer as it came."""
    expected: Mapping[str, Any]
    cassette: str
    """Where it is from: recordings of one cassette may speak of the same call."""

    @property
    def model(self) -> str:
        """The model that was asked for, as far as anything says so."""
        asked = self.body.get("model") if isinstance(self.body, dict) else None
        expected = self.expected
        return str(asked or expected["request_model"] or expected["response_model"] or "unknown-model")

    @property
    def folder(self) -> str:
        """Where it lies: Bedrock's APIs carry the model family behind a colon."""
        return self.api.partition(":")[0]

    @property
    def answer_id(self) -> str:
        """What the answer calls itself; two recordings of one answer share it."""
        return str(self.expected.get("response_id") or self.id)

    @property
    def coin(self) -> int:
        """A number that decides, always in the same way, between ways to do the same."""
        return zlib.crc32(self.id.encode())


@dataclass(frozen=True)
class Plan:
    """How a client library makes the request of a recording."""

    client: str
    """`openai`, `azure`, `anthropic`, `bedrock` or `vertex`."""
    base_url: str
    operation: str
    """A key of the driver's table of methods."""
    path: str
    """Below `base_url`, for requests that no method makes."""
    model: str
    ids: tuple[str, ...] = ()
    """What the path names: a response, a batch, a thread and its run."""
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Item:
    """One replay: a recording in one mode, its stream in pieces of `piece` bytes or whole."""

    recording: Recording
    plan: Plan
    mode: str
    piece: int | None

    @property
    def key(self) -> str:
        """The name of this replay, on its span and in the results."""
        return f"{self.recording.id}/{self.mode}/{self.piece or 'whole'}"


def read(path: Path) -> Recording | None:
    """The recording in a file, or None if it is not one HTTP exchange."""
    data = json.loads(path.read_text("utf-8"))
    request = data["request"] or {}
    if data["wire"] == "websocket" or not request.get("url"):
        return None
    response = data["response"]
    encoded = response.get("body_encoding") == "base64"
    body = response["body"] or ""
    headers = response.get("headers") or {}
    source = data["source"]
    return Recording(
        id=data["id"],
        api=data["api"],
        stream=bool(data["stream"]),
        wire=data["wire"],
        method=request["method"],
        url=request["url"],
        body=_request_body(request),
        status=response["status"] or 200,
        headers={k: v for k, v in headers.items() if k.lower() not in _HOP_BY_HOP},
        payload=base64.b64decode(body) if encoded else body.encode(),
        expected=data["expected"],
        cassette=f"{source.get('repo')}:{source.get('path')}",
    )


def _request_body(request: Mapping[str, Any]) -> dict[str, Any] | str | None:
    body = request.get("body")
    if isinstance(body, str) and request.get("body_encoding") == "base64":
        return base64.b64decode(body).decode("latin-1")
    return body if isinstance(body, dict | str) else None


def apis(folder: Path) -> list[str]:
    """The folders of recordings that the openai or the anthropic client can speak, sorted."""
    names = [child.name for child in folder.iterdir() if child.is_dir()]
    return sorted(name for name in names if _speakable_api(name))


_SPEAKABLE = re.compile(
    r".*\.(\w*_)?chat$|.*\.(responses|completions|embeddings|images|audio_speech|messages)$"
    r"|(openai|azure-openai|anthropic)\..*|vertex\.anthropic|bedrock\.invoke_model"
)
_FOREIGN = frozenset({"cohere.chat", "ollama.chat", "ollama.embeddings", "portkey.prompt_completions"})


def _speakable_api(name: str) -> bool:
    foreign = name in _FOREIGN or name.endswith(".realtime")
    return bool(_SPEAKABLE.fullmatch(name)) and not foreign


def load(folder: Path, api: str) -> list[tuple[Recording, Plan]]:
    """The recordings of one API that a client can make the request of, and how."""
    found = [read(path) for path in sorted((folder / api).glob("*.json"))]
    planned = [(recording, plan(recording)) for recording in found if recording]
    return [(recording, made) for recording, made in planned if made]


_OPENAI_PATHS = {
    r"/chat/completions": "chat",
    r"/chat": "chat",  # Writer: the same body under a shorter path
    r"/completions": "completions",
    r"/responses": "responses",
    r"/responses/input_tokens": "responses.count",
    r"/responses/compact": "responses.compact",
    r"/responses/(resp_[^/]+)": "responses.get",
    r"/embeddings": "embeddings",
    r"/images/generations": "images",
    r"/images/edits": "images.edit",
    r"/audio/transcriptions": "transcription",
    r"/audio/translations": "translation",
    r"/audio/speech": "speech",
    r"/moderations": "moderations",
    r"/threads/([^/]+)/runs/([^/]+)": "run",
    r"/batches": "batch",
    r"/batches/([^/]+)": "batch.get",
    r"/files/([^/]+)/content": "file",
    r"/organization/.*": "get",
}
_ANTHROPIC_PATHS = {
    r"/v1/messages": "messages",
    r"/v1/messages/count_tokens": "messages.count",
    r"/v1/messages/batches/([^/]+)/results": "messages.batch",
    r"/v1/complete": "complete",
}
_DEPLOYMENT = re.compile(r"/*openai/deployments/([^/]+)(/.*)")
_BEDROCK_MODEL = re.compile(r"/model/([^/]+)/invoke(-with-response-stream)?")
_VERTEX_MODEL = re.compile(
    r"(/v1)/projects/([^/]+)/locations/([^/]+)/publishers/anthropic/models/([^:]+):\w+"
)


def plan(recording: Recording) -> Plan | None:
    """How a client would make this request; None if neither library speaks that path."""
    parts = urlsplit(recording.url)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path
    query = tuple(parse_qsl(parts.query))
    if recording.api == "vertex.anthropic":
        return _vertex(origin, path)
    if recording.api.startswith("bedrock.invoke_model"):
        return _bedrock(recording, origin, path)
    if recording.api.startswith("anthropic.") and "/chat/completions" not in path:
        return _by_path("anthropic", recording, origin, path, query)
    if azure := _DEPLOYMENT.fullmatch(path):
        made = _by_path("azure", recording, origin, azure[2], query)
        return made and replace(made, model=unquote(azure[1]))
    if path == "/openai/responses":
        return _by_path("azure", recording, origin, "/responses", query)
    return _by_path("openai", recording, origin, path, query)


_Query = tuple[tuple[str, str], ...]


def _by_path(client: str, recording: Recording, origin: str, path: str, query: _Query) -> Plan | None:
    paths = _ANTHROPIC_PATHS if client == "anthropic" else _OPENAI_PATHS
    # The longest path decides, so that `/completions` does not take `/chat/completions`.
    for pattern in sorted(paths, key=len, reverse=True):
        if match := re.fullmatch(rf"(.*?)({pattern})", path):
            base, rest, *ids = match.groups()
            model = recording.model
            return Plan(client, origin + base, paths[pattern], rest, model, tuple(ids), query)
    return None


def _bedrock(recording: Recording, origin: str, path: str) -> Plan | None:
    match = _BEDROCK_MODEL.fullmatch(path)
    if match is None or recording.api != "bedrock.invoke_model:anthropic":
        return None
    if isinstance(recording.body, dict) and "prompt" in recording.body:
        return None  # a text completion: the client has no method for it any more
    return Plan("bedrock", origin, "messages", path, unquote(match[1]))


def _vertex(origin: str, path: str) -> Plan | None:
    match = _VERTEX_MODEL.fullmatch(path)
    if match is None:
        return None
    return Plan("vertex", origin + match[1], "messages", path, match[4], (match[3], match[2]))


def items(recordings: Iterable[tuple[Recording, Plan]], piece: int) -> list[Item]:
    """Every replay of these recordings.

    Streams come in small pieces and, once more, whole; the other modes take turns between the two.
    An answer that was recorded twice is replayed in every mode only once.
    """
    made: list[Item] = []
    seen: set[str] = set()
    for recording, how in recordings:
        small = piece if recording.stream else None
        made.append(Item(recording, how, "sync", small))
        if recording.answer_id in seen:
            continue
        seen.add(recording.answer_id)
        if recording.api in EVERY_MODE:
            for at, mode in enumerate(MODES[1:]):
                cut = small if (recording.coin + at) % 2 else None
                made.append(Item(recording, how, mode, cut))
        elif recording.stream:
            made.append(Item(recording, how, "sync", None))
    return made


@dataclass
class _Shift:
    items: list[Item] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)


def shifts(all_items: Iterable[Item]) -> list[list[Item]]:
    """The replays, split so that no process sees the same answer twice.

    An answer that is fetched twice, such as a background response, is counted once by whoever
    counts well; in a process of its own each replay is the first.
    """
    made: list[_Shift] = []
    for item in all_items:
        marks = _marks(item.recording)
        shift = next((s for s in made if not s.seen & marks), None)
        if shift is None:
            made.append(shift := _Shift())
        shift.seen |= marks
        shift.items.append(item)
    return [shift.items for shift in made]


def _marks(recording: Recording) -> set[str]:
    marks = {recording.id, recording.answer_id}
    if "batch" in recording.api:
        marks.add(recording.cassette)
    return marks
