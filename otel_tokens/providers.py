"""Who is behind a host: the `gen_ai.provider.name` of the conventions where they have one.

A host that is not known is not the vendor whose client library was pointed at it: it stays its own name,
until `OTEL_TOKENS_ENDPOINTS` says what stands there.
"""

from __future__ import annotations

import re

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final


HOSTS: Final[Mapping[str, str]] = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "x_ai",
    "openrouter.ai": "openrouter",
    "api.openrouter.ai": "openrouter",
    "api.together.xyz": "together",
    "api.together.ai": "together",
    "api.groq.com": "groq",
    "api.perplexity.ai": "perplexity",
    "api.mistral.ai": "mistral_ai",
    "api.eu.mistral.ai": "mistral_ai",
    "api.us.mistral.ai": "mistral_ai",
    "api.cohere.com": "cohere",
    "api.cohere.ai": "cohere",
    "api.fireworks.ai": "fireworks",
    "api.cerebras.ai": "cerebras",
    "api.moonshot.ai": "moonshot_ai",
    "api.moonshot.cn": "moonshot_ai",
    "api.minimax.io": "minimax",
    "api.minimaxi.com": "minimax",
    "api.z.ai": "zai",
    "open.bigmodel.cn": "zhipuai",
    "api.novita.ai": "novita",
    "api.arcee.ai": "arcee",
    "api.avian.io": "avian",
    "inference.baseten.co": "baseten",
    "api.githubcopilot.com": "github_copilot",
    "router.huggingface.co": "huggingface",
    "api-inference.huggingface.co": "huggingface",
    "api.voyageai.com": "voyageai",
    "api.writer.com": "writer",
    "api.elevenlabs.io": "elevenlabs",
    "api.meta.ai": "meta",
    "api.doubleword.ai": "doubleword",
    "api.cursor.com": "cursor",
    "api.quicksilverpro.io": "quicksilverpro",
    "api.typesafe.ai": "typesafe",
    "oai.endpoints.kepler.ai.cloud.ovh.net": "ovhcloud",
    "api.reka.ai": "reka",
    "api.jina.ai": "jina",
    "api.replicate.com": "replicate",
    "dashscope.aliyuncs.com": "dashscope",
    "dashscope-intl.aliyuncs.com": "dashscope",
    "dashscope-us.aliyuncs.com": "dashscope",
    "api.aleph-alpha.com": "aleph_alpha",
    "api.cloudflare.com": "cloudflare",
    "aip.baidubce.com": "baidu",
    "qianfan.baidubce.com": "baidu",
    "api.nlpcloud.io": "nlp_cloud",
    "api.sambanova.ai": "sambanova",
    "integrate.api.nvidia.com": "nvidia",
    "api.hyperbolic.xyz": "hyperbolic",
    "api.studio.nebius.ai": "nebius",
    "api.studio.nebius.com": "nebius",
    "api.tokenfactory.nebius.com": "nebius",
    "api.deepinfra.com": "deepinfra",
    "api.siliconflow.com": "siliconflow",
    "api.siliconflow.cn": "siliconflow",
    "api.stepfun.com": "stepfun",
    "api.ai21.com": "ai21",
    "api.portkey.ai": "portkey",
    "models.github.ai": "github_models",
    "ollama.com": "ollama_cloud",
    "ai-gateway.vercel.sh": "vercel",
    "generativelanguage.googleapis.com": "gcp.gemini",
    "aiplatform.googleapis.com": "gcp.vertex_ai",
}
"""Host to provider."""

SUFFIXES: Final[tuple[tuple[str, str], ...]] = (
    (".amazonaws.com", "aws.bedrock"),
    (".api.aws", "aws.bedrock"),
    (".api.openai.com", "openai"),
    (".openai.azure.com", "azure.ai.openai"),
    (".cognitiveservices.azure.com", "azure.ai.openai"),
    (".services.ai.azure.com", "azure.ai.inference"),
    (".inference.ai.azure.com", "azure.ai.inference"),
    (".models.ai.azure.com", "azure.ai.inference"),
    ("-aiplatform.googleapis.com", "gcp.vertex_ai"),
    (".rep.googleapis.com", "gcp.vertex_ai"),
    (".api.mistral.ai", "mistral_ai"),
    (".databricks.com", "databricks"),
    (".azuredatabricks.net", "databricks"),
    (".snowflakecomputing.com", "snowflake"),
    (".ml.cloud.ibm.com", "ibm.watsonx.ai"),
    (".oraclecloud.com", "oracle"),
    (".elevenlabs.io", "elevenlabs"),
    (".endpoints.huggingface.cloud", "huggingface_endpoint"),
)
"""End of a host, and provider."""

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104
LOCAL_PORTS: Final[Mapping[int, str]] = {11434: "ollama", 1234: "lm_studio"}
"""Port on this machine to what listens there by default."""


_ROUTER: Final = "huggingface"
_SELLER: Final = re.compile(r"/(?!v\d|models/|api/|pipeline/)([a-z0-9-]+)/(?:v\d|openai|models)")
"""How a path of its router names who serves the model: `/together/v1/…`."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One server that an operator named: what stands behind its URL."""

    scheme: str
    host: str
    port: int
    path: str
    provider: str


@dataclass(frozen=True, slots=True)
class Site:
    """Where a call goes."""

    provider: str
    host: str
    port: int
    seller: str | None = None
    """Who serves the model behind a router, where the path says it."""


def site(
    url: tuple[str, str, int, str], endpoints: Iterable[Endpoint] = (), *, default: str | None = None
) -> Site:
    """Who stands at `url` (scheme, host, port, path).

    `endpoints` come first, the longest path of them; then known hosts; then `default`, which a subclass of
    a client knows, such as `AnthropicBedrock`; else the host itself.
    """
    scheme, host, port, path = url
    host = host.lower()
    named = [
        end
        for end in endpoints
        if (end.scheme, end.host, end.port) == (scheme, host, port) and _under(path, end.path)
    ]
    if named:
        return Site(max(named, key=lambda end: len(end.path)).provider, host, port)
    provider = _known(host, port, path) or default or host or "_OTHER"
    seller = _SELLER.match(path) if provider == _ROUTER else None
    return Site(provider, host, port, seller[1] if seller else None)


def _under(path: str, prefix: str) -> bool:
    prefix = prefix.rstrip("/")
    return path == prefix or path.startswith(prefix + "/")


def _known(host: str, port: int, path: str) -> str | None:
    if host in LOOPBACK:
        return LOCAL_PORTS.get(port)
    found = HOSTS.get(host) or next((name for end, name in SUFFIXES if host.endswith(end)), None)
    if found == "azure.ai.inference" and "/openai" in path:
        return "azure.ai.openai"
    if found == "aws.bedrock" and "bedrock" not in host:
        return "anthropic" if host.startswith("aws-external-anthropic.") else None
    return found
