"""Who stands behind a URL: what an operator says, else who is known there, else the host itself."""

from __future__ import annotations

import pytest

from otel_tokens.providers import Endpoint, Site, site


def who(url: tuple[str, str, int, str], *endpoints: Endpoint, default: str | None = None) -> str:
    """The provider at `url`."""
    return site(url, endpoints, default=default).provider


@pytest.mark.parametrize(
    ("host", "path", "provider"),
    [
        ("api.openai.com", "/v1/", "openai"),
        ("eu.api.openai.com", "/v1/", "openai"),
        ("us.api.openai.com", "/v1/", "openai"),
        ("API.OpenAI.com", "/v1/", "openai"),
        ("api.anthropic.com", "/", "anthropic"),
        ("openrouter.ai", "/api/v1/", "openrouter"),
        ("api.x.ai", "/v1/", "x_ai"),
        ("api.groq.com", "/openai/v1/", "groq"),
        ("api.deepseek.com", "/", "deepseek"),
        ("generativelanguage.googleapis.com", "/v1beta/openai/", "gcp.gemini"),
        ("us-central1-aiplatform.googleapis.com", "/v1", "gcp.vertex_ai"),
        ("aiplatform.googleapis.com", "/v1", "gcp.vertex_ai"),
        ("acme.openai.azure.com", "/openai/", "azure.ai.openai"),
        ("acme.cognitiveservices.azure.com", "/openai/", "azure.ai.openai"),
        ("acme.services.ai.azure.com", "/openai/v1/", "azure.ai.openai"),
        ("acme.services.ai.azure.com", "/models/", "azure.ai.inference"),
        ("acme.services.ai.azure.com", "/anthropic/", "azure.ai.inference"),
        ("bedrock-runtime.us-east-1.amazonaws.com", "/", "aws.bedrock"),
        ("bedrock-mantle.us-east-1.api.aws", "/v1", "aws.bedrock"),
        ("aws-external-anthropic.us-east-1.api.aws", "/", "anthropic"),
        ("s3.us-east-1.amazonaws.com", "/", "s3.us-east-1.amazonaws.com"),
        ("llm.corp", "/v1", "llm.corp"),
        ("api.openai.com.evil.example", "/v1", "api.openai.com.evil.example"),
        ("notapi.openai.com", "/v1", "notapi.openai.com"),
        ("", "/v1", "_OTHER"),
    ],
)
def test_known_hosts_are_their_owners(host: str, path: str, provider: str) -> None:
    """A known host is its owner, another one is itself, and a look-alike is not the vendor."""
    assert who(("https", host, 443, path)) == provider


@pytest.mark.parametrize(
    ("host", "port", "provider"),
    [
        ("localhost", 11434, "ollama"),
        ("127.0.0.1", 1234, "lm_studio"),
        ("::1", 11434, "ollama"),
        ("localhost", 8000, "localhost"),
        ("10.0.0.5", 11434, "10.0.0.5"),
    ],
)
def test_local_servers_are_known_by_their_port(host: str, port: int, provider: str) -> None:
    """On this machine the port says which server it is."""
    assert who(("http", host, port, "/v1")) == provider


def test_a_subclass_of_a_client_knows_better_than_an_unknown_host() -> None:
    """What the class of a client says counts where the host says nothing."""
    assert who(("https", "gateway.corp", 443, "/"), default="aws.bedrock") == "aws.bedrock"
    assert who(("https", "api.openai.com", 443, "/v1"), default="aws.bedrock") == "openai"


def test_an_operator_knows_best() -> None:
    """What an operator says of a URL wins over everything, the longest path of it first."""
    root = Endpoint("https", "api.openai.com", 443, "", "gateway")
    deeper = Endpoint("https", "api.openai.com", 443, "/v1/team", "vllm")

    assert who(("https", "api.openai.com", 443, "/v1/"), root, deeper) == "gateway"
    assert who(("https", "api.openai.com", 443, "/v1/team/"), root, deeper) == "vllm"
    assert who(("https", "api.openai.com", 443, "/v1/team"), root, deeper) == "vllm"
    assert who(("https", "api.openai.com", 443, "/v1/teams"), root, deeper) == "gateway"


@pytest.mark.parametrize(
    "url",
    [
        ("http", "llm.corp", 443, "/v1"),
        ("https", "llm.corp", 8443, "/v1"),
        ("https", "llm2.corp", 443, "/v1"),
        ("https", "llm.corp", 443, "/v2"),
    ],
)
def test_an_endpoint_is_one_url(url: tuple[str, str, int, str]) -> None:
    """Scheme, host, port and the beginning of the path must be those that were named."""
    assert who(url, Endpoint("https", "llm.corp", 443, "/v1", "openai")) == url[1]


def test_a_site_keeps_where_it_is() -> None:
    """A site has the provider, and the host and port that the span states."""
    assert site(("https", "API.openai.com", 443, "/v1/")) == Site("openai", "api.openai.com", 443)


@pytest.mark.parametrize(
    ("path", "seller"),
    [
        ("/v1/", None),
        ("/together/v1/", "together"),
        ("/novita/v3/openai/", "novita"),
        ("/fireworks-ai/openai/v1/", "fireworks-ai"),
        ("/models/a/b", None),
    ],
)
def test_a_router_may_say_who_serves_the_model(path: str, seller: str | None) -> None:
    """A path of Hugging Face's router names the seller; a path of others names nobody."""
    assert site(("https", "router.huggingface.co", 443, path)).seller == seller
    assert site(("https", "api.openai.com", 443, path)).seller is None
