"""Senders of spans that other instrumentations make, which know what was acknowledged."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time

from dataclasses import dataclass, field
from decimal import Decimal


INPUT_USD, OUTPUT_USD = Decimal("2.50"), Decimal("10.00")
"""USD per million tokens of gpt-4o, OpenAI's list price."""


def cost_usd(input_tokens: int, output_tokens: int) -> Decimal:
    """What a call of gpt-4o costs."""
    return (input_tokens * INPUT_USD + output_tokens * OUTPUT_USD) / 1_000_000


def span(service: str, input_tokens: int, output_tokens: int, dice: random.Random) -> bytes:
    """A span as a JavaScript service sends it, by the conventions, without a cost."""
    now = time.time_ns()
    attributes = {
        "gen_ai.operation.name": {"stringValue": "chat"},
        "gen_ai.provider.name": {"stringValue": "openai"},
        "gen_ai.request.model": {"stringValue": "gpt-4o"},
        "gen_ai.response.model": {"stringValue": "gpt-4o-2024-08-06"},
        "gen_ai.usage.input_tokens": {"intValue": str(input_tokens)},
        "gen_ai.usage.output_tokens": {"intValue": str(output_tokens)},
    }
    one = {
        "traceId": f"{dice.getrandbits(128):032x}",
        "spanId": f"{dice.getrandbits(64):016x}",
        "name": "chat gpt-4o",
        "kind": 3,
        "startTimeUnixNano": str(now - 10**9),
        "endTimeUnixNano": str(now),
        "attributes": [{"key": key, "value": value} for key, value in attributes.items()],
    }
    about = [{"key": "service.name", "value": {"stringValue": service}}]
    scope = {"name": "@opentelemetry/instrumentation-openai"}
    resource = {"resource": {"attributes": about}, "scopeSpans": [{"scope": scope, "spans": [one]}]}
    return json.dumps({"resourceSpans": [resource]}).encode()


@dataclass
class Senders:
    """Sends until everything has been acknowledged, as an exporter does that repeats what failed."""

    port: int
    service: str
    acknowledged: Decimal = Decimal(0)
    requests: int = 0
    doubtful: list[Decimal] = field(default_factory=list)
    """Requests that were repeated because their connection broke before an answer."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, senders: int, requests: int) -> None:
        """Send `requests` requests from each of so many threads."""
        threads = [threading.Thread(target=self._send, args=(seed, requests)) for seed in range(senders)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send(self, seed: int, requests: int) -> None:
        dice = random.Random(seed)  # noqa: S311
        connection: http.client.HTTPConnection | None = None
        for _ in range(requests):
            put, got = dice.randint(1, 5_000), dice.randint(1, 500)
            body = span(self.service, put, got, dice)
            while True:
                connection = connection or self._connected()
                try:
                    connection.request("POST", "/v1/traces", body, {"content-type": "application/json"})
                    reply = connection.getresponse()
                    reply.read()
                except (OSError, http.client.HTTPException):
                    connection.close()
                    connection = None
                    with self.lock:
                        self.doubtful.append(cost_usd(put, got))
                    continue
                if reply.status == http.client.OK:
                    break
                time.sleep(0.05)
            with self.lock:
                self.acknowledged += cost_usd(put, got)
                self.requests += 1
        if connection is not None:
            connection.close()

    def _connected(self) -> http.client.HTTPConnection:
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                connection.connect()
            except OSError:
                connection.close()
                time.sleep(0.05)
            else:
                return connection
