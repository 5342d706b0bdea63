"""What requests in Google's shape ask for, order and say."""

from __future__ import annotations

from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest

from otel_tokens.dialects import google_names, google_order, google_request
from otel_tokens.dialects.order import Order, plain

from .examples_google import REQUESTS


REQUEST = REQUESTS["google"]
HI = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}


class Level(Enum):
    """As the client library has it."""

    LOW = "LOW"


def test_what_is_asked_for() -> None:
    """A request states its settings under the names of the conventions."""
    assert google_request.asked(REQUEST) == {
        "max_tokens": 20,
        "temperature": 0.5,
        "top_p": 1,
        "top_k": 5,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "seed": 7,
        "choice.count": 2,
        "stop_sequences": ["a"],
        "reasoning.level": "low",
        "output.type": "image",
    }
    assert google_request.asked(HI) == {}


def test_what_a_call_of_the_library_asks_for() -> None:
    """A call of the client library has its settings in a config of its own."""
    config = SimpleNamespace(
        max_output_tokens=9,
        candidate_count=1,
        thinking_config=SimpleNamespace(thinking_level=Level.LOW),
        response_modalities=["AUDIO"],
        system_instruction="Be brief",
        tools=[SimpleNamespace(google_search=SimpleNamespace(), google_maps=None)],
        service_tier="priority",
    )
    part = SimpleNamespace(text=None, file_data=SimpleNamespace(file_uri="u"))
    request = {"model": "m", "contents": ["Hi", part], "config": config}
    found = google_request.asked(request)
    assert found == {"max_tokens": 9, "reasoning.level": "low", "output.type": "speech"}
    assert list(google_request.prompt(request)) == ["Be brief", "Hi"]
    assert google_order.order(request) == Order(
        9,
        variant="priority",
        hidden=2,
        overhead_tokens=400,
        units={"web_search": 10},
        speaks=True,
    )


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({"responseMimeType": "application/json"}, "json"),
        ({"responseMimeType": "text/plain"}, None),
        ({"responseModalities": ["TEXT"]}, None),
        ({"responseModalities": "IMAGE"}, "image"),
        ({"responseModalities": ["TEXT", "audio"]}, "speech"),
        ({"responseModalities": [None, 7]}, None),
    ],
)
def test_the_type_of_the_output(config: Any, wanted: str | None) -> None:
    """JSON, images and speech are asked for by their own settings."""
    assert google_request.asked({"generationConfig": config}).get("output.type") == wanted


ORDERS: dict[str, tuple[Any, Order]] = {
    "a plain request": (HI, plain(None)),
    "no object": ([], plain(None)),
    "a maximum": ({**HI, "generationConfig": {"maxOutputTokens": 9}}, plain(9)),
    "a maximum that is none": ({**HI, "generationConfig": {"maxOutputTokens": -1}}, plain(None)),
    "snake case": ({**HI, "generation_config": {"max_output_tokens": 9}}, plain(9)),
    "choices": ({**HI, "generationConfig": {"candidateCount": 3}}, Order(choices=3)),
    "a cached content": ({**HI, "cachedContent": "c"}, Order(hidden=1)),
    "priority": ({**HI, "serviceTier": "SERVICE_TIER_PRIORITY"}, Order(variant="priority")),
    "flex": ({**HI, "serviceTier": "flex"}, plain(None)),
    "functions": ({**HI, "tools": [{"functionDeclarations": []}]}, Order(overhead_tokens=400)),
    "code": ({**HI, "tools": [{"codeExecution": {}}]}, Order(hidden=1, overhead_tokens=400)),
    "a search": (
        {**HI, "tools": [{"google_search": {}}]},
        Order(hidden=1, overhead_tokens=400, units={"web_search": 10}),
    ),
    "a search and URLs": (
        {**HI, "tools": [{"googleSearch": {}}, {"urlContext": {}}]},
        Order(hidden=2, overhead_tokens=400, units={"web_search": 10}),
    ),
    "a file": (
        {"contents": {"parts": [{"text": "Hi"}, {"fileData": {"fileUri": "u"}}]}},
        Order(hidden=1),
    ),
    "images": ({**HI, "generationConfig": {"responseModalities": ["IMAGE"]}}, Order(draws=True)),
    "a model that draws": ({**HI, "model": "gemini-2.5-flash-image"}, Order(draws=True)),
    "speech": ({**HI, "generationConfig": {"responseModalities": ["AUDIO"]}}, Order(speaks=True)),
}


@pytest.mark.parametrize(("request_", "wanted"), ORDERS.values(), ids=ORDERS)
def test_an_order(request_: Any, wanted: Order) -> None:
    """A request orders what it states, and what it makes Google keep, fetch, or run."""
    assert google_order.order(request_) == wanted


def test_the_texts_of_a_request() -> None:
    """The instruction, the contents, calls and results of functions, and the tools are texts."""
    texts = list(google_request.prompt(REQUEST))
    assert texts[:9] == ["Be brief", "plain", "Hi", "f", "a", "b", "f", "r", "x"]
    assert "parameters" in texts
    counted = {"generateContentRequest": HI}
    assert list(google_request.prompt(counted)) == ["Hi"]


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("a", ["a"]),
        (["a", ["b"], {"text": "c"}], ["a", "b", "c"]),
        ({"parts": "a"}, ["a"]),
        ({"parts": ["a", {"text": "b"}, 7]}, ["a", "b"]),
        ({"parts": {"text": "a"}}, ["a"]),
        ([[[[[["a"]]]]]], []),
        (None, []),
        (7, []),
        ({"parts": [["a"]]}, []),
    ],
)
def test_texts_of_every_form(content: Any, wanted: list[str]) -> None:
    """Contents may be strings, parts, or lists of either."""
    assert list(google_request.texts(content)) == wanted


def test_deep_contents_have_no_files() -> None:
    """Lists within lists are looked at to a bounded depth."""
    part = {"fileData": {"fileUri": "u"}}
    assert google_order.order({"contents": [[part]]}) == Order(hidden=1)
    assert google_order.order({"contents": [[[[part]]]]}) == plain(None)


def test_values_of_models_as_json() -> None:
    """Values of models become plain JSON, to a bounded depth."""
    value = SimpleNamespace(kind=Level.LOW, deep=[{"a": None, "b": (1, 2.5, True)}], raw=b"x")
    assert google_names.plain(value) == {"kind": "LOW", "deep": [{"b": [1, 2.5, True]}], "raw": {}}
    assert google_names.plain([[[]]], depth=2) == [[None]]
    assert google_names.tail(None) is None
    assert google_names.tail("a/b/") is None
