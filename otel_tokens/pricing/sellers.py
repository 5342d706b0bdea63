"""Who sells models, and under which names: those of the conventions first.

Source: `gen_ai.provider.name` of the conventions for GenAI; provider ids of genai-prices 0.2.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final


LOCAL: Final = frozenset({"ollama", "vllm", "llama_cpp", "lm_studio", "localai", "sglang", "tgi"})
"""Servers that run on one's own machine: free, unless the override prices them."""

SPELLINGS: Final[Mapping[str, str]] = {
    "aws": "aws.bedrock",
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "fireworks_ai": "fireworks",
    "gemini": "gcp.gemini",
    "google": "gcp.gemini",
    "mistral": "mistral_ai",
    "moonshotai": "moonshot_ai",
    "together_ai": "together",
    "vertex_ai": "gcp.vertex_ai",
    "x-ai": "x_ai",
    "xai": "x_ai",
}
"""Other libraries' name to ours."""

SHARES: Final[Mapping[str, str]] = {
    "azure.ai.inference": "azure.ai.openai",
    "gcp.gen_ai": "gcp.gemini",
    "gcp.vertex_ai": "gcp.gemini",
}
"""Provider to the one whose rows of the book it uses; overrides are told apart."""


ROUTER: Final = "huggingface"
"""Serves models of other sellers, each at the seller's price: `model:seller` says which."""

PLACED: Final = frozenset({"aws.bedrock", ROUTER})
"""Where the name that was asked for says more than the one that answered: a region, a profile, a seller."""


def by_seller(model: str, seller: str | None) -> str:
    """`model:seller` for a call through Hugging Face's router, if it is known who serves it.

    Without a seller, and without a name that says it, the model stays as it is and has no price.
    """
    if seller is None or model.lower().endswith(f":{seller.lower()}"):
        return model
    return f"{model.partition(':')[0]}:{seller}"


def spelled(provider: str) -> str:
    """The name of the conventions for any spelling: `google` is `gcp.gemini`."""
    return SPELLINGS.get(provider, provider)


def is_bought(deployment_type: str | None) -> bool:
    """Whether a deployment is capacity that was bought ahead, such as Azure's `GlobalProvisionedManaged`."""
    kind = (deployment_type or "").lower()
    return kind == "ptu" or "provisioned" in kind


def shelf(provider: str) -> str:
    """The provider under whose name the book keeps the prices of `provider`."""
    return SHARES.get(provider, provider)
