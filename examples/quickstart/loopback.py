"""An HTTP server on 127.0.0.1: what simulator and receiver stand on."""

from __future__ import annotations

import socket
import threading

from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any


Handlers = Callable[[Any, Any, Any], BaseRequestHandler]


# Not `http.server.ThreadingHTTPServer`: its only addition is to ask the resolver for the name of
# this machine, which takes seconds where there is no network.
class Loopback(ThreadingTCPServer):
    """Answers on a free port, one thread for each connection."""

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, handlers: Handlers, *, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), handlers)
        self._connections: set[Any] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        host, port = self.socket.getsockname()
        return f"http://{host}:{port}"

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Close every connection, and return when all threads have ended."""
        self.shutdown()
        self._thread.join()
        self._hang_up()
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  as inherited
        """Serve one connection on a thread of its own."""
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401  as inherited
        """Close one connection."""
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def _hang_up(self) -> None:
        # Clients keep connections open for the next request; their threads would wait for it.
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class Exchange(BaseHTTPRequestHandler):
    """The requests of one connection: HTTP/1.1, kept alive, answered without delay."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Serve until the other side hangs up, be it in the middle of a stream."""
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as inherited
        """Say nothing: the output belongs to the demo."""

    def read_content(self) -> bytes:
        """The whole body of the request."""
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def send_whole(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        """Answer with a body of known length."""
        self.send_head(status, {**headers, "content-length": str(len(content))})
        self.wfile.write(content)

    def send_head(self, status: int, headers: Mapping[str, str]) -> None:
        """Begin an answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
