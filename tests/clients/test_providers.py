"""Who the provider of a call is: by the class of the client, its host, or what an operator says."""

from __future__ import annotations

import base64
import json
import zlib

from collections.abc import Callable
from typing import Any

import anthropic
import openai
import pytest

from . import bodies
from .cases import CHAT, MESSAGES, Seen, era, looks
from .faces import FACES, SYNC, Face
from .transport import (
    EVENT_STREAM,
    Transport,
    anthropic_client,
    async_anthropic_client,
    async_azure_client,
    async_bedrock_client,
    async_http_client,
    async_openai_client,
    async_vertex_client,
    azure_client,
    bedrock_client,
    http_client,
    json_reply,
    openai_client,
    stream_reply,
    vertex_client,
)


def _of_class(module: Any, name: str, **kwargs: Any) -> Callable[..., Any]:
    def make(transport: Transport, **more: Any) -> Any:
        kind = f"Async{name}" if more.get("asynchronous") else name
        http = (async_http_client if more.get("asynchronous") else http_client)(module.__name__, transport)
        return getattr(module, kind)(**kwargs, http_client=http)

    return make


def _pair(sync: Callable[..., Any], asynchronous: Callable[..., Any]) -> Callable[..., Any]:
    def make(transport: Transport, **more: Any) -> Any:
        chosen = asynchronous if more.pop("asynchronous", False) else sync
        return chosen(transport, **more)

    return make


def _at(base_url: str) -> Callable[..., Any]:
    def make(transport: Transport, **more: Any) -> Any:
        return _pair(openai_client, async_openai_client)(transport, base_url=base_url, **more)

    return make


CLASSES = {
    "AzureOpenAI": (_pair(azure_client, async_azure_client), CHAT, "azure.ai.openai"),
    "AnthropicBedrock": (_pair(bedrock_client, async_bedrock_client), MESSAGES, "aws.bedrock"),
    "AnthropicVertex": (_pair(vertex_client, async_vertex_client), MESSAGES, "gcp.vertex_ai"),
}
if hasattr(openai, "BedrockOpenAI"):
    CLASSES["BedrockOpenAI"] = (
        _of_class(openai, "BedrockOpenAI", api_key="fake", aws_region="us-east-1"),
        CHAT,
        "aws.bedrock",
    )
if hasattr(anthropic, "AnthropicFoundry"):
    CLASSES["AnthropicFoundry"] = (
        _of_class(anthropic, "AnthropicFoundry", api_key="fake", resource="acme"),
        MESSAGES,
        "azure.ai.inference",
    )

HOSTS = {
    "https://api.openai.com/v1": "openai",
    "https://eu.api.openai.com/v1": "openai",
    "https://acme.openai.azure.com/openai/v1": "azure.ai.openai",
    "https://api.deepseek.com": "deepseek",
    "https://api.x.ai/v1": "x_ai",
    "https://openrouter.ai/api/v1": "openrouter",
    "https://api.together.xyz/v1": "together",
    "https://api.groq.com/openai/v1": "groq",
    "https://api.perplexity.ai": "perplexity",
    "https://generativelanguage.googleapis.com/v1beta/openai/": "gcp.gemini",
    "http://localhost:11434/v1": "ollama",
    "https://llm.corp.example/v1": "llm.corp.example",
    "http://10.0.0.5:8000/v1": "10.0.0.5",
}


async def _create(face: Face, make: Callable[..., Any], api: Any, **request: Any) -> Any:
    client = make(Transport(json_reply(api.whole())), asynchronous=face.asynchronous)
    resource = client
    for name in api.path.split("."):
        resource = getattr(resource, name)
    return await face.of(resource.create(**{**api.request, **request}))


@pytest.mark.parametrize("face", FACES, ids=str)
@pytest.mark.parametrize("name", CLASSES)
def test_class(telemetry: Any, face: Face, name: str) -> None:
    """A subclass of a client says who the provider is; the call is read before its path is rewritten."""
    make, api, provider = CLASSES[name]
    face.run(_create(face, make, api))

    found = telemetry.attributes
    assert found["gen_ai.provider.name"] == provider
    assert found["gen_ai.request.model"] == api.request["model"]
    assert found["gen_ai.usage.input_tokens"] == api.input_tokens
    sold = name != "BedrockOpenAI"  # Bedrock sells other models of OpenAI
    assert found["otel_tokens.cost.status"] == ("priced" if sold else "unknown_model")
    assert ("openai.api.type" in found) is (provider == "azure.ai.openai")


@pytest.mark.parametrize("url", HOSTS)
def test_host(telemetry: Any, url: str) -> None:
    """A known host is its owner; one that is not known is not the vendor whose client was pointed at it."""
    SYNC.run(_create(SYNC, _at(url), CHAT))

    found = telemetry.attributes
    host = url.partition("://")[2].partition("/")[0].partition(":")[0]
    assert found["gen_ai.provider.name"] == HOSTS[url]
    assert found["server.address"] == host
    if HOSTS[url] == host:
        assert found["otel_tokens.cost.status"] == "unknown_provider"
        assert "otel_tokens.cost.usd" not in found
        assert telemetry.total("otel_tokens.unpriced.requests") == 1


def test_local_models_are_free(telemetry: Any) -> None:
    """A model on this machine costs nothing, which is known, and its tokens are counted."""
    SYNC.run(_create(SYNC, _at("http://localhost:11434/v1"), CHAT))

    assert telemetry.attributes["otel_tokens.cost.status"] == "free"
    assert telemetry.total("otel_tokens.tokens") == 19
    assert telemetry.total("otel_tokens.unpriced.requests") == 0


@pytest.mark.settings(OTEL_TOKENS_ENDPOINTS="https://llm.corp.example/v1=openai,http://10.0.0.5:8000=vllm")
@pytest.mark.parametrize(
    ("url", "provider", "status"),
    [
        ("https://llm.corp.example/v1", "openai", "priced"),
        ("https://llm.corp.example/v2", "llm.corp.example", "unknown_provider"),
        ("http://10.0.0.5:8000/v1", "vllm", "free"),
    ],
)
def test_named_endpoint(telemetry: Any, url: str, provider: str, status: str) -> None:
    """An operator says what stands behind a URL."""
    SYNC.run(_create(SYNC, _at(url), CHAT))

    assert telemetry.attributes["gen_ai.provider.name"] == provider
    assert telemetry.attributes["otel_tokens.cost.status"] == status


@pytest.mark.parametrize("face", FACES, ids=str)
def test_azure_streams_are_asked_for_usage(metered: Callable[[], Any], face: Face) -> None:
    """Azure takes the option too: the usage of a stream is asked for, and its chunk hidden."""

    async def play() -> Seen:
        transport = Transport(lambda sent: stream_reply(CHAT.stream(sent)))
        make = async_azure_client if face.asynchronous else azure_client
        client = make(transport)
        return looks(
            await face.rest(await face.of(client.chat.completions.create(stream=True, **CHAT.request)))
        )

    without = face.run(play())
    telemetry = metered()
    assert face.run(play()) == without
    assert telemetry.attributes["gen_ai.usage.output_tokens"] == 7
    assert telemetry.attributes["otel_tokens.usage.source"] == "provider"


def test_azure_deployment_is_priced_by_the_response(telemetry: Any) -> None:
    """Pitfall 21: the request's model is the deployment's name; both are kept, and the answer's is priced."""
    SYNC.run(_create(SYNC, CLASSES["AzureOpenAI"][0], CHAT, model="our-deployment"))

    assert telemetry.attributes["gen_ai.request.model"] == "our-deployment"
    assert telemetry.attributes["gen_ai.response.model"] == bodies.CHAT_MODEL
    assert telemetry.attributes["otel_tokens.cost.status"] == "priced"


def test_answer_without_a_model(telemetry: Any) -> None:
    """Pitfall 21: an answer without a model is priced by the request's."""
    client = openai_client(Transport(json_reply(bodies.images())))
    client.images.generate(model="gpt-image-1", prompt="A meter")

    assert telemetry.attributes["gen_ai.request.model"] == "gpt-image-1"
    assert "gen_ai.response.model" not in telemetry.attributes
    assert telemetry.attributes["otel_tokens.cost.status"] == "priced"


PATHS = {
    "/chat/completions": "chat",
    "/v1/chat/completions": "chat",
    "/openai/v1/chat/completions?beta=true": "chat",
    "/chat/completions#stream": "chat",
    "/completions": "text_completion",
    "/chat/completions/chatcmpl-1/messages": None,
    "/models": None,
}


@pytest.mark.parametrize("path", PATHS)
def test_path(telemetry: Any, path: str) -> None:
    """Pitfall 17: one API has many spellings, and what only resembles it is no call."""
    client = openai_client(Transport(json_reply(bodies.chat())))
    client.post(path, cast_to=object, body=dict(CHAT.request))

    operations = [span.attributes["gen_ai.operation.name"] for span in telemetry.spans]
    assert operations == ([PATHS[path]] if PATHS[path] else [])


def _frame(event: dict[str, Any]) -> bytes:
    """One frame of `application/vnd.amazon.eventstream`."""
    payload = json.dumps({"bytes": base64.b64encode(json.dumps(event).encode()).decode()}).encode()
    headers = b""
    for name, value in (
        (":event-type", "chunk"),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ):
        headers += (
            bytes([len(name)]) + name.encode() + b"\x07" + len(value).to_bytes(2, "big") + value.encode()
        )
    prelude = (16 + len(headers) + len(payload)).to_bytes(4, "big") + len(headers).to_bytes(4, "big")
    prelude += zlib.crc32(prelude).to_bytes(4, "big")
    body = prelude + headers + payload
    return body + zlib.crc32(body).to_bytes(4, "big")


def _frames() -> bytes:
    counts = bodies.message_usage(output_tokens=1)
    return b"".join(_frame(event) for event in bodies.message_events(counts, {"output_tokens": 9}))


@pytest.mark.parametrize("face", FACES, ids=str)
@pytest.mark.parametrize("raw", [False, True], ids=["stream", "streaming-response"])
def test_bedrock_stream(metered: Callable[[], Any], face: Face, raw: bool) -> None:  # noqa: FBT001
    """Pitfall 15: the binary frames of Bedrock are read, by the client or out of its bytes."""

    async def play() -> Seen:
        transport = Transport(stream_reply(_frames(), piece=50, content_type=EVENT_STREAM))
        client = (async_bedrock_client if face.asynchronous else bedrock_client)(transport)
        if not raw:
            return looks(
                await face.rest(await face.of(client.messages.create(stream=True, **MESSAGES.request)))
            )
        create = client.messages.with_streaming_response.create
        async with face.within(create(stream=True, **MESSAGES.request)) as response:
            return [b"".join(await face.rest(response.iter_bytes()))]

    without = face.run(play())
    telemetry = metered()
    assert face.run(play()) == without
    assert telemetry.attributes["gen_ai.provider.name"] == "aws.bedrock"
    assert telemetry.attributes["gen_ai.usage.input_tokens"] == 25
    assert telemetry.attributes["gen_ai.usage.output_tokens"] == 9


@pytest.mark.parametrize("face", FACES, ids=str)
def test_anthropic_at_another_host(telemetry: Any, face: Face) -> None:
    """The `anthropic` client pointed at an unknown host is not Anthropic."""
    make = async_anthropic_client if face.asynchronous else anthropic_client
    client = make(Transport(json_reply(bodies.message())), base_url="https://llm.corp.example/anthropic")
    face.run(_call(face, client.messages.create(**MESSAGES.request)))

    assert telemetry.attributes["gen_ai.provider.name"] == "llm.corp.example"
    assert telemetry.attributes["otel_tokens.cost.status"] == "unknown_provider"


async def _call(face: Face, result: Any) -> Any:
    return await face.of(result)


def test_eras_are_known() -> None:
    """The versions under test are ones that this package says it supports."""
    assert era("openai") >= (1, 40)
    assert era("anthropic") >= (0, 40)
