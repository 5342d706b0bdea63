"""A provider that always asks for one more tool call, so that no agent that talks to it ever ends by itself.

It speaks what the client libraries need of chats and responses of OpenAI and of messages of Anthropic, whole
and streamed. Each answer states as much output as the request allows at most.
"""

from __future__ import annotations

import itertools
import json
import threading

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


INPUT_TOKENS = 20
_CREATED = 1_700_000_000
_TEXT = "That is all."
_TOOL = "look_up"
_ARGUMENTS = {"topic": "tides"}

Event = tuple[str | None, Mapping[str, Any] | str]


class Standin(ThreadingHTTPServer):
    """Keeps every request that arrives."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[tuple[str, dict[str, Any]]] = []
        """Path and body of each; a list's append is atomic."""
        self.steps: int | None = None
        """After so many tool calls of a conversation the answer is text; None: never."""
        self.input_tokens = INPUT_TOKENS
        """What each answer states."""
        self.numbers = itertools.count(1)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def endpoints(self) -> str:
        """What `OTEL_TOKENS_ENDPOINTS` has to say of it."""
        return ",".join([f"{self.url}/{api}={api}" for api in ("openai", "anthropic")])


@contextmanager
def standin() -> Iterator[Standin]:
    """A stand-in that listens on a free port of this machine alone, until the block ends."""
    server = Standin()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection, and keeps it open."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65_536  # heads and bodies in one packet: the client would wait for the second one
    server: Standin

    def do_POST(self) -> None:
        """Keep the request, and answer it."""
        length = int(self.headers.get("Content-Length") or 0)
        request = json.loads(self.rfile.read(length) or b"{}")
        path = self.path.partition("?")[0]
        self.server.requests.append((path, request))
        found = [answer for end, answer in _ANSWERS.items() if path.endswith(end)]
        if not found:
            self._send(404, "application/json", b"{}")
            return
        whole, stream = found[0]
        answer = whole(request, self.server)
        if request.get("stream"):
            events = stream(answer, request)
            self._send(200, "text/event-stream", b"".join([_line(*event) for event in events]))
        else:
            self._send(200, "application/json", json.dumps(answer).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def _line(name: str | None, data: Mapping[str, Any] | str) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


def _goes_on(request: Mapping[str, Any], server: Standin) -> bool:
    """Whether the answer is another tool call: it is where the request, or its thread, brings a tool."""
    thread = request.get("thread") or {}
    if not request.get("tools") and thread.get("type") != "continue":
        return False
    turns = json.dumps(request.get("messages") or request.get("input"))
    done = sum([turns.count(f'"{word}"') for word in ("tool_call_id", "tool_use_id")])
    return server.steps is None or done < server.steps


# Chats.


def _chat(request: Mapping[str, Any], server: Standin) -> dict[str, Any]:
    number = next(server.numbers)
    output = request.get("max_completion_tokens") or request.get("max_tokens") or 0
    choices = request.get("n") or 1
    message: dict[str, Any] = {"role": "assistant", "content": _TEXT}
    if goes_on := _goes_on(request, server):
        call = {"name": _TOOL, "arguments": json.dumps(_ARGUMENTS)}
        message = {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": f"call_{number}", "type": "function", "function": call}],
        }
    reason = "tool_calls" if goes_on else "stop"
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": _CREATED,
        "model": request["model"],
        "choices": [
            {"index": index, "message": message, "finish_reason": reason} for index in range(choices)
        ],
        "usage": {
            "prompt_tokens": server.input_tokens,
            "completion_tokens": output * choices,
            "total_tokens": server.input_tokens + output * choices,
        },
    }


def _chat_stream(answer: dict[str, Any], request: Mapping[str, Any]) -> Iterator[Event]:
    head = {**answer, "object": "chat.completion.chunk"}
    usage = head.pop("usage")
    for choice in head.pop("choices"):
        index, delta = choice["index"], dict(choice["message"])
        if "tool_calls" in delta:
            delta["tool_calls"] = [{**call, "index": place} for place, call in enumerate(delta["tool_calls"])]
        yield None, {**head, "choices": [{"index": index, "delta": delta, "finish_reason": None}]}
        end = {"index": index, "delta": {}, "finish_reason": choice["finish_reason"]}
        yield None, {**head, "choices": [end]}
    if (request.get("stream_options") or {}).get("include_usage"):
        yield None, {**head, "choices": [], "usage": usage}
    yield None, "[DONE]"


# Responses.


def _response(request: Mapping[str, Any], server: Standin) -> dict[str, Any]:
    number = next(server.numbers)
    output = request.get("max_output_tokens") or 0
    return {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": _CREATED,
        "status": "completed",
        "model": request["model"],
        "output": [
            {
                "id": f"msg_{number}",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": _TEXT, "annotations": []}],
            }
        ],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": server.input_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": output,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": server.input_tokens + output,
        },
    }


def _response_stream(answer: dict[str, Any], _request: Mapping[str, Any]) -> Iterator[Event]:
    begun = {**answer, "status": "in_progress", "output": [], "usage": None}
    for number, (name, state) in enumerate((("created", begun), ("completed", answer))):
        kind = f"response.{name}"
        yield kind, {"type": kind, "sequence_number": number, "response": state}


# Messages.


def _message(request: Mapping[str, Any], server: Standin) -> dict[str, Any]:
    number = next(server.numbers)
    block: dict[str, Any] = {"type": "text", "text": _TEXT}
    if goes_on := _goes_on(request, server):
        block = {"type": "tool_use", "id": f"toolu_{number}", "name": _TOOL, "input": _ARGUMENTS}
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": [block],
        "stop_reason": "tool_use" if goes_on else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": server.input_tokens, "output_tokens": request["max_tokens"]},
    }


def _message_stream(answer: dict[str, Any], _request: Mapping[str, Any]) -> Iterator[Event]:
    usage = {**answer["usage"], "output_tokens": 1}
    start = {**answer, "content": [], "stop_reason": None, "usage": usage}
    block = dict(answer["content"][0])
    if block["type"] == "text":
        delta = {"type": "text_delta", "text": block["text"]}
        block["text"] = ""
    else:
        delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        block["input"] = {}
    end = {
        "delta": {"stop_reason": answer["stop_reason"], "stop_sequence": None},
        "usage": {"output_tokens": answer["usage"]["output_tokens"]},
    }
    events: tuple[tuple[str, dict[str, Any]], ...] = (
        ("message_start", {"message": start}),
        ("content_block_start", {"index": 0, "content_block": block}),
        ("content_block_delta", {"index": 0, "delta": delta}),
        ("content_block_stop", {"index": 0}),
        ("message_delta", end),
        ("message_stop", {}),
    )
    for name, event in events:
        yield name, {"type": name, **event}


_ANSWERS: dict[str, Any] = {
    "/chat/completions": (_chat, _chat_stream),
    "/responses": (_response, _response_stream),
    "/messages": (_message, _message_stream),
}
"""End of a path to what makes the whole answer, and what makes a stream of it."""
