"""The stand-in of the providers in a fire drill: answers every call, and counts what arrives.

It speaks as much of the protocols as the client libraries need: chats and responses of OpenAI, messages of
Anthropic, whole and streamed. The first two parts of a path name the client and the form of the call.
"""

from __future__ import annotations

import json
import threading

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from .drill_forms import INPUT_TOKENS, OUTPUT_TOKENS


_TEXT: Final = "Next step."
_CREATED: Final = 1_700_000_000


class Standin(ThreadingHTTPServer):
    """Counts the calls of each client and form."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def arrived(self, client: str, form: str) -> int:
        """How many calls of a form have arrived."""
        with self._lock:
            return self._counts[client, form]

    def count(self, client: str, form: str) -> None:
        """Note that a call has arrived."""
        with self._lock:
            self._counts[client, form] += 1


@contextmanager
def standin() -> Iterator[Standin]:
    """A stand-in that listens on a free port of this machine alone, until the block ends."""
    server = Standin()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
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
        """Count the call, and answer it."""
        length = int(self.headers.get("Content-Length") or 0)
        request = json.loads(self.rfile.read(length) or b"{}")
        _, client, form, path = self.path.split("/", 3)
        self.server.count(client, form)
        answer = _ANSWERS.get(path.removeprefix("v1/"))
        if answer is None:
            self._send(404, "application/json", b"{}")
            return
        whole, stream = answer
        if request.get("stream"):
            self._send(200, "text/event-stream", b"".join(stream(request)))
        else:
            self._send(200, "application/json", json.dumps(whole(request)).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing: the drill prints its own lines."""


def _event(data: Mapping[str, Any] | str, name: str | None = None) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


def _chat_usage() -> dict[str, int]:
    return {
        "prompt_tokens": INPUT_TOKENS,
        "completion_tokens": OUTPUT_TOKENS,
        "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
    }


def _chat(request: Mapping[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": _TEXT}
    return {
        "id": "chatcmpl-drill",
        "object": "chat.completion",
        "created": _CREATED,
        "model": request["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": _chat_usage(),
    }


def _chat_stream(request: Mapping[str, Any]) -> Iterator[bytes]:
    head = {
        "id": "chatcmpl-drill",
        "object": "chat.completion.chunk",
        "created": _CREATED,
        "model": request["model"],
    }
    delta = {"role": "assistant", "content": _TEXT}
    yield _event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    yield _event({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if (request.get("stream_options") or {}).get("include_usage"):
        yield _event({**head, "choices": [], "usage": _chat_usage()})
    yield _event("[DONE]")


def _response(request: Mapping[str, Any], status: str = "completed") -> dict[str, Any]:
    content = [{"type": "output_text", "text": _TEXT, "annotations": []}]
    message = {
        "id": "msg_drill",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": content,
    }
    return {
        "id": "resp_drill",
        "object": "response",
        "created_at": _CREATED,
        "status": status,
        "model": request["model"],
        "output": [message] if status == "completed" else [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": INPUT_TOKENS,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": OUTPUT_TOKENS,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
        }
        if status == "completed"
        else None,
    }


def _response_stream(request: Mapping[str, Any]) -> Iterator[bytes]:
    for number, (name, status) in enumerate((("created", "in_progress"), ("completed", "completed"))):
        event = {"sequence_number": number, "response": _response(request, status)}
        yield _event({"type": f"response.{name}", **event}, f"response.{name}")


def _message(request: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": "msg_drill",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": [{"type": "text", "text": _TEXT}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": INPUT_TOKENS, "output_tokens": OUTPUT_TOKENS},
    }


def _message_stream(request: Mapping[str, Any]) -> Iterator[bytes]:
    usage = {"input_tokens": INPUT_TOKENS, "output_tokens": 1}
    start = {**_message(request), "content": [], "stop_reason": None, "usage": usage}
    block = {"index": 0, "content_block": {"type": "text", "text": ""}}
    delta = {"index": 0, "delta": {"type": "text_delta", "text": _TEXT}}
    end = {
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": OUTPUT_TOKENS},
    }
    events: tuple[tuple[str, dict[str, Any]], ...] = (
        ("message_start", {"message": start}),
        ("content_block_start", block),
        ("content_block_delta", delta),
        ("content_block_stop", {"index": 0}),
        ("message_delta", end),
        ("message_stop", {}),
    )
    for name, event in events:
        yield _event({"type": name, **event}, name)


_ANSWERS: Final = {
    "chat/completions": (_chat, _chat_stream),
    "responses": (_response, _response_stream),
    "messages": (_message, _message_stream),
}
"""End of a path to the whole answer and the stream."""
