"""What a request asks for, under the names of the conventions, and the texts that it holds."""

from __future__ import annotations

from typing import Any

import pytest

from openai import NOT_GIVEN

from otel_tokens.dialects import anthropic_request, openai_images, openai_request
from otel_tokens.dialects.openai_audio import SPEECH
from otel_tokens.dialects.openai_embeddings import DIALECT as EMBEDDINGS
from otel_tokens.readings import Usage

from .examples import REQUESTS


SAMPLING = {"temperature": 0.5, "top_p": 1, "frequency_penalty": 0.1, "presence_penalty": 0.2, "seed": 7}


def test_a_chat_asks() -> None:
    """The parameters of a chat are found under their names in the conventions."""
    assert openai_request.asked_chat(REQUESTS["openai"]) == {
        **SAMPLING,
        "max_tokens": 20,
        "choice.count": 2,
        "stop_sequences": ["a", "b"],
        "reasoning.level": "low",
        "output.type": "json",
        "service_tier": "flex",
    }


def test_a_response_asks() -> None:
    """The parameters of a Responses request are found under the same names."""
    assert openai_request.asked_responses(REQUESTS["openai"]) == {
        **SAMPLING,
        "max_tokens": 30,
        "reasoning.level": "high",
        "output.type": "json",
        "service_tier": "flex",
        "previous_response.id": "resp_0",
        "conversation.id": "conv",
    }


def test_embeddings_ask() -> None:
    """A request for embeddings says how long and how encoded they shall be."""
    assert EMBEDDINGS.asked(REQUESTS["openai"]) == {"dimension.count": 256, "encoding_formats": ["float"]}
    assert EMBEDDINGS.asked({"input": "a"}) == {}


def test_images_ask() -> None:
    """A request for images says how many, when it is more than one."""
    assert openai_images.asked({"n": 3}) == {"choice.count": 3}
    assert openai_images.asked({"n": 1}) == openai_images.asked({}) == {}


def test_a_message_asks() -> None:
    """The parameters of a request for a message are found under the same names as OpenAI's."""
    assert anthropic_request.asked(REQUESTS["anthropic"]) == {
        "max_tokens": 10,
        "temperature": 0.5,
        "top_p": 1,
        "top_k": 5,
        "stop_sequences": ["a"],
        "reasoning.level": "high",
        "output.type": "json",
    }


@pytest.mark.parametrize(
    ("request_", "asked"),
    [
        ({}, {}),
        ({"n": 1}, {}),
        ({"stop": "a"}, {"stop_sequences": ["a"]}),
        ({"stop": [1]}, {}),
        ({"stop": None}, {}),
        ({"temperature": True, "seed": "7"}, {}),
        ({"max_tokens": 5, "max_completion_tokens": None}, {"max_tokens": 5}),
        ({"max_tokens": 0}, {"max_tokens": 0}),
        ({"service_tier": "auto"}, {}),
        ({"response_format": {"type": "grammar"}}, {}),
        ({"response_format": {"type": "text"}}, {"output.type": "text"}),
        ({"temperature": NOT_GIVEN, "stop": NOT_GIVEN, "response_format": NOT_GIVEN}, {}),
    ],
)
def test_what_a_chat_does_not_ask(request_: dict[str, Any], asked: dict[str, Any]) -> None:
    """What is default, absent or no value of its type is not asked for."""
    assert openai_request.asked_chat(request_) == asked


@pytest.mark.parametrize(
    ("request_", "asked"),
    [
        ({"conversation": "conv_1"}, {"conversation.id": "conv_1"}),
        ({"conversation": {"id": "conv_1"}}, {"conversation.id": "conv_1"}),
        ({"conversation": {}}, {}),
        ({"service_tier": "auto"}, {}),
        ({"reasoning": None, "text": None}, {}),
    ],
)
def test_what_a_response_asks_of_its_conversation(request_: dict[str, Any], asked: dict[str, Any]) -> None:
    """A conversation is named or an object with its id."""
    assert openai_request.asked_responses(request_) == asked


def test_the_texts_of_a_chat() -> None:
    """Prompts, messages, arguments of tools and their definitions are text; images are not."""
    assert list(openai_request.prompt_chat(REQUESTS["openai"])) == [
        *("p", "q"),
        *("Be brief", "Hi", "{}", "r"),
        *("type", "function", "function", "name", "f", "description", "d", "parameters", "a"),
    ]


def test_the_texts_of_a_response() -> None:
    """Instructions, input of every kind and the definitions of tools are text."""
    assert list(openai_request.prompt_responses(REQUESTS["openai"])) == [
        *("Be brief", "plain", "Hi", "{}", "r"),
        *("type", "function", "function", "name", "f", "description", "d", "parameters", "a"),
    ]
    assert list(openai_request.prompt_responses({"input": "Hi"})) == ["Hi"]


def test_the_texts_of_a_message() -> None:
    """System prompt, messages, inputs and results of tools and their definitions are text."""
    assert list(anthropic_request.prompt(REQUESTS["anthropic"])) == [
        *("Be brief", "p", "Hi", "a", "b", "r"),
        *("name", "f", "description", "d", "input_schema", "type", "object"),
    ]


@pytest.mark.parametrize(
    ("given", "texts"),
    [("Hi", ["Hi"]), (["a", "b"], ["a", "b"]), ([1, 2], []), ([[1], [2]], []), (None, [])],
)
def test_the_texts_to_embed(given: Any, texts: list[str]) -> None:
    """Texts to embed are text; token ids are not."""
    assert list(EMBEDDINGS.prompt({"input": given})) == texts


def test_the_text_of_an_image() -> None:
    """The description of an image is text."""
    assert list(openai_images.prompt({"prompt": "a cat"})) == ["a cat"]


def test_an_iterator_is_not_read() -> None:
    """What can be read only once is left to the application."""
    messages = iter([{"role": "user", "content": "Hi"}])
    assert list(openai_request.prompt_chat({"messages": messages})) == []
    assert next(messages) == {"role": "user", "content": "Hi"}


def test_a_schema_without_end_is_read_to_a_bounded_depth() -> None:
    """The definition of a tool may refer to itself."""
    loop: dict[str, Any] = {}
    loop["a"] = [loop]
    assert list(openai_request.schema(loop)) == ["a"] * 4


def test_characters_of_speech() -> None:
    """Speech is billed by the characters of its request, and unknown without a text."""
    assert SPEECH.units({"input": "Hé!"}) == Usage({}, {"character": 3})
    assert SPEECH.units({}) is None
