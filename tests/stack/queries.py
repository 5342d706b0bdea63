"""Questions to Prometheus and Jaeger."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request

from collections.abc import Callable, Mapping
from typing import Any, TypeVar


T = TypeVar("T")


def fetched(url: str, **query: str) -> Any:
    """The JSON that `url` answers."""
    address = f"{url}?{urllib.parse.urlencode(query)}" if query else url
    with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310  loopback
        return json.load(answer)


def vector(port: int, expression: str) -> dict[tuple[tuple[str, str], ...], float]:
    """The labels of each series that Prometheus answers now, without the name, to its value."""
    found = fetched(f"http://127.0.0.1:{port}/api/v1/query", query=expression)
    return {
        tuple(sorted((k, v) for k, v in each["metric"].items() if k != "__name__")): float(each["value"][1])
        for each in found["data"]["result"]
    }


def scalar(port: int, expression: str) -> float:
    """The one value that Prometheus answers; 0 for nothing."""
    values = list(vector(port, expression).values())
    assert len(values) <= 1, values
    return values[0] if values else 0.0


def until(question: Callable[[], T], good: Callable[[T], bool], *, timeout_s: float = 30) -> T:
    """The first good answer to `question`, else the last one when the time is over."""
    end = time.monotonic() + timeout_s
    while True:
        try:
            answer = question()
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > end:
                raise
        else:
            if good(answer) or time.monotonic() > end:
                return answer
        time.sleep(0.2)


def posted(port: int, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> int:
    """The status with which a JSON body was received."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=body,
        headers={"content-type": "application/json", **(headers or {})},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  loopback
        return int(answer.status)
