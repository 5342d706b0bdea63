"""Where the protocols of Bedrock and SageMaker are spoken. A path names the model, in an ARN as well as bare.

Only rows with a host are for paths that others have too.
"""

from __future__ import annotations

from typing import Final

from . import (
    bedrock_agents,
    bedrock_converse,
    bedrock_invoke,
    bedrock_others,
    bedrock_sagemaker,
    bedrock_sonic,
)
from .routes import Route


_HOURLY: Final = r".*(?:provisioned-model|imported-model|sagemaker).*"
_OPENAI: Final = r"(?:.*[/.]|.*%2[Ff])?openai\..*"
_EMBED: Final = r".*(?:[.-]embed|marengo).*"
_RERANK: Final = r".*rerank.*"
_IMAGES: Final = r".*(?:titan-image|nova-canvas|stability\.|luma\.photon).*"
_TEXT: Final = (
    r".*(?:titan-t|ai21\.j2|cohere\.command-(?:light-)?text|meta\.llama|claude-(?:v1|instant)"
    r"|mistral-7b|mixtral-8x7b).*"
)
_ALL: Final = r".+"

_AGENTS: Final = "bedrock-agent"
_S3: Final = r"(?:^|\.)s3[.-]"


def _model(pattern: str, *, streams: str) -> str:
    return f"model/(?P<model>{pattern})/{streams}"


_CONVERSE: Final = "converse(?:-stream)?"
_INVOKE: Final = "invoke(?:-with-response-stream)?"

ROUTES: Final[tuple[Route, ...]] = (
    Route("post", _model(_HOURLY, streams=_CONVERSE), bedrock_converse.COMMITTED),
    Route("post", _model(_OPENAI, streams=_CONVERSE), bedrock_converse.OPENAI),
    Route("post", _model(_ALL, streams=_CONVERSE), bedrock_converse.DIALECT),
    Route("post", _model(_HOURLY, streams=_INVOKE), bedrock_invoke.COMMITTED),
    Route("post", _model(_EMBED, streams=_INVOKE), bedrock_invoke.EMBEDDINGS),
    Route("post", _model(_RERANK, streams=_INVOKE), bedrock_invoke.RERANK),
    Route("post", _model(_IMAGES, streams=_INVOKE), bedrock_invoke.IMAGES),
    Route("post", _model(_TEXT, streams=_INVOKE), bedrock_invoke.TEXT),
    Route("post", _model(_ALL, streams=_INVOKE), bedrock_invoke.DIALECT),
    Route("post", _model(_ALL, streams="invoke-with-bidirectional-stream"), bedrock_sonic.DIALECT),
    Route("post", _model(_ALL, streams="count-tokens"), bedrock_others.COUNT_TOKENS),
    Route("post", "async-invoke", bedrock_others.ASYNC),
    Route("post", "guardrail/.+/version/[^/]+/apply", bedrock_others.GUARDRAIL),
    Route("post", "guardrail-checks/invoke", bedrock_others.GUARDRAIL),
    Route("post", "agents/[^/]+/agentAliases/[^/]+/sessions/[^/]+/text", bedrock_agents.AGENT),
    Route("post", "agents/[^/]+", bedrock_agents.AGENT, _AGENTS),
    Route("post", "flows/[^/]+/aliases/[^/]+", bedrock_agents.FLOW, _AGENTS),
    Route("post", "retrieveAndGenerate(?:Stream)?", bedrock_agents.RETRIEVE_AND_GENERATE),
    Route("post", "rerank", bedrock_invoke.RERANK, _AGENTS),
    Route("post", "endpoints/[^/]+/invocations(?:-response-stream)?", bedrock_sagemaker.DIALECT),
    Route("get", r"(?P<id>.+\.jsonl\.out)", bedrock_others.BATCH_OUTPUT, _S3),
)
