"""Where vendors speak formats of their own.

A path that others share is tied to the hosts of its vendor; what stands without a host is spoken so
wherever the path is seen. `/v1/chat` is Cohere's, except at hosts that are known to mean something else.

Source: the clients that the dialects name in their heads.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from . import (
    aleph_alpha,
    cloudflare,
    cohere_chat,
    cohere_others,
    cohere_text,
    dashscope,
    ernie,
    mistral_audio,
    mistral_conversations,
    mistral_ocr,
    nlp_cloud,
    ollama,
    openai_chat,
    openai_embeddings,
    oracle,
    reka,
    replicate,
    rerank,
    text_generation,
    voyage,
    watsonx,
)
from .routes import Route


_COHERE: Final = r"(?:^|\.)cohere\.(?:com|ai)$|\.models\.ai\.azure\.com$"
_HUGGING_FACE: Final = r"\.huggingface\.(?:co|cloud)$"
"""Without the hub, which serves no models."""
_CLOUDFLARE: Final = r"^gateway\.ai\.cloudflare\.com$"
_ROOT: Final = "(?<!./)"
"""Words that many use for what is no model's, such as a report: a server of models has them first."""
_ALEPH_ALPHA: Final = r"aleph-alpha|pharia"
_MISTRAL: Final = r"(?:^|\.)mistral\.ai$"
_OWNED: Final = "(?P<model>[^/]+(?:/[^/]+)?)"
_MODEL: Final = r"(?P<model>[^/]+)"

_CLASSIFY: Final = replace(openai_embeddings.DIALECT, name="mistral.classify", operation="moderation")
_SNOWFLAKE: Final = replace(openai_chat.DIALECT, name="snowflake.complete", usage_on_request=False)
_DATABRICKS: Final = replace(openai_chat.DIALECT, name="databricks.invocations", usage_on_request=False)

ROUTES: Final[tuple[Route, ...]] = (
    # Hosts that mean something else by a path of others.
    Route("post", "v1/chat", openai_chat.DIALECT, r"(?:^|\.)writer\.com$"),
    Route("post", "(?:v1/)?chat", reka.CHAT, r"(?:^|\.)reka\.ai$"),
    Route("post", "complete", aleph_alpha.COMPLETE, _ALEPH_ALPHA),
    Route("post", "(?:batch_semantic_|semantic_|instructable_)?embed", aleph_alpha.EMBED, _ALEPH_ALPHA),
    Route("post", "audio/transcriptions", mistral_audio.TRANSCRIPTION, _MISTRAL),
    Route("post", "(?:chat/)?(?:moderations|classifications)", _CLASSIFY, _MISTRAL),
    Route("post", "classify", voyage.DIALECT, r"(?:^|\.)jina\.ai$"),
    # Cohere.
    Route("post", "v2/chat", cohere_chat.DIALECT),
    Route("post", "v1/chat", cohere_text.CHAT),
    Route("post", "v1/generate", cohere_text.GENERATE),
    Route("post", "v1/summarize", cohere_text.SUMMARIZE, _COHERE),
    Route("post", "v[12]/embed", cohere_others.EMBED),
    Route("post", "v1/classify", cohere_others.CLASSIFY, _COHERE),
    Route("post", "v2/parse", cohere_others.PARSE, _COHERE),
    Route("post", "v1/(?:de)?tokenize", cohere_others.TOKENIZE, _COHERE),
    Route("get", "v1/embed-jobs/(?P<id>[^/]+)", cohere_others.EMBED_JOB),
    Route("get", "v2/batches/(?P<id>[^/]+)", cohere_others.BATCH, _COHERE),
    # IBM, before the rankings of all others.
    Route("post", "ml/v1[^/]*/(?:deployments/[^/]+/)?text/generation(?:_stream)?", watsonx.GENERATION),
    Route("post", "ml/v1[^/]*/(?:deployments/[^/]+/)?generation/text(?:_stream)?", watsonx.GENERATION),
    Route("post", "ml/v1[^/]*/(?:deployments/[^/]+/)?text/chat(?:_stream)?", watsonx.CHAT),
    Route("post", "ml/v1[^/]*/text/embeddings", watsonx.EMBEDDINGS),
    Route("post", "ml/v1[^/]*/text/tokenization", watsonx.TOKENIZATION),
    Route("post", "rerank", rerank.DIALECT),
    Route("post", f"(?:v1/|{_ROOT})score", rerank.DIALECT),
    # Voyage, Mistral.
    Route("post", "(?:multimodal|contextualized)embeddings", voyage.DIALECT),
    Route("post", f"(?:v1/|azure/|{_ROOT})ocr", mistral_ocr.DIALECT),
    Route("post", "agents/completions", openai_chat.DIALECT),
    Route("post", "v1/conversations(?:/[^/]+(?:/restart)?)?", mistral_conversations.DIALECT, _MISTRAL),
    # Servers of open models.
    Route("post", "api/chat", ollama.CHAT),
    Route("post", "api/generate", ollama.GENERATE),
    Route("post", "api/embed(?:dings)?", ollama.EMBED),
    Route("post", f"v2/models/{_MODEL}/(?:versions/[^/]+/)?generate(?:_stream)?", text_generation.GENERATE),
    Route("post", "generate_stream", text_generation.GENERATE),
    Route("post", f"{_ROOT}(?:generate|infill)", text_generation.GENERATE),
    Route("post", "generate", text_generation.GENERATE, _HUGGING_FACE),
    Route("post", "", text_generation.GENERATE, _HUGGING_FACE),
    Route("post", f"models/{_OWNED}(?:/pipeline/[^/]+)?", text_generation.GENERATE, _HUGGING_FACE),
    Route("post", f"huggingface/{_OWNED}", text_generation.GENERATE, _CLOUDFLARE),
    Route("post", "replicate/predictions", replicate.PREDICT, _CLOUDFLARE),
    Route("post", f"replicate/models/{_OWNED}/predictions", replicate.PREDICT, _CLOUDFLARE),
    Route("get", "replicate/predictions/(?P<id>[^/]+)", replicate.FETCH, _CLOUDFLARE),
    # Clouds and vendors on their own.
    Route("post", r"ai/run/(?P<model>@?[^/].*)", cloudflare.RUN),
    Route("post", r"workers-ai/(?P<model>@[^/].*)", cloudflare.RUN),
    Route("post", "cortex/inference(?::|%3[Aa])complete", _SNOWFLAKE),
    Route("post", "cortex/inference(?::|%3[Aa])embed", openai_embeddings.DIALECT),
    Route("post", f"serving-endpoints/{_MODEL}/(?:served-models/[^/]+/)?invocations", _DATABRICKS),
    Route("post", "actions/chat", oracle.CHAT, r"\.oraclecloud\.com$"),
    Route("post", "actions/embedText", oracle.EMBED, r"\.oraclecloud\.com$"),
    Route("post", f"wenxinworkshop/(?:chat|completions|text2image|image2text)/{_MODEL}", ernie.CHAT),
    Route("post", f"wenxinworkshop/embeddings/{_MODEL}", ernie.EMBEDDINGS),
    Route("post", f"{_MODEL}/(?:generation|chatbot)", nlp_cloud.GENERATION, r"(?:^|\.)nlpcloud\.(?:io|com)$"),
    Route("post", r"models/(?P<model>[^/]+/[^/]+)/predictions", replicate.PREDICT, r"replicate"),
    Route("post", r"(?:deployments/[^/]+/[^/]+/)?predictions", replicate.PREDICT, r"replicate"),
    Route("get", "predictions/(?P<id>[^/]+)", replicate.FETCH, r"replicate"),
    Route("post", "apps/[^/]+/completion", dashscope.GENERATION),
    Route("post", "services/aigc/(?:text|multimodal)-generation/generation", dashscope.GENERATION),
    Route("post", "services/embeddings/[^/]+/[^/]+", dashscope.EMBEDDINGS),
    Route("post", "services/rerank/[^/]+/[^/]+", dashscope.RERANK),
    Route("post", "services/(?:aigc|audio)/[^/]+/[^/]+", dashscope.MEDIA),
    Route("get", "api/v1/tasks/(?P<id>[^/]+)", dashscope.TASK, "dashscope"),
    Route("post", f"{_ROOT}completion", text_generation.GENERATE),
)
